"""Areas under ROC curves against pROC, and in NHANES."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_values import DELONG, SHARED, data, values

from vbq.stats.roc import areas_under_curves, auc_interval, compare_areas

VALUES = values("roc")


@pytest.fixture(params=["aSAH", "tied", "perfect", "two_events"])
def case(request):
    return request.param, data(f"roc_{request.param}")


def test_areas_and_intervals(case):
    name, rows = case
    scores = rows.drop(columns="event")
    areas = areas_under_curves(rows["event"], scores)
    for i, score in enumerate(scores):
        expected = VALUES[f"{name}/{score}"]
        auc, variance = float(areas.auc[i]), float(areas.covariance[i, i])
        assert_allclose([auc, variance], [expected["auc"], expected["variance"]], rtol=0, atol=DELONG)
        if expected["variance"] == 0:
            # pROC's interval would be from 1 to 1
            assert np.isnan(auc_interval(auc, variance)).all()
            continue
        assert_allclose(auc_interval(auc, variance), [expected["low"], expected["high"]], rtol=0, atol=DELONG)
        assert_allclose(auc_interval(auc, variance, 0.9)[0], expected["low_90"], rtol=0, atol=DELONG)
        assert_allclose(
            auc_interval(auc, variance, scale="logit"),
            [expected["logit_low"], expected["logit_high"]],
            rtol=0,
            atol=DELONG,
        )


def test_paired_comparisons(case):
    name, rows = case
    scores = rows.drop(columns="event")
    areas = areas_under_curves(rows["event"], scores)
    for (i, first), (j, second) in combinations(enumerate(scores), 2):
        if name == "perfect":  # pROC has no test where the variance is 0
            continue
        expected, result = VALUES[f"{name}/{first}/{second}"], compare_areas(areas, i, j)
        assert_allclose(
            [areas.covariance[i, j], result.difference, result.low, result.high, result.z, result.p_value],
            [expected[key] for key in ("covariance", "difference", "low", "high", "z", "p_value")],
            rtol=0,
            atol=DELONG,
        )


@pytest.mark.skipif(
    not (SHARED / "nhanes_lumbar_bmd").is_dir(),
    reason=f"no {SHARED / 'nhanes_lumbar_bmd'}: NHANES is not part of the project",
)
def test_nhanes():
    rows = pd.read_csv(SHARED / "nhanes_lumbar_bmd" / "nhanes.csv")
    median = rows[["bmd_l1", "bmd_l2", "bmd_l3", "bmd_l4"]].median(axis=1)
    areas = areas_under_curves(rows["hx_fracture"] == "Fracture", -median)
    low, high = auc_interval(float(areas.auc[0]), float(areas.covariance[0, 0]))
    # ci.auc of pROC 1.18.0 on the same rows
    expected = [0.550330113018129, 0.527321795613594, 0.573338430422664]
    assert_allclose([areas.auc[0], low, high], expected, rtol=0, atol=DELONG)
