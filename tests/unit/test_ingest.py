"""Reading a cohort: good files give the canonical cohort, each fault is told with its place."""

import copy
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vbq.codebook import SINS_COMPONENTS, VARIABLES, extended
from vbq.ingest import IngestError, read_cohort
from vbq.ingest.identifying import looks_identifying
from vbq.ingest.readings import level_name, shown_readers
from vbq.scores.marker import Marker

VBQ = Marker(cutoff=3)
IDS = [f"SECRET{number}" for number in range(1, 7)]
PATIENTS = pd.DataFrame(
    {
        "id": IDS,
        "vcf": ["1", "1", "1", "0", "0", "0"],
        "n_vcf": ["2", "1", "3", "0", "0", "0"],
        "age": ["61", "62", "63", "64", "65", "66"],
        "sex": ["f", "Male", "female", "m", "f", "m"],
        "kps": ["90", "80", "100", "70", "90", "90"],
        "albumin": ["4.1", "3.9", "", "4.0", "4.2", "3.5"],
        "field": ["1.5", "3", "3.0", "1.5 T", "3T", "1.5"],
        "location": ["3", "2", "1", "0", "Junctional", "mobile"],
        "pain": ["3", "1", "0", "3", "0", "1"],
        "lesion": ["2", "1", "0", "2", "1", "0"],
        "alignment": ["4", "2", "0", "0", "0", "0"],
        "collapse": ["3", "2", "1", "0", "3", "2"],
        "posterolateral": ["3", "1", "0", "3", "1", "0"],
        "follow_up": ["12", "7", "30", "6", "8", "9"],
    }
)
READINGS = pd.DataFrame(
    {
        "id": [patient for patient in IDS for _ in "AB"],
        "reader": ["A", "B"] * 6,
        "L1 mean": ["300", "310", "320", "", "340", "350", "360", "370", "280", "290", "200", "210"],
        "L2 mean": ["301", "311", "321", "331", "341", "351", "361", "371", "281", "291", "201", "211"],
        "L3 mean": ["302", "312", "322", "332", "342", "352", "362", "372", "282", "292", "202", "212"],
        "L4 mean": ["303", "313", "323", "333", "343", "353", "363", "373", "283", "293", "203", "213"],
        "CSF mean": ["100"] * 12,
        "CSF at": ["L3"] * 10 + ["L2", "L4"],
    }
)
SPEC = {
    "patients": {
        "file": "patients.csv",
        "id": "id",
        "columns": {
            "new_vcf": "vcf",
            "n_new_vcf": "n_vcf",
            "age": "age",
            "sex": "sex",
            "kps": "kps",
            "albumin": "albumin",
            "field_strength": "field",
            **{name: name.removeprefix("sins_") for name in SINS_COMPONENTS},
            "follow_up_months": "follow_up",
        },
    },
    "readings": {
        "file": "readings.csv",
        "layout": "wide",
        "id": "id",
        "reader": "reader",
        "columns": {
            **{level: f"{level} mean" for level in ("L1", "L2", "L3", "L4")},
            "csf": "CSF mean",
            "csf_level": "CSF at",
        },
    },
}


class Site:
    """A site's files and cohort file, good until something is broken."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {"patients.csv": PATIENTS.copy(), "readings.csv": READINGS.copy()}
        self.spec = copy.deepcopy(SPEC)

    def put(self, file, row, column, value):
        """Set a cell, by its row in the file (the heading row is 1)."""
        self.files[file].loc[row - 2, column] = value

    def map(self, name, entry, section="patients"):
        self.spec[section]["columns"][name] = entry

    def write(self, encoding="utf-8", sep=","):
        for name, frame in self.files.items():
            if isinstance(frame, pd.DataFrame):
                frame.to_csv(self.folder / name, index=False, encoding=encoding, sep=sep)
            elif frame is not None:
                (self.folder / name).write_bytes(frame)

    def read(self, marker=None, outcome="new_vcf", **how):
        self.write(**how)
        codebook = extended(self.spec.get("variables", {}))
        return read_cohort(self.spec, codebook, marker or VBQ, self.folder, outcome)

    def errors(self, **how):
        with pytest.raises(IngestError) as caught:
            self.read(**how)
        assert "SECRET" not in str(caught.value)
        return [problem for problem in caught.value.problems if problem.severity == "error"]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_good_site_gives_the_canonical_cohort(site):
    ingested = site.read()
    cohort = ingested.cohort
    assert list(cohort) == [
        "row",
        "new_vcf",
        "n_new_vcf",
        "age",
        "sex",
        "kps",
        "albumin",
        "follow_up_months",
        "field_strength",
        *SINS_COMPONENTS,
        "vbq",
        "vbq_a",
        "vbq_b",
        "vbq_n_levels",
        "vbq_csf_level",
        "vbq_high",
        "sins",
        "sins_category",
        "fracture_count",
    ]
    assert cohort["row"].tolist() == [2, 3, 4, 5, 6, 7]
    assert cohort["sex"].tolist() == ["female", "male", "female", "male", "female", "male"]
    assert cohort["field_strength"].tolist() == ["1.5", "3", "3", "1.5", "3", "1.5"]
    assert cohort["sins"].tolist() == [18, 9, 2, 8, 8, 5]
    assert cohort["sins_category"].tolist()[:3] == ["unstable", "potentially_unstable", "stable"]
    assert cohort["vbq_a"].tolist() == pytest.approx([3.015, 3.215, 3.415, 3.615, 2.815, 2.015])
    assert cohort["vbq_b"][1] == pytest.approx(3.32)
    assert cohort["vbq"][0] == pytest.approx((3.015 + 3.115) / 2)
    assert cohort["vbq_n_levels"].tolist() == [4, 3, 4, 4, 4, 4]
    assert cohort["vbq_csf_level"].tolist() == ["L3"] * 5 + ["L2/L4"]
    assert cohort["vbq_high"].tolist() == [1, 1, 1, 1, 0, 0]
    assert cohort["fracture_count"].tolist() == [1, 0, 1, 0, 0, 0]
    assert str(cohort["new_vcf"].dtype) == "Int64"
    assert str(cohort["age"].dtype) == "float64"
    assert str(cohort["sins_pain"].dtype) == "Int64"
    assert str(cohort["sex"].dtype) == "str"
    assert ingested.problems.empty
    assert list(ingested.problems) == ["file", "row", "column", "value", "rule", "severity", "action"]
    assert ingested.flow["step"].tolist()[0] == "rows in patients.csv"
    assert ingested.flow["n"].tolist() == [6] * 9


def test_ids_reach_neither_cohort_nor_tables(site):
    site.put("patients.csv", 4, "follow_up", "")
    ingested = site.read()
    for table in (ingested.cohort, ingested.problems, ingested.flow):
        assert "SECRET" not in table.to_csv()


# (what is broken, file, row, column, value as shown, start of the rule)
CELLS = [
    ("age", "6l", "not a number"),
    ("age", "sixty", "not a number"),
    ("age", "NaN", "not a number"),
    ("age", "inf", "not a number"),
    ("age", "130", "outside the possible range 0 to 120 years"),
    ("age", "-1", "outside the possible range"),
    ("albumin", "4,2", "decimal comma"),
    ("sex", "x", "unknown level"),
    ("field", "7", "unknown level"),
    ("vcf", "2", "unknown level"),
    ("pain", "2", "impossible SINS points"),
    ("alignment", "1", "impossible SINS points"),
    ("alignment", "3", "impossible SINS points"),
    ("posterolateral", "2", "impossible SINS points"),
    ("location", "Jnctional", "unknown level"),
]


@pytest.mark.parametrize(("column", "value", "rule"), CELLS)
def test_a_wrong_cell_of_the_patients_file(site, column, value, rule):
    site.put("patients.csv", 6, column, value)
    [error] = site.errors()
    assert (error.file, error.row, error.column, error.value) == ("patients.csv", 6, column, value)
    assert error.rule.startswith(rule)
    assert error.action


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("CSF mean", "0", "not positive"),
        ("CSF mean", "-3", "not positive"),
        ("L2 mean", "0", "not positive"),
        ("L2 mean", "-1", "not positive"),
        ("L2 mean", "a lot", "not a number"),
        ("L2 mean", "300,5", "decimal comma"),
        ("CSF at", "L5", "unknown CSF level"),
        ("reader", "", "reader missing"),
        ("reader", "n levels", "unusable reader"),
        ("reader", "high", "unusable reader"),
        ("reader", "?", "unusable reader"),
    ],
)
def test_a_wrong_cell_of_the_readings_file(site, column, value, rule):
    site.put("readings.csv", 6, column, value)
    [error] = site.errors()
    assert (error.file, error.row, error.column, error.value) == ("readings.csv", 6, column, value)
    assert error.rule == rule


def test_levels_that_are_accepted_are_listed(site):
    site.put("patients.csv", 6, "sex", "x")
    site.put("patients.csv", 7, "pain", "2")
    sex, pain = site.errors()
    assert "female (Female), male (Male)" in sex.action
    assert "0 (None), 1 (Occasional, not mechanical), 3 (Mechanical)" in pain.action


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_missing_id(site, blank):
    site.put("patients.csv", 4, "id", blank)
    errors = site.errors()
    assert {(error.file, error.row, error.rule) for error in errors} == {
        ("patients.csv", 4, "id missing"),
        ("readings.csv", 6, "no such patient"),
        ("readings.csv", 7, "no such patient"),
    }


def test_a_duplicated_id(site):
    site.put("patients.csv", 4, "id", f" {IDS[0]} ")
    first = site.errors()[0]
    assert (first.row, first.column, first.value) == (4, "id", "(withheld)")
    assert first.rule == "id duplicated"
    assert "row 2" in first.action


def test_a_reading_of_no_patient(site):
    site.put("readings.csv", 5, "id", "SECRET99")
    [error] = site.errors()
    assert (error.file, error.row, error.column, error.value) == ("readings.csv", 5, "id", "(withheld)")
    assert error.rule == "no such patient"


def test_the_same_patient_and_reader_twice(site):
    site.put("readings.csv", 3, "reader", " a")
    [error] = site.errors()
    assert (error.file, error.row, error.rule) == ("readings.csv", 3, "reading duplicated")
    assert "row 2" in error.action


def test_readers_that_differ_only_in_punctuation_are_told_apart_from_one_another(site):
    site.files["readings.csv"]["reader"] = ["A+", "A-"] * 6
    errors = site.errors()
    assert {error.rule for error in errors} == {"unusable reader"}
    assert {error.value for error in errors} == {"A-"}


def test_readers_names_stay_out_of_the_results(site):
    named = {"A": "Dr. Hans Müller", "B": "Ana"}
    expected = site.read().cohort
    site.files["readings.csv"]["reader"] = READINGS["reader"].map(named)
    ingested = site.read()
    # Ana comes first.
    renamed = {"vbq_a": "vbq_reader_2", "vbq_b": "vbq_reader_1"}
    pd.testing.assert_frame_equal(ingested.cohort, expected.rename(columns=renamed), check_like=True)
    assert [name for name in ingested.cohort if "reader" in name] == ["vbq_reader_1", "vbq_reader_2"]
    [note] = ingested.problems.to_dict("records")
    assert (note["file"], note["column"], note["severity"]) == ("readings.csv", "reader", "note")
    assert note["rule"] == "readers' names are not shown"
    assert note["action"] == "reader_1, reader_2: in the order of their names"
    for table in (ingested.cohort, ingested.problems, ingested.flow):
        assert not any(word in table.to_csv().casefold() for word in ("muller", "müller", "ana"))


@pytest.mark.parametrize("readers", ["Dr. Hans Müller", "dr hans muller", "first", "mean"])
def test_the_plan_may_name_a_reader_whose_name_is_not_shown(site, readers):
    label = {"first": "A", "mean": "mean"}.get(readers, "B")
    expected = site.read(marker=Marker(readers=label)).cohort
    site.files["readings.csv"]["reader"] = READINGS["reader"].map({"A": "Ana Gil", "B": "Dr. Hans Müller"})
    cohort = site.read(marker=Marker(readers=readers)).cohort
    assert cohort["vbq"].tolist() == expected["vbq"].tolist()
    assert cohort["vbq_reader_2"].tolist() == expected["vbq_b"].tolist()


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["b", "a"], ["a", "b"]),
        (["r1", "r2", "1"], ["1", "r1", "r2"]),
        (["observer_a", "rater_2", "reader1"], ["observer_a", "rater_2", "reader1"]),
        ([""], []),
        (["hans", "a"], ["reader_1", "reader_2"]),
        (["reader_hans"], ["reader_1"]),
        (["李"], ["reader_1"]),
    ],
)
def test_what_results_call_the_readers(labels, shown):
    codes = shown_readers(labels)
    assert [codes[label] for label in sorted(codes)] == shown


def test_a_reader_whose_column_the_cohort_has_already(site):
    site.spec["variables"] = {"vbq_reader_1": {"label": "Another score", "kind": "continuous"}}
    site.files["readings.csv"]["reader"] = READINGS["reader"].map({"A": "Ana Gil", "B": "Hans Müller"})
    errors = site.errors()
    assert {(error.column, error.value, error.rule) for error in errors} == {
        ("reader", "Ana Gil", "unusable reader")
    }


def test_the_id_column_taken_for_the_reader(site):
    rows = 30
    site.files["patients.csv"] = pd.concat([PATIENTS] * 5, ignore_index=True)
    site.files["patients.csv"]["id"] = [f"SECRET{row}" for row in range(rows)]
    site.files["readings.csv"] = READINGS.iloc[[0] * rows].reset_index(drop=True)
    site.files["readings.csv"]["id"] = site.files["readings.csv"]["reader"] = [
        f"SECRET{row}" for row in range(rows)
    ]
    assert [error.rule for error in site.errors()] == ["too many readers"]


def test_a_patient_without_a_reading_is_kept_with_a_warning(site):
    site.files["readings.csv"] = READINGS.iloc[2:]
    ingested = site.read()
    [warning] = ingested.problems.to_dict("records")
    assert (warning["file"], warning["row"]) == ("patients.csv", 2)
    assert (warning["rule"], warning["severity"]) == ("patient without a reading", "warning")
    assert ingested.cohort["vbq"].isna().tolist() == [True] + [False] * 5


@pytest.mark.parametrize(
    ("columns", "why"),
    [(["CSF mean"], "no CSF"), (["L1 mean", "L2 mean", "L3 mean", "L4 mean"], "no level")],
)
def test_a_reading_without_a_score_is_told(site, columns, why):
    for column in columns:
        site.put("readings.csv", 2, column, "")
    ingested = site.read()
    [warning] = ingested.problems.to_dict("records")
    assert (warning["file"], warning["row"], warning["rule"]) == ("readings.csv", 2, "no vbq")
    assert why in warning["action"]
    assert pd.isna(ingested.cohort["vbq_a"][0])
    assert ingested.cohort["vbq"][0] == ingested.cohort["vbq_b"][0]


@pytest.mark.parametrize(("csf", "value"), [("350", "0.861"), ("40", "7.537")])
def test_vbq_outside_1_to_6_is_a_warning(site, csf, value):
    site.put("readings.csv", 2, "CSF mean", csf)
    [warning] = site.read().problems.to_dict("records")
    assert (warning["row"], warning["column"], warning["value"]) == (2, "vbq", value)
    assert warning["rule"] == "outside the plausible range 1 to 6"
    assert warning["severity"] == "warning"


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("age", "99", "outside the plausible range 18 to 95 years"),
        ("kps", "85", "off the instrument's step"),
    ],
)
def test_unlikely_values_are_kept_with_a_warning(site, column, value, rule):
    site.put("patients.csv", 3, column, value)
    ingested = site.read()
    [warning] = ingested.problems.to_dict("records")
    assert (warning["row"], warning["column"], warning["value"]) == (3, column, value)
    assert (warning["rule"], warning["severity"]) == (rule, "warning")
    assert ingested.cohort[column][1] == float(value)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("sins", "SINS total is not a whole number"),
        ("n_new_vcf", "count of fractures is not a whole number"),
        ("n_previous_vcf", "count of fractures is not a whole number"),
    ],
)
def test_points_and_counts_are_whole_numbers(site, name, rule):
    values = {"sins": ["18", "9", "2", "8", "8.0", "5"], "n_new_vcf": list("213000")}
    site.files["patients.csv"]["whole"] = values.get(name, ["0", "1", "1", "0", "0", "1.0"])
    site.map(name, "whole")
    if name == "n_new_vcf":
        site.spec["patients"]["drop"] = ["n_vcf"]
    site.read()
    cell = values.get(name, ["0", "1"])[1] + ".4"
    site.put("patients.csv", 3, "whole", cell)
    [error] = site.errors()
    assert (error.row, error.column, error.value, error.rule) == (3, "whole", cell, rule)
    site.map(name, {"column": "whole", "multiply": 0.5})
    assert ("whole", rule) in {(error.column, error.rule) for error in site.errors()}


def test_a_converted_count_is_whole_but_for_rounding(site):
    site.files["patients.csv"]["percent"] = ["100", "100", "100", "0", "0", "0"]
    site.spec["patients"]["drop"] = ["n_vcf"]
    site.map("n_new_vcf", {"column": "percent", "multiply": 0.07})  # 100 * 0.07 is 7.000000000000001
    assert site.read().cohort["n_new_vcf"].tolist() == [7, 7, 7, 0, 0, 0]


@pytest.mark.parametrize(("row", "count"), [(2, "0"), (5, "1")])
def test_fracture_and_count_must_agree(site, row, count):
    site.put("patients.csv", row, "n_vcf", count)
    [error] = site.errors()
    assert (error.row, error.column, error.value) == (row, "n_vcf", count)
    assert error.rule == "contradicts vcf"


def test_sins_total_must_agree_with_its_components(site):
    site.files["patients.csv"]["total"] = ["18", "10", "2", "", "8", "6"]
    site.map("sins", "total")
    errors = site.errors()
    assert [(error.row, error.value) for error in errors] == [(3, "10"), (7, "6")]
    assert {error.rule for error in errors} == {"SINS total contradicts its components"}
    assert "add up to 9" in errors[0].action
    site.files["patients.csv"]["total"] = ["18", "9", "2", "", "8", "5"]
    assert site.read().cohort["sins"].tolist() == [18, 9, 2, 8, 8, 5]


def test_a_total_stands_in_for_components_that_are_missing(site):
    site.files["patients.csv"]["total"] = ["18", "9", "2", "8", "8", "5"]
    site.put("patients.csv", 3, "pain", "")
    site.map("sins", "total")
    assert site.read().cohort["sins"][1] == 9
    for name in SINS_COMPONENTS:
        del site.spec["patients"]["columns"][name]
    assert site.read().cohort["sins_category"][1] == "potentially_unstable"


@pytest.mark.parametrize(("total", "fits"), [("7", False), ("8", True), ("11", True), ("12", False)])
def test_a_total_must_be_possible_with_the_components_there_are(site, total, fits):
    # Row 3: 2 + 1 + 1 + 2 + 2 = 8 without the posterolateral one, which has 3 points at most.
    site.put("patients.csv", 3, "posterolateral", "")
    site.files["patients.csv"]["total"] = ["18", total, "2", "", "8", "5"]
    site.map("sins", "total")
    unmapped = copy.deepcopy(site.spec)
    del unmapped["patients"]["columns"]["sins_posterolateral"]
    for spec in (site.spec, unmapped):
        site.spec = spec
        if fits:
            assert site.read().cohort["sins"][1] == int(total)
            continue
        [error] = site.errors()
        assert (error.row, error.column, error.value) == (3, "total", total)
        assert error.rule == "SINS total contradicts its components"
        assert "given add up to 8, all six to 11 at most" in error.action


def test_too_few_components_for_a_total(site):
    del site.spec["patients"]["columns"]["sins_pain"]
    ingested = site.read()
    assert "sins" not in ingested.cohort
    assert ("SINS incomplete", "warning") in set(
        ingested.problems[["rule", "severity"]].itertuples(index=False, name=None)
    )


@pytest.mark.parametrize("classes", ["0", "1", ""])
def test_one_outcome_class_only(site, classes):
    site.files["patients.csv"]["vcf"] = classes
    site.files["patients.csv"]["n_vcf"] = ""
    [error] = site.errors()
    assert (error.file, error.column, error.rule) == ("patients.csv", "vcf", "one outcome class only")


def test_one_outcome_class_left_after_eligibility(site):
    site.files["patients.csv"].loc[:2, "follow_up"] = "1"
    [error] = site.errors()
    assert error.rule == "one outcome class only"
    assert "eligibility" in error.action


@pytest.mark.parametrize(
    ("outcome", "rule"),
    [("sex", "unusable outcome"), ("death", "unusable outcome"), ("steroids", "outcome not mapped")],
)
def test_an_outcome_that_cannot_be_one(site, outcome, rule):
    assert [error.rule for error in site.errors(outcome=outcome)] == [rule]


def test_a_derived_outcome(site):
    assert site.read(outcome="fracture_count").cohort["fracture_count"].sum() == 2


# Files and headings


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "file not found"),
        (b"", "empty file"),
        (b"\n \n", "empty file"),
        (b"id,vcf,age\n", "empty file"),
        (b"\n" + PATIENTS.to_csv(index=False).encode(), "heading missing"),
        (b"PK\x03\x04 and more", "not a text file"),
        (PATIENTS.to_csv(index=False).encode("utf-16"), "not UTF-8"),
        (PATIENTS.to_csv(index=False).encode("utf-16-le"), "not a text file"),
    ],
)
def test_a_file_that_cannot_be_used(site, content, rule):
    site.files["patients.csv"] = content
    errors = site.errors()
    assert (errors[0].file, errors[0].rule) == ("patients.csv", rule)


def test_wrong_encoding_names_the_line_and_what_to_set(site):
    site.put("patients.csv", 4, "sex", "männlich")
    site.map("sex", {"column": "sex", "levels": {"f": "female", "m": "male", "männlich": "male"}})
    site.files["patients.csv"]["sex"] = ["f", "m", "männlich", "m", "f", "m"]
    [error] = site.errors(encoding="latin-1")
    assert (error.file, error.row, error.rule) == ("patients.csv", 4, "not UTF-8")
    assert "0xE4" in error.action
    assert "encoding: cp1252" in error.action
    site.spec["patients"]["encoding"] = "latin-1"
    assert site.read(encoding="latin-1").cohort["sex"][2] == "male"
    site.spec["patients"]["encoding"] = "klingon"
    assert [error.rule for error in site.errors(encoding="latin-1")] == ["unknown encoding"]


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiter_and_byte_order_mark_do_not_matter(site, tmp_path, sep, encoding):
    pd.testing.assert_frame_equal(site.read(sep=sep, encoding=encoding).cohort, site.read().cohort)


def test_another_delimiter_is_stated(site):
    for section in ("patients", "readings"):
        site.spec[section]["delimiter"] = "|"
    assert len(site.read(sep="|").cohort) == 6


def test_decimal_commas_are_read_where_the_cohort_file_says_so(site):
    expected = site.read().cohort
    for frame in site.files.values():
        for column in frame.columns[2:]:
            frame[column] = frame[column].str.replace(".", ",")
    errors = site.errors(sep=";")
    assert {(error.rule, error.column) for error in errors} == {
        ("decimal comma", "albumin"),
        ("unknown level", "field"),
    }
    assert 'decimal: ","' in next(error.action for error in errors if error.rule == "decimal comma")
    site.spec["patients"]["decimal"] = ","
    pd.testing.assert_frame_equal(site.read(sep=";").cohort, expected)
    site.put("patients.csv", 3, "albumin", "3.9")
    [error] = site.errors(sep=";")
    assert (error.row, error.column, error.value, error.rule) == (3, "albumin", "3.9", "decimal point")


def test_rows_with_too_few_or_too_many_cells(site):
    lines = PATIENTS.to_csv(index=False).splitlines()
    lines[2] += ",7"
    lines[4] = lines[4].rsplit(",", 1)[0]
    site.files["patients.csv"] = "\n".join(lines).encode()
    errors = site.errors()
    assert [(error.row, error.rule) for error in errors] == [
        (3, "wrong number of cells"),
        (5, "wrong number of cells"),
    ]


def test_blank_rows_keep_the_numbering_and_are_noted(site):
    lines = PATIENTS.to_csv(index=False).splitlines()
    site.files["patients.csv"] = "\n".join([*lines[:3], "", "," * 14, *lines[3:], "", ""]).encode()
    ingested = site.read()
    assert ingested.cohort["row"].tolist() == [2, 3, 6, 7, 8, 9]
    [note] = ingested.problems.to_dict("records")
    assert (note["row"], note["rule"], note["severity"]) == (4, "blank row", "note")
    assert note["action"].startswith("3 row(s)")


@pytest.mark.parametrize("cell", ['"open', '"doub"led"'])
def test_malformed_quotes(site, cell):
    lines = PATIENTS.to_csv(index=False).splitlines()
    lines[3] = lines[3].replace("female", cell)
    site.files["patients.csv"] = "\n".join(lines).encode()
    errors = site.errors()
    assert [(error.row, error.rule) for error in errors] == [(4, "malformed quotes")]


def test_line_breaks_inside_quotes_do_not_shift_rows(site):
    site.files["patients.csv"]["remarks"] = "one\r\ntwo"
    site.put("patients.csv", 6, "age", "x")
    assert [error.row for error in site.errors()] == [6]


def test_a_mapped_heading_that_the_file_lacks(site):
    site.map("steroids", "Follow up")
    site.map("bmi", "Quetelet")
    errors = site.errors()
    assert [(error.row, error.column, error.rule) for error in errors] == [
        (1, "Follow up", "no such heading"),
        (1, "Quetelet", "no such heading"),
    ]
    assert "patients.columns.steroids" in errors[0].action
    assert "nearest" not in errors[1].action
    site.files["patients.csv"] = PATIENTS.rename(columns={"age": "Age (years)"})
    error = next(error for error in site.errors() if error.column == "age")
    assert "nearest" not in error.action or "Age (years)" in error.action


def test_the_nearest_heading_is_suggested(site):
    site.files["patients.csv"] = PATIENTS.rename(columns={"albumin": "Albumin "})
    [error] = site.errors()
    assert (error.column, error.rule) == ("albumin", "no such heading")
    assert "'Albumin'" in error.action


def test_a_file_without_headings_shows_nothing_of_its_first_row(site):
    site.files["patients.csv"] = PATIENTS.to_csv(index=False, header=False).encode()
    errors = site.errors()
    assert [(error.row, error.rule) for error in errors] == [(1, "heading missing")]


def test_duplicated_and_missing_headings(site):
    site.files["patients.csv"]["extra"] = "1"
    text = site.files["patients.csv"].to_csv(index=False)
    site.files["patients.csv"] = text.replace("extra", "age", 1).encode()
    [error] = site.errors()
    assert (error.row, error.column, error.rule) == (1, "age", "heading duplicated")
    site.files["patients.csv"] = text.replace("extra", "", 1).encode()
    [error] = site.errors()
    assert (error.row, error.rule) == (1, "heading missing")
    assert "column 16" in error.action


def test_an_id_heading_that_the_file_lacks(site):
    site.spec["patients"]["id"] = "identity"
    site.put("patients.csv", 3, "age", "x")
    assert {(error.column, error.rule) for error in site.errors()} >= {
        ("identity", "no such heading"),
        ("age", "not a number"),
    }


@pytest.mark.parametrize(
    ("entry", "rule", "column"),
    [
        ({"heigth": "age"}, "unknown variable", "patients.columns.heigth"),
        ({"patient_id": "age"}, "identifier mapped", "patients.columns.patient_id"),
        ({"bmi": "id"}, "id mapped as a variable", "patients.columns.bmi"),
        ({"vbq": "albumin"}, "derived variable mapped", "patients.columns.vbq"),
        ({"vbq_high": "vcf"}, "derived variable mapped", "patients.columns.vbq_high"),
        ({"fracture_count": "vcf"}, "derived variable mapped", "patients.columns.fracture_count"),
        ({"sex": {"column": "sex", "multiply": 2}}, "multiply does not apply", "patients.columns.sex"),
        ({"age": {"column": "age", "levels": {1: 2}}}, "levels does not apply", "patients.columns.age"),
    ],
)
def test_a_mapping_that_cannot_be(site, entry, rule, column):
    site.spec["patients"]["columns"].update(entry)
    found = {(error.file, error.column, error.rule) for error in site.errors()}
    assert ("cohort file", column, rule) in found


def test_levels_that_lead_nowhere(site):
    site.map(
        "sex", {"column": "sex", "levels": {"f": "female", "m": "man", "Male": "male", "female": "female"}}
    )
    [error] = site.errors()
    assert (error.file, error.column, error.value) == ("cohort file", "patients.columns.sex.levels", "man")
    assert error.rule == "unknown level"
    assert "female (Female), male (Male)" in error.action


def test_the_sites_levels_are_the_only_ones(site):
    site.files["patients.csv"]["sex"] = ["1", "2", "1.0", "2", "1", "2"]
    site.map("sex", {"column": "sex", "levels": {1: "female", 2: "male"}})
    assert site.read().cohort["sex"][2] == "female"
    site.put("patients.csv", 5, "sex", "f")
    assert [(error.row, error.value) for error in site.errors()] == [(5, "f")]


def test_unquoted_yes_and_no_in_the_cohort_file(site):
    site.files["patients.csv"]["vcf"] = ["Yes", "yes", "YES", "No", "no", "no"]
    site.map("new_vcf", {"column": "vcf", "levels": {True: 1, False: 0}})
    assert site.read().cohort["new_vcf"].tolist() == [1, 1, 1, 0, 0, 0]


def test_units_are_converted_before_ranges_are_checked(site):
    site.files["patients.csv"]["albumin"] = ["41", "39", "", "40", "42", "100"]
    assert {error.rule for error in site.errors()} == {"outside the possible range 0.5 to 8 g/dL"}
    site.map("albumin", {"column": "albumin", "multiply": 0.1})
    [error] = site.errors()
    assert (error.row, error.value) == (7, "100")
    site.put("patients.csv", 7, "albumin", "35")
    assert site.read().cohort["albumin"].tolist()[:2] == pytest.approx([4.1, 3.9])


def test_missing_codes(site):
    site.spec["patients"]["missing"] = [-9, "NA"]
    site.map("kps", {"column": "kps", "missing": ["?"]})
    site.put("patients.csv", 2, "age", "-9.0")
    site.put("patients.csv", 3, "age", " NA ")
    site.put("patients.csv", 4, "kps", "?")
    site.put("patients.csv", 5, "sex", "-9")
    cohort = site.read().cohort
    assert cohort["age"].isna().tolist() == [True, True] + [False] * 4
    assert pd.isna(cohort["kps"][2])
    assert pd.isna(cohort["sex"][3])
    site.put("patients.csv", 6, "age", "?")
    assert [(error.row, error.value) for error in site.errors()] == [(6, "?")]


def test_a_code_that_reads_as_not_a_number_does_not_swallow_text(site):
    site.spec["patients"]["missing"] = ["nan"]
    site.put("patients.csv", 2, "age", "nan")
    site.put("patients.csv", 3, "age", "old")
    assert [(error.row, error.value) for error in site.errors()] == [(3, "old")]


# Identifying columns


@pytest.mark.parametrize(
    "heading",
    [
        "Name",
        "patient_name",
        "PatientName",
        "Surname",
        "First name",
        "DOB",
        "Birth Date",
        "date of birth",
        "MRN",
        "Record number",
        "SSN",
        "Phone",
        "e-mail",
        "Address",
        "Nachname",
        "Geburtsdatum",
        "Straße",
        "Prénom",
        "Date de naissance",
        "Téléphone",
        "Apellidos",
        "Fecha de nacimiento",
        "Dirección",
        "Cognome",
        "Data di nascita",
        "Codice fiscale",
        "Pat.-Nr.",
        "PatNr",
        "PATNR",
        "PatID",
        "Patient",
        "Patient ID",
        "Patient's ID",
        "patient_no",
        "Patienten-Nr.",
        "PatientenID",
        "ID",
        "Record ID",
        "SUB_ID",
        "case_id",
        "Fall-Nr",
        "FallNr",
        "Geb.",
        "Geb.-Datum",
        "Geburtsjahr",
        "Year of birth",
        "D.O.B.",
        "bday",
        "Initialen",
        "Versicherung",
        "Versicherungsnr",
        "Versicherten-Nr.",
        "Krankenkasse",
        "MRNumber",
        "MRN_2",
        "Medical record",
        "NHSNumber",
        "N° patient",
        "Numéro de patient",
        "Né(e) le",
        "DDN",
        "N° dossier",
        "N.º paciente",
        "ID paciente",
        "F. Nac.",
        "NHC",
        "Iniciales",
        "Cod. fiscale",
        "Nato il",
        "Paziente",
        "ID paziente",
    ],
)
def test_headings_that_identify(site, heading):
    assert looks_identifying(heading)
    site.files["patients.csv"] = site.files["patients.csv"].rename(columns={"id": "key"})
    site.spec["patients"]["id"] = "key"
    site.files["patients.csv"][heading] = "SECRET person"
    [error] = site.errors()
    assert (error.file, error.row, error.column) == ("patients.csv", 1, heading)
    assert error.rule == "identifies a person"


@pytest.mark.parametrize(
    "heading",
    [
        "filename",
        "tournament",
        "mobile",
        "date of MRI",
        "birthweight",
        "nominal",
        "renames",
        "SITE_ID",
        "PHY_ID",
        "image_id",
        "SeriesID",
        "reader",
        "Reader ID",
        "level",
        "slice",
        "n_patients",
        "Number of patients",
        "patient age",
        "PT",
        "IPP",
        "NAC",
        "Rauchen (nie)",
        "fall",
        "No fall",
        "Falls (number)",
        "PatternNumber",
        "histology sub-code",
        "Site name",
        "ManufacturerModelName",
        "redcap_event_name",
        *(name for name in VARIABLES if name != "patient_id"),
        *(variable.label for variable in VARIABLES.values() if variable.name != "patient_id"),
    ],
)
def test_headings_that_do_not_identify(heading):
    assert not looks_identifying(heading)


def test_ids_of_sites_and_physicians_are_noted(site):
    site.files["patients.csv"][["SITE_ID", "PHY_ID"]] = "1"
    found = site.read().problems
    assert found[["column", "rule", "severity"]].to_numpy().tolist() == [
        ["PHY_ID", "not mapped", "note"],
        ["SITE_ID", "not mapped", "note"],
    ]


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("bday", "Geburtsdatum"),
        ("age", " MRN "),
        ("sex", {"column": "Patient", "levels": {"61": "male"}}),
        ("id", "PatNr"),
    ],
)
def test_identifying_columns_cannot_be_variables(site, name, entry):
    heading = (entry if isinstance(entry, str) else entry["column"]).strip()
    site.spec["variables"] = {
        own: {"label": "Their own", "kind": "continuous"} for own in {"bday", "id"} & {name}
    }
    # Its values are good ones: only the heading is wrong.
    site.files["patients.csv"] = PATIENTS.rename(columns={"id": "key"}).assign(**{heading: "61"})
    site.spec["patients"]["id"] = "key"
    site.spec["patients"]["drop"] = [name] if name in PATIENTS.columns[1:] else []
    site.map(name, entry)
    [error] = site.errors()
    assert (error.file, error.column) == ("cohort file", f"patients.columns.{name}")
    assert (error.value, error.rule) == (heading, "identifies a person")
    assert "leave it out" in error.action
    assert "only the id may be one" in error.action


def test_the_id_under_the_name_of_a_variable_called_id(site):
    site.spec["variables"] = {"id": {"label": "Number", "kind": "continuous"}}
    site.map("id", "id")
    assert "id mapped as a variable" in {error.rule for error in site.errors()}


@pytest.mark.parametrize(
    ("section", "name", "heading"), [("readings", "L1", "MRN"), ("readings", "csf_level", "Name")]
)
def test_identifying_columns_cannot_be_readings(site, section, name, heading):
    site.files["readings.csv"] = READINGS.rename(columns={site.spec[section]["columns"][name]: heading})
    site.map(name, heading, section)
    [error] = site.errors()
    assert (error.column, error.rule) == (f"{section}.columns.{name}", "identifies a person")


@pytest.mark.parametrize(
    ("heading", "allowed"), [("Reader name", True), ("Rater initials", True), ("MRN", False), ("Name", False)]
)
def test_the_readers_column_may_name_readers_and_nobody_else(site, heading, allowed):
    site.files["readings.csv"] = READINGS.rename(columns={"reader": heading})
    site.spec["readings"]["reader"] = heading
    if allowed:
        assert site.read().problems.empty
    else:
        [error] = site.errors()
        assert (error.column, error.rule) == ("readings.reader", "identifies a person")


def test_identifying_columns_may_be_dropped_or_be_the_id(site):
    site.files["patients.csv"]["Name"] = "SECRET person"
    site.spec["patients"]["drop"] = ["Name"]
    [note] = site.read().problems.to_dict("records")
    assert (note["column"], note["rule"], note["severity"]) == ("Name", "dropped unread", "note")
    del site.spec["patients"]["drop"]
    site.files["patients.csv"] = PATIENTS.rename(columns={"id": "MRN"})
    site.spec["patients"]["id"] = "MRN"
    assert site.read().problems.empty


def test_cells_under_an_identifying_heading_are_never_shown(site):
    site.files["patients.csv"]["Birth date"] = "SECRET day"
    site.map("bmi", "Birth date")
    errors = site.errors()
    assert {(error.column, error.value, error.rule) for error in errors} == {
        ("patients.columns.bmi", "Birth date", "identifies a person"),
        ("Birth date", "(withheld)", "not a number"),
    }
    site.spec["patients"]["drop"] = ["Birth date"]
    assert "mapped and dropped" in {error.rule for error in site.errors()}


def test_other_unmapped_headings_are_noted(site):
    site.files["patients.csv"]["remarks"] = "SECRET"
    [note] = site.read().problems.to_dict("records")
    assert (note["row"], note["column"], note["value"]) == (1, "remarks", "")
    assert (note["rule"], note["severity"], note["action"]) == ("not mapped", "note", "not read")


# Everything at once


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
    with pytest.raises(IngestError) as caught:
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
    for name, frame in site.files.items():
        large = pd.concat([frame] * copies, ignore_index=True)
        large["id"] += "-" + (large.index // len(frame)).astype(str)
        site.files[name] = large
    patients = site.files["patients.csv"]
    patients["albumin"] = "4,2"
    patients["age"] = [f"{age},5" if row < 6 else age for row, age in enumerate(patients["age"])]
    patients.loc[[8, 9], "sex"] = ["x", "y"]
    patients["kps"] = "85"
    with pytest.raises(IngestError) as caught:
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
    with pytest.raises(IngestError) as caught:
        site.read()
    assert len(str(caught.value).splitlines()) == 2
    assert len(str(caught.value)) < 250


# Layouts, order


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


# Lesions


def with_lesions(site, rows):
    """Give the site a lesions file, rows of id and six components, in place of the patients' own SINS."""
    headings = [name.removeprefix("sins_") for name in SINS_COMPONENTS]
    site.files["lesions.csv"] = pd.DataFrame(rows, columns=["id", *headings]).astype(str)
    columns = {name: site.spec["patients"]["columns"].pop(name) for name in SINS_COMPONENTS}
    site.spec["patients"]["drop"] = headings
    site.spec["lesions"] = {"file": "lesions.csv", "id": "id", "columns": columns}


def test_the_index_lesion_is_that_with_the_highest_total(site):
    rows = [
        (IDS[0], 0, 0, 0, 0, 0, 0),
        (IDS[0], 3, 3, 2, 0, 0, 0),
        (IDS[0], 3, 0, 0, 0, 0, 3),
        (IDS[1], 3, 3, 2, 4, 3, ""),
        (IDS[1], 1, 0, 0, 0, 0, 0),
        (IDS[2], 1, 0, 0, 0, 0, 3),
        (IDS[2], 3, 1, 0, 0, 0, 0),
        (IDS[3], 3, 1, 0, 0, 0, ""),
    ]
    with_lesions(site, rows)
    ingested = site.read()
    cohort = ingested.cohort
    assert cohort["sins"].tolist()[:3] == [8, 1, 4]
    assert cohort["sins_location"].tolist()[:3] == [3, 1, 3]
    assert cohort["sins"].isna().tolist() == [False] * 3 + [True] * 3
    assert cohort["sins_location"][3] == 3
    warnings = ingested.problems[ingested.problems["severity"] == "warning"]
    assert list(zip(warnings["file"], warnings["row"], warnings["rule"], strict=True)) == [
        ("lesions.csv", 5, "SINS incomplete"),
        ("lesions.csv", 9, "SINS incomplete"),
        ("patients.csv", 6, "patient without a lesion"),
        ("patients.csv", 7, "patient without a lesion"),
    ]
    site.files["lesions.csv"] = site.files["lesions.csv"].iloc[::-1]
    pd.testing.assert_frame_equal(site.read().cohort, cohort)


def test_faults_of_a_lesions_file(site):
    with_lesions(site, [(IDS[0], 3, 2, 0, 0, 0, 0), ("SECRET99", 3, 3, 0, 0, 0, 0)])
    site.map("sins", "age")
    found = {(error.file, error.row, error.rule) for error in site.errors()}
    assert found >= {
        ("lesions.csv", 2, "impossible SINS points"),
        ("lesions.csv", 3, "no such patient"),
        ("cohort file", None, "derived variable mapped"),
    }


# Eligibility


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


def test_a_large_file_is_read_in_seconds(site):
    copies = 5_000
    for name, frame in site.files.items():
        large = pd.concat([frame] * copies, ignore_index=True)
        large["id"] += "-" + (large.index // len(frame)).astype(str)
        site.files[name] = large
    site.write()
    start = time.perf_counter()
    cohort = read_cohort(site.spec, VARIABLES, VBQ, Path(site.folder), "new_vcf").cohort
    assert len(cohort) == 6 * copies
    assert time.perf_counter() - start < 20  # 2 s on the slow machine it was written on
