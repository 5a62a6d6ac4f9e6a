"""What must hold of any true numbers and their printed, rounded forms."""

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from vbq.stats.contingency import (
    CONVENTIONS,
    conventional_p_value,
    conventional_p_values,
    smallest_expected,
)
from vbq.stats.rounded import (
    Printed,
    Range,
    attainable_counts,
    attainable_means,
    attainable_sizes,
    decimals,
    fewest_missing,
    interval_on,
    largest_pooled_sd,
    nearest_means,
    normal_auc,
    normal_sensitivity,
    p_from_summaries,
    pooled_sd,
    rounds_twice_to,
    sd_from_share,
    size_of_part,
    smallest_pooled_sd,
)

SAME = 1e-9
SMALL_SD = 1e-6  # in steps: the root of a share that differs from 0 by rounding

quick = settings(max_examples=40, deadline=None)

places = st.integers(0, 4)
steps = st.sampled_from([10, 1, 0.5, 0.1])


def as_printed(number: float, places: int, scale: float = 1) -> Printed:
    return Printed.parse(f"{number * scale:.{places}f}", scale=scale)


def exactly(number: float) -> Printed:
    return Printed(number, number, number, 0.0)


@st.composite
def two_groups(draw, smallest=2, largest=12):
    """A step, and two groups of its multiples from 0 to 12 steps."""
    step = draw(steps)
    groups = [
        draw(st.lists(st.integers(0, 12), min_size=smallest, max_size=largest)),
        draw(st.lists(st.integers(0, 12), min_size=smallest, max_size=largest)),
    ]
    return step, [np.array(group) * step for group in groups]


def pooled_sd_of(groups) -> float:
    squares = sum(((group - group.mean()) ** 2).sum() for group in groups)
    return float(np.sqrt(squares / (sum(map(len, groups)) - 2)))


def p_of(groups, equal_var=True) -> float:
    described = [number for group in groups for number in (group.mean(), group.std(ddof=1), len(group))]
    return float(stats.ttest_ind_from_stats(*described, equal_var=equal_var).pvalue)


# --- Printed numbers


@quick
@given(st.floats(-1e4, 1e4), places, st.sampled_from([1, 100]))
def test_true_number_is_allowed(number, places, scale):
    printed = as_printed(number, places, scale)
    assert printed.allows(number)
    assert printed.low < printed.value < printed.high


@quick
@given(st.integers(-1000, 1000), places)
def test_half_a_unit_is_the_limit_and_belongs_to_both(units, places):
    unit = 10.0**-places
    printed, neighbor = (as_printed(k * unit, places) for k in (units, units + 1))
    tie = (units + 0.5) * unit
    assert printed.allows(tie)
    assert neighbor.allows(tie)
    assert not printed.allows(tie + unit / 1000)
    assert not neighbor.allows(tie - unit / 1000)


@pytest.mark.parametrize(("digits", "expected"), [("12", 0), ("12.", 0), (".480", 3), ("-0.50", 2)])
def test_decimals_are_those_printed(digits, expected):
    assert decimals(digits) == expected
    assert Printed.parse(digits).half_unit == 0.5 * 10.0**-expected


def test_bounds_are_strict():
    bound = Printed.parse("0.05", "<")
    assert bound.allows(0.05 - 1e-9)
    assert not bound.allows(math.nextafter(0.05, 0))
    assert not bound.allows(0.05)
    assert bound.meets(0.0499, 1)
    assert not bound.meets(0.05, 1)
    assert Printed.parse("5", "<", scale=100).value == 0.05


@quick
@given(*[st.integers(-9, 9)] * 4)
def test_ranges_that_meet_share_a_number(a, b, c, d):
    one, other = sorted((a, b)), sorted((c, d))
    shared = set(range(one[0], one[1] + 1)) & set(range(other[0], other[1] + 1))
    assert Range(*one).meets(*other) == Range(*other).meets(*one) == bool(shared)


def test_range_without_an_upper_end_has_a_lower_one():
    assert not Range(5, math.inf).allows(1)


@quick
@given(st.decimals(0, 100, allow_nan=False, places=6), st.integers(0, 3))
def test_rounding_twice(number, places):
    once = number.quantize(Decimal(10) ** -(places + 1), ROUND_HALF_UP)
    twice = once.quantize(Decimal(10) ** -places, ROUND_HALF_UP)
    assume((number * 10 ** (places + 1)) % 1 != Decimal("0.5"))  # a float may lie on either side of it
    assert rounds_twice_to(float(number), Printed.parse(f"{twice:f}"))


# --- Counts and means


@quick
@given(st.integers(1, 400), st.data(), st.integers(0, 3))
def test_true_count_and_size_are_attainable(n, data, places):
    count = data.draw(st.integers(0, n))
    fraction = as_printed(count / n, places, scale=100)
    counts = attainable_counts(fraction, n)
    assert count in counts
    assert list(counts) == [k for k in range(n + 1) if fraction.allows(k / n)]
    assert n in attainable_sizes(count, fraction, n)


@pytest.mark.parametrize("digits", ["101", "-1", "0.9"])
def test_shares_that_no_count_has(digits):
    assert list(attainable_counts(Printed.parse(digits, scale=100), 49)) == []


@quick
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60), steps, places, st.integers(0, 5))
def test_means_of_multiples_are_attainable(multiples, step, places, missing):
    mean, n = float(np.mean(multiples)) * step, len(multiples)
    printed = as_printed(mean, places)
    found = attainable_means(printed, n, step)
    assert found[0] - SAME <= mean <= found[-1] + SAME
    for attained in found:
        assert printed.allows(attained)
        assert_allclose(attained * n / step, round(attained * n / step), atol=1e-6)
    assert fewest_missing(printed, n, step) == 0
    assert fewest_missing(printed, n + missing, step) <= missing


@quick
@given(st.floats(-100, 100), st.integers(1, 60), steps)
def test_nearest_means_surround_a_value(value, n, step):
    below, above = nearest_means(value, n, step)
    assert below - SAME <= value <= above + SAME
    assert above - below < step / n * 1.5
    assert all(attainable_means(exactly(mean), n, step) for mean in (below, above))


def test_mean_that_no_number_of_values_has():
    assert fewest_missing(Printed.parse("85.4"), 49, 10) == 1
    assert fewest_missing(Printed.parse("0.5"), 1, 10) is None


# --- Standard deviations and p-values of two groups


@quick
@given(two_groups(), st.integers(0, 2), st.integers(2, 4))
def test_pooled_sd_follows_from_means_and_p(sample, mean_places, p_places):
    step, groups = sample
    sd, sizes = pooled_sd_of(groups), (len(groups[0]), len(groups[1]))
    assume(sd > SMALL_SD * step)
    p = p_of(groups)
    means = tuple(as_printed(group.mean(), mean_places) for group in groups)
    found = pooled_sd(means, as_printed(p, p_places), sizes)
    assert found.low * (1 - SAME) <= sd <= found.high * (1 + SAME)
    above_p = Printed.parse(f"{p + 10.0**-p_places:.{p_places}f}", "<")
    assume(p < above_p.value < 1)
    bounded = pooled_sd(means, above_p, sizes)
    assert bounded.low == 0
    assert sd <= bounded.high * (1 + SAME)


def summaries(groups, places):
    means = tuple(as_printed(group.mean(), places) for group in groups)
    return means, tuple(as_printed(group.std(ddof=1), places) for group in groups)


@quick
@given(two_groups(), st.integers(0, 2))
def test_p_of_the_pooled_t_test_follows_from_summaries(sample, places):
    step, groups = sample
    assume(pooled_sd_of(groups) > SMALL_SD * step)
    found = p_from_summaries(*summaries(groups, places), (len(groups[0]), len(groups[1])))["ols"]
    p = p_of(groups)
    assert found.low - SAME <= p <= found.high + SAME


@quick
@given(two_groups(smallest=5), st.integers(1, 2))
def test_p_of_welchs_test_follows_from_summaries(sample, places):
    _, groups = sample
    assume(all(np.ptp(group) > 0 for group in groups))
    found = p_from_summaries(*summaries(groups, places), (len(groups[0]), len(groups[1])))["welch"]
    p = p_of(groups, equal_var=False)
    assert found.low - SAME <= p <= found.high + SAME


def test_p_of_welchs_test_where_degrees_of_freedom_outrun_t():
    means, sds, sizes = (exactly(0), exactly(2.1)), (as_printed(1, 1), as_printed(1, 0)), (2, 3)
    p = stats.ttest_ind_from_stats(0, 0.95, 2, 2.1, 1.0, 3, equal_var=False).pvalue
    assert sds[0].allows(0.95)
    assert p_from_summaries(means, sds, sizes)["welch"].allows(p)


def test_no_pooled_sd_belongs_to_a_p_value_above_1():
    with pytest.raises(ValueError, match="between 0 and 1"):
        pooled_sd((exactly(10), exactly(12)), Printed.parse("1.2"), (10, 10))


def test_pooled_sd_of_a_tiny_p_value():
    sd = 2 / (stats.t.isf(0.5e-16, 18) * math.sqrt(0.2))
    assert_allclose(pooled_sd((exactly(10), exactly(12)), exactly(1e-16), (10, 10)).high, sd, rtol=1e-8)


def test_summaries_without_any_spread():
    means, none = (exactly(1), exactly(2)), (exactly(0), exactly(0))
    different = p_from_summaries(means, none, (5, 6))
    alike = p_from_summaries((means[0], means[0]), none, (5, 6))
    assert set(different.values()) == {Range(0, 0)}
    assert set(alike.values()) == {Range(1, 1)}


@quick
@given(two_groups(), st.integers(0, 2))
def test_deviations_lie_between_their_bounds(sample, places):
    step, groups = sample
    sizes, sd = (len(groups[0]), len(groups[1])), pooled_sd_of(groups)
    means = (float(groups[0].mean()), float(groups[1].mean()))
    assume(all(0 <= mean <= 12 * step for mean in means))  # a sum of tenths may overshoot
    printed = (as_printed(means[0], places), as_printed(means[1], places))
    assert sd <= largest_pooled_sd(printed, sizes, 0, 12 * step) + SMALL_SD * step
    assert sd >= smallest_pooled_sd(printed, sizes, step) - SMALL_SD * step


def test_mean_out_of_bounds_has_no_largest_deviation():
    assert math.isnan(largest_pooled_sd((exactly(5), exactly(11)), (10, 10), 0, 10))
    assert largest_pooled_sd((exactly(0), exactly(10)), (10, 10), 0, 10) == 0


# --- Intervals


@quick
@given(st.floats(-3, 3), st.floats(0.05, 2), st.booleans(), st.integers(2, 4))
def test_wald_intervals(estimate, std_error, is_ratio, places):
    numbers = estimate + std_error * stats.norm.ppf(0.975) * np.array([0, -1, 1])
    scale, numbers = ("odds_ratio", np.exp(numbers)) if is_ratio else ("log_odds", numbers)
    found = interval_on(scale, *map(exactly, map(float, numbers)))
    assert_allclose(found.wald_p, 2 * stats.norm.sf(abs(estimate / std_error)), rtol=1e-8)
    assert found.excludes_zero == (abs(estimate / std_error) > stats.norm.ppf(0.975))
    rounded = interval_on(scale, *(as_printed(float(number), places) for number in numbers))
    assume(rounded is not None)
    if math.isfinite(rounded.skew.low):
        assert rounded.skew.allows(1)


def test_intervals_that_cannot_be_read():
    assert interval_on("odds_ratio", *map(Printed.parse, ("0.00", "0.00", "1.20"))) is None
    assert math.isnan(interval_on("log_odds", *map(Printed.parse, ("2.0", "0.1", "1.0"))).skew.low)
    assert math.isnan(interval_on("log_odds", *map(exactly, (1.0, 1.0, 1.0))).wald_p)
    with pytest.raises(ValueError, match="scale"):
        interval_on("risk", *map(exactly, (1.0, 0.5, 2.0)))


# --- Normal scores and parts of a whole


@quick
@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.1, 5), st.floats(0.1, 5))
def test_normal_scores(one, other, sd, other_sd):
    assert_allclose(
        normal_auc((one, other), (sd, other_sd)), 1 - normal_auc((other, one), (other_sd, sd)), atol=SAME
    )
    assert_allclose(normal_sensitivity(one, sd, one), 0.5)
    assume(0.01 < abs(one - other) / sd < 5)
    assert_allclose(sd_from_share(one, other, normal_sensitivity(one, sd, other)), sd, rtol=1e-6)


@pytest.mark.parametrize("share", [0, 0.5, 0.2, 1])
def test_share_that_no_normal_score_has(share):
    assert math.isnan(sd_from_share(10, 5, share))


@quick
@given(st.lists(st.integers(0, 40), min_size=2, max_size=30), st.data(), st.integers(0, 2))
def test_true_size_of_a_part(values, data, places):
    size = data.draw(st.integers(1, len(values) - 1))
    means = [np.mean(part) for part in (values, values[:size], values[size:])]
    assert size_of_part(*(as_printed(float(mean), places) for mean in means), len(values)).allows(size)


def test_parts_with_equal_means():
    mean, other = Printed.parse("5.0"), Printed.parse("6.0")
    assert size_of_part(mean, mean, mean, 9) == Range(0, 9)
    assert not any(size_of_part(other, mean, mean, 9).allows(k) for k in range(10))


def test_no_size_of_a_part_outside_the_whole():
    found = size_of_part(*map(Printed.parse, ("9.0", "5.0", "6.0")), 10)
    assert found.high < 0


# --- Conventions for p-values


@quick
@given(st.lists(st.tuples(*[st.integers(0, 30)] * 2), min_size=1, max_size=4))
def test_one_convention_is_that_of_all(rows):
    every = conventional_p_values(rows)
    assert_allclose(
        [conventional_p_value(rows, name) for name in CONVENTIONS], [every[n] for n in CONVENTIONS]
    )
    is_small = smallest_expected(rows) < 5
    for name in ("pearson", "yates"):
        assert_allclose(every[f"{name}_fisher"], every["fisher" if is_small else name])


def test_smallest_expected_count():
    assert smallest_expected([[10, 20], [5, 10], [0, 0]]) == 5
    assert smallest_expected([[10, 0], [5, 0]]) == 0
    assert math.isnan(smallest_expected([[0, 0], [0, 0]]))
