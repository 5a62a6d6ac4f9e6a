"""Which test made the p-values of the categorical rows, which rows break it, and what would follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.published.audit.counts import CountRow, count_rows
from vbq.published.audit.finding import Checked, Severity
from vbq.published.paper import Figure, Paper
from vbq.stats.contingency import (
    CONVENTIONS,
    MONTE_CARLO_ERROR,
    conventional_p_values,
    is_enumerable,
)
from vbq.stats.digits import is_below
from vbq.stats.rounded import rounds_twice_to

NAMES = {
    "likelihood_ratio": "likelihood-ratio chi-square",
    "pearson": "Pearson chi-square without correction",
    "yates": "chi-square with Yates' correction in 2 × 2 tables",
    "fisher": "Fisher's exact test",
    "mid": "mid-p exact test",
    "pearson_fisher": "Pearson chi-square, Fisher's exact test where an expected count is below 5",
    "yates_fisher": "chi-square with Yates' correction, Fisher's exact test where an expected count is "
    "below 5",
}


@dataclass(frozen=True)
class TestedRow:
    """A categorical row with its printed p-value, and what each convention makes of its counts.

    `p_values` are of the counts as printed; `fits` says which conventions give the printed p-value, with
    some table that the counts can stand for.
    """

    counts: CountRow
    p_value: Figure
    p_values: Mapping[str, float]
    fits: Mapping[str, bool]

    @property
    def is_exact(self) -> bool:
        """Whether a p-value is printed, not only a bound."""
        return not self.p_value.number.is_bound


@dataclass(frozen=True)
class Convention:
    """The conventions that explain most rows (several where they tie), and how many rows each explains."""

    leading: Sequence[str]
    explained: Mapping[str, int]
    n_rows: int

    @property
    def name(self) -> str:
        """The leading conventions in words."""
        return " or ".join(NAMES[name] for name in self.leading)


def tested_rows(paper: Paper) -> list[TestedRow]:
    """Recompute the p-value of every categorical row that prints one, under every convention."""
    rows = []
    for row in count_rows(paper):
        printed = paper.p_value(row.variable.name)
        if printed is None:
            continue
        p_values = [conventional_p_values(table) for table in row.tables]
        fits = {
            name: any(
                printed.number.meets(p[name] - error, p[name] + error)
                for table, p in zip(row.tables, p_values, strict=True)
                for error in [_error(table, p, name)]
            )
            for name in CONVENTIONS
        }
        rows.append(TestedRow(row, printed, p_values[0], fits))
    return rows


def _error(table: NDArray[np.int64], p_values: Mapping[str, float], name: str) -> float:
    """Return by how much a p-value may be off: that of an exact test whose tables were drawn, not counted."""
    is_exact_test = p_values[name] in (p_values["fisher"], p_values["mid"])
    return MONTE_CARLO_ERROR if is_exact_test and not is_enumerable(table) else 0.0


def convention_of(rows: Sequence[TestedRow]) -> Convention:
    """Decide which convention explains most of the rows that print a p-value (bounds do not count).

    Where a plain convention ties with one that adds Fisher's test for small counts, the plain one leads.
    """
    exact = [row for row in rows if row.is_exact]
    explained = {name: sum(row.fits[name] for row in exact) for name in CONVENTIONS}
    most = max(explained.values(), default=0)
    leading = [name for name in CONVENTIONS if explained[name] == most]
    plain = [name for name in leading if not name.endswith("_fisher")]
    return Convention(plain or leading, explained, len(exact))


def p_value_convention(paper: Paper, rows: Sequence[TestedRow], convention: Convention) -> Checked:
    """Say which convention the categorical p-values follow as a whole, and which rows do not follow it."""
    checked = Checked(tested=len(rows))
    if not convention.n_rows:
        return checked
    exact = [row for row in rows if row.is_exact]
    counted = "; ".join(f"{NAMES[name]}: {n}" for name, n in convention.explained.items())
    is_decided = len(convention.leading) == 1 and convention.explained[convention.leading[0]] > 0
    most = max(convention.explained.values())
    checked.add(
        "p_value_convention.table",
        [row.p_value for row in exact],
        f"The {convention.name} reproduces {most} of {convention.n_rows} p-values of categorical variables"
        + (", more than any other test." if is_decided else "; the rows do not decide between them."),
        "convention",
        f"Rows reproduced at the printed decimals, of {convention.n_rows}: {counted}",
        "",
    )
    for row in rows:
        if not any(row.fits[name] for name in convention.leading):
            _breaks(checked, paper, row, convention)
        else:
            _bounds(checked, paper, row, convention)
    return checked


def _bounds(checked: Checked, paper: Paper, row: TestedRow, convention: Convention) -> None:
    """Tell of a bound, printed elsewhere for the same p-value, that the recomputed one does not meet."""
    variable = row.counts.variable
    p = row.p_values[convention.leading[0]]
    for printing in paper.printings("univariable", "p_value", variable=variable.name):
        if printing.number.is_bound and row.is_exact and not printing.number.allows(p):
            checked.add(
                f"p_value_convention.{variable.name}.bound",
                [printing, row.p_value],
                f"{variable.label}: p {printing.text} is printed in “{printing.location}”; the recomputed p "
                "is not below that.",
                "convention",
                f"{_counts_in_words(row.counts)}: {NAMES[convention.leading[0]]} {p:.5f}",
                f"The equality, p = {row.p_value.text}, is what the counts give.",
            )


def _breaks(checked: Checked, paper: Paper, row: TestedRow, convention: Convention) -> None:
    """Tell of a row that the table's convention does not explain."""
    variable, printed = row.counts.variable, row.p_value
    leading = convention.leading[0]
    p = row.p_values[leading]
    others = [name for name in CONVENTIONS if row.fits[name]]
    severity: Severity = "convention" if others else "unexplained"
    finding = f"{variable.label}: the printed p-value, {printed.text}, is not that of the {NAMES[leading]}"
    if others:
        finding += f"; it is that of the {NAMES[others[0]]}."
    elif row.is_exact and rounds_twice_to(p, printed.number):
        finding += (
            f", nor that of another usual test. Rounding {p:.5f} to one decimal more and then again would "
            "give it: this fits, but is not proven."
        )
    else:
        finding += ", nor that of another usual test, for the printed counts."
    evidence = f"{_counts_in_words(row.counts)}: " + ", ".join(
        f"{name} {value:.5f}" for name, value in row.p_values.items() if np.isfinite(value)
    )
    if not is_enumerable(row.counts.tables[0]):
        evidence += "; the exact ones by Monte Carlo"
    checked.add(
        f"p_value_convention.{variable.name}",
        [printed, *row.counts.counts],
        finding,
        severity,
        evidence,
        _what_would_follow(paper, row, p) or _counts_at_fault(paper, row),
    )


def _counts_at_fault(paper: Paper, row: TestedRow) -> str:
    exceeds = row.counts.tables[0].sum(axis=0) > np.array(paper.sizes)
    if not exceeds.any():
        return ""
    return "The counts exceed their group, so that no test of them can be right as printed."


def _what_would_follow(paper: Paper, row: TestedRow, p: float) -> str:
    """Say whether the paper's rule would have selected or dropped the variable by the recomputed p-value."""
    name = row.counts.variable.name
    by_print = is_significant(row.p_value, paper.alpha)
    if not np.isfinite(p) or is_below(p, paper.alpha) == by_print:
        return ""
    verb = "selected" if is_below(p, paper.alpha) else "dropped"
    words = (
        f"By p = {p:.4f} the rule of the paper (p < {paper.alpha:g}) would have {verb} this variable for the "
        "multivariable model"
    )
    if not multivariable_figures(paper):
        return f"{words}."
    in_model = bool(multivariable_figures(paper, name))
    return (
        f"{words}, which {'holds' if in_model else 'does not hold'} it; the printed {row.p_value.text} "
        + ("agrees with that." if in_model == by_print else "does not agree with that.")
    )


def selection(paper: Paper) -> Checked:
    """Hold the variables of the printed multivariable model against the paper's rule: p below alpha."""
    checked = Checked()
    if not multivariable_figures(paper) or "multivariable" not in paper.plan:
        return checked
    excluded = paper.plan["multivariable"]["exclude"]
    for variable in paper.variables:
        printed = paper.p_value(variable.name)
        if printed is None or variable.name in excluded:
            continue
        if not printed.number.is_bound and printed.number.meets(paper.alpha, paper.alpha):
            continue  # rounded, it may lie on either side
        checked.tested += 1
        in_model = multivariable_figures(paper, variable.name)
        is_selected = is_significant(printed, paper.alpha)
        if is_selected != bool(in_model):
            checked.add(
                f"selection.{variable.name}",
                [printed, *in_model],
                f"{variable.label}: by its printed p-value the rule of the paper "
                f"{'selects' if is_selected else 'does not select'} it, and the printed multivariable model "
                f"{'holds' if in_model else 'does not hold'} it.",
                "unexplained",
                f"printed p {printed.text}, alpha {paper.alpha:g}",
                "Another rule was followed, the p-value is not right as printed, or the model is not "
                "printed in full.",
            )
    return checked


def is_significant(p_value: Figure, alpha: float) -> bool:
    """Whether a printed p-value is below alpha."""
    return p_value.number.value < alpha or (p_value.number.is_bound and p_value.number.value <= alpha)


def multivariable_figures(paper: Paper, variable: str | None = None) -> list[Figure]:
    """Return the figures of the printed multivariable model, of all or of one variable."""
    return [
        figure
        for figure in paper.figures.values()
        if figure.table == "multivariable"
        and variable in (None, figure.selector.get("term", "").partition("[")[0])
    ]


def p_value_table(rows: Sequence[TestedRow]) -> pd.DataFrame:
    """Return one row per categorical variable: the printed p-value, and p and fit under each convention."""
    records = []
    for row in rows:
        variable = row.counts.variable
        record: dict[str, object] = {
            "variable": variable.name,
            "label": variable.label,
            "figure": row.p_value.id,
            "printed": row.p_value.digits,
            "relation": row.p_value.relation,
            "counts": _counts_in_words(row.counts),
            "n_tables": len(row.counts.tables),
        }
        for name in CONVENTIONS:
            record[f"p_{name}"] = row.p_values[name]
            record[f"fits_{name}"] = "yes" if row.fits[name] else "no"
        records.append(record)
    columns = [
        *("variable", "label", "figure", "printed", "relation", "counts", "n_tables"),
        *(f"{prefix}_{name}" for name in CONVENTIONS for prefix in ("p", "fits")),
    ]
    return pd.DataFrame(records, columns=columns)


def _counts_in_words(row: CountRow) -> str:
    table = row.tables[0]
    return " vs ".join(f"({', '.join(map(str, column))})" for column in table.T)
