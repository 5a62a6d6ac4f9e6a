"""Columns that identify a person are refused, and their cells never shown."""

import pytest
from ingest_site import PATIENTS, READINGS

from vbq.codebook import VARIABLES
from vbq.ingest.identifying import looks_identifying


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
        "GeburtsDatum",
        "Geburts-Datum",
        "AccessionNumber",
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


def test_a_french_count_is_no_spanish_name():
    assert not looks_identifying("Nombre de fractures")
    assert not looks_identifying("nombre d'unités")
    assert looks_identifying("Nombre")
    assert looks_identifying("Nombre del paciente")
