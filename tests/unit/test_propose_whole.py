"""Sites as they come: proposed, the few questions answered, and read to the same cohort as the plain rows."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from vbq.codebook import DERIVED, SINS_COMPONENTS, VARIABLES, extended
from vbq.configuration import read_config
from vbq.ingest import read_cohort
from vbq.ingest.propose import propose_cohort_file
from vbq.scores.marker import Marker
from vbq.template import write_dictionary, write_workbook

PLAN = "config/plans/ehresman2019.yaml"
MARKER = Marker(cutoff=3)
N = 40
LEVELS = ["L1", "L2", "L3", "L4"]
SINS_POINTS = {name: list(VARIABLES[name].levels) for name in SINS_COMPONENTS}


def drawn(seed):
    """Return patients (canonical values) and readings (two readers, a row per reader and patient)."""
    rng = np.random.default_rng(seed)
    outcome = rng.permutation([1] * 15 + [0] * (N - 15))
    patients = pd.DataFrame(
        {
            "patient_id": [f"S{number:03d}" for number in range(1, N + 1)],
            "new_vcf": outcome,
            "n_new_vcf": outcome * rng.integers(1, 4, N),
            "treatment": rng.choice(["sbrt", "surgery"], N),
            "age": rng.integers(40, 85, N),
            "sex": rng.choice(["female", "male"], N),
            "bmi": rng.uniform(18, 35, N).round(1),
            "smoking": rng.choice(["never", "former", "current"], N),
            "steroids": rng.integers(0, 2, N),
            "kps": 10 * rng.integers(5, 11, N),
            "albumin": rng.uniform(3, 4.8, N).round(1),
            "alkaline_phosphatase": rng.integers(45, 300, N),
            "calcium": rng.uniform(8.4, 10.4, N).round(1),
            "platelets": rng.integers(120, 390, N),
            "previous_vcf": rng.integers(0, 2, N),
            "bisphosphonates": rng.integers(0, 2, N),
            "follow_up_months": rng.uniform(6, 48, N).round(1),
            "field_strength": rng.choice(["1.5", "3"], N),
            "vendor": rng.choice(["ge", "philips", "siemens"], N),
            **{name: rng.choice(points, N) for name, points in SINS_POINTS.items()},
        }
    )
    readings = pd.DataFrame({"patient_id": np.repeat(patients["patient_id"], 2), "reader": ["A", "B"] * N})
    for level in LEVELS:
        readings[level] = rng.uniform(250, 480, 2 * N).round(1)
    readings["csf"] = rng.uniform(95, 160, 2 * N).round(1)
    return patients, readings.reset_index(drop=True)


def read(spec):
    codebook = extended(spec.get("variables", {}))
    return read_cohort(spec, codebook, MARKER, Path(), "new_vcf").cohort


@pytest.fixture
def plain(tmp_path):
    """The rows and the cohort that they make when written in the codebook's own words."""
    patients, readings = drawn(7)
    folder = tmp_path / "plain"
    folder.mkdir()
    patients.to_csv(folder / "patients.csv", index=False)
    readings.to_csv(folder / "readings.csv", index=False)
    own = {name: name for name in patients if name != "patient_id"}
    spec = {
        "patients": {"file": str(folder / "patients.csv"), "id": "patient_id", "columns": own},
        "readings": {
            "file": str(folder / "readings.csv"),
            "id": "patient_id",
            "reader": "reader",
            "columns": {level: level for level in LEVELS} | {"csf": "csf"},
        },
    }
    return patients, readings, read(spec)


def proposed(files, answers=None, plan=PLAN):
    """Return what was proposed, and the cohort file with `answers` in place of its question marks."""
    found = propose_cohort_file("site", [str(file) for file in files], plan)
    spec = yaml.safe_load(found.text)
    assert spec["provenance"] == "?"
    spec["provenance"] = "simulated"
    for name, levels in (answers or {}).items():
        entry = spec["patients"]["columns"][name]
        assert set(entry["levels"].values()) == {"?"}, entry
        entry["levels"] = levels
    return found, spec


def assert_same(cohort, other, without=()):
    left_out = {"row", "vbq_csf_level", *without}
    names = [name for name in other if name not in left_out]
    assert set(names) <= set(cohort), set(names) - set(cohort)
    pd.testing.assert_frame_equal(
        cohort[names].reset_index(drop=True),
        other[names].reset_index(drop=True),
        check_dtype=False,
        atol=1e-6,
    )


def schema_accepts(spec, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(spec, allow_unicode=True), encoding="utf-8")
    return read_config(str(file), "cohort.schema.yaml")


ENGLISH = {
    "patient_id": "Study ID",
    "new_vcf": "New VCF",
    "n_new_vcf": "Number of new fractures",
    "treatment": "Treatment",
    "age": "Age (years)",
    "sex": "Gender",
    "bmi": "BMI [kg/m2]",
    "smoking": "Smoking status",
    "steroids": "Steroid use > 3 months",
    "kps": "KPS",
    "albumin": "Albumin (g/dL)",
    "alkaline_phosphatase": "ALP",
    "calcium": "Ca",
    "platelets": "PLT",
    "previous_vcf": "Prior VCF",
    "bisphosphonates": "Bisphosphonate use",
    "follow_up_months": "Follow-up (months)",
    "field_strength": "Field strength",
    "vendor": "MRI vendor",
    "sins_location": "SINS location",
    "sins_pain": "SINS pain",
    "sins_lesion": "SINS lesion",
    "sins_alignment": "SINS alignment",
    "sins_collapse": "SINS collapse",
    "sins_posterolateral": "SINS posterolateral",
}


def test_english_csv_with_readings_in_the_same_rows(plain, tmp_path):
    patients, readings, cohort = plain
    first = readings[readings["reader"] == "A"].set_index("patient_id")
    table = patients.rename(columns=ENGLISH)
    for name in (*LEVELS, "csf"):
        table[f"SI {name.upper()}"] = table["Study ID"].map(first[name])
    table.to_csv(tmp_path / "site.csv", index=False)
    found, spec = proposed([tmp_path / "site.csv"], {"new_vcf": {"1": 1, "0": 0}})
    assert spec["readings"]["layout"] == "wide"
    schema_accepts(spec, tmp_path)
    by_reader_a = cohort.assign(vbq=cohort["vbq_a"]).assign(vbq_high=(cohort["vbq_a"] > 3).astype("Int64"))
    assert_same(read(spec), by_reader_a, ["vbq_a", "vbq_b"])
    assert any('"1" in 15 of 40 rows: a new fracture or none?' in line for line in found.lines)


def test_german_workbook_with_titles_words_and_decimal_commas(plain, tmp_path):
    from openpyxl import Workbook

    patients, readings, cohort = plain
    words = {
        "new_vcf": {1: "ja", 0: "nein"},
        "steroids": {1: "ja", 0: "nein"},
        "previous_vcf": {1: "ja", 0: "nein"},
        "bisphosphonates": {1: "ja", 0: "nein"},
        "sex": {"female": "w", "male": "m"},
        "treatment": {"sbrt": "Stereotaxie", "surgery": "Operation"},
        "smoking": {"never": "nie", "former": "früher", "current": "aktuell"},
        "vendor": {"ge": "GE Healthcare", "philips": "Philips", "siemens": "SIEMENS"},
        "sins_location": {0: "rigide", 1: "semirigide", 2: "mobil", 3: "Übergang"},
        "sins_pain": {0: "keine", 1: "gelegentlich, nicht mechanisch", 3: "mechanisch"},
        "sins_lesion": {0: "osteoblastisch", 1: "gemischt", 2: "osteolytisch"},
        "sins_alignment": {0: "normal", 2: "neue Deformität", 4: "Subluxation/Translation"},
        "sins_collapse": {0: "keine", 1: "keine, > 50 % befallen", 2: "< 50 %", 3: "> 50 %"},
        "sins_posterolateral": {0: "kein", 1: "einseitig", 3: "beidseitig"},
    }
    headings = {
        "patient_id": "Pseudonym",
        "new_vcf": "Neue Fraktur (ja/nein)",
        "n_new_vcf": "Anzahl neuer Frakturen",
        "treatment": "Behandlung",
        "age": "Alter bei Diagnose [Jahre]",
        "sex": "Geschlecht",
        "bmi": "BMI",
        "smoking": "Raucherstatus",
        "steroids": "Kortison",
        "kps": "Karnofsky-Index",
        "albumin": "Albumin g/l",
        "alkaline_phosphatase": "AP (U/l)",
        "calcium": "Kalzium (mmol/l)",
        "platelets": "Thrombozyten",
        "previous_vcf": "Frühere WK-Fraktur",
        "bisphosphonates": "Bisphosphonat",
        "follow_up_months": "Nachbeobachtung_Monate",
        "field_strength": "Feldstärke (T)",
        "vendor": "Hersteller",
        "sins_location": "SINS Lokalisation",
        "sins_pain": "SINS Schmerz",
        "sins_lesion": "SINS Läsion",
        "sins_alignment": "SINS Stellung",
        "sins_collapse": "SINS Höhenminderung",
        "sins_posterolateral": "SINS posterolaterale Beteiligung",
    }
    table = patients.replace(words).astype(object)
    for name, said in words.items():
        table[name] = patients[name].map(said)
    table["albumin"] = (patients["albumin"] * 10).round(1)
    table["calcium"] = patients["calcium"] / 4.0078
    table = table.rename(columns=headings)
    table["Name"] = "Mustermann"
    table["Geburtsdatum"] = "01.02.1950"
    table["Befundtext"] = "ohne"
    table.loc[3, "BMI"] = "k.A."

    book = Workbook()
    sheet = book.active
    sheet.title = "Rohdaten"
    sheet.append(["Wirbelsäulenregister, Stand 2024"])
    sheet.append([])
    sheet.append(list(table))
    for row in table.itertuples(index=False):
        sheet.append([str(cell).replace(".", ",") if isinstance(cell, float) else cell for cell in row])
    of_rois = book.create_sheet("ROI")
    of_rois.append(["Pseudonym", "Befunder", "Region", "Mittelwert"])
    for row in readings.itertuples():
        for name in (*LEVELS, "csf"):
            region = "Liquor L3" if name == "csf" else f"LWK{name[1]}"
            of_rois.append([row.patient_id, row.reader, region, str(getattr(row, name)).replace(".", ",")])
    legend = book.create_sheet("Legende")
    legend.append(["Spalte", "Bedeutung"])
    legend.append(["BMI", "Körpermasseindex"])
    book.save(tmp_path / "site.xlsx")

    found, spec = proposed([tmp_path / "site.xlsx"])
    assert spec["patients"]["sheet"] == "Rohdaten"
    assert spec["patients"]["headings"] == 3
    assert spec["patients"]["decimal"] == ","
    assert spec["patients"]["missing"] == ["k.A."]
    assert {"Name", "Geburtsdatum", "Befundtext"} <= set(spec["patients"]["drop"])
    assert "Mustermann" not in found.text + "".join(found.lines)
    assert any("Legende" in line and "legend" in line for line in found.lines)
    assert any('"ja" in 15 of 40 rows means a new fracture' in line for line in found.lines)
    schema_accepts(spec, tmp_path)
    read_so = read(spec)
    assert read_so["bmi"].isna().sum() == 1
    assert_same(read_so.assign(bmi=cohort["bmi"]), cohort)


def test_spss_with_value_labels(plain, tmp_path):
    import pyreadstat

    patients, readings, cohort = plain
    table = patients.copy()
    labels = {
        "sex": {1.0: "Female", 2.0: "Male"},
        "smoking": {0.0: "Never", 1.0: "Ex-smoker", 2.0: "Current"},
        "treatment": {1.0: "SBRT", 2.0: "Surgery"},
        "new_vcf": {1.0: "Yes", 2.0: "No"},
    }
    own = {
        "sex": ["female", "male"],
        "smoking": ["never", "former", "current"],
        "treatment": ["sbrt", "surgery"],
    }
    for name, order in own.items():
        table[name] = table[name].map(dict(zip(order, labels[name], strict=True)))
    table["new_vcf"] = table["new_vcf"].map({1: 1.0, 0: 2.0})
    table["field_strength"] = table["field_strength"].astype(float)
    table["radiation_dose"] = np.resize([18.0, 24.0, 30.0], N)  # Gy
    short = {"patient_id": "PATID", "sex": "GESCHL", "alkaline_phosphatase": "ALKPHOS", "new_vcf": "NEWVCF"}
    table = table.rename(columns=short)
    pyreadstat.write_sav(
        table,
        str(tmp_path / "site.sav"),
        variable_value_labels={short.get(name, name): of for name, of in labels.items()},
    )
    readings.rename(columns={"patient_id": "PATID"}).to_csv(tmp_path / "rois.csv", index=False)
    _found, spec = proposed([tmp_path / "site.sav", tmp_path / "rois.csv"])
    assert spec["patients"]["columns"]["new_vcf"]["levels"] == {"Yes": 1, "No": 0}
    assert spec["patients"]["columns"].pop("radiation_dose")["multiply"] == 100
    schema_accepts(spec, tmp_path)
    spec["patients"]["drop"] = [*spec["patients"].get("drop", []), "radiation_dose"]
    assert_same(read(spec), cohort)


def redcap(patients, readings, folder, longitudinal):
    """Write a REDCap export of codes with its dictionary: readings as a repeating instrument."""
    codes = {
        "sex": {"female": "1", "male": "2"},
        "smoking": {"never": "1", "former": "2", "current": "3"},
        "treatment": {"sbrt": "a", "surgery": "b"},
    }
    labels = {
        "sex": "1, Female | 2, Male",
        "smoking": "1, Never | 2, Former | 3, Current",
        "treatment": "a, SBRT | b, Surgery",
    }
    base = patients.copy()
    for name, of_name in codes.items():
        base[name] = base[name].map(of_name)
    base = base.astype(str).rename(columns={"patient_id": "record_id"})
    late = ["new_vcf", "n_new_vcf", "follow_up_months"]
    names = {"new_vcf": "fx_new", "sex": "gender", "calcium": "ca_serum"}
    rois = readings.astype(str).rename(columns={"patient_id": "record_id", "reader": "rater"})
    rois = rois.rename(columns={level: f"si_{level.lower()}" for level in LEVELS})
    rois["redcap_repeat_instrument"] = "mri_readings"
    rois["redcap_repeat_instance"] = (rois.groupby("record_id").cumcount() + 1).astype(str)
    tables = [base.assign(redcap_repeat_instrument="")]
    if longitudinal:
        first = base.drop(columns=late).assign(
            redcap_event_name="baseline_arm_1", redcap_repeat_instrument=""
        )
        last = base[["record_id", *late]].assign(redcap_event_name="last_arm_1", redcap_repeat_instrument="")
        tables = [first, last]
        rois["redcap_event_name"] = "baseline_arm_1"
    export = pd.concat([*tables, rois]).fillna("").rename(columns=names)
    export["patient_complete"] = "2"
    lead = [name for name in export if name.startswith("redcap") or name == "record_id"]
    export = export[
        ["record_id", *[n for n in lead if n != "record_id"], *[n for n in export if n not in lead]]
    ]
    export.to_csv(folder / "export.csv", index=False)
    with (folder / "dictionary.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            [
                "Variable / Field Name",
                "Form Name",
                "Section Header",
                "Field Type",
                "Field Label",
                "Choices, Calculations, OR Slider Labels",
            ]
        )
        rows.writerow(["record_id", "patient", "", "text", "Record ID", ""])
        for name in [*base.columns[1:], *[n for n in rois if n.startswith("si_") or n in ("csf", "rater")]]:
            kind = (
                "radio"
                if name in labels
                else "yesno"
                if name in ("new_vcf", "steroids", "previous_vcf")
                else "text"
            )
            label = (
                "New vertebral compression fracture"
                if name == "new_vcf"
                else VARIABLES[name].label
                if name in VARIABLES
                else name
            )
            rows.writerow([names.get(name, name), "patient", "", kind, label, labels.get(name, "")])


@pytest.mark.parametrize("longitudinal", [False, True])
def test_redcap_with_dictionary_repeats_and_events(plain, tmp_path, longitudinal):
    patients, readings, cohort = plain
    redcap(patients, readings, tmp_path, longitudinal)
    _found, spec = proposed([tmp_path / "export.csv", tmp_path / "dictionary.csv"])
    assert spec["patients"]["dictionary"].endswith("dictionary.csv")
    assert spec["readings"]["rows"]["redcap_repeat_instrument"] == "mri_readings"
    assert spec["patients"]["rows"]["redcap_repeat_instrument"] == ""
    if longitudinal:
        assert spec["patients"]["columns"]["new_vcf"]["rows"]["redcap_event_name"] == "last_arm_1"
    schema_accepts(spec, tmp_path)
    assert_same(read(spec), cohort)


@pytest.mark.parametrize("with_reader", [False, True])
def test_slicer_tables_in_a_folder(plain, tmp_path, with_reader):
    patients, readings, cohort = plain
    patients.rename(columns=ENGLISH).assign(
        **{"New VCF": patients["new_vcf"].map({1: "Yes", 0: "No"})}
    ).to_csv(tmp_path / "patients.csv", index=False)
    (tmp_path / "rois").mkdir()
    for row in readings.itertuples():
        if not with_reader and row.reader == "B":
            continue
        names = [*LEVELS, "CSF_L3"]
        table = pd.DataFrame(
            {"Segment": names, "Number of voxels [voxels] (1)": 50, "Volume [mm3] (1)": 40.5}
        )
        table["Mean"] = [getattr(row, name) for name in (*LEVELS, "csf")]
        table["Median"] = table["Mean"] + 1
        suffix = f"_{row.reader}" if with_reader else ""
        table.to_csv(tmp_path / "rois" / f"{row.patient_id}{suffix}.csv", index=False)
    _found, spec = proposed([tmp_path / "patients.csv", tmp_path / "rois"])
    assert spec["readings"]["file"].endswith("rois/{id}_{reader}.csv" if with_reader else "rois/{id}.csv")
    assert spec["readings"]["format"] == "slicer"
    schema_accepts(spec, tmp_path)
    if with_reader:
        assert_same(read(spec), cohort)
    else:
        assert_same(read(spec)[["vbq"]], cohort[["vbq_a"]].set_axis(["vbq"], axis=1))


def test_the_template_workbook_needs_no_columns(plain, tmp_path):
    from openpyxl import load_workbook

    patients, readings, cohort = plain
    write_workbook(tmp_path / "vbq_template.xlsx")
    book = load_workbook(tmp_path / "vbq_template.xlsx")
    for name, table in (("patients", patients), ("readings", readings)):
        sheet = book[name]
        headings = [cell.value for cell in sheet[1]]
        for number, row in enumerate(table.to_dict("records"), 3):
            for position, heading in enumerate(headings, 1):
                if heading in row:
                    value = row[heading]
                    variable = VARIABLES.get(heading)
                    if variable is not None and variable.levels:
                        value = variable.levels[value]
                    sheet.cell(number, position, value.item() if hasattr(value, "item") else value)
    for row in range(3, 3 + len(readings)):
        sheet = book["readings"]
        sheet.cell(row, 2, 1 if sheet.cell(row, 2).value == "A" else 2)
    book.save(tmp_path / "vbq_template.xlsx")
    found, spec = proposed([tmp_path / "vbq_template.xlsx"])
    assert "columns" not in spec["patients"]
    assert "columns" not in spec["readings"]
    assert "id" not in spec["patients"]
    schema_accepts(spec, tmp_path)
    assert_same(read(spec), cohort, ["vbq_a", "vbq_b"])
    assert any("new_vcf" in line and "15 of 40" in line for line in found.lines)


def test_the_templates_redcap_project_needs_no_columns(plain, tmp_path):
    patients, readings, cohort = plain
    write_dictionary(tmp_path / "dictionary.csv")
    fields = pd.read_csv(tmp_path / "dictionary.csv")["Variable / Field Name"].tolist()
    base = patients.astype(str).assign(redcap_repeat_instrument="", redcap_repeat_instance="")
    base["field_strength"] = base["field_strength"].replace({"1.5": "1_5"})
    rois = readings.astype(str).rename(columns=str.lower)
    rois["reader"] = rois["reader"].map({"A": "1", "B": "2"})
    rois["redcap_repeat_instrument"] = "roi_readings"
    rois["redcap_repeat_instance"] = rois["reader"]
    export = pd.concat([base, rois]).reindex(
        columns=["patient_id", "redcap_repeat_instrument", "redcap_repeat_instance", *fields[1:]]
    )
    export.assign(outcome_complete="2").to_csv(tmp_path / "export.csv", index=False)
    for files in (["export.csv"], ["export.csv", "dictionary.csv"]):
        _found, spec = proposed([tmp_path / file for file in files])
        assert "columns" not in spec["patients"]
        assert "columns" not in spec["readings"]
        schema_accepts(spec, tmp_path)
        assert_same(read(spec), cohort, ["vbq_a", "vbq_b"])


def test_lesions_in_a_file_of_their_own(plain, tmp_path):
    patients, _, cohort = plain
    patients.drop(columns=[*SINS_COMPONENTS, "new_vcf"]).assign(
        outcome=patients["new_vcf"].map({1: "yes", 0: "no"})
    ).to_csv(tmp_path / "patients.csv", index=False)
    lesions = patients[["patient_id", *SINS_COMPONENTS]]
    lesser = lesions.assign(**dict.fromkeys(SINS_COMPONENTS, 0))
    pd.concat([lesions, lesser]).to_csv(tmp_path / "lesions.csv", index=False)
    _found, spec = proposed([tmp_path / "patients.csv", tmp_path / "lesions.csv"])
    assert set(spec["lesions"]["columns"]) == set(SINS_COMPONENTS)
    schema_accepts(spec, tmp_path)
    assert_same(read(spec), cohort[[n for n in cohort if not n.startswith("vbq") and n not in DERIVED]])


def by_yes_and_no(patients, folder):
    table = patients.assign(new_vcf=patients["new_vcf"].map({1: "yes", 0: "no"}))
    table.to_csv(folder / "patients.csv", index=False)
    return folder / "patients.csv"


def values_of(row):
    return {**{level: getattr(row, level) for level in LEVELS}, "CSF": row.csf}


def imagej(folder, readings):
    for row in readings.itertuples():
        values = values_of(row)
        table = pd.DataFrame(
            {" ": range(1, 6), "Label": list(values), "Area": 50.5, "Mean": list(values.values())}
        )
        table.assign(Min=10, Max=900).to_csv(
            folder / f"Results_{row.patient_id}_{row.reader}.csv", index=False
        )


def osirix(folder, readings):
    """Rows are longer than the headings, as the plugin writes them."""
    for row in readings.itertuples():
        lines = [
            "ImageNo,RoiNo,RoiMean,RoiMin,RoiMax,RoiTotal,RoiDev,RoiName,NumOfPoints,mmX,mmY,mmZ,pxX,pxY"
        ]
        for name, value in values_of(row).items():
            lines.append(f"1,1,{value},1,900,5000,12,{name},3" + ",1.5,2.5,3.5,4,5" * 3)
        (folder / f"{row.reader}-{row.patient_id}.csv").write_text("\n".join(lines) + "\n")


def one_file_per_reader(folder, readings):
    for reader, table in readings.groupby("reader"):
        table.drop(columns="reader").to_csv(folder / f"rois_{reader}.csv", index=False)


def one_folder_per_patient(folder, readings):
    for row in readings.itertuples():
        (folder / row.patient_id).mkdir(exist_ok=True)
        values = values_of(row)
        table = pd.DataFrame({"Region": list(values), "Mean signal": list(values.values())})
        table.to_csv(folder / row.patient_id / f"{row.reader}.csv", index=False)


WRITERS = [imagej, osirix, one_file_per_reader, one_folder_per_patient]


@pytest.mark.parametrize("write", WRITERS)
def test_a_folder_of_readings_becomes_one_path(plain, tmp_path, write):
    patients, readings, _ = plain
    (tmp_path / "rois").mkdir()
    write(tmp_path / "rois", readings)
    found, spec = proposed([by_yes_and_no(patients, tmp_path), tmp_path / "rois"])
    forms = {
        imagej: "rois/Results_{id}_{reader}.csv",
        osirix: "rois/{reader}-{id}.csv",
        one_file_per_reader: "rois/rois_{reader}.csv",
        one_folder_per_patient: "rois/{id}/{reader}.csv",
    }
    assert spec["readings"]["file"].endswith(forms[write])
    assert spec["readings"].get("format") == {imagej: "imagej", osirix: "osirix"}.get(write)
    schema_accepts(spec, tmp_path)
    assert any("files)" in line for line in found.lines)


@pytest.mark.parametrize("write", WRITERS)
def test_a_folder_of_readings_is_read(plain, tmp_path, write):
    patients, readings, cohort = plain
    (tmp_path / "rois").mkdir()
    write(tmp_path / "rois", readings)
    _, spec = proposed([by_yes_and_no(patients, tmp_path), tmp_path / "rois"])
    assert_same(read(spec), cohort)


def test_an_ohif_report(plain, tmp_path):
    patients, readings, cohort = plain
    rows = [
        {"Patient ID": row.patient_id, "Patient Name": "Roe^Jane", "StudyInstanceUID": "1.2.3", "Label": name}
        | {"AnnotationType": "Ellipse", "mean (HU)": value}
        for row in readings[readings["reader"] == "A"].itertuples()
        for name, value in values_of(row).items()
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "report.csv", index=False)
    found, spec = proposed([by_yes_and_no(patients, tmp_path), tmp_path / "report.csv"])
    assert spec["readings"]["format"] == "ohif"
    assert "Jane" not in found.text + "".join(found.lines)
    assert_same(read(spec)[["vbq"]], cohort[["vbq_a"]].set_axis(["vbq"], axis=1))


def test_numbers_of_a_segmentation_scheme_are_asked_for(plain, tmp_path):
    patients, readings, cohort = plain
    scheme = {"20": "L1", "21": "L2", "22": "L3", "23": "L4", "61": "CSF"}
    number = {level: code for code, level in scheme.items()}
    rows = [
        {"id": row.patient_id, "label": number[name], "mean": value}
        for row in readings[readings["reader"] == "A"].itertuples()
        for name, value in values_of(row).items()
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "segments.csv", index=False)
    found, spec = proposed([by_yes_and_no(patients, tmp_path), tmp_path / "segments.csv"])
    level = spec["readings"]["columns"]["level"]
    assert level == {"column": "label", "levels": dict.fromkeys(scheme, "?")}
    assert any(
        "readings.columns.level.levels" in line for line in found.lines if line.startswith("To fill in")
    )
    level["levels"] = scheme
    assert_same(read(spec)[["vbq"]], cohort[["vbq_a"]].set_axis(["vbq"], axis=1))
