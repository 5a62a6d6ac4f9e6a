"""The comparison of printed figures with recomputed ones, each at its printed decimals.

`figures` and `readings` are the frames of `data/published/<paper>/figures.csv` and `readings.csv`, read
as text (`dtype=str, keep_default_na=False`) so that the printed decimals survive.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vbq.stats.rounded import Printed, decimals, rounded_as_printed

UNEXPLAINED = "unexplained"
NOT_IN_COHORT = "The cohort lacks what this figure is computed from."
RELATIONS = ("=", "<")


@dataclass(frozen=True)
class Summary:
    """How many printed figures there are and how many of them reproduce.

    `printed` = `testable` + `not_testable`; `testable` = `agree` + `disagree`; `renamed` counts those that
    agree, but as another quantity than the paper says; `unexplained` the disagreements without a recorded
    reason.
    """

    printed: int
    testable: int
    agree: int
    renamed: int
    disagree: int
    unexplained: int
    not_testable: int


def compare(
    figures: pd.DataFrame, readings: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Compare every printed figure with the number that its address finds in the tables.

    An address is a table, a selector of one of its rows (`variable=sex; level=male; group=1`) and a
    column; the value found is multiplied by `scale`. A figure without a table is `not testable`, and so is
    one whose table or row this cohort does not have. With
    relation `=` a figure agrees where the recomputed value rounds to it at its printed decimals (a tie
    rounds either way), with `<` where the recomputed value is smaller. A value missing from its cell
    does not agree.

    Returns one row a figure, in their order: id, location, quantity, printed (text), recomputed
    (unrounded; NaN where not testable), recomputed_rounded (text at the printed decimals), relation,
    agrees (yes, no, not testable), reason and source. The reason of a figure that does not agree is
    that of the reading that rejects it, with the ids of the audit's findings on which it rests, else
    "unexplained"; that of one which is not testable is its note. A figure that a reading compares as
    another quantity than printed (`renamed`) has the reason of that reading even where it agrees.

    Raises ValueError naming every figure whose address names no column, or finds several rows or text, or
    whose relation, scale or printed number is not understood.
    """
    used = {name for name in figures["table"] if name in tables}
    texts = {name: tables[name].map(_as_text) for name in used}
    rejected = _reasons_by_figure(readings, "rejected")
    renamed = _reasons_by_figure(readings, "renamed")

    rows, problems = [], []
    for figure in figures.to_dict("records"):
        try:
            cell = _cell(figure, texts)
            recomputed = math.nan if cell is None else float(cell or "nan") * float(figure["scale"])
            agrees = "not testable" if cell is None else _agrees(recomputed, figure)
        except ValueError as error:
            problems.append(f"{figure['id']}: {error}")
            continue
        reason = renamed.get(figure["id"], "")
        if agrees != "yes":
            absent = NOT_IN_COHORT if agrees == "not testable" else UNEXPLAINED
            reason = rejected.get(figure["id"]) or reason or figure["note"] or absent
        rows.append(
            {
                "id": figure["id"],
                "location": figure["location"],
                "quantity": figure["quantity"],
                "printed": figure["printed"],
                "recomputed": recomputed,
                "recomputed_rounded": _rounded(recomputed, figure, agrees),
                "relation": figure["relation"],
                "agrees": agrees,
                "reason": reason,
                "source": _source(figure),
            }
        )
    if problems:
        raise ValueError("figures that cannot be looked up:\n" + "\n".join(problems))
    return pd.DataFrame(rows)


def summary(comparison: pd.DataFrame) -> Summary:
    """Count the outcomes of a comparison made by `compare`."""
    outcomes = comparison["agrees"].value_counts()
    agree, disagree, not_testable = (int(outcomes.get(key, 0)) for key in ("yes", "no", "not testable"))
    return Summary(
        printed=len(comparison),
        testable=agree + disagree,
        agree=agree,
        renamed=int(((comparison["agrees"] == "yes") & (comparison["reason"] != "")).sum()),
        disagree=disagree,
        unexplained=int(((comparison["agrees"] == "no") & (comparison["reason"] == UNEXPLAINED)).sum()),
        not_testable=not_testable,
    )


def sentence(summary: Summary) -> str:
    """Say a summary in one sentence."""
    percent = 100 * summary.agree / summary.printed
    clauses = [f"{summary.agree} of {summary.printed} printed figures reproduce ({percent:.1f} %)"]
    if summary.renamed:
        as_named = 100 * (summary.agree - summary.renamed) / summary.printed
        clauses[0] += (
            f", {summary.renamed} of them as another quantity than the paper says "
            f"({as_named:.1f} % without these)"
        )
    if summary.disagree:
        verb = "does" if summary.disagree == 1 else "do"
        how = f"{summary.unexplained} of them unexplained" if summary.unexplained else "each with its reason"
        clauses.append(f"{summary.disagree} {verb} not, {how}")
    if summary.not_testable:
        clauses.append(f"{summary.not_testable} cannot be tested from the rows")
    return "; ".join(clauses) + "."


def parse_selector(row: str) -> dict[str, str]:
    """Return the columns and values that find a row of a table: `variable=sex; level=male; group=1`."""
    return {key: value for key, _, value in (pair.partition("=") for pair in row.split("; "))}


def _as_text(value: Any) -> str:
    """Write a cell as selectors do: 1 for 1.0, nothing for a missing value."""
    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _reasons_by_figure(readings: pd.DataFrame, column: str) -> dict[str, str]:
    return {
        figure: reading["reason"] + (f" (Audit: {reading['findings']}.)" if reading["findings"] else "")
        for reading in readings.to_dict("records")
        for figure in reading[column].split("; ")
        if figure
    }


def _cell(figure: Mapping[Any, Any], texts: Mapping[str, pd.DataFrame]) -> str | None:
    """Return the text of the cell that a figure's address finds; None where there is no such row."""
    if figure["table"] not in texts:
        return None
    table = texts[figure["table"]]
    selector = parse_selector(figure["row"])
    absent = [column for column in [*selector, figure["column"]] if column not in table]
    if absent:
        raise ValueError(f"table {figure['table']} has no column {', '.join(absent)}")
    found = table[(table[list(selector)] == pd.Series(selector)).all(axis=1)]
    if len(found) > 1:
        raise ValueError(f"{len(found)} rows of {figure['table']} match {figure['row']}")
    return None if found.empty else str(found[figure["column"]].iloc[0])


def _agrees(recomputed: float, figure: Mapping[Any, Any]) -> str:
    if figure["relation"] not in RELATIONS:
        raise ValueError(f"relation {figure['relation']!r} is neither = nor <")
    printed = Printed.parse(figure["printed"], figure["relation"])
    return "yes" if printed.allows(recomputed) else "no"


def _rounded(recomputed: float, figure: Mapping[Any, Any], agrees: str) -> str:
    if agrees == "yes" and figure["relation"] == "=":
        return figure["printed"]  # a tie is shown as it agrees
    return "" if math.isnan(recomputed) else str(rounded_as_printed(recomputed, decimals(figure["printed"])))


def _source(figure: Mapping[Any, Any]) -> str:
    return f"{figure['table']}: {figure['row']}: {figure['column']}" if figure["table"] else ""
