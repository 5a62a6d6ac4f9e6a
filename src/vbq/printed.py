"""The words of what a run writes for readers: pages, Word documents, PDFs, figures."""

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from vbq.errors import UserError

RECORD = "record"  # the section of a page on the run itself, with its duration
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def code_of(record: Mapping[str, Any]) -> str:
    """Say which code a run was made with, by its record."""
    changes = " with changes that are not committed" if record["uncommitted_changes"] else ""
    return f"{record['commit']}{changes}"


def words_of(path: Path) -> list[str]:
    """Return the words that a document or figure shows, in its order.

    Those of the section on the run are left out of a page; letters of a figure that are drawn as paths count.
    Raises UserError where the file is damaged.
    """
    try:
        return DOCUMENTS[path.suffix](path).split()
    except (ValueError, OSError, KeyError, BadZipFile, ElementTree.ParseError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None


def without_record(words: list[str], record: Mapping[str, Any]) -> list[str]:
    """Return words with placeholders for what a run's record says of its code: commit and versions."""
    text = " ".join(words)
    told = {code_of(record): "COMMIT"} if "commit" in record else {}
    told |= {f"{name} {version}": name for name, version in record.get("versions", {}).items()}
    for said, placeholder in told.items():
        # A long word may be broken at the end of a line.
        text = re.sub(r"\s*".join(map(re.escape, said.replace(" ", ""))), placeholder, text)
    return text.split()


class _Page(HTMLParser):
    """Collects the words of a page; those of a figure are comments, as matplotlib draws them as paths."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._in_record = self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style |= tag == "style"
        self._in_record |= tag == "section" and ("aria-labelledby", RECORD) in attrs

    def handle_endtag(self, tag: str) -> None:
        self._in_style &= tag != "style"
        self._in_record &= tag != "section"

    def handle_data(self, data: str) -> None:
        if not (self._in_record or self._in_style):
            self.text.append(data)

    handle_comment = handle_data


def _page(path: Path) -> str:
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return " ".join(page.text)


def _word_document(path: Path) -> str:
    with ZipFile(path) as parts:
        shown = re.compile(r"word/(document|header\d*|footer\d*)\.xml")
        names = [name for name in parts.namelist() if shown.fullmatch(name)]
        trees = [ElementTree.fromstring(parts.read(name)) for name in names]
    return "\n".join("".join(paragraph.itertext()) for tree in trees for paragraph in tree.iter(f"{WORD}p"))


def _pdf(path: Path) -> str:
    """Return the text of a PDF but for its artifacts: what each page repeats, such as its head and number."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    marked: list[str] = []  # what the text is within
    text: list[str] = []

    def follow(operator: bytes, operands: list[Any], *_: Any) -> None:
        if operator in (b"BDC", b"BMC"):
            marked.append(str(operands[0]))
        elif operator == b"EMC":
            marked.pop()

    def keep(words: str, *_: Any) -> None:
        if "/Artifact" not in marked:
            text.append(words)

    try:
        for page in PdfReader(path).pages:
            page.extract_text(visitor_operand_before=follow, visitor_text=keep)
            text.append("\n")
    except PyPdfError as error:
        raise ValueError(str(error)) from None
    return "".join(text)


def _text(path: Path) -> str:
    return path.read_text("utf-8")


DOCUMENTS: dict[str, Callable[[Path], str]] = {
    ".html": _page,
    ".svg": _page,
    ".docx": _word_document,
    ".pdf": _pdf,
    ".txt": _text,
    ".csv": _text,
}
