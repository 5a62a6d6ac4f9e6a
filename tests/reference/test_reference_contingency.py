"""Tests of independence against R's chisq.test, loglm, fisher.test and dhyper."""

import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, data, values

from vbq.stats.contingency import independence_tests

TABLES = {case: rows[["without", "with"]].to_numpy() for case, rows in data("tables").groupby("case")}
VALUES = values("contingency")
QUANTITIES = ["df", "pearson", "p_pearson", "likelihood_ratio", "p_likelihood_ratio", "p_mid"]


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
    for name in ("p_fisher", "p_enumerated"):
        assert_allclose(result.p_fisher, expected[name], rtol=CLOSED_FORM)
