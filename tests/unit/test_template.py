"""The files for a site to fill in hold every variable once, and accept what is accepted on reading."""

import csv
import re
from datetime import datetime
from itertools import groupby
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from vbq.codebook import (
    CRITERIA,
    CSF_LEVELS,
    DERIVED,
    EXAMPLE_ID,
    MARKER_LEVELS,
    SINS_COMPONENTS,
    VARIABLES,
    choice_code,
)
from vbq.ingest.readings import MAX_READERS, level_name
from vbq.ingest.values import canonical_levels, spelling
from vbq.template import (
    EXAMPLE,
    FORMS,
    TEMPLATE_PATIENTS,
    TEMPLATE_READINGS,
    write_dictionary,
    write_workbook,
)

GIVEN = [name for name in VARIABLES if name not in ("sins_category", "vbq_high", "fracture_count")]
READING_HEADINGS = ["patient_id", "reader", "L1", "L2", "L3", "L4", "csf", "csf_level"]
SHEETS = {"patients": TEMPLATE_PATIENTS, "readings": TEMPLATE_READINGS}
COLUMNS = [(sheet, variable) for sheet, variables in SHEETS.items() for variable in variables]
ON_SHEET = pytest.mark.parametrize(("sheet", "variable"), COLUMNS, ids=[f"{s}-{v.name}" for s, v in COLUMNS])
# As in the header of a dictionary that REDCap exported.
HEADINGS = [
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "template.xlsx"
    write_workbook(path)
    return load_workbook(path)


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    """The rows of the data dictionary by field name."""
    path = tmp_path_factory.mktemp("template") / "dictionary.csv"
    write_dictionary(path)
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, strict=True))
    named = {row["Variable / Field Name"]: row for row in rows}
    assert len(named) == len(rows)
    return named


def headings(sheet):
    return [cell.value for cell in sheet[1]]


def rule_of(sheet, name):
    """Return the only validation of a column, which has to reach from row 2 to the last."""
    letter = get_column_letter(headings(sheet).index(name) + 1)
    (rule,) = [
        rule for rule in sheet.data_validations.dataValidation if str(rule.sqref).startswith(f"{letter}2:")
    ]
    assert str(rule.sqref) == f"{letter}2:{letter}1048576"
    return rule


def listed(workbook, rule):
    """Return the values of the range that a list refers to."""
    name, _, cells = rule.formula1.partition("!")
    return [cell.value for (cell,) in workbook[name][cells.replace("$", "")]]


def choices(field):
    """Return a field's choices by code, split as REDCap does: at |, then at the first comma."""
    pairs = [choice.split(",", 1) for choice in field["Choices, Calculations, OR Slider Labels"].split("|")]
    codes = {code.strip(): label.strip() for code, label in pairs}
    assert len(codes) == len(pairs)
    return codes


def test_headings_are_the_names_of_all_that_a_site_gives(workbook):
    assert headings(workbook["patients"]) == GIVEN
    assert headings(workbook["readings"]) == READING_HEADINGS
    assert set(DERIVED) == set(VARIABLES) - set(GIVEN)


def test_the_workbook_opens_with_what_to_do_and_hides_its_lists(workbook):
    assert workbook.sheetnames == ["how to", "patients", "readings", "codebook", "lists"]
    assert workbook.active.title == "how to"
    assert [sheet.title for sheet in workbook if sheet.sheet_state != "visible"] == ["lists"]
    words = " ".join(str(cell.value) for (cell,) in workbook["how to"] if cell.value)
    for said in ("one row per patient", "Leave blank", "No names", "birth dates", "row 1", EXAMPLE_ID, "L3"):
        assert said in words


@ON_SHEET
def test_a_column_accepts_exactly_the_levels_or_the_possible_range(workbook, sheet, variable):
    rule = rule_of(workbook[sheet], variable.name)
    assert rule.allow_blank
    if variable.kind == "identifier":
        assert rule.type is None
        return
    assert rule.errorStyle == "stop"
    assert rule.showErrorMessage
    if variable.is_categorical:
        assert rule.type == "list"
        assert [str(value) for value in listed(workbook, rule)] == list(variable.levels.values())
    elif variable.possible:
        assert rule.operator == "between"
        assert (float(rule.formula1), float(rule.formula2)) == variable.possible
        assert rule.type == ("whole" if variable.step >= 1 else "decimal")
    else:
        assert variable.name in (*MARKER_LEVELS, "csf")
        assert (rule.type, rule.operator, rule.formula1) == ("decimal", "greaterThan", "0")


@ON_SHEET
def test_notes_and_messages_fit_into_what_excel_shows(workbook, sheet, variable):
    rule = rule_of(workbook[sheet], variable.name)
    assert rule.showInputMessage
    assert rule.promptTitle == variable.name
    assert len(rule.promptTitle) <= 32
    assert variable.label in rule.prompt
    assert len(rule.prompt) <= 255
    if variable.kind != "identifier":
        assert len(rule.errorTitle) <= 32
        assert variable.label in rule.error
        assert len(rule.error) <= 225
    if variable.unit and not variable.is_categorical:
        assert variable.unit in rule.prompt


def test_labels_with_a_comma_are_in_the_lists(workbook):
    found = {cell.value for row in workbook["lists"] for cell in row}
    commas = {label for v in TEMPLATE_PATIENTS for label in v.levels.values() if "," in label}
    assert "None, > 50 % of the body involved" in commas
    assert commas <= found


def test_labels_that_are_numbers_are_numbers_in_the_lists(workbook):
    # Excel refuses a typed 0 where the list has the text "0".
    assert listed(workbook, rule_of(workbook["patients"], "ecog")) == [0, 1, 2, 3, 4]


def test_every_label_and_choice_code_leads_to_its_level():
    for variable in TEMPLATE_PATIENTS:
        known = canonical_levels(variable)
        for value, label in variable.levels.items():
            assert known[spelling(label)] == value, (variable.name, label)
            assert known[spelling(choice_code(value))] == value, (variable.name, value)


def test_the_example_is_an_eligible_patient_without_contradictions(workbook):
    sheet = workbook["patients"]
    cells = dict(zip(headings(sheet), [cell.value for cell in sheet[2]], strict=True))
    assert sheet.max_row == 2
    assert cells.pop("patient_id") == EXAMPLE_ID
    assert cells.pop("vbq") is None
    values = {}
    for name, cell in cells.items():
        variable = VARIABLES[name]
        if variable.is_categorical:
            values[name] = canonical_levels(variable)[spelling(str(cell))]
        else:
            low, high = variable.plausible
            assert low <= cell <= high
            assert variable.step < 1 or cell % variable.step == 0
            values[name] = cell
    for criterion in CRITERIA:
        assert criterion.low <= values[criterion.variable] <= criterion.high, criterion.name
    assert sum(values[name] for name in SINS_COMPONENTS) == values["sins"]
    assert (values["n_new_vcf"] > 0) == (values["new_vcf"] == 1)
    assert (values["n_previous_vcf"] > 0) == (values["previous_vcf"] == 1)


def test_the_example_reading_is_of_the_example_patient(workbook):
    sheet = workbook["readings"]
    cells = dict(zip(headings(sheet), [cell.value for cell in sheet[2]], strict=True))
    assert sheet.max_row == 2
    assert cells["patient_id"] == EXAMPLE_ID
    assert 1 <= cells["reader"] <= MAX_READERS
    assert all(cells[name] > 0 for name in (*MARKER_LEVELS, "csf"))
    assert level_name(cells["csf_level"]) in CSF_LEVELS


def test_example_values_are_those_of_columns():
    assert set(EXAMPLE) <= {variable.name for _, variable in COLUMNS}


@pytest.mark.parametrize("name", SHEETS)
def test_ids_are_text_and_headings_stay_in_sight(workbook, name):
    sheet = workbook[name]
    assert sheet.column_dimensions["A"].number_format == "@"
    assert sheet["A2"].number_format == "@"
    assert sheet.freeze_panes == "B2"
    assert all(cell.font.b for cell in sheet[1])
    assert all(cell.font.i and cell.fill.fill_type == "solid" for cell in sheet[2])


def test_the_codebook_sheet_describes_every_column(workbook):
    sheet = workbook["codebook"]
    rows = [
        dict(zip(headings(sheet), [cell.value for cell in row], strict=True))
        for row in sheet.iter_rows(min_row=2)
    ]
    assert [(row["sheet"], row["name"]) for row in rows] == [(s, v.name) for s, v in COLUMNS]
    by_name = {row["name"]: row for row in rows}
    assert by_name["bmi"]["unit"] == "kg/m²"
    assert by_name["bmi"]["accepted"] == "A number from 8 to 100 (kg/m²), usually 14 to 60"
    assert (
        by_name["kps"]["accepted"]
        == "A whole number from 0 to 100 (points) in steps of 10, usually 20 to 100"
    )
    assert by_name["sex"]["accepted"] == "Female; Male"
    assert by_name["albumin"]["possible"] == "0.5 to 8"
    assert by_name["albumin"]["plausible"] == "1.5 to 6"
    assert all(row["needed for"] for row in rows)
    for criterion in CRITERIA:
        assert criterion.reason in by_name[criterion.variable]["needed for"]


@pytest.mark.parametrize("write", [write_workbook, write_dictionary])
def test_the_same_codebook_gives_the_same_bytes(tmp_path, write):
    write(tmp_path / "one")
    write(tmp_path / "another")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "another").read_bytes()


def test_the_workbook_does_not_tell_when_and_where_it_was_written(tmp_path, workbook):
    assert workbook.properties.created == workbook.properties.modified == datetime(2000, 1, 1)
    write_workbook(tmp_path / "template.xlsx")
    with ZipFile(tmp_path / "template.xlsx") as archive:
        parts = archive.infolist()
    assert {part.date_time for part in parts} == {(2000, 1, 1, 0, 0, 0)}
    assert {(part.create_system, part.compress_type) for part in parts} == {(3, ZIP_STORED)}


@pytest.mark.parametrize("write", [write_workbook, write_dictionary])
def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch, write):
    path = tmp_path / "file"
    path.write_text("before")

    def write_half(part, content):
        with part.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_bytes", write_half)
        with pytest.raises(OSError, match="disk full"):
            write(path)
    assert path.read_text() == "before"
    write(path)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_the_dictionary_has_redcaps_columns(tmp_path):
    write_dictionary(tmp_path / "dictionary.csv")
    with (tmp_path / "dictionary.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, strict=True))
    assert rows[0] == HEADINGS
    assert {len(row) for row in rows} == {18}


def test_fields_are_all_that_a_site_gives_under_names_that_redcap_takes(fields):
    assert list(fields) == [*GIVEN, *(name.lower() for name in READING_HEADINGS[1:])]
    for name, field in fields.items():
        assert re.fullmatch(r"[a-z]([a-z0-9_]*[a-z0-9])?", name)
        assert len(name) <= 26
        assert "__" not in name
        assert not name.endswith("_complete")
        assert field["Field Label"]
        assert field["Field Type"] in ("text", "yesno", "radio")


def test_the_record_id_is_first_and_plain_text(fields):
    record_id = next(iter(fields.values()))
    assert record_id["Variable / Field Name"] == "patient_id"
    assert record_id["Field Type"] == "text"
    assert record_id["Section Header"] == ""
    assert record_id["Text Validation Type OR Show Slider Number"] == ""
    # A pseudonym, which has to stay in the export: it joins the rows.
    assert {field["Identifier?"] for field in fields.values()} == {""}
    assert [name for name, field in fields.items() if field["Required Field?"]] == ["reader"]


def test_forms_follow_each_other_and_are_headed_once(fields):
    forms = [field["Form Name"] for field in fields.values()]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", form) for form in forms)
    # REDCap refuses a form that goes on after another one.
    assert [form for form, _ in groupby(forms)] == [form.name for form in FORMS]
    assert not set(forms) & set(fields)
    headed = [field["Form Name"] for field in fields.values() if field["Section Header"]]
    assert headed == [form.name for form in FORMS]
    assert "repeating instrument" in fields["reader"]["Section Header"]
    assert {name for name, field in fields.items() if field["Form Name"] == "roi_readings"} == {
        name.lower() for name in READING_HEADINGS[1:]
    }


def test_choices_are_codes_of_one_level_each(fields):
    for _, variable in COLUMNS:
        field = fields[variable.name.lower()]
        if field["Field Type"] != "radio":
            assert field["Choices, Calculations, OR Slider Labels"] == ""
            continue
        assert choices(field) == {choice_code(value): label for value, label in variable.levels.items()}
        assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in choices(field))
        assert field["Text Validation Type OR Show Slider Number"] == ""
    assert choices(fields["asia"]) == {"a_b": "A/B", "c": "C", "d": "D", "e": "E"}
    assert choices(fields["field_strength"]) == {"1_5": "1.5 T", "3": "3 T"}
    assert choices(fields["sins_collapse"])["1"] == "None, > 50 % of the body involved"
    assert [level_name(code) for code in choices(fields["csf_level"])] == list(CSF_LEVELS)


def test_no_and_yes_are_redcaps_own(fields):
    assert {name for name, field in fields.items() if field["Field Type"] == "yesno"} == {
        variable.name for variable in TEMPLATE_PATIENTS if variable.kind == "binary"
    }


def test_numbers_have_the_possible_range_and_the_unit(fields):
    for _, variable in COLUMNS:
        field = fields[variable.name.lower()]
        kind = field["Text Validation Type OR Show Slider Number"]
        limits = field["Text Validation Min"], field["Text Validation Max"]
        if variable.kind != "continuous":
            assert (kind, *limits) == ("", "", "")
        elif variable.possible is None:
            assert (kind, *limits) == ("number", "0", "")
        else:
            assert kind == ("integer" if variable.step >= 1 else "number")
            assert tuple(map(float, limits)) == variable.possible
            assert "@FORCE-MINMAX" in field["Field Annotation"]
        if variable.kind == "continuous":
            assert variable.unit in field["Field Note"]
    assert fields["reader"]["Text Validation Max"] == str(MAX_READERS)


@pytest.mark.parametrize(
    ("value", "code"),
    [("A/B", "a_b"), ("1.5", "1_5"), (0, "0"), (4, "4"), ("sbrt", "sbrt"), ("L3", "l3"), ("> 50 %", "50")],
)
def test_choice_code(value, code):
    assert choice_code(value) == code
