"""A file as text: what every format is read into."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

INSPECTED = 20_000  # rows of the columns that nobody mapped, which are searched for identifying content


@dataclass(frozen=True)
class Settings:
    """How one file is written, as the cohort file says.

    `delimiter` and `encoding` are those of text; `decimal` is its decimal mark, and the one with which
    numbers of other formats are written into cells. `sheet` is that of a workbook, `headings` are the rows
    that hold the headings (from 1), `dictionary` is the path of a REDCap data dictionary, `ragged` allows
    rows that are longer than the headings.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str = "."
    sheet: str | None = None
    headings: tuple[int, ...] = (1,)
    dictionary: str | None = None
    ragged: bool = False


@dataclass(frozen=True)
class Sheet:
    """A file as text: all its headings, and the columns that were kept.

    `frame` has the stripped text of the columns that were asked for (empty text where a cell is blank) and,
    as index, the row of the file. `others` has the first rows of all other columns. `heading_row` is where
    the headings stand, None in formats that have no such row. `unnamed` are the positions, from 1, of columns
    that have values and no heading; `labels` the label of each code of a column, where the file has them (its
    cells hold the labels); `identifying` the headings that the file itself marks as identifying; `lacking`,
    of several files that stand one below the other, the headings that each of them lacks;
    `titles` what a statistical file says of a column, by its heading.
    """

    headings: tuple[str, ...]
    frame: pd.DataFrame
    others: pd.DataFrame
    heading_row: int | None = 1
    unnamed: tuple[int, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    identifying: frozenset[str] = frozenset()
    lacking: Mapping[str, frozenset[str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


def joined_headings(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one heading a column from several rows of headings, the upper ones first.

    A blank cell of an upper row belongs to the heading at its left, as in a merged cell, wherever a lower
    row has a heading.
    """
    width = max(map(len, rows), default=0)
    padded = [[*cells, *[""] * (width - len(cells))] for cells in rows]
    joined = []
    spans = [""] * len(padded)
    for position in range(width):
        cells = [row[position] for row in padded]
        lowest = max((level for level, cell in enumerate(cells) if cell), default=-1)
        for level, cell in enumerate(cells):
            if cell:
                spans[level:] = [cell, *[""] * (len(spans) - level - 1)]
        parts = [cell or (spans[level] if level < lowest else "") for level, cell in enumerate(cells)]
        joined.append(" ".join(part for part in dict.fromkeys(parts) if part))
    return joined


def positions(headings: Sequence[str], keep: Collection[str] | None) -> tuple[dict[str, int], dict[str, int]]:
    """Return the first position of each heading of `keep` (all if None), and of each other one."""
    first: dict[str, int] = {}
    for position, heading in enumerate(headings):
        if heading:
            first.setdefault(heading, position)
    kept = {heading: position for heading, position in first.items() if keep is None or heading in keep}
    return kept, {heading: position for heading, position in first.items() if heading not in kept}


def number_text(number: float, decimal: str) -> str:
    """Return a number as it would be typed: no needless decimals, with the file's decimal mark."""
    text = str(int(number)) if abs(number) < 1e15 and number == int(number) else repr(float(number))
    return text.replace(".", decimal)


def assembled(
    headings: Sequence[str],
    columns: Mapping[int, pd.Series],
    keep: Collection[str] | None,
    **more: Any,
) -> Sheet:
    """Return the sheet of a table whose columns of text are known by position."""
    kept, free = positions(headings, keep)
    index = next(iter(columns.values())).index
    frame = pd.DataFrame({heading: columns[position] for heading, position in kept.items()}, index=index)
    others = pd.DataFrame({heading: columns[position] for heading, position in free.items()}, index=index)
    unnamed = tuple(p + 1 for p, h in enumerate(headings) if not h and (columns[p] != "").any())
    return Sheet(tuple(headings), frame, others.head(INSPECTED), unnamed=unnamed, **more)
