"""Numbers as decimals: against exact arithmetic, at cut-offs, ties, midpoints and halves."""

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vbq.render.numbers import decimals_of_cutoff, fixed
from vbq.stats.cutoff import WeightedCurve, choose_cutoffs, fixed_sensitivity, mean_midpoint_rounded, rules
from vbq.stats.digits import DIGITS, is_below, tie_nearly_equal, to_digits, to_whole

quick = settings(max_examples=200, deadline=None)

TWELVE = Context(prec=DIGITS, rounding=ROUND_HALF_UP)


@st.composite
def decimals(draw, digits=4, least=1):
    """A decimal of few digits, such as a measurement has."""
    return Decimal(draw(st.integers(least, 10**digits))).scaleb(draw(st.integers(-3, 2)))


def rounded_exactly(number: Fraction) -> float:
    """Twelve digits of a positive fraction: those of a decimal of fifty with its halves as they are."""
    fifty = Context(prec=50).divide(Decimal(number.numerator), Decimal(number.denominator))
    return float(TWELVE.plus(fifty))


# --- One number


@pytest.mark.parametrize(
    ("computed", "decimal"),
    [(300.3 / 100.1, 3), (38 * 0.1, 3.8), (0.1 + 0.2, 0.3), (1.1 + 2.2, 3.3), (8.41 / 2.9, 2.9)],
)
def test_a_number_is_its_decimal(computed, decimal):
    assert computed != decimal
    assert to_digits(computed) == decimal
    assert to_digits(-computed) == -decimal


@quick
@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**6), max_value=10**6))
@example(Decimal("1.234567890125"))
@example(Decimal("0.000003814697265625"))
@example(Decimal("3e-12"))
@example(Decimal("123456789012500000000000"))
@example(Decimal("-7e40"))
def test_fifteen_digits_round_to_twelve_as_on_paper(number):
    fifteen = Context(prec=15).plus(number)
    assert to_digits(float(fifteen)) == float(TWELVE.plus(fifteen))


@quick
@given(st.integers(10**11, 10**12 - 1), st.integers(-30, 30))
def test_a_half_is_rounded_up_on_both_sides_of_it(whole, exponent):
    half = float(Decimal(2 * whole + 1).scaleb(exponent) / 2)
    expected = float(Decimal(whole + 1).scaleb(exponent))
    if -22 <= exponent <= 11:  # elsewhere no number computed from measurements lies
        near = [half, np.nextafter(half, 0), np.nextafter(half, np.inf)]
        assert to_digits(near).tolist() == [expected] * 3


@quick
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_rounding_twice_is_rounding_once_and_keeps_order(numbers):
    once = to_digits(numbers)
    np.testing.assert_array_equal(to_digits(once), once)
    known = np.sort(np.array(numbers, dtype=float))
    assert (np.diff(to_digits(known[np.isfinite(known)])) >= 0).all()
    np.testing.assert_array_equal(to_digits(-np.array(numbers)), -once)
    finite = np.isfinite(once)
    np.testing.assert_array_equal(finite, np.isfinite(numbers))
    np.testing.assert_allclose(once[finite], np.array(numbers)[finite], rtol=5.1e-12, atol=5e-324)


def test_shape_and_scalars_stay():
    assert to_digits(2).shape == ()
    assert to_digits(1e-300).shape == ()
    assert to_digits(np.ones((2, 3))).shape == (2, 3)
    assert to_digits([]).shape == (0,)


# --- What is computed from decimals


@quick
@given(decimals(), decimals(), decimals())
@example(Decimal("300.3"), Decimal("100.1"), Decimal(3))
@example(Decimal("0.3"), Decimal("0.1"), Decimal(3))
def test_a_ratio_compares_with_a_cutoff_as_fractions_do(a, b, cutoff):
    ratio = Fraction(a) / Fraction(b)
    computed = float(to_digits(float(a) / float(b)))
    assert computed == rounded_exactly(ratio)
    for limit in (cutoff, TWELVE.divide(a, b)):
        if abs(ratio - Fraction(limit)) > ratio / 10**11 or ratio == Fraction(limit):
            assert (computed > float(limit)) == (ratio > Fraction(limit))
            assert (computed < float(limit)) == (ratio < Fraction(limit))


@quick
@given(decimals(), decimals(), decimals())
@example(Decimal(38), Decimal("0.1"), Decimal("3.8"))
def test_a_converted_value_compares_with_a_cutoff_as_decimals_do(value, factor, cutoff):
    computed = float(to_digits(float(value) * float(factor)))
    for limit in (cutoff, value * factor):
        assert (computed > float(limit)) == (value * factor > limit)
        assert (computed == float(limit)) == (value * factor == limit)


@quick
@given(st.lists(decimals(), min_size=1, max_size=8), st.lists(decimals(), min_size=1, max_size=8))
def test_ratios_and_means_tie_as_fractions_do(numerators, denominators):
    pairs = [(a, b) for a in numerators for b in denominators]
    computed = to_digits([float(a) / float(b) for a, b in pairs])
    exact = [Fraction(a) / Fraction(b) for a, b in pairs]
    assert len(set(computed.tolist())) == len({rounded_exactly(ratio) for ratio in exact})
    mean = sum(map(Fraction, numerators)) / len(numerators)
    for order in (numerators, numerators[::-1]):
        assert to_digits(np.mean([float(a) for a in order])) == rounded_exactly(mean)


@quick
@given(st.lists(decimals(), min_size=2, max_size=12), decimals(), st.integers(-6, 6))
def test_classification_does_not_depend_on_the_unit(values, cutoff, power):
    factor, limit = float(Decimal(10) ** power), float(cutoff.scaleb(power))
    converted = to_digits(np.array([float(value) for value in values]) * factor)
    assert (converted > limit).tolist() == [value > cutoff for value in values]
    assert (converted == limit).tolist() == [value == cutoff for value in values]


def test_p_values_at_alpha_are_not_below_it():
    assert 0.1 + 0.2 - 0.25 < 0.05 + 1e-16
    assert is_below([0.05, 0.05 - 1e-16, 0.049, np.nan], 0.05).tolist() == [False, False, True, False]


# --- Halves


@pytest.mark.parametrize(
    ("number", "decimals", "printed"),
    [
        (100 * 0.285, 0, "29"),  # 28.499999999999996
        (2.675, 2, "2.68"),
        (1.1 + 1.175, 2, "2.28"),  # 2.2750000000000004
        (0.7 + 0.1 + 0.05, 1, "0.9"),  # 0.85, in binary 0.8499999999999999
        (-2.5, 0, "−3"),
        (1e-7, 10, "0.0000001000"),
    ],
)
def test_numbers_are_printed_as_their_decimals_round(number, decimals, printed):
    assert fixed(number, decimals) == printed


def test_halves_are_rounded_away_from_zero():
    assert to_whole([2.5, np.nextafter(2.5, 0), -2.5, 0.5, 2.4999, np.nan]).tolist()[:5] == [3, 3, -3, 1, 2]


# --- Ties of computed numbers


@quick
@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=20),
    st.integers(-8, 8),
    st.integers(0, 2**32 - 1),
)
def test_computed_numbers_tie_as_they_do_exactly(values, exponent, seed):
    draw = np.random.default_rng(seed)
    exact = np.resize(np.array(values) / 7 * 10.0**exponent, (3, 4 * len(values)))
    computed = exact + draw.uniform(-1, 1, exact.shape) * 1e-14 * np.abs(exact).max()
    tied = tie_nearly_equal(computed)
    for row, of_row in zip(tied, exact, strict=True):
        same = of_row[:, None] == of_row
        np.testing.assert_array_equal(row[:, None] == row, same)
        np.testing.assert_array_equal(row == 0, of_row == 0)
    np.testing.assert_allclose(tied, computed, rtol=0, atol=1e-13 * np.abs(exact).max())
    np.testing.assert_array_equal(tied[1], tie_nearly_equal(computed[1]))
    order = draw.permutation(computed.shape[1])
    np.testing.assert_array_equal(tied[:, order], tie_nearly_equal(computed[:, order]))


def test_neighbors_tie_wherever_they_lie():
    starts = np.random.default_rng(1).uniform(0.1, 10, 5_000)
    pairs = np.column_stack([starts, np.nextafter(starts, 11)])
    halves = np.array([[1 + 5e-12, np.nextafter(1 + 5e-12, 2)], [3.0000000000005, 3.0000000000005004]])
    for tied in (tie_nearly_equal(pairs), tie_nearly_equal(halves)):
        assert (tied[:, 0] == tied[:, 1]).all()


def test_nothing_ties_where_there_is_nothing():
    assert tie_nearly_equal(np.empty((3, 0))).shape == (3, 0)
    assert tie_nearly_equal([0.0, 0.0]).tolist() == [0, 0]


# --- Cut-offs


def curve(without, with_event):
    event = np.repeat([False, True], [len(without), len(with_event)])
    return WeightedCurve.of(event, np.array([*without, *with_event], dtype=float), np.ones((1, len(event))))


def test_the_rounded_midpoint_of_an_exact_half():
    # Means 1.9 and 3.1: their midpoint is 2.5, in binary 2.4999999999999996 or 2.5.
    for without in ((1.5, 1.9, 2.3), (2.3, 1.5, 1.9), (1.9, 2.3, 1.5)):
        assert mean_midpoint_rounded(curve(without, (3.9, 2.3))) == [3]


@quick
@given(st.lists(decimals(3), min_size=1, max_size=9), st.lists(decimals(3), min_size=1, max_size=9))
def test_the_rounded_midpoint_is_that_of_fractions(without, with_event):
    means = [sum(map(Fraction, values)) / len(values) for values in (without, with_event)]
    values = np.array([*without, *with_event], dtype=float)
    (found,) = mean_midpoint_rounded(curve(without, with_event))
    if to_digits(np.ptp(values)) > 1:
        assert found == (sum(means) / 2 + Fraction(1, 2)).__floor__()
    else:  # it would call everybody the same, or nearly so
        assert np.isnan(found)


def test_a_marker_within_one_unit_has_no_rounded_midpoint():
    score = np.array([0.31, 0.42, 0.55, 0.68, 0.71, 0.97])
    table = choose_cutoffs([0, 0, 1, 0, 1, 1], score, rules(0.9), 50, 1).set_index("method")
    numbers = table.drop(columns=["n", "n_events", "conf_method", "replicates"])
    assert numbers.loc["mean_midpoint_rounded"].isna().all()
    assert numbers.loc["youden", ["cutoff", "sensitivity", "same_from", "same_below"]].notna().all()


@quick
@given(st.lists(st.tuples(decimals(3), st.booleans()), min_size=2, max_size=40), st.integers(0, 3))
@example([(Decimal("0.07"), False), (Decimal("0.08"), True), (Decimal("0.05"), False)], 2)
def test_a_printed_cutoff_classifies_as_the_one_that_was_used(sample, least):
    score, event = np.array([float(value) for value, _ in sample]), [has for _, has in sample]
    if len(set(event)) < 2:
        return
    for row in choose_cutoffs(event, score, rules(0.9), 2, 1).to_dict("records"):
        if np.isfinite(row["cutoff"]):
            written = decimals_of_cutoff(row["cutoff"], row["same_from"], row["same_below"], least)
            printed = float(fixed(row["cutoff"], written).replace(",", ""))
            assert written >= least
            assert ((score > printed) == (score > row["cutoff"])).all()
            assert row["same_from"] <= row["cutoff"] < row["same_below"]
            for other in (row["same_from"], np.nextafter(row["same_below"], -np.inf)):
                assert ((score > other) == (score > row["cutoff"])).all()


def test_the_printed_cutoff_of_0_075():
    assert decimals_of_cutoff(0.075, 0.07, 0.08, 2) == 3  # 0.08 would call the patient with 0.08 negative
    assert decimals_of_cutoff(2.965, 2.91, 3.02, 2) == 2
    assert fixed(1e30, 2) == f"{10**30:,}.00"


@quick
@given(st.lists(st.tuples(decimals(2), st.booleans()), min_size=2, max_size=40), st.integers(-3, 3))
def test_the_best_cutoff_is_that_of_fractions_in_any_unit(sample, power):
    values = [value for value, _ in sample]
    event = [has for _, has in sample]
    if len(set(event)) < 2:
        return
    n = {has: event.count(has) for has in (True, False)}

    def share(has: bool, cutoff: Decimal | None) -> Fraction:
        above = [cutoff is None or value > cutoff for value, of in sample if of is has]
        return Fraction(sum(above), n[has])

    candidates = [None, *sorted(set(values))]  # below all; from a value on
    index = [share(True, cutoff) - share(False, cutoff) for cutoff in candidates]
    best = candidates[index.index(max(index))]
    score = to_digits([float(value) * 10.0**power for value in values])
    cutoff = choose_cutoffs(event, score, {"youden": rules(0.9)["youden"]}, 2, 1)["cutoff"][0]
    assert (score > cutoff).tolist() == [best is None or value > best for value in values]


def test_a_cutoff_between_neighbors_in_the_last_digit_parts_them():
    low, high = 2.34567890123, 2.34567890124
    (cutoff,) = rules(0.9)["youden"](curve([low], [high]))
    assert low <= cutoff < high


def test_a_demanded_sensitivity_is_met_by_the_share_that_is_it():
    score = np.arange(10.0)
    for k in range(1, 10):
        found = fixed_sensitivity(curve([-1.0], score), k / 10)
        assert found == [9.5 - k]
