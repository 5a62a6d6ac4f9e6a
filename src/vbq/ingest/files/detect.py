"""How an unknown file is written: its encoding, its delimiter, its sheets, the rows of its headings."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vbq.ingest.files import SUFFIXES, ZIP_MARK, Settings, Sheet, read_sheet
from vbq.ingest.files.text import DELIMITERS, UTF16_MARKS
from vbq.ingest.files.viewers import recognize
from vbq.ingest.files.workbook import first_rows, sheet_names
from vbq.paths import is_unicode, unusable
from vbq.problems import Problems

LOOKED_AT = 50  # rows
UNDEFINED_IN_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


@dataclass(frozen=True)
class Detected:
    """A file, or a sheet of a workbook, with the settings by which it was read and all its columns."""

    path: str
    settings: Settings
    sheet: Sheet


def detect(path: str, ragged: bool, problems: Problems) -> list[Detected]:
    """Read a file of unknown format: of a workbook every visible sheet with values. Collects what fails."""
    file = Path(path)
    if not is_unicode(path):
        problems.add(path, "name not UTF-8", "a cohort file cannot name it: rename the file")
        return []
    if why := unusable(file):
        problems.add(path, "file not found", f"{why}: give the path of a file")
        return []
    with file.open("rb") as content:
        first = content.read(4)
    if first == ZIP_MARK and file.suffix.lower() != ".parquet":
        names = sheet_names(file)
        found = [
            Settings(
                sheet=name if len(names) > 1 else None,
                headings=heading_rows(first_rows(file, name, LOOKED_AT)),
            )
            for name in names
        ] or [Settings()]
    elif file.suffix.lower() in (*SUFFIXES, ".parquet"):
        found = [Settings()]
    else:
        found = [_text_settings(file, ragged)]
    read = [(settings, read_sheet(file, file.name, settings, None, problems)) for settings in found]
    return [Detected(path, settings, sheet) for settings, sheet in read if sheet is not None]


def _text_settings(path: Path, ragged: bool) -> Settings:
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding or "utf-8-sig", newline="") as lines:
            first = list(islice(lines, LOOKED_AT))
    except UnicodeError:
        return Settings()
    delimiter = _delimiter(first)
    try:
        rows = [[cell.strip() for cell in cells] for cells in csv.reader(first, delimiter=delimiter)]
    except csv.Error:
        rows = []
    # A viewer's rows may be far longer than its headings, which then do not look as wide as the table.
    of_viewer = next(((number,) for number, cells in enumerate(rows, 1) if recognize(cells)), None)
    headings = of_viewer or heading_rows(rows)
    return Settings(delimiter=delimiter, encoding=encoding, headings=headings, ragged=ragged)


def _encoding(path: Path) -> str | None:
    """Return the encoding of a text file, None for UTF-8."""
    content = path.read_bytes()
    if content.startswith(UTF16_MARKS):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1" if any(byte in content for byte in UNDEFINED_IN_CP1252) else "cp1252"
    return None


def _delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that tells most lines into the same number of cells, more than one."""

    def agreement(delimiter: str) -> tuple[int, int]:
        """Return how many lines have the commonest number of cells, and that number."""
        try:
            widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if any(cells))
        except csv.Error:
            return 0, 0
        width, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        return (rows, width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=agreement)


def heading_rows(rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the rows (from 1) that hold the headings: the first that is as wide as a table, titles left out.

    The row below is one of them, too, where the first has merged cells (blank, or repeated) and the columns
    under the second hold numbers.
    """
    width = max((sum(map(bool, cells)) for cells in rows), default=0)
    enough = max(min(width, 2), width / 2)  # a title has one filled cell, whatever the width of its table
    wide = [number for number, cells in enumerate(rows) if sum(map(bool, cells)) >= enough]
    if not wide:
        return (1,)
    first = wide[0]
    upper, lower, below = rows[first], [*rows[first + 1 : first + 2], []][0], rows[first + 2 :]
    filled = [position for position, cell in enumerate(lower) if cell]
    merged = any(
        position >= len(upper) or not upper[position] or upper[position] == upper[position - 1]
        for position in filled
        if position
    )
    heads_numbers = any(_are_numbers([cells[p] for cells in below if p < len(cells)]) for p in filled)
    if merged and heads_numbers and not any(map(_is_number, lower)):
        return first + 1, first + 2
    return (first + 1,)


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return 2 * sum(map(_is_number, filled)) > len(filled)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
