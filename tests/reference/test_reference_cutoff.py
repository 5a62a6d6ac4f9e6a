"""Cut-offs against pROC's coords, in the observed rows and in resamples drawn by R."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, data, values

from vbq.stats.cutoff import WeightedCurve, rules

VALUES = values("cutoff")
ROWS = data("cutoff")
EVENT, SCORE = ROWS["event"].to_numpy() == 1, ROWS["score"].to_numpy()
WEIGHTS = data("cutoff_weights").to_numpy(dtype=float).T
RULES = rules(sensitivity=0.9)


@pytest.mark.parametrize("rule", RULES)
def test_observed_rows(rule):
    curve = WeightedCurve.of(EVENT, SCORE, np.ones((1, len(SCORE))))
    cutoff = RULES[rule](curve)
    expected = VALUES[f"observed/{rule}"]
    assert_allclose(
        [cutoff[0], *np.concatenate(curve.at(cutoff))],
        [expected["cutoff"], expected["sensitivity"], expected["specificity"]],
        rtol=CLOSED_FORM,
    )


def test_unique_choice_of_proc():
    curve = WeightedCurve.of(EVENT, SCORE, np.ones((1, len(SCORE))))
    chosen = {rule: RULES[rule](curve)[0] for rule in ("youden", "closest_to_corner")}
    assert_allclose(
        [chosen["youden"], chosen["closest_to_corner"]],
        [VALUES["pROC"][rule] for rule in chosen],
        rtol=CLOSED_FORM,
    )


@pytest.mark.parametrize("rule", RULES)
def test_resamples(rule):
    curve = WeightedCurve.of(EVENT, SCORE, WEIGHTS)
    cutoffs = RULES[rule](curve)
    sensitivity, specificity = curve.at(cutoffs)
    for i in range(len(WEIGHTS)):
        expected = VALUES[f"{i + 1}/{rule}"]
        assert_allclose(
            [cutoffs[i], sensitivity[i], specificity[i]],
            [expected["cutoff"], expected["sensitivity"], expected["specificity"]],
            rtol=CLOSED_FORM,
        )
