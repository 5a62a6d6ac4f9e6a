"""Warnings of rows that are probably wrong although each of their cells is a legal value."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vbq.ingest.mapping import heading_of
from vbq.ingest.patient_ids import Patients
from vbq.ingest.readings import shown_readers
from vbq.ingest.suspicions import copied_readers, levels_apart, readers_who_disagree, twin_rows
from vbq.ingest.values import Table
from vbq.problems import COHORT_FILE, Problems
from vbq.scores.marker import Marker
from vbq.stats.roc import areas_under_curves

TURNED_ROUND = 0.4  # AUC of both scores: by chance in 1 of 200 cohorts of 60 without association


def doubt_twins(table: Table, id_heading: str, variables: pd.DataFrame, problems: Problems) -> None:
    """Warn of patients whose variables are all those of another patient, under another id."""
    twins = twin_rows(variables)
    for row, first in zip(twins["row"], twins["first_row"], strict=True):
        file, first_row = table.where(int(first))
        of_file = "" if file == table.where(int(row))[0] else f" of {file}"
        action = (
            f"every value is that of row {first_row}{of_file}: if it is the same patient, remove one of them"
        )
        table.add(problems, int(row), id_heading, "same patient under two ids?", action, severity="warning")


def doubt_readings(
    table: Table,
    section: Mapping[str, Any],
    readings: pd.DataFrame,
    scores: pd.DataFrame,
    marker: Marker,
    patients: Patients,
    problems: Problems,
) -> None:
    """Warn of levels far from the others of their reading, of readers who disagree, and of copies.

    `readings` are those of `read_readings`, `scores` their scores by `score_readings`.
    """
    columns = section["columns"]
    apart = levels_apart(readings, marker.levels)
    for odd in apart.to_dict("records"):
        heading = heading_of(columns["value"]) if "value" in columns else columns[odd["level"]].strip()
        times = f"{odd['ratio']:.1f} times" if odd["ratio"] > 1 else f"1/{1 / odd['ratio']:.1f} of"
        action = (
            f"{odd['level']} is {times} the reading's other levels: a digit or a decimal mark may be lost"
        )
        table.add(
            problems, int(odd["file_row"]), heading, "far from the other levels", action, severity="warning"
        )

    names = shown_readers(readings["reader"].unique())
    measured = [name for name in (*marker.levels, "csf") if name in readings]
    for pair in copied_readers(readings, measured).to_dict("records"):
        first, second = names[pair["reader_1"]], names[pair["reader_2"]]
        problems.add(
            table.file,
            "reader copied from another?",
            f"in {pair['n_same']} of {pair['n']} patients every value of {second} is that of {first}: give "
            "what each of them read, or leave one out; the agreement of a reading with its copy measures "
            "nothing",
            column=f"{first}, {second}",
            severity="warning",
        )
    for pair in readers_who_disagree(scores).to_dict("records"):
        first, second = names[pair["reader_1"]], names[pair["reader_2"]]
        problems.add(
            patients.file,
            f"readers disagree in {marker.name}",
            f"{first} minus {second}; their limits of agreement are {pair['low']:.3f} to {pair['high']:.3f}: "
            + ("compare the two readings" if pair["gross"] else "some 5 % of all patients are beyond them"),
            row=int(pair["row"]),
            column=f"{first}, {second}",
            value=f"{pair['difference']:+.3f}",
            severity="warning" if pair["gross"] else "note",
        )


def doubt_scores(cohort: pd.DataFrame, outcome: str, marker: Marker, problems: Problems) -> None:
    """Warn where both scores say that the outcome may be turned round."""
    if not {marker.name, "sins"} <= set(cohort):
        return
    areas = []
    for name in (marker.name, "sins"):
        known = cohort[[outcome, name]].dropna()
        if known[outcome].nunique() < 2:
            return
        areas.append(float(areas_under_curves(known[outcome], known[name]).auc[0]))
    if max(areas) < TURNED_ROUND:
        action = (
            f"both {marker.name} and SINS are lower in those with it (AUC {areas[0]:.2f}, {areas[1]:.2f}): "
            "do the outcome's `levels` say what its values mean?"
        )
        problems.add(COHORT_FILE, "outcome turned round?", action, column=outcome, severity="warning")
