"""Text cells -> canonical values of one variable, with a problem for every cell that is not one."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vbq.codebook import SINS_COMPONENTS, Variable, choice_code
from vbq.ingest.content import is_showable
from vbq.ingest.suspicions import looks_like_date, mixed_units, suspected_unit
from vbq.problems import COHORT_FILE, WITHHELD, Problems, Severity
from vbq.stats.digits import in_full, to_digits

DECIMAL_COMMA = r"[+-]?\d+,\d+"
WHOLE = {"sins": "SINS total", "n_new_vcf": "count of fractures", "n_previous_vcf": "count of fractures"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A file of the cohort as its mapping sees it.

    `section` is the part of the cohort file that maps it. `frame` holds text, its index is the row of the
    file; where rows of several files stand one below the other, `places` has the file and row of each, by
    that index. Cells of the headings `withheld` are never shown. `heading_row` is the row of the headings,
    None in formats without one.
    """

    section: str
    file: str
    frame: pd.DataFrame
    decimal: str = "."
    withheld: frozenset[str] = frozenset()
    places: pd.DataFrame | None = None
    heading_row: int | None = 1

    def where(self, row: int) -> tuple[str, int]:
        """Return the file, as problems call it, and the row in it, of a row of `frame`."""
        if self.places is None:
            return self.file, row
        return str(self.places.loc[row, "file"]), int(self.places["row"].loc[row])

    def add(
        self, problems: Problems, row: int, heading: str, rule: str, action: str, severity: Severity = "error"
    ) -> None:
        """Add a problem of a row, without the cell."""
        file, row_of_file = self.where(row)
        problems.add(file, rule, action, row=row_of_file, column=heading, severity=severity)

    def flag(
        self,
        problems: Problems,
        heading: str,
        wrong: pd.Series,
        rule: str,
        action: str,
        severity: Severity = "error",
        known: Collection[str] = (),
    ) -> None:
        """Add a problem for each row where `wrong`, a boolean column, is true.

        The cell is shown if it does not identify a person; `known` are spellings that are right.
        """
        cells = self.frame.loc[wrong.to_numpy(), heading]
        withheld = heading in self.withheld
        shown = {
            cell: WITHHELD if withheld or not is_showable(cell, known) else cell for cell in cells.unique()
        }
        for row, cell in zip(cells.index, cells, strict=True):
            file, row_of_file = self.where(int(row))
            value = shown[cell] if cell else ""
            problems.add(file, rule, action, row=row_of_file, column=heading, value=value, severity=severity)


@dataclass(frozen=True)
class Column:
    """How a column of a file tells one variable.

    `levels` maps the site's spellings to canonical values, `multiply` converts the site's unit, `missing` are
    the codes for "no value", besides a blank cell. `rows` are the values of other columns by which the rows
    are told that hold the variable; the section's rows where there are none.
    """

    name: str
    heading: str
    levels: Mapping[Any, Any] = field(default_factory=dict)
    multiply: float | None = None
    missing: tuple[str | float, ...] = ()
    rows: Mapping[str, Any] = field(default_factory=dict)


def column_from(name: str, entry: str | Mapping[str, Any], missing: Collection[str | float]) -> Column:
    """Return the `Column` of an entry of a cohort file: a heading, or a mapping with `column`."""
    if isinstance(entry, str):
        return Column(name, entry.strip(), missing=tuple(missing))
    return Column(
        name,
        entry["column"].strip(),
        entry.get("levels", {}),
        entry.get("multiply"),
        (*missing, *entry.get("missing", ())),
        entry.get("rows", {}),
    )


def rows_with(frame: pd.DataFrame, asked: Mapping[str, Any]) -> pd.Series:
    """Return which rows have the values asked for: one, or one of several, by heading; "" is a blank cell."""
    chosen = pd.Series(True, index=frame.index)
    for heading, values in asked.items():
        accepted = {str(value).strip() for value in (values if isinstance(values, list) else [values])}
        chosen &= frame[heading.strip()].isin(accepted)
    return chosen


def to_number(text: pd.Series) -> pd.Series:
    """Return text as float64 of twelve digits; NaN where it is no finite number with a decimal point."""
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    return in_digits(numbers.where(np.isfinite(numbers)))


def in_digits(numbers: pd.Series) -> pd.Series:
    """Return numbers as decimals of twelve digits (`vbq.stats.digits`)."""
    return pd.Series(to_digits(numbers), index=numbers.index)


def is_missing(text: pd.Series, codes: Collection[str | float]) -> pd.Series:
    """Whether each cell is blank or one of the codes; -9 as a code also stands for "-9.0"."""
    spelled = {str(code).strip() for code in codes}
    numeric = to_digits([float(code) for code in spelled if NUMBER.fullmatch(code)])
    missing = text.isin(spelled | {""})
    if numeric.size:
        missing |= to_number(text).isin(numeric)
    return missing


def read_values(table: Table, column: Column, variable: Variable, problems: Problems) -> pd.Series:
    """Return a variable's canonical values: Int64, str or float64, by its kind and levels.

    Cells that are not a value of the variable become missing and are collected as problems.
    """
    if variable.is_categorical:
        return _read_levels(table, column, variable, problems)
    values = read_numbers(table, column, problems)
    _check_unit(values, variable, table, column, problems)
    if variable.name in WHOLE:
        fraction = values.notna() & (values % 1 != 0)
        rule = f"{WHOLE[variable.name]} is not a whole number"
        table.flag(problems, column.heading, fraction, rule, "correct it")
        values = values.mask(fraction)
    elif variable.step is not None and variable.step >= 1 and column.multiply is None:
        off = values.notna() & (to_digits(values / variable.step) % 1 != 0)
        action = f"{variable.label} goes in steps of {variable.step:g}: check it"
        table.flag(problems, column.heading, off, "off the instrument's step", action, "warning")
    return _within_possible(values, variable)


def read_numbers(table: Table, column: Column, problems: Problems) -> pd.Series:
    """Return a column as float64 in the canonical unit, missing where a cell is no number."""
    cells = table.frame[column.heading]
    missing = is_missing(_with_point(cells, table.decimal), column.missing) | is_missing(
        cells, column.missing
    )
    numbers = to_number(_with_point(cells, table.decimal))
    wrong = numbers.isna() & ~missing
    if table.decimal == ",":
        # In such a file "1.234" may be 1234: better asked than guessed.
        pointed = numbers.notna() & ~missing & cells.str.contains(".", regex=False)
        action = (
            'the cohort file says `decimal: ","`: write it with a comma, and without thousands separators'
        )
        table.flag(problems, column.heading, pointed, "decimal point", action)
        numbers = numbers.mask(pointed)
    elif wrong.any():
        comma = wrong & cells.str.fullmatch(DECIMAL_COMMA)
        action = 'if it is a decimal comma, set `decimal: ","` for this file; else leave out the comma'
        table.flag(problems, column.heading, comma, "decimal comma", action)
        wrong &= ~comma
    is_date = {cell: looks_like_date(cell) for cell in cells[wrong].unique()}
    dates = wrong & cells.map(is_date).eq(True)
    action = "spreadsheets turn numbers such as 3.5 into dates: enter the number again, in a column of text"
    table.flag(problems, column.heading, dates, "a date, not a number", action)
    wrong &= ~dates
    action = "correct it, or list it under `missing` if it means that there is no value"
    table.flag(problems, column.heading, wrong, "not a number", action)
    numbers = numbers.mask(missing)
    return numbers if column.multiply is None else in_digits(numbers * column.multiply)


def _check_unit(
    values: pd.Series, variable: Variable, table: Table, column: Column, problems: Problems
) -> None:
    """Collect one problem for a column in another unit, else one for each value out of range."""
    multiply = 1.0 if column.multiply is None else column.multiply
    suspected = suspected_unit(values, variable, multiply)
    if suspected is None:
        mixed = mixed_units(values, variable, multiply)
        if mixed is None:
            check_range(values, variable, table, column.heading, problems)
            return
        unit, in_unit = mixed
        check_range(values.mask(in_unit), variable, table, column.heading, problems)
        check_range(
            values.where(in_unit), variable, table, column.heading, problems, f"it would fit in {unit}: "
        )
        return
    unit, factor = suspected
    fits = in_digits(values / multiply * factor).between(*(variable.plausible or (-np.inf, np.inf)))
    already, how = (
        (" already", "leave out `multiply`") if factor == 1 else ("", f"set `multiply: {factor:.16g}`")
    )
    low, median, high = (f"{value:g}" for value in (values.min(), values.median(), values.max()))
    problems.add(
        table.file,
        f"{variable.label} seems to be in {unit}{already or f', not in {variable.unit}'}",
        f"it goes from {low} to {high}, with the median {median}: if it is in {unit}, {how} for this column",
        row=table.heading_row,
        column=column.heading,
        severity="error" if outside(values, variable.possible).any() else "warning",
    )
    check_range(values.mask(fits), variable, table, column.heading, problems)


def check_range(
    values: pd.Series, variable: Variable, table: Table, heading: str, problems: Problems, hint: str = ""
) -> None:
    """Collect an error for values outside the variable's possible range, a warning outside its plausible.

    The `hint` begins what is said to do.
    """
    impossible = outside(values, variable.possible)
    unlikely = outside(values, variable.plausible) & ~impossible
    rule = _range_rule("possible", variable.possible, variable.unit)
    action = f"{hint}correct it, or convert its unit with `multiply`"
    if hint:
        action = f"{hint}give all of the column in one unit"
    table.flag(problems, heading, impossible, rule, action)
    rule = _range_rule("plausible", variable.plausible, variable.unit)
    action = f"kept: {hint}check it, and its unit"
    table.flag(problems, heading, unlikely, rule, action, "warning")


def outside(values: pd.Series, limits: Collection[float] | None) -> pd.Series:
    """Whether each known value lies outside the limits; nothing does where there are none."""
    if limits is None:
        return pd.Series(False, index=values.index)
    low, high = limits
    return values.notna() & ~values.between(low, high)


def _within_possible(values: pd.Series, variable: Variable) -> pd.Series:
    return values.mask(outside(values, variable.possible))


def _range_rule(which: str, limits: Collection[float] | None, unit: str) -> str:
    if limits is None:
        return ""
    low, high = limits
    return f"outside the {which} range {in_full(low)} to {in_full(high)} {unit}".strip()


def _with_point(cells: pd.Series, decimal: str) -> pd.Series:
    return cells.str.replace(",", ".", regex=False) if decimal == "," else cells


def spelling(text: str, decimal: str = ".") -> str:
    """Return what two spellings of one level share: case, spaces and trailing zeros do not matter."""
    words = " ".join(text.casefold().split())
    if decimal == ",":
        words = re.sub(r"(?<=\d),(?=\d)", ".", words)
    return str(float(words)) if NUMBER.fullmatch(words) else words


def canonical_levels(variable: Variable) -> dict[str, Any]:
    """Return the canonical value of each spelling that the codebook knows: values, labels, aliases, codes.

    A label, alias or code of two values is known as none.
    """
    meant: dict[str, set[Any]] = {}
    words = [*variable.aliases.items(), *((label, value) for value, label in variable.levels.items())]
    for word, value in [*words, *((choice_code(value), value) for value in variable.levels)]:
        meant.setdefault(spelling(word), set()).add(value)
    known = {word: values.pop() for word, values in meant.items() if len(values) == 1}
    return known | {spelling(str(value)): value for value in variable.levels}


def level_spellings(table: Table, column: Column, variable: Variable, problems: Problems) -> dict[str, Any]:
    """Return the canonical value of each spelling that a column may hold.

    The column's own `levels`, where given, are the only ones. Collects an error for those that do not lead
    to a canonical value.
    """
    canonical = canonical_levels(variable)
    if not column.levels:
        return canonical
    accepted: dict[str, Any] = {}
    key = f"{table.section}.columns.{column.name}.levels"
    for site, target in column.levels.items():
        value = canonical.get(spelling(str(target)))
        if value is None:
            action = f"{variable.name} has the levels {_listed(variable)}"
            problems.add(COHORT_FILE, "unknown level", action, column=key, value=str(target))
        if accepted.setdefault(spelling(str(site), table.decimal), value) != value:
            action = "another spelling of it, as cells are read, means something else: leave one of them out"
            problems.add(COHORT_FILE, "level with two meanings", action, column=key, value=str(site))
    return accepted


def _read_levels(table: Table, column: Column, variable: Variable, problems: Problems) -> pd.Series:
    cells = table.frame[column.heading]
    accepted = level_spellings(table, column, variable, problems)
    codes, uniques = pd.factorize(cells)
    unknown = [spelling(str(text), table.decimal) not in accepted for text in uniques]
    values = [accepted.get(spelling(str(text), table.decimal)) for text in uniques]
    missing = is_missing(cells, column.missing)
    wrong = pd.Series(np.asarray(unknown)[codes], index=cells.index) & ~missing
    given = ", ".join(map(str, column.levels)) if column.levels else _listed(variable)
    points = variable.name in SINS_COMPONENTS and not column.levels
    impossible = wrong & cells.str.fullmatch(NUMBER) if points else wrong & False
    table.flag(problems, column.heading, impossible, "impossible SINS points", f"accepted: {given}")
    action = f"accepted: {given}; correct it, map it under `levels`, or list it under `missing`"
    table.flag(problems, column.heading, wrong & ~impossible, "unknown level", action, known=accepted)
    taken = pd.Series(np.asarray(values, dtype=object)[codes], index=cells.index)
    known = taken.mask(missing)
    numeric = all(isinstance(level, int) for level in variable.levels)
    return known.astype("Int64") if numeric else known.astype("str")


def _listed(variable: Variable) -> str:
    return ", ".join(
        str(level) if str(level) == label else f"{level} ({label})"
        for level, label in variable.levels.items()
    )
