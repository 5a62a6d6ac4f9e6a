"""One HTML page that needs nothing but itself.

Text from data and configuration reaches the page through the template, which escapes it.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from vbq.render.comparison import DIFFERS
from vbq.render.document import Document, Table, safe
from vbq.render.labels import INDENT


def html_page(document: Document) -> str:
    """Return a document as HTML text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.filters["header_rows"] = header_rows
    return environment.get_template("page.html.jinja").render(page=document, indent=INDENT, differs=DIFFERS)


def _finalized(value: Any) -> Any:
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


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
