"""What a run writes is whole; what is no longer so is named, with what to do."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project_copy import PROJECT

from vbq.errors import UserError
from vbq.run import (
    read_as_printed,
    read_figures,
    read_record,
    read_rows,
    read_table,
    whole_folder,
    write_csv,
    write_whole,
)

TABLE = pd.DataFrame({"term": ["age", "vbq"], "estimate": [0.25, np.nan], "method": ["Wald", "profile"]})
SVG = '<svg xmlns="http://www.w3.org/2000/svg">\n<g/>\n</svg>\n'
RECORD = {"cohort": "a", "plan": {"alpha": 0.05, "score": ["vbq"]}, "seed": 1, "resamples": 2000}


def content_of(kind: str) -> bytes:
    """The bytes of an intermediate file of a kind."""
    written = BytesIO()
    if kind == "cohort.parquet":
        TABLE.to_parquet(written)
        return written.getvalue()
    texts = {
        "table.csv": TABLE.to_csv(index=False, lineterminator="\n"),
        "figures/roc.svg": SVG,
        "run.yaml": yaml.safe_dump(RECORD, sort_keys=False),
    }
    return texts[kind].encode()


READERS = {
    "cohort.parquet": read_rows,
    "table.csv": read_table,
    "figures/roc.svg": lambda path: read_figures(path.parent),
    "run.yaml": read_record,
}


@pytest.mark.parametrize("kind", READERS)
def test_what_was_cut_short_is_named_with_what_to_do(tmp_path: Path, kind: str):
    content, path = content_of(kind), tmp_path / kind
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    READERS[kind](path)
    # A table that ends between two rows is taken for whole: see `read_as_printed`. The last byte of a picture
    # is the end of a line.
    ends = {m.end() for m in re.finditer(b"\n", content)} if kind == "table.csv" else {len(SVG) - 1}
    for length in [n for n in range(len(content)) if n not in ends]:
        path.write_bytes(content[:length])
        with pytest.raises(UserError) as told:
            READERS[kind](path)
        what = f"the folder {path.parent}" if path.suffix == ".svg" else "it"
        assert str(told.value) == f"{path} is damaged: delete {what}, and the same command makes it again"


@pytest.mark.parametrize("kind", ["cohort.parquet", "table.csv", "run.yaml"])
def test_what_became_something_else_is_named(tmp_path: Path, kind: str):
    path = tmp_path / kind
    path.write_bytes(b"\x00\xff" * 100)
    with pytest.raises(UserError, match="is damaged: delete it"):
        READERS[kind](path)


def test_a_table_comes_back_as_it_was(tmp_path: Path):
    write_csv(TABLE, str(tmp_path / "table.csv"))
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.csv"), TABLE)
    assert read_as_printed(tmp_path / "table.csv")["estimate"].tolist() == ["0.25", ""]


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path):
    folder = tmp_path / "figures"
    with whole_folder(folder) as part:
        (part / "old.svg").write_text(SVG)

    def half_a_figure(part: Path):
        (part / "new.svg").write_text("<svg")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), whole_folder(folder) as part:
        half_a_figure(part)
    assert [path.name for path in folder.iterdir()] == ["old.svg"]
    with whole_folder(folder) as part:
        (part / "new.svg").write_text(SVG)
    assert [path.name for path in folder.iterdir()] == ["new.svg"]
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "x.csv"
    write_whole("old\n", path)

    def full(file: Path, content: bytes) -> int:
        with file.open("wb") as part:
            part.write(content[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole("new\n", path)
    assert path.read_text() == "old\n"


def test_there_is_one_way_to_write_a_file():
    direct = re.compile(r"write_text\(|write_bytes\(|open\([^)]*\"[wx]b?\"|to_(csv|parquet)\((?!index=|sep=)")
    writes = {
        str(path.relative_to(PROJECT))
        for folder in ("src", "workflow/scripts")
        for path in (PROJECT / folder).rglob("*.py")
        if direct.search(path.read_text())
    }
    assert writes == {"src/vbq/run.py"}


def test_numbers_of_a_table_have_twelve_significant_digits(tmp_path):
    table = pd.DataFrame(
        {
            "sum": [0.1 + 0.2, 2 / 3, None],
            "small": [1.23456789012345e-300, -4.0000000000000001e-17, float("inf")],
            "mixed": [0.1 + 0.2, "0.30000000000000004", None],
            "count": [1, 10**15 + 1, 3],
        }
    )
    write_csv(table, str(tmp_path / "table.csv"))
    assert (tmp_path / "table.csv").read_text().splitlines() == [
        "sum,small,mixed,count",
        "0.3,1.23456789012e-300,0.3,1",
        "0.666666666667,-4e-17,0.30000000000000004,1000000000000001",
        ",inf,,3",
    ]
