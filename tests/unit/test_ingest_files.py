"""Files, headings, mappings, units and missing codes."""

import pandas as pd
import pytest
from ingest_site import PATIENTS


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "file not found"),
        (b"", "empty file"),
        (b"\n \n", "empty file"),
        (b"id,vcf,age\n", "empty file"),
        (b"\n" + PATIENTS.to_csv(index=False).encode(), "heading missing"),
        (b"PK\x03\x04 and more", "not readable"),
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
    site.map("new_vcf", {"column": "vcf", "levels": {"yes": 1, "no": 0}})
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
