"""Wrong cells, ids, scores and outcomes: each is told with its place, or kept with a warning."""

import copy

import pandas as pd
import pytest
from ingest_site import IDS, PATIENTS, READINGS

from vbq.codebook import SINS_COMPONENTS, VARIABLES
from vbq.ingest.readings import shown_readers
from vbq.scores.marker import Marker


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
        "vbq_definition",
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
    ("age", "60 oder 61", "not a number"),
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
    shown = "(withheld)" if column == "reader" and value else value
    assert (error.file, error.row, error.column, error.value) == ("readings.csv", 6, column, shown)
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
    assert {error.value for error in errors} == {"(withheld)"}


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
        (["eva", "max"], ["reader_1", "reader_2"]),
        (["r1", "12"], ["12", "r1"]),
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
        ("reader", "(withheld)", "unusable reader")
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


def test_converted_values_compare_as_decimals(site):
    site.spec["variables"] = {"protein": {"label": "Protein", "kind": "continuous"}}
    site.files["patients.csv"]["g_per_l"] = ["38", "38.0", "37.9", "38.1", "", "3.8e1"]
    site.map("protein", {"column": "g_per_l", "multiply": 0.1})
    protein = site.read().cohort["protein"]
    assert protein.dropna().tolist() == [3.8, 3.8, 3.79, 3.81, 3.8]
    assert (protein > 3.8).tolist() == [False, False, False, True, False, False]


def test_a_given_score_compares_as_decimals(site):
    del site.spec["readings"]
    site.files["patients.csv"]["score"] = ["30", "3E1", "30.1", "30.0000000000001", "29.9", "30.00000000001"]
    site.map("vbq", {"column": "score", "multiply": 0.1})  # 30 * 0.1 is 3, 30.1 * 0.1 is 3.0100000000000002
    cohort = site.read().cohort
    assert cohort["vbq"].tolist() == [3, 3, 3.01, 3, 2.99, 3]
    assert cohort["vbq_high"].tolist() == [0, 0, 1, 0, 0, 0]
    site.files["patients.csv"]["score"] = ["0.9", "0.90", "0.91", "", "0.8999999999999999", "0.3"]
    site.map("vbq", {"column": "score", "multiply": 3})  # 0.9 * 3 is 2.7, in binary 2.7 or 2.7000000000000002
    cohort = site.read(Marker(name="vbq", cutoff=2.7)).cohort
    assert cohort["vbq_high"].fillna(-1).tolist() == [0, 0, 1, -1, 0, 0]


def test_a_score_from_readings_compares_as_decimals(site):
    site.files["readings.csv"][[f"L{level} mean" for level in range(1, 5)]] = "300.3"
    site.files["readings.csv"]["CSF mean"] = "100.1"
    cohort = site.read().cohort
    assert cohort[["vbq", "vbq_a", "vbq_b"]].to_numpy().tolist() == [[3, 3, 3]] * 6
    assert cohort["vbq_high"].tolist() == [0] * 6


@pytest.mark.parametrize(
    ("name", "cells", "factor"),
    [
        ("age", ["216", "216", "215", "228", "240", "217"], "months"),
        ("follow_up_months", ["0.5", ".50", "0.49", "0.51", "1", "0.75"], "years"),
    ],
)
def test_a_criterion_is_met_on_its_limit(site, name, cells, factor):
    site.files["patients.csv"]["other_unit"] = cells
    site.map(name, {"column": "other_unit", "multiply": VARIABLES[name].other_units[factor]})
    assert site.read().cohort["row"].tolist() == [2, 3, 5, 6, 7]
