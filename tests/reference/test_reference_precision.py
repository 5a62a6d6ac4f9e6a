"""Widths and sizes of an external validation against R, published examples and pmvalsampsize."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, values
from scipy import special, stats

from vbq.stats import precision

VALUES = values("precision")

ANTICIPATED = {
    "observed_expected": ["prevalence"],
    "auc": ["auc", "prevalence"],
    "sensitivity": ["share", "prevalence"],
    "specificity": ["share", "prevalence"],
    "net_benefit": ["sensitivity", "specificity", "prevalence", "threshold"],
}


@pytest.mark.parametrize("case", VALUES)
def test_as_in_r(case):
    given, measure = VALUES[case], case.split("/")[0]
    if measure == "calibration_slope":
        anticipated = [[value for quantity, value in given.items() if quantity.startswith("lp_")]]
    else:
        anticipated = [given[quantity] for quantity in ANTICIPATED[measure]]
    width, size = getattr(precision, f"{measure}_width"), getattr(precision, f"{measure}_size")
    assert_allclose(
        width(int(given["n"]), *anticipated, given["confidence"]), given["width"], rtol=CLOSED_FORM
    )
    assert size(given["target"], *anticipated, given["confidence"]) == given["size"]


def quantiles(distribution, k=100_000):
    return distribution.ppf((np.arange(k) + 0.5) / k)


def test_as_printed():
    """Riley et al. (2024), BMJ 384:e074821, deterioration with COVID-19: prevalence 0.43, AUC 0.77."""
    risks = quantiles(stats.beta(1.33, 1.75))
    assert precision.observed_expected_size(0.22, 0.43) == 423
    assert precision.auc_size(0.1, 0.77, 0.43) == 347
    assert precision.calibration_slope_size(0.3, special.logit(risks)) == 949


@pytest.mark.parametrize(
    ("prevalence", "auc", "predictor", "ratio_width", "ratio", "area", "slopes"),
    [
        (0.018, 0.8, stats.norm(-5, 2.5), 1, 905, 4252, {0.2: 4544}),
        (0.533, 0.86, stats.norm(0.15, 1.6), 0.2, 337, 219, {0.2: 1762, 0.4: 441}),
    ],
)
def test_as_pmvalsampsize_has_it(prevalence, auc, predictor, ratio_width, ratio, area, slopes):
    """The example of pmvalsampsize's documentation, and results of its Python version 0.2.1.

    It raises the standard error of the ratio by steps of 1e-4 until the width is no longer below the
    target, and so ends one patient short here. It draws a million linear predictors: within 0.3 %.
    """
    assert precision.observed_expected_size(ratio_width, prevalence) == ratio + 1
    assert ratio_width < precision.observed_expected_width(ratio, prevalence) < ratio_width + 5e-4
    assert precision.auc_size(0.1, auc, prevalence) == area
    for width, size in slopes.items():
        assert precision.calibration_slope_size(width, quantiles(predictor)) == pytest.approx(size, rel=3e-3)
