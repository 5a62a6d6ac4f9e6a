"""How unknown files are written, told from themselves."""

import openpyxl
import pytest

from vbq.ingest.files.detect import detect, heading_rows
from vbq.problems import Problems

ROWS = "Kürzel{d}Größe{d}Fraktur\na1{d}1{m}5{d}ja\na2{d}2{m}25{d}nein\n"


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize(
    ("codec", "stated"),
    [("utf-8", None), ("utf-8-sig", None), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_text(tmp_path, delimiter, codec, stated):
    path = tmp_path / "a.csv"
    mark = "." if delimiter == "," else ","
    path.write_bytes(ROWS.format(d=delimiter, m=mark).encode(codec))
    problems = Problems()
    [found] = detect(str(path), False, problems)
    assert (found.settings.delimiter, found.settings.encoding) == (delimiter, stated)
    assert found.sheet.headings == ("Kürzel", "Größe", "Fraktur")
    assert found.sheet.frame.loc[3].tolist() == ["a2", f"2{mark}25", "nein"]
    assert problems.sorted() == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["id", "age"], ["a", "60"]], (1,)),
        ([["Our cohort", ""], ["", ""], ["id", "age"], ["a", "60"]], (3,)),
        ([["id", "SINS", ""], ["", "pain", "age"], ["a", "3", "60"]], (1, 2)),
        ([["Title", "", ""], ["id", "SINS", ""], ["", "pain", "age"], ["a", "3", "60"]], (2, 3)),
        ([["id", "fracture"], ["a", "yes"], ["b", "no"]], (1,)),
        ([["id", "age"], ["a", ""], ["b", "60"]], (1,)),
        ([["id", "", "fracture"], ["a", "x", "yes"], ["b", "y", "no"]], (1,)),
        ([["id", "SINS", "SINS"], ["id", "pain", "age"], ["a", "3", "60"]], (1, 2)),
        ([], (1,)),
    ],
)
def test_rows_of_headings(rows, expected):
    assert heading_rows(rows) == expected


def test_each_visible_sheet_of_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Kohorte"])
    book.active.append(["id", "age"])
    book.active.append(["a", 60])
    rois = book.create_sheet("rois")
    rois.append(["id", "L1"])
    rois.append(["a", 300.5])
    book.create_sheet("empty")
    book.save(tmp_path / "a.xlsx")
    found = detect(str(tmp_path / "a.xlsx"), False, Problems())
    assert [(each.settings.sheet, each.settings.headings, each.sheet.headings) for each in found] == [
        ("Sheet", (2,), ("id", "age")),
        ("rois", (1,), ("id", "L1")),
    ]
