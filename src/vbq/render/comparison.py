"""Printed figures beside recomputed ones, in the cells of a table and in tables of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from vbq.render import numbers as text
from vbq.render.document import Table, one_table
from vbq.render.labels import Row

Address = tuple[str, frozenset[tuple[str, str]], str]

DIFFERS = "≠"  # beside a printed figure that the recomputed one does not agree with
PRINTED, RECOMPUTED = "Printed", "Recomputed"


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


def printed_headings(heading: str, printed: Printed) -> list[tuple[str, str]]:
    """Return the headings of one column, or of two where there is something printed to compare with."""
    return [(heading, PRINTED), (heading, RECOMPUTED)] if printed else [(heading, "")]


def printed_and_recomputed(printed: Printed, recomputed: str, *addresses: Address) -> list[str]:
    return [_shown(printed, *addresses), recomputed] if printed else [recomputed]


def text_frame(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Return rows of text under headings, in two levels where some heading has one under it."""
    if any(sub for _, sub in columns):
        return pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(columns), dtype=str)
    return pd.DataFrame(rows, columns=[heading for heading, _ in columns], dtype=str)


def note_of_differences(printed: Printed) -> tuple[str, ...]:
    """Return the note that explains the mark of a difference, where there is one."""
    if all(figure.agrees for figure in printed.values()):
        return ()
    return (
        f"{DIFFERS} the recomputed figure does not round to the printed one; "
        "the comparison with the publication gives the reason.",
    )


@one_table
def comparison_table(published: pd.DataFrame) -> Table:
    """Show every printed figure beside the recomputed one, by part of the publication in its order."""
    order = {part: i for i, part in enumerate(dict.fromkeys(map(_part, published["location"])))}
    sorted_rows = sorted(published.to_dict("records"), key=lambda row: order[_part(row["location"])])
    return replace(_comparison("Every printed figure", sorted_rows), sources=("published",))


@one_table
def disagreements_table(published: pd.DataFrame) -> Table:
    """Show the printed figures that do not reproduce or cannot be tested, with the reason of each."""
    rows = [row for row in published.to_dict("records") if row["agrees"] != "yes"]
    return _comparison("Printed figures that do not reproduce, or cannot be tested", rows)


def _comparison(caption: str, figures: Sequence[Row]) -> Table:
    reasons = list(dict.fromkeys(row["reason"] for row in figures if row["reason"]))
    rows = []
    for row in figures:
        note = str(reasons.index(row["reason"]) + 1) if row["reason"] else ""
        place = row["location"].partition(", ")[2]
        agrees = f"{row['agrees']} {DIFFERS}" if row["agrees"] == "no" else row["agrees"]
        unit = ", %" if row["source"].endswith(": percent") else ""
        rows.append([f"{row['quantity']}{unit}", place, _printed(row), recomputed_text(row), agrees, note])
    columns = ["Figure", "Place", PRINTED, RECOMPUTED, "Agrees", "Reason"]
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    notes = tuple(f"{i}. {reason}" for i, reason in enumerate(reasons, 1))
    return Table(caption, frame, notes, groups=tuple(_part(row["location"]) for row in figures))


def recomputed_text(row: Row) -> str:
    """Write a recomputed figure at the decimals of the printed one; beside a bound, with three digits."""
    if row["relation"] == "<" and row["recomputed"]:
        value = float(row["recomputed"])
        return text.p_value(value) if value < 0.001 else f"{value:.3g}"
    return row["recomputed_rounded"] or text.NONE
