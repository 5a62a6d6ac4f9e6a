"""Two real cohorts run by configuration alone; the data lie beside the project and are not part of it."""

from pathlib import Path

import pandas as pd
import pytest
from project_copy import PROJECT, Copy, copy_project

DATA = PROJECT.parent / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not beside the project")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = copy_project(tmp_path_factory.mktemp("others"))
    copy.snakemake("--replace-workflow-config", "--configfile", "tests/workflow/config.yaml")
    return copy


def read(copy: Copy, cohort: str, table: str, key: str) -> pd.DataFrame:
    return pd.read_csv(copy.results(cohort) / f"{table}.csv").set_index(key)


def test_glow_coefficients(others: Copy):
    # Hosmer, Lemeshow and Sturdivant's model as known for these data, to the printed decimals.
    model = read(others, "glow500", "multivariable", "term")
    known = {
        "(intercept)": (-4.9906, 0.9027),
        "age": (0.0459, 0.0124),
        "prior_fracture": (0.7002, 0.2412),
        "rater_risk[same]": (0.5486, 0.2750),
        "rater_risk[greater]": (0.8658, 0.2862),
    }
    for term, (estimate, std_error) in known.items():
        assert model.loc[term, "estimate"] == pytest.approx(estimate, abs=5e-5)
        assert model.loc[term, "std_error"] == pytest.approx(std_error, abs=5e-5)
    assert set(model["n"]) == {500}


def test_glow_prior_fracture_chi_square(others: Copy):
    tests = read(others, "glow500", "univariable", "variable")
    assert tests.loc["prior_fracture", "statistic"] == pytest.approx(23.781, abs=5e-4)
    assert tests.loc["prior_fracture", "test"] == "pearson"


def test_nhanes_median_density(others: Copy):
    scores = read(others, "nhanes", "discrimination", "score")
    assert scores.loc["lumbar_bmd", "auc"] == pytest.approx(0.5503, abs=5e-5)
    groups = pd.read_csv(others.results("nhanes") / "univariable_groups.csv")
    medians = groups[groups["variable"] == "lumbar_bmd"].set_index("group")["mean"]
    assert medians["1"] == pytest.approx(1.0075, abs=5e-5)
    assert medians["0"] == pytest.approx(1.0394, abs=5e-5)


def test_missing_values_are_counted(others: Copy):
    tests = read(others, "nhanes", "univariable", "variable")
    assert tests.loc["folate_weight", "n_missing"] == 2664
    assert tests.loc["folate_weight", "n"] == 4987 - 2664


def test_a_large_cohort_with_missing_values_is_validated(others: Copy):
    found = pd.read_csv(others.results("nhanes") / "validation" / "performance.csv")
    found = found[(found["rule"] == "nhanes_model") & (found["measure"] == "auc")].set_index("analysis")
    rows = pd.read_parquet(others.results("nhanes") / "cohort.parquet")
    needed = ["age", "folate_weight", "prednisone", "fracture_history"]
    assert found.loc["complete cases", "n"] == len(rows.dropna(subset=needed)) < len(rows)
    assert found.loc["multiple imputation", "n"] == len(rows)
    assert 0 < found.loc["multiple imputation", "fraction_missing"] < 1


def test_what_a_plan_does_not_ask_for_is_not_made(others: Copy):
    for cohort in ("glow500", "nhanes"):
        made = {path.name for path in others.results(cohort).iterdir()}
        assert "report.html" in made
        assert not made & {"agreement.csv", "published.csv", "vbq_by_scanner.csv"}


def test_provenance_is_the_cohort_files(others: Copy):
    page = Path(others.results("glow500") / "report.html").read_text()
    assert "Global Longitudinal Study of Osteoporosis in Women, 500 women" in page
    assert "not patient data" not in page
