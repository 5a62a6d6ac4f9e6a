"""What a document is made of, whatever it is written as: a page, a PDF or Word tables.

Every text is plain text, and may come from data or configuration: what writes it escapes it.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec

import pandas as pd
from markupsafe import Markup

from vbq.errors import INSTEAD, part_of_a_document

P = ParamSpec("P")


@dataclass(frozen=True)
class Table:
    """One table: its caption, the text of its cells, and the notes under it.

    The columns of `frame` are headings, or pairs of a heading and the one under it (MultiIndex); the
    first column names the row. `groups` has a heading for each row, shown where it changes; `strong`
    the positions (row, column) of the cells in bold; `sources` the tidy tables that it shows, which have
    every digit, method and n.
    """

    caption: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    strong: frozenset[tuple[int, int]] = frozenset()
    sources: tuple[str, ...] = ()

    @property
    def headings(self) -> list[tuple[str, str]]:
        """The heading of each column, and the one under it, "" where there is none."""
        columns: list[Any] = self.frame.columns.to_list()
        return columns if self.frame.columns.nlevels > 1 else [(str(heading), "") for heading in columns]


def one_table(make: Callable[P, Table]) -> Callable[P, Table]:
    """Let an error of a function cost its table alone: a table that says so stands in its place."""
    name = make.__name__.replace("_", " ").strip().capitalize()

    @wraps(make)
    def made(*arguments: P.args, **named: P.kwargs) -> Table:
        """Return the table, or the one that stands in its place."""
        return part_of_a_document(
            name,
            lambda: make(*arguments, **named),
            lambda: Table(name, pd.DataFrame({"Not made": [INSTEAD]}, dtype=str)),
        )

    return made


@dataclass(frozen=True)
class Picture:
    """A figure, as SVG that may stand inside a page.

    `number` ("Figure 2") is empty for one that the publication does not have; `alt` says what is seen;
    `shape` is narrow or wide; `file` is its path without the extension.
    """

    svg: Markup
    number: str
    caption: str
    alt: str
    shape: str
    file: str


@dataclass(frozen=True)
class Entry:
    """A statement with its details by name; `anchor` is what a link to it names."""

    anchor: str
    text: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A part of the document with a heading."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A sentence of the opening, and the anchor of the section that says more."""

    text: str
    anchor: str


@dataclass(frozen=True)
class Document:
    """A whole document.

    `provenance` stands at its head; `facts` are what it is about, by name; `findings` its main sentences;
    `reading` says how to read it; `files` are what lies beside it, by path; `rows` the tidy tables that
    tables name as their sources.
    """

    title: str
    provenance: str
    facts: Mapping[str, str]
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    reading: str
    files: Mapping[str, str]
    rows: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def safe(text: str) -> str:
    """Return a text without unseen characters that change what is seen: controls, directions, surrogates."""
    return "".join(
        character
        for character in text
        if character in "\n\t\u00ad\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )


def header_rows(table: Table) -> list[list[tuple[str, int, int]]]:
    """Return the rows of a table's head; each cell is its text, its width in columns and height in rows."""
    if table.frame.columns.nlevels == 1:
        return [[(heading, 1, 1) for heading, _ in table.headings]]
    top: list[tuple[str, int, int]] = []
    under = []
    for heading, sub in table.headings:
        if sub and top and top[-1][0] == heading:
            top[-1] = (heading, top[-1][1] + 1, 1)
        else:
            top.append((heading, 1, 1 if sub else 2))
        if sub:
            under.append((sub, 1, 1))
    return [top, under]
