"""Many logistic regressions at once: one design, many samples of counts or weights."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

MAX_ITERATIONS = 100
CONVERGED = 1e-13  # largest element of the score equations, as a share of the observations
RIDGE = 1e-13  # keeps a step finite where a coefficient is not determined; the solution does not depend on it
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

    def linear_predictor(beta: Array) -> Array:
        return np.asarray((beta @ X.T if shared else np.einsum("mkp,mp->mk", X, beta)) + offset)

    beta = np.zeros((len(y), p)) if start is None else np.tile(np.asarray(start, dtype=float), (len(y), 1))
    size = n.sum(axis=1).max(initial=1.0)
    eta = linear_predictor(beta)
    value = log_likelihoods(y, n, eta)
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
        step *= np.minimum(1, LONGEST_STEP / np.abs(step).max(axis=1, keepdims=True).clip(1e-300))
        for _ in range(MAX_HALVINGS):
            eta = linear_predictor(beta + step)
            trial = log_likelihoods(y, n, eta)
            falls = trial < value - 1e-12 * np.abs(value)
            if not falls.any():
                break
            step[falls] /= 2
        beta, value = beta + step, trial
    return beta


def log_likelihoods(events: Array, totals: Array, eta: Array) -> Array:
    """Return the m log-likelihoods of m x k counts at linear predictors."""
    return np.asarray((events * eta - totals * np.logaddexp(0, eta)).sum(axis=1))
