"""Word tables: real, as a journal wants them, harmless whatever the labels, and the same bytes each time."""

import re
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import docx
import matplotlib as mpl
import pandas as pd
import pytest
from documents import PROVENANCE, ROWS, TABLE, frame
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn

from vbq.render.document import Document, Section, Table
from vbq.render.report.manuscript import manuscript
from vbq.render.writers.word import word_document

SECTION = Section("table-1", "Table 1. Variables", text=("A paragraph.",), tables=(TABLE,))
HARMLESS = [
    "<b>bold</b> &amp; &",
    "=cmd|' /C calc'!A0",
    '#read("/etc/passwd")',
    "$x$",
    "@ref",
    "\\",
    'HYPERLINK "https://example.org"',
    "{ DDEAUTO c:\\\\windows }",
    "שלום עולם (12)",
    "مرحبا 12",
    "漢字",
]
DROPPED = ["\u202eevil", "nul\x00l", "lone\ud800", "not\ufffe\uffff", "bell\x07", "mark\u200e\u2067"]


def read(sections, title="Tables", provenance=PROVENANCE):
    return docx.Document(BytesIO(word_document(title, provenance, sections)))


def texts(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def own_cells(row):
    return row._tr.tc_lst


def properties(row, name):
    return row._tr.find(f"{qn('w:trPr')}/{qn(f'w:{name}')}")


@pytest.fixture(scope="module")
def document():
    return read([SECTION])


@pytest.fixture(scope="module")
def table(document):
    return document.tables[0]


def test_parts_stand_in_their_order(document):
    styles = [
        "table" if part.tag == qn("w:tbl") else docx.text.paragraph.Paragraph(part, document).style.name
        for part in document.element.body[:-1]
    ]
    assert styles == [
        *("Title", "Subtitle", "Heading 1", "Normal", "Caption", "table", "Table Note", "Table Note"),
    ]
    assert [paragraph.text for paragraph in document.paragraphs] == [
        *("Tables", PROVENANCE, "Table 1. Variables", "A paragraph.", "Characteristics of 105 patients"),
        *("n: patients.", "Bold: p < 0.05."),
    ]


def test_cells_heads_and_groups_read_back(table):
    group = "Group (n\u00a0=\u00a049)"  # brackets stay on one line
    assert texts(table) == [
        ["Variable", group, group, "Test"],
        ["Variable", "Printed", "Recomputed", "Test"],
        ["All"] * 4,
        ROWS[0],
        ["Female", *ROWS[1][1:]],
        ["Some"] * 4,
        ROWS[2],
    ]
    assert [len(own_cells(row)) for row in table.rows] == [3, 4, 1, 4, 4, 1, 4]
    merged = [[cell.vMerge for cell in own_cells(row)] for row in table.rows]
    restart, goes_on = ["restart", None, "restart"], ["continue", None, None, "continue"]
    assert merged[:2] == [restart, goes_on]
    assert {mark for row in merged[2:] for mark in row} == {None}


def test_heads_repeat_and_rows_stay_whole(table):
    assert [properties(row, "tblHeader") is not None for row in table.rows] == [True] * 2 + [False] * 5
    assert all(properties(row, "cantSplit") is not None for row in table.rows)


def test_only_heads_groups_and_strong_cells_are_bold(table):
    bold = {
        cell.text for row in table.rows for cell in row.cells for run in cell.paragraphs[0].runs if run.bold
    }
    heads = {cell for row in texts(table)[:2] for cell in row}
    assert bold == heads | {"All", "Some", "62.1 (10.9)"}


def test_levels_are_indented(table):
    first_line = [
        (layout := row.cells[0].paragraphs[0].paragraph_format).left_indent + layout.first_line_indent
        for row in table.rows[3:]
        if len(own_cells(row)) > 1
    ]
    assert first_line[0] == first_line[2] == 0
    assert first_line[1] > 0


def test_numbers_stand_right_and_texts_left(table):
    sides = [cell.paragraphs[0].alignment for cell in table.rows[-1].cells]
    left, right = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT
    assert sides == [left, right, right, left]
    assert table.rows[0].cells[1].paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.CENTER


def test_rules_are_level_and_stand_above_and_under_the_head_and_at_the_end(table):
    sides = {
        rule.tag for borders in table._tbl.iter(qn("w:tblBorders"), qn("w:tcBorders")) for rule in borders
    }
    assert sides == {qn("w:top"), qn("w:bottom")}
    ruled = [
        {
            rule.tag.rpartition("}")[2]
            for tc in own_cells(row)
            for rule in tc.iter(qn("w:top"), qn("w:bottom"))
        }
        for row in table.rows
    ]
    assert ruled == [{"top", "bottom"}, {"bottom"}] + [set()] * 5  # the first one spans the group only
    assert {rule.tag for rule in table._tbl.tblPr.find(qn("w:tblBorders"))} == sides


def test_a_table_says_what_it_is_to_those_who_cannot_see_it(table):
    about = table._tbl.tblPr
    assert about.find(qn("w:tblCaption")).get(qn("w:val")) == TABLE.caption
    assert "3 rows and 4 columns" in about.find(qn("w:tblDescription")).get(qn("w:val"))
    look = about.find(qn("w:tblLook"))
    assert (look.get(qn("w:firstRow")), look.get(qn("w:firstColumn"))) == ("1", "1")


def test_provenance_and_page_numbers_stand_on_every_page():
    document = read([SECTION, Section("w", "Wide", tables=(wide(20),)), SECTION])
    assert len(document.sections) == 3
    for page in document.sections:
        assert [paragraph.text for paragraph in page.header.paragraphs] == [PROVENANCE]
        fields = page.footer._element.iter(qn("w:fldSimple"))
        assert [field.get(qn("w:instr")) for field in fields] == ["PAGE", "NUMPAGES"]


def test_properties():
    about = read([SECTION], title="A title " * 50).core_properties
    assert about.title == ("A title " * 50)[:255]
    assert about.language == "en-US"
    assert (about.author, about.comments) == ("", "")
    assert about.created == about.modified
    assert about.created.replace(tzinfo=None) == datetime(2000, 1, 1)


@pytest.mark.parametrize("label", HARMLESS)
def test_a_harmless_label_is_text_everywhere(label):
    hostile = Table(label, frame([[label, label]], [label, "B"]), (label,), (label,))
    document = read([Section("x", label, (label,), (hostile,))], label, label)
    assert [paragraph.text for paragraph in document.paragraphs] == [label] * 6
    assert texts(document.tables[0]) == [[label, "B"], [label, label], [label, label]]
    assert document.sections[0].header.paragraphs[0].text == label
    found = {element.tag.rpartition("}")[2] for element in document.element.body.iter()}
    assert not found & {"fldSimple", "fldChar", "instrText", "hyperlink", "object", "altChunk"}


@pytest.mark.parametrize("label", DROPPED)
def test_characters_that_deceive_or_break_the_file_are_left_out(label):
    hostile = Table(label, frame([[label, "1"]], [label, "B"]), (label,), (label,))
    document = read([Section("x", label, (label,), (hostile,))], label, label)
    word = "".join(character for character in label if character.isascii() and character.isalpha())
    assert [paragraph.text for paragraph in document.paragraphs] == [word] * 6
    assert texts(document.tables[0]) == [[word, "B"], [word, word], [word, "1"]]
    about = document.core_properties
    assert (about.title, about.subject) == (word, word)


def test_lines_of_a_text_stay_lines():
    document = read([Section("x", "X", ("one\ntwo",))])
    assert document.paragraphs[-1].text == "one\ntwo"
    assert document.paragraphs[-1]._p.findall(f".//{qn('w:br')}")


def test_same_tables_give_the_same_bytes():
    one, other = (word_document("T", PROVENANCE, [SECTION]) for _ in range(2))
    assert one == other
    assert one != word_document("T", PROVENANCE, [SECTION, SECTION])
    with ZipFile(BytesIO(one)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert {part.create_system for part in parts.infolist()} == {3}
        assert parts.namelist()[0] == "[Content_Types].xml"


def wide(n_columns):
    columns = ["Variable", *(f"Heading {j}" for j in range(1, n_columns))]
    return Table("Wide", frame([["Row", *(["12.34 (5.67)"] * (n_columns - 1))]] * 3, columns))


@pytest.mark.parametrize(("n_columns", "lies"), [(3, False), (10, True), (20, True), (50, True)])
def test_a_page_lies_where_a_table_is_wide_and_no_table_is_wider_than_its_page(n_columns, lies):
    document = read([SECTION, Section("w", "Wide", tables=(wide(n_columns), TABLE)), SECTION])
    turned = [page.orientation == WD_ORIENT.LANDSCAPE for page in document.sections]
    assert turned == ([False, True, False] if lies else [False])
    page = document.sections[int(lies)]
    assert (page.page_width > page.page_height) == lies
    within = page.page_width - page.left_margin - page.right_margin
    widths = [int(column.get(qn("w:w"))) for column in document.tables[1]._tbl.tblGrid]
    assert len(widths) == n_columns
    assert sum(widths) * 635 <= within  # 635 English Metric Units are a twentieth of a point


@pytest.mark.parametrize(
    "words", ["105", "12.34 (5.67-8.90)", "Unbreakable", "mmmmmm", "MAXIMUM", "99 % (1)"]
)
def test_a_column_has_room_for_a_short_cell(words):
    metrics = Path(mpl.get_data_path(), "fonts", "pdfcorefonts", "Helvetica.afm").read_text(
        "ascii"
    )  # as Arial
    widths = {chr(int(code)): int(width) / 1000 for code, width in re.findall(r"C (\d+) ; WX (\d+)", metrics)}
    filler = "a long text that takes what room it can get " * 9
    document = read([Section("x", "X", tables=(Table("x", frame([[filler, words, filler]], list("ABC"))),))])
    cell = document.tables[0].rows[1].cells[1]
    needed = cell.paragraphs[0].runs[0].font.size.pt * sum(widths[character] for character in words)
    assert needed <= cell.width.pt - 6 <= 1.6 * needed


def test_a_table_is_as_wide_as_its_groups():
    def width(group):
        table = Table("x", frame([["1", "2"]], ["A", "B"]), groups=(group,))
        columns = read([Section("x", "X", tables=(table,))]).tables[0]._tbl.tblGrid
        return sum(int(column.get(qn("w:w"))) for column in columns) / 20

    assert width("A") < 50 < 60 * 9 * 0.5 < width("a" * 60) < width("a" * 200) <= 174 / 25.4 * 72


def test_a_table_without_headings_has_no_head():
    nameless = Table("x", frame([["Needs", "VBQ score"]], ["", ""]))
    assert texts(read([Section("x", "X", tables=(nameless,))]).tables[0]) == [["Needs", "VBQ score"]]


def test_a_table_without_rows_or_notes_is_a_head_with_a_paragraph_after_it():
    document = read([Section("x", "X", tables=(Table("x", frame([], ["A", "B"])),))])
    assert texts(document.tables[0]) == [["A", "B"]]
    assert document.element.body[-2].tag == qn("w:p")


def test_a_document_without_sections_has_its_title_and_provenance():
    assert [paragraph.text for paragraph in read([]).paragraphs] == ["Tables", PROVENANCE]


def kept(table, *texts):
    """Return which parts of a section stay on the page of the next one: paragraphs, and rows of the table."""
    document = read([Section("x", "X", texts, (table,))])
    rows = [row.cells[0].paragraphs[0] for row in document.tables[0].rows]
    above, below = document.paragraphs[3 : 4 + len(texts)], document.paragraphs[4 + len(texts) :]
    return [
        [paragraph.paragraph_format.keep_with_next or False for paragraph in part]
        for part in (above, rows, below)
    ]


def test_a_table_that_fits_a_page_is_kept_whole_and_a_longer_one_at_its_ends():
    def kept_rows(words, n, *notes):
        return kept(Table("x", frame([[words, "1"]] * n, ["A", "B"]), notes))[1]

    ends = [True, True, *[False] * 57, True, True]
    assert kept_rows("a", 40) == [True] * 41
    assert kept_rows("a", 60) == ends
    assert not all(kept_rows("a long text of several lines " * 12, 40))
    assert not all(kept_rows("a", 40, "a long note " * 300))


def test_a_table_stands_with_the_text_before_it_its_caption_and_its_notes():
    above, _, below = kept(
        Table("x", frame([["a", "1"]], ["A", "B"]), ("One.", "Two.", "Three.")), "A.", "B."
    )
    assert above == [False, True, True]
    assert below == [True, True, False]


def test_sections_follow_one_another_on_a_page():
    document = read([SECTION, SECTION])
    assert len(document.sections) == 1
    assert not list(
        document.element.body.iter(qn("w:lastRenderedPageBreak"), qn("w:br"), qn("w:pageBreakBefore"))
    )


def in_a_manuscript(*sections):
    return manuscript(Document("T", PROVENANCE, {}, (), sections, "", {}))


def section(anchor, *captions, title="A title"):
    tables = tuple(Table(caption, frame([["1", "2"]], ["A", "B"])) for caption in captions)
    return Section(anchor, title, tables=tables)


def test_tables_have_the_numbers_of_the_report_and_the_supplement_follows():
    shown = in_a_manuscript(
        section("flow", "Steps"),
        section("table-1", "Patients", title="Table 1. Variables"),
        section("table-3", "Scores", "Cells", title="Table 3. Discrimination"),
        section("comparison", "What differs", "All"),
        section("cutoff", "Cut-offs"),
        section("methods", "None of a manuscript"),
    )
    assert [(part.title, [table.caption for table in part.tables]) for part in shown] == [
        ("Variables", ["Table 1. Patients"]),
        ("Discrimination", ["Table 3. Scores", "Table S1. Cells"]),
        ("A title", ["Table S2. Steps"]),
        ("A title", ["Table S3. Cut-offs"]),
        ("A title", ["Table S4. What differs"]),
    ]


def test_a_comparison_in_which_nothing_differs_is_left_out():
    assert in_a_manuscript(section("comparison", "All")) == []


@pytest.mark.parametrize(
    ("table", "explained"),
    [
        (Table("AUC", frame([["1"]], ["A"])), "AUC, area under the receiver operating characteristic curve"),
        (
            Table("x", frame([["1"]], ["AUCs (df)"])),
            "AUC, area under the receiver operating characteristic curve; df, degrees of freedom",
        ),
        (
            Table("x", frame([["VBQ score > 3, SD"]], ["A"])),
            "SD, standard deviation; VBQ, vertebral bone quality",
        ),
        (Table("x", frame([["ICC2k: mean"]], ["A"])), "ICC, intraclass correlation coefficient"),
        (
            Table("x", frame([["1"]], ["A"]), ("95 % CI.",), ("SINS",)),
            "CI, confidence interval; SINS, Spinal Instability Neoplastic Score",
        ),
        (
            Table("x", pd.DataFrame([["1"]], columns=pd.MultiIndex.from_tuples([("χ²", "PPV, %")]))),
            "PPV, positive predictive value; χ², chi-square",
        ),
    ],
)
def test_abbreviations_of_a_table_are_explained_under_it(table, explained):
    (shown,) = in_a_manuscript(Section("table-1", "X", tables=(table,)))
    assert shown.tables[0].notes == (*table.notes, f"Abbreviations: {explained}.")


def test_parts_of_words_are_no_abbreviations():
    bare = Table("Ascites", frame([["CIA_SD", "aSD"]], ["CSF3D", "B"]))
    (shown,) = in_a_manuscript(Section("table-1", "X", tables=(bare,)))
    assert shown.tables[0].notes == ()
