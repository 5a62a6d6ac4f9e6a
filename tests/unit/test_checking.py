"""A cohort checked without analyzing it: what the terminal, the page and the table say."""

import pandas as pd
import pytest
import yaml
from ingest_site import Site

from vbq.checking import check_cohort

PLAN = "config/plans/ehresman2019.yaml"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def checked(site):
    """Check a site's cohort by its cohort file."""
    site.write()
    spec = site.spec | {"title": "A site", "role": "validation", "provenance": "made up", "plan": PLAN}
    for name in ("patients", "readings"):
        if name in spec:
            spec[name] = spec[name] | {"file": str(site.folder / spec[name]["file"])}
    file = site.folder / "site.yaml"
    file.write_text(yaml.safe_dump(spec), encoding="utf-8")
    return check_cohort(file, site.folder / "results")


def test_a_good_site_is_ready_and_the_verdict_counts_the_outcome(site):
    found = checked(site)
    assert not found.has_errors
    assert found.verdict.startswith("Ready: 6 patients read, 6 kept (3 with the outcome, 50.0 %), 0 left out")
    assert found.verdict in found.page.read_text(encoding="utf-8")


def test_warnings_are_told_in_the_terminal_too(site):
    site.put("patients.csv", 3, "kps", "85")
    found = checked(site)
    assert not found.has_errors
    assert any("off the instrument's step" in line for line in found.lines)


def test_errors_are_in_the_lines_the_page_and_the_table(site):
    site.put("patients.csv", 3, "age", "630")
    found = checked(site)
    assert found.has_errors
    assert found.verdict.startswith("Not ready: 1 thing to correct")
    assert any(line.startswith("patients.csv:3 age '630'") for line in found.lines)
    errors = pd.read_csv(found.page.with_name("check.csv")).query("severity == 'error'")
    assert errors[["file", "row", "column"]].to_numpy().tolist() == [["patients.csv", 3, "age"]]


def test_a_site_without_any_score_of_the_plan(site):
    site.spec["patients"]["columns"] = {"new_vcf": "vcf", "age": "age"}
    del site.spec["readings"], site.files["readings.csv"]
    assert any("no score" in line for line in checked(site).lines)
