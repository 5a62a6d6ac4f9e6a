"""The smallest change of counts that would restore a row which cannot be right as printed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from vbq.published.audit.finding import Checked
from vbq.published.audit.p_values import NAMES, Convention, TestedRow
from vbq.published.paper import GROUPS, Paper
from vbq.stats.contingency import EXACT_TESTS, conventional_p_value, is_enumerable

Counts = NDArray[np.int64]

REPAIRED_STATES = 100_000  # ways to fill half of a row's levels, up to which exact tests are tried
LARGEST_CHANGE = 4  # patients by which counts change, all counts of a row together


@dataclass(frozen=True)
class Repairs:
    """The smallest changes that restore a row: `tables` as they would be, of `n_tried` of that size.

    `distance` is the number of patients by which printed counts change; with no repair up to
    `LARGEST_CHANGE` it is that, `tables` is empty and `n_tried` counts the changes of all sizes.
    """

    distance: int
    tables: Sequence[Counts]
    n_tried: int


def smallest_repairs(
    printed: Counts, complete: Callable[[Counts], Counts | None], fits: Callable[[Counts], bool]
) -> Repairs:
    """Return every smallest change of the k x 2 printed counts after which the whole table fits.

    Changes by one patient are tried first, then by two, and so on: of one count by so many, or of several.
    `complete` makes a whole table of printed counts, None where the sums do not allow it; `n_tried` counts
    the changes for which it does.
    """
    n_tried = 0
    for distance in range(1, LARGEST_CHANGE + 1):
        changed = (complete(printed + change) for change in _changes(len(printed), distance))
        possible = [table for table in changed if table is not None and (table >= 0).all()]
        if found := [table for table in possible if fits(table)]:
            return Repairs(distance, found, len(possible))
        n_tried += len(possible)
    return Repairs(LARGEST_CHANGE, [], n_tried)


@cache
def _changes(n_levels: int, distance: int) -> tuple[Counts, ...]:
    """Return every k x 2 array of whole numbers whose absolute values add up to `distance`."""
    return tuple(np.array(change).reshape(n_levels, 2) for change in _vectors_of_size(2 * n_levels, distance))


def _vectors_of_size(length: int, size: int) -> Iterator[list[int]]:
    for n_cells in range(1, min(size, length) + 1):
        parts = [part for part in product(range(1, size + 1), repeat=n_cells) if sum(part) == size]
        for cells, part, signs in product(
            combinations(range(length), n_cells), parts, product((1, -1), repeat=n_cells)
        ):
            vector = [0] * length
            for cell, amount, sign in zip(cells, part, signs, strict=True):
                vector[cell] = sign * amount
            yield vector


def repairs(paper: Paper, rows: Sequence[TestedRow], convention: Convention) -> Checked:
    """Search the smallest repair of every row whose counts exceed a group or explain no usual p-value."""
    checked = Checked()
    for row in rows:
        whole = row.counts.tables[0]
        exceeds = (whole.sum(axis=0) > paper.sizes).any()
        if not exceeds and any(row.fits.values()):
            continue
        is_exact = any(name in EXACT_TESTS or name.endswith("_fisher") for name in convention.leading)
        if is_exact and not is_enumerable(whole, REPAIRED_STATES):
            checked.add(
                f"repair.{row.counts.variable.name}",
                [row.p_value, *row.counts.counts],
                f"{row.counts.variable.label}: whether a small change of the counts restores the row was not "
                f"searched: the {convention.name} of each change would take too long.",
                "note",
                "",
            )
            continue
        checked.tested += 1
        sizes = np.array(paper.sizes) if exceeds else whole.sum(axis=0)

        def complete(printed: Counts, row: TestedRow = row, sizes: Counts = sizes) -> Counts | None:
            """Add the level that is not printed, or ask that all levels add up to the group."""
            rest = sizes - printed.sum(axis=0)
            if not row.counts.is_exhaustive:
                return np.vstack([printed, rest])
            return printed if not rest.any() else None

        def fits(table: Counts, row: TestedRow = row) -> bool:
            number = row.p_value.number
            return any(number.allows(conventional_p_value(table, name)) for name in convention.leading)

        printed = whole[: len(row.counts.levels)]
        _tell(checked, paper, row, convention, smallest_repairs(printed, complete, fits))
    return checked


def _tell(checked: Checked, paper: Paper, row: TestedRow, convention: Convention, found: Repairs) -> None:
    label = row.counts.variable.label
    figures = [row.p_value, *row.counts.counts]
    patients = "one patient" if found.distance == 1 else f"{found.distance} patients"
    if not found.tables:
        checked.add(
            f"repair.{row.counts.variable.name}",
            figures,
            f"{label}: no change of the counts by up to {patients} restores the sums and the printed "
            "p-value.",
            "note",
            f"{found.n_tried} changes tried, under the {convention.name}",
        )
        return
    words = [_change_in_words(paper, row, convention, table) for table in found.tables]
    if len(words) == 1:
        finding = (
            f"{label}: one smallest change restores the sums and the printed p-value: {words[0]}. It fits; "
            "that it is what happened is not proven."
        )
    else:
        finding = (
            f"{label}: {len(words)} changes by {patients} restore the sums and the printed p-value; the "
            "figures do not tell which, if any, is right."
        )
    shown = "; ".join(words[:4]) + ("; ..." if len(words) > 4 else "")
    checked.add(
        f"repair.{row.counts.variable.name}",
        figures,
        finding,
        "note",
        f"{len(words)} of the {found.n_tried} changes by {patients} that restore the sums fit p "
        f"{row.p_value.text} ({NAMES[convention.leading[0]]}): {shown}",
        "The printed percentages of the changed counts would be wrong too.",
    )


def _change_in_words(paper: Paper, row: TestedRow, convention: Convention, table: Counts) -> str:
    """Write a change: E, VCF group, 43 to 42 (p = 0.7245)."""
    before = row.counts.tables[0]
    variable = row.counts.variable
    labels = {str(level): label for level, label in variable.levels.items()}
    cells = [
        f"{labels[level]}, {paper.group_label(group)}, {before[i, j]} to {table[i, j]}"
        for i, level in enumerate(row.counts.levels)
        for j, group in enumerate(GROUPS)
        if before[i, j] != table[i, j]
    ]
    p = conventional_p_value(table, convention.leading[0])
    return f"{' and '.join(cells)} (p = {p:.4f})"
