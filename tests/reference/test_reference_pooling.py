"""Rubin's rules against mice, on typed estimates, logistic regressions and areas under curves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, ITERATIVE, data, values
from scipy import special

from vbq.stats.logistic import fit_logistic
from vbq.stats.pooling import pool
from vbq.stats.roc import areas_under_curves

VALUES = values("pooling")
ESTIMATES = data("pooling_estimates")
IMPUTATIONS = [rows for _, rows in data("pooling_imputed").groupby("imputation")]
COVARIATES = ["age", "lwt", "smoke"]


def assert_as_in_r(estimates, variances, case, tolerance):
    expected = dict(VALUES[case])
    df_complete, low_90 = expected.pop("df_complete"), expected.pop("low_90", None)
    pooled = pool(estimates, variances, df_complete)
    assert pooled.m == len(estimates)
    assert_allclose([getattr(pooled, key) for key in expected], list(expected.values()), rtol=tolerance)
    if low_90 is not None:
        assert_allclose(pool(estimates, variances, df_complete, 0.9).low, low_90, rtol=tolerance)


@pytest.mark.parametrize("case", ESTIMATES["case"].unique())
def test_estimates(case):
    rows = ESTIMATES[ESTIMATES["case"] == case]
    assert_as_in_r(rows["estimate"], rows["variance"], case, CLOSED_FORM)


def test_areas_on_the_logit_scale():
    areas = [areas_under_curves(rows["low"], -rows["lwt"]) for rows in IMPUTATIONS]
    auc = np.array([area.auc[0] for area in areas])
    variance = np.array([area.covariance[0, 0] for area in areas])
    assert_as_in_r(special.logit(auc), variance / (auc * (1 - auc)) ** 2, "auc", CLOSED_FORM)


def test_logistic_regressions():
    terms = {covariate: [covariate] for covariate in COVARIATES}
    tables = [fit_logistic(rows[COVARIATES], rows["low"], terms).table for rows in IMPUTATIONS]
    for i, term in enumerate(["(Intercept)", *COVARIATES]):
        estimates = [table.loc[i, "estimate"] for table in tables]
        variances = [table.loc[i, "std_error"] ** 2 for table in tables]
        assert_as_in_r(estimates, variances, f"logistic/{term}", ITERATIVE)
