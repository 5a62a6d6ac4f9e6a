"""A site with a variant of the score: the plan is copied and the score renamed, and nothing is mixed."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project_copy import Copy, copy_project

DEFINITION = "median of the ROI means of C3, C4, C5, C6 over the ROI mean of the CSF at C2"
PLAN = Path("config", "plans", "ehresman2019.yaml")


CERVICAL = {"LWK1": "C3", "LWK2": "C4", "LWK3": "C5", "LWK4": "C6", "Liquor": "CSF at C2"}


def use(copy: Copy, readings: str | None = None, **plans: str) -> None:
    """Have the copy run the simulated site under other names, each with a plan of its own."""
    folder = copy.path / "config" / "cohorts"
    for name, plan in plans.items():
        spec = yaml.safe_load((folder / "simulated_site.yaml").read_text())
        if readings:
            spec["readings"]["file"] = readings
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({**spec, "plan": plan}))
    config = yaml.safe_load((copy.path / "config" / "config.yaml").read_text())
    config |= {"cohorts": [f"config/cohorts/{name}.yaml" for name in plans], "resamples": 200}
    (copy.path / "config" / "config.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The simulated site, as if its readings were of the cervical spine."""
    copy = copy_project(tmp_path_factory.mktemp("variants"))
    (copy.path / "plan.yaml").write_text(re.sub(r"\bvbq\b", "cvbq_c2", (copy.path / PLAN).read_text()))
    file = copy.path / "data/examples/simulated_site/readings.csv"
    readings = pd.read_csv(file, sep=";", dtype=str, keep_default_na=False)
    readings["Region"] = readings["Region"].map(CERVICAL)
    readings["Liquorhöhe"] = "C2"
    readings.to_csv(copy.path / "cervical.csv", sep=";", index=False)
    use(copy, "cervical.csv", cervical="plan.yaml")
    copy.snakemake()
    return copy


def read(site: Copy, table: str) -> pd.DataFrame:
    return pd.read_csv(site.results("cervical") / f"{table}.csv", keep_default_na=False)


def test_every_table_of_scores_carries_the_definition(site: Copy):
    rows = pd.read_parquet(site.results("cervical") / "cohort.parquet")
    assert set(rows["cvbq_c2_definition"]) == {DEFINITION}
    assert "vbq" not in rows
    assert set(read(site, "discrimination").set_index("score")["definition"].loc[["cvbq_c2"]]) == {DEFINITION}
    assert set(read(site, "discrimination").set_index("score")["definition"].loc[["sins"]]) == {""}
    for table in ("cutoff", "agreement", "vbq_by_scanner", "vbq_by_scanner_groups"):
        assert set(read(site, table)["definition"]) == {DEFINITION}
    by_variable = read(site, "univariable").set_index("variable")["definition"]
    assert by_variable.to_dict() == dict.fromkeys(by_variable.index, "") | {"cvbq_c2": DEFINITION}


def test_the_report_says_what_the_score_is(site: Copy):
    words = (site.results("cervical") / "report.html").read_text()
    assert f"<dd>C-VBQ score (CSF at C2): {DEFINITION}</dd>" in words


def test_rules_of_the_published_score_are_not_applied(site: Copy):
    rules = read(site, "validation/rules").set_index("rule")
    for rule in ("vbq_above_3", "combined", "continuous"):
        told = rules.loc[[rule]]
        assert set(told["not_tested"]) == {"anything: the cohort has no vbq"}
        assert set(told["cohort_definition"]) == {""}
    assert rules.loc["sins_from_7", "tested"].startswith("discrimination")
    assert set(read(site, "validation/performance")["rule"]) == {"sins_from_7"}
    remarks = read(site, "ingest")
    assert "vbq_high" in set(remarks.loc[remarks["rule"] == "in the plan, not in the cohort", "column"])


def test_the_cohort_it_is_compared_with_keeps_its_score(site: Copy):
    rules = read(site, "validation/rules").set_index("variable")
    assert rules.loc["vbq", "development_definition"].str.contains("L1, L2, L3, L4").all()
    rows = pd.read_parquet(site.results("ehresman2019") / "cohort.parquet")
    assert not [name for name in rows if name.startswith("cvbq")]
    case_mix = read(site, "validation/case_mix")
    of_score = case_mix[case_mix["variable"] == "cvbq_c2"]
    assert np.isnan(pd.to_numeric(of_score["standardized_difference"], errors="coerce")).all()


def test_a_name_has_one_definition(tmp_path: Path):
    copy = copy_project(tmp_path)
    scores = copy.path / "scores"
    scores.mkdir()
    vbq = yaml.safe_load((copy.path / "config/scores/vbq.yaml").read_text())
    plan = (copy.path / PLAN).read_text()

    (scores / "vbq.yaml").write_text(yaml.safe_dump({**vbq, "csf_levels": ["L3"]}))
    (copy.path / "first.yaml").write_text(plan.replace("config/scores/vbq.yaml", "scores/vbq.yaml"))
    use(copy, first="first.yaml")
    output = copy.snakemake("--dry-run", fails=True)
    assert "two scores of the name vbq, which differ in csf_levels" in output
    assert "Traceback" not in output

    (scores / "own.yaml").write_text(yaml.safe_dump({**vbq, "aggregate": "mean"}))
    (scores / "else").mkdir()
    (scores / "else" / "own.yaml").write_text(yaml.safe_dump({**vbq, "levels": ["L1"]}))
    for name, file in (("first", "scores/own.yaml"), ("second", "scores/else/own.yaml")):
        (copy.path / f"{name}.yaml").write_text(plan.replace("config/scores/vbq.yaml", file))
    use(copy, first="first.yaml", second="second.yaml")
    assert "first.yaml and second.yaml define two scores of the name own" in copy.snakemake(
        "--dry-run", fails=True
    )


def test_the_published_name_is_kept_even_where_its_file_is_changed(tmp_path: Path):
    copy = copy_project(tmp_path)
    file = copy.path / "config" / "scores" / "vbq.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "aggregate": "mean"}))
    output = copy.snakemake("results/ehresman2019/flow.csv", fails=True)
    assert "marker: vbq is the median of the ROI means of L1, L2, L3, L4" in output
    assert "Traceback" not in output
