"""What printed, rounded numbers allow: attainable counts and means, implied deviations and p-values.

A printed number stands for every number that rounds to it, a tie in either direction. Each function here
carries that range through, so that "does not fit" is never a matter of rounding.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from vbq.stats.digits import to_digits, to_whole

Array = NDArray[np.float64]

SLACK = 1e-9  # relative; covers floating point, never a wrong last digit
GRID = 21  # points of a standard deviation between the ends of its rounding


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`."""

    low: float
    high: float

    def meets(self, low: float, high: float) -> bool:
        """Whether some number of the range lies between two others."""
        slack = SLACK * max((abs(end) for end in (self.low, self.high) if math.isfinite(end)), default=0)
        return self.low - slack <= high and low <= self.high + slack

    def allows(self, number: float) -> bool:
        """Whether a number lies in the range."""
        return self.meets(number, number)


@dataclass(frozen=True)
class Printed(Range):
    """A printed number: `value` with half a unit of its last decimal, or a bound (`is_bound`, "<")."""

    value: float
    half_unit: float
    is_bound: bool = False

    @classmethod
    def parse(cls, digits: str, relation: str = "=", scale: float = 1) -> Self:
        """Read the digits of a number that is printed `scale` times as large as it is (percent: 100)."""
        value = float(digits) / scale
        half_unit = 0.5 * 10.0 ** -decimals(digits) / scale
        if relation == "<":
            return cls(-math.inf, value, value, half_unit, True)
        return cls(value - half_unit, value + half_unit, value, half_unit)

    def meets(self, low: float, high: float) -> bool:
        """Whether some number between two others is printed so: rounds to it, or lies below the bound."""
        if not self.is_bound:
            return super().meets(low, high)
        return low < self.value and not math.isclose(low, self.value, rel_tol=SLACK)


def decimals(digits: str) -> int:
    """Return the number of decimals of a printed number."""
    return len(digits.partition(".")[2])


def rounded_as_printed(number: float, decimals: int) -> Decimal:
    """Round a finite number of twelve digits to so many decimals, a half away from zero."""
    unit, every_digit = Decimal(1).scaleb(-decimals), Context(prec=400)
    return Decimal(repr(float(to_digits(number)))).quantize(unit, ROUND_HALF_UP, every_digit)


def rounds_twice_to(number: float, printed: Printed) -> bool:
    """Whether a number gives the printed one when it is rounded to one decimal more first."""
    tenth = printed.half_unit / 5
    return printed.allows(float(to_whole(number / tenth)) * tenth)


def whole_numbers(numbers: Range) -> range:
    """Return the whole numbers to which a range of numbers rounds, a tie in either direction."""
    low, high = to_digits([numbers.low - 0.5, numbers.high + 0.5])
    return range(math.ceil(low), math.floor(high) + 1)


def attainable_counts(fraction: Range, n: int) -> range:
    """Return the counts k of n whose fraction k / n is the printed one."""
    slack = SLACK * max(1, n)
    low, high = max(fraction.low, 0.0), min(fraction.high, 1.0)
    return range(math.ceil(low * n - slack), math.floor(high * n + slack) + 1)


def attainable_sizes(count: int, fraction: Range, largest: int) -> list[int]:
    """Return the sizes up to `largest` of which a count is the printed fraction."""
    return [n for n in range(max(count, 1), largest + 1) if fraction.allows(count / n)]


def attainable_means(mean: Range, n: int, step: float) -> list[float]:
    """Return the means in a range that n multiples of `step` can have (GRIM: Brown and Heathers 2017).

    Where the range holds many, only those nearest to its ends.
    """
    unit = step / n
    slack = SLACK * max(abs(mean.low), abs(mean.high)) / unit
    first, last = math.ceil(mean.low / unit - slack), math.floor(mean.high / unit + slack)
    return [total * unit for total in dict.fromkeys((first, last)) if first <= total <= last]


def nearest_means(value: float, n: int, step: float) -> tuple[float, float]:
    """Return the means next to a value, below and above, that n multiples of `step` can have."""
    unit = step / n
    total = float(to_digits(value / unit))
    return math.floor(total) * unit, math.ceil(total) * unit


def fewest_missing(mean: Range, n: int, step: float) -> int | None:
    """Return how many of n values must be missing, at the least, to make a mean attainable; None: any."""
    return next((missing for missing in range(n) if attainable_means(mean, n - missing, step)), None)


def pooled_sd(means: tuple[Printed, Printed], p_value: Printed, sizes: tuple[int, int]) -> Range:
    """Return the pooled standard deviations that two printed means and their printed p-value leave.

    The p-value is taken to be that of the pooled two-sample t test (linear regression on the group):
    |difference| = t s sqrt(1/n + 1/m). A bound (p < 0.0001) leaves an upper limit only.

    Raises ValueError where no p-value between 0 and 1 is printed so.
    """
    if p_value.high < 0 or p_value.low > 1:
        raise ValueError(f"a p-value lies between 0 and 1, not at {p_value.value:g}")
    df = sum(sizes) - 2
    difference = abs(means[1].value - means[0].value)
    reach = means[0].half_unit + means[1].half_unit
    per_t = math.sqrt(1 / sizes[0] + 1 / sizes[1])

    def t(p: float) -> float:
        return -float(special.stdtrit(df, min(max(p, 0.0), 1.0) / 2))

    largest_t = math.inf if p_value.low <= 0 else t(p_value.low)
    smallest_t = t(p_value.high)
    low = max(difference - reach, 0.0) / (largest_t * per_t)
    high = math.inf if smallest_t <= 0 else (difference + reach) / (smallest_t * per_t)
    return Range(low, high)


def largest_pooled_sd(means: tuple[Range, Range], sizes: tuple[int, int], low: float, high: float) -> float:
    """Return the largest pooled standard deviation of values between two bounds with the printed group means.

    Within a group the variance is at most n / (n - 1) (high - mean)(mean - low) (Bhatia and Davis 2000),
    most where the mean is nearest to the middle. NaN where a mean is out of bounds.
    """
    middle, squares = (low + high) / 2, []
    for n, mean in zip(sizes, means, strict=True):
        nearest = min(max(middle, mean.low), mean.high)
        is_inside = low <= nearest <= high
        squares.append(n * (high - nearest) * (nearest - low) if is_inside else math.nan)
    return math.sqrt(sum(squares) / (sum(sizes) - 2))


def smallest_pooled_sd(means: tuple[Range, Range], sizes: tuple[int, int], step: float) -> float:
    """Return the smallest pooled standard deviation of multiples of `step` with the printed group means.

    Values are nearest to their mean when all are one of the two multiples beside it: with a share f of
    them at the upper one, the sum of squares is n f (1 - f) step².
    """
    squares = []
    for n, mean in zip(sizes, means, strict=True):
        first, last = to_digits([mean.low / step, mean.high / step])
        holds_a_multiple = math.ceil(first) <= math.floor(last)
        least = 0.0 if holds_a_multiple else min(f * (1 - f) for f in (first % 1, last % 1))
        squares.append(n * least * step**2)
    return math.sqrt(sum(squares) / (sum(sizes) - 2))


def p_from_summaries(
    means: tuple[Printed, Printed], sds: tuple[Printed, Printed], sizes: tuple[int, int]
) -> dict[str, Range]:
    """Return the p-values of the pooled t test (`ols`) and of Welch's that printed means and SDs leave.

    Welch's can be lowest at standard deviations inside their rounding, where the degrees of freedom grow
    faster than t falls: `GRID` of them are tried in each group.
    """
    n = np.array(sizes, dtype=float)
    difference = abs(means[1].value - means[0].value)
    reach = means[0].half_unit + means[1].half_unit
    d = np.array([max(difference - reach, 0.0), difference + reach])[:, None]
    first, second = np.meshgrid(*(np.linspace(max(sd.low, 0.0), sd.high, GRID) for sd in sds))
    v = np.stack([first.ravel(), second.ravel()]) ** 2
    pooled = (n - 1) @ v / (n.sum() - 2) * (1 / n).sum()
    per_group = v / n[:, None]
    welch = per_group.sum(axis=0)
    with np.errstate(invalid="ignore"):
        df = welch**2 / (per_group**2 / (n - 1)[:, None]).sum(axis=0)
    found = {"ols": _two_sided_p(d, pooled, n.sum() - 2), "welch": _two_sided_p(d, welch, df)}
    return {test: Range(float(p.min()), float(p.max())) for test, p in found.items()}


def _two_sided_p(difference: Array, variance: Array, df: ArrayLike) -> Array:
    """Return p-values of t tests; without any variance, 1 for no difference and 0 for any."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * special.stdtr(df, -difference / np.sqrt(variance))
    return np.where(variance > 0, p, np.where(difference == 0, 1.0, 0.0))


@dataclass(frozen=True)
class Interval95:
    """An estimate with its 95 % interval on a scale on which no effect is 0.

    `wald_p` is the p-value of estimate / standard error, the standard error from the interval's width.
    `skew` is (high - estimate) / (estimate - low) with the range that rounding leaves: 1 for a Wald
    interval. NaN where the estimate is not inside the interval.
    """

    estimate: float
    low: float
    high: float
    wald_p: float
    skew: Range

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def interval_on(scale: str, estimate: Printed, low: Printed, high: Printed) -> Interval95 | None:
    """Return a printed estimate and interval on the log-odds scale, read as `log_odds` or `odds_ratio`.

    None where they cannot be read so: a ratio that is not above 0.
    """
    if scale not in ("log_odds", "odds_ratio"):
        raise ValueError(f"scale is log_odds or odds_ratio, not {scale}")
    if scale == "odds_ratio":
        if min(estimate.low, low.low, high.low) <= 0:
            return None
        estimate, low, high = (_logarithm(number) for number in (estimate, low, high))
    std_error = (high.value - low.value) / (2 * special.ndtri(0.975))
    wald_p = 2 * float(special.ndtr(-abs(estimate.value) / std_error)) if std_error > 0 else math.nan
    below = (estimate.low - low.high, estimate.high - low.low)
    above = (high.low - estimate.high, high.high - estimate.low)
    inside = min(*below, *above) > 0
    skew = Range(above[0] / below[1], above[1] / below[0]) if inside else Range(math.nan, math.nan)
    return Interval95(estimate.value, low.value, high.value, wald_p, skew)


def _logarithm(number: Printed) -> Printed:
    low, high = math.log(number.low), math.log(number.high)
    return Printed(low, high, math.log(number.value), (high - low) / 2)


def normal_auc(means: tuple[float, float], sds: tuple[float, float]) -> float:
    """Return the AUC of a score that is normal in both groups: Phi(difference / sqrt(sum of variances))."""
    return float(special.ndtr((means[1] - means[0]) / math.hypot(*sds)))


def normal_sensitivity(mean: float, sd: float, cutoff: float) -> float:
    """Return the share of a normal score that lies above a cut-off."""
    return float(special.ndtr((mean - cutoff) / sd))


def sd_from_share(mean: float, cutoff: float, share_above: float) -> float:
    """Return the standard deviation with which a share of a normal score lies above a cut-off.

    NaN where no positive one does so.
    """
    z = float(special.ndtri(share_above))
    sd = (mean - cutoff) / z if z else math.nan
    return sd if sd > 0 and math.isfinite(sd) else math.nan


def size_of_part(overall: Range, part: Range, rest: Range, n: int) -> Range:
    """Return how many of n belong to a part, from the means of all, of the part and of the rest.

    overall = (k part + (n - k) rest) / n, hence k = n (overall - rest) / (part - rest). The range is that
    which rounding leaves, and may be outside 0 to n: then no number does. Where the means of part and rest
    may be equal, any number may do if that of all may be equal to them too, and none else.
    """
    if part.meets(rest.low, rest.high):
        is_between = overall.meets(min(part.low, rest.low), max(part.high, rest.high))
        return Range(0, n) if is_between else Range(math.inf, -math.inf)
    corners = [
        n * (a - r) / (p - r)
        for a in (overall.low, overall.high)
        for p in (part.low, part.high)
        for r in (rest.low, rest.high)
    ]
    return Range(min(corners), max(corners))
