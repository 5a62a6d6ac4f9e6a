"""A continuous variable across groups, and on another continuous variable."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Array = NDArray[np.float64]

FLAT = 1e-12  # share of a sum of squares that is rounding


@dataclass(frozen=True)
class LocationTests:
    """Tests whether a continuous variable differs between groups; NaN where one does not apply.

    `statistic` is t with `df` degrees of freedom for two groups (second minus first, as the coefficient of
    the regression), F with `df` and `df_residual` for more.
    """

    n: int
    statistic_name: str
    statistic: float
    df: float
    df_residual: float
    p_ols: float
    p_welch: float
    p_rank: float


def compare_groups(values: ArrayLike, groups: ArrayLike) -> LocationTests:
    """Test a continuous variable for a difference between groups; both arrays of length n, no NaN.

    Linear regression on the group (the pooled two-sample t test, or one-way analysis of variance),
    Welch's test with unequal variances, and the Mann-Whitney test in its normal approximation with
    tie and continuity correction (Kruskal-Wallis for more than two groups).

    Replicates R's `lm`, `oneway.test` and `wilcox.test(exact = FALSE)` / `kruskal.test`
    (relative 1e-8; certified digits of NIST StRD's one-way analyses of variance).

    Every statistic is NaN with fewer than two groups, no more values than groups, or a constant
    variable; Welch's alone where a group has a single value, or no variance: all groups where there are two,
    any where there are more.
    """
    x, g = np.asarray(values, dtype=float), np.asarray(groups)
    samples = [x[g == group] for group in np.unique(g)]
    k, n = len(samples), len(x)
    nan = float("nan")
    if k < 2 or n <= k or np.ptp(x) == 0:
        return LocationTests(n, "t" if k == 2 else "F", nan, nan, nan, nan, nan, nan)
    # Leading digits that all values share would cost the means their last ones: take them off first.
    centered = [sample - x.mean() for sample in samples]
    sizes = np.array([[len(sample) for sample in centered]])
    means = np.array([[sample.mean() for sample in centered]])
    within = np.array([[((sample - sample.mean()) ** 2).sum() for sample in centered]])
    within[0, [np.ptp(sample) == 0 for sample in centered]] = 0
    f, p_ols = _one_way(sizes, means, within)
    p_welch = float(_welch_p_values(sizes, means, within)[0])
    if k > 2:
        p_rank = float(stats.kruskal(*samples).pvalue)
        return LocationTests(n, "F", float(f[0]), k - 1, n - k, float(p_ols[0]), p_welch, p_rank)
    t = float(np.sign(means[0, 1] - means[0, 0]) * np.sqrt(f[0]))
    first = (g == np.unique(g)[0])[None].astype(float)
    p_rank = float(rank_p_values(x, first, 1 - first)[0])
    return LocationTests(n, "t", t, n - k, nan, float(p_ols[0]), p_welch, p_rank)


def location_p_values(sizes: ArrayLike, sums: ArrayLike, squares: ArrayLike, test: str) -> Array:
    """Return the p-values of m comparisons of k groups by "ols" or "welch", from moments (m x k each).

    The tests are those of `compare_groups`, on counts or on the weights of resamples: how many values each
    group has, their sum, and the sum of their squares. Center the values first, or digits are lost. NaN as
    there; a variable counts as constant where its variance is within rounding of zero.

    Raises ValueError for any other test.
    """
    if test not in MOMENT_TESTS:
        raise ValueError(f"{test} is none of the tests of moments: {', '.join(MOMENT_TESTS)}")
    n, total, square = (np.asarray(moments, dtype=float) for moments in (sizes, sums, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(n > 0, total / n, 0.0)
    within = square - n * means**2
    within = np.where(within > FLAT * square, within, 0.0)
    k, N = n.shape[1], n.sum(axis=1)
    spread = square.sum(axis=1) - total.sum(axis=1) ** 2 / np.maximum(N, 1)
    testable = (n > 0).all(axis=1) & (k < N) & (spread > FLAT * square.sum(axis=1))
    p_values = np.full(len(n), np.nan)
    which = (n[testable], means[testable], within[testable])
    p_values[testable] = MOMENT_TESTS[test](*which)
    return p_values


def rank_p_values(values: ArrayLike, first: ArrayLike, second: ArrayLike) -> Array:
    """Return the p-values of m Mann-Whitney tests of n values, as in `compare_groups`.

    `first` and `second` are m x n: how often each value counts in either group. NaN where a group is empty or
    all values are the same.
    """
    x = np.asarray(values, dtype=float)
    if not len(x):
        return np.full(len(np.asarray(first)), np.nan)
    order = np.argsort(x, kind="stable")
    begins = np.flatnonzero(np.append(True, np.diff(x[order]) > 0))
    a, b = (np.add.reduceat(np.asarray(w, dtype=float)[:, order], begins, axis=1) for w in (first, second))
    sizes = np.stack([a.sum(axis=1), b.sum(axis=1)])
    n, ties = sizes.sum(axis=0), a + b
    wins = (a * (np.cumsum(b, axis=1) - b / 2)).sum(axis=1)
    product = sizes.prod(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(product / 12 * (n + 1 - (ties**3 - ties).sum(axis=1) / (n * (n - 1))))
        z = (np.maximum(wins, product - wins) - product / 2 - 0.5) / spread
    return np.where((product > 0) & (spread > 0), np.minimum(2 * special.ndtr(-z), 1), np.nan)


def _one_way(sizes: Array, means: Array, within: Array) -> tuple[Array, Array]:
    """Return F and p-value of m analyses of variance of k groups (m x k sizes, means, sums of squares)."""
    n, k = sizes.sum(axis=1), sizes.shape[1]
    grand_mean = (sizes * means).sum(axis=1) / n
    between = (sizes * (means - grand_mean[:, None]) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.divide(between / (k - 1), within.sum(axis=1) / (n - k))
    return f, special.fdtrc(k - 1, n - k, f)


def _welch_p_values(sizes: Array, means: Array, within: Array) -> Array:
    """Return the p-values of m of Welch's one-way tests (Welch 1951); for two groups his t tests.

    As in R, a group without variance has a t test with one that varies, but no place among several groups.
    """
    p_values, k = np.full(len(sizes), np.nan), sizes.shape[1]
    varies = (within > 0).any(axis=1) if k == 2 else (within > 0).all(axis=1)
    testable = (sizes >= 2).all(axis=1) & varies
    n, mean = sizes[testable], means[testable]
    if k == 2:
        squared_error = within[testable] / (n * (n - 1))
        total = squared_error.sum(axis=1)
        df = total**2 / (squared_error**2 / (n - 1)).sum(axis=1)
        p_values[testable] = special.fdtrc(1, df, (mean[:, 1] - mean[:, 0]) ** 2 / total)
        return p_values
    weights = n * (n - 1) / within[testable]
    total = weights.sum(axis=1)
    lack = ((1 - weights / total[:, None]) ** 2 / (n - 1)).sum(axis=1)
    center = (weights * mean).sum(axis=1) / total
    f = (weights * (mean - center[:, None]) ** 2).sum(axis=1) / (k - 1)
    f /= 1 + 2 * (k - 2) / (k**2 - 1) * lack
    p_values[testable] = special.fdtrc(k - 1, (k**2 - 1) / (3 * lack), f)
    return p_values


MOMENT_TESTS = {"ols": lambda *moments: _one_way(*moments)[1], "welch": _welch_p_values}


@dataclass(frozen=True)
class Slope:
    """A simple linear regression of y on x: y changes by `slope` (`std_error`) per unit of x."""

    n: int
    intercept: float
    slope: float
    std_error: float
    statistic: float
    df: int
    p_value: float
    p_spearman: float
    residual_sd: float
    r_squared: float


def regress(x: ArrayLike, y: ArrayLike) -> Slope:
    """Regress y on x by least squares; arrays of length n, no NaN. `statistic` is t with n - 2 df.

    Replicates R's `lm` (relative 1e-8; certified digits of NIST StRD Norris) and
    `cor.test(method = "spearman", exact = FALSE)`. NaN where n < 3 or x or y is constant.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    n, nan = len(x), float("nan")
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Slope(n, nan, nan, nan, nan, max(n - 2, 0), nan, nan, nan, nan)
    fit = stats.linregress(x, y)
    away = x - x.mean()
    residual_sd = float(np.sqrt((((y - y.mean()) - fit.slope * away) ** 2).sum() / (n - 2)))
    # Of the residuals: scipy takes it from 1 - r², which keeps few digits where r is near 1.
    std_error = residual_sd / float(np.sqrt((away**2).sum())) if fit.stderr else 0.0
    return Slope(
        n=n,
        intercept=float(fit.intercept),
        slope=float(fit.slope),
        std_error=std_error,
        statistic=float(fit.slope / std_error) if std_error else nan,
        df=n - 2,
        p_value=float(fit.pvalue),
        p_spearman=float(stats.spearmanr(x, y).pvalue),
        residual_sd=residual_sd,
        r_squared=float(fit.rvalue**2),
    )


LINEAR_COLUMNS = ["column", "estimate", "std_error", "conf_low", "conf_high", "statistic", "df", "p_value"]


def fit_linear(design: pd.DataFrame, values: ArrayLike, confidence: float = 0.95) -> pd.DataFrame:
    """Regress n values by least squares on the columns of a design matrix (n x p, without the intercept).

    Returns a row per column with `LINEAR_COLUMNS`: coefficient, standard error and interval, t with `df`
    degrees of freedom and its p-value; all but the coefficient are NaN where no degree of freedom is left.

    Replicates R's `lm` and its `confint` (relative 1e-8).

    Raises ValueError where the columns, with the intercept, are linearly dependent.
    """
    from statsmodels.regression.linear_model import OLS

    columns = design.to_numpy(dtype=float)
    # On unit scale around zero, so that values far from it or columns of very different sizes cost no digits.
    scale = np.where(np.ptp(columns, axis=0) > 0, columns.std(axis=0), 1.0)
    X = np.column_stack([np.ones(len(columns)), (columns - columns.mean(axis=0)) / scale])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise ValueError(f"the columns of the design are linearly dependent: {', '.join(design.columns)}")
    y = np.asarray(values, dtype=float)
    fit = OLS(y - y.mean(), X).fit()
    table = pd.DataFrame({"column": list(design), "estimate": fit.params[1:] / scale})
    table["df"] = int(fit.df_resid)
    if fit.df_resid > 0:
        low, high = fit.conf_int(1 - confidence)[1:].T / scale
        table = table.assign(conf_low=low, conf_high=high, std_error=fit.bse[1:] / scale)
        table = table.assign(statistic=fit.tvalues[1:], p_value=fit.pvalues[1:])
    return table.reindex(columns=LINEAR_COLUMNS)
