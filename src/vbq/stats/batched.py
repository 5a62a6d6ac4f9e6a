"""Many logistic regressions at once: many samples of counts or weights, of one design or of a design each."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from vbq.stats.logistic import is_separated

Array = NDArray[np.float64]
T = TypeVar("T")

MAX_ITERATIONS = 100
CONVERGED = 1e-13  # largest element of the score equations, as a share of the observations
RIDGE = 1e-13  # keeps a step finite where a coefficient is not determined; the solution does not depend on it
MAX_PENALIZED_ITERATIONS = 1000  # scoring converges slowly where a maximum is far away
PENALIZED_CONVERGED = 1e-16  # Newton decrement
LONGEST_STEP = 5.0
MAX_HALVINGS = 30
FAR = 12.0  # a linear predictor beyond which a maximum may be infinite


class _Design:
    """A design (k x p) that m regressions share, or one for each of them (m x k x p)."""

    def __init__(self, X: Array) -> None:
        self.X = X
        self.is_shared = X.ndim == 2
        self.p = X.shape[-1]
        self._row, self._column = np.triu_indices(self.p)
        if self.is_shared:
            self._products = X[:, self._row] * X[:, self._column]

    def of(self, which: NDArray[np.intp]) -> "_Design":
        """Return the design of some of the regressions."""
        return self if self.is_shared else _Design(self.X[which])

    def times(self, beta: Array) -> Array:
        """Return the m x k linear predictors of m x p coefficients."""
        return beta @ self.X.T if self.is_shared else (self.X @ beta[:, :, None])[:, :, 0]

    def transposed_times(self, residual: Array) -> Array:
        """Return the m x p scores of m x k residuals."""
        return residual @ self.X if self.is_shared else (residual[:, None, :] @ self.X)[:, 0]

    def information(self, weights: Array) -> Array:
        """Return the m x p x p information matrices of m x k weights."""
        if not self.is_shared:
            return self.X.transpose(0, 2, 1) @ (weights[:, :, None] * self.X) + RIDGE * np.eye(self.p)
        triangle = weights @ self._products
        full = np.empty((len(weights), self.p, self.p))
        full[:, self._row, self._column] = triangle
        full[:, self._column, self._row] = triangle
        return full + RIDGE * np.eye(self.p)

    def quadratic_forms(self, matrices: Array) -> Array:
        """Return x' M x for the m matrices M (m x p x p) and each of the k rows x of a design (m x k)."""
        if self.is_shared:
            both = np.where(self._row == self._column, 1.0, 2.0)
            return np.asarray((matrices[:, self._row, self._column] * both) @ self._products.T)
        return np.asarray(((self.X @ matrices) * self.X).sum(axis=2))


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
    coefficients near which all solutions lie, such as those of the whole sample, or m x p.

    Newton's method on all at once, steps halved where a likelihood falls; those that have converged are
    left alone. A regression without a finite maximum ends with coefficients whose risks are as near to 0
    and 1 as its outcomes ask. Replicates R's `glm` (relative 1e-8).
    """
    return _climb(X, events, totals, offset, start)[0]


def _climb(
    X: ArrayLike, events: ArrayLike, totals: ArrayLike, offset: ArrayLike, start: ArrayLike | None
) -> tuple[Array, Array]:
    """Return the coefficients of `fit_batch`, and the last step of each."""
    design = _Design(np.asarray(X, dtype=float))
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    shift = np.broadcast_to(np.asarray(offset, dtype=float), y.shape)
    begin = np.zeros(design.p) if start is None else np.asarray(start, dtype=float)
    solution = np.array(np.broadcast_to(begin, (len(y), design.p)))
    last_step = np.zeros_like(solution)
    size = n.sum(axis=1)
    active = np.arange(len(y))
    beta = solution
    eta, value = _likelihood(design, shift, y, n, beta)
    for _ in range(MAX_ITERATIONS):
        risks: Array = special.expit(eta)
        score = design.transposed_times(y - n * risks)
        moving = np.abs(score).max(axis=1) >= CONVERGED * size
        if not moving.any():
            break
        if not moving.all():
            active, design = active[moving], design.of(moving)
            y, n, shift, size = y[moving], n[moving], shift[moving], size[moving]
            beta, value, risks, score = beta[moving], value[moving], risks[moving], score[moving]
        information = design.information(n * risks * (1 - risks))
        step = np.asarray(np.linalg.solve(information, score[:, :, None])[:, :, 0], dtype=float)
        beta, eta, value = _uphill(beta, step, value, partial(_likelihood, design, shift, y, n))
        solution[active], last_step[active] = beta, step
    return solution, last_step


def _likelihood(
    design: _Design, offset: Array, events: Array, totals: Array, beta: Array
) -> tuple[Array, Array]:
    eta = design.times(beta) + offset
    return eta, log_likelihoods(events, totals, eta)


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

    Arguments as those of `fit_batch`. Scoring with the modified score of Firth (1993); a weight counts an
    observation as often as it says. Replicates R's `brglm2` with `type = "AS_mean"` (relative 1e-6).
    """
    design = _Design(np.asarray(X, dtype=float))
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    beta = np.zeros((len(y), design.p))

    def likelihood(beta: Array) -> tuple[tuple[Array, Array], Array]:
        eta = design.times(beta)
        risks: Array = special.expit(eta)
        information = design.information(n * risks * (1 - risks))
        value = log_likelihoods(y, n, eta) + np.linalg.slogdet(information)[1] / 2
        return (risks, information), value

    (risks, information), value = likelihood(beta)
    for _ in range(MAX_PENALIZED_ITERATIONS):
        inverse = np.asarray(np.linalg.inv(information), dtype=float)
        leverage = n * risks * (1 - risks) * design.quadratic_forms(inverse)
        score = design.transposed_times(y - n * risks + leverage * (0.5 - risks))
        step = np.einsum("mij,mj->mi", inverse, score)
        if np.einsum("mi,mi->m", step, score).max(initial=0) < PENALIZED_CONVERGED:
            break
        beta, (risks, information), value = _uphill(beta, step, value, likelihood)
    return beta


def fit_batch_finite(
    X: ArrayLike, events: ArrayLike, totals: ArrayLike, start: ArrayLike | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """Fit m logistic regressions, with Firth's penalty where the likelihood has no finite maximum.

    Arguments as those of `fit_batch`. Returns the coefficients (m x p), and which regressions are separated.
    """
    beta, step = _climb(X, events, totals, 0.0, start)
    design = _Design(np.asarray(X, dtype=float))
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    far = np.flatnonzero((np.abs(design.times(beta)) * (n > 0)).max(axis=1) > FAR)
    own = design.of(far)
    along = own.times(step[far])
    # On the way to infinity the steps go along a direction that separates the outcomes: that is a proof.
    tolerance = 1e-6 * np.abs(along).max(axis=1, initial=0, keepdims=True)
    with_event, without = y[far] > 0, y[far] < n[far]
    proven = ~((with_event & (along < -tolerance)) | (without & (along > tolerance))).any(axis=1)
    separated = np.zeros(len(y), dtype=bool)
    separated[far] = proven & (np.abs(along).max(axis=1, initial=0) > 0)
    for i in far[~proven]:
        rows = design.X if design.is_shared else design.X[i]
        counted = np.vstack([rows[y[i] > 0], rows[y[i] < n[i]]])
        separated[i] = is_separated(counted, np.repeat([1.0, 0.0], [(y[i] > 0).sum(), (y[i] < n[i]).sum()]))
    if separated.any():
        which = np.flatnonzero(separated)
        beta[which] = fit_batch_penalized(design.of(which).X, y[which], n[which])
    return beta, separated


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
