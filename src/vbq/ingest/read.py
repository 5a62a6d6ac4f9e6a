"""Delimited text files as frames of text. What the text means is decided elsewhere."""

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from vbq.problems import Problems

DELIMITERS = (",", ";", "\t")
ROWS_AT_A_TIME = 20_000  # bounds the memory that Python's strings take
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP_MARK = b"PK\x03\x04"


@dataclass(frozen=True)
class TextFormat:
    """How a delimited file is written; without a delimiter it is told from the heading line."""

    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class TextTable:
    """A file as text: all its headings, and the columns that were kept.

    `frame` has stripped text and, as index, the row of the file (the heading row is 1). `unnamed` are the
    positions, from 1, of columns that have values and no heading.
    """

    headings: tuple[str, ...]
    frame: pd.DataFrame
    unnamed: tuple[int, ...]


def read_table(path: Path, layout: TextFormat, keep: Collection[str], problems: Problems) -> TextTable | None:
    """Read the columns `keep` of a delimited file; None if it cannot be read at all.

    Headings and cells are stripped. Rows with too few or too many cells are errors and left out; blank rows
    are left out with a note. Cells are never part of a problem.
    """
    text = _decode(path, layout.encoding, problems)
    if text is None:
        return None
    if not text.strip():
        problems.add(path.name, "empty file", "give a file with a heading row and a row per patient")
        return None
    # Without newline="" a line break inside a quoted cell would be translated.
    lines = io.StringIO(text, newline="")
    delimiter = layout.delimiter or _sniff_delimiter(text)
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        headings = [heading.strip() for heading in next(records)]
    except csv.Error:
        _add_malformed(path.name, 1, problems)
        return None
    if not any(headings):
        problems.add(path.name, "heading missing", "the first row has to hold the headings", row=1)
        return None
    kept = {heading: position for position, heading in reversed(list(enumerate(headings))) if heading in keep}
    frame, unnamed = _read_rows(records, headings, kept, path.name, problems)
    if not len(frame.index):
        problems.add(path.name, "empty file", "there is no row of values below the heading row")
        return None
    return TextTable(tuple(headings), frame, unnamed)


def _decode(path: Path, encoding: str | None, problems: Problems) -> str | None:
    """Return a file's text without byte-order mark, or None after saying why not."""
    try:
        content = path.read_bytes()
    except OSError:
        problems.add(path.name, "file not found", "correct `file` in the cohort file, or put the file there")
        return None
    if content.startswith(ZIP_MARK):
        problems.add(
            path.name, "not a text file", "it looks like an Excel workbook: save the sheet as CSV UTF-8"
        )
        return None
    if encoding is None and content.startswith(UTF16_MARKS):
        problems.add(path.name, "not UTF-8", "it is UTF-16: set `encoding: utf-16`, or save it as UTF-8")
        return None
    try:
        text = content.decode(encoding or "utf-8")
    except LookupError:
        problems.add(
            path.name, "unknown encoding", f"Python knows no encoding {encoding!r}: correct `encoding`"
        )
        return None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        action = (
            f"byte 0x{content[error.start]:02X} in line {line} is not {encoding}: correct `encoding`"
            if encoding
            else f"byte 0x{content[error.start]:02X} in line {line}: set `encoding: cp1252` (Windows) or "
            "`encoding: latin-1`, or save the file as UTF-8"
        )
        problems.add(path.name, f"not {encoding or 'UTF-8'}", action, row=line)
        return None
    if "\0" in text:
        problems.add(
            path.name, "not a text file", "it holds NUL bytes: set `encoding`, or save it as CSV UTF-8"
        )
        return None
    return text.removeprefix("\ufeff")


def _sniff_delimiter(text: str) -> str:
    """Return the delimiter that the heading line holds most often outside quotes."""
    line = text.partition("\n")[0]
    outside_quotes = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside_quotes.count)


def _read_rows(
    records: Iterator[list[str]], headings: list[str], kept: dict[str, int], file: str, problems: Problems
) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """Return the frame of the kept columns, and the positions of those with values and no heading."""
    blank_headings = [position for position, heading in enumerate(headings, 1) if not heading]
    unnamed: set[int] = set()
    blank_rows: list[int] = []
    parts = [pd.DataFrame(columns=list(kept), index=pd.Index([], dtype="int64"), dtype="str")]
    row = 1
    for chunk in _chunks(records, file, problems):
        numbers, rows = [], []
        for cells in chunk:
            row += 1
            if not any(map(str.strip, cells)):
                blank_rows.append(row)
            elif len(cells) != len(headings):
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
        parts.append(
            pd.DataFrame(
                {
                    heading: pd.Series(columns[position], index=index, dtype="str").str.strip()
                    for heading, position in kept.items()
                },
                index=index,
            )
        )
    if blank_rows:
        action = f"{len(blank_rows)} row(s) without any value, this the first: left out"
        problems.add(file, "blank row", action, row=blank_rows[0], severity="note")
    return pd.concat(parts), tuple(sorted(unnamed))


def _chunks(records: Iterator[list[str]], file: str, problems: Problems) -> Iterator[list[list[str]]]:
    """Yield the records some at a time, up to the first that cannot be told into cells."""
    read = 1
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
