"""Tests of independence between a factor and a two-valued outcome."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

# Ways in which publications choose the test of a table of counts, for all rows of a table alike.
CONVENTIONS = (
    *("likelihood_ratio", "pearson", "yates", "fisher", "mid"),
    *("pearson_fisher", "yates_fisher"),
)
CHI_SQUARES = ("likelihood_ratio", "pearson", "yates")
SMALL_EXPECTED = 5
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
    table = _occupied(counts)
    df = len(table) - 1
    if df < 1 or (table.sum(axis=0) == 0).any():
        return IndependenceTests(max(df, 0), *[float("nan")] * 7)
    statistic = {test: float(_chi_squares(table[None], test)[0]) for test in CHI_SQUARES}
    p_value = {test: float(special.chdtrc(df, statistic[test])) for test in CHI_SQUARES}
    p_fisher, p_mid = _exact_p_values(table)
    return IndependenceTests(
        df=df,
        likelihood_ratio=statistic["likelihood_ratio"],
        p_likelihood_ratio=p_value["likelihood_ratio"],
        pearson=statistic["pearson"],
        p_pearson=p_value["pearson"],
        p_yates=p_value["yates"],
        p_fisher=p_fisher,
        p_mid=p_mid,
    )


def conventional_p_values(counts: ArrayLike) -> dict[str, float]:
    """Return the p-value of a k x 2 table of counts under each of `CONVENTIONS`; NaN where one has none.

    Yates' correction is of 2 x 2 tables: larger ones get Pearson's test. `pearson_fisher` and
    `yates_fisher` take Fisher's exact test where an expected count is below 5.
    """
    tests = independence_tests(counts)
    yates = tests.p_yates if tests.df <= 1 else tests.p_pearson
    is_small = smallest_expected(counts) < SMALL_EXPECTED
    return {
        "likelihood_ratio": tests.p_likelihood_ratio,
        "pearson": tests.p_pearson,
        "yates": yates,
        "fisher": tests.p_fisher,
        "mid": tests.p_mid,
        "pearson_fisher": tests.p_fisher if is_small else tests.p_pearson,
        "yates_fisher": tests.p_fisher if is_small else yates,
    }


def conventional_p_value(counts: ArrayLike, convention: str) -> float:
    """Return what `conventional_p_values` has for one convention, without an exact test where none is due."""
    table = _occupied(counts)
    exact = convention in ("fisher", "mid") or (
        convention.endswith("_fisher") and smallest_expected(table) < SMALL_EXPECTED
    )
    if exact or len(table) < 2 or (table.sum(axis=0) == 0).any():
        return conventional_p_values(table)[convention]
    test = convention.removesuffix("_fisher")
    if test == "yates" and len(table) > 2:
        test = "pearson"
    return float(special.chdtrc(len(table) - 1, _chi_squares(table[None], test)[0]))


def smallest_expected(counts: ArrayLike) -> float:
    """Return the smallest expected count of a k x 2 table under independence, levels without any left out."""
    table = _occupied(counts)
    return float(_expected(table).min()) if len(table) else float("nan")


def chi_square_p_values(tables: ArrayLike, test: str) -> NDArray[np.float64]:
    """Return the p-values of m k x 2 tables (m x k x 2) by one of `CHI_SQUARES`.

    The statistics are those of `independence_tests`, on counts or on the weights of resamples. Levels without
    observations are left out of each table; NaN with fewer than two levels or one outcome only.
    """
    counts = np.asarray(tables, dtype=float)
    df = (counts.sum(axis=2) > 0).sum(axis=1) - 1
    testable = (df > 0) & (counts.sum(axis=1) > 0).all(axis=1)
    p_values = np.full(len(counts), np.nan)
    p_values[testable] = special.chdtrc(df[testable], _chi_squares(counts[testable], test))
    return p_values


def _chi_squares(tables: NDArray[np.generic], test: str) -> NDArray[np.float64]:
    """Return a statistic of m tables that have both outcomes and two levels or more, empty ones apart."""
    counts = np.asarray(tables, dtype=float)
    levels, outcomes = counts.sum(axis=2, keepdims=True), counts.sum(axis=1, keepdims=True)
    occupied = levels > 0
    expected = np.where(occupied, levels * outcomes / outcomes.sum(axis=2, keepdims=True), 1.0)
    if test == "likelihood_ratio":
        statistic = 2 * special.xlogy(counts, counts / expected).sum(axis=(1, 2))
        return np.asarray(np.maximum(statistic, 0.0))
    distance = np.where(occupied, np.abs(counts - expected), 0.0)
    if test == "yates":
        smallest = np.where(occupied, distance, np.inf).min(axis=(1, 2), keepdims=True)
        distance = np.where(occupied, distance - np.minimum(0.5, smallest), 0.0)
    statistic = (distance**2 / expected).sum(axis=(1, 2))
    return np.asarray(np.where((test == "yates") & (occupied.sum(axis=(1, 2)) != 2), np.nan, statistic))


def _occupied(counts: ArrayLike) -> NDArray[np.int64]:
    """Return the levels that occur, the largest last: it is not enumerated by the exact tests."""
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[1] != 2 or (table < 0).any() or (table != np.floor(table)).any():
        raise ValueError("counts must be a k x 2 table of non-negative integers")
    table = table[table.sum(axis=1) > 0].astype(np.int64)
    return np.asarray(table[np.argsort(table.sum(axis=1))])


def _expected(table: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()


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
