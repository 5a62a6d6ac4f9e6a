"""A site that has less than the plan asks for, and a run that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from project_copy import Copy, checksums, copy_project

PATIENTS = "Kennung;Fraktur;Alter;Rauchen;Albumin\n"
READINGS = "Kennung;L1;L2;L3;L4;Liquor\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """VBQ from one reader, no SINS, a few variables; semicolons, decimal commas, another language."""
    copy = copy_project(tmp_path_factory.mktemp("site"))
    patients, readings = [PATIENTS], [READINGS]
    for i in range(60):
        fracture = "ja" if i % 3 == 0 else "nein"
        smoking = ("nie", "früher", "jetzt")[i % 5 % 3]
        age = 50 + (7 * i) % 31
        patients.append(f"K{i};{fracture};{age};{smoking};{35 + i % 9},5\n")
        csf, bone = 100 + i % 7, 230 + 13 * (i % 11) + (40 if i % 3 == 0 else 0)
        readings.append(f"K{i};{bone},5;{bone + 6},0;{bone + 9},5;{bone + 14},0;{csf},0\n")
    (copy.path / "patients.csv").write_text("".join(patients))
    (copy.path / "readings.csv").write_text("".join(readings))
    spec = {
        "title": "A site <b>with $ less",
        "role": "validation",
        "provenance": "made up for a test",
        "plan": "config/plans/ehresman2019.yaml",
        "published": "data/published/ehresman2019",
        "patients": {
            "file": "patients.csv",
            "id": "Kennung",
            "decimal": ",",
            "columns": {
                "new_vcf": {"column": "Fraktur", "levels": {"ja": 1, "nein": 0}},
                "age": "Alter",
                "smoking": {
                    "column": "Rauchen",
                    "levels": {"nie": "never", "früher": "former", "jetzt": "current"},
                },
                "albumin": {"column": "Albumin", "multiply": 0.1},
            },
        },
        "readings": {
            "file": "readings.csv",
            "layout": "wide",
            "id": "Kennung",
            "decimal": ",",
            "columns": {"L1": "L1", "L2": "L2", "L3": "L3", "L4": "L4", "csf": "Liquor"},
        },
    }
    (copy.path / "config" / "cohorts" / "site.yaml").write_text(yaml.safe_dump(spec))
    config = yaml.safe_load((copy.path / "config" / "config.yaml").read_text())
    config["cohorts"] = ["config/cohorts/site.yaml"]
    (copy.path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    copy.snakemake()
    return copy


def test_what_the_rows_allow_is_there(site: Copy):
    scores = pd.read_csv(site.results("site") / "discrimination.csv")
    assert scores["score"].tolist() == ["vbq", "vbq_high"]
    assert set(scores["n"]) == {60}
    tests = pd.read_csv(site.results("site") / "univariable.csv")
    assert set(tests["variable"]) == {"age", "smoking", "albumin", "vbq", "vbq_high"}


def test_what_is_left_out_is_told(site: Copy):
    remarks = pd.read_csv(site.results("site") / "ingest.csv")
    told = remarks[remarks["rule"] == "in the plan, not in the cohort"]
    assert {"sins", "sins_category", "steroids", "treatment", "fracture_count"} <= set(told["column"])
    assert "left out: discrimination.scores.combined" in set(told["action"])
    assert "left out: agreement" in set(told["action"])


def test_printed_figures_of_what_is_missing_are_not_testable(site: Copy):
    published = pd.read_csv(site.results("site") / "published.csv").set_index("id")
    assert published.loc["t2_sins_estimate", "agrees"] == "not testable"
    assert published.loc["t1_age_mean_vcf", "agrees"] == "no"


def test_labels_are_escaped(site: Copy):
    page = (site.results("site") / "report.html").read_text()
    assert "A site &lt;b&gt;with $ less" in page
    assert "<b>with" not in page


def test_two_cohorts_of_one_name_are_refused(tmp_path: Path):
    copy = copy_project(tmp_path)
    (copy.path / "other").mkdir()
    (copy.path / "other" / "ehresman2019.yaml").write_bytes(
        (copy.path / "config" / "cohorts" / "ehresman2019.yaml").read_bytes()
    )
    config = copy.path / "config" / "config.yaml"
    content = yaml.safe_load(config.read_text())
    content["cohorts"].append("other/ehresman2019.yaml")
    config.write_text(yaml.safe_dump(content))
    assert "a name of its own" in copy.snakemake("--dry-run", fails=True)


def test_a_killed_run_goes_on_to_the_same_bytes(rerun: Copy, tmp_path: Path):
    copy = copy_project(tmp_path)
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake"],
        cwd=copy.path,
        env=copy.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (copy.results("ehresman2019") / "univariable.csv").is_file():
        assert run.poll() is None
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    copy.snakemake()
    assert checksums(copy.results("ehresman2019")) == checksums(rerun.results("ehresman2019"))
