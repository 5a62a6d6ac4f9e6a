"""Indexes of performance of many linear predictors at once, each in a weighted sample of its own."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vbq.stats.batched import Ranking, fit_batch
from vbq.stats.regressions import log_likelihoods

Array = NDArray[np.float64]

INDEXES = ("auc", "dxy", "r2", "intercept", "slope", "brier", "sensitivity", "specificity")
RANGES = {  # where an index can be; an intercept or slope can be anywhere
    **dict.fromkeys(("auc", "r2", "brier", "sensitivity", "specificity", "emax"), (0.0, 1.0)),
    "dxy": (-1.0, 1.0),
}
RATIOS = ("intercept", "slope")  # of coefficients that can be near zero: their means need not exist
FLAT = 1e-9  # range of a linear predictor that is the same for all


def indexes_of(
    linear_predictor: Array,
    ranking: Ranking,
    events: Array,
    totals: Array,
    is_own: bool,
    recalibrates: bool = True,
) -> Array:
    """Return the indexes of b linear predictors (b x k) in b samples: b x `INDEXES`.

    `events` of `totals` are b x k, or 1 x k where all are assessed in one sample. `is_own` says that each
    predictor was fitted to its sample: then intercept and slope are 0 and 1. Elsewhere they are those of the
    logistic regression on the predictor, whose R² (Nagelkerke's) is taken, as R's `rms::validate` does; with
    Dxy and the Brier score that replicates it (absolute 1e-6). Where the predictor separates the outcomes,
    intercept and slope are from Firth's penalized likelihood, and R² is what the plain one approaches.
    Without `recalibrates` these three are left out. Sensitivity and specificity are those of the patients
    with a risk above one half.

    NaN where a sample has one outcome only; R², intercept and slope also where a predictor is constant
    elsewhere than in its own sample.
    """
    b = len(linear_predictor)
    size, n_events = (np.broadcast_to(counts.sum(axis=1), b) for counts in (totals, events))
    auc = ranking.auc(events, totals - events)
    risk = special.expit(linear_predictor)
    squared_error = (events * (1 - risk) ** 2 + (totals - events) * risk**2).sum(axis=1)
    if is_own:
        intercept, slope = np.zeros(b), np.ones(b)
        fitted = log_likelihoods(events, totals, linear_predictor)
    elif not recalibrates:
        intercept = slope = fitted = np.full(b, np.nan)
    else:
        intercept, slope, fitted = _recalibrated(linear_predictor, events, totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        brier, share = squared_error / size, n_events / size
        null = special.xlogy(n_events, share) + special.xlogy(size - n_events, 1 - share)
        r2 = -np.expm1(-2 * (fitted - null) / size) / -np.expm1(2 * null / size)
    positive = linear_predictor > 0
    sensitivity, specificity = _shares(positive, events, totals - events)
    found = np.column_stack([auc, 2 * auc - 1, r2, intercept, slope, brier, sensitivity, specificity])
    found[~((n_events > 0) & (n_events < size))] = np.nan
    return found


def indexes_of_score(
    ranking: Ranking, positive: NDArray[np.bool_] | None, events: Array, totals: Array
) -> Array:
    """Return the indexes of a score that is no risk: b x `INDEXES`, NaN where one needs a risk.

    `positive` (1 x k or b x k) is whom the score calls positive, None where it has no cut-off.
    """
    auc = ranking.auc(events, totals - events)
    found = np.full((len(auc), len(INDEXES)), np.nan)
    found[:, 0], found[:, 1] = auc, 2 * auc - 1
    if positive is not None:
        found[:, 6], found[:, 7] = _shares(positive, events, totals - events)
    return found


def _shares(positive: NDArray[np.bool_], events: Array, others: Array) -> tuple[Array, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        sensitivity = (events * positive).sum(axis=1) / events.sum(axis=1)
        specificity = (others * ~positive).sum(axis=1) / others.sum(axis=1)
    return sensitivity, specificity


def _recalibrated(linear_predictor: Array, events: Array, totals: Array) -> tuple[Array, Array, Array]:
    """Return intercept, slope and log-likelihood of the b logistic regressions on the linear predictors."""
    b = len(linear_predictor)
    varies = np.ptp(linear_predictor, axis=1) > FLAT
    found = np.full((3, b), np.nan)
    lp = linear_predictor[varies]
    shape = (b, linear_predictor.shape[1])
    y, n = (np.broadcast_to(counts, shape)[varies] for counts in (events, totals))
    X = np.stack([np.ones_like(lp), lp], axis=-1)
    fits = fit_batch(X, y, n, start=(0, 1), finite=True)
    found[:2, varies] = fits.coefficients.T
    found[2, varies] = fits.log_likelihoods
    return found[0], found[1], found[2]


def largest_error(intercept: float, slope: float) -> float:
    """Return Emax: how far risks from 0 to 1 lie at most from the recalibrated ones, as `rms::validate`."""
    risk = np.linspace(0, 1, 2001)[1:-1]
    recalibrated = special.expit(intercept + slope * special.logit(risk))
    return float(np.abs(risk - recalibrated).max())
