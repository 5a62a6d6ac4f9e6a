"""Counts and percentages agree, levels add up to their group, numbers of the flow add up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from vbq.codebook import Variable
from vbq.published.audit.finding import Checked
from vbq.published.paper import ALL, GROUPS, Figure, Paper
from vbq.stats.digits import to_digits
from vbq.stats.rounded import Range, attainable_counts, attainable_sizes

MOST_TABLES = 400  # of those that missing values leave for one row


def fraction(percent: Figure) -> Range:
    """Return the fractions that a printed percentage stands for."""
    return Range(percent.number.low / 100, percent.number.high / 100)


def counts_and_percentages(paper: Paper) -> Checked:
    """Hold every percentage against its count and its group's size, at the printed decimals.

    A percentage that fits a smaller denominator may be of the patients without a missing value; one that
    fits none up to the group's size cannot be of that count. Without a printed count, some whole number of
    patients has to give the percentage.
    """
    checked = Checked()
    for variable in paper.variables:
        for level, group in product(_levels(variable), (*GROUPS, ALL)):
            count = paper.cell("n", variable.name, level, group)
            percent = paper.cell("percent", variable.name, level, group)
            if group not in paper.size_figures or not (count or percent):
                continue
            checked.tested += 1
            if known_patients(paper, variable, group) is not None:
                continue  # the percentages fit, of fewer patients: `levels_add_up` tells so
            size, subject = paper.size(group), f"{variable.name}.{level}.{group}"
            if count and count.number.value > size:
                checked.add(
                    f"count_and_percentage.{subject}",
                    [count, paper.size_figures[group]],
                    f"{count.quantity}: {count.digits} patients are more than the group has.",
                    "contradiction",
                    f"{count.digits} > {size}",
                )
            elif count and percent:
                _compare(checked, subject, count, percent, paper.size_figures[group])
            elif percent and not attainable_counts(fraction(percent), size):
                checked.add(
                    f"count_and_percentage.{subject}",
                    [percent, paper.size_figures[group]],
                    f"{percent.quantity}: {percent.digits} % is no whole number of {size} patients.",
                    "unexplained",
                    f"{percent.digits} % of {size} = {percent.number.value * size / 100:.2f}",
                    "Missing values would change the denominator.",
                )
    return checked


def known_patients(paper: Paper, variable: Variable, group: str) -> int | None:
    """Return the sum of all levels where it is smaller than the group and every percentage is of it."""
    counts = [paper.cell("n", variable.name, level, group) for level in _levels(variable)]
    percents = [paper.cell("percent", variable.name, level, group) for level in _levels(variable)]
    if not variable.is_categorical or not all(counts) or not any(percents):
        return None
    total = sum(int(count.number.value) for count in counts if count)
    fits = all(
        fraction(percent).allows(count.number.value / total) if total else False
        for count, percent in zip(counts, percents, strict=True)
        if count and percent
    )
    return total if fits and total < paper.size(group) else None


def _compare(checked: Checked, subject: str, count: Figure, percent: Figure, size: Figure) -> None:
    n, group_size = int(count.number.value), int(size.number.value)
    if fraction(percent).allows(n / group_size):
        return
    evidence = f"100 × {n} / {group_size} = {100 * n / group_size:.3f}, printed {percent.digits}"
    others = [k for k in attainable_counts(fraction(percent), group_size) if k != n]
    if others:
        evidence += f"; {percent.digits} % of {group_size} is {_either(others)}"
    figures = [count, percent, size]
    if denominators := attainable_sizes(n, fraction(percent), group_size):
        checked.add(
            f"count_and_percentage.{subject}",
            figures,
            f"{count.quantity}: {count.digits} ({percent.digits} %) is no share of {group_size} patients; it "
            f"is one of {_either(denominators)}.",
            "unexplained",
            evidence,
            "Values may be missing, or count or percentage be misprinted; the paper does not say which.",
        )
    else:
        checked.add(
            f"count_and_percentage.{subject}",
            figures,
            f"{count.quantity}: {count.digits} and {percent.digits} % belong to no number of patients up to "
            f"{group_size}.",
            "contradiction",
            evidence,
            "Count or percentage is not right as printed.",
        )


def levels_add_up(paper: Paper) -> Checked:
    """Hold the sum of all levels of a variable against the size of each group.

    Levels exclude each other: a larger sum is a contradiction. A smaller one leaves patients without a
    value, which is a note where the percentages are of the others. Where counts are not printed,
    percentages have to add up to 100 within their rounding.
    """
    checked = Checked()
    for variable in paper.variables:
        for group in (*GROUPS, ALL):
            if group not in paper.size_figures or not variable.is_categorical:
                continue
            counts = [paper.cell("n", variable.name, level, group) for level in _levels(variable)]
            percents = [paper.cell("percent", variable.name, level, group) for level in _levels(variable)]
            if all(counts):
                checked.tested += 1
                _add_counts(checked, paper, variable, group, [figure for figure in counts if figure])
            elif all(percents):
                checked.tested += 1
                _add_percents(checked, variable, group, [figure for figure in percents if figure])
    return checked


def _add_counts(
    checked: Checked, paper: Paper, variable: Variable, group: str, counts: Sequence[Figure]
) -> None:
    total, size = sum(int(figure.number.value) for figure in counts), paper.size_figures[group]
    if total == size.number.value:
        return
    addends = " + ".join(figure.digits for figure in counts)
    where = f"{variable.label}, {paper.group_label(group)}"
    is_more = total > size.number.value
    if known_patients(paper, variable, group) is not None:
        checked.add(
            f"levels_add_up.{variable.name}.{group}",
            [*counts, size],
            f"{where}: {int(size.number.value) - total} of {size.digits} patients have no value; the "
            f"percentages are of the other {total}.",
            "note",
            f"{addends} = {total}, group size {size.digits}",
        )
        return
    checked.add(
        f"levels_add_up.{variable.name}.{group}",
        [*counts, size],
        f"{where}: the levels add up to {total} of {size.digits} patients.",
        "contradiction" if is_more else "unexplained",
        f"{addends} = {total}, group size {size.digits}",
        "At least one count of the column, or the group size, is not right as printed."
        if is_more
        else f"{int(size.number.value) - total} patients have no value, or a count is not right as printed.",
    )


def _add_percents(checked: Checked, variable: Variable, group: str, percents: Sequence[Figure]) -> None:
    total = sum(figure.number.value for figure in percents)
    reach = sum(figure.number.half_unit for figure in percents)
    if Range(total - reach, total + reach).allows(100):
        return
    checked.add(
        f"levels_add_up.{variable.name}.{group}",
        percents,
        f"{variable.label}: the percentages of the levels add up to {total:g}, not to 100.",
        "contradiction",
        f"{' + '.join(figure.digits for figure in percents)} = {total:g}; rounding explains up to {reach:g}",
        "At least one percentage is not right as printed, or the levels do not exclude each other.",
    )


def sums(paper: Paper) -> Checked:
    """Hold every sum that the paper states against its parts."""
    checked = Checked()
    for total, parts in paper.sums:
        checked.tested += 1
        found = float(to_digits(sum(figure.number.value for figure in parts)))
        if found != total.number.value:
            checked.add(
                f"sums.{total.id}",
                [total, *parts],
                f"{total.quantity}: the parts add up to {found:g}, not to {total.digits}.",
                "contradiction",
                f"{' + '.join(figure.digits for figure in parts)} = {found:g}, printed {total.digits}",
                "One of these numbers is not right as printed, or the parts are not all.",
            )
    return checked


@dataclass(frozen=True)
class CountRow:
    """A categorical variable by outcome: the printed counts, and the k x 2 tables that they can stand for.

    The first of `tables` is as printed; the others suppose missing values where the percentages ask for
    it. `is_exhaustive`: every level is printed, so that nothing is filled in.
    """

    variable: Variable
    levels: Sequence[str]
    counts: Sequence[Figure]
    tables: Sequence[NDArray[np.int64]]
    is_exhaustive: bool


def count_rows(paper: Paper) -> Iterator[CountRow]:
    """Yield every categorical variable whose table by outcome the printed counts determine.

    One level may be left out of print: it has the rest of the group.
    """
    for variable in paper.variables:
        levels = _levels(variable)
        cells = {
            (level, group): figure
            for level in levels
            for group in GROUPS
            if (figure := paper.cell("n", variable.name, level, group))
        }
        printed = [level for level in levels if all((level, group) in cells for group in GROUPS)]
        if not variable.is_categorical or not printed or len(printed) < len(levels) - 1:
            continue
        table = np.array([[int(cells[level, group].number.value) for group in GROUPS] for level in printed])
        counts = [cells[level, group] for level in printed for group in GROUPS]
        if len(printed) == len(levels):
            yield CountRow(variable, printed, counts, [table], is_exhaustive=True)
            continue
        sizes = [_denominators(paper, variable, printed, group) for group in GROUPS]
        tables = [
            np.vstack([table, rest])
            for both in list(product(*sizes))[:MOST_TABLES]
            if ((rest := np.array(both) - table.sum(axis=0)) >= 0).all()
        ]
        if tables:
            yield CountRow(variable, printed, counts, tables, is_exhaustive=False)


def _denominators(paper: Paper, variable: Variable, levels: Sequence[str], group: str) -> Sequence[int]:
    """Return the group's size if the percentages allow it, else every smaller one that they allow."""
    size = paper.size(group)
    possible = set(range(1, size + 1))
    for level in levels:
        count = paper.cell("n", variable.name, level, group)
        percent = paper.cell("percent", variable.name, level, group)
        if count and percent:
            possible &= set(attainable_sizes(int(count.number.value), fraction(percent), size))
    return [size] if size in possible or not possible else sorted(possible, reverse=True)


def _levels(variable: Variable) -> list[str]:
    return [str(level) for level in variable.levels]


def _either(numbers: Sequence[int]) -> str:
    """Write some numbers: 3, "3 or 4", "3 to 9"."""
    if len(numbers) == 1:
        return str(numbers[0])
    if len(numbers) == 2:
        return f"{min(numbers)} or {max(numbers)}"
    has_gaps = max(numbers) - min(numbers) >= len(numbers)
    return f"{'some number from ' if has_gaps else ''}{min(numbers)} to {max(numbers)}"
