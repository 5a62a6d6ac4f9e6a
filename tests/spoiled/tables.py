"""Tables as a site has them, and how they become files of each format."""

import csv
import io
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat

STATISTICAL = ("parquet", "sav", "dta", "xpt")
SUFFIXES = {
    "csv": ".csv",
    "xlsx": ".xlsx",
    "parquet": ".parquet",
    "sav": ".sav",
    "dta": ".dta",
    "xpt": ".xpt",
}


class Raw(str):
    """A cell that is written as it stands: no decimal comma, no type."""

    __slots__ = ()


@dataclass
class How:
    """How a table is written. Each field is used by the formats that know it."""

    delimiter: str = ","
    newline: str = "\n"
    encoding: str = "utf-8"
    mark: bytes = b""  # before the first line
    decimal: str = "."
    quoting: int = csv.QUOTE_MINIMAL
    padding: str = ""
    titles: tuple[str, ...] = ()
    blank_rows: frozenset[int] = frozenset()  # the rows before which one stands
    blank_columns: int = 0
    points: bool = False  # more cells than headings, as OsiriX writes
    typed: bool = True
    merged_ids: bool = False
    more_sheets: tuple[tuple[str, bool], ...] = ()  # title, and whether it is hidden
    declared_missing: float | None = None


@dataclass(eq=False)
class Table:
    """A table: headings and cells by the key of their column.

    `missing` is the code for no value. `groups` are upper headings of adjacent columns, whose own heading is
    then the whole of both, and `coded` the columns that hold codes with value labels (but for `unlabeled`
    words) where the format has them. A damage may change a line of text (`lines`, by row) or its bytes
    (`line_bytes`), and the whole file (`whole`). Writing sets `numbers`, the row of the file of each row. A
    file that is renamed later is called `shown`.
    """

    path: str
    format: str
    headings: dict[str, str]
    rows: list[dict[str, Any]]
    how: How
    sheet: str = ""
    missing: str = ""
    groups: dict[str, str] = field(default_factory=dict)
    coded: dict[str, list[str]] = field(default_factory=dict)
    unlabeled: dict[str, set[str]] = field(default_factory=dict)
    lines: dict[int, Callable[[str], str]] = field(default_factory=dict)
    line_bytes: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    whole: Callable[[bytes], bytes] | None = None
    numbers: list[int] = field(default_factory=list)
    shown: str = ""

    @property
    def label(self) -> str:
        """How problems call the file."""
        return PurePath(self.shown or self.path).name + (f", sheet {self.sheet}" if self.sheet else "")

    @property
    def heading_row(self) -> int | None:
        """The row of the headings, None in formats without one."""
        if self.format in STATISTICAL:
            return None
        return len(self.how.titles) + (2 if self.groups else 1)

    @property
    def heading_rows(self) -> list[int]:
        """All rows of the headings."""
        first = len(self.how.titles) + 1
        return [first, first + 1] if self.groups else [first]


def is_number(cell: Any) -> bool:
    """Whether a cell is a plain number."""
    try:
        return not isinstance(cell, Raw) and np.isfinite(float(cell))
    except (TypeError, ValueError):
        return False


def numeric_keys(table: Table) -> set[str]:
    """Return the columns whose filled cells are plain numbers, but for those that were spoiled."""
    keys = set()
    for key in table.headings:
        cells = [row.get(key, "") for row in table.rows]
        filled = [cell for cell in cells if cell not in ("", table.missing) and not isinstance(cell, Raw)]
        if filled and all(is_number(cell) and not str(cell).startswith("00") for cell in filled):
            keys.add(key)
    return keys


def write(tables: Iterable[Table], folder: Path) -> None:
    """Write tables; sheets of one workbook go into one file."""
    books: dict[str, list[Table]] = {}
    for table in tables:
        path = folder / table.path
        path.parent.mkdir(exist_ok=True)
        if table.format == "csv":
            path.write_bytes(text_of(table))
        elif table.format == "xlsx":
            books.setdefault(table.path, []).append(table)
        else:
            write_statistical(table, path)
    for name, sheets in books.items():
        write_workbook(sheets, folder / name)
    for table in tables:
        if table.whole is not None:
            path = folder / table.path
            path.write_bytes(table.whole(path.read_bytes()))


def heading_lines(table: Table) -> list[list[str]]:
    """Return the cells of the rows of headings. Columns of no group stand in the upper one."""
    whole = list(table.headings.values())
    if not table.groups:
        return [whole]
    upper, lower, last = [], [], ""
    for key, heading in table.headings.items():
        group = table.groups.get(key, "")
        upper.append(heading if not group else group if group != last else "")
        lower.append(heading.removeprefix(f"{group} ") if group else "")
        last = group
    return [upper, lower]


def text_of(table: Table) -> bytes:
    """Return a delimited file."""
    how, numeric = table.how, numeric_keys(table)

    def line(cells: Iterable[str]) -> str:
        written = io.StringIO()
        csv.writer(written, delimiter=how.delimiter, quoting=how.quoting).writerow(cells)
        return written.getvalue().removesuffix("\r\n")

    def cell(key: str, value: Any) -> str:
        text = str(value)
        if key in numeric and is_number(value):
            text = text.replace(".", how.decimal)
        return f"{pad}{text}{pad}"

    pad, blank = how.padding, [""] * how.blank_columns
    whole = list(how.titles)
    whole += [line([*(f"{pad}{cell}{pad}" for cell in cells), *blank]) for cells in heading_lines(table)]
    changed_bytes = {}
    table.numbers = []
    for number, row in enumerate(table.rows):
        if number in how.blank_rows:
            whole.append(how.delimiter * (len(table.headings) + len(blank) - 1) if number % 2 else "")
        cells = [cell(key, row.get(key, "")) for key in table.headings]
        points = ["1.5", "2.25"] * (3 + number % 5) if how.points else []
        text = line([*cells, *blank, *points])
        if change := table.lines.get(number):
            text = change(text)
        if number in table.line_bytes:
            changed_bytes[len(whole)] = table.line_bytes[number]
        whole.append(text)
        table.numbers.append(len(whole))
    if len(table.rows) in how.blank_rows:
        whole += ["", ""]
    encoded = [f"{text}{how.newline}".encode(how.encoding, "surrogatepass") for text in whole]
    for position, change_bytes in changed_bytes.items():
        encoded[position] = change_bytes(encoded[position])
    return how.mark + b"".join(encoded)


def write_workbook(tables: list[Table], path: Path) -> None:
    """Write a workbook with a sheet per table."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for table in tables:
        sheet = book.create_sheet(table.sheet or "Tabelle1")
        _fill(sheet, table)
        for title, is_hidden in table.how.more_sheets:
            other = book.create_sheet(title)
            other.append(["Code", "Label"])
            other.append([1, "yes"])
            other.sheet_state = "hidden" if is_hidden else "visible"
    book.save(path)


def _fill(sheet: Any, table: Table) -> None:
    how, numeric = table.how, numeric_keys(table)
    for title in how.titles:
        sheet.append([title])
    for cells in heading_lines(table):
        sheet.append([cell or None for cell in cells])
    first = len(how.titles) + 1
    if table.groups:
        for position, key in enumerate(table.headings, 1):
            if key not in table.groups:
                sheet.merge_cells(
                    start_row=first, end_row=first + 1, start_column=position, end_column=position
                )
        members = [position for position, key in enumerate(table.headings, 1) if key in table.groups]
        sheet.merge_cells(start_row=first, end_row=first, start_column=members[0], end_column=members[-1])
    number = table.heading_rows[-1]
    table.numbers = []
    for order, row in enumerate(table.rows):
        number += 2 if order in how.blank_rows else 1
        table.numbers.append(number)
        for position, key in enumerate(table.headings, 1):
            value = row.get(key, "")
            if value == "":
                continue
            if isinstance(value, str) and key in numeric and is_number(value):
                value = _typed(value) if how.typed else value.replace(".", how.decimal)
            sheet.cell(number, position, str(value) if isinstance(value, str) else value)
    if how.merged_ids:
        _merge_ids(sheet, table)


def _merge_ids(sheet: Any, table: Table) -> None:
    position = list(table.headings).index("id") + 1
    start = 0
    for order in range(1, len(table.rows) + 1):
        if order == len(table.rows) or table.rows[order]["id"] != table.rows[start]["id"]:
            if order - start > 1:
                first, last = table.numbers[start], table.numbers[order - 1]
                sheet.merge_cells(start_row=first, end_row=last, start_column=position, end_column=position)
            start = order


def _typed(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() and "." not in text else number


def write_statistical(table: Table, path: Path) -> None:
    """Write a Parquet, SPSS, Stata or SAS transport file; a column with a spoiled cell is one of text."""
    numeric = numeric_keys(table)
    columns: dict[str, Any] = {}
    labels: dict[str, dict[int, str]] = {}
    for key, heading in table.headings.items():
        cells = [row.get(key, "") for row in table.rows]
        known = {"", table.missing, *table.coded.get(key, ())}
        if key in table.coded and table.format in ("sav", "dta") and set(cells) <= known:
            codes = {word: code for code, word in enumerate(table.coded[key], 1)}
            columns[heading] = [float(codes.get(cell, cell)) if cell else np.nan for cell in cells]
            unlabeled = table.unlabeled.get(key, set())
            labels[heading] = {code: word for word, code in codes.items() if word not in unlabeled}
        elif key in numeric and not any(isinstance(cell, Raw) for cell in cells):
            columns[heading] = [float(cell) if cell != "" else np.nan for cell in cells]
        else:
            columns[heading] = [str(cell) for cell in cells]
    frame = pd.DataFrame(columns)
    table.numbers = list(range(1, len(frame) + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyreadstat's, of pandas
        if table.format == "parquet":
            frame.to_parquet(path, index=False)
        elif table.format == "sav":
            missing = table.how.declared_missing
            ranges = (
                {} if missing is None else {name: [{"lo": missing, "hi": missing}] for name in _floats(frame)}
            )
            pyreadstat.write_sav(frame, str(path), variable_value_labels=labels, missing_ranges=ranges)
        elif table.format == "dta":
            whole = frame.copy()
            for name in labels:
                whole[name] = whole[name].astype("Int64" if whole[name].isna().any() else "int64")
            pyreadstat.write_dta(whole, str(path), variable_value_labels=labels)
        else:
            pyreadstat.write_xport(frame, str(path), file_format_version=8, table_name="ROWS")


def _floats(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if frame[name].dtype == "float64"]
