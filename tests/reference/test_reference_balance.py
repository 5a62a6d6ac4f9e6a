"""Standardized differences against R's var and mahalanobis."""

import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, data, values

from vbq.stats.balance import standardized_difference, standardized_difference_of_shares

VALUES = values("balance")
DATA = data("balance")


@pytest.mark.parametrize("case", VALUES)
def test_as_in_r(case):
    rows = DATA[DATA["case"] == case]
    first, second = (rows.loc[rows["sample"] == sample, "value"] for sample in (1, 2))
    of = standardized_difference if case.startswith("values") else standardized_difference_of_shares
    assert_allclose(of(first, second), VALUES[case]["difference"], rtol=CLOSED_FORM, atol=1e-12)
