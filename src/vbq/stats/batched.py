"""Many logistic regressions at once: many samples of counts or weights, of one design or of a design each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vbq.stats.regressions import Design, Regressions, climb, highest

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fits:
    """What was fitted to m samples: coefficients (m x p), and log-likelihoods (m), those without a penalty.

    `separated` (m) marks the samples whose likelihood has no maximum, or one at which the data determine
    nothing (`regressions.climb`); their log-likelihood is the one that is approached. `maxima` (m) counts the
    different maxima that were found, more than one only with Firth's penalty.
    """

    coefficients: Array
    log_likelihoods: Array
    separated: Mask
    maxima: NDArray[np.int64]


def fit_batch(
    X: ArrayLike,
    events: ArrayLike,
    totals: ArrayLike,
    offset: ArrayLike = 0.0,
    start: ArrayLike | None = None,
    finite: bool = False,
) -> Fits:
    """Fit m logistic regressions by maximum likelihood, separated ones with Firth's penalty if asked.

    `X` is k x p with the intercept's column first, or m x k x p where each regression has its own design.
    `events` of `totals` (m x k) are counts, or the weights of a resample: then `events` are the weights of
    the observations with the event. `offset` (k, or m x k) is added to the linear predictor. `start` are p
    coefficients near which all solutions lie, such as those of the whole sample.

    Without `finite`, the coefficients of a separated regression give risks nearly as close to 0 and 1 as its
    outcomes demand; with it, they are those of the highest maximum of the penalized likelihood. A column that
    earlier ones determine in a sample has the coefficient 0 there. Replicates R's `glm` (relative 1e-8), and
    `brglm2` with `type = "AS_mean"` (relative 1e-6).
    """
    Z, back = standardized(np.asarray(X, dtype=float))
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    shift = np.broadcast_to(np.asarray(offset, dtype=float), y.shape)
    m, p = len(y), Z.shape[-1]
    regressions = Regressions(Design(Z), y, n, shift, penalized=False, free=p)
    begin = np.zeros(p) if start is None else np.asarray(start, dtype=float)
    there = np.linalg.solve(back, np.broadcast_to(begin, (*back.shape[:-1],))[..., None])[..., 0]
    ends = climb(regressions, np.array(np.broadcast_to(there, (m, p))))
    beta, maxima = ends.beta, np.ones(m, dtype=np.int64)
    if finite and ends.undetermined.any():
        which = np.flatnonzero(ends.undetermined)
        found = highest(replace(regressions.of(which), penalized=True))
        beta[which], maxima[which] = found.beta, found.maxima
    return Fits((back @ beta[:, :, None])[:, :, 0], ends.value, ends.undetermined, maxima)


def standardized(X: Array) -> tuple[Array, Array]:
    """Return a design, or several (... x k x p, intercept first), at mean 0 and unit size, and the way back.

    That is the matrix (... x p x p) that turns coefficients on these columns into those on X. So neither
    columns far from zero nor very different sizes cost digits.
    """
    center, scale = X.mean(axis=-2, keepdims=True), X.std(axis=-2, keepdims=True)
    center[..., :1] = 0.0
    scale = np.where(scale > 0, scale, 1.0)
    scale[..., :1] = 1.0
    back = np.eye(X.shape[-1]) / scale
    back[..., 0, 1:] = -center[..., 0, 1:] / scale[..., 0, 1:]
    return (X - center) / scale, back


class Ranking:
    """The order of m x k scores, or of k that m samples share (1 x k): areas follow for any weights."""

    def __init__(self, scores: ArrayLike) -> None:
        x = np.asarray(scores, dtype=float)
        self._order = np.argsort(x, axis=1, kind="stable")
        self._changes = np.diff(np.take_along_axis(x, self._order, axis=1), axis=1) > 0

    def auc(self, event_weights: ArrayLike, other_weights: ArrayLike) -> Array:
        """Return the m areas under the ROC curves, as `weighted_auc` does."""
        with_event, without = (self._sorted(weights) for weights in (event_weights, other_weights))
        through = np.cumsum(without, axis=1)
        total = with_event.sum(axis=1) * through[:, -1]
        if self._changes.all():
            below, within = through - without, through
        else:
            edge = np.ones((len(self._changes), 1), dtype=bool)
            # Weight of the others below each group of ties, and below or in it.
            begins = np.where(np.hstack([edge, self._changes]), through - without, 0)
            below = np.maximum.accumulate(begins, axis=1)
            last = np.where(np.hstack([self._changes, edge]), through, np.inf)
            within = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
        wins = (with_event * (below + within)).sum(axis=1) / 2
        return np.asarray(np.divide(wins, total, out=np.full(len(wins), np.nan), where=total > 0))

    def _sorted(self, weights: ArrayLike) -> Array:
        each = np.asarray(weights, dtype=float)
        if len(self._order) == 1:
            return each[:, self._order[0]]
        return np.take_along_axis(np.broadcast_to(each, self._order.shape), self._order, axis=1)


def weighted_auc(scores: ArrayLike, event_weights: ArrayLike, other_weights: ArrayLike) -> Array:
    """Return the m areas under the ROC curves of m x k scores, of which each counts for both classes.

    Each score stands for so many patients with the event and so many without (m x k weights); ties count one
    half. With the weights of resamples these are the areas of the resamples, with risks and their complements
    the area to be expected of calibrated risks. NaN where a class has no weight.
    """
    return Ranking(scores).auc(event_weights, other_weights)
