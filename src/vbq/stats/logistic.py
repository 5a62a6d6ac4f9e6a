"""Logistic regression with likelihood-ratio tests and profile-likelihood intervals.

Maximum likelihood comes from statsmodels; where the outcome is separated, Firth's penalized likelihood
from firthmodels takes its place. What neither library offers - the likelihood maximized with some
coefficients held fixed, and with it tests of whole terms and profile intervals - is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

Array = NDArray[np.float64]

MAX_ITERATIONS = 200
CONVERGED = 1e-12  # Newton decrement, in units of log-likelihood
STALLED = 1e-8  # decrement that a step has not brought down: floating point has no better
ROUNDING = 1e-11  # relative fall of the log-likelihood that says nothing
SMALLEST_STEP = 1e-10  # share of a Newton step
FLATTEST = 1e-14  # smallest curvature of standardized columns
MAX_BRACKETS = 15  # the last reaches about 600 standard errors
INTERCEPT = "(intercept)"
UNSOLVED = "none: not found in floating point"  # in place of a method


@dataclass(frozen=True)
class LogisticFit:
    """A fitted logistic regression.

    `table` has one row per coefficient, and one per term of several coefficients for the test of the
    whole term: term, column, estimate (log-odds), std_error, conf_low, conf_high, conf_method,
    statistic (likelihood-ratio chi-square), df, p_value, p_method. `linear_predictor` has one value
    per observation. The log-likelihoods are penalized where `method` is "Firth".
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


def fit_logistic(
    design: pd.DataFrame, outcome: ArrayLike, terms: Mapping[str, Sequence[str]], confidence: float = 0.95
) -> LogisticFit:
    """Fit a logistic regression of a 0/1 outcome on the columns of a design matrix.

    `design` is n x p without the intercept and without missing values; `terms` names the columns that
    make up each term. Intervals are profile-likelihood intervals, tests are likelihood-ratio tests.
    Where the data are separated (Konis' linear program), every number is of the fit with Firth's
    penalty and `method` says so.

    Replicates R's `glm`, its profile limits and `drop1(test = "LRT")`; under separation `brglm2` and the
    penalized likelihood as `logistf` defines it, written out in R (relative 1e-6).

    Raises ValueError where the outcome is not 0/1 with both classes, or the design is rank deficient.
    """
    y = np.asarray(outcome, dtype=float)
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError("the outcome must be 0 or 1, with both present")
    names = [INTERCEPT, *design.columns]
    X = np.column_stack([np.ones(len(y)), design.to_numpy(dtype=float)])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise ValueError(f"the columns of the design are linearly dependent: {', '.join(design.columns)}")
    likelihood = Likelihood(X, y, penalized=is_separated(X, y))
    coefficients = _estimate(likelihood)
    whole = _test(likelihood, coefficients, range(1, len(names)))
    return LogisticFit(
        table=coefficient_table(likelihood, coefficients, names, terms, confidence),
        method="Firth" if likelihood.penalized else "maximum likelihood",
        n=len(y),
        n_events=int(y.sum()),
        linear_predictor=X @ coefficients,
        log_likelihood=likelihood.value(coefficients),
        likelihood_ratio=whole["statistic"],
        df=int(whole["df"]),
        p_value=whole["p_value"],
    )


def coefficient_table(
    likelihood: "Likelihood",
    coefficients: Array,
    names: Sequence[str],
    terms: Mapping[str, Sequence[str]],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return the table of `LogisticFit` for the p estimates of a likelihood, `names` being its columns."""
    std_errors = np.sqrt(np.diag(likelihood.covariance(coefficients)))
    rows = []
    for term, columns in {INTERCEPT: [INTERCEPT], **terms}.items():
        positions = [names.index(column) for column in columns]
        if len(positions) > 1:
            rows.append({"term": term, "column": "", **_test(likelihood, coefficients, positions)})
        for column, j in zip(columns, positions, strict=True):
            low, high = profile_interval(likelihood, coefficients, j, confidence)
            rows.append(
                {
                    "term": term,
                    "column": column,
                    "estimate": coefficients[j],
                    "std_error": std_errors[j],
                    "conf_low": low,
                    "conf_high": high,
                    **_test(likelihood, coefficients, [j]),
                }
            )
    kind = "penalized (Firth) " if likelihood.penalized else ""
    table = pd.DataFrame(rows)
    table["conf_method"] = f"{kind}profile likelihood"
    table.loc[table["column"] == "", "conf_method"] = ""
    table["p_method"] = f"{kind}likelihood ratio"
    return table


def is_separated(X: Array, y: Array) -> bool:
    """Whether some combination of the columns of X (intercept included) separates the outcomes.

    Complete and quasi-complete separation alike: then a maximum-likelihood estimate is infinite.
    """
    from firthmodels import detect_separation

    return bool(detect_separation(X, y, fit_intercept=False).separation)


def _estimate(likelihood: "Likelihood") -> Array:
    """Return the p coefficients of highest (penalized) likelihood.

    The libraries work on standardized columns, since they stop too early or not at all where columns differ
    much in scale; the last digits are found here.
    """
    center, scale = likelihood.X.mean(axis=0), likelihood.X.std(axis=0)
    center[0], scale[0] = 0, 1
    fit = _fit_firth if likelihood.penalized else _fit_maximum_likelihood
    start = fit((likelihood.X - center) / scale, likelihood.y) / scale
    start[0] -= center @ start
    return likelihood.maximize(start, np.zeros(len(start), dtype=bool))[0]


def _fit_maximum_likelihood(X: Array, y: Array) -> Array:
    from statsmodels.discrete.discrete_model import Logit

    return np.asarray(Logit(y, X).fit(method="newton", disp=0, maxiter=MAX_ITERATIONS, tol=1e-8).params)


def _fit_firth(X: Array, y: Array) -> Array:
    from firthmodels import FirthLogisticRegression

    model = FirthLogisticRegression(backend="numpy", fit_intercept=False, max_iter=MAX_ITERATIONS)
    return np.asarray(model.fit(X, y).coef_)


@dataclass(frozen=True)
class Likelihood:
    """The logistic log-likelihood of outcomes y (n, 0/1) on X (n x p, intercept included).

    With `penalized`, half the log-determinant of the information is added (Firth 1993). With `totals`, each
    row stands for so many observations, of which y have the event. `offset` (n) is added to the linear
    predictor.
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
            value += 0.5 * float(np.linalg.slogdet(self._information(special.expit(eta)))[1])
        return value

    def covariance(self, beta: Array) -> Array:
        """Return the inverse of the information at p coefficients (p x p)."""
        return np.asarray(np.linalg.inv(self._information(special.expit(self.X @ beta + self.offset))))

    def _information(self, risk: Array) -> Array:
        return (self.X.T * (self.totals * risk * (1 - risk))) @ self.X

    def _derivatives(self, beta: Array) -> tuple[Array, Array]:
        """Return the gradient (p) of the log-likelihood and minus its second derivatives (p x p)."""
        X = self.X
        risk = special.expit(X @ beta + self.offset)
        gradient, information = X.T @ (self.y - self.totals * risk), self._information(risk)
        if not self.penalized:
            return gradient, information
        # Half the log-determinant: weights w = risk (1 - risk) have the derivatives slope and bend.
        weight = self.totals * risk * (1 - risk)
        slope, bend = weight * (1 - 2 * risk), weight * (1 - 6 * risk * (1 - risk))
        inverse = np.linalg.inv(information)
        spread = np.einsum("ij,jk,ik->i", X, inverse, X)
        changes = inverse @ np.einsum("ij,ik,il->jkl", X * slope[:, None], X, X)
        second = (X.T * (spread * bend)) @ X - np.einsum("jkl,mlk->jm", changes, changes)
        return gradient + X.T @ (spread * slope) / 2, information - second / 2

    def maximize(self, start: Array, fixed: NDArray[np.bool_]) -> tuple[Array, float]:
        """Maximize over the coefficients that are not fixed; return the coefficients and the value.

        Newton steps, halved until the log-likelihood does not fall. The penalty is that of the full
        design, as in logistf. A penalized likelihood is not concave everywhere: the sign of its negative
        curvatures is turned, so that every step leads uphill.

        Raises ArithmeticError where no maximum is found.
        """
        beta, value = start, self.value(start)
        free, last_decrement = np.flatnonzero(~fixed), np.inf
        for _ in range(MAX_ITERATIONS):
            try:
                gradient, curvature = self._derivatives(beta)
            except np.linalg.LinAlgError:
                break
            score, curvature = gradient[free], curvature[np.ix_(free, free)]
            if not np.diag(curvature).all():  # flat in floating point
                break
            unit = 1 / np.sqrt(np.abs(np.diag(curvature)))  # columns on one scale, for the eigenvalues' sake
            sizes, directions = np.linalg.eigh(curvature * unit[:, None] * unit)
            sizes = np.maximum(np.abs(sizes), FLATTEST)
            step = unit * (directions @ (directions.T @ (unit * score) / sizes))
            decrement = score @ step
            if decrement < CONVERGED or last_decrement / 4 < decrement < STALLED:
                return beta, value
            scale, last_decrement = 1.0, decrement
            while scale > SMALLEST_STEP:
                trial = beta.copy()
                trial[free] += scale * step
                trial_value = self.value(trial)
                if trial_value >= value - ROUNDING * max(1.0, abs(value)):
                    break
                scale /= 2
            else:
                return beta, value  # floating point has no step uphill
            beta, value = trial, trial_value
        raise ArithmeticError("the likelihood has no maximum with some coefficients fixed")

    def maximize_with(
        self, coefficients: Array, columns: Sequence[int], values: ArrayLike
    ) -> tuple[Array, float]:
        """Maximize with the coefficients of some columns fixed at given values.

        `coefficients` are the unconstrained estimates, or those at values nearby. The search starts
        where the tangent of the profile leads from there.
        """
        chosen = list(columns)
        fixed = np.zeros(len(coefficients), dtype=bool)
        fixed[chosen] = True
        covariance = self.covariance(coefficients)
        move = np.linalg.solve(covariance[np.ix_(chosen, chosen)], np.asarray(values) - coefficients[chosen])
        start = coefficients + covariance[:, chosen] @ move
        start[chosen] = values
        return self.maximize(start, fixed)


def _test(likelihood: Likelihood, coefficients: Array, columns: Sequence[int]) -> dict[str, float]:
    """Test by likelihood ratio that the coefficients of some columns are all zero."""
    without = likelihood.maximize_with(coefficients, columns, np.zeros(len(columns)))[1]
    statistic = max(2 * (likelihood.value(coefficients) - without), 0.0)
    p_value = float(special.chdtrc(len(columns), statistic))
    return {"statistic": statistic, "df": len(columns), "p_value": p_value}


def profile_interval(
    likelihood: Likelihood, coefficients: Array, j: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the profile-likelihood interval of coefficient j around the p estimates.

    The limits are where twice the drop of the (penalized) log-likelihood, maximized over all other
    coefficients, reaches the chi-square quantile with one degree of freedom; infinite where it never
    does. The profile is followed outward from the estimates, which matters only where a penalized
    likelihood has a second maximum (completely separated outcomes). Replicates the root of the profile
    refitted in R, of which `MASS::confint` is a spline (relative 1e-6).
    """
    allowed = likelihood.value(coefficients) - special.chdtri(1, 1 - confidence) / 2
    std_error = np.sqrt(likelihood.covariance(coefficients)[j, j])

    def excess(value: float, start: Array) -> float:
        return allowed - likelihood.maximize_with(start, [j], [value])[1]

    def limit(step: float) -> float:
        """Step outward, first by `step`, until the limit is passed; then find it."""
        inside = coefficients  # the last known point of the profile above the limit
        for _ in range(MAX_BRACKETS):
            outside, reached = likelihood.maximize_with(inside, [j], [inside[j] + step])
            if reached < allowed:
                bracket = (inside[j], outside[j])
                tolerance = 1e-12 * std_error
                return float(optimize.brentq(excess, *bracket, args=(inside,), xtol=tolerance, rtol=1e-12))
            inside = outside
            step = (inside[j] - coefficients[j]) / 2
        return float(np.copysign(np.inf, step))

    return limit(-2 * std_error), limit(2 * std_error)
