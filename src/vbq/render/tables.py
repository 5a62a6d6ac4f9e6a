"""Tables as they are read: text in every cell, from the study's tidy tables.

`codebook` is the mapping of `vbq.codebook.extended`; `printed` what `printed_figures` returns, or empty
where nothing is printed: then the columns for it are left out. Tidy tables are frames as
`vbq.run.read_table` reads them, `published` as text (`dtype=str, keep_default_na=False`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.render import numbers as text

Codebook = Mapping[str, Variable]
Row = Mapping[Any, Any]
Address = tuple[str, frozenset[tuple[str, str]], str]

INDENT = "\u2003"  # before the name of a level, under its variable
DIFFERS = "≠"  # beside a printed figure that the recomputed one does not agree with
PRINTED, RECOMPUTED = "Printed", "Recomputed"

TESTS = {
    "likelihood_ratio": "likelihood-ratio χ²",
    "pearson": "Pearson χ²",
    "yates": "χ² with Yates’ correction",
    "fisher": "Fisher’s exact",
    "mid": "mid-p exact",
    "ols": "linear regression",
    "welch": "Welch’s t",
    "mann_whitney": "Mann-Whitney",
}
CUTOFF_METHODS = {
    "mean_midpoint_rounded": "Midpoint of the group means, rounded",
    "youden": "Highest Youden index",
    "closest_to_corner": "Closest to the upper left corner",
    "fixed_sensitivity": "Fixed sensitivity",
}
AGREEMENT_FORMS = {
    "ICC1": "ICC(1,1): one-way random, single reader",
    "ICC2": "ICC(2,1): two-way random, agreement, single reader",
    "ICC3": "ICC(3,1): two-way mixed, consistency, single reader",
    "ICC1k": "ICC(1,k): one-way random, mean of readers",
    "ICC2k": "ICC(2,k): two-way random, agreement, mean of readers",
    "ICC3k": "ICC(3,k): two-way mixed, consistency, mean of readers",
    "bias": "Mean difference (bias)",
    "limit_low": "Lower limit of agreement",
    "limit_high": "Upper limit of agreement",
    "sem": "Standard error of measurement",
    "smallest_detectable_change": "Smallest detectable change",
}


@dataclass(frozen=True)
class Table:
    """One table: its caption, the text of its cells, and the notes under it.

    The columns of `frame` are headings, or pairs of a heading and the one under it (MultiIndex); the
    first column names the row. `groups` has a heading for each row, shown where it changes; `strong`
    the positions (row, column) of the cells in bold.
    """

    caption: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    strong: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class PrintedFigure:
    """A number as the publication prints it, and whether the recomputed one agrees."""

    text: str
    agrees: bool


Printed = Mapping[Address, PrintedFigure]


def address(table: str, column: str, **selector: str) -> Address:
    """Say where in the tidy tables a number stands, as the column `source` of published.csv does."""
    return table, frozenset(selector.items()), column


def printed_figures(published: pd.DataFrame, part: str) -> dict[Address, PrintedFigure]:
    """Return the figures that a part of the publication ("Table 1") prints, by their address."""
    figures = {}
    for row in published.to_dict("records"):
        if row["source"] and _part(row["location"]) == part:
            table, _, rest = row["source"].partition(": ")
            selector, _, column = rest.rpartition(": ")
            pairs = dict(pair.split("=", 1) for pair in selector.split("; "))
            figures[address(table, column, **pairs)] = PrintedFigure(_printed(row), row["agrees"] == "yes")
    return figures


def _printed(row: Row) -> str:
    return f"<{row['printed']}" if row["relation"] == "<" else row["printed"]


def _part(location: str) -> str:
    return location.partition(", ")[0]


def _shown(printed: Printed, *addresses: Address) -> str:
    """Write the printed figures of a cell, 26 (53.1), and mark it where one of them differs."""
    found = [printed[place] for place in addresses if place in printed]
    if not found:
        return ""
    first, *others = (figure.text for figure in found)
    words = f"{first} ({', '.join(others)})" if others else first
    return words if all(figure.agrees for figure in found) else f"{words} {DIFFERS}"


def _with_printed(heading: str, printed: Printed) -> list[tuple[str, str]]:
    """Return the headings of one column, or of two where there is something printed to compare with."""
    return [(heading, PRINTED), (heading, RECOMPUTED)] if printed else [(heading, "")]


def _cells(printed: Printed, recomputed: str, *addresses: Address) -> list[str]:
    return [_shown(printed, *addresses), recomputed] if printed else [recomputed]


def _frame(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    if any(sub for _, sub in columns):
        return pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(columns), dtype=str)
    return pd.DataFrame(rows, columns=[heading for heading, _ in columns], dtype=str)


def _note_of_differences(printed: Printed) -> tuple[str, ...]:
    if all(figure.agrees for figure in printed.values()):
        return ()
    return (
        f"{DIFFERS} the recomputed figure does not round to the printed one; "
        "the comparison with the publication gives the reason.",
    )


def level_key(level: object) -> str:
    """Write a level as selectors do, whether its column was read as text or as numbers."""
    return str(int(level)) if isinstance(level, float) and level.is_integer() else str(level)


def level_label(variable: Variable, level: object) -> str:
    """Return the codebook's label of a level."""
    return {str(key): label for key, label in variable.levels.items()}[level_key(level)]


def per_unit(variable: Variable) -> str:
    """Name a variable with the difference that its odds ratio is for: SINS (per point)."""
    singular = variable.unit.removesuffix("s") or variable.unit
    return f"{variable.label} (per {singular or 'unit'})"


def term_label(row: Row, multivariable: pd.DataFrame, codebook: Codebook) -> str:
    """Name a row of multivariable.csv; a level under the row of its variable is indented."""
    if row["variable"] == "":
        return "Intercept"
    variable = codebook[row["variable"]]
    if not variable.is_categorical:
        return per_unit(variable)
    level = level_key(row["level"])
    if level == "" or variable.kind == "binary":
        return variable.label
    siblings = [level_key(key) for key in multivariable.loc[multivariable["variable"] == variable.name, "level"]]
    words = f"{level_label(variable, level)}{_versus(variable, siblings)}"
    return f"{INDENT}{words}" if "" in siblings else f"{variable.label}: {words}"


def _versus(variable: Variable, siblings: Iterable[str]) -> str:
    """Name the reference level where the table tells which it is: the one that stands before all others."""
    order = [str(level) for level in variable.levels]
    first = min(order.index(level) for level in siblings if level)
    return f" vs {level_label(variable, order[0]).lower()}" if first == 1 else ""


def flow_table(flow: pd.DataFrame) -> Table:
    """Show the participant flow: who was left after each step."""
    rows = [
        [row["step"].replace("_", " "), text.count(row["excluded"]), text.count(row["n"]), str(row["reason"])]
        for row in flow.to_dict("records")
    ]
    columns = ["Step", "Excluded", "Left", "Reason for exclusion"]
    return Table("Participant flow", pd.DataFrame(rows, columns=columns, dtype=str))


def characteristics_table(
    tests: pd.DataFrame,
    groups: pd.DataFrame,
    codebook: Codebook,
    outcome: str,
    group_names: Mapping[str, str],
    group_sizes: Mapping[str, int],
    alpha: float,
    printed: Printed,
) -> Table:
    """Show Table 1: every variable in the two outcome groups, with its test.

    `tests` and `groups` are univariable.csv and univariable_groups.csv; `group_names` and
    `group_sizes` have the keys "0" and "1".
    """
    columns = [("Variable", ""), ("n", "")]
    for group in ("0", "1"):
        columns += _with_printed(f"{group_names[group]} ({group_sizes[group]} patients)", printed)
    columns += [*_with_printed("p value", printed), ("Test", "")]
    p_column = len(columns) - 2

    tested = {row["variable"]: row for row in tests.to_dict("records")}
    values = {
        (row["variable"], level_key(row["level"]), str(row["group"])): row for row in groups.to_dict("records")
    }
    rows: list[list[str]] = []
    strong = set()
    for name in [*tested, *dict.fromkeys(groups["variable"])]:
        if name == outcome or (name not in tested and rows and name in {key[0] for key in ()}):
            continue
        rows += []
    return Table("", _frame(columns, rows), strong=frozenset(strong))
