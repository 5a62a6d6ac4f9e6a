"""What must hold of any calibration: recalibrated, shifted, relabeled, replicated, and at the edges."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import interpolate, optimize, special, stats

from vbq.stats import grouping
from vbq.stats.calibration import (
    brier_intervals,
    brier_score,
    calibration_curve,
    curve_knots,
    observed_expected,
    pattern_calibration,
    reestimated_intercept,
    spline_basis,
    weak_calibration,
)
from vbq.stats.grouping import patterns_of, resampled_counts
from vbq.stats.logistic import is_separated
from vbq.stats.proportions import clopper_pearson_interval, ratio_of_proportions, wilson_interval
from vbq.stats.roc import newcombe_interval

pytestmark = pytest.mark.filterwarnings("error")

SAME = 1e-12  # the same sums in another order
ROOT = 1e-9  # roots and probabilities
FITTED = 1e-6  # iterative fits

quick = settings(max_examples=40, deadline=None)
slow = settings(max_examples=15, deadline=None)  # several fits in each example

confidences = st.sampled_from([0.8, 0.95, 0.99])


@st.composite
def samples(draw, overlapping=True):
    """Outcomes with both classes and the linear predictor of a rule that may be off."""
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(20, 60))
    lp = generator.normal(draw(st.sampled_from([-2.0, 0.0, 1.5])), draw(st.sampled_from([0.4, 1.0, 3.0])), n)
    if draw(st.booleans()):
        lp = np.round(lp)
    slope = draw(st.sampled_from([-0.5, 0.3, 1.0]))
    y = (generator.random(n) < special.expit(draw(st.sampled_from([-1.0, 0.0])) + slope * lp)).astype(float)
    assume(0 < y.sum() < n and np.ptp(lp) > 0)
    if overlapping:
        assume(not is_separated(np.column_stack([np.ones(n), lp]), y))
    return y, lp


def log_likelihood(y, eta):
    return float(-np.logaddexp(0, np.where(y == 1, -eta, eta)).sum())


def intercept_for(slope, y, lp):
    """The intercept of highest likelihood: the mean risk is the observed proportion."""
    bound = np.abs(slope * lp).max() + 40
    return optimize.brentq(
        lambda a: (special.expit(a + slope * lp) - y).sum(), -bound, bound, xtol=1e-13, rtol=1e-15
    )


def numbers(coefficient):
    return [
        coefficient.estimate,
        coefficient.std_error,
        coefficient.low,
        coefficient.high,
        coefficient.statistic,
        coefficient.p_value,
    ]


# --- Intercept and slope


@quick
@given(samples())
def test_recalibrated_risks_are_calibrated(sample):
    y, lp = sample
    off = weak_calibration(y, lp)
    assume(abs(off.slope.estimate) > 0.02)
    recalibrated = off.intercept_beside_slope + off.slope.estimate * lp
    found = weak_calibration(y, recalibrated)
    assert_allclose(
        [found.in_the_large.estimate, found.slope.estimate, found.intercept_beside_slope],
        [0, 1, 0],
        atol=FITTED,
    )
    assert_allclose([found.in_the_large.p_value, found.slope.p_value, found.p_value], 1, atol=1e-4)
    assert_allclose(observed_expected(y, special.expit(recalibrated)).ratio, 1, rtol=FITTED)


@quick
@given(samples())
def test_intercept_makes_the_mean_risk_the_observed_proportion(sample):
    y, lp = sample
    found = reestimated_intercept(y, lp)
    assert_allclose(found, intercept_for(1, y, lp), rtol=FITTED, atol=FITTED)
    assert found == weak_calibration(y, lp, intervals=False).in_the_large.estimate


@slow
@given(samples(), st.sampled_from([-7.0, -0.3, 2.0, 5.0]))
def test_added_constant_changes_calibration_in_the_large_alone(sample, constant):
    y, lp = sample
    one, other = weak_calibration(y, lp), weak_calibration(y, lp + constant)
    shifted = np.array(numbers(one.in_the_large))[[0, 2, 3]] - constant
    assert_allclose(np.array(numbers(other.in_the_large))[[0, 2, 3]], shifted, rtol=FITTED, atol=FITTED)
    assert_allclose(other.in_the_large.std_error, one.in_the_large.std_error, rtol=FITTED)
    assert_allclose(numbers(other.slope), numbers(one.slope), rtol=FITTED, atol=FITTED)
    assert_allclose(
        other.intercept_beside_slope,
        one.intercept_beside_slope - one.slope.estimate * constant,
        rtol=FITTED,
        atol=FITTED,
    )


@slow
@given(samples(), st.sampled_from([-2.0, 0.1, 0.5, 4.0]))
def test_multiplied_linear_predictor_divides_the_slope(sample, factor):
    y, lp = sample
    one, other = weak_calibration(y, lp), weak_calibration(y, factor * lp)
    assert_allclose(other.slope.estimate * factor, one.slope.estimate, rtol=FITTED, atol=FITTED)
    assert_allclose(other.slope.std_error * abs(factor), one.slope.std_error, rtol=FITTED)
    assert_allclose(
        np.sort(np.multiply([other.slope.low, other.slope.high], factor)),
        [one.slope.low, one.slope.high],
        rtol=FITTED,
        atol=FITTED,
    )
    assert_allclose(other.intercept_beside_slope, one.intercept_beside_slope, rtol=FITTED, atol=FITTED)


@slow
@given(samples(overlapping=False))
def test_relabeled_outcomes(sample):
    y, lp = sample
    one, other = weak_calibration(y, lp), weak_calibration(1 - y, -lp)
    low, high = -one.in_the_large.high, -one.in_the_large.low
    mirrored = [-one.in_the_large.estimate, one.in_the_large.std_error, low, high]
    assert_allclose(numbers(other.in_the_large)[:4], mirrored, rtol=FITTED, atol=FITTED)
    assert_allclose(numbers(other.slope), numbers(one.slope), rtol=FITTED, atol=FITTED)
    assert other.penalized == one.penalized


@quick
@given(samples(), confidences)
def test_limits_lie_where_the_deviance_has_risen_by_the_quantile(sample, confidence):
    y, lp = sample
    found = weak_calibration(y, lp, confidence)
    quantile = stats.chi2.ppf(confidence, 1)

    def rise(eta, best):
        return 2 * (log_likelihood(y, best) - log_likelihood(y, eta))

    at_slope_one, slope = found.in_the_large, found.slope
    best = intercept_for(1, y, lp) + lp
    for limit in (at_slope_one.low, at_slope_one.high):
        assert_allclose(rise(limit + lp, best), quantile, rtol=FITTED)
    best = found.intercept_beside_slope + slope.estimate * lp
    for limit in (slope.low, slope.high):
        assert_allclose(rise(intercept_for(limit, y, lp) + limit * lp, best), quantile, rtol=FITTED)
    assert at_slope_one.low < at_slope_one.estimate < at_slope_one.high
    assert slope.low < slope.estimate < slope.high


@quick
@given(samples())
def test_tests_are_likelihood_ratios(sample):
    """The test of both adds up the other two; an interval holds the ideal exactly where p > .05."""
    y, lp = sample
    found = weak_calibration(y, lp)
    at_slope_one, slope = found.in_the_large, found.slope
    lost = log_likelihood(y, intercept_for(1, y, lp) + lp) - log_likelihood(y, lp)
    assert_allclose(at_slope_one.statistic, 2 * lost, rtol=FITTED, atol=FITTED)
    assert_allclose(found.statistic, at_slope_one.statistic + slope.statistic, rtol=FITTED, atol=FITTED)
    assert_allclose(found.p_value, stats.chi2.sf(found.statistic, 2), rtol=ROOT)
    for coefficient, ideal in ((at_slope_one, 0), (slope, 1)):
        assert_allclose(coefficient.p_value, stats.chi2.sf(coefficient.statistic, 1), rtol=ROOT)
        assert (coefficient.low < ideal < coefficient.high) == (coefficient.p_value > 0.05)


@quick
@given(samples(overlapping=False))
def test_without_intervals_the_estimates_are_the_same(sample):
    y, lp = sample
    with_intervals, without = weak_calibration(y, lp), weak_calibration(y, lp, intervals=False)
    for one, other in (
        (with_intervals.in_the_large, without.in_the_large),
        (with_intervals.slope, without.slope),
    ):
        assert numbers(other)[:2] == numbers(one)[:2]
        assert np.isnan(numbers(other)[2:]).all()
    assert without.intercept_beside_slope == with_intervals.intercept_beside_slope
    assert np.isnan([without.statistic, without.p_value]).all()


@quick
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=3, max_size=10))
def test_separated_outcomes_are_penalized_and_finite(patients):
    y, lp = np.array(patients, dtype=float).T
    assume(0 < y.sum() < len(y) and np.ptp(lp) > 0)
    found = weak_calibration(y, lp)
    assert found.penalized == is_separated(np.column_stack([np.ones(len(y)), lp]), y)
    assert np.isfinite([*numbers(found.in_the_large), *numbers(found.slope)]).all()
    assert found.slope.low < found.slope.estimate < found.slope.high


@quick
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=12), st.sampled_from([0.0, 1.0]))
def test_one_outcome_cannot_be_recalibrated(values, outcome):
    lp = np.array(values)
    y = np.full(len(lp), outcome)
    assert weak_calibration(y, lp) is None
    assert calibration_curve(y, lp, replicates=3, seed=1) is None
    assert np.isnan(reestimated_intercept(y, lp))
    score = brier_score(y, special.expit(lp))
    assert np.isfinite([score.score, score.std_error]).all()
    assert np.isnan([score.scaled, score.scaled_std_error]).all()
    interval, scaled = brier_intervals(y, special.expit(lp), replicates=3, seed=1)
    assert 0 <= interval[0] <= interval[1] <= 1
    assert np.isnan(scaled).all()
    ratio = observed_expected(y, special.expit(lp))
    assert 0 <= ratio.low <= ratio.ratio <= ratio.high < np.inf


@quick
@given(st.floats(-6, 6), st.integers(1, 9), st.integers(1, 9))
def test_constant_linear_predictor_has_no_slope(value, with_event, without):
    y, lp = np.repeat([1.0, 0.0], [with_event, without]), np.full(with_event + without, value)
    found = weak_calibration(y, lp)
    assert_allclose(found.in_the_large.estimate, special.logit(y.mean()) - value, rtol=ROOT, atol=ROOT)
    assert found.in_the_large.low < found.in_the_large.estimate < found.in_the_large.high
    assert np.isnan([*numbers(found.slope), found.intercept_beside_slope, found.p_value]).all()
    assert calibration_curve(y, lp, replicates=3, seed=1) is None


@quick
@given(st.tuples(st.floats(-8, 8), st.floats(-8, 8)), st.tuples(st.integers(0, 1), st.integers(0, 1)))
def test_two_patients(values, outcomes):
    y, lp = np.array(outcomes, dtype=float), np.array(values)
    assume(np.ptp(lp) == 0 or np.ptp(lp) > 0.1)
    found = weak_calibration(y, lp)
    assert (found is None) == (y[0] == y[1])
    if found is not None:
        assert found.penalized == (lp[0] != lp[1])
        assert np.isfinite(numbers(found.in_the_large)).all()
        assert np.isfinite(numbers(found.slope)).all() == (lp[0] != lp[1])
    assert calibration_curve(y, lp, replicates=3, seed=1) is None
    assert 0 <= brier_score(y, special.expit(lp)).score <= 1
    assert observed_expected(y, special.expit(lp)).high > 0


# --- Observed and expected


@quick
@given(samples(overlapping=False), st.randoms(use_true_random=False), st.integers(2, 5))
def test_observed_over_expected(sample, random, times):
    y, lp = sample
    risk, order = special.expit(lp), random.sample(range(len(y)), len(y))
    found = observed_expected(y, risk)
    assert_allclose(found.ratio, y.sum() / risk.sum(), rtol=SAME)
    assert found.low < found.ratio < found.high
    assert_allclose(found.low * found.high, found.ratio**2, rtol=SAME)
    reordered, halved = observed_expected(y[order], risk[order]), observed_expected(y, risk / 2)
    assert_allclose([reordered.low, reordered.high], [found.low, found.high], rtol=SAME)
    assert_allclose([halved.low / 2, halved.high / 2], [found.low, found.high], rtol=SAME)
    replicated = observed_expected(np.tile(y, times), np.tile(risk, times))
    assert_allclose(replicated.log_std_error, found.log_std_error / np.sqrt(times), rtol=SAME)


def test_perfect_risks_are_expected_as_observed():
    found = observed_expected([0, 1, 1, 0, 0], [0, 1, 1, 0, 0])
    assert (found.ratio, found.log_std_error, found.low, found.high) == (1, 0, 1, 1)


@quick
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30))
def test_observed_over_expected_without_events(risks):
    found = observed_expected(np.zeros(len(risks)), risks)
    assert (found.ratio, found.low) == (0, 0)
    assert np.isnan(found.log_std_error)
    assert_allclose(found.high, wilson_interval(0, len(risks))[1] / np.mean(risks), rtol=SAME)
    assert "Wilson" in found.conf_method


# --- Patterns, exact intervals, ratios


@quick
@given(st.integers(1, 60), st.data(), confidences)
def test_exact_interval_has_half_the_error_on_each_side(trials, data, confidence):
    successes = data.draw(st.integers(0, trials))
    low, high = clopper_pearson_interval(successes, trials, confidence)
    tail = (1 - confidence) / 2
    assert 0 <= low <= successes / trials <= high <= 1
    if successes:
        assert_allclose(stats.binom.sf(successes - 1, trials, low), tail, rtol=ROOT)
    if successes < trials:
        assert_allclose(stats.binom.cdf(successes, trials, high), tail, rtol=ROOT)


@quick
@given(st.integers(1, 40), st.data(), st.floats(0.01, 0.99))
def test_exact_test_adds_up_what_is_as_unlikely(trials, data, risk):
    events = data.draw(st.integers(0, trials))
    y = np.repeat([1.0, 0.0], [events, trials - events])
    found = pattern_calibration(y, risk)
    every = stats.binom.pmf(np.arange(trials + 1), trials, risk)
    expected = every[every <= every[events] * (1 + 1e-7)].sum()
    assert_allclose(found.p_value, min(expected, 1), rtol=ROOT)
    assert (found.n, found.n_events, found.observed) == (trials, events, events / trials)


def test_pattern_without_patients_or_risk():
    empty = pattern_calibration([], 0.3)
    assert (empty.n, empty.n_events) == (0, 0)
    assert np.isnan([empty.observed, empty.low, empty.high, empty.p_value]).all()
    for risk in (None, float("nan")):
        found = pattern_calibration([1, 0, 0], risk)
        assert np.isnan(found.p_value)
        assert (found.low, found.high) == clopper_pearson_interval(1, 3)


@quick
@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_ratio_of_proportions_turned_round(m, n, data):
    a, b = data.draw(st.integers(1, m)), data.draw(st.integers(1, n))
    ratio, low, high, error = ratio_of_proportions((a, m), (b, n))
    assert_allclose(ratio, a * n / (b * m), rtol=SAME)
    if a == m and b == n:
        assert np.isnan([low, high, error]).all()  # 1 to 1 for certain would be too good to be true
        return
    assert low <= ratio <= high
    inverse = ratio_of_proportions((b, n), (a, m))
    assert_allclose(inverse, [1 / ratio, 1 / high, 1 / low, error], rtol=SAME)


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [((0, 4), (2, 5), 0.0), ((2, 5), (0, 4), np.inf), ((0, 4), (0, 5), np.nan), ((0, 0), (2, 5), np.nan)],
)
def test_ratio_of_proportions_without_interval(first, second, ratio):
    found = ratio_of_proportions(first, second)
    assert_allclose(found[0], ratio)
    assert np.isnan(found[1:]).all()


@quick
@given(st.integers(1, 40), st.integers(1, 40), st.data(), confidences)
def test_newcombes_interval(m, n, data, confidence):
    auc = data.draw(st.integers(0, 2 * m * n)) / (2 * m * n)
    low, high = newcombe_interval(auc, m, n, confidence)
    assert 0 <= low <= auc <= high <= 1
    assert (low == 0) == (auc == 0)
    assert (high == 1) == (auc == 1)
    assert high - low > 0.01
    mirrored = newcombe_interval(1 - auc, n, m, confidence)
    assert_allclose(mirrored, [1 - high, 1 - low], atol=ROOT)
    more_low, more_high = newcombe_interval(auc, 4 * m, 4 * n, confidence)
    assert low <= more_low
    assert more_high <= high
    assert more_high - more_low < high - low


# --- Splines and the curve


@quick
@given(
    st.lists(st.integers(-20, 20), min_size=3, max_size=5, unique=True),
    st.sampled_from([0.1, 3.0]),
    st.sampled_from([-5.0, 2.0]),
)
def test_spline_is_the_natural_cubic_through_its_knots(places, factor, shift):
    knots = np.sort(places) / 4
    inside, step = np.linspace(knots[0], knots[-1], 23), np.arange(4) / 8
    basis = spline_basis(inside, knots)
    assert basis.shape == (23, len(knots) - 1)
    assert np.linalg.matrix_rank(basis - basis.mean(axis=0)) == len(knots) - 1
    assert_allclose(basis[:, 0], inside)
    natural = interpolate.CubicSpline(knots, spline_basis(knots, knots), bc_type="natural")
    assert_allclose(basis, natural(inside), atol=ROOT)
    for beyond in (knots[0] - step, knots[-1] + step):
        assert_allclose(np.diff(spline_basis(beyond, knots), n=2, axis=0), 0, atol=ROOT)
    rescaled = spline_basis(factor * inside + shift, factor * knots + shift)
    assert_allclose(rescaled[:, 1:], factor * basis[:, 1:], atol=ROOT)


@pytest.mark.parametrize(
    ("with_event", "without", "quantiles"),
    [
        (5, 300, [0.1, 0.5, 0.9]),
        (99, 150, [0.1, 0.5, 0.9]),
        (150, 99, [0.1, 0.5, 0.9]),
        (100, 100, [0.05, 0.35, 0.65, 0.95]),
        (300, 110, [0.05, 0.35, 0.65, 0.95]),
    ],
)
def test_four_knots_from_a_hundred_of_the_rarer_outcome_on(with_event, without, quantiles):
    y = np.repeat([1.0, 0.0], [with_event, without])
    lp = np.random.default_rng(with_event).normal(size=len(y))
    assert_allclose(curve_knots(y, lp), np.quantile(lp, quantiles), rtol=SAME)


@pytest.mark.parametrize("lp", [[1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 1, 1, 1]])
def test_few_values_have_no_curve(lp):
    y = np.resize([0.0, 1.0], len(lp))
    assert curve_knots(y, lp) is None
    assert calibration_curve(y, lp, replicates=3, seed=1) is None


@st.composite
def calibrated(draw):
    """Patients in groups of one risk each, in which as many have the event as expected."""
    tenths = draw(st.lists(st.integers(1, 9), min_size=5, max_size=9, unique=True))
    tens = draw(st.integers(1, 3))
    risk = np.repeat(np.array(tenths) / 10, 10 * tens)
    y = np.concatenate([np.repeat([1.0, 0.0], [k * tens, (10 - k) * tens]) for k in tenths])
    return y, special.logit(risk)


@slow
@given(calibrated())
def test_curve_of_calibrated_risks_is_the_diagonal(sample):
    y, lp = sample
    assume(curve_knots(y, lp) is not None)
    found = calibration_curve(y, lp, replicates=3, seed=1)
    assert_allclose(found.observed, found.risk, rtol=ROOT)
    assert_allclose([found.distances[name][0] for name in ("ici", "e50", "e90")], 0, atol=ROOT)


def test_curve_of_risks_of_nearly_0_and_1():
    lp = np.linspace(-60, 60, 61)
    y = (np.random.default_rng(1).random(61) < special.expit(lp / 10)).astype(float)
    found = calibration_curve(y, lp, replicates=20, seed=1)
    assert np.isfinite([found.observed, found.low, found.high]).all()


@pytest.mark.parametrize("events", [[20], [18, 19, 20, 21]])
def test_outcomes_that_the_spline_separates_have_no_curve(events):
    """A bend in the middle is enough to give these events, and nobody else, a risk of 1."""
    y, lp = np.zeros(40), np.linspace(-4, 0, 40)
    y[events] = 1
    assert not is_separated(np.column_stack([np.ones(40), lp]), y)
    assert is_separated(np.column_stack([np.ones(40), spline_basis(lp, curve_knots(y, lp))]), y)
    assert calibration_curve(y, lp, replicates=20, seed=1) is None


def test_linear_predictor_that_is_constant_but_for_the_last_bits():
    y, lp = np.resize([0.0, 1.0, 0.0], 12), 0.3 + np.resize([0, 1e-16, 0, 0, 1e-16], 12)
    assert 0 < np.ptp(lp) < 1e-15
    assert np.isnan(weak_calibration(y, lp).slope.estimate)
    assert calibration_curve(y, lp, replicates=20, seed=1) is None


def patients(n=80, seed=4):
    generator = np.random.default_rng(seed)
    lp = generator.normal(-0.5, 1.2, n)
    return (generator.random(n) < special.expit(0.3 + 0.7 * lp)).astype(float), lp


@slow
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_curve(seed, random):
    y, lp = patients(seed=seed)
    found = calibration_curve(y, lp, replicates=30, seed=1)
    assert_allclose(found.risk[[0, -1]], special.expit(np.quantile(lp, [0.01, 0.99])), rtol=SAME)
    assert (np.diff(found.risk) > 0).all()
    assert ((found.low < found.observed) & (found.observed < found.high)).all()
    assert ((found.low > 0) & (found.high < 1)).all()
    narrower = calibration_curve(y, lp, replicates=2, seed=1, confidence=0.5)
    assert_allclose(narrower.observed, found.observed, rtol=SAME)
    assert ((narrower.low > found.low) & (narrower.high < found.high)).all()
    order = random.sample(range(len(y)), len(y))
    reordered = calibration_curve(y[order], lp[order], replicates=2, seed=1)
    assert_allclose(reordered.low, found.low, rtol=FITTED)
    for name, (estimate, low, high, log_std_error) in found.distances.items():
        assert_allclose(reordered.distances[name][0], estimate, rtol=FITTED)
        assert 0 <= low < high <= 1
        assert log_std_error > 0
    assert found.distances["e50"][0] < found.distances["e90"][0]


def test_resamples_with_one_outcome_are_left_out():
    y, lp = np.zeros(30), np.linspace(-3, 1, 30)
    y[[20, 28]] = 1
    found = calibration_curve(y, lp, replicates=60, seed=2)
    events = [counts.sum(axis=1) for counts, _ in resampled_counts(patterns_of(lp, y), 60, seed=2)]
    assert found.replicates == (np.concatenate(events) > 0).sum() < 60


# --- Brier score


@quick
@given(samples(overlapping=False), st.integers(2, 5))
def test_brier_score(sample, times):
    y, lp = sample
    risk = special.expit(lp)
    found = brier_score(y, risk)
    assert 0 < found.score < 1
    assert found.scaled < 1
    relabeled, replicated = brier_score(1 - y, 1 - risk), brier_score(np.tile(y, times), np.tile(risk, times))
    fields = ["score", "std_error", "scaled", "scaled_std_error"]
    assert_allclose(
        [getattr(relabeled, name) for name in fields], [getattr(found, name) for name in fields], rtol=ROOT
    )
    assert_allclose([replicated.score, replicated.scaled], [found.score, found.scaled], rtol=ROOT)
    assert_allclose(
        [replicated.std_error, replicated.scaled_std_error],
        np.array([found.std_error, found.scaled_std_error]) / np.sqrt(times),
        rtol=ROOT,
    )
    mean = np.full(len(y), y.mean())
    assert_allclose([brier_score(y, mean).scaled, brier_score(y, y).scaled], [0, 1], atol=SAME)


@slow
@given(samples(overlapping=False))
def test_brier_intervals_hold_the_score(sample):
    y, lp = sample
    risk = special.expit(lp)
    found = brier_score(y, risk)
    assume(found.std_error > 1e-3)
    wide = brier_intervals(y, risk, replicates=400, seed=1, confidence=0.99)
    narrow = brier_intervals(y, risk, replicates=400, seed=1, confidence=0.5)
    assert wide[0][0] < found.score < wide[0][1]
    for (low, high), (inner_low, inner_high) in zip(wide, narrow, strict=True):
        assert low < inner_low < inner_high < high


# --- Resampling


def test_same_seed_same_intervals():
    y, lp = patients()
    risk = special.expit(lp)
    first, again, other = (calibration_curve(y, lp, 40, seed).distances for seed in (3, 3, 4))
    assert first == again
    assert all(first[name][0] == other[name][0] and first[name][1:] != other[name][1:] for name in first)
    assert (
        brier_intervals(y, risk, 40, 3) == brier_intervals(y, risk, 40, 3) != brier_intervals(y, risk, 40, 4)
    )


@pytest.mark.parametrize("rows_in_block", [1, 3])
def test_block_size_does_not_matter(monkeypatch, rows_in_block):
    y, lp = patients()
    curve, scores = calibration_curve(y, lp, 20, 5), brier_intervals(y, special.expit(lp), 20, 5)
    patterns = patterns_of(lp, y)
    monkeypatch.setattr(grouping, "BLOCK_BYTES", rows_in_block * 16 * len(patterns.rows))
    assert len(list(resampled_counts(patterns, 20, 5))) == -(-20 // rows_in_block)
    again = calibration_curve(y, lp, 20, 5)
    assert again.replicates == curve.replicates == 20
    assert_allclose(list(again.distances.values()), list(curve.distances.values()), rtol=ROOT)
    assert_allclose(brier_intervals(y, special.expit(lp), 20, 5), scores, rtol=SAME)
