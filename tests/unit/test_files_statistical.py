"""SPSS, Stata, SAS and Parquet files."""

import datetime as dt

import pandas as pd
import pyreadstat
import pytest

from vbq.ingest.files import Settings, read_sheet
from vbq.problems import Problems

ROWS = pd.DataFrame(
    {
        "id": ["P1", "P2", "P3"],
        "age": [61.0, 62.5, None],
        "fracture": [1.0, 2.0, 9.0],
        "sex": ["m", "f", ""],
    }
)
LABELS = {"fracture": {1.0: "yes", 2.0: "no", 9.0: "unknown"}}


def read(path, keep=None, **settings):
    problems = Problems()
    return read_sheet(path, path.name, Settings(**settings), keep, problems), problems.sorted()


def test_spss_cells_hold_labels_and_declared_missing_values_are_blank(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        ROWS, str(path), variable_value_labels=LABELS, missing_ranges={"fracture": [{"lo": 9, "hi": 9}]}
    )
    sheet, [note] = read(path)
    assert sheet.frame["fracture"].tolist() == ["yes", "no", ""]
    assert sheet.frame["age"].tolist() == ["61", "62.5", ""]
    assert sheet.frame.index.tolist() == [1, 2, 3]
    assert sheet.heading_row is None
    assert sheet.labels["fracture"] == {"1": "yes", "2": "no", "9": "unknown"}
    assert (note.rule, note.column, note.severity) == ("declared missing", "fracture", "note")
    assert "1 value(s)" in note.action


def test_stata_cells_hold_labels(tmp_path):
    path = tmp_path / "a.dta"
    whole = ROWS.assign(fracture=ROWS["fracture"].astype("int64"))
    labels = {"fracture": {1: "yes", 2: "no", 9: "unknown"}}
    pyreadstat.write_dta(whole, str(path), variable_value_labels=labels)
    sheet, problems = read(path, keep={"id", "fracture"}, decimal=",")
    assert sheet.frame.to_dict("list") == {"id": ["P1", "P2", "P3"], "fracture": ["yes", "no", "unknown"]}
    assert sheet.others["age"].tolist() == ["61", "62,5", ""]
    assert problems == []


def test_numbers_of_single_precision_are_the_decimals_that_were_stored(tmp_path):
    table = pd.DataFrame({"narrow": [3.8, 0.3, 1e6, None], "wide": [3.8, 0.3, 1e6, None]})
    table["narrow"] = table["narrow"].astype("float32")
    table.to_stata(tmp_path / "a.dta", write_index=False)
    table.to_parquet(tmp_path / "a.parquet")
    for name in ("a.dta", "a.parquet"):
        sheet, _ = read(tmp_path / name)
        for column in ("narrow", "wide"):
            assert sheet.frame[column].tolist() == ["3.8", "0.3", "1000000", ""]


def test_sas_transport(tmp_path):
    path = tmp_path / "a.xpt"
    pyreadstat.write_xport(ROWS, str(path), file_format_version=5, table_name="ROWS")
    sheet, _ = read(path)
    assert sheet.frame.iloc[:, 1].tolist() == ["61", "62.5", ""]


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    days = [dt.date(2024, 5, 3), None, dt.date(2024, 5, 4)]
    ROWS.assign(
        day=days, yes=[True, None, False], n=pd.array([1, None, 3], dtype="Int64"), l=[[1], [2], []]
    ).to_parquet(path)
    sheet, problems = read(path)
    assert sheet.frame["day"].tolist() == ["2024-05-03", "", "2024-05-04"]
    assert sheet.frame["yes"].tolist() == ["TRUE", "", "FALSE"]
    assert sheet.frame["n"].tolist() == ["1", "", "3"]
    assert problems == []


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".sas7bdat", ".xpt", ".por", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"no such file", b"PAR1PAR1", b"$FL2@(#)" + bytes(400)])
def test_what_is_no_such_file_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    sheet, [problem] = read(path)
    assert sheet is None
    assert problem.rule in ("not readable", "empty file")
