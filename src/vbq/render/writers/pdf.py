"""A document as a PDF.

Typst sets it, by `report.typ`. Text from data and configuration reaches it as JSON and is shown as text: none
of it is read as markup.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import typst
from matplotlib.ft2font import FT2Font

from vbq.render.document import Document, Picture, Section, Table, header_rows, safe
from vbq.render.labels import INDENT
from vbq.render.writers.html import TEMPLATES

MAIN = TEMPLATES / "report.typ"
FONTS = Path(mpl.get_data_path(), "fonts", "ttf")  # come with matplotlib: the same on every machine


def pdf_document(document: Document, folder: Path) -> bytes:
    """Return a document as a PDF; its figures are the SVG files beside its page, which is in a folder.

    Bytes depend on the fonts of the machine only where a text has characters that DejaVu Sans lacks.
    """
    pictures = [picture for section in document.sections for picture in section.pictures]
    files = {f"{i}.svg": (folder / f"{picture.file}.svg").read_bytes() for i, picture in enumerate(pictures)}
    shown = _safe(
        {
            "title": document.title,
            "provenance": document.provenance,
            "facts": list(document.facts.items()),
            "findings": [{"text": finding.text, "anchor": finding.anchor} for finding in document.findings],
            "sections": [_section(section) for section in document.sections],
            "reading": document.reading,
            "indent": INDENT,
        }
    )
    for i, picture in enumerate(picture for section in shown["sections"] for picture in section["pictures"]):
        picture["file"] = f"{i}.svg"
    data = json.dumps(shown, ensure_ascii=False)
    fonts = typst.Fonts(
        include_system_fonts=not _drawn_by_own_font(data),
        include_embedded_fonts=False,
        font_paths=[FONTS],
    )
    project: Any = {"main.typ": MAIN.read_bytes(), "data.json": data.encode(), **files}
    return typst.compile(project, font_paths=fonts)


def _section(section: Section) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "text": section.text,
        "entries": [
            {"text": entry.text, "details": list(entry.details.items())} for entry in section.entries
        ],
        "tables": [_table(table) for table in section.tables],
        "pictures": [_picture(picture) for picture in section.pictures],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "columns": table.headings,
        "heads": header_rows(table),
        "rows": [list(map(str, cells)) for cells in table.frame.itertuples(index=False, name=None)],
        "groups": table.groups,
        "strong": sorted(table.strong),
        "notes": table.notes,
    }


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "number": picture.number,
        "caption": picture.caption,
        "alt": picture.alt,
        "wide": picture.shape == "wide",
    }


def _safe(value: Any) -> Any:
    """Make every text within a value safe."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {name: _safe(within) for name, within in value.items()}
    return [_safe(within) for within in value] if isinstance(value, list | tuple) else value


def _drawn_by_own_font(text: str) -> bool:
    return {ord(character) for character in text} <= FT2Font(FONTS / "DejaVuSans.ttf").get_charmap().keys()
