"""Many logistic regressions at once: one design, many samples of counts or weights."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
T = TypeVar("T")

MAX_ITERATIONS = 100
CONVERGED = 1e-13  # largest element of the score equations, as a share of the observations
RIDGE = 1e-13  # keeps a step finite where a coefficient is not determined; the solution does not depend on it
MAX_PENALIZED_ITERATIONS = 1000  # scoring converges slowly where a maximum is far away
PENALIZED_CONVERGED = 1e-16  # Newton decrement
LONGEST_STEP = 5.0
MAX_HALVINGS = 30


def fit_batch(
    X: ArrayLike,
    events: ArrayLike,
    totals: ArrayLike,
    offset: ArrayLike = 0.0,
    start: ArrayLike | None = None,
) -> Array:
    """Fit m logistic regressions by maximum likelihood; return their coefficients (m x p).

    `X` is k x p with the intercept's column, or m x k x p where each regression has a design of its own.
    `events` of `totals` (m x k) are counts, or the weights of a resample: then `events` are the weights of
    the observations with the event. `offset` (k, or m x k) is added to the linear predictor. `start` are p
    coefficients near which all solutions lie, such as those of the whole sample.

    Newton's method on all at once, steps halved where a likelihood falls. A regression without a finite
    maximum ends with coefficients whose risks are as near to 0 and 1 as its outcomes ask. Replicates R's
    `glm` (relative 1e-8).
    """
    X, y, n = (np.asarray(values, dtype=float) for values in (X, events, totals))
    p = X.shape[-1]
    shared = X.ndim == 2
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), p * p) if shared else X

    def likelihood(beta: Array) -> tuple[Array, Array]:
        eta = np.asarray((beta @ X.T if shared else np.einsum("mkp,mp->mk", X, beta)) + offset)
        return eta, log_likelihoods(y, n, eta)

    beta = np.zeros((len(y), p)) if start is None else np.tile(np.asarray(start, dtype=float), (len(y), 1))
    size = n.sum(axis=1).max(initial=1.0)
    eta, value = likelihood(beta)
    for _ in range(MAX_ITERATIONS):
        risks = special.expit(eta)
        residual = y - n * risks
        score = residual @ X if shared else np.einsum("mk,mkp->mp", residual, X)
        if np.abs(score).max(initial=0) < CONVERGED * size:
            break
        weights = n * risks * (1 - risks)
        if shared:
            information = (weights @ products).reshape(-1, p, p)
        else:
            information = np.einsum("mk,mki,mkj->mij", weights, X, X, optimize=True)
        step = np.linalg.solve(information + RIDGE * np.eye(p), score[:, :, None])[:, :, 0]
        beta, eta, value = _uphill(beta, step, value, likelihood)
    return beta


def _uphill(
    beta: Array, step: Array, value: Array, likelihood: Callable[[Array], tuple[T, Array]]
) -> tuple[Array, T, Array]:
    """Take m steps, none too long, and those that lead downhill halved until they do not.

    Returns the coefficients there, what `likelihood` says besides the values, and the values.
    """
    step = step * np.minimum(1, LONGEST_STEP / np.abs(step).max(axis=1, keepdims=True).clip(1e-300))
    for _ in range(MAX_HALVINGS):
        state, reached = likelihood(beta + step)
        falls = reached < value - 1e-12 * np.abs(value)
        if not falls.any():
            break
        step[falls] /= 2
    return beta + step, state, reached


def log_likelihoods(events: Array, totals: Array, eta: Array) -> Array:
    """Return the m log-likelihoods of m x k counts at linear predictors."""
    softplus = np.maximum(eta, 0) + np.log1p(np.exp(-np.abs(eta)))  # logaddexp, at half its price
    return np.asarray((events * eta - totals * softplus).sum(axis=1))


def fit_batch_penalized(X: ArrayLike, events: ArrayLike, totals: ArrayLike) -> Array:
    """Fit m logistic regressions with Firth's penalty; return their coefficients (m x p).

    Arguments as those of `fit_batch`, with one design (k x p) for all. Scoring with the modified score of
    Firth (1993); a weight counts an observation as often as it says. Replicates R's `brglm2` with
    `type = "AS_mean"` (relative 1e-6).
    """
    X, y, n = (np.asarray(values, dtype=float) for values in (X, events, totals))
    p = X.shape[1]
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), p * p)
    beta = np.zeros((len(y), p))

    def likelihood(beta: Array) -> tuple[tuple[Array, Array], Array]:
        eta = beta @ X.T
        risks = special.expit(eta)
        information = ((n * risks * (1 - risks)) @ products).reshape(-1, p, p) + RIDGE * np.eye(p)
        value = log_likelihoods(y, n, eta) + np.linalg.slogdet(information)[1] / 2
        return (risks, information), value

    (risks, information), value = likelihood(beta)
    for _ in range(MAX_PENALIZED_ITERATIONS):
        inverse = np.linalg.inv(information)
        leverage = n * risks * (1 - risks) * (inverse.reshape(-1, p * p) @ products.T)
        score = (y - n * risks + leverage * (0.5 - risks)) @ X
        step = np.einsum("mij,mj->mi", inverse, score)
        if np.einsum("mi,mi->m", step, score).max(initial=0) < PENALIZED_CONVERGED:
            break
        beta, (risks, information), value = _uphill(beta, step, value, likelihood)
    return beta


def weighted_auc(scores: ArrayLike, event_weights: ArrayLike, other_weights: ArrayLike) -> Array:
    """Return the m areas under the ROC curves of m x k scores, of which each counts for both classes.

    Each score stands for so many patients with the event and so many without (m x k weights); ties count one
    half. With the weights of resamples these are the areas of the resamples, with risks and their complements
    the area to be expected of calibrated risks. NaN where a class has no weight.
    """
    x, with_event, without = (
        np.asarray(values, dtype=float) for values in (scores, event_weights, other_weights)
    )
    order = np.argsort(x, axis=1, kind="stable")
    x, with_event, without = (
        np.take_along_axis(values, order, axis=1) for values in (x, with_event, without)
    )
    through = np.cumsum(without, axis=1)
    changes = np.diff(x, axis=1) > 0
    edge = np.ones((len(x), 1), dtype=bool)
    # Weight of the others below each group of ties, and below or in it.
    below = np.maximum.accumulate(np.where(np.hstack([edge, changes]), through - without, 0), axis=1)
    last = np.where(np.hstack([changes, edge]), through, np.inf)
    within = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    total = with_event.sum(axis=1) * through[:, -1]
    wins = (with_event * (below + within)).sum(axis=1) / 2
    return np.asarray(np.divide(wins, total, out=np.full(len(x), np.nan), where=total > 0))
