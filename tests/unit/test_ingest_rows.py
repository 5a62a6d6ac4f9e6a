"""Rows of one file for several purposes: events, repeating instruments, sheets, a file per patient."""

import pandas as pd
import pytest
from ingest_site import IDS, PATIENTS, READINGS, Site

from vbq.codebook import EXAMPLE_ID


def in_events(site: Site) -> None:
    """Put the outcome into rows of a later event, and the readings into a repeating instrument."""
    outcome = PATIENTS[["id", "vcf", "n_vcf"]].assign(event="followup", instrument="", instance="")
    baseline = PATIENTS.drop(columns=["vcf", "n_vcf"]).assign(event="baseline", instrument="", instance="")
    readings = READINGS.assign(event="baseline", instrument="rois", instance=["1", "2"] * 6)
    whole = (
        pd.concat([baseline, outcome, readings])
        .fillna("")
        .sort_values("id", kind="stable", ignore_index=True)
    )
    site.files = {"export.csv": whole}
    for section in site.spec.values():
        section["file"] = "export.csv"
    site.spec["patients"]["rows"] = {"event": "baseline", "instrument": ""}
    for name, heading in (("new_vcf", "vcf"), ("n_new_vcf", "n_vcf")):
        site.map(name, {"column": heading, "rows": {"event": "followup"}})
    site.spec["readings"]["rows"] = {"instrument": "rois"}


def test_events_and_repeating_instruments_read_as_separate_files_do(site):
    expected = site.read().cohort.drop(columns="row")
    in_events(site)
    cohort = site.read().cohort
    pd.testing.assert_frame_equal(cohort.drop(columns="row"), expected)
    whole = site.files["export.csv"]
    assert (
        cohort["row"].tolist()
        == (whole.index[(whole["event"] == "baseline") & (whole["instrument"] == "")] + 2).tolist()
    )


def test_rows_left_unread_are_counted(site):
    in_events(site)
    notes = site.read().problems.query("rule == 'other rows'")["action"].tolist()
    assert [note.split(",")[0] for note in notes] == [
        "18 of 24 rows are not read",
        "12 of 24 rows are not read",
    ]


def test_a_problem_in_the_rows_of_another_event_names_its_own_row(site):
    in_events(site)
    whole = site.files["export.csv"]
    wrong = whole.index[whole["event"] == "followup"][2]
    whole.loc[wrong, "vcf"] = "perhaps"
    [error] = site.errors()
    assert (error.row, error.column, error.value) == (wrong + 2, "vcf", "perhaps")


def test_two_rows_of_a_patient_for_one_variable_are_refused(site):
    in_events(site)
    site.map("new_vcf", {"column": "vcf", "rows": {"event": ["followup", "baseline"]}})
    errors = site.errors()
    assert {error.rule for error in errors} == {"several rows of a patient"}


def test_rows_that_no_row_has(site):
    in_events(site)
    site.spec["readings"]["rows"] = {"instrument": "roi"}
    [error] = [error for error in site.errors() if error.rule == "no such rows"]
    assert (error.file, error.column) == ("cohort file", "readings.rows")


def in_folder(site: Site) -> None:
    """Put each patient's and reader's readings into a file of their own."""
    del site.files["readings.csv"]
    (site.folder / "rois").mkdir()
    for (patient, reader), rows in READINGS.groupby(["id", "reader"]):
        long = rows.melt(["id", "reader", "CSF at"], var_name="region", value_name="mean")
        long["CSF at"] = long["CSF at"].where(long["region"] == "CSF mean", "")
        long["region"] = long["region"].str.removesuffix(" mean")
        site.files[f"rois/{patient}_{reader}.csv"] = long[["region", "mean", "CSF at"]]
    site.spec["readings"] = {
        "file": "rois/{id}_{reader}.csv",
        "layout": "long",
        "columns": {"level": "region", "value": "mean", "csf_level": "CSF at"},
    }


def test_a_file_per_patient_and_reader_reads_as_one_file_does(site):
    expected = site.read()
    in_folder(site)
    found = site.read()
    pd.testing.assert_frame_equal(found.cohort, expected.cohort)


def test_a_problem_in_one_of_many_files_is_told_by_its_number_not_its_name(site):
    in_folder(site)
    site.files[f"rois/{IDS[1]}_A.csv"].loc[2, "mean"] = "a lot"
    [error] = site.errors()
    assert (error.file, error.row, error.value) == ("{id}_{reader}.csv, file 3", 4, "a lot")


def test_a_file_of_no_patient_is_refused(site):
    in_folder(site)
    site.files["rois/SECRET9_A.csv"] = site.files[f"rois/{IDS[0]}_A.csv"]
    errors = site.errors()
    assert {error.rule for error in errors} == {"no such patient"}
    assert {error.file for error in errors} == {"{id}_{reader}.csv, file 13"}


def test_no_file_has_a_name_of_the_form(site):
    in_folder(site)
    site.spec["readings"]["file"] = "roi/{id}_{reader}.csv"
    assert [error.rule for error in site.errors()] == ["file not found"]


def test_names_of_the_codebook_need_no_mapping(site):
    expected = site.read().cohort
    own = {heading: name for name, heading in site.spec["patients"]["columns"].items()}
    patients = PATIENTS.rename(columns={**own, "id": "patient_id"})
    example = patients.iloc[[0]].assign(patient_id=EXAMPLE_ID)
    site.files["patients.csv"] = pd.concat([example, patients])
    levels = {heading: name for name, heading in site.spec["readings"]["columns"].items()}
    site.files["readings.csv"] = READINGS.rename(columns={**levels, "id": "patient_id"})
    site.spec = {"patients": {"file": "patients.csv"}, "readings": {"file": "readings.csv"}}
    found = site.read()
    pd.testing.assert_frame_equal(found.cohort.drop(columns="row"), expected.drop(columns="row"))
    assert "example row" in found.problems["rule"].tolist()


@pytest.mark.parametrize("section", ["patients", "readings"])
def test_sheets_of_one_workbook(site, section):
    expected = site.read().cohort
    with pd.ExcelWriter(site.folder / "both.xlsx") as writer:
        for name in ("patients", "readings"):
            site.files.pop(f"{name}.csv").to_excel(writer, sheet_name=name, index=False)
            site.spec[name] |= {"file": "both.xlsx", "sheet": name}
    pd.testing.assert_frame_equal(site.read().cohort, expected)
    del site.spec[section]["sheet"]
    assert [error.rule for error in site.errors()] == ["several sheets"]


def test_readings_of_a_segmentation_scheme(site):
    expected = site.read().cohort
    in_folder(site)
    numbers = {"L1": "20", "L2": "21", "L3": "22", "L4": "23", "CSF": "61", "sacrum": "26"}
    for name in [name for name in site.files if name.startswith("rois/")]:
        rows = site.files[name]
        site.files[name] = pd.concat(
            [rows.assign(region=rows["region"].map(numbers)), pd.DataFrame({"region": ["26"], "mean": ["1"]})]
        ).fillna("")
    own = {number: level for level, number in numbers.items() if level != "sacrum"}
    site.spec["readings"]["columns"]["level"] = {"column": "region", "levels": own}
    found = site.read()
    pd.testing.assert_frame_equal(found.cohort, expected)
    assert "region not used" in found.problems["rule"].tolist()
    own["20"] = "first"
    assert [error.rule for error in site.errors()] == ["unknown level"]
