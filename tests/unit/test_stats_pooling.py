"""What must hold of any estimates pooled by Rubin's rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from vbq.stats.pooling import pool

SAME = 1e-9

quick = settings(max_examples=60, deadline=None)

degrees = st.one_of(st.integers(1, 1000).map(float), st.just(np.inf))
numbers = st.floats(-100, 100)


@st.composite
def imputations(draw):
    """Estimates and variances of two imputations or more."""
    pairs = st.tuples(numbers, st.floats(0.01, 100))
    return np.array(draw(st.lists(pairs, min_size=2, max_size=20))).T


@quick
@given(imputations(), degrees)
def test_bounds(imputed, df_complete):
    estimates, variances = imputed
    pooled = pool(estimates, variances, df_complete)
    assert pooled.m == len(estimates)
    assert_allclose(pooled.estimate, estimates.mean())
    assert pooled.low < pooled.estimate < pooled.high
    assert pooled.within <= pooled.std_error**2 * (1 + SAME)
    assert 0 < pooled.df <= df_complete
    assert 0 <= pooled.fraction_missing <= 1


@quick
@given(imputations())
def test_degrees_of_freedom_lie_between_those_of_the_imputations_and_those_of_the_sample(imputed):
    limit = len(imputed[0]) - 1
    large = pool(*imputed, np.inf)
    assert large.df >= limit * (1 - SAME)
    assert pool(*imputed, 30).df <= large.df


@quick
@given(numbers, st.floats(0.01, 100), st.integers(2, 20), st.floats(1, 1000), st.floats(0.5, 0.99))
def test_nothing_missing(estimate, variance, m, df_complete, confidence):
    """The observed degrees of freedom of Barnard and Rubin are those of complete data, made smaller."""
    pooled = pool([estimate] * m, [variance] * m, df_complete, confidence)
    df = (df_complete + 1) / (df_complete + 3) * df_complete
    assert_allclose(pooled.df, df)
    interval = stats.t.interval(confidence, df, estimate, np.sqrt(variance))
    assert_allclose([pooled.low, pooled.high], interval, atol=SAME)


def test_nothing_missing_in_an_unlimited_sample():
    pooled = pool([1.0, 1.0], [4.0, 4.0], np.inf)
    assert pooled.df == np.inf
    assert (pooled.between, pooled.fraction_missing) == (0, 0)
    assert_allclose([pooled.low, pooled.high], stats.norm.interval(0.95, 1, 2))


@quick
@given(imputations(), degrees, st.floats(0.1, 10), numbers)
def test_another_unit(imputed, df_complete, scale, shift):
    estimates, variances = imputed
    pooled = pool(estimates, variances, df_complete)
    changed = pool(estimates * scale + shift, variances * scale**2, df_complete)
    assert_allclose(1 / changed.df, 1 / pooled.df, rtol=1e-6, atol=SAME)
    assert_allclose(changed.std_error, pooled.std_error * scale, rtol=SAME)
    assert_allclose(changed.estimate, pooled.estimate * scale + shift, atol=SAME)
    assert_allclose(changed.fraction_missing, pooled.fraction_missing, rtol=1e-6, atol=SAME)


@quick
@given(imputations(), degrees, st.floats(1.1, 10))
def test_imputations_that_differ_more_tell_less(imputed, df_complete, times):
    estimates, variances = imputed
    pooled = pool(estimates, variances, df_complete)
    spread = pool(pooled.estimate + times * (estimates - pooled.estimate), variances, df_complete)
    assert spread.std_error >= pooled.std_error * (1 - SAME)
    assert spread.fraction_missing >= pooled.fraction_missing - SAME


@pytest.mark.parametrize(
    ("estimates", "variances"),
    [
        ([1.0, np.inf, 2.0], [1.0, 1.0, 1.0]),
        ([1.0, np.nan, 2.0], [1.0, 1.0, 1.0]),
        ([1.0, 1.5, 2.0], [1.0, np.nan, 1.0]),
        ([1.0, 1.5, 2.0], [1.0, 0.0, 1.0]),
    ],
)
def test_an_imputation_without_an_estimate(estimates, variances):
    pooled = vars(pool(estimates, variances, 10))
    assert pooled.pop("m") == 3
    assert np.isnan(list(pooled.values())).all()


def test_refuses():
    with pytest.raises(ValueError, match="at least two imputations"):
        pool([1.0], [1.0], 10)
    with pytest.raises(ValueError, match="must be positive, not 0"):
        pool([1.0, 2.0], [1.0, 1.0], 0)
