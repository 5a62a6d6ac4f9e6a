"""Logistic log-likelihoods of many samples at once, plain or with Firth's penalty, and their maxima.

Whatever decides here - how long a step may be, where a search starts, which of several maxima is kept,
whether the outcome is separated - looks at linear predictors, not at coefficients: it is the same in any
units. Each sample is computed by itself: in one product of all samples, the last digits of one would depend
on how many others stand beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

DETERMINED = 1e-10  # share of a column's sum of squares that earlier columns leave of it
LEAST_VARIANCE = 1e-9  # mean of risk (1 - risk) below which the data determine nothing
CONVERGED = 1e-17  # Newton decrement, in units of log-likelihood, from which one more step is the last
NEARLY = 1e-10  # decrement from which on it is asked whether the data determine anything
MAX_ITERATIONS = 500
LONGEST_STEP = 5.0  # change of a linear predictor
LEAST = 1e-100  # risk (1 - risk) of linear predictors that are farther out
MARGIN = 1e-13  # share of its diagonal that a matrix can lose and still be positive definite
FLATTEST = 1e-10  # curvature below which a direction is taken to have this one
ENOUGH = 1e-4  # share of the promised rise of a log-likelihood that a step has to bring
UNCHECKED = 1e-9  # promised rise that is taken without looking
MAX_HALVINGS = 40

NEAR = 0.01  # squared standard errors within which a search is not followed to a maximum that is known
EQUAL_HEIGHT = 1e-9  # of log-likelihoods
SAME_PLACE = 1e-5  # of linear predictors, and of coefficients on standardized columns
PATH_STEPS = (4, 12)  # Newton steps for the plain likelihood, from zero, after which searches start
FAR = 12.0  # largest linear predictor of the search that starts against the direction of that path
PROBES = (8.0, 12.0)  # how far from the highest maximum searches start along the flattest directions
FLAT_DIRECTIONS = 3
MAX_SADDLES = 4  # on the way of one search
OFF_SADDLE = 1.0  # how far from a saddle searches start along its upward direction


def each_times(rows: Array, matrix: Array) -> Array:
    """Multiply each of m rows (m x k) by a matrix (k x c, or one for each row)."""
    # Side by side in memory, since what a product does depends on strides, too.
    return np.asarray((np.ascontiguousarray(rows)[:, None, :] @ matrix)[:, 0])


def log_likelihoods(events: Array, totals: Array, eta: Array) -> Array:
    """Return the m log-likelihoods of m x k counts at linear predictors."""
    softplus = np.log1p(np.exp(-np.abs(eta)))
    softplus += np.maximum(eta, 0)
    return np.asarray(np.einsum("mk,mk->m", events, eta) - np.einsum("mk,mk->m", totals, softplus))


class Design:
    """A design (k x p) that m regressions share, or one for each of them (m x k x p)."""

    def __init__(self, X: Array) -> None:
        self.X = X
        self.is_shared = X.ndim == 2
        self.p = X.shape[-1]
        self._row, self._column = np.triu_indices(self.p)

    @cached_property
    def _products(self) -> Array:
        """The products of every two columns: k, or m x k, x p (p + 1) / 2."""
        return self.X[..., self._row] * self.X[..., self._column]

    @cached_property
    def _cubes(self) -> Array:
        """The products of every three columns, of a shared design."""
        return (self.X[:, :, None] * self._products[:, None, :]).reshape(len(self.X), -1)

    def of(self, which: Indices) -> "Design":
        """Return the design of some of the regressions."""
        if self.is_shared:
            return self
        part = Design(self.X[which])
        if "_products" in vars(self):
            part._products = self._products[which]
        return part

    def times(self, beta: Array) -> Array:
        """Return the m x k linear predictors of m x p coefficients."""
        return each_times(beta, self.X.T if self.is_shared else self.X.transpose(0, 2, 1))

    def transposed_times(self, residual: Array) -> Array:
        """Return the m x p scores of m x k residuals."""
        return each_times(residual, self.X)

    def information(self, weights: Array) -> Array:
        """Return the m x p x p information matrices of m x k weights."""
        if not self.is_shared:
            return np.asarray((self.X * weights[:, :, None]).transpose(0, 2, 1) @ self.X)
        return self._full(each_times(weights, self._products))

    def _full(self, triangle: Array) -> Array:
        """Return symmetric matrices (... x p x p) from their upper triangles."""
        full = np.empty((*triangle.shape[:-1], self.p, self.p))
        full[..., self._row, self._column] = triangle
        full[..., self._column, self._row] = triangle
        return full

    def quadratic_forms(self, matrices: Array) -> Array:
        """Return x' M x for the m matrices M (m x p x p) and each of the k rows x of a design (m x k)."""
        if not self.is_shared:
            return np.asarray(((self.X @ matrices) * self.X).sum(axis=2))
        both = np.where(self._row == self._column, 1.0, 2.0)
        return each_times(matrices[:, self._row, self._column] * both, self._products.T)

    def cubic_forms(self, weights: Array, matrices: Array) -> Array:
        """Return sum over i, j of w_i x_i (x_i' M x_j)² w_j x_j' for m matrices M (m x p x p)."""
        p, m = self.p, len(matrices)
        if self.is_shared:
            triangle = each_times(weights, self._cubes).reshape(m, p, -1)
        else:
            triangle = (weights[:, None] * self.X.transpose(0, 2, 1)) @ self._products
        full = self._full(triangle)
        between = matrices[:, None] @ full @ matrices[:, None]
        return np.asarray(full.reshape(m, p, p * p) @ between.reshape(m, p, p * p).transpose(0, 2, 1))


@dataclass
class Point:
    """Where m regressions stand: coefficients (m x p), linear predictors, risks (m x k), log-likelihoods (m).

    `variance` is risk (1 - risk), without cancellation; `information` (m x p x p) is there where the
    likelihood is penalized.
    """

    beta: Array
    eta: Array
    risks: Array
    variance: Array
    value: Array
    information: Array | None

    def of(self, which: Indices | Mask) -> "Point":
        """Return the points of some of the regressions."""
        information = None if self.information is None else self.information[which]
        beta, eta, risks = self.beta[which], self.eta[which], self.risks[which]
        return Point(beta, eta, risks, self.variance[which], self.value[which], information)

    def put(self, which: Indices, other: "Point") -> None:
        """Replace the points of some of the regressions."""
        for name, part in vars(self).items():
            if part is not None:
                part[which] = getattr(other, name)


@dataclass
class Regressions:
    """The log-likelihoods of m logistic regressions on a design (`Design`, intercept included).

    `events` of `totals` (m x k) are counts, or the weights of a resample; `offset` (m x k) is added to the
    linear predictors. With `penalized` half the log-determinant of the information is added (Firth 1993).
    Only the first `free` coefficients move; the penalty is that of the whole design, as in `logistf`. A
    column that the sample's earlier columns determine has the coefficient 0, and no part in the penalty.
    """

    design: Design
    events: Array
    totals: Array
    offset: Array
    penalized: bool
    free: int
    frame: Array | None = None  # m x p x p; `frames`, where it is known
    kept: Mask | None = None  # m x p

    def __post_init__(self) -> None:
        if self.frame is None:
            self.frame, self.kept = frames(self.design.information(self.totals))

    def of(self, which: Indices) -> "Regressions":
        """Return some of the regressions, in their order."""
        if len(which) == len(self.events):
            return self
        assert self.frame is not None
        assert self.kept is not None
        return replace(
            self,
            design=self.design.of(which),
            events=self.events[which],
            totals=self.totals[which],
            offset=self.offset[which],
            frame=self.frame[which],
            kept=self.kept[which],
        )

    def at(self, beta: Array, eta: Array | None = None) -> Point:
        """Return the point of m coefficients, with the linear predictors where they are known."""
        if eta is None:
            eta = self.design.times(beta) + self.offset
        small = np.exp(-np.abs(eta))
        risks = np.where(eta < 0, small, 1.0)
        risks /= 1 + small
        variance = np.maximum(small / (1 + small) ** 2, LEAST)
        value = log_likelihoods(self.events, self.totals, eta)
        information = None
        if self.penalized:
            information = self.information(self.totals * variance)
            sign, log_determinant = np.linalg.slogdet(information)
            value = np.where(sign > 0, value + log_determinant / 2, -np.inf)
        return Point(beta, eta, risks, variance, value, information)

    def information(self, weights: Array) -> Array:
        """Return the information matrices, with 1 on the diagonal for a column that is left out."""
        return self._among_kept(self.design.information(weights), diagonal=1.0)

    def _among_kept(self, matrices: Array, diagonal: float) -> Array:
        """Return m x p x p matrices without the rows and columns of columns that are left out."""
        assert self.kept is not None
        if self.kept.all():
            return matrices
        matrices = matrices * (self.kept[:, :, None] & self.kept[:, None, :])
        return np.asarray(matrices + diagonal * np.eye(self.design.p) * ~self.kept[:, None, :])

    def derivatives(self, point: Point) -> tuple[Array, Array]:
        """Return gradients (m x free) and minus the second derivatives (m x free x free)."""
        risks, variance, free = point.risks, point.variance, self.free
        weight = self.totals * variance
        residual = self.events - self.totals * risks
        if not self.penalized:
            score = self.design.transposed_times(residual)
            return self._moving(score), self.information(weight)[:, :free, :free]
        assert point.information is not None
        inverse = self._among_kept(np.asarray(np.linalg.inv(point.information)), diagonal=0.0)
        leverage = weight * self.design.quadratic_forms(inverse)
        score = self.design.transposed_times(residual + leverage * (0.5 - risks))
        # d leverage_i / d eta_j = leverage_i (1 - 2 r_i) [i = j] - w_i q_ij² w_j (1 - 2 r_j), where
        # q = X inverse X'.
        skew = 1 - 2 * risks
        curvature = self.design.information(leverage * (skew * (0.5 - risks) - variance))
        curvature = point.information - curvature + self.design.cubic_forms(weight * skew, inverse) / 2
        return self._moving(score), self._among_kept(curvature, diagonal=1.0)[:, :free, :free]

    def _moving(self, score: Array) -> Array:
        return (score if self.kept is None else score * self.kept)[:, : self.free]

    def curvatures(self, curvature: Array) -> tuple[Array, Array]:
        """Return the eigenvalues (m x free) of second derivatives, and the directions (m x free x free).

        They are relative to the sums of squares of linear predictors, so that of a plain likelihood each is a
        mean of risk (1 - risk). Columns are directions of coefficients.
        """
        assert self.frame is not None
        frame = self.frame[:, : self.free, : self.free]
        values, directions = np.linalg.eigh(frame @ curvature @ frame.transpose(0, 2, 1))
        return np.asarray(values), np.asarray(frame.transpose(0, 2, 1) @ directions)

    def steps(self, score: Array, curvature: Array) -> Array:
        """Return Newton's steps (m x p), uphill also where a likelihood is not concave."""
        step = np.zeros((len(score), self.design.p))
        turned = ~_is_positive(curvature)
        straight = np.flatnonzero(~turned)
        step[straight, : self.free] = np.linalg.solve(curvature[straight], score[straight, :, None])[:, :, 0]
        if turned.any():
            which = np.flatnonzero(turned)
            values, directions = self.of(which).curvatures(curvature[which])
            along = (directions.transpose(0, 2, 1) @ score[which, :, None])[:, :, 0]
            along /= np.maximum(np.abs(values), FLATTEST)
            step[which, : self.free] = (directions @ along[:, :, None])[:, :, 0]
        return step

    def unit(self, along: Array) -> Array:
        """Scale directions (m x p, or m x free), so that linear predictors change by at most 1."""
        whole = np.zeros((len(along), self.design.p))
        whole[:, : along.shape[1]] = along
        return whole / np.maximum(self.reach(self.design.times(whole)), 1e-300)[:, None]

    def reach(self, along: Array) -> Array:
        """Return the largest change of a linear predictor (m x k) that any observation sees (m)."""
        return np.asarray(np.where(self.totals > 0, np.abs(along), 0.0).max(axis=1, initial=0.0))


def frames(gram: Array) -> tuple[Array, Mask]:
    """Return m matrices F (p x p) with F G F' = I for the sums of products G, and the columns that count.

    F is lower triangular: each column less what earlier columns determine of it, on unit scale (Gram and
    Schmidt). Nothing but 1 on the diagonal belongs to a column of which they leave nothing.
    """
    m, p = gram.shape[:2]
    size = np.sqrt(np.einsum("mii->mi", gram))
    unit = 1 / np.where(size > 0, size, 1.0)
    left = gram * unit[:, :, None] * unit[:, None, :]
    frame = np.zeros((m, p, p))
    frame[:, range(p), range(p)] = unit
    kept = np.empty((m, p), dtype=bool)
    for j in range(p):
        kept[:, j] = left[:, j, j] > DETERMINED
        root = np.sqrt(np.where(kept[:, j], left[:, j, j], 1.0))
        frame[:, j] = np.where(kept[:, j, None], frame[:, j] / root[:, None], 0.0)
        across = np.where(kept[:, j, None], left[:, j] / root[:, None], 0.0)
        left = left - across[:, :, None] * across[:, None, :]
        for i in range(j + 1, p):
            frame[:, i] -= across[:, i, None] * frame[:, j]
    rows, columns = np.nonzero(~kept)
    frame[rows, columns, columns] = 1.0
    return frame, kept


def _is_positive(matrices: Array) -> Mask:
    """Which of m symmetric matrices are positive definite, and not for rounding alone."""
    found = np.ones(len(matrices), dtype=bool)
    diagonal = np.einsum("mii->mi", matrices)
    left = matrices - MARGIN * np.abs(diagonal)[:, :, None] * np.eye(matrices.shape[1])
    try:
        np.linalg.cholesky(left)
    except np.linalg.LinAlgError:  # says nothing of which
        pass
    else:
        return found
    for j in range(matrices.shape[1]):
        pivot = left[:, j, j]
        found &= pivot > 0
        across = np.where(found[:, None], left[:, j] / np.where(found, pivot, 1.0)[:, None], 0.0)
        left = left - left[:, j, :, None] * across[:, None, :]
    return found


@dataclass
class Ends:
    """Where the searches of m regressions ended: coefficients (m x p) and log-likelihoods (m).

    `is_maximum` says that the gradient is zero and the curvature negative in every direction; `undetermined`
    that a plain likelihood has no such point, or one at which the data determine nothing. `path` has the
    coefficients after the numbers of steps that were asked for.
    """

    beta: Array
    value: Array
    is_maximum: Mask
    undetermined: Mask
    path: list[Array]


def climb(
    regressions: Regressions,
    start: Array,
    iterations: int = MAX_ITERATIONS,
    keep: Sequence[int] = (),
    known: Sequence[Array] = (),
) -> Ends:
    """Climb from m coefficients to stationary points of the likelihoods, by Newton's steps.

    Steps are halved until they bring a share of the rise that they promise; where a likelihood is not
    concave, the negative curvatures are turned, so that every step leads uphill. `keep` asks for the
    coefficients after so many steps (`path`). A search for which one of the `known` maxima (m x p each, NaN
    where there are fewer) is a small step away ends without a value.
    """
    m = len(start)
    solution, value = start.copy(), np.full(m, -np.inf)
    is_maximum, undetermined = np.zeros(m, dtype=bool), np.zeros(m, dtype=bool)
    path: list[Array] = []
    active, now = np.arange(m), regressions
    point = now.at(start)
    if not now.free:
        return Ends(solution, point.value, ~is_maximum, undetermined, [start] * len(keep))
    for iteration in range(iterations + 1):
        solution[active], value[active] = point.beta, point.value
        if iteration in keep:
            path.append(solution.copy())
        if (too_far := ~np.isfinite(point.value)).any():
            on = np.flatnonzero(~too_far)
            active, now, point = active[on], now.of(on), point.of(on)
        if iteration == iterations or not len(active):
            break
        score, curvature = now.derivatives(point)
        step = now.steps(score, curvature)
        gain = np.einsum("mi,mi->m", step[:, : now.free], score)
        ended = gain < CONVERGED
        if not now.penalized:
            lost = _determines_nothing(now, point, curvature, np.flatnonzero(gain < NEARLY))
            undetermined[active[lost]] = True
            solution[active[ended]] += step[ended]
            is_maximum[active[ended]] = True
            ended[lost] = True
        else:
            which = np.flatnonzero(ended)
            if len(which):
                least = now.of(which).curvatures(curvature[which])[0][:, 0]
                is_maximum[active[which]] = least > 0
                solution[active[which[least > 0]]] += step[which[least > 0]]
            for maximum in known:
                again = ~ended & _is_near(point.beta - maximum[active], curvature)
                value[active[again]] = -np.inf
                ended |= again
        if ended.any():
            on = np.flatnonzero(~ended)
            active, now, point, step, gain = active[on], now.of(on), point.of(on), step[on], gain[on]
        if len(active):
            point = _stepped(now, point, step, gain)
    path += [solution.copy()] * (len(keep) - len(path))
    if not regressions.penalized:
        undetermined[active] = True
    return Ends(solution, value, is_maximum, undetermined, path)


def _is_near(steps: Array, curvature: Array) -> Mask:
    """Which of m steps (m x p) are a tenth of a standard error at most where the likelihood is concave."""
    moved = steps[:, : curvature.shape[1]]
    squared = np.einsum("mi,mij,mj->m", moved, curvature, moved)
    near = np.flatnonzero(squared < NEAR)  # not those of which nothing is known
    found = np.zeros(len(steps), dtype=bool)
    found[near] = _is_positive(curvature[near])
    return found


def _determines_nothing(regressions: Regressions, point: Point, curvature: Array, which: Indices) -> Indices:
    """Return those of some regressions that have a direction in which risks leave no information.

    The outcome is separated, or as good as that: the mean of risk (1 - risk), weighted by the squared change
    of the linear predictor in that direction, is below `LEAST_VARIANCE`.
    """
    least = np.where(regressions.totals[which] > 0, point.variance[which], 1.0).min(axis=1, initial=1.0)
    which = which[least < LEAST_VARIANCE]
    if not len(which):
        return which
    values, _ = regressions.of(which).curvatures(curvature[which])
    return which[values[:, 0] < LEAST_VARIANCE]


def _stepped(regressions: Regressions, point: Point, step: Array, gain: Array) -> Point:
    """Take m steps, none too long, each halved until the likelihood rises by a share of what it promises."""
    along = regressions.design.times(step)
    # Those that are far out and go on outward do not count: they would hold up all others.
    matter = np.where((point.variance > LEAST_VARIANCE) | (point.eta * along < 0), along, 0.0)
    share = np.minimum(1.0, LONGEST_STEP / np.maximum(regressions.reach(matter), 1e-300))
    noise = 1e-12 * np.maximum(1.0, np.abs(point.value))

    def at(which: Indices) -> Point:
        part = regressions if len(which) == len(step) else regressions.of(which)
        by = share[which, None]
        return part.at(point.beta[which] + by * step[which], point.eta[which] + by * along[which])

    def too_low(which: Indices, there: Point) -> Indices:
        wanted = point.value[which] + ENOUGH * share[which] * gain[which] - noise[which]
        return which[(gain[which] > UNCHECKED) & ~(there.value >= wanted)]

    everywhere = np.arange(len(step))
    there = at(everywhere)
    low = too_low(everywhere, there)
    for _ in range(MAX_HALVINGS):
        if not len(low):
            break
        share[low] /= 2
        again = at(low)
        there.put(low, again)
        low = too_low(low, again)
    return there


@dataclass
class Maxima:
    """The highest maxima of m penalized likelihoods: coefficients (m x p), log-likelihoods (m).

    `maxima` (m) counts the different maxima that were found.
    """

    beta: Array
    value: Array
    maxima: NDArray[np.int64]


def highest(regressions: Regressions, fixed: Array | None = None, back: Array | None = None) -> Maxima:
    """Return the highest maximum of m penalized likelihoods, which can have several.

    Searches start at zero; at two points of the path that the plain likelihood takes from zero; and far out
    against its direction. Further ones start from the highest maximum that these reach, along the three
    directions in which it is flattest, both ways; and from every saddle, both ways. Of maxima of equal height
    (1e-9) the one is taken whose first different coefficient after the intercept is nearer to zero, or
    positive where they are as near. `fixed` (m x p) holds the coefficients that do not move; `back` (p x p)
    leads to the coefficients on standardized columns, where the design's are others.

    Raises ArithmeticError where no search ends at a maximum.
    """
    m, p = len(regressions.events), regressions.design.p
    origin = np.zeros((m, p)) if fixed is None else np.where(np.arange(p) < regressions.free, 0.0, fixed)
    path = climb(replace(regressions, penalized=False), origin, max(PATH_STEPS), PATH_STEPS).path
    search = _Search(regressions, np.eye(p) if back is None else back)
    everyone = np.arange(m)
    for start in (origin, *path, origin - FAR * regressions.unit(path[-1] - origin)):
        search.climb(everyone, start)
    if not np.isfinite(search.value).all():
        raise ArithmeticError("the penalized likelihood has no maximum in floating point")
    best = search.beta.copy()
    _, directions = regressions.curvatures(regressions.derivatives(regressions.at(best))[1])
    for j in range(min(FLAT_DIRECTIONS, regressions.free)):
        along = regressions.unit(directions[:, :, j])
        for distance in PROBES:
            for way in (distance, -distance):
                search.climb(everyone, best + way * along)
    return Maxima(search.beta, search.value, search.maxima)


class _Search:
    """The highest of the maxima that searches of m penalized likelihoods have reached so far."""

    def __init__(self, regressions: Regressions, back: Array) -> None:
        m, p = len(regressions.events), regressions.design.p
        self._regressions, self._slopes = regressions, back[1:].T
        self.beta, self.value = np.zeros((m, p)), np.full(m, -np.inf)
        self.maxima = np.zeros(m, dtype=np.int64)
        self._known: list[Array] = []  # different maxima, m x p each, NaN where there are fewer

    def climb(self, which: Indices, start: Array, saddles: int = MAX_SADDLES) -> None:
        """Climb from a start for each of some regressions; from a saddle go on both ways."""
        regressions = self._regressions.of(which)
        ends = climb(regressions, start, known=[each[which] for each in self._known])
        reached = np.flatnonzero(ends.is_maximum)
        self._take(which[reached], ends.beta[reached], ends.value[reached])
        left = np.flatnonzero(~ends.is_maximum & np.isfinite(ends.value))
        if not len(left) or not saddles:
            return
        at_saddle, beta = regressions.of(left), ends.beta[left]
        _, directions = at_saddle.curvatures(at_saddle.derivatives(at_saddle.at(beta))[1])
        along = OFF_SADDLE * at_saddle.unit(directions[:, :, 0])
        for way in (along, -along):
            self.climb(which[left], beta + way, saddles - 1)

    def _take(self, which: Indices, beta: Array, value: Array) -> None:
        """Keep what is new, and what is higher or, of equal height, is to be preferred."""
        regressions = self._regressions.of(which)

        def is_elsewhere(known: Array) -> Mask:
            there = np.isfinite(known[:, 0])
            return ~there | (regressions.reach(regressions.design.times(beta - known)) > SAME_PLACE)

        is_new = np.ones(len(which), dtype=bool)
        for known in self._known:
            is_new &= is_elsewhere(known[which])
        if is_new.any():
            self._known.append(np.full_like(self.beta, np.nan))
            self._known[-1][which[is_new]] = beta[is_new]
            self.maxima[which[is_new]] += 1
        level = np.abs(value - self.value[which]) <= EQUAL_HEIGHT
        better = np.where(
            level & is_new,
            _is_preferred(beta @ self._slopes, self.beta[which] @ self._slopes),
            value > self.value[which] + EQUAL_HEIGHT,
        )
        self.beta[which[better]], self.value[which[better]] = beta[better], value[better]


def _is_preferred(slopes: Array, others: Array) -> Mask:
    """Whether the first coefficient that differs is nearer to zero, or positive where both are as near."""
    is_preferred, decided = np.zeros((2, len(slopes)), dtype=bool)
    for one, other in zip(slopes.T, others.T, strict=True):
        margin = SAME_PLACE * np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))
        nearer = np.abs(one) - np.abs(other)
        wins = np.where(np.abs(nearer) > margin, nearer < 0, one > other)
        differs = np.abs(one - other) > margin
        is_preferred |= ~decided & differs & wins
        decided |= differs
    return is_preferred
