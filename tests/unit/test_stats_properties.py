"""What must hold for any data: the statistics under relabelling, reordering, replication and rescaling."""

from collections import Counter
from itertools import combinations, permutations
from math import comb, prod

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, special

from vbq.stats import resampling
from vbq.stats.agreement import bland_altman, intraclass_correlations
from vbq.stats.contingency import independence_tests
from vbq.stats.cutoff import WeightedCurve, choose_cutoffs, rules
from vbq.stats.digits import tie_nearly_equal
from vbq.stats.groups import compare_groups, regress
from vbq.stats.logistic import LogisticFit, fit_logistic, is_separated
from vbq.stats.proportions import wilson_interval
from vbq.stats.resampling import bootstrap_weights, percentile_interval
from vbq.stats.roc import areas_under_curves, auc_interval, compare_areas

SAME = 1e-12  # the same sums in another order
EXACT = 1e-9  # probabilities through log-gamma functions
FITTED = 1e-6  # iterative fits

quick = settings(max_examples=40, deadline=None)
slow = settings(max_examples=15, deadline=None)  # several fits in each example

integers = st.integers(0, 12)


@st.composite
def outcomes_and_scores(draw, scores=1, smallest_class=2):
    """Outcomes with both classes, and scores with many ties."""
    n = draw(st.integers(2 * smallest_class, 25))
    events = draw(st.integers(smallest_class, n - smallest_class))
    outcome = np.array(draw(st.permutations([1] * events + [0] * (n - events))))
    rows = draw(st.lists(st.tuples(*[integers] * scores), min_size=n, max_size=n))
    return outcome, np.array(rows, dtype=float)


# --- Areas under ROC curves


def concordance(outcome, score):
    """The AUC by its definition: pairs in the right order, ties one half."""
    pairs = score[outcome == 1][:, None] - score[outcome == 0]
    return float(((pairs > 0) + (pairs == 0) / 2).mean())


@quick
@given(outcomes_and_scores(scores=2))
def test_auc_is_the_share_of_concordant_pairs(sample):
    outcome, scores = sample
    expected = [concordance(outcome, scores[:, i]) for i in range(2)]
    assert_allclose(areas_under_curves(outcome, scores).auc, expected, rtol=SAME)


@quick
@given(outcomes_and_scores(scores=2))
def test_relabelled_outcomes_turn_the_auc_round(sample):
    outcome, scores = sample
    areas, relabelled = areas_under_curves(outcome, scores), areas_under_curves(1 - outcome, scores)
    assert_allclose(relabelled.auc, 1 - areas.auc, atol=SAME)
    assert_allclose(relabelled.covariance, areas.covariance, atol=SAME)


@quick
@given(outcomes_and_scores(scores=2), st.randoms(use_true_random=False))
def test_auc_sees_ranks_only_and_no_order_of_rows(sample, random):
    outcome, scores = sample
    areas = areas_under_curves(outcome, scores)
    order = random.sample(range(len(outcome)), len(outcome))
    changed = np.column_stack([np.exp(scores[:, 0]), scores[:, 1] ** 3 - 1e6])
    result = areas_under_curves(outcome[order], changed[order])
    assert_allclose(result.auc, areas.auc, atol=SAME)
    assert_allclose(result.covariance, areas.covariance, atol=SAME)


@quick
@given(outcomes_and_scores(scores=2), st.integers(2, 4))
def test_auc_of_replicated_rows(sample, times):
    outcome, scores = sample
    areas = areas_under_curves(outcome, scores)
    replicated = areas_under_curves(np.tile(outcome, times), np.tile(scores, (times, 1)))
    assert_allclose(replicated.auc, areas.auc, atol=SAME)


@quick
@given(outcomes_and_scores())
def test_auc_of_a_binary_marker_is_mean_of_sensitivity_and_specificity(sample):
    outcome, scores = sample
    marker = scores[:, 0] > 6
    sensitivity, specificity = marker[outcome == 1].mean(), (~marker[outcome == 0]).mean()
    assert_allclose(areas_under_curves(outcome, marker).auc, [(sensitivity + specificity) / 2], atol=SAME)


@quick
@given(outcomes_and_scores())
def test_scores_that_rank_alike_do_not_differ(sample):
    outcome, scores = sample
    score = scores[:, 0]
    areas = areas_under_curves(outcome, np.column_stack([score, 2 * score + 1]))
    result = compare_areas(areas, 0, 1)
    assert result.difference == 0
    if areas.auc[0] in (0, 1):  # DeLong's variance is zero without being small
        assert np.isnan([result.low, result.high, result.p_value]).all()
    else:
        assert (result.low, result.high, result.p_value) == (0, 0, 1)


@quick
@given(outcomes_and_scores(scores=2))
def test_comparison_is_antisymmetric(sample):
    outcome, scores = sample
    areas = areas_under_curves(outcome, scores)
    one, other = compare_areas(areas, 0, 1), compare_areas(areas, 1, 0)
    assert_allclose(
        [one.difference, one.low, one.high, one.z, one.p_value],
        [-other.difference, -other.high, -other.low, -other.z, other.p_value],
        rtol=SAME,
    )


@quick
@given(outcomes_and_scores())
def test_auc_intervals_contain_the_auc(sample):
    outcome, scores = sample
    areas = areas_under_curves(outcome, scores)
    auc, variance = float(areas.auc[0]), float(areas.covariance[0, 0])
    for scale in ("identity", "logit"):
        low, high = auc_interval(auc, variance, scale=scale)
        assert np.isnan([low, high]).all() if variance == 0 else 0 <= low < auc < high <= 1


def test_perfect_score_has_no_interval():
    areas = areas_under_curves([0, 0, 0, 1, 1], [1, 2, 3, 4, 5])
    assert areas.auc == [1]
    assert np.isnan(auc_interval(1.0, float(areas.covariance[0, 0]))).all()
    assert np.isnan(auc_interval(1.0, float(areas.covariance[0, 0]), scale="logit")).all()


def test_single_event_has_an_auc_without_variance():
    areas = areas_under_curves([0, 0, 0, 1], [1, 2, 4, 3])
    assert_allclose(areas.auc, [2 / 3])
    assert np.isnan(areas.covariance).all()
    assert np.isnan(auc_interval(2 / 3, float(areas.covariance[0, 0]))).all()


@pytest.mark.parametrize("outcome", [[0, 0, 0], [1, 1, 1]])
def test_one_class_has_no_auc(outcome):
    with pytest.raises(ValueError, match="with and without the event"):
        areas_under_curves(outcome, [1, 2, 3])


@quick
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=20), st.integers(-8, 8))
def test_sums_in_another_order_tie(values, exponent):
    scores = np.array(values) / 7 * 10.0**exponent
    nudged = scores * (1 + np.resize([0, 2e-16, -2e-16], len(scores)))
    rounded = tie_nearly_equal(np.concatenate([scores, nudged]))
    assert len(np.unique(rounded)) == len(set(values))


# --- Logistic regression


def logistic(outcome, **columns) -> LogisticFit:
    return fit_logistic(pd.DataFrame(columns), outcome, {name: [name] for name in columns})


@st.composite
def overlapping_samples(draw):
    """An outcome and two covariates that do not separate it."""
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(25, 60))
    a, b = generator.normal(size=n), generator.integers(0, 3, n).astype(float)
    outcome = (generator.random(n) < 1 / (1 + np.exp(-0.8 * a - 0.5 * b + 0.5))).astype(int)
    X = np.column_stack([np.ones(n), a, b])
    assume(0 < outcome.sum() < n and np.linalg.matrix_rank(X) == 3 and not is_separated(X, outcome))
    return outcome, a, b


NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value"]


@slow
@given(overlapping_samples())
def test_duplicated_rows_double_the_information(sample):
    outcome, a, b = sample
    once = logistic(outcome, a=a, b=b)
    twice = logistic(np.tile(outcome, 2), a=np.tile(a, 2), b=np.tile(b, 2))
    assert_allclose(twice.table["estimate"], once.table["estimate"], rtol=FITTED, atol=FITTED)
    assert_allclose(twice.table["std_error"], once.table["std_error"] / np.sqrt(2), rtol=FITTED)
    assert_allclose(twice.table["statistic"], 2 * once.table["statistic"], rtol=FITTED, atol=FITTED)
    assert_allclose(
        [twice.likelihood_ratio, twice.log_likelihood],
        [2 * once.likelihood_ratio, 2 * once.log_likelihood],
        rtol=FITTED,
    )


@slow
@given(overlapping_samples(), st.sampled_from([-1e6, -0.01, 1e-6, 3.0, 1e6]), st.integers(-100, 100))
def test_rescaled_covariate(sample, factor, shift):
    """Only its own coefficient and the intercept change, in its unit."""
    outcome, a, b = sample
    one, other = logistic(outcome, a=a, b=b), logistic(outcome, a=factor * (a + shift), b=b)
    before, after = (fit.table.set_index("column") for fit in (one, other))
    assert_allclose(other.linear_predictor, one.linear_predictor, rtol=FITTED, atol=FITTED)
    assert_allclose(
        after.loc["b", NUMBERS].astype(float), before.loc["b", NUMBERS].astype(float), rtol=FITTED
    )
    limits = sorted(after.loc["a", ["conf_low", "conf_high"]] * factor)
    assert_allclose(
        limits, before.loc["a", ["conf_low", "conf_high"]].astype(float), rtol=FITTED, atol=FITTED
    )
    assert_allclose(after.loc["a", "statistic"], before.loc["a", "statistic"], rtol=FITTED, atol=FITTED)


@slow
@given(overlapping_samples())
def test_profile_interval_and_test_agree(sample):
    """The interval holds the estimate, and 0 exactly where the likelihood-ratio test has p > .05."""
    outcome, a, b = sample
    table = logistic(outcome, a=a, b=b).table
    assert ((table["conf_low"] < table["estimate"]) & (table["estimate"] < table["conf_high"])).all()
    holds_zero = (table["conf_low"] < 0) & (table["conf_high"] > 0)
    assert (holds_zero == (table["p_value"] > 0.05)).all()


@slow
@given(overlapping_samples())
def test_relabelled_outcomes_turn_the_odds_round(sample):
    outcome, a, b = sample
    one, other = logistic(outcome, a=a, b=b).table, logistic(1 - outcome, a=a, b=b).table
    assert_allclose(
        other[["estimate", "conf_low", "conf_high"]],
        -one[["estimate", "conf_high", "conf_low"]],
        rtol=FITTED,
        atol=FITTED,
    )
    assert_allclose(other["p_value"], one["p_value"], rtol=FITTED)


def penalized_profile(x: np.ndarray, outcome: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Firth's log-likelihood at each slope, maximized over the intercept, written out for one covariate.

    Each maximum is searched near the one before: there can be others.
    """

    def lost(intercept: float, slope: float) -> float:
        eta = intercept + slope * x
        weight = special.expit(eta) * special.expit(-eta)
        spread = weight @ (x - weight @ x / weight.sum()) ** 2
        return float(np.logaddexp(0, eta).sum() - outcome @ eta - np.log(weight.sum() * spread) / 2)

    values, intercept = [], -slopes[0] * (x[outcome == 0].max() + x[outcome == 1].min()) / 2
    for slope in slopes:
        found = optimize.minimize(lost, intercept, (slope,), method="Nelder-Mead", tol=1e-9)
        intercept = found.x[0]
        values.append(-found.fun)
    return np.array(values)


@slow
@given(st.integers(0, 100_000), st.integers(10, 150), st.sampled_from([0.1, 0.5, 0.8]))
@example(3, 21, 0.5)
@example(119, 129, 0.1)
def test_a_variable_that_tells_all_outcomes_has_an_interval(seed, n, share):
    """Firth's likelihood has fallen by half the chi-square quantile at each limit."""
    x = np.random.default_rng(seed).normal(3, 0.7, n)
    outcome = (x > np.quantile(x, share)).astype(float)
    row = logistic(outcome, x=x).table.iloc[1]
    assert row["conf_method"] == "penalized (Firth) profile likelihood"
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    for limit in filter(np.isfinite, (row["conf_low"], row["conf_high"])):
        profile = penalized_profile(x, outcome, np.linspace(row["estimate"], limit, 40))
        assert_allclose(2 * (profile[0] - profile[-1]), 3.841458820694124, rtol=1e-4)


def test_profile_interval_approaches_walds():
    """The relative gap between the two shrinks as 1 / sqrt(n)."""

    def gap(n: int) -> float:
        generator = np.random.default_rng(1)
        a = generator.normal(size=n)
        row = logistic((generator.random(n) < 1 / (1 + np.exp(-a))).astype(int), a=a).table.iloc[1]
        wald = row["estimate"] + 1.959963984540054 * row["std_error"] * np.array([-1, 1])
        profile = np.array([row["conf_low"], row["conf_high"]])
        return float(np.abs(profile - wald).max() / row["std_error"])

    assert gap(20_000) < 0.02 < 0.1 < gap(40)


def separating_direction_exists(X, y) -> bool:
    """Brute force: some direction b != 0 has X b >= 0 in every event and X b <= 0 in every other row.

    The cone of such b is pointed (X has full rank), so one of its edges, where p - 1 independent rows are 0,
    is such a direction if any is.
    """
    signed = X * np.where(y == 1, 1, -1)[:, None]
    for rows in combinations(range(len(X)), X.shape[1] - 1):
        _, sizes, directions = np.linalg.svd(X[list(rows)])
        if len(sizes) == X.shape[1] - 1 and sizes[-1] > 1e-9:
            edge = signed @ directions[-1]
            if (edge >= -1e-9).all() or (edge <= 1e-9).all():
                return True
    return False


def separating_program(X, y) -> bool:
    """Linear program: the largest total margin over directions in a box, without a wrong side, is not 0."""
    signed = X * np.where(y == 1, 1, -1)[:, None]
    result = optimize.linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(X)), bounds=(-1, 1))
    return bool(-result.fun > 1e-7)


@quick
@given(st.data())
def test_separation(data):
    n = data.draw(st.integers(4, 9))
    covariates = data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=n, max_size=n))
    y = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    X = np.column_stack([np.ones(n), np.array(covariates, dtype=float)])
    assume(0 < y.sum() < n and np.linalg.matrix_rank(X) == X.shape[1])
    separated = is_separated(X, y)
    assert separated == separating_direction_exists(X, y) == separating_program(X, y)


@slow
@given(st.integers(0, 10_000), st.booleans())
def test_separated_outcomes_have_finite_estimates(seed, complete):
    generator = np.random.default_rng(seed)
    n = int(generator.integers(12, 40))
    a, b = generator.normal(size=n), (generator.random(n) < 0.3).astype(float)
    b[:2] = 0, 1
    outcome = (a > np.median(a)).astype(int) if complete else (generator.random(n) < 0.4).astype(int)
    if not complete:  # everybody with b has the event
        outcome[b == 1] = 1
    assume(0 < outcome.sum() < n)
    fit = logistic(outcome, a=a, b=b)
    assert fit.method == "Firth"
    several = f"; highest of {fit.maxima} maxima" if fit.maxima > 1 else ""
    assert (fit.table["p_method"] == f"penalized (Firth) likelihood ratio{several}").all()
    assert np.isfinite(fit.table[["estimate", "std_error"]]).all(axis=None)
    assert (
        (fit.table["conf_low"] < fit.table["estimate"]) & (fit.table["estimate"] < fit.table["conf_high"])
    ).all()


@slow
@given(overlapping_samples())
def test_level_that_nobody_has(sample):
    """A level without patients makes its column constant: that is said, not fitted."""
    outcome, a, b = sample
    with pytest.raises(ValueError, match="linearly dependent"):
        logistic(outcome, a=a, b=b, empty=np.zeros(len(a)))


@pytest.mark.parametrize("outcome", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 1]])
def test_outcome_must_be_two_classes(outcome):
    with pytest.raises(ValueError, match="0 or 1, with both present"):
        logistic(outcome, a=[1, 2, 3, 5])


# --- Contingency tables

counts = st.integers(0, 9)
tables = st.lists(st.tuples(counts, counts), min_size=2, max_size=4)
P_VALUES = ["p_likelihood_ratio", "p_pearson", "p_yates", "p_fisher", "p_mid"]
STATISTICS = ["df", "likelihood_ratio", "pearson", *P_VALUES]


def assert_same(one, other):
    assert_allclose(
        [getattr(one, name) for name in STATISTICS],
        [getattr(other, name) for name in STATISTICS],
        rtol=EXACT,
        atol=SAME,
    )


@quick
@given(tables)
def test_tables_are_symmetric(rows):
    expected = independence_tests(rows)
    assert_same(independence_tests([row[::-1] for row in rows]), expected)
    for order in permutations(rows):
        assert_same(independence_tests(order), expected)


@quick
@given(tables, st.integers(0, 4))
def test_empty_level_is_ignored(rows, at):
    assert_same(independence_tests([*rows[:at], (0, 0), *rows[at:]]), independence_tests(rows))


@quick
@given(tables)
def test_p_values_are_probabilities(rows):
    result = independence_tests(rows)
    p_values = np.array([getattr(result, name) for name in P_VALUES])
    testable = sum(sum(row) > 0 for row in rows) > 1 and (np.sum(rows, axis=0) > 0).all()
    assert np.isnan(p_values).all() != testable
    known = p_values[~np.isnan(p_values)]
    assert ((known >= 0) & (known <= 1)).all()
    assert not result.p_mid > result.p_fisher


@quick
@given(tables, st.integers(2, 5))
def test_replicated_rows_multiply_chi_square(rows, times):
    once, replicated = independence_tests(rows), independence_tests(np.array(rows) * times)
    assert_allclose(
        [replicated.pearson, replicated.likelihood_ratio],
        [once.pearson * times, once.likelihood_ratio * times],
        rtol=EXACT,
        atol=SAME,
    )


@quick
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=6))
@example([[3, 6], [2, 4], [4, 1], [5, 5], [2, 3], [1, 4], [3, 3]])
def test_exact_tests_are_enumerations(rows):
    """In whole numbers: in how many ways there are to fill each table with these margins."""
    table = np.array([row for row in rows if sum(row)])
    assume(len(table) > 1 and (table.sum(axis=0) > 0).all())
    ways = Counter({(0, 1): 1})  # how often this many patients are taken, in so many ways
    for size in map(int, table.sum(axis=1)):
        more = Counter()
        for (taken, each), times in ways.items():
            for cell in range(size + 1):
                more[taken + cell, each * comb(size, cell)] += times
        ways = more
    observed = prod(comb(int(a + b), int(a)) for a, b in table)
    every = [(w, times) for (taken, w), times in ways.items() if taken == table[:, 0].sum()]
    total = comb(int(table.sum()), int(table[:, 0].sum()))
    assert sum(w * times for w, times in every) == total
    less = sum(w * times for w, times in every if w * 10_000_000 < observed * 9_999_999)
    up_to = sum(w * times for w, times in every if w * 10_000_000 <= observed * 10_000_001)
    result = independence_tests(rows)
    assert_allclose([result.p_fisher, result.p_mid], [up_to / total, (less + up_to) / 2 / total], rtol=EXACT)


@quick
@given(st.integers(1, 200), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_interval_is_symmetric_and_holds_the_proportion(trials, data, confidence):
    successes = data.draw(st.integers(0, trials))
    low, high = wilson_interval(successes, trials, confidence)
    assert 0 <= low <= successes / trials <= high <= 1
    mirrored = wilson_interval(trials - successes, trials, confidence)
    assert_allclose(mirrored, [1 - high, 1 - low], atol=SAME)


# --- Groups


@st.composite
def grouped_values(draw):
    k = draw(st.integers(2, 4))
    groups = np.repeat(np.arange(k), draw(st.lists(st.integers(2, 6), min_size=k, max_size=k)))
    values = np.array(draw(st.lists(integers, min_size=len(groups), max_size=len(groups))), dtype=float)
    assume(any(np.ptp(values[groups == group]) > 0 for group in range(k)))
    return values, groups


@quick
@given(grouped_values(), st.randoms(use_true_random=False))
def test_groups_see_no_order_names_or_units(sample, random):
    values, groups = sample
    order = random.sample(range(len(values)), len(values))
    expected = compare_groups(values, groups)
    result = compare_groups(3 * values[order] + 2**40, np.array(["d", "c", "b", "a"])[groups[order]])
    assert_allclose(
        [abs(result.statistic), result.p_ols, result.p_welch, result.p_rank],
        [abs(expected.statistic), expected.p_ols, expected.p_welch, expected.p_rank],
        rtol=EXACT,
        atol=SAME,
    )
    if expected.statistic_name == "t":
        assert_allclose(result.statistic, -expected.statistic, rtol=EXACT, atol=SAME)


@quick
@given(grouped_values())
def test_two_groups_are_a_regression(sample):
    values, groups = sample
    two = groups < 2
    assume(any(np.ptp(values[groups == group]) > 0 for group in (0, 1)))
    by_group, by_line = compare_groups(values[two], groups[two]), regress(groups[two], values[two])
    assert_allclose(by_group.statistic, by_line.statistic, rtol=EXACT, atol=EXACT)
    assert_allclose(by_group.p_ols, by_line.p_value, rtol=EXACT)


# --- Cut-offs and resampling

RULES = rules(sensitivity=0.9)


def direct_count(outcome, score, cutoff):
    return np.array([(score[outcome == 1] > cutoff).mean(), (score[outcome == 0] <= cutoff).mean()])


@quick
@given(outcomes_and_scores(smallest_class=1), st.sampled_from(list(RULES)))
def test_cutoffs_are_counted_and_best(sample, rule):
    outcome, score = sample[0], sample[1][:, 0]
    curve = WeightedCurve.of(outcome == 1, score, np.ones((1, len(score))))
    cutoff = RULES[rule](curve)
    found = np.concatenate(curve.at(cutoff))
    if rule == "mean_midpoint_rounded" and np.ptp(score) <= 1:  # which no whole number divides
        assert np.isnan([*cutoff, *found]).all()
        return
    assert_allclose(found, direct_count(outcome, score, cutoff[0]), atol=SAME)

    candidates = [*(np.unique(score) + 0.5), score.min() - 0.5]
    every = np.array([direct_count(outcome, score, candidate) for candidate in candidates])
    if rule == "youden":
        assert found.sum() >= every.sum(axis=1).max() - SAME
    elif rule == "closest_to_corner":
        assert np.hypot(*(1 - found)) <= np.hypot(*(1 - every).T).min() + SAME
    elif rule == "fixed_sensitivity":
        assert found[0] >= 0.9 - SAME
        assert found[1] >= every[every[:, 0] >= 0.9 - SAME, 1].max() - SAME
    else:
        middle = (score[outcome == 1].mean() + score[outcome == 0].mean()) / 2
        assert cutoff[0] == int(cutoff[0])
        assert abs(cutoff[0] - middle) <= 0.5 + SAME


@quick
@given(outcomes_and_scores(smallest_class=1), st.integers(0, 1000))
def test_weights_are_replication(sample, seed):
    """A resample as weights has the curve, means and cut-offs of its rows written out."""
    outcome, score = sample[0], sample[1][:, 0]
    (weights,) = bootstrap_weights(outcome, 1, seed)
    rows = np.repeat(np.arange(len(score)), weights[0].astype(int))
    weighted = WeightedCurve.of(outcome == 1, score, weights)
    written_out = WeightedCurve.of(outcome[rows] == 1, score[rows], np.ones((1, len(rows))))
    for choose in RULES.values():
        one, other = choose(weighted), choose(written_out)
        assert_allclose(weighted.at(one), written_out.at(other), atol=SAME)
    assert_allclose(weighted.mean_with, written_out.mean_with, rtol=SAME)
    assert_allclose(weighted.mean_without, written_out.mean_without, rtol=SAME)


@quick
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(0, 2**31), st.integers(1, 12))
def test_resamples_keep_the_strata(strata, seed, replicates):
    labels = np.array(strata)
    weights = np.concatenate(list(bootstrap_weights(labels, replicates, seed)))
    assert weights.shape == (replicates, len(labels))
    assert (weights == np.floor(weights)).all()
    for label in np.unique(labels):
        assert (weights[:, labels == label].sum(axis=1) == (labels == label).sum()).all()


@pytest.mark.parametrize("rows_in_block", [1, 3, 1000])
def test_resample_depends_on_seed_and_number_alone(monkeypatch, rows_in_block):
    strata = np.repeat([0, 1], [4, 7])
    expected = np.concatenate(list(bootstrap_weights(strata, 20, seed=5)))
    monkeypatch.setattr(resampling, "BLOCK_BYTES", rows_in_block * 8 * len(strata))
    blocks = list(bootstrap_weights(strata, 11, seed=5))
    assert len(blocks) == -(-11 // rows_in_block)
    assert np.concatenate(blocks).tobytes() == expected[:11].tobytes()
    assert np.concatenate(list(bootstrap_weights(strata, 11, seed=6))).tobytes() != expected[:11].tobytes()


def test_same_seed_same_cutoffs():
    generator = np.random.default_rng(3)
    outcome, score = np.repeat([0, 1], 20), generator.normal(size=40) + np.repeat([0, 1], 20)
    one, other = (choose_cutoffs(outcome, score, RULES, 50, seed=9) for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    intervals = one[["youden_low", "youden", "youden_high"]].to_numpy()
    assert (np.diff(intervals[:, [0, 2]], axis=1) > 0).all()
    assert not one.equals(choose_cutoffs(outcome, score, RULES, 50, seed=10))


@quick
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.sampled_from([0.5, 0.9, 0.95]))
def test_percentile_interval_is_numpys(values, confidence):
    estimates = np.column_stack([[*values, np.nan], [*values[::-1], 0.0]])
    low, high = percentile_interval(estimates, confidence)
    tail = (1 - confidence) / 2
    assert_allclose([low[0], high[0]], np.quantile(values, [tail, 1 - tail]), rtol=SAME)
    assert_allclose([low[1], high[1]], np.quantile([*values, 0.0], [tail, 1 - tail]), rtol=SAME)


# --- Agreement

FORM_NUMBERS = ["estimate", "conf_low", "conf_high"]


@st.composite
def ratings_of_subjects(draw, raters):
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(4, 20))
    values = generator.normal(3, draw(st.sampled_from([0.2, 1.0])), (n, 1)) + generator.normal(
        0, 0.4, (n, raters)
    )
    return pd.DataFrame(values, columns=list("abcd")[:raters])


def forms(ratings: pd.DataFrame) -> pd.DataFrame:
    return intraclass_correlations(ratings).set_index("form")[FORM_NUMBERS]


@slow
@given(ratings_of_subjects(raters=3), st.randoms(use_true_random=False))
def test_icc_sees_no_order(ratings, random):
    order = random.sample(range(len(ratings)), len(ratings))
    assert_allclose(forms(ratings.iloc[order, [2, 0, 1]]), forms(ratings), rtol=EXACT, atol=EXACT)


@quick
@given(st.integers(0, 10_000), st.integers(3, 8), st.integers(2, 4), st.sampled_from([0, 1, 6]))
def test_limits_of_icc_are_in_order_or_open_or_none(seed, n, raters, decimals):
    """Also of readers who have nothing to do with each other."""
    ratings = pd.DataFrame(np.random.default_rng(seed).normal(3, 1, (n, raters)).round(decimals))
    table = intraclass_correlations(ratings)
    none = table["conf_low"].isna()
    assert_array_equal(none, table["conf_high"].isna())
    assert_array_equal(none, table["conf_method"].str.startswith("none"))
    assert_array_equal(np.isneginf(table["conf_low"]), table["conf_method"].str.endswith("open"))
    limits = table.loc[~none, ["conf_low", "estimate", "conf_high"]].to_numpy()
    assert (np.diff(limits, axis=1) >= -EXACT).all()
    assert (limits[:, 1:] <= 1 + EXACT).all()
    assert np.isfinite(limits[:, 1:]).all()


@slow
@given(ratings_of_subjects(raters=3), st.sampled_from([-2.0, 0.5, 3.0]))
def test_shifted_rater_breaks_agreement_not_consistency(ratings, shift):
    level = ratings - ratings.mean() + 3  # no differences between raters to begin with
    before, after = forms(level), forms(level.assign(b=level["b"] + shift))
    assert_allclose(after.loc[["ICC3", "ICC3k"]], before.loc[["ICC3", "ICC3k"]], rtol=1e-7, atol=1e-9)
    changes = (after["estimate"] - before["estimate"])[["ICC1", "ICC2"]].abs()
    assume(abs(before.loc["ICC3", "estimate"]) > 0.01)
    assert (changes > 1e-4).all()


@quick
@given(ratings_of_subjects(raters=2))
def test_swapped_raters_mirror_the_limits(ratings):
    one = bland_altman(ratings["a"], ratings["b"]).set_index("form")[FORM_NUMBERS]
    other = bland_altman(ratings["b"], ratings["a"]).set_index("form")[FORM_NUMBERS]
    mirrored = -other.loc[["bias", "limit_high", "limit_low"], ["estimate", "conf_high", "conf_low"]]
    assert_allclose(one.loc[["bias", "limit_low", "limit_high"]], mirrored, rtol=SAME, atol=SAME)
    assert (one["conf_low"] < one["estimate"]).all()
    assert (one["estimate"] < one["conf_high"]).all()
