"""Tests of independence against R's chisq.test, loglm, fisher.test and dhyper."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, data, values

from vbq.stats.contingency import exact_tests, independence_tests, is_enumerable

TABLES = {case: rows[["without", "with"]].to_numpy() for case, rows in data("tables").groupby("case")}
VALUES = values("contingency")
LARGE = ["eight_levels", "five_levels", "four_levels_of_1000", "six_levels_skewed", "ten_levels"]
QUANTITIES = ["df", "pearson", "p_pearson", "likelihood_ratio", "p_likelihood_ratio", "p_fisher"]


def test_every_table_has_values():
    assert sorted(TABLES) == sorted(VALUES)


@pytest.mark.parametrize("case", TABLES)
def test_as_in_r(case):
    result, expected = independence_tests(TABLES[case]), VALUES[case]
    quantities = QUANTITIES + (["p_yates"] if result.df == 1 else [])
    # G² of a table without any difference is 0 but for rounding.
    assert_allclose(
        [getattr(result, name) for name in quantities],
        [expected[name] for name in quantities],
        rtol=CLOSED_FORM,
        atol=1e-12,
    )
    assert np.isnan(result.monte_carlo_se)
    for ours, name in (("p_fisher", "p_enumerated"), ("p_mid", "p_mid")):
        if name in expected:
            assert_allclose(getattr(result, ours), expected[name], rtol=CLOSED_FORM)


def test_tables_that_r_writes_out_have_a_mid_p():
    enumerated = {case for case, expected in VALUES.items() if "p_mid" in expected}
    assert sorted(set(TABLES) - enumerated) == LARGE


@pytest.mark.parametrize("case", [*LARGE, "smoking", "sparse", "tied_probabilities"])
def test_drawn_tables_give_the_exact_p_within_their_standard_error(case):
    p_fisher, p_mid, standard_error = exact_tests(TABLES[case], max_states=0)
    exact = independence_tests(TABLES[case])
    assert standard_error > 0
    assert_allclose([p_fisher, p_mid], [exact.p_fisher, exact.p_mid], atol=4 * standard_error)
    assert_allclose(p_fisher, VALUES[case]["p_fisher"], atol=4 * standard_error)


def test_a_table_of_too_many_fillings_is_drawn_and_says_so():
    table = np.tile([[10, 12], [7, 15]], (10, 1))
    assert not is_enumerable(table)
    assert independence_tests(table).monte_carlo_se == exact_tests(table, max_states=0)[2] > 0
