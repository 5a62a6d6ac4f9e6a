"""Widths and sizes of an external validation: each undoes the other, and neither promises the impossible."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from vbq.stats import precision
from vbq.stats.precision import (
    auc_size,
    auc_width,
    calibration_slope_size,
    calibration_slope_width,
    net_benefit_size,
    net_benefit_width,
    observed_expected_size,
    observed_expected_width,
    sensitivity_size,
    sensitivity_width,
    specificity_size,
    specificity_width,
)
from vbq.stats.proportions import wilson_interval

SAME = 1e-11  # more than the slack a size has for rounding

quick = settings(max_examples=60, deadline=None)

prevalences = st.floats(0.01, 0.99)
shares = st.floats(0.01, 0.99)
linear_predictors = st.lists(st.integers(-50, 50), min_size=2, max_size=20, unique=True).map(
    lambda tenths: np.array(tenths) / 10
)
sizes = st.integers(1, 100_000)

# Measures whose size is the inverse of their width, with what is anticipated of each.
INVERTED = {
    "observed_expected": st.tuples(prevalences),
    "auc": st.tuples(st.floats(0.51, 0.99), prevalences),
    "calibration_slope": st.tuples(linear_predictors),
    "net_benefit": st.tuples(shares, shares, prevalences, st.floats(0.01, 0.99)),
}


def of(measure):
    return getattr(precision, f"{measure}_width"), getattr(precision, f"{measure}_size")


@pytest.mark.parametrize("measure", INVERTED)
@quick
@given(st.data(), sizes, sizes)
def test_width_falls_as_n_grows(measure, data, one, other):
    assume(one != other)
    width, _ = of(measure)
    anticipated = data.draw(INVERTED[measure])
    assert width(max(one, other), *anticipated) < width(min(one, other), *anticipated)


@pytest.mark.parametrize("measure", INVERTED)
@quick
@given(st.data(), st.floats(0.001, 3), st.sampled_from([0.8, 0.95, 0.999]))
def test_size_is_the_smallest(measure, data, target, confidence):
    width, size = of(measure)
    anticipated = data.draw(INVERTED[measure])
    n = size(target, *anticipated, confidence)
    assert width(n, *anticipated, confidence) <= target * (1 + SAME)
    assert n == 1 or width(n - 1, *anticipated, confidence) > target


@pytest.mark.parametrize("measure", INVERTED)
@quick
@given(st.data(), sizes)
def test_size_for_the_width_at_n_is_n(measure, data, n):
    width, size = of(measure)
    anticipated = data.draw(INVERTED[measure])
    assert size(width(n, *anticipated), *anticipated) == n


@quick
@given(shares, st.integers(1, 10_000), st.integers(1, 10_000))
def test_width_of_a_share_falls_as_the_class_grows(share, one, other):
    assume(one != other)
    few, many = sorted([one, other])
    assert sensitivity_width(2 * many, share, 0.5) < sensitivity_width(2 * few, share, 0.5) < 1
    assert specificity_width(2 * few, share, 0.5) == sensitivity_width(2 * few, share, 0.5)


@quick
@given(st.integers(1, 500), st.integers(0, 500))
def test_width_of_a_share_is_that_of_wilsons_interval(trials, successes):
    assume(successes <= trials)
    low, high = wilson_interval(successes, trials)
    assert_allclose(sensitivity_width(4 * trials, successes / trials, 0.25), high - low, rtol=1e-9)
    assert_allclose(specificity_width(4 * trials, successes / trials, 0.75), high - low, rtol=1e-9)


@quick
@given(shares, prevalences, st.floats(0.001, 0.05))
def test_size_for_a_share_nearly_gives_wilsons_width(share, prevalence, target):
    n = sensitivity_size(target, share, prevalence)
    assume(n * prevalence * min(share, 1 - share) > 100)
    assert_allclose(sensitivity_width(n, share, prevalence), target, rtol=0.03)
    assert specificity_size(target, share, 1 - prevalence) == pytest.approx(n, abs=1)


@quick
@given(linear_predictors, st.integers(2, 5))
def test_slope_depends_on_the_distribution_only(predictor, times):
    once = calibration_slope_width(100, predictor)
    assert_allclose(calibration_slope_width(100, np.tile(predictor[::-1], times)), once, rtol=SAME)
    assert_allclose(calibration_slope_width(100, -predictor), once, rtol=SAME)


@pytest.mark.parametrize("n", [0, 100])
@pytest.mark.parametrize("prevalence", [0, 0.4, 1])
def test_no_width_without_patients_of_both_classes(n, prevalence):
    expected = [n > 0 and 0 < prevalence < 1] * 5
    widths = [
        observed_expected_width(n, prevalence),
        auc_width(n, 0.8, prevalence),
        sensitivity_width(n, 0.8, prevalence),
        specificity_width(n, 0.8, prevalence),
        net_benefit_width(n, 0.8, 0.7, prevalence, 0.5),
    ]
    assert np.isfinite(widths).tolist() == expected


@pytest.mark.parametrize(("prevalence", "width"), [(0, 0.1), (1, 0.1), (0.4, 0), (0.4, -0.1)])
def test_no_size_without_both_classes_or_for_no_width(prevalence, width):
    sizes = [
        observed_expected_size(width, prevalence),
        auc_size(width, 0.8, prevalence),
        sensitivity_size(width, 0.8, prevalence),
        specificity_size(width, 0.8, prevalence),
        net_benefit_size(width, 0.8, 0.7, prevalence, 0.5),
    ]
    assert sizes == [None] * 5


@pytest.mark.parametrize("auc", [0.3, 0.5, 1.0, 1.2])
def test_auc_out_of_range(auc):
    assert np.isnan(auc_width(100, auc, 0.4))
    assert auc_size(0.1, auc, 0.4) is None


@pytest.mark.parametrize("predictor", [[], [0.3], [0.1 + 0.2] * 7])
def test_no_slope_without_two_linear_predictors(predictor):
    assert np.isnan(calibration_slope_width(100, predictor))
    assert calibration_slope_size(0.2, predictor) is None


@pytest.mark.parametrize(
    "anticipated",
    [(1, 1, 0.4, 0.5), (0, 1, 0.4, 0.5), (0.8, 0.7, 0.4, 0), (0.8, 0.7, 0.4, 1), (1.1, 0.7, 0.4, 0.5)],
)
def test_no_net_benefit_without_a_standard_error(anticipated):
    assert np.isnan(net_benefit_width(100, *anticipated))
    assert net_benefit_size(0.2, *anticipated) is None


def test_perfect_sensitivity_has_wilsons_width_and_no_size():
    assert 0 < sensitivity_width(100, 1, 0.4) < 1
    assert sensitivity_size(0.1, 1, 0.4) is None
    assert np.isnan(sensitivity_width(100, 1.1, 0.4))


def test_events_that_round_to_none():
    assert np.isnan(sensitivity_width(20, 0.8, 0.01))
    assert specificity_width(20, 0.8, 0.01) < 1
