"""Rows that are probably wrong although each cell is a legal value: what the reader says of them."""

import numpy as np
import pandas as pd
import pytest
from ingest_site import Site


@pytest.fixture
def site(tmp_path):
    """Forty patients of a small site, each with values of their own, read by two readers."""
    site = Site(tmp_path)
    draw = np.random.default_rng(1)
    patients = pd.concat([site.files["patients.csv"]] * 7, ignore_index=True).iloc[:40]
    patients["id"] = [f"SECRET{number}" for number in range(101, 141)]
    patients["age"] = draw.integers(40, 85, 40).astype(str)
    patients["albumin"] = draw.normal(4, 0.4, 40).round(1).astype(str)
    patients["follow_up"] = draw.integers(6, 60, 40).astype(str)
    readings = pd.concat([site.files["readings.csv"]] * 7, ignore_index=True).iloc[:80]
    readings["id"] = patients["id"].repeat(2).to_numpy()
    level = np.repeat(draw.normal(250, 40, 40), 2) + draw.normal(0, 4, 80)
    for number in range(1, 5):
        readings[f"L{number} mean"] = [f"{value:.0f}" for value in level + draw.normal(0, 3, 80)]
    site.files = {"patients.csv": patients, "readings.csv": readings}
    return site


def found(site, rule):
    """The warnings and notes of a rule, after a reading that must succeed."""
    problems = site.read().problems
    assert not problems.astype("str").apply(lambda column: column.str.contains("SECRET")).any(axis=None)
    return problems[problems["rule"] == rule]


def doubts(site):
    return set(site.read().problems.query("severity == 'warning'")["rule"])


def test_an_honest_site_is_not_doubted(site):
    assert doubts(site) == set()


def test_a_column_in_another_unit_is_told_once(site):
    site.files["patients.csv"]["albumin"] = [
        f"{10 * float(value):.0f}" for value in site.files["patients.csv"]["albumin"]
    ]
    [error] = site.errors()
    assert (error.row, error.column) == (1, "albumin")
    assert error.rule == "Albumin seems to be in g/L, not in g/dL"
    assert "`multiply: 0.1`" in error.action
    site.map("albumin", {"column": "albumin", "multiply": 0.1})
    assert doubts(site) == set()


def test_a_factor_too_many(site):
    site.map("albumin", {"column": "albumin", "multiply": 0.1})
    [told] = site.errors()
    assert told.rule == "Albumin seems to be in g/dL already"
    assert told.action.endswith("if it is in g/dL, leave out `multiply` for this column")


def test_a_value_in_another_unit(site):
    site.put("patients.csv", 9, "albumin", "41")
    [error] = site.errors()
    assert (error.row, error.value) == (9, "41")
    assert error.action == "it would fit in g/L: give all of the column in one unit"


def test_a_number_that_a_spreadsheet_made_a_date(site):
    site.put("patients.csv", 9, "albumin", "3. Mai")
    [error] = site.errors()
    assert (error.row, error.rule) == (9, "a date, not a number")


def test_the_same_patient_under_two_spellings(site):
    site.put("patients.csv", 30, "id", "secret-00101")
    site.files["readings.csv"].loc[[56, 57], "id"] = "secret-00101"
    told = found(site, "same patient under two ids?")
    assert told["row"].tolist() == [30]
    assert "row 2 in its spelling only" in told["action"].iloc[0]


def test_a_reading_of_a_patient_in_another_spelling(site):
    site.put("readings.csv", 5, "id", "Secret 102")
    [error] = site.errors()
    assert (error.row, error.rule, error.value) == (5, "no such patient", "(withheld)")
    assert error.action == "row 3 of patients.csv has it in another spelling: spell both alike"


def test_the_same_values_under_two_ids(site):
    patients = site.files["patients.csv"]
    patients.iloc[20, 1:] = patients.iloc[4, 1:]
    told = found(site, "same patient under two ids?")
    assert told["row"].tolist() == [22]
    assert "every value is that of row 6" in told["action"].iloc[0]


def test_an_id_that_a_spreadsheet_made_a_date(site):
    site.put("patients.csv", 7, "id", "2024-03-01")
    site.files["readings.csv"].loc[[10, 11], "id"] = "2024-03-01"
    told = found(site, "id looks like a date")
    assert told["file"].tolist() == ["patients.csv", "readings.csv", "readings.csv"]
    assert told["row"].tolist() == [7, 12, 13]


def test_a_level_without_its_decimal_mark(site):
    site.put("readings.csv", 8, "L3 mean", "2503")
    told = found(site, "far from the other levels")
    assert told[["file", "row", "column"]].to_numpy().tolist() == [["readings.csv", 8, "L3 mean"]]


def test_readers_who_disagree(site):
    for level in ("L1", "L2", "L3", "L4"):
        site.put("readings.csv", 8, f"{level} mean", "400")
        site.put("readings.csv", 9, f"{level} mean", "200")
    told = found(site, "readers disagree in vbq")
    gross = told[told["severity"] == "warning"]
    assert gross[["row", "column", "value"]].to_numpy().tolist() == [[5, "a, b", "+2.000"]]


def test_a_reader_who_is_a_copy_of_another(site):
    readings = site.files["readings.csv"]
    measured = [name for name in readings if name.endswith("mean") or name == "CSF"]
    readings.loc[1::2, measured] = readings.loc[::2, measured].to_numpy()
    told = found(site, "reader copied from another?")
    assert told[["file", "column", "severity"]].to_numpy().tolist() == [["readings.csv", "a, b", "warning"]]
    assert "in 40 of 40 patients every value of b is that of a" in told["action"].iloc[0]
    for row in range(3, 13, 2):  # five patients whom b read anew
        site.put("readings.csv", row, "L1 mean", "251.5")
    assert found(site, "reader copied from another?").empty


def test_a_level_under_another_name(site):
    wide = site.files["readings.csv"].rename(columns=lambda name: name.removesuffix(" mean"))
    long = wide.melt(["id", "reader"], ["L1", "L2", "L3", "L4", "CSF"], "roi", "value", ignore_index=True)
    site.files["readings.csv"] = long
    site.spec["readings"] |= {"layout": "long", "columns": {"level": "roi", "value": "value"}}
    assert "level not used" not in doubts(site)
    site.put("readings.csv", 6, "roi", "T1")
    told = found(site, "level not used")
    assert told[["row", "value", "severity"]].to_numpy().tolist() == [[6, "T1", "warning"]]


def test_an_outcome_turned_round(site):
    patients = site.files["patients.csv"]
    for level in ("L1", "L2", "L3", "L4"):
        higher = (patients["vcf"] == "1").repeat(2).to_numpy() * 60
        column = site.files["readings.csv"][f"{level} mean"].astype(float) + higher
        site.files["readings.csv"][f"{level} mean"] = [f"{value:.0f}" for value in column]
    patients["sins"] = ["12" if vcf == "1" else "4" for vcf in patients["vcf"]]
    site.spec["patients"]["columns"] = {"new_vcf": "vcf", "age": "age", "sins": "sins"}
    assert doubts(site) == set()
    site.map("new_vcf", {"column": "vcf", "levels": {"1": 0, "0": 1}})
    assert doubts(site) == {"outcome turned round?"}
