"""A cohort checked without analyzing it: what the terminal, the page and the table say."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from ingest_site import Site

from vbq.checking import check_cohort
from vbq.errors import UserError

PLAN = "config/plans/ehresman2019.yaml"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def checked(site, plan=PLAN):
    """Check a site's cohort by its cohort file."""
    site.write()
    spec = site.spec | {"title": "A site", "role": "validation", "provenance": "made up", "plan": plan}
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


def plan_with_rules(site, *rules):
    """Return the path of the plan with other rules to validate."""
    plan = yaml.safe_load(Path(PLAN).read_text(encoding="utf-8"))
    plan["validation"] |= {"rules": list(map(str, rules)), "pairs": []}
    path = site.folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan), encoding="utf-8")
    return str(path)


def test_a_rule_with_risks_of_0_and_1_is_said_and_no_obstacle(site):
    rules = ["tests/cases/rule_with_certain_patterns/zero_one.yaml", "data/rules/combined.yaml"]
    found = checked(site, plan_with_rules(site, *rules))
    assert not found.has_errors
    assert found.verdict.startswith("Ready: ")
    said = [line for line in found.lines if "a risk of 0 or 1" in line]
    assert len(said) == 1
    assert said[0].startswith(
        f"{rules[0]}: patterns - a risk of 0 or 1 - the rule is validated, but for calib"
    )


def test_rules_that_contradict_themselves_are_refused_together(site):
    described = yaml.safe_load(Path("data/rules/vbq_above_3.yaml").read_text(encoding="utf-8"))
    files = [site.folder / "one.yaml", site.folder / "two.yaml"]
    for file, changes in zip(files, ({"intercept": 1}, {"needs": {"sins": "a score"}}), strict=True):
        file.write_text(yaml.safe_dump(described | changes), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        checked(site, plan_with_rules(site, *files))
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["rule one", "rule two"]


def test_a_site_without_any_score_of_the_plan(site):
    site.spec["patients"]["columns"] = {"new_vcf": "vcf", "age": "age"}
    del site.spec["readings"], site.files["readings.csv"]
    assert any("no score" in line for line in checked(site).lines)
