"""Optimism against rms::validate, resamples fitted one by one in R, and interval formulas written out in R.

R's summary of many resamples has other draws than ours: they may differ by 3.5 standard errors of a
difference of means. Both sides draw from one distribution, whose standard deviation our replicates tell.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, ITERATIVE, data, values

from vbq.codebook import extended
from vbq.internal.optimism import optimism_table
from vbq.internal.procedure import Procedure
from vbq.internal.replicates import apparent, assess_models, resample
from vbq.scores.marker import Marker
from vbq.stats.indexes import INDEXES, RATIOS, largest_error
from vbq.stats.optimism import corrected_interval, dual_sd

VALUES = values("optimism")
VARIABLES = {name: {"label": name, "kind": "continuous"} for name in ("a", "b", "d")}
CODEBOOK = extended(
    {**VARIABLES, "c": {"label": "c", "kind": "binary"}, "event": {"label": "Event", "kind": "binary"}}
)
PLAN = {
    "outcome": {"variable": "event"},
    "univariable": {"variables": []},
    "discrimination": {"scores": {"model": {"label": "Model", "variables": ["a", "b", "c", "d"]}}},
}
REPLICATES = 4_000
STANDARD_ERRORS = 3.5
OF_R = ("dxy", "r2", "intercept", "slope", "brier")


@pytest.fixture(scope="module")
def procedure():
    return Procedure(data("optimism"), PLAN, CODEBOOK, Marker())


@pytest.fixture(scope="module")
def replicates(procedure):
    return resample(procedure, REPLICATES, seed=2019)


@pytest.fixture(scope="module")
def table(procedure, replicates):
    found = optimism_table(procedure, apparent(procedure), replicates, {"model": "Model"})
    return found.set_index("index")


def test_the_same_resamples_fitted_one_by_one(procedure):
    """Every index of a resample, in itself and in the original rows, as lrm on the rows written out."""
    drawn = data("optimism_resamples").to_numpy() - 1
    n = drawn.shape[1]
    weights = np.stack([np.bincount(rows, minlength=n) for rows in drawn]).astype(float)
    [built] = procedure.build(weights)
    found = {
        "training": assess_models(built, weights, procedure.outcome, is_own=True)["model"],
        "test": assess_models(built, np.ones((1, n)), procedure.outcome)["model"],
    }
    assert len(drawn) == 20
    for i in range(len(drawn)):
        for sample, indexes in found.items():
            expected = VALUES[f"resample {i + 1}/{sample}"]
            ours = indexes[i, [INDEXES.index(index) for index in OF_R]]
            assert_allclose(ours, [expected[index] for index in OF_R], rtol=ITERATIVE, atol=ITERATIVE)


@pytest.mark.parametrize("index", OF_R)
def test_apparent_as_validate(table, index):
    expected = VALUES[f"validate/{index}"]["apparent"]
    assert_allclose(table.loc[index, "apparent"], expected, rtol=ITERATIVE, atol=ITERATIVE)


@pytest.mark.parametrize("index", OF_R)
def test_optimism_as_validate(table, replicates, index):
    expected, k = VALUES[f"validate/{index}"], INDEXES.index(index)
    training, test = replicates.own["model"][:, k], replicates.original["model"][:, k]
    at_hand = table.loc[index, "apparent"]
    each = {
        "training": training,
        "test": test,
        "optimism": training - test,
        "corrected": at_hand - (training - test),
    }
    middle = np.median if index in RATIOS else np.mean
    for column, of_replicates in each.items():
        error = of_replicates.std(ddof=1) * np.sqrt(1 / REPLICATES + 1 / expected["n"])
        assert abs(of_replicates.mean() - expected[column]) <= STANDARD_ERRORS * error + ITERATIVE
        assert_allclose(table.loc[index, column], middle(of_replicates), rtol=CLOSED_FORM, atol=CLOSED_FORM)
    assert table.loc[index, "replicates"] == REPLICATES


def test_emax_as_validate(table):
    """It follows from the corrected intercept and slope; validate calls the same number its optimism too."""
    expected = VALUES["validate/emax"]
    in_r = largest_error(VALUES["validate/intercept"]["corrected"], VALUES["validate/slope"]["corrected"])
    assert_allclose(in_r, expected["corrected"], rtol=CLOSED_FORM)
    ours = largest_error(table.loc["intercept", "corrected"], table.loc["slope", "corrected"])
    assert_allclose(table.loc["emax", "corrected"], ours, rtol=CLOSED_FORM)
    assert_allclose(table.loc["emax", "apparent"] - table.loc["emax", "optimism"], ours, rtol=CLOSED_FORM)
    # Not 3.5 standard errors: a largest error is no mean.
    assert_allclose(ours, expected["corrected"], rtol=0.2)


@pytest.mark.parametrize("case", [case for case in VALUES if case.startswith("emax/")])
def test_emax_of_an_intercept_and_a_slope(case):
    _, intercept, slope = case.split("/")
    assert_allclose(largest_error(float(intercept), float(slope)), VALUES[case]["emax"], rtol=CLOSED_FORM)


def test_standard_deviations_of_both_halves():
    columns = data("optimism_spread")
    below, above = dual_sd(columns.to_numpy())
    for j, case in enumerate(columns):
        expected = VALUES[f"dual_sd/{case}"]
        assert_allclose([below[j], above[j]], [expected["sd_1"], expected["sd_2"]], rtol=CLOSED_FORM)
    assert below[columns.columns.get_loc("nine")] == above[columns.columns.get_loc("nine")]


@pytest.mark.parametrize("confidence", [0.95, 0.9])
def test_limits_of_the_corrected_index(confidence):
    halves = data("optimism_halves")
    training, test = (halves[[f"{kind}_dxy", f"{kind}_slope"]].to_numpy() for kind in ("training", "test"))
    low, high = corrected_interval([0.62, 0.88], training, test, confidence)
    for j, index in enumerate(("dxy", "slope")):
        expected = VALUES[f"interval/{index}/{confidence:g}"]
        assert_allclose([low[j], high[j]], [expected["low"], expected["high"]], rtol=CLOSED_FORM)
