"""Excel workbooks as sheets. Values that Excel stored are read; formulas, macros and links do nothing."""

import datetime as dt
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from vbq.ingest.files.sheet import Settings, Sheet, assembled, joined_headings, number_text
from vbq.ingest.files.text import UTF16_MARKS
from vbq.problems import Problems

# Beyond these a workbook is no table of patients; its rows belong into a CSV file.
MOST_BYTES = 60_000_000  # unpacked
MOST_CELLS = 2_000_000
MOST_PARTS = 5_000
MOST_TAGS = 4_000_000  # a cell with a value has four
MOST_MERGED = 200_000  # cells
BLOCK = 1 << 20
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
XML = (".xml", ".rels")
SHEET_NAMED = re.compile(rb"<(?:\w+:)?sheet\s")
CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*ref\s*=\s*["']([A-Z]+\d+:[A-Z]+\d+)["']""")
AS_CSV = "save the sheet as CSV UTF-8"


@dataclass(frozen=True)
class _RefusalError(Exception):
    """Why a workbook cannot be read, and what to do."""

    rule: str
    action: str


BROKEN = ("not readable", f"it is no whole workbook: open it in Excel and save it again, or {AS_CSV}")
TOO_LARGE = ("too large", f"it unpacks to more than a table of patients: {AS_CSV}")


def read_workbook(
    path: Path, file: str, settings: Settings, keep: Collection[str] | None, problems: Problems
) -> Sheet | None:
    """Read the columns `keep` (all if None) of one sheet of a workbook; None if it cannot be read at all.

    A value that is merged over several cells is taken to stand in each. Formulas count with the value that
    Excel stored; one without a stored value is an error.
    """
    try:
        has_formulas = _inspect(path)
        cells = _cells(path, settings, file, problems)
        formulas = _cells(path, settings, file, Problems(), formulas=True) if has_formulas else {}
    except _RefusalError as refusal:
        problems.add(file, refusal.rule, refusal.action)
        return None
    return _as_sheet(cells, formulas, file, settings, keep, problems)


def sheet_names(path: Path) -> list[str]:
    """Return the names of the visible sheets that hold a value; none where the file is no workbook."""
    try:
        _inspect(path)
        book = _load(path, formulas=False)
    except _RefusalError:
        return []
    return [sheet.title for sheet in _filled(book)]


def first_rows(path: Path, sheet: str, number: int) -> list[list[str]]:
    """Return the text of the first rows of a sheet, blank ones too; none where the file is no workbook."""
    try:
        cells = _cells(path, Settings(sheet=sheet), path.name, Problems())
    except _RefusalError:
        return []
    return [[_text(value, ".").strip() for value in cells.get(row, [])] for row in range(1, number + 1)]


def _inspect(path: Path) -> bool:
    """Whether there are formulas in a workbook, found by unpacking it once; raises _RefusalError.

    What its directory promises is not believed: a small archive may unpack to more than the memory holds.
    """
    with path.open("rb") as content:
        if content.read(4) == OLD_EXCEL:
            raise _RefusalError(
                "not readable", "it is an old (.xls) or a protected workbook: save it as .xlsx"
            )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise _RefusalError(*TOO_LARGE)
            seen = [_inspect_part(archive, part) for part in parts if part.filename.endswith(XML)]
            counts = Counter[str]()
            for each in seen:
                counts.update(each)
            # Each of these few bytes would be a cell, an object or a sheet to read again.
            most = {"tags": MOST_TAGS, "cells": MOST_CELLS, "merged": MOST_MERGED, "sheets": len(parts)}
            if any(counts[what] > number for what, number in most.items()):
                raise _RefusalError(*TOO_LARGE)
            return counts["formulas"] > 0
    except _RefusalError:
        raise
    except Exception as error:  # zipfile, zlib and the operating system have errors of their own
        raise _RefusalError(*BROKEN) from error


def _inspect_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Counter[str]:
    """Count what a part of a workbook makes the parser do, and its formulas; raises _RefusalError."""
    from openpyxl.worksheet.cell_range import CellRange

    counts, tail = Counter[str](), b""
    with archive.open(part) as content:  # gives no more than the size that the directory promises
        while block := content.read(BLOCK):
            seen = tail + block
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen or seen.startswith(UTF16_MARKS):
                raise _RefusalError("not readable", f"it holds more than a workbook does: {AS_CSV}")
            whole, end, tail = seen.rpartition(b">")
            if not end:  # the parser would begin a tag as long as this again and again
                raise _RefusalError(*TOO_LARGE)
            # To read a style is a lot of work.
            weight = 1 if re.search("sheet|strings", part.filename, re.IGNORECASE) else 10
            counts["tags"] += weight * whole.count(b"<")
            counts["cells"] += len(CELL.findall(whole + end))
            counts["formulas"] += len(FORMULA.findall(whole + end))
            counts["sheets"] += len(SHEET_NAMED.findall(whole))
            for area in MERGED.findall(whole):
                size = CellRange(area.decode()).size
                counts["merged"] += size["rows"] * size["columns"]
    return counts


def _load(path: Path, formulas: bool) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that are not read anyway
            # By its content: of a path openpyxl looks at the suffix first.
            content = io.BytesIO(path.read_bytes())
            return openpyxl.load_workbook(content, data_only=not formulas, keep_links=False)
    except Exception as error:  # whatever a broken file makes of the parser
        raise _RefusalError(*BROKEN) from error


def _filled(book: Any) -> list[Any]:
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    return [sheet for sheet in sheets if sheet.max_row > 1 or sheet["A1"].value is not None]


def _cells(
    path: Path, settings: Settings, file: str, problems: Problems, formulas: bool = False
) -> dict[int, list[Any]]:
    """Return the cells of the sheet's filled rows, by row; raises _RefusalError."""
    book = _load(path, formulas)
    by_name = {sheet.title: sheet for sheet in book.worksheets}
    if settings.sheet is not None and settings.sheet not in by_name:
        raise _RefusalError("no such sheet", f"`sheet` is one of {', '.join(map(repr, by_name))}: correct it")
    candidates = [by_name[settings.sheet]] if settings.sheet is not None else _filled(book)
    if not candidates:
        raise _RefusalError("empty file", "no sheet has a heading row and a row per patient")
    if len(candidates) > 1:
        names = ", ".join(repr(sheet.title) for sheet in candidates)
        raise _RefusalError("several sheets", f"say which with `sheet`: {names}")
    [sheet] = candidates
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        reach = f"the sheet reaches to row {sheet.max_row}, column {sheet.max_column}"
        raise _RefusalError("too large", f"{reach}: delete what stands beyond the table, or {AS_CSV}")
    rows = {number: [_stored(cell) for cell in row] for number, row in enumerate(sheet.iter_rows(), 1)}
    _spread_merged(rows, sheet, settings, file, problems)
    hidden = [number for number in rows if sheet.row_dimensions[number].hidden]
    if hidden:
        action = f"{len(hidden)} row(s) are hidden, this the first: they are read like the others"
        problems.add(file, "hidden row", action, row=hidden[0], severity="note")
    return {number: row for number, row in rows.items() if any(not _is_blank(value) for value in row)}


def _spread_merged(
    rows: dict[int, list[Any]], sheet: Any, settings: Settings, file: str, problems: Problems
) -> None:
    """Write the value of merged cells into each of them; those below the headings are noted."""
    for area in sheet.merged_cells.ranges:
        value = rows[area.min_row][area.min_col - 1]
        if _is_blank(value):
            continue
        for number in range(area.min_row, area.max_row + 1):
            for position in range(area.min_col - 1, area.max_col):
                rows[number][position] = value
        if area.min_row > settings.headings[-1]:
            action = f"its value is read in all of rows {area.min_row} to {area.max_row}"
            problems.add(file, "merged cells", action, row=area.min_row, severity="warning")


def _as_sheet(
    cells: dict[int, list[Any]],
    formulas: dict[int, list[Any]],
    file: str,
    settings: Settings,
    keep: Collection[str] | None,
    problems: Problems,
) -> Sheet | None:
    last = settings.headings[-1]
    above = [cells.get(row, []) for row in settings.headings]
    headings = joined_headings([[_text(value, ".").strip() for value in row] for row in above])
    if not any(headings):
        problems.add(file, "heading missing", f"row {last} has to hold the headings", row=last)
        return None
    body = {number: row for number, row in cells.items() if number > last}
    if not body:
        problems.add(file, "empty file", "there is no row of values below the heading row")
        return None
    width = max(map(len, body.values()))
    headings += [""] * (width - len(headings))
    index = pd.Index(list(body), dtype="int64")
    columns = {}
    for position, heading in enumerate(headings):
        values = [row[position] if position < len(row) else None for row in body.values()]
        columns[position] = pd.Series(
            [_text(value, settings.decimal) for value in values], index=index, dtype="str"
        ).str.strip()
        if heading and (keep is None or heading in keep):
            for number in _unstored(position, cells, formulas, last):
                action = "the formula has no stored value: open the file in Excel and save it"
                problems.add(file, "formula without a value", action, row=number, column=heading)
    return assembled(headings, columns, keep, heading_row=last)


def _unstored(
    position: int, cells: dict[int, list[Any]], formulas: dict[int, list[Any]], last: int
) -> Iterator[int]:
    """Yield the rows below the headings whose formula has no stored value; an empty text is one."""
    for number, row in formulas.items():
        if number > last and position < len(row) and _is_formula(row[position]):
            stored = cells.get(number, [])
            if position >= len(stored) or stored[position] is None:
                yield number


def _stored(cell: Any) -> Any:
    """Return a cell's value; a formula whose stored result is an empty text has that, not None."""
    return "" if cell.value is None and cell.data_type == "str" else cell.value


def _is_formula(value: Any) -> bool:
    return (isinstance(value, str) and value.startswith("=")) or hasattr(value, "ref")


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: Any, decimal: str) -> str:
    """Return a cell as it would be typed into a text file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value, decimal)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
