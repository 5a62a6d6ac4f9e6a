"""Many logistic regressions at once: many samples of counts or weights, of one design or of a design each."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from vbq.stats.logistic import is_separated

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
State = TypeVar("State", bound=tuple[Array, ...])

MAX_ITERATIONS = 100
FEW_ITERATIONS = 8  # after which it is asked for the first time whether a maximum is infinite
CONVERGED = 1e-13  # largest element of the score equations, as a share of the observations
RIDGE = 1e-13  # keeps a step finite where a coefficient is not determined; the solution does not depend on it
MAX_PENALIZED_ITERATIONS = 1000  # scoring converges slowly where a maximum is far away
PENALIZED_CONVERGED = 1e-16  # Newton decrement
LONGEST_STEP = 5.0
MAX_HALVINGS = 30
UNCHECKED = 1e-9  # promised rise of a log-likelihood that is taken without looking
ARRIVED = 1e-6  # last step after which Newton's method has nothing left to do
DETERMINED = 1e-9  # share of a column that the others leave of it
DIVERGING = 0.1  # last step of a linear predictor that is on its way to infinity


class _Design:
    """A design (k x p) that m regressions share, or one for each of them (m x k x p)."""

    def __init__(self, X: Array) -> None:
        self.X = X
        self._cubes: Array | None = None
        self.is_shared = X.ndim == 2
        self.p = X.shape[-1]
        if self.is_shared:
            self._row, self._column = np.triu_indices(self.p)

    @cached_property
    def _products(self) -> Array:
        """The products of every two columns of a shared design."""
        return self.X[:, self._row] * self.X[:, self._column]

    def of(self, which: NDArray[np.intp]) -> "_Design":
        """Return the design of some of the regressions."""
        if self.is_shared:
            return self
        part = _Design(self.X[which])
        part._cubes = None if self._cubes is None else self._cubes[which]
        return part

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

    def cubic_forms(self, weights: Array, matrices: Array) -> Array:
        """Return sum over i, j of w_i x_i (x_i' M x_j)² w_j x_j' for m matrices M (m x p x p)."""
        p, m = self.p, len(matrices)
        if self._cubes is None:
            first, second = np.triu_indices(p)
            self._cubes = self.X[..., first] * self.X[..., second]
            if self.is_shared:
                self._cubes = (self.X[:, :, None] * self._cubes[:, None, :]).reshape(len(self.X), -1)
        if self.is_shared:
            triangle = (weights @ self._cubes).reshape(m, p, -1)
        else:
            triangle = (weights[:, None] * self.X.transpose(0, 2, 1)) @ self._cubes
        full = np.empty((m, p, p, p))
        row, column = np.triu_indices(p)
        full[:, :, row, column] = triangle
        full[:, :, column, row] = triangle
        between = matrices[:, None] @ full @ matrices[:, None]
        return np.asarray(full.reshape(m, p, p * p) @ between.reshape(m, p, p * p).transpose(0, 2, 1))


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
    X: ArrayLike,
    events: ArrayLike,
    totals: ArrayLike,
    offset: ArrayLike,
    start: ArrayLike | None,
    iterations: int = MAX_ITERATIONS,
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
    risks, value = _likelihood(design, shift, y, n, active, beta)
    for _ in range(iterations):
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
        gain = np.einsum("mi,mi->m", step, score)
        beta, (risks, value) = _uphill(beta, step, gain, value, partial(_likelihood, design, shift, y, n))
        solution[active], last_step[active] = beta, step
    return solution, last_step


def _likelihood(
    design: _Design, offset: Array, events: Array, totals: Array, which: NDArray[np.intp], beta: Array
) -> tuple[Array, Array]:
    """Return risks and log-likelihoods of some of the regressions at coefficients."""
    if len(which) < len(events):
        design, offset, events, totals = design.of(which), offset[which], events[which], totals[which]
    return _risks_and_likelihoods(events, totals, design.times(beta) + offset)


def _uphill(
    beta: Array,
    step: Array,
    gain: Array,
    value: Array,
    likelihood: Callable[[NDArray[np.intp], Array], State],
) -> tuple[Array, State]:
    """Take m steps, none too long, and those that lead downhill halved until they do not.

    `gain` is twice the rise in likelihood that each step promises: one within rounding is not checked.
    Returns the coefficients there, and what `likelihood` says of them, whose last part are the values.
    """
    step = step * np.minimum(1, LONGEST_STEP / np.abs(step).max(axis=1, keepdims=True).clip(1e-300))
    everywhere = np.arange(len(beta))
    state = likelihood(everywhere, beta + step)
    falling = np.flatnonzero((gain > UNCHECKED) & (state[-1] < value - 1e-12 * np.abs(value)))
    for _ in range(MAX_HALVINGS):
        if not len(falling):
            break
        step[falling] /= 2
        again = likelihood(falling, beta[falling] + step[falling])
        for part, new in zip(state, again, strict=True):
            part[falling] = new
        falling = falling[again[-1] < value[falling] - 1e-12 * np.abs(value[falling])]
    return beta + step, state


def _risks_and_likelihoods(events: Array, totals: Array, eta: Array) -> tuple[Array, Array]:
    """Return the m x k risks and the m log-likelihoods at linear predictors, by one exponential each."""
    small = np.exp(-np.abs(eta))
    softplus = np.log1p(small)
    softplus += np.maximum(eta, 0)
    risks = np.where(eta < 0, small, 1.0)
    risks /= 1 + small
    value = np.einsum("mk,mk->m", events, eta) - np.einsum("mk,mk->m", totals, softplus)
    return risks, np.asarray(value)


def log_likelihoods(events: Array, totals: Array, eta: Array) -> Array:
    """Return the m log-likelihoods of m x k counts at linear predictors."""
    return _risks_and_likelihoods(events, totals, eta)[1]


def fit_batch_penalized(X: ArrayLike, events: ArrayLike, totals: ArrayLike) -> Array:
    """Fit m logistic regressions with Firth's penalty; return their coefficients (m x p).

    Arguments as those of `fit_batch`; a weight counts an observation as often as it says. Newton's method on
    the modified score of Firth (1993). The penalized likelihood can have several maxima: the one taken is
    reached from zero, where the study's own fit and R's `logistf` begin, too. Replicates R's `brglm2` with
    `type = "AS_mean"` (relative 1e-6).
    """
    design = _Design(np.asarray(X, dtype=float))
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    beta = np.zeros((len(y), design.p))
    solution, active = beta.copy(), np.arange(len(y))
    risks, information, value = _penalized(design, y, n, active, beta)
    for _ in range(MAX_PENALIZED_ITERATIONS):
        score, curvature = _penalized_derivatives(design, y, n, risks, information)
        step = np.asarray(np.linalg.solve(curvature, score[:, :, None])[:, :, 0], dtype=float)
        gain = np.einsum("mi,mi->m", step, score)
        moving = gain >= PENALIZED_CONVERGED
        solution[active[~moving]] = (beta + step)[~moving]
        if not moving.any():
            break
        if not moving.all():
            active, design = active[moving], design.of(moving)
            y, n, beta, value, step, gain = (each[moving] for each in (y, n, beta, value, step, gain))
        beta, state = _uphill(beta, step, gain, value, partial(_penalized, design, y, n))
        risks, information, value = state
        solution[active] = beta
    return solution


def _penalized_derivatives(
    design: _Design, events: Array, totals: Array, risks: Array, information: Array
) -> tuple[Array, Array]:
    """Return Firth's modified scores (m x p), and matrices (m x p x p) by which a step climbs.

    They are the negative Hessians of the penalized likelihoods. Where one is not positive definite, it is the
    information of the observations and their leverages, whose plain score the modified one is.
    """
    inverse = np.asarray(np.linalg.inv(information), dtype=float)
    variance = risks * (1 - risks)
    leverage = totals * variance * design.quadratic_forms(inverse)
    score = design.transposed_times(events - totals * risks + leverage * (0.5 - risks))
    # d leverage_i / d eta_j = leverage_i (1 - 2 r_i) [i = j] - w_i q_ij² w_j (1 - 2 r_j), q = X inverse X'.
    skew, weight = 1 - 2 * risks, totals * variance
    own = design.information(leverage * (skew * (0.5 - risks) - variance))
    across = design.cubic_forms(weight * skew, inverse) / 2
    hessian = information - own + across
    augmented = design.information((totals + leverage) * variance)
    climbs = _exceeds(hessian, augmented)
    return score, np.where(climbs[:, None, None], hessian, augmented)


def _exceeds(matrices: Array, others: Array) -> Mask:
    """Whether the smallest eigenvalue of each matrix (m x p x p) reaches a millionth of that of another."""
    diagonal = np.einsum("mii->mi", others)
    # The smallest eigenvalue is no larger than any element of the diagonal: mostly a factorization tells.
    enough = np.maximum(1e-6 * diagonal.min(axis=1), 10 * RIDGE)
    try:
        np.linalg.cholesky(matrices - enough[:, None, None] * np.eye(matrices.shape[1]))
    except np.linalg.LinAlgError:
        least = np.maximum(1e-6 * np.linalg.eigvalsh(others)[:, 0], 10 * RIDGE)
        return np.asarray(np.linalg.eigvalsh(matrices)[:, 0] > least)
    return np.ones(len(matrices), dtype=bool)


def _penalized(
    design: _Design, events: Array, totals: Array, which: NDArray[np.intp], beta: Array
) -> tuple[Array, Array, Array]:
    """Return risks, information matrices and Firth's penalized log-likelihoods, as `_likelihood` does."""
    if len(which) < len(events):
        design, events, totals = design.of(which), events[which], totals[which]
    risks, value = _risks_and_likelihoods(events, totals, design.times(beta))
    information = design.information(totals * risks * (1 - risks))
    return risks, information, value + np.linalg.slogdet(information)[1] / 2


def fit_batch_finite(
    X: ArrayLike, events: ArrayLike, totals: ArrayLike, start: ArrayLike | None = None
) -> tuple[Array, Mask]:
    """Fit m logistic regressions, with Firth's penalty where the likelihood has no finite maximum.

    Arguments as those of `fit_batch`. Returns the coefficients (m x p), and which regressions are separated.
    """
    design = _Design(np.asarray(X, dtype=float))
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    beta, step = _climb(X, y, n, 0.0, start, FEW_ITERATIONS)
    separated = np.zeros(len(y), dtype=bool)
    going_on = _moving(design, step, DIVERGING)
    separated[going_on] = _is_proof(design.of(going_on), y[going_on], n[going_on], step[going_on])
    unfinished = _moving(design, step, ARRIVED)
    unfinished = unfinished[~separated[unfinished]]
    going_on = unfinished[:0]
    if len(unfinished):
        own = design.of(unfinished)
        beta[unfinished], step[unfinished] = _climb(
            own.X, y[unfinished], n[unfinished], 0.0, beta[unfinished]
        )
        going_on = unfinished[_moving(own, step[unfinished], DIVERGING)]
        separated[going_on] = _is_proof(design.of(going_on), y[going_on], n[going_on], step[going_on])
    for i in going_on[~separated[going_on]]:
        rows = design.X if design.is_shared else design.X[i]
        counted = _independent(np.vstack([rows[y[i] > 0], rows[y[i] < n[i]]]))
        separated[i] = is_separated(counted, np.repeat([1.0, 0.0], [(y[i] > 0).sum(), (y[i] < n[i]).sum()]))
    if separated.any():
        which = np.flatnonzero(separated)
        beta[which] = fit_batch_penalized(design.of(which).X, y[which], n[which])
    return beta, separated


def _independent(X: Array) -> Array:
    """Return columns of a design that span it, none of which the others determine."""
    _, triangle, pivot = linalg.qr(X, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    return X[:, np.sort(pivot[: int((size > DETERMINED * size[0]).sum())])]


def _moving(design: _Design, step: Array, by: float) -> NDArray[np.intp]:
    """Return the regressions whose last step moved a linear predictor by more than that."""
    return np.flatnonzero(np.abs(design.times(step)).max(axis=1, initial=0) > by)


def _is_proof(design: _Design, events: Array, totals: Array, step: Array) -> Mask:
    """Whether the steps go along directions that separate the outcomes, as they do on the way to infinity."""
    along = design.times(step)
    rounding = 1e-6 * np.abs(along).max(axis=1, initial=0, keepdims=True)
    against = ((events > 0) & (along < -rounding)) | ((events < totals) & (along > rounding))
    return np.asarray(~against.any(axis=1))


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
