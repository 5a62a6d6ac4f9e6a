"""All problems at once, folded where they repeat."""

import pandas as pd
import pytest
from ingest_site import IDS

from vbq.problems import InputError


def test_all_faults_stand_in_one_error_one_a_line(site):
    site.put("patients.csv", 2, "age", "x")
    site.put("patients.csv", 3, "sex", "y")
    site.put("patients.csv", 4, "pain", "2")
    site.put("patients.csv", 5, "id", IDS[0])
    site.put("patients.csv", 6, "n_vcf", "4")
    site.put("patients.csv", 7, "albumin", "4,2")
    site.put("patients.csv", 7, "kps", "85")
    site.put("readings.csv", 2, "CSF mean", "0")
    site.put("readings.csv", 4, "id", "SECRET99")
    site.put("readings.csv", 5, "CSF at", "S1")
    site.map("shoe_size", "age")
    site.map("bmi", "Quetelet")
    site.files["patients.csv"]["Name"] = "SECRET"
    with pytest.raises(InputError) as caught:
        site.read()
    rules = {problem.rule for problem in caught.value.problems if problem.severity == "error"}
    assert rules == {
        "not a number",
        "unknown level",
        "impossible SINS points",
        "id duplicated",
        "contradicts vcf",
        "decimal comma",
        "not positive",
        "no such patient",
        "unknown CSF level",
        "unknown variable",
        "no such heading",
        "identifies a person",
    }
    text = str(caught.value)
    assert "SECRET" not in text
    shown = [problem for problem in caught.value.problems if problem.severity != "note"]
    errors = sum(problem.severity == "error" for problem in shown)
    lines = text.splitlines()
    assert len(lines) == len(shown) + 2
    assert lines[0] == f"{errors} errors in the input:"
    assert "patients.csv:2 age 'x' - not a number - correct it, or list it under `missing`" in text
    assert lines.index("and 2 warnings:") == errors + 1
    assert any("kps '85' - off the instrument's step" in line for line in lines[errors + 2 :])


def test_many_rows_with_the_same_problem_are_folded(site):
    copies = 7
    site.files["readings.csv"] = site.files["readings.csv"].query("reader == 'A'")
    for name, frame in site.files.items():
        large = pd.concat([frame] * copies, ignore_index=True)
        large["id"] += "-" + (large.index // len(frame)).astype(str)
        site.files[name] = large
    patients = site.files["patients.csv"]
    patients["albumin"] = "4,2"
    patients["age"] = [f"{age},5" if row < 6 else age for row, age in enumerate(patients["age"])]
    patients.loc[[8, 9], "sex"] = ["x", "y"]
    patients["kps"] = "85"
    patients["follow_up"] = [str(months) for months in range(6, 6 + len(patients))]
    with pytest.raises(InputError) as caught:
        site.read()
    assert len(caught.value.problems) == 42 + 6 + 2 + 42
    lines = str(caught.value).splitlines()
    where = [line.split(" - ")[0] for line in lines]
    assert where == [
        "50 errors in the input:",
        *(f"patients.csv:{row} age '{patients['age'][row - 2]}'" for row in range(2, 7)),
        "and 1 more row like this (row 7)",
        *(f"patients.csv:{row} albumin '4,2'" for row in range(2, 7)),
        "and 37 more rows like this (rows 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ...)",
        "patients.csv:10 sex 'x'",
        "patients.csv:11 sex 'y'",
        "and 42 warnings:",
        *(f"patients.csv:{row} kps '85'" for row in range(2, 7)),
        "and 37 more rows like this (rows 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ...)",
    ]


def test_every_row_stays_in_the_table(site):
    site.files["patients.csv"]["kps"] = "85"
    assert site.read().problems["row"].tolist() == [2, 3, 4, 5, 6, 7]


def test_a_value_with_line_breaks_stays_on_its_line(site):
    site.put("patients.csv", 2, "age", "sixty\none, or " + "so " * 50)
    with pytest.raises(InputError) as caught:
        site.read()
    assert len(str(caught.value).splitlines()) == 2
    assert len(str(caught.value)) < 250
