"""Apparent performance corrected for optimism, from the indexes of bootstrap replicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from vbq.stats.indexes import RANGES
from vbq.stats.resampling import percentile_interval

Array = NDArray[np.float64]

WIDENED = 1.25  # weight of the test indexes in the interval, as in rms 8.1
FEWEST_FOR_TWO = 10  # replicates, below which both sides have the same standard deviation
ROUNDING = 1e-12  # beyond a range, or between limits, that is nothing but rounding


def corrected_interval(
    corrected: ArrayLike, training: ArrayLike, test: ArrayLike, confidence: float = 0.95
) -> tuple[Array, Array]:
    """Return the approximate interval of k indexes corrected for optimism (ABCLOC of rms 8.1, 2025).

    `training` and `test` are B x k: each replicate's index in its resample and in the original patients. The
    limits lie z standard deviations of training - 1.25 test from the corrected index: downwards that of the
    upper half of these differences, upwards that of the lower half, both about their mean. NaN where a
    replicate has no index are left out.
    """
    difference = np.asarray(training, dtype=float) - WIDENED * np.asarray(test, dtype=float)
    below, above = dual_sd(difference)
    z = float(special.ndtri((1 + confidence) / 2))
    return np.asarray(corrected) - z * above, np.asarray(corrected) + z * below


def corrected_interval_of_ratios(
    corrected: ArrayLike, training: ArrayLike, test: ArrayLike, confidence: float = 0.95
) -> tuple[Array, Array]:
    """Return the interval of `corrected_interval` with quantiles where that has z standard deviations.

    For indexes without a mean: the limits lie as far from the corrected index as the quantiles of training -
    1.25 test from its median, turned round.
    """
    difference = np.asarray(training, dtype=float) - WIDENED * np.asarray(test, dtype=float)
    least, most = percentile_interval(difference, confidence)
    middle, _ = percentile_interval(difference, 0)
    return np.asarray(corrected) - (most - middle), np.asarray(corrected) + (middle - least)


@dataclass(frozen=True)
class Corrected:
    """k corrected indexes with their limits, NaN where there is none, and what was beyond its range."""

    value: Array
    low: Array
    high: Array
    beyond: tuple[str, ...]


def within_ranges(indexes: Sequence[str], value: Array, low: Array, high: Array) -> Corrected:
    """Return k corrected indexes and limits where the indexes can be (`RANGES`).

    An index beyond its range has no value and no limits: how good a model is beyond all models, or worse than
    any, is no estimate. A limit beyond is cut off at the range's end, since all that an interval holds is
    what the index can be. An interval without an end or a width is none. `beyond` says it in words.
    """
    least, most = np.array([RANGES.get(index, (-np.inf, np.inf)) for index in indexes]).T
    is_below, is_above = value < least - ROUNDING, value > most + ROUNDING
    none = is_below | is_above
    unlimited = none | ~np.isfinite(high - low) | (high - low < ROUNDING)
    words = {
        "apparent less optimism is below {least:g}": is_below,
        "apparent less optimism is above {most:g}": is_above,
        "lower limit cut off at {least:g}": (low < least) & ~unlimited,
        "upper limit cut off at {most:g}": (high > most) & ~unlimited,
    }
    beyond = [
        "; ".join(text.format(least=least[k], most=most[k]) for text, holds in words.items() if holds[k])
        for k in range(len(indexes))
    ]
    low, high = (np.where(unlimited, np.nan, np.clip(limit, least, most)) for limit in (low, high))
    return Corrected(np.where(none, np.nan, np.clip(value, least, most)), low, high, tuple(beyond))


def dual_sd(values: ArrayLike) -> tuple[Array, Array]:
    """Return the standard deviations of the lower and of the upper half of each column of B x k values.

    About the column's mean; values equal to it count in both. Replicates R's `Hmisc::dualSD` (5.2), whose
    halves are the same standard deviation where there are fewer than 10 values. NaN are left out.
    """
    x = np.asarray(values, dtype=float)
    known = np.isfinite(x)
    count = known.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, x, 0).sum(axis=0) / count
        squared = np.where(known, (x - mean) ** 2, 0)
        halves = [
            np.sqrt((squared * side).sum(axis=0) / (side.sum(axis=0) - 1))
            for side in (known & (x <= mean), known & (x >= mean), known)
        ]
    few = count < FEWEST_FOR_TWO
    return np.where(few, halves[2], halves[0]), np.where(few, halves[2], halves[1])


def estimate_632_plus(apparent: float, outside: float, no_information: float) -> float:
    """Return the .632+ estimate of an error (Efron and Tibshirani 1997, equation 32).

    `outside` is the mean error in the patients that were not drawn, `no_information` that to be expected if
    predictions and outcomes had nothing to do with each other. An index of which more is better goes in as 1
    less the index. Beyond `no_information`, the error outside still counts in full in the .632 estimate; the
    relative overfitting stays 1, and only what is added for it ends there.
    """
    worst = min(outside, no_information)
    spread = no_information - apparent
    overfitting = (worst - apparent) / spread if spread > 0 and worst > apparent else 0.0
    plain = 0.368 * apparent + 0.632 * outside
    return plain + (worst - apparent) * 0.368 * 0.632 * overfitting / (1 - 0.368 * overfitting)
