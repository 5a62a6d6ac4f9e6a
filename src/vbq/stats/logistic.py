"""Logistic regression with likelihood-ratio tests and profile-likelihood intervals.

Maximum likelihood comes from statsmodels; where the outcome is separated, Firth's penalized likelihood
from firthmodels takes its place. What neither library offers - the likelihood maximized with some
coefficients held fixed, and with it tests of whole terms and profile intervals - is here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

Array = NDArray[np.float64]

MAX_ITERATIONS = 200
CONVERGED = 1e-12  # Newton decrement, in units of log-likelihood
INTERCEPT = "(intercept)"


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

    Replicates R's `glm`, `confint` (MASS) and `drop1(test = "LRT")`, and `logistf` under separation
    (relative 1e-6).

    Raises ValueError where the outcome is not 0/1 with both classes, or the design is rank deficient.
    """
    y = np.asarray(outcome, dtype=float)
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError("the outcome must be 0 or 1, with both present")
    names = [INTERCEPT, *design.columns]
    X = np.column_stack([np.ones(len(y)), design.to_numpy(dtype=float)])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise ValueError(f"the columns of the design are linearly dependent: {', '.join(design.columns)}")
    penalized = is_separated(X, y)
    coefficients, std_errors = _fit_firth(X, y) if penalized else _fit_maximum_likelihood(X, y)
    best = _log_likelihood(X, y, coefficients, penalized)

    def likelihood_ratio_test(columns: Sequence[int]) -> tuple[float, int, float]:
        """Test that the coefficients of these columns are zero."""
        fixed = np.zeros(X.shape[1], dtype=bool)
        fixed[list(columns)] = True
        start = np.where(fixed, 0.0, coefficients)
        without = _maximize(X, y, start, fixed, penalized)[1]
        statistic = max(2 * (best - without), 0.0)
        return statistic, len(columns), float(special.chdtrc(len(columns), statistic))

    rows = []
    for term, columns in {INTERCEPT: [INTERCEPT], **terms}.items():
        positions = [names.index(column) for column in columns]
        if len(positions) > 1:
            rows.append({"term": term, "column": "", **_test_columns(likelihood_ratio_test(positions))})
        for column, j in zip(columns, positions, strict=True):
            low, high = profile_interval(X, y, coefficients, std_errors[j], j, confidence, penalized)
            rows.append(
                {
                    "term": term,
                    "column": column,
                    "estimate": coefficients[j],
                    "std_error": std_errors[j],
                    "conf_low": low,
                    "conf_high": high,
                    **_test_columns(likelihood_ratio_test([j])),
                }
            )
    kind = "penalized (Firth) " if penalized else ""
    table = pd.DataFrame(rows)
    table["conf_method"] = f"{kind}profile likelihood"
    table.loc[table["column"] == "", "conf_method"] = ""
    table["p_method"] = f"{kind}likelihood ratio"
    statistic, df, p_value = likelihood_ratio_test(range(1, len(names)))
    return LogisticFit(
        table=table,
        method="Firth" if penalized else "maximum likelihood",
        n=len(y),
        n_events=int(y.sum()),
        linear_predictor=X @ coefficients,
        log_likelihood=best,
        likelihood_ratio=statistic,
        df=df,
        p_value=p_value,
    )


def _test_columns(test: tuple[float, int, float]) -> dict[str, float]:
    statistic, df, p_value = test
    return {"statistic": statistic, "df": df, "p_value": p_value}


def is_separated(X: Array, y: Array) -> bool:
    """Whether some combination of the columns of X (intercept included) separates the outcomes.

    Complete and quasi-complete separation alike: then a maximum-likelihood estimate is infinite.
    """
    from firthmodels import detect_separation

    return bool(detect_separation(X, y, fit_intercept=False).separation)


def _fit_maximum_likelihood(X: Array, y: Array) -> tuple[Array, Array]:
    from statsmodels.discrete.discrete_model import Logit

    fit = Logit(y, X).fit(method="newton", disp=0, maxiter=MAX_ITERATIONS, tol=1e-12)
    return np.asarray(fit.params), np.asarray(fit.bse)


def _fit_firth(X: Array, y: Array) -> tuple[Array, Array]:
    from firthmodels import FirthLogisticRegression

    fit = FirthLogisticRegression(
        backend="numpy", fit_intercept=False, max_iter=MAX_ITERATIONS, gtol=1e-9, xtol=1e-9
    ).fit(X, y)
    return fit.coef_, fit.bse_


def profile_interval(
    X: Array,
    y: Array,
    coefficients: Array,
    std_error: float,
    j: int,
    confidence: float,
    penalized: bool,
) -> tuple[float, float]:
    """Return the profile-likelihood interval of coefficient j.

    The limits are where twice the drop of the (penalized) log-likelihood, maximized over all other
    coefficients, reaches the chi-square quantile with one degree of freedom. `coefficients` are the
    estimates, X (n x p, intercept included) and y as in `fit_logistic`.
    """
    allowed_drop = special.chdtri(1, 1 - confidence) / 2
    best = _log_likelihood(X, y, coefficients, penalized)
    fixed = np.arange(X.shape[1]) == j

    def limit(direction: int) -> float:
        start = coefficients.copy()

        def excess(distance: float) -> float:
            nonlocal start
            value = coefficients[j] + direction * distance
            start = np.where(fixed, value, start)
            start, log_likelihood = _maximize(X, y, start, fixed, penalized)
            return best - log_likelihood - allowed_drop

        return coefficients[j] + direction * _root_beyond_zero(excess, 2 * std_error)

    return limit(-1), limit(+1)


def _root_beyond_zero(excess: Callable[[float], float], step: float) -> float:
    """Return where an increasing function, negative at 0, crosses zero; infinity if it never does."""
    low, high = 0.0, step
    for _ in range(40):
        if excess(high) > 0:
            return float(optimize.brentq(excess, low, high, xtol=1e-12 * step, rtol=1e-12))
        low, high = high, 1.5 * high
    return float("inf")


def _log_likelihood(X: Array, y: Array, beta: Array, penalized: bool) -> float:
    eta = X @ beta
    value = float(y @ eta - np.logaddexp(0, eta).sum())
    if penalized:
        value += 0.5 * float(np.linalg.slogdet(_information(X, special.expit(eta)))[1])
    return value


def _information(X: Array, risk: Array) -> Array:
    return (X.T * (risk * (1 - risk))) @ X


def _maximize(X: Array, y: Array, start: Array, fixed: NDArray[np.bool_], penalized: bool) -> tuple[Array, float]:
    """Maximize the (penalized) log-likelihood over the coefficients that are not fixed.

    Newton steps on the score, modified as in Firth (1993) where penalized, halved until the
    log-likelihood does not fall. The penalty is that of the full design, as in logistf.
    """
    beta, value = start, _log_likelihood(X, y, start, penalized)
    free = np.flatnonzero(~fixed)
    if not len(free):
        return beta, value
    for _ in range(MAX_ITERATIONS):
        risk = special.expit(X @ beta)
        information = _information(X, risk)
        residual = y - risk
        if penalized:
            leverage = risk * (1 - risk) * np.einsum("ij,ji->i", X, np.linalg.solve(information, X.T))
            residual = residual + leverage * (0.5 - risk)
        score = X[:, free].T @ residual
        step = np.linalg.solve(information[np.ix_(free, free)], score)
        if score @ step < CONVERGED:
            return beta, value
        scale = 1.0
        while scale > 1e-10:
            trial = beta.copy()
            trial[free] += scale * step
            trial_value = _log_likelihood(X, y, trial, penalized)
            if trial_value >= value:
                break
            scale /= 2
        else:
            return beta, value  # no uphill step is left in floating point
        beta, value = trial, trial_value
    raise ArithmeticError("the likelihood did not converge with some coefficients fixed")
