"""Apparent performance corrected for optimism, from the indexes of bootstrap replicates."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

WIDENED = 1.25  # weight of the test indexes in the interval, as in rms 8.1
FEWEST_FOR_TWO = 10  # replicates, below which both sides have the same standard deviation


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
