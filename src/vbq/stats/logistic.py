"""Logistic regression with likelihood-ratio tests and profile-likelihood intervals.

By maximum likelihood, and where the outcome is separated by Firth's penalized likelihood: the likelihood
maximized, also with some coefficients held fixed, and with it tests of whole terms and profile intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from vbq.stats.batched import standardized
from vbq.stats.regressions import LEAST, Design, Regressions, climb, frames, highest

Array = NDArray[np.float64]

MAX_BRACKETS = 15  # the last reaches about 600 standard errors
INTERCEPT = "(intercept)"
UNSOLVED = "none: not found in floating point"  # in place of a method


@dataclass(frozen=True)
class LogisticFit:
    """A fitted logistic regression.

    `table` has one row per coefficient, and one per term of several coefficients for the test of the
    whole term: term, column, estimate (log-odds), std_error, conf_low, conf_high, conf_method,
    statistic (likelihood-ratio chi-square), df, p_value, p_method. `linear_predictor` has one value
    per observation. The log-likelihoods are penalized where `method` is "Firth"; `maxima` says how many
    different maxima were found, of which the highest is the estimate (`regressions.highest`).
    """

    table: pd.DataFrame
    method: str
    n: int
    n_events: int
    linear_predictor: Array
    log_likelihood: float
    likelihood_ratio: float
    df: int
    p_value: float
    maxima: int


def fit_logistic(
    design: pd.DataFrame, outcome: ArrayLike, terms: Mapping[str, Sequence[str]], confidence: float = 0.95
) -> LogisticFit:
    """Fit a logistic regression of a 0/1 outcome on the columns of a design matrix.

    `design` is n x p without the intercept and without missing values; `terms` names the columns that
    make up each term. Intervals are profile-likelihood intervals, tests are likelihood-ratio tests.
    Where the data are separated (`is_separated`), every number is of the fit with Firth's penalty and
    `method` says so. Neither the units of a column nor where its zero is change a test.

    Replicates R's `glm`, its profile limits and `drop1(test = "LRT")`; under separation `brglm2` and the
    penalized likelihood as `logistf` defines it, written out in R (relative 1e-6).

    Raises ValueError where the outcome is not 0/1 with both classes, or the design is rank deficient.
    """
    y = np.asarray(outcome, dtype=float)
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError("the outcome must be 0 or 1, with both present")
    names = [INTERCEPT, *design.columns]
    X = np.column_stack([np.ones(len(y)), design.to_numpy(dtype=float)])
    if not independent(X).all():
        raise ValueError(f"the columns of the design are linearly dependent: {', '.join(design.columns)}")
    likelihood = Likelihood(X, y).finite()
    best = likelihood.highest()
    whole = _test(likelihood, best, range(1, len(names)))
    return LogisticFit(
        table=coefficient_table(likelihood, best, names, terms, confidence),
        method="Firth" if likelihood.penalized else "maximum likelihood",
        n=len(y),
        n_events=int(y.sum()),
        linear_predictor=likelihood.predictor(best),
        log_likelihood=best.value,
        likelihood_ratio=whole["statistic"],
        df=int(whole["df"]),
        p_value=whole["p_value"],
        maxima=best.maxima,
    )


def independent(X: Array) -> NDArray[np.bool_]:
    """Return which columns of a design (n x p) the earlier ones do not determine (p).

    Decided here alone: at least 1e-10 of the sum of squares of the column, on unit scale, is left.
    """
    Z, _ = standardized(X)
    return frames((Z.T @ Z)[None])[1][0]


def coefficient_table(
    likelihood: "Likelihood",
    best: "Maximum",
    names: Sequence[str],
    terms: Mapping[str, Sequence[str]],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the table of `LogisticFit` for the maximum of a likelihood, `names` being its columns."""
    std_errors = np.sqrt(np.diag(likelihood.covariance(best.coefficients)))
    rows = []
    for term, columns in {INTERCEPT: [INTERCEPT], **terms}.items():
        positions = [names.index(column) for column in columns]
        if len(positions) > 1:
            rows.append({"term": term, "column": "", **_test(likelihood, best, positions)})
        for column, j in zip(columns, positions, strict=True):
            low, high = profile_interval(likelihood, best, j, confidence)
            rows.append(
                {
                    "term": term,
                    "column": column,
                    "estimate": best.coefficients[j],
                    "std_error": std_errors[j],
                    "conf_low": low,
                    "conf_high": high,
                    **_test(likelihood, best, [j]),
                }
            )
    table = pd.DataFrame(rows)
    table["conf_method"] = method_named("profile likelihood", likelihood.penalized, best.maxima)
    table.loc[table["column"] == "", "conf_method"] = ""
    table["p_method"] = method_named("likelihood ratio", likelihood.penalized, best.maxima)
    return table


def method_named(method: str, penalized: bool, maxima: int) -> str:
    """Return a method's name with what has to be said of its likelihood: a penalty, several maxima."""
    several = f"; highest of {maxima} maxima" if maxima > 1 else ""
    return f"{'penalized (Firth) ' if penalized else ''}{method}{several}"


def is_separated(X: Array, y: Array, totals: Array | float = 1.0) -> bool:
    """Whether the columns of X (n x p, intercept first) separate the outcomes y, events of totals (n each).

    Completely, quasi-completely, or so nearly that the data determine nothing where the likelihood is
    highest: in some direction of the coefficients the mean of risk (1 - risk), weighted by the squared change
    of the linear predictor, is below 1e-9. Every fit decides it this way, in one place (`regressions.climb`).
    """
    return Likelihood(X, np.asarray(y, dtype=float), totals=totals).finite().penalized


@dataclass(frozen=True)
class Maximum:
    """Where a (penalized) log-likelihood is highest, and how high: p coefficients, `value`.

    `place` are p coefficients on orthonormal columns, from which a search nearby can start. `maxima` says how
    many different maxima were found.
    """

    coefficients: Array
    value: float
    place: Array
    maxima: int = 1


@dataclass(frozen=True)
class Likelihood:
    """The logistic log-likelihood of outcomes y (n, 0/1) on X (n x p, intercept first).

    With `penalized`, half the log-determinant of the information is added (Firth 1993). With `totals`, each
    row stands for so many observations, of which y have the event. `offset` (n) is added to the linear
    predictor. The columns are linearly independent (`independent`).
    """

    X: Array
    y: Array
    penalized: bool = False
    totals: Array | float = 1.0
    offset: Array | float = 0.0

    def value(self, beta: Array) -> float:
        """Return the (penalized) log-likelihood at p coefficients."""
        eta = self.X @ beta + self.offset
        value = float(self.y @ eta - (self.totals * np.logaddexp(0, eta)).sum())
        if self.penalized:
            value += 0.5 * float(np.linalg.slogdet(self._information(beta))[1]) + self._constant
        return value

    def ratio(self, best: Maximum, other: Maximum) -> float:
        """Return twice the difference of two log-likelihoods, at least 0.

        Of their terms, not of their sums: where the two are near each other, sums have lost their digits.
        Where linear predictors are far apart, it is log1p that has, or is infinite.
        """
        Z, _ = self._orthonormal
        eta, away = self.predictor(other), Z @ (best.place - other.place)
        near = np.abs(away) < 1
        by_term = np.log1p(special.expit(eta) * np.expm1(np.where(near, away, 0.0)))
        apart = np.logaddexp(0, eta + away) - np.logaddexp(0, eta)
        risen = self.y * away - self.totals * np.where(near, by_term, apart)
        twice = 2 * float(risen.sum())
        if self.penalized:
            one, two = (self._information(each.coefficients) for each in (best, other))
            twice += float(np.linalg.slogdet(np.linalg.solve(two, one))[1])
        return max(twice, 0.0)

    def at(self, beta: Array) -> Maximum:
        """Return p coefficients with their log-likelihood, as what a maximum is compared with."""
        place: Array = np.asarray(np.linalg.solve(self._orthonormal[1], beta))
        return Maximum(beta, self.value(beta), place)

    def covariance(self, beta: Array) -> Array:
        """Return the inverse of the information at p coefficients (p x p)."""
        _, back = self._orthonormal
        return np.asarray(back @ np.linalg.inv(self._information(beta)) @ back.T)

    def predictor(self, best: Maximum) -> Array:
        """Return the n linear predictors of a maximum."""
        return np.asarray(self._orthonormal[0] @ best.place + self.offset)

    def finite(self) -> "Likelihood":
        """Return the likelihood with Firth's penalty where the outcomes are separated, else without."""
        plain = replace(self, penalized=False)._regressions(self._orthonormal[0], self.X.shape[1])
        separated = climb(plain, np.zeros((1, plain.free))).undetermined[0]
        return replace(self, penalized=bool(separated))

    def highest(self, columns: Sequence[int] = (), values: ArrayLike = ()) -> Maximum:
        """Return the highest maximum, with the coefficients of some columns fixed at given values.

        The penalty is that of the full design, as in logistf. Raises ArithmeticError where there is none.
        """
        turned = self._turned(columns, values)
        regressions = self._regressions(turned.Z, turned.free)
        fixed = np.concatenate([np.zeros(turned.free), turned.fixed])[None]
        if self.penalized:
            found = highest(regressions, fixed, turned.back * self.X.std(axis=0)[:, None])
            return self._maximum(turned, found.beta[0], found.value[0], int(found.maxima[0]))
        ends = climb(regressions, fixed)
        if not (ends.is_maximum | ends.undetermined)[0]:
            raise ArithmeticError("the likelihood has no maximum with some coefficients fixed")
        return self._maximum(turned, ends.beta[0], ends.value[0])

    def near(self, best: Maximum, columns: Sequence[int], values: ArrayLike) -> Maximum:
        """Maximize with the coefficients of some columns fixed, from another maximum.

        The search starts where the tangent of the profile leads from there. Raises ArithmeticError where it
        ends at no maximum.
        """
        turned = self._turned(columns, values)
        regressions = self._regressions(turned.Z, turned.free)
        there = turned.turn.T @ best.place
        information = regressions.information(regressions.totals * regressions.at(there[None]).variance)[0]
        f = turned.free
        move = turned.fixed - there[f:]
        start = np.concatenate(
            [there[:f] - np.linalg.solve(information[:f, :f], information[:f, f:] @ move), turned.fixed]
        )
        ends = climb(regressions, start[None])
        if self.penalized and not ends.is_maximum[0] and np.isfinite(ends.value[0]):
            return self.highest(columns, values)  # a saddle
        if not (ends.is_maximum | ends.undetermined)[0]:
            raise ArithmeticError("the likelihood has no maximum with some coefficients fixed")
        return self._maximum(turned, ends.beta[0], ends.value[0])

    @cached_property
    def _orthonormal(self) -> tuple[Array, Array]:
        """The columns made orthonormal (n x p), and the p x p matrix to the coefficients on X."""
        Z, back = standardized(self.X)
        weights = np.sqrt(np.broadcast_to(np.asarray(self.totals, dtype=float), len(Z)))
        triangle: Array = np.asarray(np.linalg.qr(Z * weights[:, None], mode="r"))
        there, back = (np.asarray(np.linalg.solve(triangle.T, each.T).T) for each in (Z, back))
        return there, back

    @cached_property
    def _constant(self) -> float:
        """Half the log-determinant of the information on X, less that on orthonormal columns."""
        return -float(np.linalg.slogdet(self._orthonormal[1])[1])

    def _information(self, beta: Array) -> Array:
        """Return the information at p coefficients, on orthonormal columns."""
        Z, _ = self._orthonormal
        small = np.exp(-np.abs(self.X @ beta + self.offset))
        return np.asarray((Z.T * (self.totals * np.maximum(small / (1 + small) ** 2, LEAST))) @ Z)

    def _turned(self, columns: Sequence[int], values: ArrayLike) -> "_Turned":
        """Return orthonormal columns of which the last fix the coefficients of some columns of X."""
        Z, back = self._orthonormal
        chosen, p = list(columns), len(back)
        turn, triangle = np.linalg.qr(back[chosen].T, mode="complete")
        turn = np.hstack([turn[:, len(chosen) :], turn[:, : len(chosen)]])
        fixed = np.linalg.solve(triangle[: len(chosen)].T, np.asarray(values, dtype=float))
        return _Turned(Z @ turn, back @ turn, turn, fixed, p - len(chosen))

    def _regressions(self, Z: Array, free: int) -> Regressions:
        y = np.asarray(self.y, dtype=float)
        totals = np.broadcast_to(np.asarray(self.totals, dtype=float), y.shape)
        offset = np.broadcast_to(np.asarray(self.offset, dtype=float), y.shape)
        p = Z.shape[1]
        frame, kept = np.eye(p)[None], np.ones((1, p), dtype=bool)
        return Regressions(Design(Z), y[None], totals[None], offset[None], self.penalized, free, frame, kept)

    def _maximum(self, turned: "_Turned", beta: Array, value: float, maxima: int = 1) -> Maximum:
        constant = self._constant if self.penalized else 0.0
        return Maximum(turned.back @ beta, float(value) + constant, turned.turn @ beta, maxima)


@dataclass(frozen=True)
class _Turned:
    """Orthonormal columns Z (n x p), of whose coefficients the first `free` move and the others are `fixed`.

    `back` leads from coefficients on Z to those on X, `turn` to those on the columns before they were turned.
    """

    Z: Array
    back: Array
    turn: Array
    fixed: Array
    free: int


def _test(likelihood: Likelihood, best: Maximum, columns: Sequence[int]) -> dict[str, float]:
    """Test by likelihood ratio that the coefficients of some columns are all zero."""
    statistic = likelihood.ratio(best, likelihood.highest(columns, np.zeros(len(columns))))
    p_value = float(special.chdtrc(len(columns), statistic))
    return {"statistic": statistic, "df": len(columns), "p_value": p_value}


def profile_interval(
    likelihood: Likelihood, best: Maximum, j: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the profile-likelihood interval of coefficient j around the estimates.

    The limits are where twice the drop of the (penalized) log-likelihood, maximized over all other
    coefficients, reaches the chi-square quantile with one degree of freedom; infinite where it never
    does. The profile is followed outward from the estimates, which matters only where a penalized
    likelihood has a second maximum (separated outcomes). Replicates the root of the profile
    refitted in R, of which `MASS::confint` is a spline (relative 1e-6).
    """
    allowed = special.ndtri((1 + confidence) / 2)
    std_error = np.sqrt(likelihood.covariance(best.coefficients)[j, j])

    def excess(value: float, start: Maximum) -> float:
        """Return the signed root of the drop, nearly a straight line, less what is allowed."""
        drop = best.value - likelihood.near(start, [j], [value]).value
        return float(np.sqrt(2 * max(drop, 0.0)) - allowed)

    def limit(step: float) -> float:
        """Step outward, first by `step`, until the limit is passed; then find it."""
        inside = best  # the last known point of the profile above the limit
        for _ in range(MAX_BRACKETS):
            value = inside.coefficients[j] + step
            outside = likelihood.near(inside, [j], [value])
            if best.value - outside.value > allowed**2 / 2:
                bracket = (inside.coefficients[j], value)
                tolerance = 1e-12 * std_error
                return float(optimize.brentq(excess, *bracket, args=(inside,), xtol=tolerance, rtol=1e-12))
            inside = outside
            step = (inside.coefficients[j] - best.coefficients[j]) / 2
        return float(np.copysign(np.inf, step))

    return limit(-2 * std_error), limit(2 * std_error)
