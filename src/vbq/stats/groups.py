"""A continuous variable across groups, and on another continuous variable."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats


@dataclass(frozen=True)
class LocationTests:
    """Tests whether a continuous variable differs between groups; NaN where one does not apply.

    `statistic` is t with `df` degrees of freedom for two groups (first minus second), F with `df` and
    `df_residual` for more.
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
    variable; Welch's alone where a group has a single value or no variance.
    """
    x, g = np.asarray(values, dtype=float), np.asarray(groups)
    samples = [x[g == group] for group in np.unique(g)]
    k, n = len(samples), len(x)
    nan = float("nan")
    if k < 2 or n <= k or np.ptp(x) == 0:
        return LocationTests(n, "t" if k == 2 else "F", nan, nan, nan, nan, nan, nan)
    # Leading digits that all values share would cost the means their last ones: take them off first.
    centered = [sample - x.mean() for sample in samples]
    sizes = np.array([len(sample) for sample in centered])
    means = np.array([sample.mean() for sample in centered])
    within = sum(float(((sample - mean) ** 2).sum()) for sample, mean in zip(centered, means, strict=True))
    between = float((sizes * (means - (sizes * means).sum() / n) ** 2).sum())
    df_residual = n - k
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.divide(between / (k - 1), within / df_residual)
    p_ols = float(special.fdtrc(k - 1, df_residual, f))
    p_welch = _welch_p(centered)
    if k > 2:
        return LocationTests(
            n, "F", float(f), k - 1, df_residual, p_ols, p_welch, float(stats.kruskal(*samples).pvalue)
        )
    t = float(np.sign(means[0] - means[1]) * np.sqrt(f))
    p_rank = float(stats.mannwhitneyu(*samples, method="asymptotic").pvalue)
    return LocationTests(n, "t", t, df_residual, nan, p_ols, p_welch, p_rank)


def _welch_p(samples: list[NDArray[np.float64]]) -> float:
    """P-value of Welch's one-way test (Welch 1951); for two groups it is Welch's t test."""
    sizes = np.array([len(sample) for sample in samples])
    if sizes.min() < 2:
        return float("nan")
    means = np.array([sample.mean() for sample in samples])
    variances = np.array([sample.var(ddof=1) for sample in samples])
    if any(np.ptp(sample) == 0 for sample in samples):
        return float("nan")
    weights = sizes / variances
    k = len(samples)
    lack = float(((1 - weights / weights.sum()) ** 2 / (sizes - 1)).sum())
    mean = float((weights * means).sum() / weights.sum())
    f = float((weights * (means - mean) ** 2).sum()) / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * lack)
    return float(special.fdtrc(k - 1, (k**2 - 1) / (3 * lack), f))


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
    residual = y - fit.intercept - fit.slope * x
    return Slope(
        n=n,
        intercept=float(fit.intercept),
        slope=float(fit.slope),
        std_error=float(fit.stderr),
        statistic=float(fit.slope / fit.stderr) if fit.stderr else nan,
        df=n - 2,
        p_value=float(fit.pvalue),
        p_spearman=float(stats.spearmanr(x, y).pvalue),
        residual_sd=float(np.sqrt((residual**2).sum() / (n - 2))),
        r_squared=float(fit.rvalue**2),
    )
