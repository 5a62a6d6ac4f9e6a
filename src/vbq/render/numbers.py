"""How numbers are written in tables, figures and sentences.

A number may come as the cell of a tidy table that `vbq.run.read_table` read: there, a column without any
number is one of empty texts.
"""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from vbq.stats.digits import DIGITS, is_below
from vbq.stats.rounded import rounded_as_printed

NONE = "—"  # there is no such number
MINUS = "−"
DASH = "–"


def number(cell: Any) -> float:
    """Return the number in a cell of a tidy table, NaN where it is empty."""
    return math.nan if pd.isna(cell) or cell == "" else float(cell)


def missing(cell: Any) -> bool:
    """Return whether a cell of a tidy table has no number."""
    return math.isnan(number(cell))


def fixed(value: Any, decimals: int) -> str:
    """Write a number with so many decimals, a tie rounded away from zero, or a dash where it is missing."""
    value = number(value)
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    rounded = rounded_as_printed(value, decimals)
    sign = MINUS if rounded < 0 else ""
    size = rounded.copy_abs()
    return f"{sign}{size:,f}" if size >= 10_000 else f"{sign}{size:f}"


def count(value: Any) -> str:
    """Write a whole number."""
    return fixed(value, 0)


def p_value(value: Any) -> str:
    """Write a p-value: three decimals, four below 0.001, and <0.0001 below that."""
    value = number(value)
    if math.isnan(value):
        return NONE
    if is_below(value, 0.0001):
        return "<0.0001"
    return fixed(value, 4 if is_below(value, 0.001) else 3)


def stated_p(value: Any) -> str:
    """Write a p-value with its sign, as a sentence has it: p = 0.012, p < 0.0001."""
    words = p_value(value)
    return f"p < {words[1:]}" if words.startswith("<") else f"p = {words}"


def count_percent(n: Any, percent: Any) -> str:
    """Write a group's patients and their share: 26 (53.1)."""
    return f"{count(n)} ({fixed(percent, 1)})"


def interval(low: Any, high: Any, decimals: int) -> str:
    """Write an interval: 0.65–0.81, or with "to" where a limit is negative or has no number."""
    ends = (fixed(low, decimals), fixed(high, decimals))
    if ends == (NONE, NONE):
        return NONE
    return (DASH if all(end[0].isdigit() for end in ends) else " to ").join(ends)


def estimate(value: Any, low: Any, high: Any, decimals: int) -> str:
    """Write an estimate with its interval: 0.73 (0.65–0.81)."""
    if missing(value):
        return NONE
    return f"{fixed(value, decimals)} ({interval(low, high, decimals)})"


def corrected(value: Any, low: Any, high: Any, beyond: Any, decimals: int) -> str:
    """Write an index corrected for optimism with its interval, where it has one, or why there is none."""
    if missing(value) and beyond:
        return f"none ({beyond})"
    return fixed(value, decimals) if missing(low) else estimate(value, low, high, decimals)


def percentage(fraction: Any, low: Any, high: Any) -> str:
    """Write a fraction with its interval as percentages with one decimal."""
    return estimate(100 * number(fraction), 100 * number(low), 100 * number(high), 1)


def ratio(value: Any) -> str:
    """Write a ratio with two decimals, fewer far above one and one more far below: 21.1, 176, 0.023."""
    value = number(value)
    if not math.isfinite(value) or value == 0:
        return fixed(value, 0)
    if value >= 1e6:
        return ">10⁶"
    if value < 0.001:
        return "<0.001"
    return fixed(value, 3 if value < 0.1 else 2 if value < 9.995 else 1 if value < 99.95 else 0)


def ratio_interval(low: Any, high: Any) -> str:
    """Write the interval of a ratio."""
    ends = (ratio(low), ratio(high))
    if ends == (NONE, NONE):
        return NONE
    return (DASH if all(end[0].isdigit() for end in ends) else " to ").join(ends)


def ratio_estimate(value: Any, low: Any, high: Any) -> str:
    """Write a ratio with its interval, with more decimals where two would not tell the limits apart.

    The odds ratio of a small unit is 1.003 (1.001–1.006), not 1.00 (1.00–1.01).
    """
    if missing(value):
        return NONE
    width = number(high) / number(low) if number(low) > 0 else math.inf
    if width < 1.1 and number(value) < 1e4:
        return estimate(value, low, high, 4 if width < 1.01 else 3)
    return f"{ratio(value)} ({ratio_interval(low, high)})"


def confidence_level(confidence: float) -> str:
    """Write a confidence, 0.95, as 95 %."""
    return f"{100 * confidence:g} %"


def decimals_of_mean(step: float | None, sd: Any) -> int:
    """Return with how many decimals the mean of a measure is written.

    Those of the smallest `step` that its instrument can show, but at least one; where the step is not
    known, enough for two digits of the standard deviation.
    """
    if step is not None:
        return max(1, math.ceil(-math.log10(step)))
    sd = number(sd)
    if not math.isfinite(sd) or sd <= 0:
        return 1
    return min(6, max(1, 1 - math.floor(math.log10(sd))))


def decimals_of_cutoff(cutoff: Any, same_from: Any, same_below: Any, decimals: int) -> int:
    """Return with how many decimals a cut-off is written so that it classifies as it does in full.

    So do those `same_from` to below `same_below`. At least `decimals`.
    """
    value, low, high = number(cutoff), number(same_from), number(same_below)
    if math.isfinite(value):
        while decimals < DIGITS and not low <= float(rounded_as_printed(value, decimals)) < high:
            decimals += 1
    return decimals


def listed(words: Iterable[str]) -> str:
    """Join words as a sentence does: a, b and c."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
