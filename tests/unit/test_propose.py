"""What headings and cells are taken to mean, how sure that is, and what is left to ask."""

import random
import string
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from vbq import command
from vbq.checking import check_cohort
from vbq.codebook import DERIVED, VARIABLES
from vbq.errors import UserError
from vbq.ingest.identifying import looks_identifying
from vbq.ingest.propose import propose_cohort_file
from vbq.ingest.propose.cohort_file import scalar
from vbq.ingest.propose.columns import legend, quoted
from vbq.ingest.propose.evidence import evidence, has_decimal_comma
from vbq.ingest.propose.names import EXACT, key, named, phrases
from vbq.ingest.propose.spellings import level_of, levels_of
from vbq.ingest.propose.vocabulary import LEVELS, NAMES
from vbq.strict import parse_yaml

PLAN = "config/plans/ehresman2019.yaml"
LANGUAGES = ["English", "German", "French", "Spanish", "Italian"]
REDCAP = Path("../shared/data/redcap_exports")
EVERY = tuple(NAMES)


def counts(*cells):
    return pd.Series(cells, dtype="str").value_counts(sort=False)


def weigh(cells, name, unit=None, decimal=".", codes=None, is_outcome=False):
    return evidence(counts(*cells), VARIABLES[name], decimal, unit, codes or {}, is_outcome)


def propose(tmp_path, table, plan=PLAN, **how):
    file = tmp_path / "site.csv"
    table.to_csv(file, index=False, **how)
    found = propose_cohort_file("site", [str(file)], plan)
    return found, yaml.safe_load(found.text)


def patients(**columns):
    table = pd.DataFrame({"ID": [f"P{number:02d}" for number in range(40)], "Age": range(40, 80)})
    return table.assign(**columns)


# Vocabulary


def test_every_variable_has_names_in_five_languages():
    assert set(VARIABLES) - {"patient_id"} <= set(NAMES)
    for name, by_language in NAMES.items():
        assert list(by_language) == LANGUAGES, name
        assert all(len(known) >= 2 for known in by_language.values()), name


def test_no_phrase_belongs_to_two_variables():
    owner = {}
    for name in NAMES:
        for phrase in phrases(name):
            # "CSF at" is told from "CSF" by its cells.
            if owner.setdefault(key(phrase), name) != name:
                assert {owner[key(phrase)], name} == {"csf", "csf_level"}, phrase


def test_no_spelling_belongs_to_two_levels():
    for name, levels in LEVELS.items():
        spelled = [each for known in levels.values() for each in known]
        assert len(spelled) == len(set(spelled)), name
        for level, known in levels.items():
            assert all(level_of(each, VARIABLES[name]) == level for each in known), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_names_its_variable_before_any_other(language):
    for name, by_language in NAMES.items():
        for phrase in by_language[language]:
            found = named((phrase,), EVERY)
            best = max(found, key=lambda target: found[target].score)
            assert found[name].score == EXACT, (name, phrase)
            assert best == name or {best, name} == {"csf", "csf_level"}, (name, phrase)


@pytest.mark.parametrize("name", ["albumin", "new_vcf", "smoking", "follow_up_months", "n_previous_vcf"])
def test_case_accents_punctuation_and_units_do_not_matter(name):
    draw = random.Random(1)
    for known in NAMES[name].values():
        for phrase in known:
            spelled = draw.choice("-_. ").join(phrase.split())
            for heading in (spelled.upper(), spelled.title(), f" {spelled} ", f"{spelled} (Jahre)"):
                assert named((heading,), EVERY)[name].score == EXACT, heading


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Albumin [g/dl]", "albumin"),
        ("alb_g_dl", "albumin"),
        ("ALBÚMINA", "albumin"),
        ("Serum-Albumin", "albumin"),
        ("Größe", None),
        ("Präalbumin", None),
        ("prealbumin", None),
        ("Datum der Fraktur", None),
        ("Fraktur (ja/nein)", "new_vcf"),
        ("Frühere Fraktur", "previous_vcf"),
        ("Fruehere Fraktur", "previous_vcf"),
        ("Anzahl früherer Frakturen", "n_previous_vcf"),
        ("hip fracture", None),
        ("Calcium supplementation", "calcium_supplement"),
        ("Ca", "calcium"),
        ("Vitamin D", "vitamin_d_supplement"),
        ("Sex (0=f, 1=m)", "sex"),
        ("followUpMonths", "follow_up_months"),
        ("SINS", "sins"),
        ("SINS – Schmerz", "sins_pain"),
        ("Thrombozyten (Tsd/µl)", "platelets"),
        ("Mother's age", None),
        ("N° patient", "id"),
    ],
)
def test_headings(heading, name):
    found = {target: how.score for target, how in named((heading,), EVERY).items() if how.score >= 0.7}
    assert (max(found, key=found.get) if found else None) == name


@pytest.mark.parametrize(
    ("heading", "name", "factor"),
    [
        ("Albumin (g/L)", "albumin", 0.1),
        ("albumin_g_l", "albumin", 0.1),
        ("Albumin", "albumin", None),
        ("Calcium mmol/L", "calcium", 4.0078),
        ("Thrombozyten (10³/µl)", "platelets", 1),
        ("Plaquettes (G/L)", "platelets", 1),
        ("Platelets [/µL]", "platelets", 0.001),
        ("Dose (Gy)", "radiation_dose", 100),
        ("Follow-up (days)", "follow_up_months", 12 / 365.25),
        ("Nachbeobachtung in Wochen", "follow_up_months", 84 / 365.25),
    ],
)
def test_units_in_headings(heading, name, factor):
    how = named((heading,), EVERY)[name]
    assert how.score == EXACT
    assert how.unit == (None if factor is None else pytest.approx(factor))


# Cells


@pytest.mark.parametrize(
    ("name", "text", "level"),
    [
        ("sex", "männlich", "male"),
        ("sex", "Femme", "female"),
        ("sex", "1", None),
        ("steroids", "Oui", 1),
        ("steroids", "1 = ja", 1),
        ("steroids", "Zoledronat", None),
        ("smoking", "Ex-Raucher", "former"),
        ("smoking", "yes", None),
        ("sins_location", "T10", 1),
        ("sins_location", "BWK 12", 3),
        ("sins_location", "L1-L2", None),
        ("sins_collapse", "> 50%", 3),
        ("sins_collapse", "unter 50 %", 2),
        ("sins_collapse", "No collapse with >50% involved", 1),
        ("sins_collapse", "50 %", None),
        ("sins_collapse", "keine", 0),
        ("sins_pain", "yes", None),
        ("vendor", "GE MEDICAL SYSTEMS", "ge"),
        ("vendor", "Canon", None),
        ("field_strength", "1,5", "1.5"),
    ],
)
def test_spellings_of_levels(name, text, level):
    assert level_of(text, VARIABLES[name]) == level


@pytest.mark.parametrize(
    ("texts", "levels"),
    [
        ("MF", {"M": "male", "F": "female"}),
        ("HM", {"M": "female", "H": "male"}),  # hombre, mujer
        ("VM", {"M": "female", "V": "male"}),
        ("HF", {"F": "female", "H": "male"}),
        ("WM", {"W": "female", "M": "male"}),
        ("UD", {"D": "female", "U": "male"}),
        ("AB", {}),
    ],
)
def test_single_letters_of_the_sex_are_read_together(texts, levels):
    assert levels_of(list(texts), VARIABLES["sex"]) == levels


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("Fracture", 1),
        ("no fracture", 0),
        ("keine Fraktur", 0),
        ("VCF group", 1),
        ("Non-VCF group", 0),
        ("stable", None),
    ],
)
def test_words_for_the_outcome(cell, level):
    assert level_of(cell, VARIABLES["new_vcf"], is_outcome=True) == level


def test_numbers_that_cannot_be_the_variable():
    assert weigh(["a text"] * 9, "age").grade == "no"
    assert weigh(["2020-01-01", "2021-01-01"], "age").grade == "no"
    assert weigh([str(number) for number in range(150, 190)], "age").grade == "poor"
    assert weigh(["0", "1"] * 20, "bmi").grade == "poor"
    assert weigh([str(number) for number in range(40, 80)], "age").grade == "good"


def test_a_unit_told_by_the_values():
    seen = weigh([str(number) for number in range(30, 48)], "albumin")
    assert (seen.grade, seen.multiply) == ("good", 0.1)
    assert "g/L" in seen.reason


def test_a_heading_that_contradicts_its_values_says_so():
    seen = weigh([f"{number / 10}" for number in range(30, 48)], "albumin", unit=0.1)
    assert seen.grade == "poor"
    assert any("another unit" in remark and "g/dL" in remark for remark in seen.remarks)


def test_codes_for_no_value():
    ages = [str(number) for number in range(40, 80)]
    assert weigh([*ages, "-9", "999", "n/a", "k. A.", "."], "age").missing == dict.fromkeys(
        ["-9", "999", "n/a", "k. A.", "."], 1
    )
    assert weigh([*ages, "99", "88"], "age").missing == {}  # possible ages
    assert weigh(["0", "1", "0", "9"], "steroids").missing == {"9": 1}
    assert weigh(["100", "120", "999", "99"], "alkaline_phosphatase").missing == {}


def test_a_number_with_a_label_is_no_code_for_no_value():
    seen = weigh(["0", "1", "9"], "steroids", codes={"0": "no", "1": "yes", "9": "yes"})
    assert seen.missing == {}
    assert seen.levels == {"0": 0, "1": 1, "9": 1}


def test_a_legend_that_says_unknown_is_no_value():
    seen = weigh(["0", "1", "2"], "steroids", codes={"0": "nein", "1": "ja", "2": "unbekannt"})
    assert seen.levels == {"0": 0, "1": 1}
    assert seen.missing == {"2": 1}


def test_levels_that_only_the_site_knows():
    assert weigh(["1", "2"] * 9, "sex").levels == {"1": "?", "2": "?"}
    assert weigh(["1", "2"] * 9, "steroids").levels == {"1": 1, "2": "?"}
    assert weigh(["0", "1"] * 9, "steroids").levels is None
    assert weigh(["yes", "no"] * 9, "smoking").levels == {"no": "?", "yes": "?"}


def test_illegal_points_are_left_to_the_check():
    seen = weigh(["0", "1", "2", "3"] * 5, "sins_pain")
    assert seen.levels is None
    assert any("do not exist" in remark for remark in seen.remarks)


def test_spellings_that_may_be_names_are_not_shown():
    seen = weigh([*["yes", "no"] * 20, "Dr. Erika Mustermann"], "steroids")
    assert "Dr. Erika Mustermann" not in str(seen.levels)
    assert any("not shown" in remark for remark in seen.remarks)


def test_the_decimal_mark():
    assert has_decimal_comma({"a": counts("1,5", "2,25")}, True)
    assert not has_decimal_comma({"a": counts("1.5", "2.25")}, True)
    assert not has_decimal_comma({"a": counts("1,234", "12,345")}, True)  # thousands
    assert has_decimal_comma(
        {"a": counts("1,5", "2.5", "3.5")}, False
    )  # a workbook's own numbers have points


@pytest.mark.parametrize(
    ("heading", "codes"),
    [
        ("Sex (0=f, 1=m)", {"0": "f", "1": "m"}),
        ("Sexe 1 : homme; 2 : femme", {"1": "homme", "2": "femme"}),
        ("Sex", {}),
    ],
)
def test_legends_in_headings(heading, codes):
    assert legend(heading, VARIABLES["sex"]) == codes


# Columns


def test_a_variable_has_one_column_and_the_second_is_named(tmp_path):
    table = patients(
        **{"Albumin": [3.1, 3.9] * 20, "Albumin baseline": [4.1, 3.9] * 20, "VCF": ["yes", "no"] * 20}
    )
    table["Albumin"] = [3 + number / 40 for number in range(40)]
    table["Albumin baseline"] = [3 + number / 41 for number in range(40)]
    table["alb"] = [3 + number / 42 for number in range(40)]
    found, spec = propose(tmp_path, table)
    assert spec["patients"]["columns"]["albumin"] == "Albumin"
    line = next(line for line in found.text.splitlines() if "albumin:" in line)
    assert "likely" in line
    assert '"alb"' in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_variables_at_once_in_one_language(tmp_path, language):
    names = [name for name in VARIABLES if name not in (*DERIVED, "patient_id", "sins", "vbq")]
    heading = {
        name: next(known for known in NAMES[name][language] if not looks_identifying(known)) for name in names
    }
    table = pd.DataFrame({"ID": [f"P{number:02d}" for number in range(40)]})
    for name in names:
        variable = VARIABLES[name]
        if variable.levels:
            table[heading[name]] = ([str(level) for level in variable.levels] * 40)[:40]
        else:
            low, high = variable.typical or variable.plausible
            table[heading[name]] = [round(low + (high - low) * (0.3 + number / 100)) for number in range(40)]
    _, spec = propose(tmp_path, table)
    columns = spec["patients"]["columns"]
    mapped = {name: entry if isinstance(entry, str) else entry["column"] for name, entry in columns.items()}
    assert mapped == heading


def test_identifying_and_unknown_columns_are_dropped_and_told(tmp_path):
    table = patients(
        Surname=["Roe"] * 40,
        Contact=[f"p{n}@mail.org" for n in range(40)],
        Shoe=range(40),
        VCF=["yes", "no"] * 20,
    )
    found, spec = propose(tmp_path, table)
    assert set(spec["patients"]["drop"]) == {"Surname", "Contact", "Shoe"}
    told = "\n".join(found.lines)
    assert '"Shoe"' in told
    assert "not recognized" in told
    assert "e-mail addresses" in told
    assert "Roe" not in found.text + told
    assert "mail.org" not in found.text + told


@pytest.mark.parametrize(("headings", "chosen"), [(["MRN"], "MRN"), (["MRN", "Study No."], "Study No.")])
def test_a_pseudonym_goes_before_a_record_number(tmp_path, headings, chosen):
    table = patients(VCF=["yes", "no"] * 20).drop(columns="ID")
    for position, heading in enumerate(headings):
        first = 7_000_001 if heading == "MRN" else 1
        table.insert(position, heading, range(first, first + 40))
    found, spec = propose(tmp_path, table)
    assert spec["patients"]["id"] == chosen
    assert ("MRN" in spec["patients"].get("drop", [])) == (chosen != "MRN")
    assert "7000001" not in found.text + "".join(found.lines)


def test_codes_stand_with_the_column_where_another_has_them_as_a_value(tmp_path):
    table = patients(
        Steroids=["0", "1", "9", "1"] * 10, CCI=["9", "3", "4", "5"] * 10, VCF=["yes", "no"] * 20
    )
    _, spec = propose(tmp_path, table)
    assert spec["patients"]["columns"]["steroids"]["missing"] == [9]
    assert "missing" not in spec["patients"]


def test_two_readings_side_by_side_are_not_mixed(tmp_path):
    table = patients(VCF=["yes", "no"] * 20)
    for reader in ("R1", "R2"):
        for place in ("L1", "L2", "L3", "L4", "CSF"):
            table[f"{place}_{reader}"] = [200 + number + len(reader) for number in range(40)]
            table[f"{place}_{reader}_SD"] = 3.5
    found, spec = propose(tmp_path, table)
    assert spec["readings"]["columns"] == {
        **{level: f"{level}_R1" for level in ("L1", "L2", "L3", "L4")},
        "csf": "CSF_R1",
    }
    assert any("side by side" in line for line in found.lines)
    assert {"L1_R2", "CSF_R2"} <= set(spec["patients"]["drop"])


def test_a_given_score_is_left_out_where_there_are_readings(tmp_path):
    table = patients(VCF=["yes", "no"] * 20, VBQ=[2.5 + number / 50 for number in range(40)])
    _, spec = propose(tmp_path, table)
    assert spec["patients"]["columns"]["vbq"] == "VBQ"
    for place in ("L1", "L2", "L3", "L4", "CSF"):
        table[place] = [200 + number for number in range(40)]
    _, spec = propose(tmp_path, table)
    assert "vbq" not in spec["patients"]["columns"]
    assert "VBQ" in spec["patients"]["drop"]


# The outcome


def outcome_of(tmp_path, heading, cells):
    found, spec = propose(tmp_path, patients(**{heading: cells}))
    return found, spec["patients"]["columns"]["new_vcf"]["levels"]


@pytest.mark.parametrize(
    ("heading", "yes", "no", "levels"),
    [
        ("New VCF", "1", "0", {"1": "?", "0": "?"}),
        ("New VCF", "TRUE", "FALSE", {"TRUE": 1, "FALSE": 0}),
        ("New VCF", "2", "1", {"1": "?", "2": "?"}),
        ("Neue Fraktur", "ja", "nein", {"ja": 1, "nein": 0}),
        ("Neue Fraktur (0=nein, 1=ja)", "1", "0", {"1": 1, "0": 0}),
        ("VCF (1=no, 2=yes)", "2", "1", {"2": 1, "1": 0}),
        ("Outcome", "Fracture", "No fracture", {"Fracture": 1, "No fracture": 0}),
        ("Outcome", "A", "B", {"A": "?", "B": "?"}),
        ("No new VCF", "yes", "no", {"yes": "?", "no": "?"}),
        ("fracture-free", "yes", "no", {"yes": "?", "no": "?"}),
        ("frakturfrei", "ja", "nein", {"ja": "?", "nein": "?"}),
        ("Fracture healed", "yes", "no", {"yes": "?", "no": "?"}),
        ("New VCF within 12 months", "yes", "no", {"yes": 1, "no": 0}),
        ("Fracture healed", "Fracture", "No fracture", {"Fracture": 1, "No fracture": 0}),
    ],
)
def test_the_direction_is_taken_from_words_only_and_always_told(tmp_path, heading, yes, no, levels):
    cells = [yes] * 2 + [no] * 38
    found, proposed = outcome_of(tmp_path, heading, cells)
    assert proposed == levels
    line = next(line for line in found.lines if line.startswith("The outcome"))
    assert f'"{yes}" in 2 of 40 rows' in line
    assert f'"{no}" in 38 of 40 rows' in line
    assert ("means a new fracture" in line) == ("?" not in levels.values())
    assert ("new_vcf.levels" in "".join(found.lines)) == ("?" in levels.values())


def test_without_an_outcome_the_file_asks_for_it(tmp_path):
    found, spec = propose(tmp_path, patients(Sex=["m", "f"] * 20))
    assert spec["patients"]["columns"]["new_vcf"] == "?"
    assert any("patients.columns.new_vcf" in line for line in found.lines)
    assert any("Not found" in line and "new_vcf" in line for line in found.lines)


def test_the_outcome_of_another_plan_is_looked_for_under_its_own_name(tmp_path):
    _found, spec = propose(tmp_path, patients(FRACTURE=["yes", "no"] * 20), "tests/plans/glow500.yaml")
    assert spec["patients"]["columns"]["fracture"]["column"] == "FRACTURE"
    assert spec["variables"]["fracture"]["kind"] == "binary"


@pytest.mark.parametrize("key", ["levels", "column", "id", "provenance"])
def test_a_question_that_is_left_open_is_refused(tmp_path, key):
    table = patients(VCF=["yes", "no"] * 20)
    _found, spec = propose(tmp_path, table)
    spec["provenance"] = "?" if key == "provenance" else "simulated"
    if key == "levels":
        spec["patients"]["columns"]["new_vcf"]["levels"] = {"yes": "?", "no": "?"}
    elif key == "column":
        spec["patients"]["columns"]["new_vcf"] = "?"
    elif key == "id":
        spec["patients"]["id"] = "?"
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump(spec))
    place = {
        "levels": "patients.columns.new_vcf.levels.yes",
        "column": "patients.columns.new_vcf",
        "id": "patients.id",
        "provenance": "provenance",
    }[key]
    with pytest.raises(UserError, match=rf'{place}: there is still a "\?": fill it in'):
        check_cohort(file, tmp_path)


# The text


HEADINGS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=12
).filter(lambda text: text.strip() == text and text.strip())


@given(HEADINGS)
def test_any_heading_reads_back(heading):
    for spelled in (scalar(heading), quoted(heading)):
        assert "\n" not in spelled
        text = f"a:\n- {spelled} # a comment\nb: {{{spelled}: 1}}\n"
        assert parse_yaml(text.encode(), "it").content == {"a": [heading], "b": {heading: 1}}


@given(st.lists(HEADINGS, min_size=1, max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_any_headings_become_a_cohort_file_with_these_headings(tmp_path_factory, headings):
    folder = tmp_path_factory.mktemp("headings")
    headings = [heading for heading in headings if heading not in ("ID", "Age", "VCF")]
    table = patients(VCF=["yes", "no"] * 20, **dict.fromkeys(headings, "x1"))
    table.to_parquet(folder / "site.parquet")
    spec = yaml.safe_load(propose_cohort_file("site", [str(folder / "site.parquet")], PLAN).text)
    section = spec["patients"]
    mapped = {entry if isinstance(entry, str) else entry["column"] for entry in section["columns"].values()}
    of_readings = spec.get("readings", {}).get("columns", {})
    read_as = {section["id"], *mapped, *section.get("drop", []), *of_readings.values()}
    assert {heading.strip() for heading in table} <= read_as


def test_it_says_the_same_twice(tmp_path):
    table = patients(VCF=["yes", "no"] * 20, Sex=["m", "f"] * 20, Zip=["12345"] * 40)
    assert propose(tmp_path, table)[0] == propose(tmp_path, table)[0]


# REDCap


@pytest.mark.parametrize("with_dictionary", [True, False])
@pytest.mark.parametrize(
    "project",
    [
        "checkboxes-1",
        "dag",
        "decimal-comma-and-dot",
        "longitudinal",
        "nonnumeric-record-id",
        "potentially-problematic-values",
        "repeating-instruments",
        "simple",
    ],
)
def test_redcap_projects_without_the_study(project, with_dictionary):
    folder = REDCAP / project
    if not folder.is_dir():
        pytest.skip("the REDCap exports are not on this machine")
    files = [str(folder / "data.csv"), *([str(folder / "dictionary.csv")] if with_dictionary else [])]
    found = propose_cohort_file("toy", files, PLAN)
    spec = yaml.safe_load(found.text)
    headings = (
        (folder / "data.csv").read_text(encoding="utf-8-sig").splitlines()[0].replace('"', "").split(",")
    )
    section = spec["patients"]
    assert section["id"] == headings[0]
    assert section["columns"]["new_vcf"] == "?"
    assert ("dictionary" in section) == with_dictionary
    if with_dictionary:
        assert any("data dictionary, used" in line for line in found.lines)
    assert any("Not found" in line and "new_vcf" in line for line in found.lines)
    mapped = {entry if isinstance(entry, str) else entry["column"] for entry in section["columns"].values()}
    accounted = {section["id"], *mapped, *section.get("drop", []), *section.get("rows", {})}
    assert set(headings) <= accounted
    shown = found.text + "\n".join(found.lines)
    for name in ("Nutmouse", "Lenox", "Valdez", "Amanda"):
        assert name not in shown


# Errors and the command


def test_what_cannot_be_used_is_told_at_once(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    files = [str(tmp_path / "empty.csv"), str(tmp_path / "absent.csv")]
    with pytest.raises(UserError) as caught:
        propose_cohort_file("Site A", files, "no/plan.yaml")
    for told in ("lower_snake_case", "no/plan.yaml", "empty file", "absent.csv"):
        assert told in str(caught.value)


def test_a_file_without_patients_is_refused(tmp_path):
    pd.DataFrame({"variable": ["a", "b"], "meaning": ["c", "d"]}).to_csv(tmp_path / "legend.csv", index=False)
    with pytest.raises(UserError, match="no table has a row per patient"):
        propose_cohort_file("site", [str(tmp_path / "legend.csv")], PLAN)


def test_what_else_is_in_a_folder_is_told_and_left_out(tmp_path):
    patients(VCF=["yes", "no"] * 20).to_csv(tmp_path / "site.csv", index=False)
    (tmp_path / "SECRET1.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / ".hidden").write_text("nothing")
    found = propose_cohort_file("site", [str(tmp_path)], PLAN)
    assert yaml.safe_load(found.text)["patients"]["file"].endswith("site.csv")
    assert any(line.startswith(f"{tmp_path}, file 1:") for line in found.lines)
    assert not any("SECRET" in line for line in found.lines)  # a file's name may be a patient's


def test_forms_of_one_export_share_the_decimal_mark(tmp_path):
    """The patients' numbers are whole: only the readings show the comma."""
    base = patients(VCF=["yes", "no"] * 20).assign(redcap_repeat_instrument="", redcap_repeat_instance="")
    rois = base[["ID"]].assign(redcap_repeat_instrument="rois", redcap_repeat_instance="1")
    for place in ("L1", "L2", "L3", "L4", "CSF"):
        rois[place] = [f"{200 + number},5" for number in range(40)]
    _, spec = propose(tmp_path, pd.concat([base, rois]).astype(object).fillna(""), sep=";")
    assert spec["patients"]["decimal"] == ","
    assert set(spec["readings"]["columns"]) == {"L1", "L2", "L3", "L4", "csf"}


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"a", b"a,b\n", b'"a\n', b"PK\x03\x04junk", bytes(range(256)), b"a;b\n1;2\n"],
)
def test_odd_files_are_refused_without_a_traceback(tmp_path, content):
    (tmp_path / "odd.csv").write_bytes(content)
    with pytest.raises(UserError):
        propose_cohort_file("site", [str(tmp_path / "odd.csv")], PLAN)


def test_random_tables_never_end_in_a_traceback(tmp_path):
    draw = random.Random(5)
    known = [phrase for by_language in NAMES.values() for names in by_language.values() for phrase in names]
    cells = [
        "",
        "0",
        "1",
        "2",
        "3,5",
        "4.5",
        "ja",
        "no",
        "NA",
        "-9",
        "L1",
        "CSF",
        "999",
        "x" * 50,
        "1,234",
        "01.02.2020",
    ]
    for number in range(40):
        width, height = draw.randint(2, 9), draw.randint(1, 12)
        headings = [draw.choice([*known, "".join(draw.choices(string.printable, k=6))]) for _ in range(width)]
        columns = [draw.sample(cells, k=3) for _ in range(width)]
        rows = [[draw.choice(column) for column in columns] for _ in range(height)]
        table = pd.DataFrame(rows, columns=headings)
        file = tmp_path / f"{number}.csv"
        table.to_csv(file, index=False, sep=draw.choice(",;\t"))
        try:
            spec = yaml.safe_load(propose_cohort_file("site", [str(file)], PLAN).text)
        except UserError:
            continue
        assert spec["patients"]["columns"]


def test_the_command_writes_the_file_and_never_over_another(tmp_path, monkeypatch, capsys):
    table = patients(VCF=["yes", "no"] * 20)
    table.to_csv(tmp_path / "site.csv", index=False)
    monkeypatch.setattr(command, "COHORTS", tmp_path)
    asked = ["new-cohort", "site_a", "--from", str(tmp_path / "site.csv")]
    assert command.main(asked) == 0
    assert "The outcome new_vcf" in capsys.readouterr().out
    assert yaml.safe_load((tmp_path / "site_a.yaml").read_text())["title"] == "Site a"
    assert command.main(asked) == 1
    assert "exists already" in capsys.readouterr().err
