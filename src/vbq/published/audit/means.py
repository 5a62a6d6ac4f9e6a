"""Printed means: whether the instrument can have them, and which standard deviation they imply."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from vbq.codebook import Variable
from vbq.published.audit.finding import Checked
from vbq.published.audit.implied import Implied
from vbq.published.paper import GROUPS, Figure, Paper
from vbq.stats.rounded import (
    Range,
    attainable_means,
    fewest_missing,
    largest_pooled_sd,
    nearest_means,
    p_from_summaries,
    pooled_sd,
    smallest_pooled_sd,
)


@dataclass(frozen=True)
class MeanRow:
    """A continuous variable by outcome: means, p-value and, where printed, standard deviations."""

    variable: Variable
    means: tuple[Figure, Figure]
    p_value: Figure | None
    sds: tuple[Figure, Figure] | None
    sizes: tuple[int, int]


def mean_rows(paper: Paper) -> Iterator[MeanRow]:
    """Yield every continuous variable of which both group means are printed."""
    for variable in paper.variables:
        means = [paper.cell("mean", variable.name, "", group) for group in GROUPS]
        sds = [paper.cell("sd", variable.name, "", group) for group in GROUPS]
        if means[0] and means[1]:
            both_sds = (sds[0], sds[1]) if sds[0] and sds[1] else None
            sizes = (_size(paper, variable, "0"), _size(paper, variable, "1"))
            yield MeanRow(variable, (means[0], means[1]), paper.p_value(variable.name), both_sds, sizes)


def _size(paper: Paper, variable: Variable, group: str) -> int:
    """The number of patients with a value, where it is printed; else the group's size."""
    printed = paper.cell("n", variable.name, "", group)
    return int(printed.number.value) if printed else paper.size(group)


def attainable(paper: Paper) -> Checked:
    """Ask of every mean whether so many values in the steps of the instrument can have it (GRIM)."""
    checked = Checked()
    for row in mean_rows(paper):
        step = row.variable.step
        if step is None:
            continue
        for group, mean, n in zip(GROUPS, row.means, row.sizes, strict=True):
            if mean.number.is_bound:
                continue
            checked.tested += 1
            if attainable_means(mean.number, n, step):
                continue
            below, above = nearest_means(mean.number.value, n, step)
            missing = fewest_missing(mean.number, n, step)
            is_printed = paper.cell("n", row.variable.name, "", group) is not None
            finding = f"{mean.quantity}: {n} values in steps of {step:g} have no mean of {mean.digits}"
            if missing is None or is_printed:
                finding += ", and the number of values is printed." if is_printed else "."
            else:
                verb = "value may" if missing == 1 else "values may"
                finding += f"; {n - missing} values have: {missing} {verb} be missing."
            checked.add(
                f"attainable_mean.{row.variable.name}.{group}",
                [mean, paper.size_figures[group]],
                finding,
                "contradiction" if is_printed or missing is None else "unexplained",
                f"nearest means of {n}: {below:.4f} and {above:.4f}; {mean.digits} × {n} = "
                f"{mean.number.value * n:.2f}",
                "Values are missing, the instrument was read in finer steps, or the mean is not right as "
                "printed.",
            )
    return checked


def implied_sds(paper: Paper) -> tuple[Checked, list[Implied]]:
    """Compute the pooled standard deviation that means and p-value imply, and hold it against what can be.

    The p-value is taken to be that of linear regression on the group (pooled t test). Bounds: no standard
    deviation of values within the codebook's ranges with these means is larger (Bhatia-Davis inequality),
    none of values in the instrument's steps is smaller. Where standard deviations are printed, their own
    p-value is compared. A non-negative quantity whose mean is less than two standard deviations above its
    lower bound is skewed (Altman and Bland 1996).
    """
    checked, numbers = Checked(), []
    for row in mean_rows(paper):
        if row.p_value is None:
            continue
        checked.tested += 1
        means = (row.means[0].number, row.means[1].number)
        implied = pooled_sd(means, row.p_value.number, row.sizes)
        numbers.append(
            Implied(
                "pooled_sd",
                row.variable.name,
                f"{row.variable.label}: pooled standard deviation",
                implied,
                "pooled t test of the printed means and p-value",
                (*row.means, row.p_value),
            )
        )
        _against_bounds(checked, row, implied)
        _against_skew(checked, row, implied)
        if row.sds:
            _against_printed_sds(checked, row, row.sds)
    return checked, numbers


def _figures(row: MeanRow) -> list[Figure | None]:
    return [*row.means, row.p_value]


def _against_bounds(checked: Checked, row: MeanRow, implied: Range) -> None:
    variable, means = row.variable, (row.means[0].number, row.means[1].number)
    bounds: list[tuple[str, float, bool]] = []
    for words, limits in (("possible", variable.possible), ("plausible", variable.plausible)):
        if limits:
            most = largest_pooled_sd(means, row.sizes, *limits)
            name = f"the largest of {words} values ({limits[0]:g} to {limits[1]:g})"
            bounds.append((name, most, implied.low > most))
    if variable.step:
        least = smallest_pooled_sd(means, row.sizes, variable.step)
        bounds.append((f"the smallest of values in steps of {variable.step:g}", least, implied.high < least))
    broken = [(name, bound) for name, bound, is_broken in bounds if is_broken]
    if broken:
        name, bound = broken[0]
        checked.add(
            f"implied_sd.{variable.name}",
            _figures(row),
            f"{variable.label}: means and p-value imply a pooled standard deviation of {_span(implied)}; "
            f"{name} is {bound:.3g}.",
            "unexplained",
            f"means {row.means[0].digits} and {row.means[1].digits}, p "
            f"{row.p_value.text if row.p_value else ''}, n {row.sizes[0]} and {row.sizes[1]}: s = "
            "|difference| / (t √(1/n + 1/m))",
            "A mean or the p-value is not right as printed, or the p-value is not that of a pooled t test.",
        )


def _against_skew(checked: Checked, row: MeanRow, implied: Range) -> None:
    possible = row.variable.possible
    if possible is None or not math.isfinite(possible[0]):
        return
    distance = min(mean.number.value for mean in row.means) - possible[0]
    if 0 < distance < 2 * implied.low:
        checked.add(
            f"implied_sd.{row.variable.name}.skew",
            _figures(row),
            f"{row.variable.label}: a pooled standard deviation of {_span(implied)} with means from "
            f"{distance:.3g} above the lowest possible value means that the values are skewed.",
            "note",
            f"{distance:.3g} < 2 × {implied.low:.3g}",
            "A test of means describes such values poorly; no median is printed.",
        )


def _against_printed_sds(checked: Checked, row: MeanRow, sds: tuple[Figure, Figure]) -> None:
    if row.p_value is None:
        return
    means = (row.means[0].number, row.means[1].number)
    ranges = p_from_summaries(means, (sds[0].number, sds[1].number), row.sizes)
    fits = [test for test, p in ranges.items() if row.p_value.number.meets(p.low, p.high)]
    recomputed = ", ".join(f"{test} {p.low:.4f} to {p.high:.4f}" for test, p in ranges.items())
    if not fits:
        checked.add(
            f"implied_sd.{row.variable.name}.printed",
            [*_figures(row), *sds],
            f"{row.variable.label}: the printed means and standard deviations do not give the printed "
            f"p-value, {row.p_value.text}, by the pooled t test or Welch's.",
            "unexplained",
            f"p by {recomputed}, printed {row.p_value.text}",
            "Another test (of ranks, say), missing values, or a misprint.",
        )


def _span(implied: Range) -> str:
    if implied.low <= 0:
        return f"at most {implied.high:.3g}"
    if math.isinf(implied.high):
        return f"at least {implied.low:.3g}"
    return f"{implied.low:.3g} to {implied.high:.3g}"
