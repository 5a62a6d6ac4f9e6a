"""Any path of a site's files: it works, or one line says why not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ingest_site import Site

from vbq.command import main
from vbq.errors import UserError
from vbq.ingest.propose import propose_cohort_file
from vbq.paths import files_of

PLAN = "config/plans/ehresman2019.yaml"
ODD = [
    "with space",
    "it's",
    "\u00e9\u4e2d",
    "{x}",
    "a*[b]?",
    "100%",
    "$HOME",
    "a;b",
    "-a",
    "#1",
    '"q"',
    "a\\b",
]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def split(site, form):
    """Write a file per patient and reader, named by a form, in place of the readings file."""
    readings = site.files.pop("readings.csv")
    for (patient, reader), rows in readings.groupby(["id", "reader"]):
        path = site.folder / form.format(id=patient, reader=reader)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.drop(columns=["id", "reader"]).to_csv(path, index=False)
    section = site.spec["readings"]
    del section["id"], section["reader"]


@pytest.mark.parametrize("folder", ODD)
def test_a_folder_of_any_name(site, folder):
    inside = Site(site.folder / folder)
    inside.folder.mkdir()
    split(inside, "{id}_{reader}.csv")
    inside.spec["readings"]["file"] = str(inside.folder / "{id}_{reader}.csv")
    inside.spec["patients"]["file"] = str(inside.folder / "patients.csv")
    assert len(inside.read().cohort) == 6


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("rois/{id}/{id}_{reader}.csv", "rois/{id}/{id}_{reader}.csv"),
        ("rois/{id}-{reader}-{id}.csv", "./rois//{id}-{reader}-{id}.csv"),
        ("rois/{id}/{reader}/rois.csv", "rois/../rois/{id}/{reader}/rois.csv"),
    ],
)
def test_a_patient_named_twice_and_paths_that_are_not_plain(site, form, file):
    split(site, form)
    site.spec["readings"]["file"] = file
    assert len(site.read().cohort) == 6


def test_the_two_names_of_a_patient_must_agree(tmp_path):
    for name in ("a/a.csv", "b/a.csv", "b/b.csv", "c/none.txt", "b/b.csv.csv/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "file").write_text("x")
    assert [(found.path, found.id) for found in files_of("{id}/{id}.csv", tmp_path)] == [
        (tmp_path / "a/a.csv", "a"),
        (tmp_path / "b/b.csv", "b"),
    ]


def test_a_link_that_leads_nowhere_is_told(site):
    split(site, "rois/{id}_{reader}.csv")
    site.spec["readings"]["file"] = "rois/{id}_{reader}.csv"
    (site.folder / "rois" / "SECRET7_A.csv").symlink_to("nowhere")
    [error] = site.errors()
    assert (error.file, error.rule) == ("{id}_{reader}.csv, file 13", "file not found")


def test_a_name_that_is_not_utf8_is_told_without_it(site):
    split(site, "rois/{id}_{reader}.csv")
    site.spec["readings"]["file"] = "rois/{id}_{reader}.csv"
    raw = os.fsencode(site.folder) + b"/rois/SECRET\xe9_A.csv"
    Path(os.fsdecode(raw)).write_text("x")
    [error] = site.errors()
    assert str(error) == (
        "{id}_{reader}.csv: - files not found - rois/{id}_{reader}.csv: names of files that are not UTF-8: "
        "rename them (1 in number)"
    )


def test_a_folder_that_cannot_be_looked_into_hides_no_patient(tmp_path, monkeypatch):
    def denied(_):
        raise PermissionError(13, "Permission denied", "secret")

    (tmp_path / "rois").mkdir()
    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(UserError) as raised:
        files_of("rois/{id}.csv", tmp_path)
    assert str(raised.value) == (
        "rois/{id}.csv: a folder of this form cannot be looked into: Permission denied"
    )


@pytest.mark.parametrize(
    ("file", "told"),
    [("/dev/zero", "a pipe or a device"), ("pipe", "a pipe or a device"), ("folder", "a folder")],
)
def test_what_is_no_file(site, file, told):
    os.mkfifo(site.folder / "pipe")
    (site.folder / "folder").mkdir()
    site.spec["readings"]["file"] = file
    [error] = site.errors()
    assert error.action.startswith(f"it is {told}, not a file: correct `file`")


def test_a_file_that_cannot_be_read(site, monkeypatch):
    opened = Path.open

    def some(path, *arguments, **named):
        if path.name == "readings.csv" and "r" in "".join(arguments):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", some)
    [error] = site.errors()
    assert (error.file, error.rule) == ("readings.csv", "file cannot be read")


def test_the_command_names_what_it_cannot(tmp_path, capsys, monkeypatch):
    assert main(["check", "config/caf\udce9.yaml"]) == 1
    assert capsys.readouterr().err == "'config/caf\\udce9.yaml': a name that is not UTF-8: rename it\n"
    device = tmp_path / "device.yaml"
    device.symlink_to("/dev/zero")
    assert main(["check", str(device)]) == 1
    assert capsys.readouterr().err == f"{device}: it is a pipe or a device, not a file\n"
    folder = tmp_path / "files"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.csv")).write_text("id,age\n1,60\n")
    with pytest.raises(UserError, match="there is no file with patients"):
        propose_cohort_file("site", [str(folder)], PLAN)


def test_what_cannot_be_read_is_said_before_anything_slow_is_imported(tmp_path):
    file = tmp_path / "twice.yaml"
    file.write_text("title: a\ntitle: b\n")
    asked = (
        "import sys; from vbq.command import main; "
        f"status = main(['check', {str(file)!r}]); assert 'pandas' not in sys.modules; sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert done.stderr == f"{file}:2: `title` is already given in line 1: remove one of them\n"
    assert done.returncode == 1


def test_one_cell_with_two_meanings(site):
    site.map(
        "sex", {"column": "sex", "levels": {"f": "female", "M": "male", "F ": "male", "female": 0, "Male": 1}}
    )
    errors = [error for error in site.errors() if error.file == "cohort file"]
    assert ("level with two meanings", "F ") in [(error.rule, error.value) for error in errors]


def test_a_label_of_two_values_is_known_as_none(site):
    levels = {"0": "none", "1": "some", "2": "Some"}
    own = {"grade": {"label": "Grade", "kind": "ordinal", "levels": levels}}
    site.files["patients.csv"]["grade"] = ["none", "some", "2", "1", "0", "none"]
    site.map("grade", "grade")
    site.spec["variables"] = own
    [error] = site.errors()
    assert (error.row, error.value, error.rule) == (3, "some", "unknown level")
