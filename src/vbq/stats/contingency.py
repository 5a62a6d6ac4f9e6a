"""Tests of independence between a factor and a two-valued outcome."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

MAX_EXACT_TABLES = 5_000_000
SAME_PROBABILITY = 1 + 1e-7  # relative slack with which R's fisher.test calls two probabilities equal


@dataclass(frozen=True)
class IndependenceTests:
    """Tests of independence of one k x 2 table; NaN where a test does not apply."""

    df: int
    likelihood_ratio: float
    p_likelihood_ratio: float
    pearson: float
    p_pearson: float
    p_yates: float
    p_fisher: float
    p_mid: float


def independence_tests(counts: ArrayLike) -> IndependenceTests:
    """Test a k x 2 table of counts (levels x outcomes) for independence.

    Likelihood-ratio (G²) and Pearson chi-square without continuity correction, for 2 x 2 tables also
    with Yates' correction; Fisher's exact test (Freeman-Halton for k > 2) and its mid-p, both
    two-sided by the probability of the table. Levels without observations are left out. With fewer
    than two levels or one outcome only, every p-value is NaN; the exact ones also beyond
    `MAX_EXACT_TABLES` tables with the given margins.

    Replicates R's `chisq.test` and `fisher.test` (relative 1e-8) and `MASS::loglm` for G².

    Raises ValueError unless `counts` is a k x 2 table of non-negative integers.
    """
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[1] != 2 or (table < 0).any() or (table != np.floor(table)).any():
        raise ValueError("counts must be a k x 2 table of non-negative integers")
    table = table[table.sum(axis=1) > 0].astype(np.int64)
    table = table[np.argsort(table.sum(axis=1))]  # the largest level last: it is not enumerated
    df = len(table) - 1
    if df < 1 or (table.sum(axis=0) == 0).any():
        return IndependenceTests(max(df, 0), *[float("nan")] * 7)

    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    likelihood_ratio = 2 * float(special.xlogy(table, table / expected).sum())
    pearson = float(((table - expected) ** 2 / expected).sum())
    p_yates = float("nan")
    if df == 1:
        correction = min(0.5, float(np.abs(table - expected).min()))
        p_yates = special.chdtrc(1, float(((np.abs(table - expected) - correction) ** 2 / expected).sum()))
    p_fisher, p_mid = _exact_p_values(table)
    return IndependenceTests(
        df=df,
        likelihood_ratio=likelihood_ratio,
        p_likelihood_ratio=float(special.chdtrc(df, max(likelihood_ratio, 0.0))),
        pearson=pearson,
        p_pearson=float(special.chdtrc(df, pearson)),
        p_yates=float(p_yates),
        p_fisher=p_fisher,
        p_mid=p_mid,
    )


def _exact_p_values(table: NDArray[np.int64]) -> tuple[float, float]:
    """Return Fisher's two-sided p-value and its mid-p by enumerating the first column."""
    rows, first_column = table.sum(axis=1), int(table[:, 0].sum())
    if np.prod(rows[:-1] + 1.0) > MAX_EXACT_TABLES:
        return float("nan"), float("nan")
    log_choose = [_log_binomial(size, np.arange(size + 1)) for size in rows]
    log_ways, used = np.zeros(1), np.zeros(1, dtype=np.int64)
    for size, ways in zip(rows[:-1], log_choose[:-1], strict=True):
        used = (used[:, None] + np.arange(size + 1)).ravel()
        log_ways = (log_ways[:, None] + ways).ravel()
        keep = used <= first_column
        used, log_ways = used[keep], log_ways[keep]
    left = first_column - used
    possible = left <= rows[-1]
    log_ways = log_ways[possible] + log_choose[-1][left[possible]]

    log_observed = sum(ways[cell] for ways, cell in zip(log_choose, table[:, 0], strict=True))
    probability = np.exp(log_ways - special.logsumexp(log_ways))
    as_likely = np.abs(log_ways - log_observed) <= np.log(SAME_PROBABILITY)
    p_fisher = float(probability[as_likely | (log_ways < log_observed)].sum())
    p_mid = p_fisher - float(probability[as_likely].sum()) / 2
    return min(p_fisher, 1.0), min(p_mid, 1.0)


def _log_binomial(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
