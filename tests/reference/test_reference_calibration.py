"""Calibration, net benefit and exact intervals against R's glm, survey, rms and Hmisc, and as printed."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, ITERATIVE, data, values
from scipy import special

from vbq.stats.batched import fit_batch
from vbq.stats.calibration import (
    brier_intervals,
    brier_score,
    calibration_curve,
    observed_expected,
    pattern_calibration,
    reestimated_intercept,
    spline_basis,
    weak_calibration,
)
from vbq.stats.decision import COLUMNS, decision_curve, treat_all
from vbq.stats.grouping import patterns_of, resampled_counts
from vbq.stats.proportions import clopper_pearson_interval, ratio_of_proportions
from vbq.stats.regressions import Design, Regressions, highest
from vbq.stats.roc import areas_under_curves, newcombe_interval

VALUES = values("calibration")
CASES = [
    "moderate",
    "few",
    "miscalibrated",
    "wide",
    "constant",
    "separated",
    "touching",
    "no_events",
    "few_below",
    "more_below",
]
SMOOTH = ["moderate", "few", "miscalibrated", "wide"]
BY_GLM = ["moderate", "few", "miscalibrated"]
SEPARATED = ["separated", "touching", "few_below"]
COEFFICIENT = ["estimate", "std_error", "low", "high", "statistic", "p_value"]
UNIROOT = np.finfo(float).eps ** 0.25  # absolute: the default tolerance of R's uniroot
REFITTED = 1e-8  # relative: the same resamples, fitted by statsmodels


def sample(case):
    rows = data(f"calibration_{case}")
    return rows["event"].to_numpy(dtype=float), rows["lp"].to_numpy()


def listed(quantities, name):
    """Return the vector that R recorded as name_1, name_2, ..."""
    return [value for key, value in quantities.items() if key.rpartition("_")[0] == name]


def recorded(kind):
    """Return the cases whose names are `kind` and numbers, with the numbers."""
    return [
        pytest.param(case, [float(part) for part in case.split("/")[1:]], id=case)
        for case in VALUES
        if case.startswith(f"{kind}/")
    ]


# --- Intercept and slope


@pytest.mark.parametrize("case", [case for case in CASES if case != "no_events"])
def test_calibration_in_the_large(case):
    y, lp = sample(case)
    expected = VALUES[f"{case}/in_the_large"]
    calibration = weak_calibration(y, lp)
    found = calibration.in_the_large
    assert_allclose(
        [getattr(found, key) for key in COEFFICIENT], [expected[key] for key in COEFFICIENT], rtol=ITERATIVE
    )
    assert_allclose(reestimated_intercept(y, lp), expected["estimate"], rtol=ITERATIVE)
    if case in BY_GLM:
        assert_allclose(
            [found.estimate, found.std_error],
            [expected["glm_estimate"], expected["glm_std_error"]],
            rtol=ITERATIVE,
        )
        assert_allclose(calibration.robust_error, expected["robust"], rtol=ITERATIVE)


@pytest.mark.parametrize("case", [*SMOOTH, *SEPARATED, "more_below"])
def test_slope_and_both(case):
    found = weak_calibration(*sample(case))
    slope, both = VALUES[f"{case}/slope"], VALUES[f"{case}/both"]
    assert found.penalized == (case in SEPARATED)
    assert_allclose(
        [getattr(found.slope, key) for key in COEFFICIENT],
        [slope[key] for key in COEFFICIENT],
        rtol=ITERATIVE,
    )
    assert_allclose(
        [found.intercept_beside_slope, found.statistic, found.p_value],
        [both[key] for key in ("intercept", "statistic", "p_value")],
        rtol=ITERATIVE,
    )


@pytest.mark.parametrize("case", BY_GLM)
def test_as_printed_by_val_prob(case):
    y, lp = sample(case)
    expected, found = VALUES[f"{case}/val_prob"], weak_calibration(y, lp, intervals=False)
    assert_allclose(
        [found.intercept_beside_slope, found.slope.estimate],
        [expected["intercept"], expected["slope"]],
        rtol=ITERATIVE,
    )
    assert_allclose(brier_score(y, special.expit(lp)).score, expected["brier"], rtol=CLOSED_FORM)


# --- Means over patients


@pytest.mark.parametrize("case", CASES)
def test_observed_over_expected(case):
    y, lp = sample(case)
    expected, found = VALUES[f"{case}/observed_expected"], observed_expected(y, special.expit(lp))
    assert np.isnan(found.log_std_error) == (case == "no_events")
    for key, value in expected.items():
        assert_allclose(getattr(found, key), value, rtol=CLOSED_FORM)


@pytest.mark.parametrize("case", CASES)
def test_brier_score(case):
    y, lp = sample(case)
    expected, found = VALUES[f"{case}/brier"], brier_score(y, special.expit(lp))
    assert ("scaled" in expected) == (case != "no_events") == np.isfinite(found.scaled)
    for key, value in expected.items():
        assert_allclose(getattr(found, key), value, rtol=CLOSED_FORM)


# --- Calibration curve


@pytest.mark.parametrize("number", [3, 4, 5])
def test_spline_columns(number):
    expected = VALUES[f"spline/{number}"]
    columns = [listed(VALUES[f"spline/{number}/{j}"], "column") for j in range(1, number)]
    found = spline_basis(listed(expected, "x"), listed(expected, "knots"))
    assert_allclose(found, np.transpose(columns), rtol=CLOSED_FORM, atol=1e-14)


@pytest.mark.parametrize("case", SMOOTH)
def test_calibration_curve(case):
    expected, found = VALUES[f"{case}/curve"], calibration_curve(*sample(case), replicates=2, seed=1)
    assert_allclose(found.knots, listed(expected, "knots"), rtol=CLOSED_FORM)
    assert len(found.knots) == (4 if case == "miscalibrated" else 3)
    for name in ("ici", "e50", "e90"):
        assert_allclose(found.distances[name][0], expected[name], rtol=ITERATIVE)
    for name in ("risk", "observed", "low", "high"):
        assert_allclose(getattr(found, name)[::10], listed(expected, name), rtol=ITERATIVE)


def resamples_written_out(values, y, replicates, seed):
    """Yield every resample's rows: values and outcomes."""
    patterns = patterns_of(values, y)
    for events, totals in resampled_counts(patterns, replicates, seed):
        for with_event, of in zip(events, totals, strict=True):
            times = np.concatenate([with_event, of - with_event]).astype(int)
            outcomes = np.repeat([1.0, 0.0], len(of))
            yield np.repeat(np.tile(patterns.rows[:, 0], 2), times), np.repeat(outcomes, times)


@pytest.mark.parametrize("case", ["moderate", "miscalibrated"])
def test_distances_of_resamples_written_out(case):
    """The curve fitted to the rows of every resample by statsmodels."""
    y, lp = sample(case)
    found = calibration_curve(y, lp, replicates=20, seed=7)
    estimates = []
    for drawn, outcomes in resamples_written_out(lp, y, 20, seed=7):
        assert len(drawn) == len(y)
        X = sm.add_constant(spline_basis(drawn, found.knots))
        fit = sm.Logit(outcomes, X).fit(method="newton", disp=0, tol=1e-12, maxiter=100)
        apart = np.abs(special.expit(drawn) - fit.predict())
        estimates.append([apart.mean(), np.median(apart), np.quantile(apart, 0.9)])
    low, high = np.quantile(estimates, [0.025, 0.975], axis=0)
    errors = np.std(np.log(estimates), axis=0, ddof=1)
    assert found.replicates == len(estimates) == 20
    assert_allclose(
        [found.distances[name][1:] for name in ("ici", "e50", "e90")],
        np.transpose([low, high, errors]),
        rtol=REFITTED,
    )


@pytest.mark.parametrize("case", ["moderate", "few", "miscalibrated"])
def test_brier_scores_of_resamples_written_out(case):
    y, lp = sample(case)
    risk = special.expit(lp)
    resamples = [
        brier_score(outcomes, drawn) for drawn, outcomes in resamples_written_out(risk, y, 20, seed=7)
    ]
    estimates = [[resample.score, resample.scaled] for resample in resamples]
    assert_allclose(
        brier_intervals(y, risk, replicates=20, seed=7),
        np.quantile(estimates, [0.025, 0.975], axis=0).T,
        rtol=CLOSED_FORM,
    )


# --- Net benefit


@pytest.mark.parametrize("case", CASES)
def test_decision_curve(case):
    y, _ = sample(case)
    risk = data(f"calibration_{case}")["rounded_risk"]
    thresholds = {
        key.split("/")[2]: value["all"]
        for key, value in VALUES.items()
        if key.startswith(f"{case}/decision/") and "all" in value
    }
    at = [float(threshold) for threshold in thresholds]
    expected = [
        [
            VALUES[f"{case}/decision/{threshold}/{name}"][key]
            for name in ("net_benefit", "above_all")
            for key in ("estimate", "low", "high", "std_error")
        ]
        for threshold in thresholds
    ]
    found = decision_curve(y, risk, at)
    assert_allclose(found["threshold"], at, rtol=0)
    assert_allclose(found[COLUMNS], expected, rtol=CLOSED_FORM, atol=1e-14)
    assert_allclose(treat_all(y, at), list(thresholds.values()), rtol=CLOSED_FORM, atol=1e-14)


# --- Exact and closed-form intervals


@pytest.mark.parametrize(("case", "numbers"), recorded("pattern"))
def test_exact_interval_and_test(case, numbers):
    events, n, risk, confidence = numbers
    y = np.repeat([1.0, 0.0], [int(events), int(n - events)])
    expected, found = VALUES[case], pattern_calibration(y, risk, confidence)
    assert (found.n, found.n_events) == (n, events)
    limits = [expected["low"], expected["high"]]
    assert_allclose(
        [found.observed, found.low, found.high, found.p_value],
        [expected["observed"], *limits, expected["p_value"]],
        rtol=CLOSED_FORM,
    )
    assert_allclose(clopper_pearson_interval(int(events), int(n), confidence), limits, rtol=CLOSED_FORM)


@pytest.mark.parametrize(("case", "numbers"), recorded("ratio"))
def test_ratio_of_proportions(case, numbers):
    a, m, b, n = (int(number) for number in numbers)
    expected, found = VALUES[case], ratio_of_proportions((a, m), (b, n))
    assert_allclose(
        found, [expected[key] for key in ("ratio", "low", "high", "log_std_error")], rtol=CLOSED_FORM
    )
    if "glm_log_ratio" in expected:
        assert_allclose(
            [np.log(found[0]), found[3]],
            [expected["glm_log_ratio"], expected["glm_log_std_error"]],
            rtol=ITERATIVE,
        )


@pytest.mark.parametrize(("case", "numbers"), recorded("newcombe"))
def test_newcombes_interval(case, numbers):
    auc, m, n, confidence = numbers
    found = newcombe_interval(auc, int(m), int(n), confidence)
    assert_allclose(found, [VALUES[case]["low"], VALUES[case]["high"]], rtol=CLOSED_FORM)


@pytest.mark.parametrize(
    ("others", "events", "printed"),
    [
        ([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], (0.5973406, 0.9860176)),
        (  # Parker and Vannest (2009), Behavior Therapy 40, 357-367
            [4, 3, 4, 3, 4, 7, 5, 2, 3, 2],
            [5, 9, 7, 9, 7, 5, 9, 11, 11, 10, 9],
            (0.7499741, 0.9950729),
        ),
    ],
    ids=["six and seven", "Parker and Vannest"],
)
def test_newcombes_interval_as_printed(others, events, printed):
    """The R package SingleCaseES 0.7.0 (Pustejovsky, Chen and Swan), examples on the help page of `NAP`."""
    y = np.repeat([0, 1], [len(others), len(events)])
    auc = float(areas_under_curves(y, np.array([*others, *events])).auc[0])
    assert_allclose(newcombe_interval(auc, len(events), len(others)), printed, rtol=0, atol=UNIROOT)


# --- Many logistic regressions

SHARED_DESIGN = np.column_stack([np.ones(6), np.arange(-1.5, 1.5, 0.5)])
BATCH = [VALUES[f"batch/{i}"] for i in range(1, 21)]


def of_every_sample(name):
    return np.array([listed(quantities, name) for quantities in BATCH])


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("name", ["weighted", "weighted_offset"])
def test_weighted_resamples_of_one_design(name, started):
    rows = data("calibration_batch_rows")
    weights = data("calibration_batch_weights").to_numpy(dtype=float)
    X = np.column_stack([np.ones(len(rows)), rows[["x1", "x2"]]])
    y = rows["event"].to_numpy(dtype=float)
    offset = rows["offset"].to_numpy() if name == "weighted_offset" else 0.0
    start = fit_batch(X, y[None], np.ones((1, len(y))), offset).coefficients[0] if started else None
    found = fit_batch(X, weights * y, weights, offset, start).coefficients
    assert_allclose(found, of_every_sample(name), rtol=CLOSED_FORM)


@pytest.mark.parametrize("name", ["counts", "own", "own_offset"])
def test_counts(name):
    cells = data("calibration_batch_cells")
    x, offset, total, events = (
        cells[column].to_numpy(dtype=float).reshape(20, 6) for column in ("x", "offset", "total", "events")
    )
    X = SHARED_DESIGN if name == "counts" else np.stack([np.ones_like(x), x], axis=2)
    found = fit_batch(X, events, total, offset if name == "own_offset" else 0.0).coefficients
    assert_allclose(found, of_every_sample(name), rtol=CLOSED_FORM)


@pytest.mark.parametrize("name", ["penalized", "penalized_separated"])
def test_penalized_counts(name):
    cells = data("calibration_batch_cells")
    total, events = (cells[column].to_numpy(dtype=float).reshape(20, 6) for column in ("total", "events"))
    if name == "penalized_separated":
        events = total * (SHARED_DESIGN[:, 1] > 0)
    p = SHARED_DESIGN.shape[1]
    found = highest(Regressions(Design(SHARED_DESIGN), events, total, np.zeros_like(total), True, p)).beta
    assert_allclose(found, of_every_sample(name), rtol=ITERATIVE)
