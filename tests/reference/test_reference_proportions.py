"""Wilson's interval against R's prop.test, and as printed by Newcombe (1998)."""

import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, values

from vbq.stats.proportions import wilson_interval

VALUES = values("proportions")


@pytest.mark.parametrize("case", VALUES)
def test_as_in_r(case):
    successes, trials, confidence = case.split("/")
    assert_allclose(
        wilson_interval(int(successes), int(trials), float(confidence)),
        [VALUES[case]["low"], VALUES[case]["high"]],
        rtol=CLOSED_FORM,
        atol=1e-15,
    )


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_as_printed(successes, trials, low, high):
    """Newcombe (1998), Statistics in Medicine 17, 857-872, Table I, method 3."""
    assert_allclose(wilson_interval(successes, trials), [low, high], rtol=0, atol=5e-5)
