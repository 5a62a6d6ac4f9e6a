"""The columns of patients, or of their lesions -> canonical variables that do not contradict each other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from vbq.codebook import SINS_COMPONENTS, VARIABLES, Variable
from vbq.ingest.patient_ids import Patients, rows_of_patients
from vbq.ingest.values import Column, Table, column_from, read_values, rows_with
from vbq.problems import COHORT_FILE, Problems
from vbq.scores import sins

SINS_VARIABLES = (*SINS_COMPONENTS, "sins")
Flag = Callable[[str, pd.Series, str, str], None]  # of a variable, where it is wrong, with rule and action


def read_variables(
    table: Table,
    whole: Table,
    section: Mapping[str, Any],
    codebook: Mapping[str, Variable],
    problems: Problems,
) -> pd.DataFrame:
    """Return the canonical values of a section's columns, in the codebook's order (index: the table's rows).

    `table` has the section's rows, `whole` all rows of its file, for columns that stand in other ones. Where
    all six SINS components are there, `sins` is their sum; a total beside them must agree with it.
    """
    values = pd.DataFrame(index=table.frame.index)
    headings: dict[str, str] = {}
    origin: dict[str, pd.Series] = {}  # the row that each value stands in, of variables from other rows
    id_heading = section["id"].strip()
    for name, entry in section["columns"].items():
        column = column_from(name, entry, section.get("missing", ()))
        if not _is_usable(table.section, name, entry, codebook, problems):
            continue
        if column.heading not in table.frame or not set(column.rows) <= set(table.frame):
            continue
        if column.rows and id_heading not in table.frame:
            continue
        headings[name] = column.heading
        if column.rows:
            values[name], origin[name] = _from_other_rows(
                table, whole, column, codebook[name], id_heading, problems
            )
        else:
            values[name] = read_values(table, column, codebook[name], problems)
    values = values[[name for name in codebook if name in values]]

    def flag(name: str, wrong: pd.Series, rule: str, action: str) -> None:
        """Flag the rows that a wrong value was read from, which may be others than the patient's."""
        if name not in origin:
            table.flag(problems, headings[name], wrong, rule, action)
            return
        read_from = whole.frame.index.isin(origin[name][wrong])
        whole.flag(problems, headings[name], pd.Series(read_from, whole.frame.index), rule, action)

    _check_fracture_count(values, headings, flag)
    if "sins" in values:
        _check_total(values, flag)
    return _with_sins(table, values, problems)


def _from_other_rows(
    table: Table, whole: Table, column: Column, variable: Variable, id_heading: str, problems: Problems
) -> tuple[pd.Series, pd.Series]:
    """Return a variable that stands in other rows of the patients, as of a later visit, and these rows."""
    others = replace(whole, frame=whole.frame[rows_with(whole.frame, column.rows)])
    ids = others.frame[id_heading]
    repeated = ids.duplicated() & (ids != "")
    action = "`rows` leaves more than one row of a patient: ask for one of them"
    others.flag(problems, column.heading, repeated, "several rows of a patient", action)
    values = read_values(others, column, variable, problems)[~repeated]
    of_patients = table.frame[id_heading]
    rows = pd.Series(values.index, index=ids[~repeated])
    return of_patients.map(values.set_axis(ids[~repeated])).astype(values.dtype), of_patients.map(rows)


def index_lesions(
    table: Table,
    whole: Table,
    section: Mapping[str, Any],
    codebook: Mapping[str, Variable],
    patients: Patients,
    problems: Problems,
) -> pd.DataFrame:
    """Return the SINS variables of each patient's index lesion, that of the highest total (index: `row`).

    Lesions with an incomplete SINS count only for patients who
    have no other; equal totals are told apart by their components, in the codebook's order.
    """
    lesions = read_variables(table, whole, section, codebook, problems)
    rows = rows_of_patients(
        table, section["id"].strip(), tuple(section.get("missing", ())), patients, problems
    )
    if "sins" not in lesions:
        return pd.DataFrame(index=pd.Index([], dtype="int64"))
    for row in lesions.index[lesions["sins"].isna()]:
        action = "the lesion is not taken as the index lesion if there is another"
        table.add(problems, int(row), "sins", "SINS incomplete", action, severity="warning")
    order = ["sins", *(name for name in SINS_COMPONENTS if name in lesions)]
    ranked = lesions.loc[rows.index].assign(row=rows)
    ranked = ranked.sort_values(order, ascending=False, na_position="last", kind="stable")
    return ranked.drop_duplicates("row").set_index("row")


def _is_usable(
    where: str,
    name: str,
    entry: str | Mapping[str, Any],
    codebook: Mapping[str, Variable],
    problems: Problems,
) -> bool:
    """Whether a mapped name is a variable that a column may hold; collects an error if not."""
    key = f"{where}.columns.{name}"
    variable = codebook.get(name)
    if variable is None:
        action = "no such variable in the codebook: correct the name, or describe it under `variables`"
        problems.add(COHORT_FILE, "unknown variable", action, column=key)
        return False
    if variable.kind == "identifier":
        problems.add(
            COHORT_FILE, "identifier mapped", f"name the column of the id as `{where}.id`", column=key
        )
        return False
    if where == "lesions" and name not in SINS_VARIABLES:
        problems.add(
            COHORT_FILE, "not of a lesion", "lesions have only SINS: map it under patients", column=key
        )
        return False
    wrong = {"multiply"} if variable.is_categorical else {"levels"}
    for word in wrong.intersection(() if isinstance(entry, str) else entry):
        action = f"{name} is {variable.kind}: leave `{word}` out"
        problems.add(COHORT_FILE, f"{word} does not apply", action, column=key)
    return True


def _check_fracture_count(values: pd.DataFrame, headings: Mapping[str, str], flag: Flag) -> None:
    if not {"new_vcf", "n_new_vcf"} <= set(values):
        return
    fractured, count = values["new_vcf"].astype("float64"), values["n_new_vcf"]
    contradicts = ((fractured == 0) & (count > 0)) | ((fractured == 1) & (count == 0))
    action = "a patient has a new fracture exactly if the count is above 0: correct one of them"
    flag("n_new_vcf", contradicts, f"contradicts {headings['new_vcf']}", action)


def _with_sins(table: Table, values: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Return the variables with `sins` last: the total given, else the sum of the components."""
    components = [name for name in SINS_COMPONENTS if name in values]
    if len(components) < len(SINS_COMPONENTS):
        if components and "sins" not in values:
            lacking = ", ".join(name for name in SINS_COMPONENTS if name not in components)
            action = f"without {lacking} there is no total: map them, or a total as sins"
            problems.add(table.file, "SINS incomplete", action, row=table.heading_row, severity="warning")
        return values
    total = sins.total(values)
    if "sins" in values:
        total = values.pop("sins").fillna(total)
    return values.assign(sins=total)


def _check_total(values: pd.DataFrame, flag: Flag) -> None:
    """Collect an error for totals that the components, as far as they are known, cannot add up to."""
    points = values.reindex(columns=list(SINS_COMPONENTS)).astype("float64")
    highest = pd.Series({name: max(VARIABLES[name].levels) for name in SINS_COMPONENTS})
    least, most = points.sum(axis="columns"), points.fillna(highest).sum(axis="columns")
    contradicts = (values["sins"] < least) | (values["sins"] > most)
    for low, high in sorted(set(zip(least[contradicts], most[contradicts], strict=True))):
        found = f"the components add up to {low:g}"
        if low != high:
            found = f"the components given add up to {low:g}, all six to {high:g} at most"
        rows = contradicts & (least == low) & (most == high)
        action = f"{found}: correct one of them"
        flag("sins", rows, "SINS total contradicts its components", action)
