"""Who is analyzed, and the participant flow."""

import re
from pathlib import Path

import pandas as pd
import pytest
from effort import effort
from ingest_site import VBQ

from vbq.codebook import VARIABLES
from vbq.errors import UserError
from vbq.ingest import read_cohort


def test_flow_counts_each_step_in_order(site):
    site.put("patients.csv", 2, "age", "17")
    site.put("patients.csv", 3, "follow_up", "5.9")
    site.put("patients.csv", 4, "follow_up", "")
    site.put("patients.csv", 5, "vcf", "")
    site.put("patients.csv", 5, "n_vcf", "")
    site.spec["eligibility"] = {"no_infection": False}
    ingested = site.read()
    flow = ingested.flow.set_index("step")
    assert flow["n"].tolist() == [6, 5, 5, 5, 5, 5, 5, 4, 3]
    assert flow["excluded"].tolist() == [0, 1, 0, 0, 0, 0, 0, 1, 1]
    assert flow.loc["adult", "reason"] == "younger than 18 years"
    assert flow.loc["spinal_metastasis", "reason"] == "not assessed: no column for spinal_metastasis"
    assert flow.loc["no_infection", "reason"] == "switched off in the cohort file"
    assert flow.index[-1] == "outcome known"
    assert ingested.cohort["row"].tolist() == [4, 6, 7]
    told = ingested.problems.set_index("row")
    assert told.loc[4, "rule"] == "criterion follow_up not assessable"
    assert told.loc[5, "rule"] == "outcome missing"
    assert told.loc[5, "severity"] == "warning"
    assert "criterion adult not met" in told.loc[[2], "rule"].tolist()
    assert (told.loc[3, "rule"], told.loc[3, "value"]) == ("criterion follow_up not met", "5.9")


def test_a_criterion_can_be_switched_off(site):
    site.put("patients.csv", 2, "age", "17")
    site.spec["eligibility"] = {"adult": False}
    assert len(site.read().cohort) == 6


def test_a_cohorts_own_variables(site):
    site.spec["variables"] = {
        "raterisk": {
            "label": "Self-rated risk",
            "kind": "ordinal",
            "levels": {1: "Less", 2: "Same", 3: "More"},
        },
        "fell": {"label": "Fell", "kind": "binary"},
    }
    site.files["patients.csv"]["risk"] = ["1", "2", "3", "less", "Same", "more"]
    site.files["patients.csv"]["fell"] = ["yes", "no", "0", "1", "", "No"]
    site.map("raterisk", "risk")
    site.map("fell", "fell")
    cohort = site.read().cohort
    assert cohort["raterisk"].tolist() == [1, 2, 3, 1, 2, 3]
    assert cohort["fell"].dropna().tolist() == [1, 0, 0, 1, 0]


def test_a_large_file_is_read_in_little_time(site):
    copies = 5_000
    for name, frame in site.files.items():
        large = pd.concat([frame] * copies, ignore_index=True)
        large["id"] += "-" + (large.index // len(frame)).astype(str)
        site.files[name] = large
    site.write()
    ingested = []
    folder = Path(site.folder)
    work = effort(lambda: ingested.append(read_cohort(site.spec, VARIABLES, VBQ, folder, "new_vcf")))
    assert len(ingested[0].cohort) == 6 * copies
    assert work < 400  # 64: two seconds


def test_only_some_patients(site):
    site.spec["only"] = {"field_strength": ["1.5"]}
    site.put("patients.csv", 3, "field", "")
    ingested = site.read()
    assert ingested.cohort["row"].tolist() == [2, 5, 7]
    step = ingested.flow.set_index("step").loc["only_field_strength"]
    assert (step["excluded"], step["reason"]) == (3, "field_strength is not 1.5")
    told = ingested.problems[ingested.problems["rule"] == "not among `only: field_strength`"]
    assert told["row"].tolist() == [3, 4, 6]


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"field_strength": ["7"]}, "only.field_strength '7' - no such level - one of '1.5', '3'"),
        ({"vendor": ["ge"]}, "only.vendor - variable not mapped"),
        ({"site": ["1"]}, "only.site - variable not mapped"),
    ],
)
def test_only_what_the_cohort_has(site, only, message):
    site.spec["only"] = only
    with pytest.raises(UserError, match=re.escape(message)):
        site.read()
