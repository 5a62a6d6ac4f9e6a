"""An external validation from a site's files to its page: the simulated site, and half of GLOW500's sites."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from project_copy import PROJECT, Copy, copy_project
from scipy import special

from vbq.simulation.site import VBQ_MEAN, VBQ_MEAN_AT_3T
from vbq.validation.validate import TABLES

DATA = PROJECT.parent / "shared" / "data"


def table(copy: Copy, name: str, cohort: str = "simulated_site") -> pd.DataFrame:
    path = copy.results(cohort) / "validation" / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"level": str})


def test_every_table_is_made(validated: Copy):
    made = {path.stem for path in (validated.results("simulated_site") / "validation").glob("*.csv")}
    assert made == {*TABLES, "sentences"}
    for name in made:
        assert set(table(validated, name)["provenance"]) <= {"simulated; not patient data"}


def test_the_sentences_say_what_was_planted(validated: Copy):
    told = table(validated, "sentences").groupby("topic")["sentence"].agg(" ".join)
    assert "The outcome is far rarer here" in told["comparability"]
    assert "lower at 3 T than at 1.5 T" in told["subgroups"]
    assert "intervals will be wider than wanted" in told["precision"]
    assert "The rule's risks are too high" in told["calibration"]
    assert "The rule's predictions are too extreme" in told["calibration"]
    assert "the intercept was not printed" in told["calibration"]
    assert "lack a variable of the rules" in told["missing"]


def test_the_sentences_quote_their_rows(validated: Copy):
    for row in table(validated, "sentences").to_dict("records"):
        name, _, selector = row["rows"].partition(": ")
        quoted = table(validated, name.removesuffix(".csv"))
        for pair in filter(None, selector.split("; ")):
            column, value = pair.split("=", 1)
            if not {"each", "both"} & {value} and " to " not in value and ", " not in value:
                quoted = quoted[quoted[column].astype(str).str.startswith(value)]
        assert len(quoted), row["rows"]


def test_numbers_in_sentences_are_those_of_the_tables(validated: Copy):
    performance = table(validated, "performance")
    told = " ".join(table(validated, "sentences")["sentence"])
    for row in performance[(performance["measure"] == "auc")].to_dict("records"):
        words = f"{row['estimate']:.2f} ({row['conf_low']:.2f}–{row['conf_high']:.2f})"
        assert words in told


def test_the_shift_between_field_strengths_is_found(validated: Copy):
    found = table(validated, "subgroups")
    shift = found[(found["rule"] == "vbq_above_3") & (found["measure"] == "mean_vbq")]
    row = shift[(shift["subgroup"] == "field_strength") & shift["level"].isna()].iloc[0]
    assert row["conf_low"] < VBQ_MEAN_AT_3T - VBQ_MEAN < row["conf_high"]
    assert row["p_value"] < 1e-6


def test_the_closing_line_names_the_page(validated: Copy):
    printed = (validated.path / "output.txt").read_text()
    closing = printed[printed.index("simulated_site: simulated; not patient data") :]
    assert "External validation: 289 patients, 36 with the outcome" in closing
    assert "To look at: in the plan, not in the cohort: 35 in ingest.csv" in closing
    assert "Open results/simulated_site/report.html; beside it report.pdf, tables.docx" in closing


def test_fewer_resamples_than_the_reference_are_not_compared_with_it(validated: Copy):
    said = (validated.results("simulated_site") / "reference.txt").read_text()
    assert said == (
        "Not comparable with the reference results, which have other settings: resamples, 300 and not 2000.\n"
    )
    assert said in (validated.path / "output.txt").read_text()


def test_the_readme_quotes_the_summary(validated: Copy):
    summary = (validated.path / "results" / "simulated_site" / "validation.txt").read_text().split()
    assert " ".join(summary) in " ".join((PROJECT / "README.md").read_text().split())


def test_the_page_is_whole_and_says_that_it_is_simulated(validated: Copy):
    page = (validated.results("simulated_site") / "report.html").read_text()
    assert page.index("simulated; not patient data") < page.index("<h1>")
    for topic in ("comparability", "discrimination", "calibration", "clinical use", "updating"):
        assert f"External validation: {topic}</h2>" in page
    assert "reconstructed from published summary statistics" in page
    assert not re.search(r"\bnan\b", page.partition("<script>")[0], flags=re.IGNORECASE)
    drawn = {path.stem for path in (validated.results("simulated_site") / "validation/figures").glob("*.svg")}
    assert drawn == {
        *("predictors", "auc", "calibration_patterns", "calibration_continuous", "decision", "subgroups"),
        "missing",
    }


def test_no_identifier_reaches_the_results(validated: Copy):
    patients = pd.read_csv(PROJECT / "data/examples/simulated_site/patients.csv", sep=";", dtype=str)
    ids = set(patients.iloc[:, 0])
    for path in (validated.results("simulated_site") / "validation").glob("*.csv"):
        assert not ids & set(path.read_text().replace("\n", ",").split(","))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not beside the project")
def test_a_model_developed_on_half_of_the_sites_is_validated_on_the_others(tmp_path):
    copy = copy_project(tmp_path)
    cohorts = [f"tests/cohorts/glow500_sites_{sites}.yaml" for sites in ("1_to_3", "4_to_6")]
    copy.run(*cohorts)
    model = pd.read_csv(copy.results("glow500_sites_1_to_3") / "multivariable.csv", keep_default_na=False)
    rows = pd.read_parquet(copy.results("glow500_sites_4_to_6") / "cohort.parquet")
    assert set(rows["site"]) == {"4", "5", "6"}
    lp = np.zeros(len(rows))
    for row in model[model["estimate"] != ""].to_dict("records"):
        values = 1.0 if row["variable"] == "" else rows[row["variable"]]
        if row["level"] not in ("", "1"):
            values = rows[row["variable"]] == row["level"]
        lp = lp + float(row["estimate"]) * np.asarray(values, dtype=float)
    found = table(copy, "performance", "glow500_sites_4_to_6")
    found = found[found["rule"] == "glow500_model"].set_index("measure")["estimate"]
    y, risk = rows["fracture"].to_numpy(dtype=float), special.expit(lp)
    wins = np.sign(risk[y == 1][:, None] - risk[y == 0][None, :])
    assert_allclose(found["auc"], (1 + wins.mean()) / 2)
    assert_allclose(found["observed_expected"], y.sum() / risk.sum())
    assert_allclose(found["brier"], ((y - risk) ** 2).mean())
