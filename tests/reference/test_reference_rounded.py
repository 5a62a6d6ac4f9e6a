"""What rounding allows, against enumerations, built data sets, uniroot, integrate and tests in R."""

import math

import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import CLOSED_FORM, data, values

from vbq.stats.contingency import (
    CONVENTIONS,
    conventional_p_value,
    conventional_p_values,
    independence_tests,
    smallest_expected,
)
from vbq.stats.rounded import (
    Printed,
    Range,
    attainable_counts,
    attainable_means,
    attainable_sizes,
    fewest_missing,
    interval_on,
    largest_pooled_sd,
    normal_auc,
    normal_sensitivity,
    p_from_summaries,
    pooled_sd,
    rounds_twice_to,
    sd_from_share,
    size_of_part,
    smallest_pooled_sd,
)

VALUES = values("rounded")
BUILT = [case for case in VALUES if case.startswith("built_")]
WALD = [case for case in VALUES if case.startswith("wald_")]
TABLES = {case: rows[["without", "with"]].to_numpy() for case, rows in data("tables").groupby("case")}


def cases(name: str):
    rows = list(data(name).itertuples())
    return pytest.mark.parametrize("row", rows, ids=[row.case for row in rows])


def printed(value: float, decimals: int, relation: str = "=", scale: float = 1) -> Printed:
    return Printed.parse(f"{value:.{decimals}f}", relation, scale)


def exactly(value: float) -> Printed:
    return Printed(value, value, value, 0.0)


def ends(found) -> list[float]:
    return [found[0], found[-1]] if len(found) else [math.nan, math.nan]


@cases("rounded_means")
def test_means_of_multiples(row):
    expected, mean = VALUES[row.case], printed(row.value, row.decimals)
    assert_allclose(
        ends(attainable_means(mean, row.n, row.step)), [expected["low"], expected["high"]], rtol=CLOSED_FORM
    )
    missing = fewest_missing(mean, row.n, row.step)
    assert_array_equal(math.nan if missing is None else missing, expected["fewest_missing"])


def test_published_grim_example():
    """Brown and Heathers (2017): of 28 whole numbers, 5.19 cannot be the mean; 5.18 and 5.21 can."""
    assert [bool(attainable_means(Printed.parse(mean), 28, 1)) for mean in ("5.18", "5.19", "5.21")] == [
        True,
        False,
        True,
    ]


@cases("rounded_shares")
def test_counts_and_sizes(row):
    expected, fraction = VALUES[row.case], printed(row.value, row.decimals, scale=100)
    counts, sizes = attainable_counts(fraction, row.n), attainable_sizes(row.count, fraction, 300)
    assert_array_equal(
        [len(counts), *ends(counts), len(sizes), *ends(sizes), sum(sizes)],
        [
            expected[name]
            for name in (
                *("counts", "first_count", "last_count"),
                *("sizes", "first_size", "last_size", "sum_of_sizes"),
            )
        ],
    )


@pytest.mark.parametrize("hundredths", [0, 54, 55, 100])
def test_rounding_twice(hundredths):
    expected, number = VALUES[f"twice_{hundredths}"], printed(hundredths / 100, 2)
    around = [100 * hundredths + k for k in range(-200, 201) if k % 10 != 5]
    allowed = [k for k in around if rounds_twice_to(k / 10_000, number)]
    assert ends(allowed) == [expected["lowest"], expected["highest"]]


def test_printed_numbers_of_rounding_twice_start_there():
    assert rounds_twice_to(0.5446, printed(0.55, 2))
    assert not printed(0.55, 2).allows(0.5446)


@cases("rounded_pairs")
def test_pooled_sd(row):
    expected = VALUES[row.case]
    means = (printed(row.mean_0, row.decimals), printed(row.mean_1, row.decimals))
    p_value = printed(row.p, row.p_decimals, "<" if row.is_bound else "=")
    found = pooled_sd(means, p_value, (row.n_0, row.n_1))
    assert_allclose([found.low, found.high], [expected["sd_low"], expected["sd_high"]], rtol=CLOSED_FORM)


@cases("rounded_summaries")
def test_p_from_summaries(row):
    expected = VALUES[row.case]
    means = (printed(row.mean_0, row.decimals), printed(row.mean_1, row.decimals))
    sds = (printed(row.sd_0, row.sd_decimals), printed(row.sd_1, row.sd_decimals))
    found = p_from_summaries(means, sds, (row.n_0, row.n_1))
    for test, p in found.items():
        assert_allclose(
            [p.low, p.high], [expected[f"{test}_low"], expected[f"{test}_high"]], rtol=CLOSED_FORM
        )


@cases("rounded_extremes")
def test_extreme_deviations_of_every_data_set(row):
    expected, sizes = VALUES[row.case], (5, 4)
    totals = ((row.low_0, row.high_0), (row.low_1, row.high_1))
    means = [
        Range(low * row.step / n, high * row.step / n) for n, (low, high) in zip(sizes, totals, strict=True)
    ]
    assert_allclose(smallest_pooled_sd(tuple(means), sizes, row.step), expected["smallest"], rtol=CLOSED_FORM)
    if all(low == high and low % 4 == 0 for low, high in totals):
        assert_allclose(
            largest_pooled_sd(tuple(means), sizes, 0, 4 * row.step), expected["largest"], rtol=CLOSED_FORM
        )


@pytest.mark.parametrize("case", BUILT)
def test_extreme_deviations_of_built_data_sets(case):
    expected, sizes = VALUES[case], (49, 56)
    at_bounds = tuple(Range(expected[f"bounds_mean_{g}"], expected[f"bounds_mean_{g}"]) for g in (1, 2))
    beside = tuple(Range(expected[f"multiples_mean_{g}"], expected[f"multiples_mean_{g}"]) for g in (1, 2))
    assert_allclose(
        [largest_pooled_sd(at_bounds, sizes, 0, 300), smallest_pooled_sd(beside, sizes, 10)],
        [expected["largest"], expected["smallest"]],
        rtol=CLOSED_FORM,
    )


@pytest.mark.parametrize("case", WALD)
def test_wald_intervals_of_glm(case):
    expected = VALUES[case]
    numbers = [expected[name] for name in ("estimate", "low", "high")]
    for scale, transform in (("log_odds", float), ("odds_ratio", math.exp)):
        found = interval_on(scale, *(exactly(transform(number)) for number in numbers))
        assert_allclose(
            [found.estimate, found.wald_p, found.skew.low, found.skew.high],
            [expected["estimate"], expected["p_value"], 1, 1],
            rtol=CLOSED_FORM,
        )
        assert found.excludes_zero == (expected["p_value"] < 0.05)


@cases("rounded_intervals")
def test_skew_of_printed_intervals(row):
    numbers = [printed(value, row.decimals) for value in (row.estimate, row.low, row.high)]
    skew = interval_on("odds_ratio" if row.is_ratio else "log_odds", *numbers).skew
    expected = VALUES[row.case]
    assert_allclose([skew.low, skew.high], [expected["skew_low"], expected["skew_high"]], rtol=CLOSED_FORM)


@cases("rounded_normal")
def test_normal_scores(row):
    expected = VALUES[row.case]
    assert_allclose(
        [
            normal_auc((row.mean_0, row.mean_1), (row.sd_0, row.sd_1)),
            normal_sensitivity(row.mean_1, row.sd_1, row.cutoff),
            sd_from_share(row.mean_1, row.cutoff, expected["share_above"]),
        ],
        [expected[name] for name in ("auc", "share_above", "sd_1")],
        rtol=CLOSED_FORM,
    )


@cases("rounded_parts")
def test_size_of_part(row):
    found = size_of_part(*(printed(mean, 1) for mean in (row.overall, row.part, row.rest)), row.n)
    possible = [k for k in range(row.n + 1) if found.allows(k)]
    assert_array_equal(ends(possible), [VALUES[row.case]["fewest"], VALUES[row.case]["most"]])


@pytest.mark.parametrize("case", TABLES)
def test_conventions_of_p_values(case):
    expected = VALUES[f"table_{case}"] | {"mid": independence_tests(TABLES[case]).p_mid}
    assert_allclose(smallest_expected(TABLES[case]), expected["smallest_expected"], rtol=CLOSED_FORM)
    found = conventional_p_values(TABLES[case])
    assert list(found) == list(CONVENTIONS)
    for convention in CONVENTIONS:
        assert_allclose(
            [found[convention], conventional_p_value(TABLES[case], convention)],
            expected[convention],
            rtol=CLOSED_FORM,
        )
