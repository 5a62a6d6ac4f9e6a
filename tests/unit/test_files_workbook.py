"""Excel workbooks: typed cells, headings, merged cells, formulas, and files that are no workbooks."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from vbq.ingest.files import Settings, read_sheet
from vbq.ingest.files.workbook import MOST_BYTES, sheet_names
from vbq.problems import Problems


def workbook(path: Path, rows, prepare=lambda sheet: None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    prepare(sheet)
    book.save(path)
    return path


def read(path: Path, keep=None, **settings):
    problems = Problems()
    return read_sheet(path, path.name, Settings(**settings), keep, problems), problems.sorted()


def test_typed_cells_become_the_text_that_one_would_type(tmp_path):
    typed = [
        7,
        7.0,
        3.25,
        1e-7,
        True,
        dt.date(2024, 5, 3),
        dt.datetime(2024, 5, 3, 4, 5),
        "007 ",
        None,
        "3,5",
    ]
    path = workbook(tmp_path / "a.xlsx", [[f"h{i}" for i in range(len(typed))], typed])
    sheet, problems = read(path)
    assert sheet.frame.loc[2].tolist() == [
        *("7", "7", "3.25", "1e-07", "TRUE", "2024-05-03", "2024-05-03T04:05:00", "007", "", "3,5")
    ]
    assert problems == []
    assert read(path, decimal=",")[0].frame.loc[2, "h2"] == "3,25"


def test_only_the_columns_asked_for_are_kept_and_rows_are_those_of_the_sheet(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["id", "age", "name"], ["a", 60, "x"], [None] * 3, ["b", 61, "y"]])
    sheet, _ = read(path, keep={"id", "age"})
    assert sheet.headings == ("id", "age", "name")
    assert sheet.frame.to_dict("list") == {"id": ["a", "b"], "age": ["60", "61"]}
    assert sheet.frame.index.tolist() == [2, 4]
    assert sheet.others.columns.tolist() == ["name"]


def test_merged_headings_above_others(tmp_path):
    rows = [["Our cohort"], ["id", "SINS", None, "Outcome"], [None, "pain", "lesion", None], ["a", 3, 2, 1]]

    def merge(sheet):
        for area in ("A1:D1", "A2:A3", "B2:C2", "D2:D3"):
            sheet.merge_cells(area)

    path = workbook(tmp_path / "a.xlsx", rows, merge)
    sheet, problems = read(path, headings=(2, 3))
    assert sheet.headings == ("id", "SINS pain", "SINS lesion", "Outcome")
    assert sheet.frame.loc[4].tolist() == ["a", "3", "2", "1"]
    assert (sheet.heading_row, problems) == (3, [])


def test_a_value_merged_over_rows_stands_in_each_and_is_told(tmp_path):
    rows = [["id", "L1"], ["a", 300], [None, 310], ["b", 290]]
    path = workbook(tmp_path / "a.xlsx", rows, lambda sheet: sheet.merge_cells("A2:A3"))
    sheet, [problem] = read(path)
    assert sheet.frame["id"].tolist() == ["a", "a", "b"]
    assert (problem.rule, problem.row, problem.severity) == ("merged cells", 2, "warning")


def test_a_formula_without_a_stored_value_is_an_error_of_its_cell(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["id", "vbq"], ["a", "=1+1"], ["b", 2.5]])
    _, [problem] = read(path)
    assert (problem.rule, problem.row, problem.column) == ("formula without a value", 2, "vbq")
    _, problems = read(path, keep={"id"})
    assert problems == []


def test_a_formula_counts_with_its_stored_value(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["id", "vbq", "note"], ["a", "=5/2", '=IF(A2="a","","x")']])
    stored = {"<f>5/2</f><v></v>": "<f>5/2</f><v>2.5</v>", '<c r="C2">': '<c r="C2" t="str">'}
    rewrite(path, lambda name, text: replaced(text, stored) if name.endswith("sheet1.xml") else text)
    sheet, problems = read(path)
    assert sheet.frame.loc[2].tolist() == ["a", "2.5", ""]
    assert problems == []


def replaced(text: str, pairs: dict[str, str]) -> str:
    for old, new in pairs.items():
        text = text.replace("<v />", "<v></v>")  # one or the other, by the library that writes XML
        assert old in text
        text = text.replace(old, new)
    return text


def rewrite(path: Path, change) -> None:
    """Write an archive again with its text members changed."""
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name).decode("utf-8")))


def test_one_of_several_sheets_is_asked_for(tmp_path):
    def add(sheet):
        other = sheet.parent.create_sheet("rois")
        other.append(["id", "L1"])
        other.append(["a", 300])
        hidden = sheet.parent.create_sheet("lists")
        hidden.append(["x"])
        hidden.sheet_state = "hidden"

    path = workbook(tmp_path / "a.xlsx", [["id", "age"], ["a", 60]], add)
    _, [problem] = read(path)
    assert (problem.rule, "'Sheet', 'rois'" in problem.action) == ("several sheets", True)
    assert read(path, sheet="rois")[0].headings == ("id", "L1")
    assert read(path, sheet="roi")[1][0].rule == "no such sheet"
    assert sheet_names(path) == ["Sheet", "rois"]


def test_hidden_rows_are_read_and_told(tmp_path):
    def hide(sheet):
        sheet.row_dimensions[3].hidden = True

    sheet, [problem] = read(workbook(tmp_path / "a.xlsx", [["id"], ["a"], ["b"]], hide))
    assert sheet.frame["id"].tolist() == ["a", "b"]
    assert (problem.rule, problem.row, problem.severity) == ("hidden row", 3, "note")


def test_a_value_far_below_the_table_does_not_fill_the_memory(tmp_path):
    def far(sheet):
        sheet["XFD1048576"] = "x"

    _, [problem] = read(workbook(tmp_path / "a.xlsx", [["id"], ["a"]], far))
    assert problem.rule == "too large"
    assert "row 1048576, column 16384" in problem.action


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\xd0\xcf\x11\xe0 and more", "not readable"),
        (b"PK\x03\x04 and more", "not readable"),
        (b"", "not readable"),
    ],
)
def test_what_is_no_workbook(tmp_path, content, rule):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    _, [problem] = read(path)
    assert problem.rule == rule


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["id"], ["a"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * (MOST_BYTES + 1))
    assert path.stat().st_size < 200_000
    assert read(path)[1][0].rule == "too large"


def test_entities_are_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["id"], ["a"]])
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    rewrite(path, lambda name, text: bomb + text if name.endswith("sheet1.xml") else text)
    assert read(path)[1][0].rule == "not readable"


def test_a_workbook_cut_short_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["id"], ["a"]])
    whole = path.read_bytes()
    for length in range(4, len(whole), 97):
        path.write_bytes(whole[:length])
        assert read(path)[1][0].rule == "not readable"
