"""Percentile intervals against R's quantile(type = 7)."""

import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, data, values

from vbq.stats.resampling import percentile_interval

VALUES = values("resampling")


@pytest.mark.parametrize("case", VALUES)
def test_as_in_r(case):
    column, confidence = case.split("/")
    low, high = percentile_interval(data("estimates")[column], float(confidence))
    assert_allclose([low, high], [VALUES[case]["low"], VALUES[case]["high"]], rtol=CLOSED_FORM)
