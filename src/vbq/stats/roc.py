"""Areas under ROC curves: DeLong's covariance, intervals, differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Areas:
    """AUCs of k scores on the same n observations, with the k x k covariance of their estimates."""

    auc: Array
    covariance: Array
    n: int
    n_events: int


def areas_under_curves(outcome: ArrayLike, scores: ArrayLike) -> Areas:
    """Estimate the AUC of each score and their covariance (DeLong, DeLong and Clarke-Pearson 1988).

    `outcome` is n values of 0 or 1, `scores` n x k (or n) without NaN; a higher score means a higher
    risk, always: nothing is turned round. Ties count one half. The placements come from one
    sort of each score. The covariance is NaN with fewer than two observations in a class.

    Replicates `pROC::auc`, `var` and `cov` (absolute 1e-10).

    Raises ValueError where a class is empty.
    """
    y = np.asarray(outcome) == 1
    x = np.asarray(scores, dtype=float).reshape(len(y), -1)
    m, n = int(y.sum()), int((~y).sum())
    if not m or not n:
        raise ValueError("an AUC needs observations with and without the event")
    events, others = np.empty((x.shape[1], m)), np.empty((x.shape[1], n))
    for i, score in enumerate(x.T):
        events[i], others[i] = _placements(score, y, in_order=x.shape[1] == 1)
    if min(m, n) < 2:
        covariance = np.full((x.shape[1],) * 2, np.nan)
    else:
        covariance = np.atleast_2d(np.cov(events)) / m + np.atleast_2d(np.cov(others)) / n
    return Areas(events.mean(axis=1), covariance, m + n, m)


def _placements(score: Array, event: NDArray[np.bool_], in_order: bool) -> tuple[Array, Array]:
    """Return DeLong's placements: of each event the share of others below it, of each other of events above.

    Ties count one half. Placements come in the order of the observations, or `in_order` of the score, which
    saves the time to put them back.
    """
    order = np.argsort(score)
    x, y = score[order], event[order]
    n_events = np.cumsum(y)
    n_others = np.arange(1, len(y) + 1) - n_events
    differs = x[1:] != x[:-1]
    if differs.all():
        others_below, events_above = n_others[y].astype(float), (n_events[-1] - n_events[~y]).astype(float)
    else:
        first = np.maximum.accumulate(np.where(np.append(True, differs), np.arange(len(y)), 0))
        last = np.append(np.flatnonzero(differs), len(y) - 1)[np.cumsum(np.append(0, differs))]
        others_below = (np.append(0, n_others)[first] + n_others[last])[y] / 2
        events_above = n_events[-1] - (np.append(0, n_events)[first] + n_events[last])[~y] / 2
    others_below, events_above = others_below / n_others[-1], events_above / n_events[-1]
    if in_order:
        return others_below, events_above
    placed = np.empty(len(y))
    placed[order[y]], placed[order[~y]] = others_below, events_above
    return placed[event], placed[~event]


def auc_interval(
    auc: float, variance: float, confidence: float = 0.95, scale: str = "identity"
) -> tuple[float, float]:
    """Return the interval of an AUC from its DeLong variance, on the identity or the logit scale.

    On the identity scale it is cut off at 0 and 1, as `pROC::ci.auc` does. Where the AUC is 0 or 1,
    DeLong's variance is zero and the interval would claim certainty: NaN.
    """
    if not variance > 0:
        return float("nan"), float("nan")
    z, sd = special.ndtri((1 + confidence) / 2), np.sqrt(variance)
    if scale == "identity":
        return max(auc - z * sd, 0.0), min(auc + z * sd, 1.0)
    if scale != "logit":
        raise ValueError(f"scale is identity or logit, not {scale}")
    middle, half = special.logit(auc), z * sd / (auc * (1 - auc))
    return float(special.expit(middle - half)), float(special.expit(middle + half))


def newcombe_interval(
    auc: float, n_events: int, n_others: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Newcombe's interval of an AUC, which also holds where the AUC is 0 or 1.

    Method 5 of Newcombe (2006): the areas that differ from the observed one by z standard errors, each
    with Hanley and McNeil's standard error at that area and both numbers of patients replaced by their mean,
    less one, where they enter it as weights.
    """
    weight = (n_events + n_others) / 2 - 1
    squared = special.ndtri((1 + confidence) / 2) ** 2 / (n_events * n_others)

    def excess(area: float) -> float:
        spread = area * (1 - area) * (1 + weight * ((1 - area) / (2 - area) + area / (1 + area)))
        return (area - auc) ** 2 - squared * spread

    inside = min(max(auc, 1e-12), 1 - 1e-12)  # 0 and 1 solve their own equation
    low = optimize.brentq(excess, 0.0, inside, xtol=1e-14) if auc > 0 else 0.0
    high = optimize.brentq(excess, inside, 1.0, xtol=1e-14) if auc < 1 else 1.0
    return float(low), float(high)


@dataclass(frozen=True)
class AreaDifference:
    """Difference of two paired AUCs (first minus second) with its interval and DeLong's test."""

    difference: float
    low: float
    high: float
    z: float
    p_value: float


def compare_areas(areas: Areas, first: int, second: int, confidence: float = 0.95) -> AreaDifference:
    """Compare two of the areas, estimated on the same observations (DeLong et al. 1988).

    Two scores that rank all observations alike have difference 0 with variance 0: p is then 1. Where an
    area is 0 or 1, DeLong's variance of it is zero and neither interval nor test means anything: NaN, as with
    fewer than two observations in a class.
    Replicates `pROC::roc.test(paired = TRUE)` (absolute 1e-10).
    """
    difference = float(areas.auc[first] - areas.auc[second])
    covariance = areas.covariance
    ends = {0.0, 1.0} & {float(areas.auc[first]), float(areas.auc[second])}
    if ends or np.isnan(covariance).any():
        return AreaDifference(difference, low=np.nan, high=np.nan, z=np.nan, p_value=np.nan)
    variance = float(covariance[first, first] + covariance[second, second] - 2 * covariance[first, second])
    if not variance > 1e-20:
        if difference == 0:
            return AreaDifference(0.0, low=0.0, high=0.0, z=0.0, p_value=1.0)
        return AreaDifference(difference, low=np.nan, high=np.nan, z=np.nan, p_value=np.nan)
    sd = np.sqrt(variance)
    margin = special.ndtri((1 + confidence) / 2) * sd
    z = difference / sd
    return AreaDifference(
        difference, difference - margin, difference + margin, float(z), float(2 * special.ndtr(-abs(z)))
    )
