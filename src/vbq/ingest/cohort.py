"""A cohort file and the files that it names -> the canonical cohort, or one error with all problems."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.ingest.doubts import doubt_readings, doubt_scores, doubt_twins
from vbq.ingest.eligibility import select_patients
from vbq.ingest.mapping import heading_of, mapped_headings
from vbq.ingest.patient_ids import Patients, read_patients
from vbq.ingest.patients import SINS_VARIABLES, index_lesions, read_variables
from vbq.ingest.readings import read_readings, shown_readers
from vbq.ingest.sources import Sources, open_sources
from vbq.ingest.values import Table, check_range
from vbq.problems import COHORT_FILE, InputError, Problems
from vbq.scores import sins
from vbq.scores.marker import GIVEN, PUBLISHED, Marker, above_cutoff, combine_readers, score_readings


@dataclass(frozen=True)
class Ingested:
    """A cohort as it was read.

    `cohort`: one row per patient in the analysis, in the order of the patients file, without ids: `row`,
    the variables, the derived scores. `problems`: the warnings and notes (file, row, column, value, rule,
    severity, action). `flow`: step, n, excluded, reason.
    """

    cohort: pd.DataFrame
    problems: pd.DataFrame
    flow: pd.DataFrame


@dataclass(frozen=True)
class Examined:
    """What could be read of a cohort, whatever is wrong with it.

    `rows` counts the rows that each section reads. `scored` has the variables and scores of all patients
    before any is left out, `ingested` the cohort; either is None where errors forbid it.
    """

    rows: Mapping[str, int]
    problems: Problems
    scored: pd.DataFrame | None = None
    ingested: Ingested | None = None


def read_cohort(
    spec: Mapping[str, Any],
    codebook: Mapping[str, Variable],
    marker: Marker,
    base: Path,
    outcome: str,
) -> Ingested:
    """Read a cohort as its cohort file says.

    `spec` is a cohort file that follows `workflow/schemas/cohort.schema.yaml`, `codebook` the variables with
    the cohort's own (`vbq.codebook.extended(spec.get("variables", {}))`), `outcome` the name of a binary one
    of them. Paths are relative to `base`.

    Raises InputError, which lists all problems, if there is an error anywhere.
    """
    examined = examine_cohort(spec, codebook, marker, base, outcome)
    if examined.ingested is None:
        raise InputError(examined.problems.sorted())
    return examined.ingested


def examine_cohort(
    spec: Mapping[str, Any],
    codebook: Mapping[str, Variable],
    marker: Marker,
    base: Path,
    outcome: str,
) -> Examined:
    """Read as much of a cohort as can be read, and collect its problems. Parameters as of `read_cohort`."""
    problems = Problems()
    sources = open_sources(spec, codebook, marker.roi_statistic, base, problems)
    spec, tables = sources.spec, sources.tables
    rows = {name: len(table.frame) for name, table in tables.items()}
    if "patients" not in tables:
        return Examined(rows, problems)
    _check_outcome(spec, codebook, outcome, problems)
    _check_only(spec, codebook, problems)
    patients_table = tables["patients"]
    section = spec["patients"]
    variables = read_variables(patients_table, sources.whole["patients"], section, codebook, problems)
    readings = None
    if section["id"].strip() in patients_table.frame:
        missing = tuple(section.get("missing", ()))
        patients = read_patients(patients_table, section["id"].strip(), missing, problems)
        doubt_twins(patients_table, section["id"].strip(), variables.loc[patients.rows], problems)
        variables = _with_lesions(spec, sources, codebook, variables, patients, problems)
        if _is_complete(spec, tables, "readings"):
            taken = {*codebook, *marker.columns}
            readings = read_readings(tables["readings"], spec["readings"], marker, patients, taken, problems)
            scores = score_readings(readings, marker)
            _check_readings(readings, scores, marker, codebook, tables["readings"], patients, problems)
            doubt_readings(tables["readings"], spec["readings"], readings, scores, marker, patients, problems)
    _check_derived(spec, marker, problems)
    _check_classes(variables, codebook, outcome, section, patients_table, problems)
    if problems.any_error():
        return Examined(rows, problems, variables)

    scored = _derive(variables, readings, marker, codebook)
    cohort, flow = select_patients(
        scored, spec.get("eligibility", {}), spec.get("only", {}), outcome, patients_table.file, problems
    )
    if cohort[outcome].nunique() < 2:
        action = "after eligibility, no two outcomes are left to compare: see `eligibility`"
        problems.add(patients_table.file, "one outcome class only", action, column=outcome)
        return Examined(rows, problems, scored)
    doubt_scores(cohort, outcome, marker, problems)
    return Examined(rows, problems, scored, Ingested(cohort, problems.table(), flow))


def _is_complete(spec: Mapping[str, Any], tables: Mapping[str, Table], name: str) -> bool:
    """Whether all the columns that a section maps are in its file."""
    if name not in tables:
        return False
    frame = tables[name].frame
    return all(heading in frame for heading, _ in mapped_headings(name, spec[name]))


def _check_outcome(
    spec: Mapping[str, Any], codebook: Mapping[str, Variable], outcome: str, problems: Problems
) -> None:
    mapped = spec["patients"]["columns"]
    if outcome not in codebook or codebook[outcome].kind != "binary":
        action = "the plan's outcome has to be a binary variable of the codebook"
        problems.add(COHORT_FILE, "unusable outcome", action, column=outcome)
    elif outcome not in mapped and not (outcome == "fracture_count" and "n_new_vcf" in mapped):
        action = "the plan's outcome: map its column"
        problems.add(COHORT_FILE, "outcome not mapped", action, column=f"patients.columns.{outcome}")


def _check_only(spec: Mapping[str, Any], codebook: Mapping[str, Variable], problems: Problems) -> None:
    """Collect an error for a variable of `only` that is not mapped, and for a value that it cannot have."""
    for name, values in spec.get("only", {}).items():
        where = f"only.{name}"
        if name not in codebook or name not in spec["patients"]["columns"]:
            problems.add(COHORT_FILE, "variable not mapped", "map its column under `patients`", column=where)
            continue
        levels = codebook[name].levels
        for value in values:
            if levels and value not in levels:
                action = f"one of {', '.join(map(repr, levels))}, as written"
                problems.add(COHORT_FILE, "no such level", action, column=where, value=str(value))


def _check_derived(spec: Mapping[str, Any], marker: Marker, problems: Problems) -> None:
    """Collect an error for a mapped variable that is also derived."""
    mapped = spec["patients"]["columns"]
    has_sins = "lesions" in spec or any(name in mapped for name in SINS_VARIABLES)
    derived = {
        marker.name: "readings" in spec,
        marker.high: marker.cutoff is not None and ("readings" in spec or marker.name in mapped),
        "sins_category": has_sins,
        "fracture_count": "n_new_vcf" in mapped,
    }
    for name, is_derived in derived.items():
        if is_derived and name in mapped:
            action = "it is derived from other columns that are mapped: leave it out"
            problems.add(COHORT_FILE, "derived variable mapped", action, column=f"patients.columns.{name}")
    for name in SINS_VARIABLES:
        if "lesions" in spec and name in mapped:
            action = "the SINS comes from `lesions`: leave it out"
            problems.add(COHORT_FILE, "derived variable mapped", action, column=f"patients.columns.{name}")


def _check_classes(
    variables: pd.DataFrame,
    codebook: Mapping[str, Variable],
    outcome: str,
    section: Mapping[str, Any],
    table: Table,
    problems: Problems,
) -> None:
    if outcome not in variables or outcome not in codebook:
        return
    entry = section["columns"][outcome]
    heading = heading_of(entry)
    known = variables[outcome].dropna().unique()
    unreadable = any(problems.has_error(table.file, column) for column in ("", heading))
    if len(known) < 2 and not unreadable:
        found = f"all known values are {known[0]}" if len(known) else "no value is known"
        action = f"{found}: the analysis needs patients with and without the outcome"
        problems.add(table.file, "one outcome class only", action, column=heading)


def _with_lesions(
    spec: Mapping[str, Any],
    sources: Sources,
    codebook: Mapping[str, Variable],
    variables: pd.DataFrame,
    patients: Patients,
    problems: Problems,
) -> pd.DataFrame:
    """Return the patients' variables with the SINS of their index lesion, where there is a lesions file."""
    if not _is_complete(spec, sources.tables, "lesions"):
        return variables
    table, whole = sources.tables["lesions"], sources.whole["lesions"]
    index = index_lesions(table, whole, spec["lesions"], codebook, patients, problems)
    _warn_absent(patients, index.index, "patient without a lesion", "SINS", problems)
    own = variables.drop(columns=[name for name in SINS_VARIABLES if name in variables])
    return own.join(index)


def _check_readings(
    readings: pd.DataFrame,
    scores: pd.DataFrame,
    marker: Marker,
    codebook: Mapping[str, Variable],
    table: Table,
    patients: Patients,
    problems: Problems,
) -> None:
    """Warn of patients without a reading, of readings without a score, and of scores out of range."""
    if not problems.has_error(table.file):
        _warn_absent(patients, readings["row"], "patient without a reading", marker.name, problems)
    # Both are sorted by patient and reader.
    scores = scores.set_index(readings["file_row"])
    if marker.name in codebook:
        shown = scores["score"].map("{:.3f}".format).to_frame(marker.name)
        of_scores = replace(table, frame=shown)
        check_range(scores["score"], codebook[marker.name], of_scores, marker.name, problems)
    without = scores[scores["score"].isna()]
    for row, n_levels in zip(without.index, without["n_levels"], strict=True):
        why = "no CSF was read" if n_levels else "no level was read"
        action = f"{why}: the reading has no score"
        table.add(problems, int(row), marker.name, f"no {marker.name}", action, severity="warning")


def _warn_absent(
    patients: Patients, present: pd.Series | pd.Index, rule: str, what: str, problems: Problems
) -> None:
    for row in patients.rows[~patients.rows.isin(present)]:
        action = f"the patient is kept, without {what}"
        problems.add(patients.file, rule, action, row=int(row), severity="warning")


def _derive(
    variables: pd.DataFrame, readings: pd.DataFrame | None, marker: Marker, codebook: Mapping[str, Variable]
) -> pd.DataFrame:
    """Return the cohort: row, variables in the codebook's order, then marker, SINS and fracture count."""
    scored = variables.rename_axis("row").reset_index()
    if readings is not None:
        combined = combine_readers(score_readings(readings, marker), marker)
        # Only now, so that the plan may name a reader, and the first one is so by name.
        shown = shown_readers(readings["reader"].unique())
        columns = {f"{marker.name}_{label}": f"{marker.name}_{code}" for label, code in shown.items()}
        scored = scored.merge(combined.rename(columns=columns), on="row", how="left")
    for score in (PUBLISHED, marker):
        if score.name in scored:
            is_derived = readings is not None and score.name == marker.name
            scored[score.definition_column] = score.definition if is_derived else GIVEN
    if marker.name in scored and marker.cutoff is not None:
        scored[marker.high] = above_cutoff(scored[marker.name], marker)
    if "sins" in scored:
        scored["sins_category"] = sins.category(scored["sins"])
    if "n_new_vcf" in scored:
        count = scored["n_new_vcf"]
        scored["fracture_count"] = (count >= 2).astype("Int64").where(count.notna())
    of_marker = [name for name in scored if name not in variables and name not in codebook and name != "row"]
    derived = [marker.name, *of_marker, marker.high, "sins", "sins_category", "fracture_count"]
    read = [name for name in codebook if name in scored and name not in derived]
    last = [name for name in dict.fromkeys(derived) if name in scored]
    return scored[["row", *read, *last]]
