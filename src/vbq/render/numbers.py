"""How numbers are written in tables, figures and sentences."""

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

NONE = "—"  # there is no such number
MINUS = "−"
DASH = "–"


def fixed(value: float, decimals: int) -> str:
    """Write a number with so many decimals, a tie rounded away from zero, or a dash where it is missing."""
    if pd.isna(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,}" if abs(rounded) >= 10_000 else f"{sign}{abs(rounded)}"


def count(value: float) -> str:
    """Write a whole number."""
    return fixed(value, 0)


def p_value(value: float) -> str:
    """Write a p-value: three decimals, four below 0.001, and <0.0001 below that."""
    if pd.isna(value):
        return NONE
    if value < 0.0001:
        return "<0.0001"
    return fixed(value, 4 if value < 0.001 else 3)


def count_percent(n: float, percent: float) -> str:
    """Write a group's patients and their share: 26 (53.1)."""
    return f"{count(n)} ({fixed(percent, 1)})"


def interval(low: float, high: float, decimals: int) -> str:
    """Write an interval: 0.65–0.81, or with "to" where a limit is negative or has no number."""
    ends = (fixed(low, decimals), fixed(high, decimals))
    if ends == (NONE, NONE):
        return NONE
    return (DASH if all(end[0].isdigit() for end in ends) else " to ").join(ends)


def estimate(value: float, low: float, high: float, decimals: int) -> str:
    """Write an estimate with its interval: 0.73 (0.65–0.81)."""
    if pd.isna(value):
        return NONE
    return f"{fixed(value, decimals)} ({interval(low, high, decimals)})"


def percentage(fraction: float, low: float, high: float) -> str:
    """Write a fraction with its interval as percentages with one decimal."""
    return estimate(100 * fraction, 100 * low, 100 * high, 1)


def ratio(value: float) -> str:
    """Write a ratio with three significant digits, but not more than two decimals: 0.46, 21.1, 176."""
    if pd.isna(value) or math.isinf(value):
        return fixed(value, 2)
    if value >= 1e6:
        return ">10⁶"
    return fixed(value, 2 if value < 9.995 else 1 if value < 99.95 else 0)


def ratio_interval(low: float, high: float) -> str:
    """Write the interval of a ratio."""
    ends = (ratio(low), ratio(high))
    if ends == (NONE, NONE):
        return NONE
    return (DASH if all(end[0].isdigit() for end in ends) else " to ").join(ends)


def confidence_level(confidence: float) -> str:
    """Write a confidence, 0.95, as 95 %."""
    return f"{100 * confidence:g} %"


def decimals_of_mean(step: float | None, sd: float) -> int:
    """Return with how many decimals the mean of a measure is written.

    Those of the smallest `step` that its instrument can show, but at least one; where the step is not
    known, enough for two digits of the standard deviation.
    """
    if step is not None:
        return max(1, math.ceil(-math.log10(step)))
    if pd.isna(sd) or sd <= 0 or math.isinf(sd):
        return 1
    return min(6, max(1, 1 - math.floor(math.log10(sd))))


def listed(words: Iterable[str]) -> str:
    """Join words as a sentence does: a, b and c."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
