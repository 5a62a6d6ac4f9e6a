"""The PDF of a report: everything in it, within its pages, as text and vectors, the same bytes each time."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
import typst
from documents import PROVENANCE, TABLE, frame
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from pypdf import PdfReader

from vbq.render.document import Document, Entry, Finding, Section, Table
from vbq.render.figures.pictures import picture_of
from vbq.render.writers.pdf import FONTS, pdf_document

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"
 viewBox="0 0 {width} {height}"><path d="M 0 0 L 100 0 L 100 100 z" fill="#336699"/></svg>"""
HARMLESS = [
    "<b>bold</b> &amp;",
    "=cmd|' /C calc'!A0",
    '#read("/etc/passwd")',
    "#panic()",
    "$x$",
    "@ref",
    "\\",
    "*a* _b_ `c`",
    "= Heading",
    "~ -- --- ...",
    "/* // */",
    "#[x] <label>",
]
DROPPED = ["\u202eevil", "nul\x00l", "lone\ud800", "bell\x07", "mark\u200e\u2067"]


def figure(folder, name="roc", width=238, height=200, alt="A curve.", caption="A caption.", number=""):
    svg = SVG.format(width=width, height=height)
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8")
    return picture_of(svg, name, caption, alt, number)


def document(*sections, **changed):
    whole = Document(
        title="A title",
        provenance=PROVENANCE,
        facts={"Patients": "105 in the analysis"},
        findings=(Finding("The main sentence.", "last"), Finding("Another one.", "nowhere")),
        sections=sections,
        reading="Numbers are rounded.",
        files={"cohort.parquet": "the patients"},
    )
    return replace(whole, **changed)


def with_table(table, **changed):
    return document(Section("table", "A section", tables=(table,)), **changed)


def read(whole, folder=Path()):
    return PdfReader(BytesIO(pdf_document(whole, folder)))


def text(reader):
    return "\n".join(page.extract_text() for page in reader.pages)


def compact(words):
    return "".join(words.split())


def lines(page):
    return [" ".join(line.split()) for line in page.extract_text().splitlines() if line.strip()]


def placed(page):
    """Return the pieces of text of a page, each with its font, size, left, right and base line."""
    pieces = []

    def visit(words, matrix, within, font, size):
        if words.strip():
            weight = "bold" if "Bold" in font["/BaseFont"] else "normal"
            shown = FontProperties(family="DejaVu Sans", weight=weight, size=size)
            width, _, _ = TextToPath().get_text_width_height_descent(words.strip(), shown, False)
            left, base = matrix[4] + within[4], matrix[5] - within[5]
            pieces.append((words.strip(), font["/BaseFont"], size, left, left + width, base))

    page.extract_text(visitor_text=visit)
    return pieces


def structure(element):
    """Return all elements of a structure tree."""
    element = element.get_object()
    if isinstance(element, list):
        return [found for child in element for found in structure(child)]
    if not isinstance(element, dict):
        return []
    return [element, *(structure(element["/K"]) if "/K" in element else [])]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    curve = figure(folder, number="Figure 2")
    wide = figure(folder, "forest", width=493, caption="Odds ratios.", alt='Forest "plot" <b>')
    entry = Entry("entry", "A statement.", {"Quotes": "rows.csv"})
    return read(
        document(
            Section("table-1", "Table 1. Variables", text=("A paragraph.",), tables=(TABLE,)),
            Section("last", "Figures", pictures=(curve, wide), entries=(entry,)),
        ),
        folder,
    )


def test_everything_is_there_in_its_order(report):
    found = [line for page in report.pages for line in lines(page) if line != PROVENANCE]
    assert re.sub(r" ?\.{3,} ?", " ", "\n".join(found)).splitlines() == [
        *("A title", "Patients 105 in the analysis", "The main sentence. (page 1)", "Another one."),
        *("Contents", "Table 1. Variables 1", "Figures 1", "How to read this report 2"),
        *("Table 1. Variables", "A paragraph.", "Characteristics of 105 patients"),
        *("Group (n = 49)", "Variable TestPrinted Recomputed"),  # the upper row of the head first
        *("All", "Sex Welch", "Female 23 (46.9) 24 (46.9)"),
        *("Some", "Age, years 62.0 ≠ 62.1 (10.9) linear regression"),
        *("n: patients.", "Bold: p < 0.05."),
        *("Figures", "A statement.", "Quotes rows.csv"),
        *("Figure 2. A caption.", "1 of 2", "Odds ratios."),
        *("How to read this report", "Numbers are rounded."),
        "2 of 2",
    ]


def test_provenance_is_the_head_of_every_page_and_the_first_thing_on_the_first(report):
    assert len(report.pages) == 2
    assert all(lines(page)[0] == PROVENANCE for page in report.pages)
    assert lines(report.pages[0])[1] == PROVENANCE


def test_only_heads_groups_names_and_strong_cells_are_bold(report):
    pieces = [piece for page in report.pages for piece in placed(page)]
    bold = {words for words, font, *_ in pieces if "Bold" in font}
    assert {"Variable", "Group", "(n = 49)", "Printed", "All", "Some", "62.1 (10.9)", "Figure 2."} <= bold
    plain = {words for words, font, *_ in pieces if "Bold" not in font}
    assert {"24 (46.9)", "Age, years", "n: patients.", "A statement.", "A paragraph."} <= plain - bold
    assert all("DejaVuSans" in font for _, font, *_ in pieces)


def test_a_heading_of_several_columns_stands_above_theirs(report):
    place = {words: (left, right, base) for words, _, _, left, right, base in placed(report.pages[0])}
    assert place["Variable"][2] == place["Printed"][2] == place["Recomputed"][2] == place["Test"][2]
    assert place["Group"][2] > place["Printed"][2]
    assert place["Printed"][0] < place["Group"][0] < place["(n = 49)"][1] < place["Recomputed"][1]


def test_levels_are_indented_and_numbers_stand_right(report):
    place = {words: (left, right) for words, _, _, left, right, _ in placed(report.pages[0])}
    assert place["Female"][0] > place["Sex"][0] == place["Age, years"][0] == place["Variable"][0]
    assert place["24 (46.9)"][1] == pytest.approx(place["62.1 (10.9)"][1], abs=1)
    assert place["24 (46.9)"][0] > place["62.1 (10.9)"][0] + 5
    assert place["Welch"][0] == place["linear regression"][0]


def test_it_is_tagged_and_has_a_title_and_a_language(report):
    root = report.trailer["/Root"]
    assert report.metadata.title == "A title"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    found = structure(root["/StructTreeRoot"]["/K"])
    kinds = [element.get("/S") for element in found]
    assert kinds.count("/Table") == 1
    assert kinds.count("/TH") == 5 + 2  # the headings and the groups
    assert kinds.count("/Caption") == 3
    assert {"/H1", "/TOC", "/THead", "/TBody", "/L", "/Title"} <= {
        *kinds,
        *root["/StructTreeRoot"]["/RoleMap"],
    }
    alternatives = [element["/Alt"] for element in found if "/Alt" in element]
    assert {"A curve.", 'Forest "plot" <b>'} <= set(alternatives)
    assert [entry.title for entry in report.outline] == [
        *("Table 1. Variables", "Figures", "How to read this report"),
    ]


def test_it_has_no_date(report):
    assert "/CreationDate" not in report.metadata
    assert b"CreateDate" not in report.trailer["/Root"]["/Metadata"].get_data()


def test_figures_are_vectors(report):
    assert [image for page in report.pages for image in page.images] == []
    assert all("/XObject" not in page["/Resources"] for page in report.pages)
    drawn = [page.get_contents().get_data().count(b"0.2 0.4 0.6 scn") for page in report.pages]
    assert sum(drawn) == 2


def test_same_document_gives_the_same_bytes_in_any_process(tmp_path):
    script = """
import sys
from pathlib import Path
from test_pdf import TABLE, with_table
from vbq.render.writers.pdf import pdf_document
sys.stdout.buffer.write(pdf_document(with_table(TABLE), Path()))
"""
    here = pdf_document(with_table(TABLE), Path())
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            check=True,
        )
        assert done.stdout == here
    assert pdf_document(with_table(TABLE, reading="Another one."), Path()) != here


@pytest.fixture
def only_font(tmp_path, monkeypatch):
    """A machine whose only font has two Chinese characters, drawn as dashes, and nothing else."""
    font = TTFont(FONTS / "DejaVuSansDisplay.ttf")
    for table in font["cmap"].tables:
        table.cmap = {ord("漢"): "endash", ord("字"): "emdash"}
    for record in font["name"].names:
        font["name"].setName("OnlyFont", record.nameID, record.platformID, record.platEncID, record.langID)
    (tmp_path / "fonts").mkdir()
    font.save(tmp_path / "fonts" / "only.ttf")
    configuration = tmp_path / "fonts.conf"
    configuration.write_text(f"<fontconfig><dir>{tmp_path / 'fonts'}</dir></fontconfig>", encoding="utf-8")
    monkeypatch.setenv("FONTCONFIG_FILE", str(configuration))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere fonts are not found by fontconfig")
@pytest.mark.usefixtures("only_font")
@pytest.mark.parametrize(("label", "on_its_own"), [("Größe ≥ 3 µm, χ² שלום", True), ("漢字", False)])
def test_fonts_of_the_machine_are_used_only_for_what_the_own_one_lacks(label, on_its_own, monkeypatch):
    asked = []

    def fonts(**arguments):
        asked.append(arguments["include_system_fonts"])
        return real(**arguments)

    real = typst.Fonts
    monkeypatch.setattr(typst, "Fonts", fonts)
    reader = read(document(Section("x", label)))
    assert asked == [not on_its_own]
    assert set(label) <= set(text(reader))
    used = [font["/BaseFont"] for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert any("OnlyFont" in font for font in used) == (not on_its_own)


def everywhere(label, folder):
    hostile = Table(label, frame([[label, "1"]], [label, "B"]), (label,), (label,))
    section = Section(
        anchor="x",
        title=label,
        text=(label,),
        tables=(hostile,),
        pictures=(figure(folder, alt=label, caption=label, number=label),),
        entries=(Entry("e", label, {label: label}),),
    )
    return document(
        section,
        title=label,
        provenance=label,
        facts={label: label},
        findings=(Finding(label, label),),
        reading=label,
    )


@pytest.mark.parametrize("label", HARMLESS)
def test_a_label_is_text_everywhere_and_never_code(label, tmp_path):
    reader = read(everywhere(label, tmp_path), tmp_path)
    # Title, provenance, facts, finding, contents; then section, text, entry, table with its parts, figure.
    assert compact(text(reader)).count(compact(label)) == (1 + 1 + 2 + 1 + 1) + (1 + 1 + 3 + 5 + 2) + 1 + len(
        reader.pages
    )
    assert reader.metadata.title == label
    alternatives = [
        element.get("/Alt") for element in structure(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    ]
    assert label in alternatives


@pytest.mark.parametrize("label", DROPPED)
def test_characters_that_deceive_are_left_out(label, tmp_path):
    word = "".join(character for character in label if character.isascii() and character.isalpha())
    reader = read(everywhere(label, tmp_path), tmp_path)
    assert text(reader).count(word) == 19 + len(reader.pages)
    assert not set(text(reader)) & set("\u202e\x00\ud800\x07\u200e\u2067")


@pytest.mark.parametrize("label", ["שלום", "مرحبا"])
def test_words_from_right_to_left_leave_the_rest_in_its_place(label):
    reader = read(with_table(Table("x", frame([[label, "12", "end"]], ["A", "B", "C"]))))
    row = [
        piece for piece in placed(reader.pages[0]) if set(piece[0]) & set(label) or piece[0] in ("12", "end")
    ]
    assert set(label) <= {character for words, *_ in row for character in words}
    assert [words for words, *_ in row][-2:] == ["12", "end"]
    lefts = [left for _, _, _, left, _, _ in row]
    assert lefts == sorted(lefts)


def test_a_long_table_goes_on_with_its_head_and_group():
    rows = frame([[f"Row {i}", f"{i}.5"] for i in range(300)], ["Name", "Number"])
    reader = read(with_table(Table("Long", rows, groups=("First",) * 150 + ("Second",) * 150)))
    pages = [lines(page) for page in reader.pages]
    with_rows = [page for page in pages if any(re.match(r"Row \d", line) for line in page)]
    assert len(with_rows) >= 4
    assert all("Name Number" in page for page in with_rows)
    assert all("First" in page or "Second" in page for page in with_rows)
    assert [line for page in pages for line in page if line.startswith("Row ")] == [
        f"Row {i} {i}.5" for i in range(300)
    ]


@pytest.mark.parametrize("groups", [(), ("First",) * 40], ids=["rows", "groups"])
def test_a_caption_stands_with_its_head_and_two_rows(groups):
    table = Table(
        "Caption", frame([[f"Row {i}", f"{i}.5"] for i in range(40)], ["Name", "Number"]), (), groups
    )
    starts = set()
    for n_lines in range(29, 38):
        text_above = tuple(f"Line {i}." for i in range(n_lines))
        pages = [lines(page) for page in read(document(Section("x", "X", text_above, (table,)))).pages]
        start = next(i for i, page in enumerate(pages) if "Caption" in page)
        assert ["Name Number", *groups[:1], "Row 0 0.5", "Row 1 1.5"] == pages[start][
            (at := pages[start].index("Caption")) + 1 : at + 4 + len(groups[:1])
        ]
        starts.add(start)
    assert len(starts) == 2


def wide(n_columns, label="Heading"):
    columns = ["Variable", *(f"{label} {j}" for j in range(1, n_columns))]
    return Table("Wide", frame([["Row", *(["12.34 (5.67)"] * (n_columns - 1))]] * 3, columns))


def assert_within_pages(reader):
    for page in reader.pages:
        for words, _, _, left, right, base in placed(page):
            assert 40 <= left <= right <= float(page.mediabox.width) - 40, words
            assert 20 <= base <= float(page.mediabox.height) - 20, words
        for (*_, right, base), (words, *_, left, _, its_base) in pairwise(placed(page)):
            assert its_base != base or right <= left + 0.5, words


@pytest.mark.parametrize(("n_columns", "lies"), [(4, False), (12, True), (20, True)])
def test_a_page_lies_where_a_table_is_wide_and_words_stay_whole(n_columns, lies):
    reader = read(document(Section("w", "Wide", tables=(wide(n_columns),)), Section("n", "Next", ("Text.",))))
    page = next(page for page in reader.pages if "12.34 (5.67)" in page.extract_text())
    assert (page.mediabox.width > page.mediabox.height) == lies
    pieces = [words for words, *_ in placed(page)]
    assert pieces.count("12.34 (5.67)") == 3 * (n_columns - 1)
    assert_within_pages(reader)
    last = next(page for page in reader.pages if "Text." in page.extract_text())
    assert last.mediabox.width < last.mediabox.height


@pytest.mark.parametrize(
    ("words", "size"),
    [("fits", 8), ("fits in somewhat smaller letters than others", 7), ("too long " * 9, 8)],
)
def test_letters_are_smaller_where_that_keeps_all_cells_on_one_line(words, size):
    reader = read(with_table(Table("x", frame([[words] * 3], list("ABC")))))
    cells = [piece for piece in placed(reader.pages[0]) if piece[0] and words.strip().startswith(piece[0])]
    assert {size for _, _, size, *_ in cells} == {size}
    assert [piece for piece, *_ in cells].count(words) == (3 if len(words) < 50 else 0)


def test_a_path_is_broken_after_a_slash():
    filler = "a long text that takes what room it can get " * 9
    path = "config/plans/of_a_long_name/ehresman2019.yaml"
    reader = read(with_table(Table("x", frame([[filler, path, filler]], list("ABC")))))
    bases = {base for words, *_, base in placed(reader.pages[0]) if "yaml" in words}
    line = "".join(words for words, *_, base in placed(reader.pages[0]) if base in bases)
    assert "ehresman2019.yaml" in line


def test_a_broken_word_is_copied_whole():
    checksum = "909e4dd2e6ef5465896b0e4fbf27c766c6aa65abd0f4d6e69592af84fe334214"
    filler = "a long text that takes what room it can get " * 9
    reader = read(with_table(Table("x", frame([[filler, checksum, filler]], list("ABC")))))
    assert checksum not in text(reader)
    assert checksum in compact(text(reader))
    # What is copied where it is not what is seen: nothing with a space of no width.
    assert not any(b"200B>" in page.get_contents().get_data() for page in reader.pages)


def test_a_word_of_many_breaks_fits_its_column():
    path = "config/plans/of_a_long_name/Ehresman_2019.yaml"
    rows = lines(read(with_table(Table("x", frame([[path, "1"]], ["", ""])))).pages[0])
    assert f"{path} 1" in rows


def test_a_table_is_as_wide_as_its_groups():
    group = "A heading that is longer than the rows that it stands above"
    reader = read(with_table(Table("x", frame([["1", "2"]], ["A", "B"]), groups=(group,))))
    assert group in lines(reader.pages[0])


@pytest.mark.parametrize(
    "table",
    [
        wide(60),
        wide(12, "Unbreakablewordthatgoesonandon"),
        Table("x", frame([["x" * 3000, "y" * 500, "1"]], ["A", "B", "C"])),
        Table("x", frame([["word " * 3000, "2", "1"]], ["A", "B", "C"])),
        Table("w" * 400, frame([["1", "2"]], ["A", "B"]), ("n" * 400,), ("g" * 9000,)),
    ],
    ids=["columns", "headings", "words", "rows", "captions"],
)
def test_nothing_runs_off_the_page(table):
    whole = with_table(table, provenance="p" * 1500, facts={"f" * 200: "f" * 300}, title="t" * 200)
    reader = read(replace(whole, findings=(Finding("s" * 300, ""),)))
    assert_within_pages(reader)


def test_a_tall_figure_stays_on_its_page(tmp_path):
    tall = figure(tmp_path, height=4000, caption="Tall.")
    reader = read(document(Section("x", "X", pictures=(tall, tall))), tmp_path)
    assert_within_pages(reader)
    assert [text(reader).count("Tall."), len(reader.pages)] == [2, 2]


def test_narrow_figures_stand_side_by_side_and_wide_ones_alone(tmp_path):
    pictures = [
        figure(tmp_path, name, width, caption=f"{name}.")
        for name, width in (("one", 238), ("two", 238), ("three", 238), ("four", 493), ("five", 238))
    ]
    reader = read(document(Section("x", "X", pictures=tuple(pictures))), tmp_path)
    place = {words: (left, base) for page in reader.pages for words, _, _, left, _, base in placed(page)}
    assert place["one."][1] == place["two."][1]
    assert place["one."][0] < place["two."][0]
    assert place["four."][0] == place["one."][0]


def test_a_table_without_headings_has_no_head():
    reader = read(with_table(Table("x", frame([["Needs", "VBQ score"]], ["", ""]), groups=("A rule",))))
    assert "Needs VBQ score" in lines(reader.pages[0])
    kinds = [element.get("/S") for element in structure(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])]
    assert kinds.count("/TR") == 2


def test_what_is_empty_is_left_out():
    reader = read(
        document(Section("x", "X", tables=(Table("Empty", frame([], ["A", "B"])),)), findings=(), facts={})
    )
    assert "A B" in lines(reader.pages[0])


def test_a_missing_figure_is_an_error(tmp_path):
    gone = figure(tmp_path)
    (tmp_path / "figures" / "roc.svg").unlink()
    with pytest.raises(FileNotFoundError):
        pdf_document(document(Section("x", "X", pictures=(gone,))), tmp_path)
