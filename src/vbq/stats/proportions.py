"""Intervals of proportions, and of the likelihood ratios that two of them make."""

import numpy as np
from scipy import special, stats


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval without continuity correction; (NaN, NaN) without trials.

    Replicates R's `prop.test(correct = FALSE)` (relative 1e-8). Source: Wilson 1927.
    """
    return _interval(successes, trials, confidence, "wilson")


def clopper_pearson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Clopper and Pearson's exact interval; (NaN, NaN) without trials.

    Replicates R's `binom.test` (relative 1e-8). Source: Clopper and Pearson 1934.
    """
    return _interval(successes, trials, confidence, "exact")


def _interval(successes: int, trials: int, confidence: float, method: str) -> tuple[float, float]:
    if trials == 0:
        return float("nan"), float("nan")
    interval = stats.binomtest(successes, trials).proportion_ci(confidence, method=method)
    return float(interval.low), float(interval.high)


def ratio_of_proportions(
    first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95
) -> tuple[float, float, float, float]:
    """Return the ratio of two independent proportions (successes, trials), its limits, and its log's error.

    The interval is on the log scale (Katz et al. 1978), as Simel et al. (1991) take it for likelihood
    ratios. A ratio of 0 or infinity, or of 1 to 1, has no standard error and no limits: NaN.
    """
    (a, m), (b, n) = first, second
    if not m or not n or (not a and not b):
        return (float("nan"),) * 4
    if not a or not b:
        return (0.0 if not a else float("inf")), float("nan"), float("nan"), float("nan")
    ratio = (a / m) / (b / n)
    if a == m and b == n:
        return ratio, float("nan"), float("nan"), float("nan")
    log_std_error = float(np.sqrt(1 / a - 1 / m + 1 / b - 1 / n))
    margin = float(np.exp(special.ndtri((1 + confidence) / 2) * log_std_error))
    return ratio, ratio / margin, ratio * margin, log_std_error
