"""Delimited text files as sheets."""

import csv
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from vbq.ingest.files.sheet import INSPECTED, Settings, Sheet, joined_headings, positions
from vbq.problems import Problems

DELIMITERS = (",", ";", "\t", "|")
ROWS_AT_A_TIME = INSPECTED  # bounds the memory that Python's strings take
BLOCK = 1 << 20
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
csv.field_size_limit(2**31 - 1)  # a long remark is no unclosed quotation mark


def read_text(
    path: Path, file: str, settings: Settings, keep: Collection[str] | None, problems: Problems
) -> Sheet | None:
    """Read the columns `keep` (all if None) of a delimited file; None if it cannot be read at all.

    `file` is its name in problems. Headings and cells are stripped. Rows with too few or too many cells are
    errors and left out; blank rows are left out with a note. Cells are never part of a problem.
    """
    encoding = settings.encoding or "utf-8"
    if not _is_text(path, file, encoding, problems):
        return None
    with path.open(
        encoding="utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding, newline=""
    ) as lines:
        try:
            return _read_lines(lines, path, file, settings, keep, problems)
        except UnicodeError:  # UTF-16 without its mark is one of no particular place
            _add_undecodable(path, file, settings.encoding, problems)
            return None


def sniff_delimiter(line: str) -> str:
    """Return the delimiter that a heading line holds most often outside quotes."""
    outside_quotes = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside_quotes.count)


def _is_text(path: Path, file: str, encoding: str, problems: Problems) -> bool:
    """Whether a file holds text in a known encoding; collects an error if not."""
    try:
        "".encode(encoding)
    except LookupError:
        action = f"Python knows no encoding {encoding!r}: correct `encoding`"
        problems.add(file, "unknown encoding", action)
        return False
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    with path.open("rb") as content:
        block = content.read(BLOCK)
        if block.startswith(UTF16_MARKS) and not wide:
            action = "it is UTF-16: set `encoding: utf-16`, or save it as UTF-8"
            problems.add(file, "not UTF-8", action)
            return False
        blank, row = True, 1
        while block:
            blank = blank and not block.strip()
            before_nul, nul, _ = block.partition(b"\0")
            row += len(before_nul.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) - 1
            if nul and not wide:
                action = "it holds a NUL byte: set `encoding`, or save it as CSV UTF-8"
                problems.add(file, "not a text file", action, row=row)
                return False
            block = content.read(BLOCK)
    if blank:
        problems.add(file, "empty file", "give a file with a heading row and a row per patient")
    return not blank


def _add_undecodable(path: Path, file: str, encoding: str | None, problems: Problems) -> None:
    """Collect an error that tells the first line that is not in the encoding."""
    content = path.read_bytes()
    number, found = 1, "a character that is cut in two"
    try:
        content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding or "utf-8", "replace")
        number = len(before.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        found = f"byte 0x{content[error.start]:02X} in line {number}"
    action = (
        f"{found} is not {encoding}: correct `encoding`"
        if encoding
        else f"{found}: set `encoding: cp1252` (Windows) or `encoding: latin-1`, or save the file as UTF-8"
    )
    problems.add(file, f"not {encoding or 'UTF-8'}", action, row=number)


def _read_lines(
    lines: Iterator[str],
    path: Path,
    file: str,
    settings: Settings,
    keep: Collection[str] | None,
    problems: Problems,
) -> Sheet | None:
    last = settings.headings[-1]
    delimiter = settings.delimiter
    if delimiter is None:
        with path.open(encoding=settings.encoding or "utf-8", newline="") as again:
            delimiter = sniff_delimiter(next(islice(again, last - 1, None), ""))
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    above: list[list[str]] = []
    try:
        above += islice(records, last)
    except csv.Error:
        _add_malformed(file, len(above) + 1, problems)
        return None
    chosen = [above[row - 1] for row in settings.headings if row <= len(above)]
    headings = joined_headings([[cell.strip() for cell in cells] for cells in chosen])
    if not any(headings):
        action = (
            f"row {last} has to hold the headings" if last > 1 else "the first row has to hold the headings"
        )
        problems.add(file, "heading missing", action, row=last)
        return None
    if keep is not None and not set(keep).intersection(headings):
        # What stands in that row may then be a patient: it is not shown.
        action = (
            f"none of the mapped headings stands in row {last}: does the table begin there? If not, give the "
            "row of its headings as `headings`"
        )
        problems.add(file, "heading missing", action, row=last)
        return None
    frame, others, unnamed = _read_rows(records, headings, keep, file, settings, problems)
    if not len(frame.index):
        problems.add(file, "empty file", "there is no row of values below the heading row")
        return None
    return Sheet(tuple(headings), frame, others, last, unnamed)


def _read_rows(
    records: Iterator[list[str]],
    headings: list[str],
    keep: Collection[str] | None,
    file: str,
    settings: Settings,
    problems: Problems,
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[int, ...]]:
    """Return the kept columns, the first rows of the others, and the positions of values without heading."""
    blank_headings = [position for position, heading in enumerate(headings, 1) if not heading]
    kept, free = positions(headings, keep)
    unnamed: set[int] = set()
    blank_rows: list[int] = []
    parts = [pd.DataFrame(columns=list(kept), index=pd.Index([], dtype="int64"), dtype="str")]
    others = pd.DataFrame(columns=list(free), index=pd.Index([], dtype="int64"), dtype="str")
    row = settings.headings[-1]
    for chunk in _chunks(records, row, file, problems):
        numbers, rows = [], []
        for cells in chunk:
            row += 1
            if not any(map(str.strip, cells)):
                blank_rows.append(row)
                continue
            if settings.ragged:
                cells = (cells + [""] * len(headings))[: len(headings)]
            if len(cells) != len(headings):
                action = f"the heading row has {len(headings)} cells, this one {len(cells)}: correct it"
                if len(cells) > len(headings):
                    action += ", or quote cells that hold the delimiter (a decimal comma?)"
                problems.add(file, "wrong number of cells", action, row=row)
            else:
                numbers.append(row)
                rows.append(cells)
        unnamed |= {each for each in blank_headings if any(cells[each - 1].strip() for cells in rows)}
        columns = list(zip(*rows, strict=True)) or [()] * len(headings)
        index = pd.Index(np.asarray(numbers, dtype="int64"))
        if others.empty:
            others = _frame(columns, free, index)
        parts.append(_frame(columns, kept, index))
    if blank_rows:
        action = f"{len(blank_rows)} row(s) without any value, this the first: left out"
        problems.add(file, "blank row", action, row=blank_rows[0], severity="note")
    return pd.concat(parts), others, tuple(sorted(unnamed))


def _frame(columns: list[tuple[str, ...]], which: dict[str, int], index: pd.Index) -> pd.DataFrame:
    cells = {
        heading: pd.Series(columns[position], index=index, dtype="str").str.strip()
        for heading, position in which.items()
    }
    return pd.DataFrame(cells, index=index, columns=list(which))


def _chunks(
    records: Iterator[list[str]], read: int, file: str, problems: Problems
) -> Iterator[list[list[str]]]:
    """Yield the records some at a time, up to the first that cannot be told into cells."""
    while True:
        chunk: list[list[str]] = []
        try:
            for cells in islice(records, ROWS_AT_A_TIME):
                chunk.append(cells)
        except csv.Error:
            _add_malformed(file, read + len(chunk) + 1, problems)
            yield chunk
            return
        if not chunk:
            return
        read += len(chunk)
        yield chunk


def _add_malformed(file: str, row: int, problems: Problems) -> None:
    action = 'a quotation mark (") is not closed, or not doubled inside a cell: no row from here was read'
    problems.add(file, "malformed quotes", action, row=row)
