"""The report in a real browser: it needs nothing, its tables work, nobody is shut out, and it prints."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import Markup
from playwright.sync_api import Locator, Page
from project_copy import Copy
from pypdf import PdfReader

from vbq.render.document import Document, Picture, Section, Table
from vbq.render.writers.html import html_page

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
LEVELS = pd.DataFrame(
    [
        ("Age", "9.0 (1.0)", "0.2"),
        ("Smoking", "", "<0.0001"),
        ("\u2003never", "10 (50.0)", ""),
        ("\u2003ever", "2 (50.0)", ""),
        ("=cmd|' /C calc'!A0", "−12.5 to 3", "0.03"),
        ("<b>\u05d0\u05d1</b> \u202eabc", "", "—"),
    ],
    columns=["Variable", "Value", "p"],
)
LONG = pd.DataFrame([(f"row {i}", *["some words of a cell"] * 5) for i in range(200)])
LONG.columns = ["Variable", *(f"Column {i}" for i in range(5))]
GROUPED = pd.DataFrame([("b", "2"), ("a", "10"), ("d", "1"), ("c", "3")], columns=["Name", "n"])


@pytest.fixture
def tables(tmp_path: Path, open_page: Callable[..., Page]) -> Page:
    """A page with a table of levels, and one in groups with its rows behind it."""
    shown = (
        Table("Levels", LEVELS, sources=("levels",)),
        Table("Groups", GROUPED, groups=("first", "first", "second", "second")),
    )
    document = Document(
        "x", "y", {}, (), (Section("s", "Section", tables=shown),), "", {}, {"levels": LEVELS}
    )
    (tmp_path / "page.html").write_text(html_page(document), encoding="utf-8")
    return open_page(tmp_path / "page.html")


@pytest.fixture
def long_page(tmp_path: Path) -> Callable[[str], Path]:
    """Write a page of some provenance with a long and wide table, and a wide figure."""

    def written(provenance: str) -> Path:
        figure = Picture(
            Markup('<svg viewBox="0 0 493 200"></svg>'), "", "A figure.", "An alt.", "wide", "figures/x"
        )
        section = Section("s", "Section", tables=(Table(20 * "Long caption ", LONG),), pictures=(figure,))
        path = tmp_path / "long.html"
        path.write_text(html_page(Document("x", provenance, {}, (), (section,), "", {})), encoding="utf-8")
        return path

    return written


def printed(page: Page) -> list[str]:
    """The words of each page that is printed."""
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    return [re.sub(r"\s+", " ", sheet.extract_text()) for sheet in sheets]


def table_of(page: Page, caption: str) -> Locator:
    return page.locator("section > .scroll > table").filter(has=page.get_by_text(caption, exact=True))


def rows_of(page: Page, caption: str) -> list[str]:
    """The first cells of the rows that are shown."""
    return [
        row.locator("th, td").first.inner_text()
        for row in table_of(page, caption).locator("tbody tr:visible").all()
    ]


def sort(page: Page, caption: str, column: str) -> None:
    table_of(page, caption).locator("thead").get_by_role("button", name=column, exact=True).click()


def thinned(page: Page) -> Page:
    """Leave few of what is there by the hundred: paths in figures, rows of tables and behind them."""
    page.evaluate(
        """() => {
            const [first, ...others] = document.querySelectorAll("details");
            first.open = true;
            others.forEach((details) => details.remove());
            document.querySelectorAll("svg > *").forEach((part) => part.remove());
            document.querySelectorAll("tr:nth-child(n + 12)").forEach((row) => row.remove());
        }"""
    )
    return page


def tools(page: Page, place: int = 0) -> Locator:
    return page.locator(".tools").nth(place)


@pytest.mark.parametrize("site", ["rerun", "validated"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_the_report_asks_for_nothing_and_fits(site, options, request, open_page):
    copy: Copy = request.getfixturevalue(site)
    file = copy.results({"rerun": "ehresman2019", "validated": "simulated_site"}[site]) / "report.html"
    assert file.stat().st_size < 5e6
    page = open_page(file, **options)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("figure svg").count() >= 8
    assert page.locator(".tools").count() >= 10


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_nobody_is_shut_out(rerun, options, open_page, barriers):
    page = open_page(rerun.results("ehresman2019") / "report.html", **options)
    assert barriers(thinned(page)) == []


def test_the_index_and_the_validation_shut_nobody_out(validated, open_page, barriers):
    page = open_page(validated.path / "results" / "index.html")
    assert page.get_by_role("link", name="report.html").count() >= 1
    assert barriers(page) == []
    assert barriers(thinned(open_page(validated.results("simulated_site") / "report.html"))) == []


def test_without_scripts_everything_is_there(rerun, open_page):
    file = rerun.results("ehresman2019") / "report.html"
    with_scripts = open_page(file)
    without = open_page(file, java_script_enabled=False)
    assert without.locator(".tools").count() == 0
    for element in ("section > .scroll > table tbody tr", "figure svg", "details", "h2"):
        assert without.locator(element).count() == with_scripts.locator(element).count() > 0
    without.locator("summary").first.click()
    assert without.locator("details table").first.is_visible()


def test_columns_sort_by_number_and_by_word_and_back(tables):
    before = rows_of(tables, "Levels")
    sort(tables, "Levels", "p")
    assert [row[:2] for row in rows_of(tables, "Levels")] == ["Sm", "ne", "ev", "=c", "Ag", "<b"]
    sort(tables, "Levels", "p")
    assert [row[:2] for row in rows_of(tables, "Levels")][-3:] == ["Sm", "ne", "ev"]
    sort(tables, "Levels", "p")
    assert rows_of(tables, "Levels") == before
    sort(tables, "Levels", "Value")
    assert [row[:2] for row in rows_of(tables, "Levels")][:3] == ["=c", "Ag", "Sm"]
    heading = tables.locator("th[aria-sort=ascending]")
    assert heading.count() == 1
    assert heading.inner_text() == "Value"


def test_groups_stay_together(tables):
    sort(tables, "Groups", "n")
    assert rows_of(tables, "Groups") == ["first", "b", "a", "second", "d", "c"]
    sort(tables, "Groups", "Name")
    assert rows_of(tables, "Groups") == ["first", "a", "b", "second", "c", "d"]


def test_rows_are_filtered_with_their_levels_and_groups(tables):
    box = tools(tables).get_by_label("Filter")
    box.fill("NEVER")
    assert rows_of(tables, "Levels") == ["Smoking", "never", "ever"]
    assert tools(tables).get_by_role("status").inner_text() == "3 of 6 rows"
    box.fill("nothing like this")
    assert rows_of(tables, "Levels") == []
    box.fill("")
    assert len(rows_of(tables, "Levels")) == 6
    tools(tables, 1).get_by_label("Filter").fill("second")
    assert rows_of(tables, "Groups") == ["second", "d", "c"]


def test_a_copied_table_is_text_and_no_formula(tables):
    tables.evaluate("""() => document.addEventListener("copy", (event) => setTimeout(() => {}, 0), true)""")
    tables.evaluate(
        """() => {
            const set = DataTransfer.prototype.setData;
            window.copied = {};
            DataTransfer.prototype.setData = function (kind, text) {
                window.copied[kind] = text;
                set.call(this, kind, text);
            };
        }"""
    )
    tools(tables).get_by_label("Filter").fill("a")
    tools(tables).get_by_role("button", name="Copy").click()
    assert tools(tables).get_by_role("status").inner_text() == "Copied"
    copied = tables.evaluate("window.copied")
    lines = [line.split("\t") for line in copied["text/plain"].split("\n")]
    assert lines[0] == ["Variable", "Value", "p"]
    assert ["Age", "9.0 (1.0)", "0.2"] in lines
    assert any(line[0].startswith("'=cmd") for line in lines)
    assert "<b>" not in copied["text/html"]
    assert "&#60;b&#62;" in copied["text/html"]


def test_the_keyboard_reaches_sorting(tables):
    tables.locator("thead button").first.focus()
    tables.keyboard.press("Enter")
    assert tables.locator("th[aria-sort=ascending]").count() == 1


def test_rows_behind_a_table_have_every_digit(rerun, open_page):
    page = open_page(rerun.results("ehresman2019") / "report.html")
    page.locator("#table-2 ~ details summary").click()
    rows = page.locator("#table-2 ~ details table")
    fitted = pd.read_csv(
        rerun.results("ehresman2019") / "multivariable.csv", dtype=str, keep_default_na=False
    )
    cells = rows.locator("tbody tr").nth(0).locator("th, td").all_inner_texts()
    assert cells == list(fitted.iloc[0])
    assert rows.locator("thead th").all_inner_texts() == list(fitted.columns)


def test_a_printed_page_has_no_tools_and_a_banner(rerun, open_page):
    page = open_page(rerun.results("ehresman2019") / "report.html")
    page.emulate_media(media="print")
    assert not page.locator(".tools").first.is_visible()
    assert not page.locator("nav").is_visible()
    assert not page.locator("summary").first.is_visible()
    sheets = printed(page)
    assert 10 < len(sheets) < 60
    banner = "Ehresman et al. 2019: reconstructed from published summary statistics; not patient data"
    assert all(sheet.count(banner) == 1 for sheet in sheets)


@pytest.mark.parametrize("words", ["made up", 30 * "WIDE </style><b> "], ids=["short", "long"])
@pytest.mark.parametrize("scripts", [True, False])
def test_every_printed_page_has_the_provenance_and_the_heads_of_its_table(
    words, scripts, long_page, open_page
):
    page = open_page(long_page(words), java_script_enabled=scripts)
    sheets = printed(page)
    of_table = [sheet for sheet in sheets if "some words of a cell" in sheet]
    assert len(of_table) > 2
    assert all(sheet.count(f"x: {words.strip()}") == 1 for sheet in sheets)
    assert all(" ".join(LONG.columns) in sheet for sheet in of_table)
    page.emulate_media(media="print")
    banner, title = page.locator(".banner").bounding_box(), page.locator("h1").bounding_box()
    assert banner["y"] + banner["height"] <= title["y"]


def test_on_a_phone_captions_stay_in_sight_and_wide_figures_say_that_they_scroll(long_page, open_page):
    page = open_page(long_page("made up"), **PHONE)
    table = page.get_by_role("table", name=20 * "Long caption ")
    table.locator("xpath=..").evaluate("region => region.scrollLeft = 300")
    caption, head = table.locator("caption").bounding_box(), table.locator("th").nth(1).bounding_box()
    assert head["x"] < 0
    assert caption["x"] >= 0
    assert caption["x"] + caption["width"] <= 390
    hint = "figure => getComputedStyle(figure, '::before').content"
    assert "scroll the figure sideways" in page.locator("figure").evaluate(hint)
    on_a_desk = open_page(long_page("made up"), viewport={"width": 1600, "height": 900})
    assert on_a_desk.locator("figure").evaluate(hint) == "none"
    assert on_a_desk.get_by_role("columnheader", name="Column 1").inner_text() == "Column 1"
