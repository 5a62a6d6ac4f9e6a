"""Tests of independence between a factor and a two-valued outcome."""

from collections.abc import Callable, Sequence
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
EXACT_TESTS = ("fisher", "mid")
SMALL_EXPECTED = 5
SAME_PROBABILITY = 1 + 1e-7  # relative slack with which R's fisher.test calls two probabilities equal
SAME_LOG = 1e-11  # logarithms of whole numbers that differ by rounding alone
MAX_STATES = 5_000_000  # ways to fill half of the levels, above which tables are drawn
DRAWS = 100_000
MONTE_CARLO_ERROR = 4 * 0.5 / DRAWS**0.5  # four standard errors of the p-value that has the largest, 0.5
SEED = 2019  # the same table gives the same p-value, whenever and wherever it is asked for


@dataclass(frozen=True)
class IndependenceTests:
    """Tests of independence of one k x 2 table; NaN where a test does not apply.

    `monte_carlo_se` is the standard error of `p_fisher` and `p_mid` where they are from drawn tables (of the
    larger), NaN where they are exact.
    """

    df: int
    likelihood_ratio: float
    p_likelihood_ratio: float
    pearson: float
    p_pearson: float
    p_yates: float
    p_fisher: float
    p_mid: float
    monte_carlo_se: float


def independence_tests(counts: ArrayLike) -> IndependenceTests:
    """Test a k x 2 table of counts (levels x outcomes) for independence.

    Likelihood-ratio (G²) and Pearson chi-square without continuity correction, for 2 x 2 tables also
    with Yates' correction; Fisher's exact test (Freeman-Halton for k > 2) and its mid-p, both
    two-sided by the probability of the table (`exact_tests`). Levels without observations are left out.
    With fewer than two levels or one outcome only, every p-value is NaN.

    Replicates R's `chisq.test` and `fisher.test` (relative 1e-8) and `MASS::loglm` for G².

    Raises ValueError unless `counts` is a k x 2 table of non-negative integers.
    """
    table = _occupied(counts)
    df = len(table) - 1
    if df < 1 or (table.sum(axis=0) == 0).any():
        return IndependenceTests(max(df, 0), *[float("nan")] * 8)
    statistic = {test: float(_chi_squares(table[None], test)[0]) for test in CHI_SQUARES}
    p_value = {test: float(special.chdtrc(df, statistic[test])) for test in CHI_SQUARES}
    p_fisher, p_mid, monte_carlo_se = exact_tests(table)
    return IndependenceTests(
        df=df,
        likelihood_ratio=statistic["likelihood_ratio"],
        p_likelihood_ratio=p_value["likelihood_ratio"],
        pearson=statistic["pearson"],
        p_pearson=p_value["pearson"],
        p_yates=p_value["yates"],
        p_fisher=p_fisher,
        p_mid=p_mid,
        monte_carlo_se=monte_carlo_se,
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
    exact = convention in EXACT_TESTS or (
        convention.endswith("_fisher") and smallest_expected(table) < SMALL_EXPECTED
    )
    if exact or len(table) < 2 or (table.sum(axis=0) == 0).any():
        return conventional_p_values(table)[convention]
    test = convention.removesuffix("_fisher")
    if test == "yates" and len(table) > 2:
        test = "pearson"
    return float(special.chdtrc(len(table) - 1, _chi_squares(table[None], test)[0]))


def smallest_expected(counts: ArrayLike) -> float:
    """Return the smallest expected count of a k x 2 table under independence; empty levels are left out."""
    table = _occupied(counts)
    return float(_expected(table).min()) if len(table) else float("nan")


def chi_square_p_values(tables: ArrayLike, test: str) -> NDArray[np.float64]:
    """Return the p-values of m k x 2 tables (m x k x 2) by one of `CHI_SQUARES`.

    The statistics are those of `independence_tests`, on counts or on the weights of resamples. Levels without
    observations are left out of each table; NaN with fewer than two levels or one outcome only, and by
    Yates' test with more than two levels.
    """
    counts = np.asarray(tables, dtype=float)
    df = (counts.sum(axis=2) > 0).sum(axis=1) - 1
    testable = (df > 0) & (counts.sum(axis=1) > 0).all(axis=1)
    p_values = np.full(len(counts), np.nan)
    p_values[testable] = special.chdtrc(df[testable], _chi_squares(counts[testable], test))
    return p_values


def _chi_squares(tables: NDArray[np.generic], test: str) -> NDArray[np.float64]:
    """Return a statistic of m tables that have both outcomes and two levels or more, empty ones apart."""
    if test not in CHI_SQUARES:
        raise ValueError(f"{test} is none of the chi-square tests: {', '.join(CHI_SQUARES)}")
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
    """Return the levels that occur, ordered by their counts."""
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[1] != 2 or (table < 0).any() or (table != np.floor(table)).any():
        raise ValueError("counts must be a k x 2 table of non-negative integers")
    table = table[table.sum(axis=1) > 0].astype(np.int64)
    return np.asarray(table[np.lexsort((table[:, 0], table.sum(axis=1)))])


def _expected(table: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()


def exact_tests(
    counts: ArrayLike, max_states: int = MAX_STATES, draws: int = DRAWS
) -> tuple[float, float, float]:
    """Return Fisher's two-sided p-value, its mid-p, and their Monte Carlo standard error, NaN if exact.

    All tables with the margins of the k x 2 one (k > 1, both outcomes) count, without being listed:
    the levels are divided into halves, the ways to fill each are listed, equal ones once, and for each way
    of one half a binary search finds how probable the fillings of the other are that make the whole at most
    as probable as the table. Where a half has more than `max_states` ways, tables are drawn instead: p is
    then (1 + hits) / (1 + draws), as R's `fisher.test(simulate.p.value = TRUE)` has it.

    Replicates R's `fisher.test` (relative 1e-8).
    """
    table = _occupied(counts)
    if table[:, 0].sum() > table[:, 1].sum():
        table = table[:, ::-1]
    rows, total = table.sum(axis=1), int(table[:, 0].sum())
    slack = np.log(SAME_PROBABILITY)
    observed = float(_log_binomial(rows, table[:, 0]).sum())
    if not is_enumerable(table, max_states):
        rng = np.random.default_rng(SEED)
        log_ways = _log_binomial(rows, rng.multivariate_hypergeometric(rows, total, size=draws)).sum(axis=1)
        hits = np.array([(log_ways <= observed + slack).sum(), (log_ways < observed - slack).sum()])
        up_to, below = (1 + hits) / (1 + draws)
        mid = float(up_to + below) / 2
        return float(up_to), mid, float(np.sqrt(max(up_to * (1 - up_to), mid * (1 - mid)) / draws))
    one, other = _halves(rows)
    used, log_ways, times = _fillings(one, total)
    left = total - used
    possible = left <= sum(other)
    left, log_ways, times = left[possible], log_ways[possible], times[possible]
    n_ways = _log_binomial(np.array(sum(other)), left) - _log_binomial(rows.sum(), np.array(total))
    probability = times * np.exp(log_ways + n_ways)
    lower_tail = _lower_tail(other, total)
    up_to, below = (
        min(float((probability * lower_tail(left, observed + limit - log_ways)).sum()), 1.0)
        for limit in (slack, -slack)
    )
    return up_to, (up_to + below) / 2, float("nan")


def is_enumerable(counts: ArrayLike, max_states: int = MAX_STATES) -> bool:
    """Whether `exact_tests` lists the ways to fill a k x 2 table, or draws tables."""
    return all(np.prod(np.array(half) + 1.0) <= max_states for half in _halves(_occupied(counts).sum(axis=1)))


def _halves(rows: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Divide levels into two groups that can be filled in about equally many ways."""
    one: list[int] = []
    other: list[int] = []
    for size in sorted(map(int, rows), reverse=True):
        fewer = one if np.prod(np.array(one) + 1.0) <= np.prod(np.array(other) + 1.0) else other
        fewer.append(size)
    return one, other


def _fillings(
    sizes: Sequence[int], total: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return how many of at most `total` patients some levels can take, and in how many ways.

    Three arrays, sorted by the first two: patients taken, logarithm of the product of the levels' binomial
    coefficients, and how often this pair occurs.
    """
    used, log_ways, times = np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
    for size in sizes:
        taken = np.arange(min(size, total) + 1)
        used = (used[:, None] + taken).ravel()
        log_ways = (log_ways[:, None] + _log_binomial(np.array(size), taken)).ravel()
        times = np.repeat(times, len(taken))
        order = np.lexsort((log_ways, used))
        order = order[: np.searchsorted(used[order], total, side="right")]
        used, log_ways, times = used[order], log_ways[order], times[order]
        is_new = (np.diff(used, prepend=-1) > 0) | (np.diff(log_ways, prepend=-1.0) > SAME_LOG)
        begins = np.flatnonzero(is_new)
        used, log_ways, times = used[begins], log_ways[begins], np.add.reduceat(times, begins)
    return used, log_ways, times


def _lower_tail(
    sizes: Sequence[int], total: int
) -> Callable[[NDArray[np.int64], NDArray[np.float64]], NDArray[np.float64]]:
    """Return the function of patients taken and limits (m each) that gives P(log ways <= limit | taken)."""
    used, log_ways, times = _fillings(sizes, total)
    place = np.arange(len(used)) - np.searchsorted(used, used)
    shape = (int(used[-1]) + 1, int(place.max()) + 1)
    ordered, probability = np.full(shape, np.finfo(float).max), np.zeros(shape)
    ordered[used, place] = log_ways
    probability[used, place] = times * np.exp(log_ways - _log_binomial(np.array(sum(sizes)), used))
    cumulative = np.pad(probability.cumsum(axis=1), ((0, 0), (1, 0)))
    # Complex numbers are ordered by their real parts first: one search for all numbers of patients taken.
    keys = (np.arange(shape[0])[:, None] + 1j * ordered).ravel()

    def tail(taken: NDArray[np.int64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of at most so many ways, as a logarithm, given the patients taken."""
        at = np.searchsorted(keys, taken + 1j * limits, side="right") - taken * shape[1]
        return np.asarray(cumulative[taken, at])

    return tail


def _log_binomial(n: NDArray[np.int64], k: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
