"""Wide and long readings, and the order of rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_site import IDS, PATIENTS, READINGS, Site

from vbq.ingest.readings import level_name
from vbq.scores.marker import Marker


def long_readings():
    rows = []
    for reading in READINGS.to_dict("records"):
        for level in ("L1", "L2", "L3", "L4"):
            rows.append((reading["id"], reading["reader"], level, reading[f"{level} mean"], ""))
        rows.append((reading["id"], reading["reader"], "CSF", reading["CSF mean"], reading["CSF at"]))
    return pd.DataFrame(rows, columns=["id", "reader", "level", "mean", "at"])


def make_long(site):
    site.files["readings.csv"] = long_readings()
    site.spec["readings"]["layout"] = "long"
    site.spec["readings"]["columns"] = {"level": "level", "value": "mean", "csf_level": "at"}


def test_wide_and_long_readings_give_the_same_cohort(site):
    wide = site.read().cohort
    make_long(site)
    pd.testing.assert_frame_equal(site.read().cohort, wide)
    long = site.files["readings.csv"]
    site.files["readings.csv"] = long[long["mean"] != ""]
    pd.testing.assert_frame_equal(site.read().cohort, wide)
    csf = long["level"] == "CSF"
    long.loc[csf, "level"] = "CSF_" + long.loc[csf, "at"]
    long["level"] = long["level"].replace({"L1": "l-1", "L2": "VB L2", "L3": "L 3", "L4": "vertebra_L04"})
    site.files["readings.csv"] = long.drop(columns="at")
    del site.spec["readings"]["columns"]["csf_level"]
    pd.testing.assert_frame_equal(site.read().cohort, wide)


@pytest.mark.parametrize(
    ("row", "column", "value", "rule"),
    [
        (2, "level", "L", "unknown level"),
        (2, "level", "", "unknown level"),
        (6, "level", "CSF_L1", "unknown level"),
        (6, "level", "CSF_L2", "CSF levels differ"),
        (6, "mean", "0", "not positive"),
        (6, "mean", "low", "not a number"),
        (6, "at", "S1", "unknown CSF level"),
    ],
)
def test_a_wrong_cell_of_a_long_file(site, row, column, value, rule):
    make_long(site)
    site.put("readings.csv", row, column, value)
    errors = site.errors()
    assert [(error.row, error.rule) for error in errors] == [(row, rule)]


def test_a_level_read_twice(site):
    make_long(site)
    site.put("readings.csv", 3, "level", "L1 ")
    [error] = site.errors()
    assert (error.row, error.rule) == (3, "reading duplicated")
    assert "row 2" in error.action


def test_levels_the_score_does_not_use_are_noted(site):
    make_long(site)
    extra = pd.DataFrame([[IDS[0], "A", "T12", "1000", ""]], columns=long_readings().columns)
    expected = site.read().cohort
    site.files["readings.csv"] = pd.concat([long_readings(), extra])
    ingested = site.read()
    pd.testing.assert_frame_equal(ingested.cohort, expected)
    assert ingested.problems["rule"].tolist() == ["level not used"]


def test_of_several_csf_readings_the_preferred_level_counts(site):
    make_long(site)
    more = [
        [IDS[0], "A", "CSF", "50", "L2"],
        [IDS[5], "A", "CSF", "50", "L4"],
        [IDS[5], "B", "CSF", "50", "L3"],
    ]
    extra = pd.DataFrame(more, columns=long_readings().columns)
    site.files["readings.csv"] = pd.concat([extra, long_readings()])
    cohort = site.read().cohort
    assert cohort["vbq_a"][0] == pytest.approx(3.015)
    assert cohort["vbq_a"][5] == pytest.approx(2.015)
    assert cohort["vbq_b"][5] == pytest.approx(4.23)
    assert cohort["vbq_csf_level"][5] == "L2/L3"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("L1 ", "L1"),
        ("l-1", "L1"),
        ("VB L1", "L1"),
        ("LWK 1", "L1"),
        ("BWK12", "T12"),
        ("T12", "T12"),
        ("L01", "L1"),
        ("CSF", None),
        ("1", None),
    ],
)
def test_spellings_of_a_level(text, level):
    assert level_name(text) == level


def test_readings_in_the_file_of_the_patients(site):
    one = READINGS[READINGS["reader"] == "A"].drop(columns="reader").reset_index(drop=True)
    site.files = {"patients.csv": PATIENTS.join(one.drop(columns="id"))}
    site.spec["readings"]["file"] = "patients.csv"
    del site.spec["readings"]["reader"]
    cohort = site.read().cohort
    assert cohort["vbq"].tolist() == pytest.approx([3.015, 3.215, 3.415, 3.615, 2.815, 2.015])
    assert [name for name in cohort if name.startswith("vbq")] == [
        "vbq",
        "vbq_n_levels",
        "vbq_csf_level",
        "vbq_definition",
        "vbq_high",
    ]


def test_a_site_with_the_score_alone(site):
    del site.spec["readings"]
    site.files["patients.csv"]["score"] = ["3.1", "2.9", "3.0", "2.5", "", "2.2"]
    site.map("vbq", "score")
    cohort = site.read().cohort
    assert cohort["vbq_high"].isna().sum() == 1
    assert cohort["vbq_high"].sum() == 1


@pytest.mark.parametrize(("column", "rule"), [("csf", "CSF not mapped"), ("L2", "level not mapped")])
def test_readings_that_lack_a_column_of_the_score(site, column, rule):
    del site.spec["readings"]["columns"][column]
    if column == "csf":
        assert rule in {error.rule for error in site.errors()}
    else:
        found = site.read().problems
        assert dict(zip(found["rule"], found["severity"], strict=True))[rule] == "warning"


def test_a_reader_whom_the_plan_names_is_there(site):
    assert [error.rule for error in site.errors(marker=Marker(readers="C"))] == ["no such reader"]
    cohort = site.read(marker=Marker(readers="B")).cohort
    assert cohort["vbq"].tolist() == cohort["vbq_b"].tolist()


def test_another_marker_names_its_columns(site):
    marker = Marker(name="l1_score", levels=("L1",), readers="first")
    cohort = site.read(marker=marker).cohort
    assert cohort["l1_score"].tolist() == cohort["l1_score_a"].tolist()
    assert "l1_score_high" not in cohort


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(6)), st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(tmp_path, patients, readings):
    expected = Site(tmp_path).read().cohort
    site = Site(tmp_path)
    site.files["patients.csv"] = PATIENTS.iloc[patients]
    site.files["readings.csv"] = READINGS.iloc[readings]
    cohort = site.read().cohort
    assert cohort["row"].tolist() == [2, 3, 4, 5, 6, 7]
    back = cohort.iloc[np.argsort(patients)].reset_index(drop=True)
    pd.testing.assert_frame_equal(back.drop(columns="row"), expected.drop(columns="row"))
