"""Patient ids: they join the files and go no further."""

from dataclasses import dataclass

import pandas as pd

from vbq.ingest.suspicions import alike_ids, dates_among_ids, plain_ids
from vbq.ingest.values import NUMBER, Table
from vbq.problems import WITHHELD, Problems


@dataclass(frozen=True)
class Patients:
    """The patients of the patients file: `rows` gives the row of each by id.

    `complete` says that no row of the file was unreadable, so that an id not among them is a stray.
    """

    file: str
    rows: pd.Series
    complete: bool


def read_patients(
    table: Table, heading: str, missing: tuple[str | float, ...], problems: Problems
) -> Patients:
    """Return the patients of the patients file. Missing and repeated ids are errors, similar ones not."""
    ids = _known_ids(table, heading, missing, problems)
    alike = alike_ids(ids)
    for row, original in zip(alike["row"], alike["first_row"], strict=True):
        action = (
            f"the id differs from that of {_row_of(table, int(original), int(row))} in its spelling only: if "
            "it is the same patient, remove one of them"
        )
        table.add(problems, int(row), heading, "same patient under two ids?", action, severity="warning")
    rows = pd.Series(ids.index, index=ids.to_numpy())
    repeated = rows.index.duplicated()
    first = rows[~repeated]
    for row, original in zip(rows[repeated], first[rows.index[repeated]], strict=True):
        _add_repeated(table, heading, "id duplicated", int(row), "id", int(original), problems)
    # Errors of a whole file or row, which have no column, tell that rows could not be read.
    return Patients(table.file, first, complete=not problems.has_error(table.file, ""))


def rows_of_patients(
    table: Table, heading: str, missing: tuple[str | float, ...], patients: Patients, problems: Problems
) -> pd.Series:
    """Return the patient's row for each row of another file that belongs to one (index: that file's rows).

    Rows without an id, or with that of no patient, are errors and left out.
    """
    ids = _known_ids(table, heading, missing, problems)
    rows = ids.map(patients.rows)
    if patients.complete:
        _flag_strays(table, heading, ids[rows.isna()], patients, problems)
    return rows.dropna().astype("int64")


def _flag_strays(
    table: Table, heading: str, strays: pd.Series, patients: Patients, problems: Problems
) -> None:
    """Collect an error for each id that no patient has, with the patient of whom it is another spelling."""
    plain = pd.Series(patients.rows.to_numpy(), index=plain_ids(patients.rows.index.to_series()).to_numpy())
    similar = plain_ids(strays).map(plain[~plain.index.duplicated(keep=False)])
    for row, of_patient in zip(strays.index, similar, strict=True):
        action = f"no row of {patients.file} has this id: correct it, or remove the row"
        if pd.notna(of_patient):
            action = f"row {int(of_patient)} of {patients.file} has it in another spelling: spell both alike"
        file, row_of_file = table.where(int(row))
        problems.add(file, "no such patient", action, row=row_of_file, column=heading, value=WITHHELD)


def flag_repeats(
    table: Table, heading: str, keys: pd.DataFrame, rule: str, what: str, problems: Problems
) -> pd.Series:
    """Collect an error for each row whose keys an earlier row has too; return which rows those are."""
    repeated = keys.duplicated()
    if repeated.any():
        names = list(keys.columns)
        first = keys[~repeated].reset_index(names="first_row")
        originals = keys[repeated].merge(first, on=names, how="left")["first_row"]
        for row, original in zip(keys.index[repeated], originals, strict=True):
            _add_repeated(table, heading, rule, int(row), what, int(original), problems)
    return repeated


def _add_repeated(
    table: Table, heading: str, rule: str, row: int, what: str, original: int, problems: Problems
) -> None:
    file, row_of_file = table.where(row)
    action = f"same {what} as {_row_of(table, original, row)}: correct it, or remove one of them"
    problems.add(file, rule, action, row=row_of_file, column=heading, value=WITHHELD)


def _row_of(table: Table, row: int, beside: int) -> str:
    """Name a row of a file, and the file where that of the row `beside` is another."""
    file, row_of_file = table.where(row)
    return f"row {row_of_file}" + ("" if file == table.where(beside)[0] else f" of {file}")


def _known_ids(table: Table, heading: str, missing: tuple[str | float, ...], problems: Problems) -> pd.Series:
    ids = table.frame[heading]
    # A number such as 999 may be a missing code elsewhere and an honest id here.
    codes = {str(code).strip() for code in missing if not NUMBER.fullmatch(str(code).strip())}
    unknown = ids.isin(codes | {""})
    for row in ids.index[unknown]:
        table.add(problems, int(row), heading, "id missing", "give it its id, or remove the row")
    known = ids[~unknown]
    dates = dates_among_ids(known)
    action = "spreadsheets turn ids such as 1-2 or MAR1 into dates: compare it with its source"
    for row in known.index[dates]:
        table.add(problems, int(row), heading, "id looks like a date", action, severity="warning")
    return known
