"""Decision curves: the net benefit of treating by a rule (Vickers and Elkin 2006)."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

COLUMNS = [
    f"{name}{end}" for name in ("net_benefit", "above_all") for end in ("", "_low", "_high", "_std_error")
]
TIED = 1e-12  # a risk that is the threshold but for the last bits is at it


def decision_curve(
    outcome: ArrayLike, risk: ArrayLike, thresholds: ArrayLike, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the net benefit of treating n patients whose risk is at or above each threshold.

    Net benefit is the share of true positives less that of false positives, these weighed by the odds of the
    threshold; treating nobody has none. `above_all` is its difference from treating all. Both are means over
    patients, and their intervals Wald's of a mean. To assess a dichotomous score, give 1 and 0 as risks.

    Returns one row per threshold: threshold and `COLUMNS`. Net benefit replicates `dcurves::dca`.
    """
    y, p = np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float)
    at = np.asarray(thresholds, dtype=float)
    n, n_events = len(y), y.sum()
    order = np.argsort(p, kind="stable")
    below = np.searchsorted(p[order], at - TIED, side="left")  # how many are not treated
    missed = np.concatenate([[0.0], np.cumsum(y[order])])[below]  # false negatives
    spared = below - missed  # true negatives
    treated, harmed, odds = n_events - missed, n - n_events - spared, at / (1 - at)
    z = special.ndtri((1 + confidence) / 2)
    table = pd.DataFrame({"threshold": at})
    for name, ones, one, others, other in (
        ("net_benefit", treated, 1.0, harmed, -odds),
        ("above_all", missed, -1.0, spared, odds),
    ):  # so many patients with one value, so many with the other, zero for the rest
        mean, squares = (ones * one + others * other) / n, ones + others * other**2
        std_error = np.sqrt(np.maximum(squares / n - mean**2, 0) / n)
        table[name], table[f"{name}_std_error"] = mean, std_error
        table[f"{name}_low"], table[f"{name}_high"] = mean - z * std_error, mean + z * std_error
    return table[["threshold", *COLUMNS]]


def treat_all(outcome: ArrayLike, thresholds: ArrayLike) -> Array:
    """Return the net benefit of treating everyone at each threshold."""
    prevalence, at = float(np.mean(np.asarray(outcome))), np.asarray(thresholds, dtype=float)
    return np.asarray(prevalence - (1 - prevalence) * at / (1 - at))
