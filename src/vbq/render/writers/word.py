"""Tables for a manuscript, as real tables of a Word document.

Text from data and configuration becomes runs of text and nothing else: no fields, links or markup.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from io import BytesIO
from itertools import groupby, islice
from typing import Any

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from vbq.render.document import Section, Table, header_rows, safe
from vbq.render.labels import INDENT
from vbq.run import WRITTEN, repacked

SHORT_SIDE, LONG_SIDE, MARGIN = Mm(210), Mm(297), Mm(18)
STEP = Pt(6)  # of an indent, and between columns
GAP = Pt(7)  # one to spare, as the widths of letters are estimates
SIZES = (9.0, 8.5, 8.0)  # points
SMALLER_SIZES = (7.0, 6.0, 5.0)  # for what is too wide for a page that lies
NARROW, WIDE = " .,:;!|'()[]/-ijlftrI", "mwMW%@—"
BOLDER = 1.08  # how much wider bold letters are
WHOLE = 26  # characters: no longer a cell stays on one line, and a longer word may be broken
LONGEST_LINE = 50  # em, of a heading across a table: if it needs more it has several lines
MOST = 0.85  # of a page: a table whose rows and notes need no more of it stays whole; heads need the rest
LINE = 1.2  # em, how high it is
BRACKETS = r"\([^()]{1,14}\)"  # stay on one line of a heading
UNIT = re.compile(rf"{BRACKETS}|\S+")  # a word, or such brackets
STYLES = {  # size, whether bold, and the space above and below, in points
    "Normal": (10, False, 0, 6),
    "Title": (17, True, 0, 6),
    "Subtitle": (10, True, 0, 12),
    "Heading 1": (13, True, 18, 6),
    "Caption": (10, True, 12, 4),
    "Table Text": (SIZES[0], False, 1, 1),
    "Table Note": (8, False, 2, 0),
    "Header": (8, False, 0, 0),
    "Footer": (8, False, 0, 0),
}


def word_document(title: str, provenance: str, sections: Sequence[Section]) -> bytes:
    """Return the texts and tables of sections as a Word document.

    A section with a table that is too wide for an upright page stands on pages that lie. The provenance
    stands under the title and at the head of every page. Entries and pictures are left out.
    """
    document = docx.Document()
    _describe(document, title, provenance)
    _define_styles(document)
    _add_head_and_foot(document.sections[0], provenance)
    _append(document, [_paragraph("Title", _run(title)), _paragraph("Subtitle", _run(provenance))])
    for i, (lies, alike) in enumerate(groupby(sections, _is_wide)):
        page = document.add_section(WD_SECTION.NEW_PAGE) if i else document.sections[0]
        _turn(page, lies)
        for section in alike:
            _append(document, _parts(section, page))
    written = BytesIO()
    document.save(written)
    return repacked(written)


def _describe(document: Any, title: str, provenance: str) -> None:
    about = document.core_properties
    about.title, about.subject = _printable(title)[:255], _printable(provenance)[:255]
    about.author, about.comments, about.language = "", "", "en-US"
    about.created = about.modified = WRITTEN
    settings = document.settings.element
    settings.xpath("w:zoom")[0].set(qn("w:percent"), "100")  # without it the file is not valid
    # The newest there is; else Word says that the document is in compatibility mode.
    settings.xpath(".//w:compatSetting[@w:name='compatibilityMode']")[0].set(qn("w:val"), "15")


def _define_styles(document: Any) -> None:
    styles = document.styles
    for name, (size, bold, above, below) in STYLES.items():
        style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        for preset in style.element.xpath("w:rPr|w:pPr/w:pBdr"):
            preset.getparent().remove(preset)
        fonts = _element("rFonts", **dict.fromkeys(("ascii", "hAnsi", "eastAsia", "cs"), "Arial"))
        style.element.get_or_add_rPr().extend([fonts, *_letters(size, bold)])
        layout = style.paragraph_format
        layout.space_before, layout.space_after, layout.line_spacing = Pt(above), Pt(below), 1.0


def _add_head_and_foot(page: Any, provenance: str) -> None:
    """Set what stands on every page: later sections take it over from the first."""
    page.header.paragraphs[0].add_run(_printable(provenance))
    foot = page.footer.paragraphs[0]
    for words, field in (("Page ", "PAGE"), (" of ", "NUMPAGES")):
        foot.add_run(words)
        foot._p.append(_element("fldSimple", _run("1"), instr=field))


def _is_wide(section: Section) -> bool:
    """Return whether a table of a section is too wide for an upright page."""
    upright = SHORT_SIDE - 2 * MARGIN
    return any(_fitting(_needs(table), upright, SIZES) is None for table in section.tables)


def _turn(page: Any, lies: bool) -> None:
    page.orientation = WD_ORIENT.LANDSCAPE if lies else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = (LONG_SIDE, SHORT_SIDE) if lies else (SHORT_SIDE, LONG_SIDE)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = MARGIN
    page.header_distance = page.footer_distance = Mm(9)


def _append(document: Any, parts: Iterable[Any]) -> None:
    for part in parts:
        document.element.body.insert_element_before(part, "w:sectPr")


def _parts(section: Section, page: Any) -> Iterator[Any]:
    yield _paragraph("Heading 1", _run(section.title))
    for i, words in enumerate(section.text, 1):
        yield _paragraph("Normal", _run(words), keep=bool(section.tables) and i == len(section.text))
    for table in section.tables:
        yield _paragraph("Caption", _run(table.caption), keep=True)
        yield _table(table, section.title, page)
        notes = table.notes or ("",)  # a table needs a paragraph after it
        for i, note in enumerate(notes, 1):
            yield _paragraph("Table Note", _run(note), keep=i < len(notes))


def _table(table: Table, title: str, page: Any) -> Any:
    width, height = (int(side - 2 * MARGIN) for side in (page.page_width, page.page_height))
    needs = _needs(table)
    size = _fitting(needs, width, SIZES + SMALLER_SIZES) or SMALLER_SIZES[-1]
    widths = _widths(needs, size, width)
    rows = [[str(words) for words in cells] for cells in table.frame.itertuples(index=False, name=None)]
    sides = ["left"] * len(widths)
    for j in range(1, len(widths)):
        if _are_numbers([cells[j] for cells in rows]):
            sides[j] = "right"
    stays_whole = _height(table, rows, widths, size, width) <= MOST * height / Pt(1)
    cell = partial(_cell, size=size)
    shown = _head(table, cell, widths, sides) if any(map(any, table.headings)) or not rows else []
    for i, cells in enumerate(rows):
        if table.groups and (i == 0 or table.groups[i] != table.groups[i - 1]):
            shown.append(_row([cell(table.groups[i], widths, bold=True, keep=True, above=120)]))
        shown.append(
            _row(
                cell(
                    words,
                    widths[j : j + 1],
                    side=sides[j],
                    bold=(i, j) in table.strong,
                    # The first row with the second, and the last ones with the notes.
                    keep=stays_whole or i == 0 or i >= len(rows) - 2,
                    names_row=j == 0,
                )
                for j, words in enumerate(cells)
            )
        )
    described = f"{title}. {len(rows)} rows and {len(widths)} columns; the first column names the row."
    properties = _element(
        "tblPr",
        _element("tblW", w=sum(widths), type="dxa"),
        _element("tblBorders", _rule("top", 8), _rule("bottom", 8)),
        _element("tblLayout", type="fixed"),
        _element(
            "tblCellMar", _element("left", w=0, type="dxa"), _element("right", w=STEP.twips, type="dxa")
        ),
        _element(
            "tblLook", val="06A0", firstRow=1, lastRow=0, firstColumn=1, lastColumn=0, noHBand=1, noVBand=1
        ),
        _element("tblCaption", val=_printable(table.caption)),
        _element("tblDescription", val=_printable(described)),
    )
    return _element(
        "tbl", properties, _element("tblGrid", *(_element("gridCol", w=column) for column in widths)), *shown
    )


def _head(table: Table, cell: Callable[..., Any], widths: Sequence[int], sides: Sequence[str]) -> list[Any]:
    """Return the rows of a head, which repeat on every page."""
    top, *rest = header_rows(table)
    under = iter(rest[0] if rest else ())
    cell = partial(cell, bold=True, keep=True, is_head=True)
    over, below = _rule("top", 8), _rule("bottom", 4)
    upper, lower, at = [], [], 0
    for words, across, down in top:
        own, side = widths[at : at + across], "center" if across > 1 else sides[at]
        if down == 2:
            upper.append(cell(words, own, side=side, rules=[over], merged="restart"))
            lower.append(cell("", own, rules=[below], merged="continue"))
        else:
            upper.append(cell(words, own, side=side, rules=[over, below]))
            for j, (sub, _, _) in enumerate(islice(under, across), at):
                lower.append(cell(sub, widths[j : j + 1], side=sides[j], rules=[below]))
        at += across
    return [_row(cells, is_head=True) for cells in (upper, lower) if cells]


def _row(cells: Iterable[Any], is_head: bool = False) -> Any:
    marks = [_element("cantSplit"), *([_element("tblHeader")] if is_head else [])]
    return _element("tr", _element("trPr", *marks), *cells)


def _cell(
    words: str,
    widths: Sequence[int],
    *,
    size: float,
    side: str = "left",
    bold: bool = False,
    keep: bool = False,
    above: int = 0,
    names_row: bool = False,
    is_head: bool = False,
    merged: str = "",
    rules: Sequence[Any] = (),
) -> Any:
    """Return a cell across the columns of these widths."""
    properties = [_element("tcW", w=sum(widths), type="dxa")]
    if len(widths) > 1:
        properties.append(_element("gridSpan", val=len(widths)))
    if merged:
        properties.append(_element("vMerge", val=merged))
    if rules:
        properties.append(_element("tcBorders", *map(deepcopy, rules)))
    if is_head:
        properties.append(_element("vAlign", val="bottom"))
        words = re.sub(BRACKETS, lambda found: found[0].replace(" ", "\u00a0"), words)
    layout = []
    if above:
        layout.append(_element("spacing", before=above))
    if names_row:
        steps = 2 if words.startswith(INDENT) else 1
        layout.append(_element("ind", left=steps * STEP.twips, hanging=STEP.twips))
        words = words.strip()
    layout.append(_element("jc", val=side))
    run = _run(words, *_letters(size, bold))
    return _element("tc", _element("tcPr", *properties), _paragraph("Table Text", run, *layout, keep=keep))


def _paragraph(style: str, run: Any, *layout: Any, keep: bool = False) -> Any:
    """Return a paragraph, on the page of the next one where they are kept together."""
    kept = [_element("keepNext")] if keep else []
    properties = _element("pPr", _element("pStyle", val=style.replace(" ", "")), *kept, *layout)
    return _element("p", properties, run)


def _run(words: str, *properties: Any) -> Any:
    run = OxmlElement("w:r")
    if properties:
        run.append(_element("rPr", *properties))
    run.text = _printable(words)
    return run


def _letters(size: float, bold: bool) -> list[Any]:
    """Return the size and weight of letters, for scripts from the left and from the right."""
    weight = [_element("b"), _element("bCs")] if bold else []
    half_points = round(2 * size)
    return [*weight, _element("sz", val=half_points), _element("szCs", val=half_points)]


def _rule(side: str, eighths_of_a_point: int) -> Any:
    return _element(side, val="single", sz=eighths_of_a_point, space=0, color="000000")


def _element(name: str, *children: Any, **attributes: object) -> Any:
    element = OxmlElement(f"w:{name}", {qn(f"w:{key}"): str(value) for key, value in attributes.items()})
    element.extend(children)
    return element


def _printable(text: str) -> str:
    """Return a safe text without the two characters that XML forbids and `safe` leaves."""
    return safe(text).replace("\ufffe", "").replace("\uffff", "")


def _needs(table: Table) -> list[tuple[float, float]]:
    """Return the widths in em that each column needs: to break no word, and to break no cell."""
    headings = table.headings
    spans = Counter(heading for heading, under in headings if under)
    needs = []
    for j, (heading, under) in enumerate(headings):
        own = under or heading
        least = _width(own) if len(own) <= WHOLE / 2 else _longest_word(own)
        if under:
            least = max(least, _longest_word(heading) / spans[heading])
        least, most = BOLDER * least, BOLDER * max(least, _on_two_lines(own))
        for words in map(str, table.frame.iloc[:, j]):
            width = _width(words)
            most = max(most, width)
            least = max(
                least, width if len(words) <= WHOLE else max(_longest_word(words), min(width / 3, 14))
            )
        needs.append((least, most))
    group = max((BOLDER * _width(words) for words in table.groups), default=0)
    missing = min(group, LONGEST_LINE) - sum(most for _, most in needs)
    return [(needs[0][0], needs[0][1] + max(missing, 0)), *needs[1:]]


def _width(words: str) -> float:
    """Return about how wide a text is, in em."""
    return sum(map(_width_of_character, words))


def _width_of_character(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1
    if character in NARROW:
        return 0.34
    if character in WIDE:
        return 0.95
    return 0.75 if character.isupper() else 0.57


def _longest_word(words: str) -> float:
    return max((_width(word[:WHOLE]) for word in UNIT.findall(words)), default=0)


def _on_two_lines(words: str) -> float:
    parts = UNIT.findall(words)
    halves = [(" ".join(parts[:i]), " ".join(parts[i:])) for i in range(len(parts))]
    return min((max(map(_width, half)) for half in halves), default=0)


def _fitting(needs: Sequence[tuple[float, float]], width: int, sizes: Sequence[float]) -> float | None:
    """Return the size of letters by which a table fits: if possible without broken cells."""
    for need, allowed in ((1, SIZES), (0, sizes)):
        for size in allowed:
            if sum(column[need] for column in needs) <= _room(len(needs), size, width):
                return size
    return None


def _room(n_columns: int, size: float, width: int) -> float:
    """Return how many em a line has for the text of columns."""
    return (width - n_columns * GAP) / Pt(size)


def _widths(needs: Sequence[tuple[float, float]], size: float, width: int) -> list[int]:
    """Return the width of each column in twentieths of a point."""
    least, most = (sum(column[i] for column in needs) for i in (0, 1))
    room = _room(len(needs), size, width)
    if most <= room:
        shares = [column[1] for column in needs]
    elif least <= room:
        spare = (room - least) / (most - least)
        shares = [own_least + spare * (own_most - own_least) for own_least, own_most in needs]
    else:
        shares = [column[0] * room / least for column in needs]
    return [int(20 * size * share + GAP.twips) for share in shares]


def _height(
    table: Table, rows: Sequence[Sequence[str]], widths: Sequence[int], size: float, width: int
) -> float:
    """Return about how high the rows and notes of a table are, in points; cells are broken into lines."""
    rooms = [max(column / 20 - STEP.pt, 1) for column in widths]
    lines = sum(
        max(math.ceil(size * _width(words) / room) for words, room in zip(cells, rooms, strict=True))
        for cells in rows
    )
    groups = len(list(groupby(table.groups)))
    small = STYLES["Table Note"][0]
    notes = sum(math.ceil(small * _width(note) / (width / Pt(1))) for note in table.notes)
    return LINE * (size * (lines + groups) + small * notes) + 2 * (len(rows) + len(table.notes)) + 8 * groups


def _are_numbers(cells: Sequence[str]) -> bool:
    """Return whether a column is read as numbers: it has some, and no word longer than `to` and `of`."""
    return any(re.search(r"\d", cell) for cell in cells) and not any(
        re.search(r"[^\W\d_]{3}", cell) for cell in cells
    )
