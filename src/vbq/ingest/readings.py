"""ROI readings, in the wide or the long layout -> one row per patient and reader."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from vbq.ingest.identifying import is_code
from vbq.ingest.levels import level_name, target_of
from vbq.ingest.mapping import heading_of
from vbq.ingest.patient_ids import Patients, flag_repeats, rows_of_patients
from vbq.ingest.values import Column, Table, is_missing, read_numbers
from vbq.problems import COHORT_FILE, Problems
from vbq.scores.marker import Marker, reader_label

MAX_READERS = 20


def shown_readers(labels: Iterable[str]) -> dict[str, str]:
    """Return what the results call each reader: the label where all are codes, else reader_1 and so on.

    `labels` are those of `reader_label`; they are numbered in their order.
    """
    ordered = sorted({label for label in labels if label})
    if all(map(is_code, ordered)):
        return dict(zip(ordered, ordered, strict=True))
    return {label: f"reader_{number}" for number, label in enumerate(ordered, 1)}


def read_readings(
    table: Table,
    section: Mapping[str, Any],
    marker: Marker,
    patients: Patients,
    taken: Collection[str],
    problems: Problems,
) -> pd.DataFrame:
    """Return the readings: file_row, row (the patient's), reader, the marker's levels, csf, csf_level.

    `taken` are column names that a reader's score may not have.
    Readers are labeled as in column names, "" where the file has one reader. Values that are no positive
    number become missing and are collected as problems, as are rows of no patient.
    """
    missing = tuple(section.get("missing", ()))
    columns = section["columns"]
    rows = rows_of_patients(table, section["id"].strip(), missing, patients, problems)
    reader = _read_reader(table, section, marker, missing, taken, problems)
    known = pd.DataFrame({"row": rows, "reader": reader}).dropna().astype({"row": "int64"})
    layout = _read_wide if section["layout"] == "wide" else _read_long
    readings = layout(table, section["id"].strip(), columns, missing, marker, known, problems)
    shown = shown_readers(readings["reader"].unique())
    if any(label != code for label, code in shown.items()):
        action = f"{', '.join(shown.values())}: in the order of their names"
        rule = "readers' names are not shown"
        heading = section["reader"].strip()
        problems.add(table.file, rule, action, row=table.heading_row, column=heading, severity="note")
    return readings.sort_values(["row", "reader"], ignore_index=True)


def _read_reader(
    table: Table,
    section: Mapping[str, Any],
    marker: Marker,
    missing: tuple[str | float, ...],
    taken: Collection[str],
    problems: Problems,
) -> pd.Series:
    """Return each row's reader, labeled as in column names; missing where the label cannot be used."""
    if "reader" not in section:
        if marker.readers not in ("mean", "first"):
            action = f"the plan's score is that of reader {marker.readers!r}: name the column of the readers"
            problems.add(COHORT_FILE, "no such reader", action, column=f"{table.section}.reader")
        return pd.Series("", index=table.frame.index, dtype="str")
    heading = section["reader"].strip()
    cells = table.frame[heading]
    unknown = is_missing(cells, missing)
    table.flag(problems, heading, unknown, "reader missing", "say who read this row")
    labels = {cell: reader_label(cell) for cell in cells[~unknown].unique()}
    if len(set(labels.values())) > MAX_READERS:
        action = f"more than {MAX_READERS} readers: is this the column of the readers?"
        problems.add(table.file, "too many readers", action, row=table.heading_row, column=heading)
        return pd.Series(np.nan, index=cells.index, dtype="str")
    spellings: dict[str, str] = {}
    shown = shown_readers(labels.values())
    unusable = set()
    for cell, label in labels.items():
        same = spellings.setdefault(label, " ".join(cell.casefold().split()))
        columns = {f"{marker.name}_{label}", f"{marker.name}_{shown.get(label)}"}
        if not label or same != " ".join(cell.casefold().split()) or columns.intersection(taken):
            unusable.add(cell)
    action = (
        "its letters and digits make a column name that is empty, taken, or that of another spelling: give "
        "each reader one spelling, and another name where it is taken"
    )
    table.flag(problems, heading, cells.isin(unusable), "unusable reader", action)
    if marker.readers not in ("mean", "first") and reader_label(marker.readers) not in labels.values():
        action = f"the plan's score is that of reader {marker.readers!r}, who is not in this column"
        problems.add(table.file, "no such reader", action, row=table.heading_row, column=heading)
    return cells.map(labels).where(~unknown & ~cells.isin(unusable))


def _read_wide(
    table: Table,
    id_heading: str,
    columns: Mapping[str, Any],
    missing: tuple[str | float, ...],
    marker: Marker,
    known: pd.DataFrame,
    problems: Problems,
) -> pd.DataFrame:
    where = f"{table.section}.columns"
    for level in marker.levels:
        if level not in columns:
            action = f"no column for {level}, one of the levels of {marker.name}: the score does without it"
            problems.add(
                COHORT_FILE, "level not mapped", action, column=f"{where}.{level}", severity="warning"
            )
    if marker.reference == "csf" and "csf" not in columns:
        action = f"{marker.name} is relative to the CSF: map its column"
        problems.add(COHORT_FILE, "CSF not mapped", action, column=f"{where}.csf")
    names = [name for name in (*marker.levels, "csf") if name in columns]
    values = pd.DataFrame(index=table.frame.index)
    for name in names:
        values[name] = _read_intensity(table, columns[name].strip(), missing, problems)
    values["csf_level"] = _read_csf_level(table, columns.get("csf_level"), missing, marker, problems)
    readings = known.join(values)
    repeated = flag_repeats(table, id_heading, known, "reading duplicated", "patient and reader", problems)
    readings = readings[~repeated].reset_index(names="file_row")
    return _complete(readings, marker)


def _read_long(
    table: Table,
    id_heading: str,
    columns: Mapping[str, Any],
    missing: tuple[str | float, ...],
    marker: Marker,
    known: pd.DataFrame,
    problems: Problems,
) -> pd.DataFrame:
    level_heading = heading_of(columns["level"])
    target, csf_at = _read_targets(table, columns["level"], marker, problems)
    stated = _read_csf_level(table, columns.get("csf_level"), missing, marker, problems)
    differ = csf_at.notna() & stated.notna() & (csf_at != stated)
    if "csf_level" in columns:
        action = "the row's level names another CSF level: correct one of them"
        table.flag(problems, columns["csf_level"].strip(), differ, "CSF levels differ", action)
    values = pd.DataFrame(
        {
            "target": target,
            "csf_level": csf_at.fillna(stated),
            "value": _read_intensity(table, columns["value"].strip(), missing, problems),
        }
    )
    values["csf_level"] = values["csf_level"].where(values["target"] == "csf")
    unused = target.notna() & ~target.isin([*marker.levels, "csf"])
    rois = known.join(values[target.notna() & ~unused], how="inner")
    repeated = flag_repeats(
        table,
        id_heading,
        rois[["row", "reader", "target", "csf_level"]],
        "reading duplicated",
        "patient, reader and level",
        problems,
    )
    rois = rois[~repeated].reset_index(names="file_row")
    readings = _complete(_widen(rois, marker), marker)
    named = table.frame.loc[unused, level_heading].unique()  # they name a vertebra, nobody else
    misnamed = unused & unused.index.isin(_rows_of_gaps(readings, known, marker))
    action = f"{marker.name} is not made from it, and a level of its reading is missing: is it misnamed?"
    table.flag(problems, level_heading, misnamed, "level not used", action, "warning", known=named)
    action = f"{marker.name} is not made from it: left out"
    table.flag(problems, level_heading, unused & ~misnamed, "level not used", action, "note", known=named)
    return readings


def _rows_of_gaps(readings: pd.DataFrame, known: pd.DataFrame, marker: Marker) -> pd.Index:
    """Return the file's rows of the readings that lack a level which most readings have."""
    values = readings[list(marker.levels)]
    usual = values.columns[values.notna().mean() > 0.5]
    gaps = readings.loc[values[usual].isna().any(axis=1), ["row", "reader"]]
    rows = known.reset_index(names="file_row").merge(gaps, on=["row", "reader"])
    return pd.Index(rows["file_row"])


def _widen(rois: pd.DataFrame, marker: Marker) -> pd.DataFrame:
    """Return one row per patient and reader; of several CSF readings the preferred level's."""
    preference = {level: rank for rank, level in enumerate(marker.csf_levels)}
    rank = rois["csf_level"].map(preference).fillna(len(preference)).where(rois["value"].notna(), np.inf)
    best = rois.assign(rank=rank).sort_values("rank", kind="stable")
    best = best.drop_duplicates(["row", "reader", "target"])
    wide = rois.groupby(["row", "reader"])["file_row"].min().to_frame()
    for target, readings in best.groupby("target"):
        wide[target] = readings.set_index(["row", "reader"])["value"]
        if target == "csf":
            wide["csf_level"] = readings.set_index(["row", "reader"])["csf_level"]
    return wide.reset_index()


def _complete(readings: pd.DataFrame, marker: Marker) -> pd.DataFrame:
    names = ["file_row", "row", "reader", *marker.levels, "csf", "csf_level"]
    complete = readings.reindex(columns=names)
    complete["csf_level"] = complete["csf_level"].astype("str").where(complete["csf"].notna())
    return complete


def _read_intensity(
    table: Table, heading: str, missing: tuple[str | float, ...], problems: Problems
) -> pd.Series:
    values = read_numbers(table, Column(heading, heading, missing=missing), problems)
    wrong = values <= 0
    action = "a mean signal intensity is above zero: correct it, or list it under `missing`"
    table.flag(problems, heading, wrong, "not positive", action)
    return values.mask(wrong)


def _read_csf_level(
    table: Table, heading: str | None, missing: tuple[str | float, ...], marker: Marker, problems: Problems
) -> pd.Series:
    if heading is None:
        return pd.Series(np.nan, index=table.frame.index, dtype="str")
    cells = table.frame[heading.strip()]
    levels = {cell: level_name(cell) for cell in cells.unique()}
    unknown = ~is_missing(cells, missing) & ~cells.map(levels).isin(marker.csf_levels)
    action = f"accepted for {marker.name}: {', '.join(sorted(marker.csf_levels))}"
    table.flag(problems, heading.strip(), unknown, "unknown CSF level", action)
    found = cells.map(levels).astype("str")
    return found.where(found.isin(marker.csf_levels))


def _read_targets(
    table: Table, entry: str | Mapping[str, Any], marker: Marker, problems: Problems
) -> tuple[pd.Series, pd.Series]:
    """Return what each row of a long file was read at ("L1", "csf"), and the CSF's level if named there.

    Where the entry has `levels`, rows of another name are regions that no score is made from.
    """
    heading = heading_of(entry)
    cells = table.frame[heading]
    names: dict[str, str] = {}
    where = f"{table.section}.columns.level.levels"
    for name, level in _own_levels(entry).items():
        if names.setdefault(str(name).strip(), str(level)) != str(level):
            action = "it stands twice but for spaces around it: leave one of them out"
            problems.add(COHORT_FILE, "level with two meanings", action, column=where, value=str(name))
    for name in [name for name, level in names.items() if target_of(level)[0] is None]:
        problems.add(
            COHORT_FILE, "unknown level", "a level such as L1, or CSF", column=where, value=names[name]
        )
    targets, csf_levels = {}, {}
    for cell in cells.unique():
        targets[cell], csf_levels[cell] = target_of(names.get(cell, "") if names else cell)
    target = cells.map(targets).astype("str")
    csf_at = cells.map(csf_levels).astype("str")
    unknown = csf_at.notna() & ~csf_at.isin(marker.csf_levels)
    if names:
        action = "`levels` does not name it: left out"
        table.flag(problems, heading, target.isna(), "region not used", action, "note")
    else:
        unknown |= target.isna()
    at = f"CSF_{marker.csf_levels[0]}" if marker.csf_levels else "CSF"
    action = f"accepted: a vertebral level such as {marker.levels[0]}, or CSF, or {at} and the like"
    table.flag(problems, heading, unknown, "unknown level", action)
    return target.mask(unknown), csf_at.mask(unknown)


def _own_levels(entry: str | Mapping[str, Any]) -> Mapping[Any, Any]:
    return {} if isinstance(entry, str) else entry["levels"]
