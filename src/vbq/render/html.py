"""One HTML page that needs nothing but itself, from sections of text, entries, tables and pictures.

Text from data and configuration reaches the page through the template, which escapes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vbq.render.comparison import DIFFERS, Table
from vbq.render.labels import INDENT
from vbq.render.pictures import Picture


@dataclass(frozen=True)
class Entry:
    """A statement with its details by name; `anchor` is what a link to it names."""

    anchor: str
    text: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    entries: tuple[Entry, ...] = ()


def html_page(
    title: str,
    provenance: str,
    facts: Mapping[str, str],
    verdict: tuple[str, str],
    sections: Sequence[Section],
    reading: str,
    files: Mapping[str, str],
) -> str:
    """Return a page as HTML text.

    `provenance` stands in the banner; `facts` are what the page is about, by name; `verdict` is its main
    sentence (may be empty) and the anchor of the section that says more; `reading` says how to read it;
    `files` are what lies beside it, by path.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["header_rows"] = header_rows
    return environment.get_template("page.html.jinja").render(
        title=title,
        provenance=provenance,
        facts=facts,
        verdict=verdict[0],
        verdict_anchor=verdict[1],
        sections=sections,
        reading=reading,
        files=files,
        indent=INDENT,
        differs=DIFFERS,
    )


def header_rows(table: Table) -> list[list[tuple[str, int, int]]]:
    """Return the rows of a table's head; each cell is its text, its width in columns and height in rows."""
    columns = table.frame.columns
    if columns.nlevels == 1:
        return [[(str(heading), 1, 1) for heading in columns]]
    top: list[tuple[str, int, int]] = []
    under = []
    pairs: list[Any] = columns.to_list()
    for heading, sub in pairs:
        if sub and top and top[-1][0] == heading:
            top[-1] = (heading, top[-1][1] + 1, 1)
        else:
            top.append((heading, 1, 1 if sub else 2))
        if sub:
            under.append((sub, 1, 1))
    return [top, under]
