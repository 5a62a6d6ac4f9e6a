"""Rubin's rules: one estimate and interval from those of several imputations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


@dataclass(frozen=True)
class Pooled:
    """An estimate pooled over m imputations, with its t interval.

    `within` is the mean variance of the estimates, `between` the variance among them, and
    `fraction_missing` the share of the information that is lost with the missing values.
    """

    m: int
    estimate: float
    std_error: float
    df: float
    low: float
    high: float
    within: float
    between: float
    fraction_missing: float


def pool(estimates: ArrayLike, variances: ArrayLike, df_complete: float, confidence: float = 0.95) -> Pooled:
    """Pool m estimates and their m variances (Rubin 1987; degrees of freedom of Barnard and Rubin 1999).

    They are on the scale on which the estimate is roughly normal. `df_complete` is the degrees of freedom
    that complete data would have, or infinity. Where an estimate is not finite, or its variance is not
    finite or is zero (as for an AUC of 1), every number is NaN.

    Replicates `mice::pool.scalar(rule = "rubin1987")` and `mice::pool` (relative 1e-8), except that mice
    puts the share of the variance due to missing values at 1e-4 where it is less.

    Raises ValueError with fewer than two imputations, or if `df_complete` is not positive.
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    m = len(q)
    if m < 2:
        raise ValueError("pooling needs at least two imputations")
    if not df_complete > 0:
        raise ValueError(f"the degrees of freedom of complete data must be positive, not {df_complete}")
    if not (np.isfinite(q) & np.isfinite(u) & (u > 0)).all():
        return Pooled(m, *[np.nan] * 8)
    estimate, within, between = q.mean(), u.mean(), q.var(ddof=1)
    total = within + (1 + 1 / m) * between
    lost, kept = (1 + 1 / m) * between / total, within / total
    observed = df_complete * (1 - 2 / (df_complete + 3)) * kept
    with np.errstate(divide="ignore", over="ignore"):  # an unlimited sample with nothing missing
        df = 1 / (lost**2 / (m - 1) + 1 / observed)
    std_error = np.sqrt(total)
    margin = std_error * special.stdtrit(df, (1 + confidence) / 2)
    return Pooled(
        m=m,
        estimate=float(estimate),
        std_error=float(std_error),
        df=float(df),
        low=float(estimate - margin),
        high=float(estimate + margin),
        within=float(within),
        between=float(between),
        fraction_missing=float(lost + kept * 2 / (df + 3)),
    )
