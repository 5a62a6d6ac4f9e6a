"""Intervals of proportions."""

from scipy import stats


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval without continuity correction; (NaN, NaN) without trials.

    Replicates R's `prop.test(correct = FALSE)` (relative 1e-8). Source: Wilson 1927.
    """
    if trials == 0:
        return float("nan"), float("nan")
    interval = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
