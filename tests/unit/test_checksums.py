"""Files by their content."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from vbq.checksums import checksum, checksums, fingerprint, unchanged
from vbq.errors import UserError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text("id,age\nA,60\n")
    return path


def test_a_checksum_is_that_of_the_bytes_whatever_the_date(file: Path):
    before = checksum(file)
    os.utime(file, (0, 0))
    assert checksum(file) == before == sha256(b"id,age\nA,60\n").hexdigest()


@pytest.mark.parametrize("name", ["absent.csv", "folder", "pipe"])
def test_what_is_no_file_has_no_checksum_and_is_not_waited_for(tmp_path: Path, name: str):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert checksum(tmp_path / name) == ""


def test_files_per_patient_have_one_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("rois").mkdir()
    for name in ("A_1", "B_1"):
        Path("rois", f"{name}.csv").write_text(name)
    found = checksums(["rois/{id}_{reader}.csv"])
    assert list(found) == ["rois/{id}_{reader}.csv"]
    Path("rois", "B_1.csv").write_text("corrected")
    edited = checksums(["rois/{id}_{reader}.csv"])
    Path("rois", "C_1.csv").write_text("added")
    added = checksums(["rois/{id}_{reader}.csv"])
    assert len({*found.values(), *edited.values(), *added.values()}) == 3


def test_a_folder_has_a_checksum_per_file_but_for_hidden_ones(file: Path):
    (file.parent / ".hidden").write_text("")
    assert checksums([str(file.parent)]) == {str(file): checksum(file)}


def test_a_fingerprint_differs_where_a_content_or_a_value_does(file: Path):
    before = fingerprint([str(file)], 1)
    assert fingerprint([str(file)], 2) != before
    file.write_text("id,age\nA,61\n")
    assert fingerprint([str(file)], 1) != before


def test_a_file_that_stays_the_same_may_be_read(file: Path):
    with unchanged(checksums([str(file)])):
        os.utime(file, (0, 0))


@pytest.mark.parametrize("begins_with", ["the new", "the old"])
def test_a_file_that_changes_is_refused_by_name(file: Path, begins_with: str):
    seen = checksums([str(file)])
    if begins_with == "the new":
        file.write_text("id,age\nA,61\n")
    told = r"patients\.csv: changed .* run the same command again"
    with pytest.raises(UserError, match=told), unchanged(seen):
        file.write_text("id,age\nA,61\n")


def test_what_half_a_file_made_of_the_reader_is_not_told(file: Path):
    def half_a_file():
        file.write_text("id,a")
        raise ValueError("no heading")

    with pytest.raises(UserError, match="changed during the run"), unchanged(checksums([str(file)])):
        half_a_file()
