"""The audit as a stage of the workflow."""

import pandas as pd
import pytest
import yaml
from project_copy import PROJECT, Copy, copy_project

CONTRACT = "check location figures finding severity evidence consequence"


def test_the_default_run_audits_the_paper(rerun: Copy):
    folder = rerun.results("ehresman2019")
    table = pd.read_csv(folder / "audit.csv", keep_default_na=False)
    assert set(CONTRACT.split()) <= set(table.columns)
    page = (folder / "audit.html").read_text()
    for id_ in table["id"]:
        assert f'id="{id_}"' in page
    assert {path.name for path in folder.glob("audit_figures/*_*.*g")} == {
        *("p_values.svg", "p_values.png", "combined_auc_combined.svg", "combined_auc_combined.png")
    }
    sentence = (folder / "audit.txt").read_text().strip()
    assert sentence in (rerun.path / "output.txt").read_text()
    assert sentence in " ".join((PROJECT / "README.md").read_text().split())


def test_reasons_point_at_findings(rerun: Copy):
    published = pd.read_csv(rerun.results("ehresman2019") / "published.csv", keep_default_na=False)
    reasons = published.loc[published["agrees"] == "no", "reason"]
    assert reasons.str.contains(r"\(Audit: [a-z_0-9.; ]+\.\)").all()


@pytest.fixture
def copy(tmp_path) -> Copy:
    return copy_project(tmp_path)


def test_another_paper_is_audited_by_configuration(copy: Copy):
    file = copy.path / "config" / "config.yaml"
    config = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**config, "papers": ["data/published/simulated_example"]}))
    copy.snakemake("results/simulated_example/audit.html")
    page = (copy.results("simulated_example") / "audit.html").read_text()
    assert "not a publication" in page


def test_a_bad_transcription_is_told_without_a_traceback(copy: Copy):
    file = copy.path / "data" / "published" / "ehresman2019" / "figures.csv"
    file.write_text(file.read_text().replace("55.4,=,percent,percent", "155.4,=,percent,percent", 1))
    output = copy.snakemake("results/ehresman2019/audit.csv", fails=True)
    assert "'155.4'" in output
    assert "Traceback" not in output
