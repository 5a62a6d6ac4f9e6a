"""SPSS, Stata, SAS and Parquet files as sheets; cells with a value label hold the label."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vbq.ingest.files.sheet import Settings, Sheet, assembled, number_text
from vbq.problems import Problems

MOST_CELLS = 20_000_000
# Only SPSS declares values missing that are there.
STATA_BEGINS, STATA_ENDS = b"<stata_dta>", b"</stata_dta>"
_DECLARED: Mapping[str, Mapping[str, Any]] = {suffix: {"user_missing": True} for suffix in (".sav", ".zsav")}
SUFFIXES = (".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt")


def read_statistical(
    path: Path, file: str, settings: Settings, keep: Collection[str] | None, problems: Problems
) -> Sheet | None:
    """Read the columns `keep` (all if None) of an SPSS, Stata or SAS file; None if it cannot be read.

    Rows are numbered as cases are, from 1. Values that the file declares missing are blank, with a note that
    counts them. SAS keeps value labels in a catalog of their own, `settings.dictionary`.
    """
    try:
        shape = _read(path, settings, metadataonly=True, **_DECLARED.get(path.suffix.lower(), {}))[1]
        cells = (shape.number_rows or 0) * len(shape.column_names)
        if cells > MOST_CELLS:
            raise ValueError(f"it has {cells} cells: save what is needed as CSV UTF-8")
        frame, meta = _read(path, settings)
        if path.suffix.lower() == ".dta" and _is_cut_short(path):
            raise ValueError("it is not whole")
    except Exception as error:  # the reader's own errors, and what a broken file makes of it
        reason = (
            str(error).splitlines()[0]
            if isinstance(error, ValueError)
            else "it is damaged or of another kind"
        )
        problems.add(file, "not readable", f"{reason}: save it again, or as CSV UTF-8")
        return None
    if frame.empty:
        problems.add(file, "empty file", "there is no case in it")
        return None
    labels = {
        name: {_text(code, settings.decimal): label.strip() for code, label in known.items()}
        for name, known in meta.variable_value_labels.items()
    }
    index = pd.RangeIndex(1, len(frame) + 1)
    columns = {}
    for position, name in enumerate(frame.columns):
        values = frame.iloc[:, position]
        if meta.readstat_variable_types[name] == "float":
            values = values.astype("float32")  # as the file has it: 3.8, not 3.799999952316284
        column = _column(values, settings.decimal).set_axis(index)
        columns[position] = column.replace(labels[name]).str.strip() if name in labels else column.str.strip()
    if shape.missing_ranges:
        _note_missing(path, settings, frame, shape.missing_ranges, file, problems)
    headings = [str(name).strip() for name in frame.columns]
    titles = {
        str(name).strip(): label.strip()
        for name, label in meta.column_names_to_labels.items()
        if label and label.strip()
    }
    return assembled(headings, columns, keep, heading_row=None, labels=labels, titles=titles)


def read_parquet(
    path: Path, file: str, settings: Settings, keep: Collection[str] | None, problems: Problems
) -> Sheet | None:
    """Read the columns `keep` (all if None) of a Parquet file; None if it cannot be read at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        described = pq.ParquetFile(path)
        cells = described.metadata.num_rows * described.metadata.num_columns
        if cells > MOST_CELLS:
            action = f"it has {cells} cells: keep the columns that are needed, or save it as CSV UTF-8"
            problems.add(file, "too large", action)
            return None
        table = described.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        del error  # its text may quote the file
        problems.add(file, "not readable", "it is damaged or no Parquet file: save it again, or as CSV UTF-8")
        return None
    if not table.num_rows:
        problems.add(file, "empty file", "there is no row in it")
        return None
    index = pd.RangeIndex(1, table.num_rows + 1)
    columns = {}
    for position, field in enumerate(table.schema):
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type):
            columns[position] = pd.Series("(not a single value)", index=index, dtype="str")
            continue
        values = table.column(position).to_pandas()
        columns[position] = _column(values, settings.decimal).set_axis(index).str.strip()
    headings = [name.strip() for name in table.column_names]
    return assembled(headings, columns, keep, heading_row=None)


def _read(path: Path, settings: Settings, **how: Any) -> tuple[pd.DataFrame, Any]:
    import pyreadstat

    readers: Mapping[str, Callable[..., Any]] = {
        ".sav": pyreadstat.read_sav,
        ".zsav": pyreadstat.read_sav,
        ".por": pyreadstat.read_por,
        ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat,
        ".xpt": pyreadstat.read_xport,
    }
    suffix = path.suffix.lower()
    if settings.encoding is not None:
        how["encoding"] = settings.encoding
    if suffix == ".sas7bdat" and settings.dictionary is not None:
        how["catalog_file"] = settings.dictionary
    return readers[suffix](str(path), **how)


def _is_cut_short(path: Path) -> bool:
    """Whether a Stata file of a newer format lacks its end, where the value labels stand.

    The reader takes such a file for one without labels.
    """
    content = path.read_bytes()
    return content.startswith(STATA_BEGINS) and not content.rstrip().endswith(STATA_ENDS)


def _note_missing(
    path: Path,
    settings: Settings,
    frame: pd.DataFrame,
    declared: Collection[str],
    file: str,
    problems: Problems,
) -> None:
    """Note for each column how many of its values the file declares missing."""
    as_typed = _read(path, settings, user_missing=True)[0]
    for name in declared:
        number = int((as_typed[name].notna() & frame[name].isna()).sum())
        if number:
            action = f"{number} value(s) that the file declares missing are read as blank"
            problems.add(file, "declared missing", action, column=name, severity="note")


def _column(values: pd.Series, decimal: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        codes, uniques = pd.factorize(values)  # many values, few of them different
        texts = pd.Series(
            [number_text(float(str(each)), decimal) for each in np.asarray(uniques)], dtype="str"
        )
        return pd.Series(texts.reindex(codes).to_numpy(), dtype="str").fillna("")
    return pd.Series([_text(value, decimal) for value in values], dtype="str")


def _text(value: Any, decimal: str) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value, decimal)
    text = str(value)
    return text.removesuffix(" 00:00:00")
