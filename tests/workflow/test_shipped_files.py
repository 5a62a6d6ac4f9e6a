"""The files that ship and are made: made again, they are the same, and nothing in data/ is touched."""

from pathlib import Path

import pytest
from project_copy import Copy, checksums, copy_project

FOLDERS = {
    "reconstruction": "data/ehresman2019",
    "simulated_paper": "data/published/simulated_example",
    "simulated_files": "data/examples/simulated_site",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_project(tmp_path_factory.mktemp("shipped"))


@pytest.mark.parametrize("made", FOLDERS)
def test_made_again_they_are_the_committed_bytes(copy: Copy, made: str):
    copy.snakemake(f"results/{made}/comparison.txt")
    said = (copy.results(made) / "comparison.txt").read_text()
    names = said.removeprefix("Made again, byte for byte: ").strip().split(", ")
    assert len(names) > 1
    for name in map(Path, names):
        assert str(name.parent) == FOLDERS[made]
        assert (copy.path / name).read_bytes() == (copy.results(made) / name.name).read_bytes()


def test_where_they_differ_it_says_how_much_and_overwrites_nothing(copy: Copy):
    file = copy.path / "data" / "ehresman2019" / "patients.csv"
    before = file.read_text()
    file.write_text(before.replace(",philips\n", ",toshiba\n"))
    rows, cells = before.count(",philips\n"), 105 * len(before.splitlines()[0].split(","))
    changed = checksums(copy.path / "data")
    output = copy.snakemake("results/reconstruction/comparison.txt", fails=True)
    assert f"patients.csv: {rows} of {cells} cells differ (rows: {rows})\n" in output
    assert "cp results/reconstruction/patients.csv data/ehresman2019/patients.csv" in output
    assert "Traceback" not in output
    assert "toshiba" not in output
    assert checksums(copy.path / "data") == changed
