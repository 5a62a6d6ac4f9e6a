"""What is wrong with the input: every problem is collected, and all are told at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

import pandas as pd

from vbq.errors import UserError

COHORT_FILE = "cohort file"
WITHHELD = "(withheld)"
LONGEST_VALUE = 40
ROWS_SHOWN = 5  # of those with the same problem
ROWS_COUNTED_OUT = 10  # of those not shown

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Problem:
    """One problem: where it is, the value found, the rule it breaks and what to do about it.

    `row` counts from the heading row, which is 1; None where the problem is not of one row.
    """

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    severity: Severity
    action: str

    def __str__(self) -> str:
        row = "" if self.row is None else str(self.row)
        where = " ".join(part for part in (f"{self.file}:{row}", self.column) if part)
        value = f" '{self.value}'" if self.value else ""
        line = " ".join(f"{where}{value} - {self.rule} - {self.action}".split())
        # Control characters of a heading would command the terminal.
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


COLUMNS = [field.name for field in fields(Problem)]


class InputError(UserError):
    """Files cannot be used. Its text lists the errors, then the warnings, one a line.

    Of many rows of a column with the same problem the text shows the first; `problems` has them all.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        errors = [problem for problem in problems if problem.severity == "error"]
        warnings = [problem for problem in problems if problem.severity == "warning"]
        lines = [f"{_count(len(errors), 'error')} in the input:", *_lines(errors)]
        if warnings:
            lines += [f"and {_count(len(warnings), 'warning')}:", *_lines(warnings)]
        super().__init__("\n".join(lines))


def lines_of_warnings(problems: Sequence[Problem]) -> list[str]:
    """Return the warnings one a line, where there are no errors; of many rows of a column the first."""
    warnings = [problem for problem in problems if problem.severity == "warning"]
    return [f"{_count(len(warnings), 'warning')}:", *_lines(warnings)] if warnings else []


def alike(problems: Iterable[Problem]) -> list[list[Problem]]:
    """Return problems in groups: those of many rows of a column stand together."""
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for problem in problems:
        key: tuple[str, ...] = (problem.file, problem.column, problem.rule, problem.action)
        if problem.row is None:
            key = (*key, problem.value)
        groups.setdefault(key, []).append(problem)
    return list(groups.values())


def _lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield a line per problem; of those that are alike only the first."""
    for group in alike(problems):
        yield from map(str, group[:ROWS_SHOWN])
        if rest := group[ROWS_SHOWN:]:
            rows = ", ".join(str(problem.row) for problem in rest[:ROWS_COUNTED_OUT])
            more = ", ..." if len(rest) > ROWS_COUNTED_OUT else ""
            plural = "" if len(rest) == 1 else "s"
            yield f"and {_count(len(rest), 'more row')} like this (row{plural} {rows}{more})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Problems:
    """Collects problems while the input is read."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(
        self,
        file: str,
        rule: str,
        action: str,
        *,
        row: int | None = None,
        column: str = "",
        value: str = "",
        severity: Severity = "error",
    ) -> None:
        """Add one problem. Long values are cut."""
        shown = value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 3]}..."
        self._found.append(Problem(file, row, column, shown, rule, severity, action))

    def sorted(self) -> list[Problem]:
        """Return what was found: the cohort file's problems first, then by file, row and column."""
        return sorted(
            dict.fromkeys(self._found),  # two sections of one file may find the same
            key=lambda found: (found.file != COHORT_FILE, found.file, found.row or 0, found.column),
        )

    def has_error(self, file: str, column: str | None = None) -> bool:
        """Whether a column of a file, or any place of it, has an error.

        A file may stand for several, "rois, file 2" being one of them.
        """
        return any(
            found.severity == "error"
            and (found.file == file or found.file.startswith(f"{file}, file "))
            and column in (None, found.column)
            for found in self._found
        )

    def any_error(self) -> bool:
        """Whether there is an error among what was found."""
        return any(found.severity == "error" for found in self._found)

    def raise_errors(self) -> None:
        """Raise InputError, with everything found so far, if there is an error among it."""
        if self.any_error():
            raise InputError(self.sorted())

    def table(self) -> pd.DataFrame:
        """Return what was found as a table with the columns of `Problem`."""
        table = pd.DataFrame([asdict(found) for found in self.sorted()], columns=COLUMNS)
        texts = {name: "str" for name in COLUMNS if name != "row"}
        return table.astype({"row": "Int64", **texts})
