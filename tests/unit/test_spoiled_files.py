"""Good files in every form read to the same cohort; spoiled ones are refused where they are spoiled.

`benchmarks/spoiled_files.py` does the same with thousands of cases. A case that fails is repeated, and its
files are kept, with `spoiled.cases.run(KIND, SEED, FOLDER)`.
"""

import csv
import statistics

import jsonschema
import pyreadstat
import pytest
import yaml
from ingest_site import PATIENTS, READINGS
from spoiled.base import (
    CANARY_NAMES,
    LEVELS,
    N_SITES,
    base_site,
    expected_cohort,
)
from spoiled.cases import GOOD, KINDS, build, run, write_site
from spoiled.damages import DAMAGES
from spoiled.tables import is_number

from vbq.checking import check_cohort
from vbq.codebook import VARIABLES
from vbq.configuration import SCHEMAS
from vbq.problems import InputError

GOOD_CASES = 100
SPOILED_CASES = 2  # of each kind
RARE = 0.2  # kinds of a lower weight take so long that one case has to do
FEATURES = {
    *("csv", "xlsx", "parquet", "sav", "dta", "xpt", "redcap"),
    *("wide", "long", "joined", "by reader", "by patient"),
    *("slicer", "slicer keys", "imagej", "osirix", "ohif"),
    *("delimiter comma", "delimiter semicolon", "delimiter tab", "delimiter bar", "delimiter other"),
    *("utf-8", "utf-8 with mark", "cp1252", "latin-1", "utf-16-le with mark", "utf-16-be"),
    *("LF", "CRLF", "CR", "all quoted", "padded cells", "blank rows", "blank columns", "title rows"),
    *("decimal point", "decimal comma", "typed cells", "numbers as text", "merged headings", "merged cells"),
    *("several sheets", "hidden sheet", "sheets of one workbook", "missing codes", "declared missing"),
    *("own levels", "known spellings", "another unit", "own region names", "no mapping"),
    *("unmapped column", "dropped column", "columns in another order", "rows in another order"),
    *("labels", "codes", "headings of labels", "checkbox"),
}


@pytest.mark.parametrize("number", range(N_SITES))
def test_the_plainest_form_gives_what_the_site_is(number):
    base, cohort = base_site(number), expected_cohort(number)
    assert cohort["row"].tolist() == list(range(2, len(base.patients) + 2))
    for name in base.variables:
        known = [patient[name] for patient in base.patients if patient[name] or name != "sins"]
        is_text = VARIABLES[name].kind == "nominal"
        wanted = [None if cell == "" else cell if is_text else float(cell) for cell in known]
        assert [
            None if value != value else value for value in cohort[name].astype(object).fillna(float("nan"))
        ] == wanted
    for reader in base.readers:
        column = f"vbq_{reader.lower()}" if len(base.readers) > 1 else "vbq"
        for reading in [reading for reading in base.readings if reading["reader"] == reader]:
            marrow = statistics.median(float(reading[level]) for level in LEVELS if reading[level])
            found = cohort[column][base.ids.index(reading["id"])]
            assert found == pytest.approx(marrow / float(reading["csf"]))


@pytest.mark.parametrize("seed", range(GOOD_CASES))
def test_a_good_site_reads_the_same_in_any_form(seed):
    result = run(GOOD, seed)
    assert result.outcome == "same", result


def test_the_good_cases_have_every_form():
    drawn = set().union(*(build(GOOD, seed)[0].features for seed in range(GOOD_CASES)))
    assert drawn == FEATURES


SPOILED = [
    (kind, seed)
    for kind, damage in DAMAGES.items()
    for seed in range(SPOILED_CASES if damage.weight > RARE else 1)
]


@pytest.mark.parametrize(("kind", "seed"), SPOILED)
def test_a_spoiled_file_is_refused_where_it_is_spoiled(kind, seed):
    result = run(kind, seed)
    assert result.outcome in ("same", "refused"), result


def test_every_kind_has_its_case():
    assert {GOOD, *(kind for kind, _ in SPOILED)} == set(KINDS)
    assert len(SPOILED) + GOOD_CASES > 200


@pytest.mark.parametrize(("kind", "seed"), [(GOOD, 0), *((kind, 0) for kind in list(DAMAGES)[::4])])
def test_cohort_files_follow_their_schema(kind, seed):
    schema = yaml.safe_load((SCHEMAS / "cohort.schema.yaml").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(build(kind, seed)[0].spec)) == []


def test_a_case_is_told_by_its_kind_and_seed(tmp_path):
    files = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        run("a cell too many", 7, folder)
        files.append({path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".csv"})
    assert files[0] == files[1]
    assert files[0] != {}


@pytest.mark.parametrize(
    "kind", ["a name among levels", "columns of persons", "a formula as a heading", "an id twice"]
)
def test_the_page_of_a_check_tells_no_name_and_starts_no_formula(kind, tmp_path):
    """What `vbq check` writes is opened in a browser and in a spreadsheet."""
    site, _ = build(kind, 1)
    write_site(site, tmp_path)
    for section in site.spec.values():
        if isinstance(section, dict) and "file" in section:
            for key in ("file", "dictionary"):
                section |= {key: str(tmp_path / section[key])} if key in section else {}
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(site.spec), encoding="utf-8")
    checked = check_cohort(tmp_path / "site.yaml", tmp_path / "results")
    written = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"check.html", "check.csv"}
    for path in written:
        text = path.read_text(encoding="utf-8").casefold()
        assert not [name for name in (*CANARY_NAMES, *site.base.ids) if name.casefold() in text]
    assert checked.page in written
    with (tmp_path / "results" / "site" / "check.csv").open(encoding="utf-8", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and not is_number(cell)] == []


def test_the_row_of_a_nul_byte_whatever_ends_a_line(site):
    for end in ("\n", "\r\n", "\r"):
        lines = PATIENTS.to_csv(index=False).splitlines()
        lines[4] += "\0"
        site.files["patients.csv"] = end.join(lines).encode()
        assert [(error.row, error.rule) for error in site.errors()] == [(5, "not a text file")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"%PDF-1.7\n", PATIENTS.to_csv(index=False).encode()])
def test_utf_16_without_its_mark(site, content):
    site.files["patients.csv"] = content
    site.spec["patients"]["encoding"] = "utf-16"
    assert "patients.csv" in {error.file for error in site.errors()}


@pytest.mark.parametrize("title", ["Our cohort", "sep=;", ""])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_title_that_is_not_stated(site, title, quoting):
    table = PATIENTS.to_csv(index=False, sep=";", quoting=quoting)
    site.files["patients.csv"] = f"{title}\n{table}".encode()
    error = site.errors()[0]
    assert (error.file, error.row, error.rule) == ("patients.csv", 1, "heading missing")


def test_a_first_row_of_values_is_not_shown_though_a_value_is_a_mapped_heading(site):
    one = READINGS[READINGS["reader"] == "A"].drop(columns=["id", "reader"]).reset_index(drop=True)
    site.files = {"patients.csv": PATIENTS.join(one).to_csv(index=False, header=False).encode()}
    site.spec["readings"] |= {"file": "patients.csv", "columns": {"L3": "L3", "csf": "CSF"}}
    del site.spec["readings"]["reader"]
    with pytest.raises(InputError) as caught:
        site.read()
    assert "L3" in PATIENTS.join(one).loc[0].tolist()
    assert not [problem for problem in caught.value.problems if "SECRET" in problem.column]


def test_a_stata_file_that_lost_its_labels(site):
    """Without them a code may be taken for another level."""
    path = site.folder / "patients.dta"
    labels = {"vcf": {0: "no", 1: "yes"}}
    coded = PATIENTS.assign(vcf=PATIENTS["vcf"].astype(int))
    pyreadstat.write_dta(coded, str(path), variable_value_labels=labels)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"<value_labels>") + 60])
    del site.files["patients.csv"]
    site.spec["patients"]["file"] = "patients.dta"
    assert [(error.file, error.rule) for error in site.errors()] == [("patients.dta", "not readable")]
