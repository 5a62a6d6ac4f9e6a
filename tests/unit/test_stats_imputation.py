"""What must hold of imputations of any data, and that they are proper where values are missing at random."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

from vbq.stats import imputation
from vbq.stats.imputation import DONORS, _draw_nearest, impute
from vbq.stats.pooling import pool

UNORDERED = ["c0", "c1"]

quick = settings(max_examples=60, deadline=None)

levels = st.integers(0, 4).map(float)
few = st.integers(-2, 2).map(float)  # many ties, constant and collinear columns
many = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@st.composite
def frames(draw):
    """Any incomplete frame; often with more columns than rows."""
    n, p = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    columns = {}
    for j in range(p):
        values = levels if f"c{j}" in UNORDERED else draw(st.sampled_from([few, many]))
        column = np.array(draw(st.lists(values, min_size=n, max_size=n)))
        missing = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
        missing[draw(st.integers(0, n - 1))] = False
        columns[f"c{j}"] = np.where(missing, np.nan, column)
    return pd.DataFrame(columns)


def with_missing(frame, column, missing):
    return frame.assign(**{column: frame[column].mask(missing)})


# --- Any data


@quick
@given(frames(), st.integers(1, 3), st.integers(0, 3))
def test_imputes_observed_values_only(frame, m, iterations):
    before = frame.copy()
    imputations = list(impute(frame, UNORDERED, m, iterations, seed=1))
    assert_frame_equal(frame, before)
    assert len(imputations) == m
    for completed in imputations:
        assert_frame_equal(completed.where(frame.notna()), frame)
        for column in frame:
            assert completed[column].isin(frame[column].dropna()).all()


@quick
@given(frames(), st.integers(0, 100))
def test_more_imputations_begin_with_the_same_ones(frame, seed):
    fewer, more = (list(impute(frame, UNORDERED, m, 2, seed)) for m in (2, 3))
    for one, other in zip(fewer, more, strict=False):
        assert_frame_equal(one, other)


@quick
@given(frames(), st.integers(-20, 20))
def test_the_unit_of_a_variable_does_not_matter(frame, exponent):
    columns = frame.columns.difference(UNORDERED)
    scaled = frame.copy()
    scaled[columns] *= 2.0**exponent
    expected = next(impute(frame, UNORDERED, 1, 2, seed=1))
    expected[columns] *= 2.0**exponent
    assert_frame_equal(next(impute(scaled, UNORDERED, 1, 2, seed=1)), expected)


@quick
@given(
    st.lists(few | st.floats(-3, 3), min_size=1, max_size=30),
    st.lists(st.floats(-4, 4), min_size=1, max_size=5),
)
def test_donors_are_the_nearest(donors, targets):
    donors, targets = np.array(donors), np.array(targets)
    drawn = _draw_nearest(donors, targets, np.random.default_rng(1))
    distances = np.sort(np.abs(donors[:, None] - targets), axis=0)
    farthest = distances[min(DONORS, len(donors)) - 1]
    assert (np.abs(donors[drawn] - targets) <= farthest + 1e-12).all()


def test_complete_columns_come_back_as_they_are():
    frame = pd.DataFrame({"age": [60, 70, 65], "bmi": [25.0, np.nan, 30.0]}, index=["x", "y", "z"])
    completed = next(impute(frame, [], 1, 2, seed=1))
    assert_frame_equal(completed[["age"]], frame[["age"]])
    assert_frame_equal(next(impute(frame[["age"]], [], 1, 2, seed=1)), frame[["age"]])


def test_a_column_without_values_is_refused_at_once():
    with pytest.raises(ValueError, match="no value to impute from: b"):
        impute(pd.DataFrame({"a": [1.0, 2.0], "b": [np.nan, np.nan]}), [], 1, 1, seed=1)


# --- Which donors


def test_each_of_the_nearest_donors_is_as_likely():
    donors = np.array([9.0, 1, 2, 8, 3, 4, 5, 20])
    drawn = _draw_nearest(donors, np.full(10_000, 3.1), np.random.default_rng(1))
    counts = np.bincount(drawn, minlength=len(donors))
    assert_array_equal(counts > 0, np.isin(donors, [1, 2, 3, 4, 5]))
    assert_allclose(counts[counts > 0], 2000, atol=4 * np.sqrt(1600))


def test_each_of_equal_donors_is_as_likely():
    """Four of the five nearest donors are at 3; the fifth is any of those at 5."""
    donors = np.repeat([3.0, 5.0], [4, 20])
    drawn = _draw_nearest(donors, np.full(10_000, 3.1), np.random.default_rng(1))
    expected = np.repeat([2000, 100], [4, 20])
    assert_allclose(np.bincount(drawn, minlength=24), expected, atol=4 * np.sqrt(1600))


def test_predictors_that_differ_in_the_last_bit_are_equal():
    """Four donors are at 0.3 as computed in one way, 200 in the other."""
    x = np.repeat([0.3, 0.1 + 0.2, 1.0, 0.3], [4, 200, 200, 1000])
    generator = np.random.default_rng(2019)
    frame = pd.DataFrame({"x": x, "y": x + generator.normal(size=len(x))})
    frame.loc[404:, "y"] = np.nan
    for completed in impute(frame, [], 5, 1, seed=1):
        assert completed["y"].iloc[404:].isin(frame["y"][:4]).mean() < 0.05


@pytest.mark.parametrize("unordered", [[], ["alone"]], ids=["number", "levels"])
def test_without_predictors_any_observed_value_is_as_likely(unordered):
    frame = pd.DataFrame({"alone": np.concatenate([np.arange(10.0), np.full(10_000, np.nan)])})
    completed = next(impute(frame, unordered, 1, 1, seed=1))
    assert_allclose(completed["alone"].iloc[10:].value_counts(), 1000, atol=4 * np.sqrt(900))


# --- Known relations


@pytest.fixture
def related():
    generator = np.random.default_rng(2019)
    n = 400
    x = generator.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "line": 3 - 2 * x,
            "class": np.digitize(x, [-0.5, 0.5]).astype(float),
            "noise": generator.normal(size=n),
        }
    ), generator.random(n) < 0.3


def test_a_linear_relation_is_kept(related):
    frame, missing = related
    completed = next(impute(with_missing(frame, "line", missing), [], 1, 2, seed=1))
    assert np.corrcoef(completed["line"][missing], frame["line"][missing])[0, 1] > 0.99


def test_dependent_columns_change_nothing_but_the_draws(related):
    frame, missing = related
    frame = frame.assign(twice=2 * frame["x"], sum=frame["x"] + frame["noise"], constant=1.0)
    completed = next(impute(with_missing(frame, "line", missing), [], 1, 2, seed=1))
    assert np.corrcoef(completed["line"][missing], frame["line"][missing])[0, 1] > 0.99


def test_a_predictor_that_only_the_missing_rows_have_has_no_effect(related):
    """With any effect, all missing rows would have the same five donors."""
    frame, missing = related
    frame = pd.DataFrame({"x": frame["x"], "line": frame["line"] + frame["noise"], "marks": missing * 1.0})
    for completed in impute(with_missing(frame, "line", missing), [], 5, 2, seed=1):
        assert np.corrcoef(completed["line"][missing], frame["x"][missing])[0, 1] < -0.8


@pytest.mark.parametrize("codes", [[0, 1, 2], [1, 0, 2], [2, 0, 1]])
def test_codes_of_unordered_levels_are_names(related, codes):
    frame, missing = related
    frame = frame.assign(**{"class": np.array(codes, dtype=float)[frame["class"].astype(int)]})
    completed = next(impute(with_missing(frame, "class", missing), ["class"], 1, 2, seed=1))
    assert (completed["class"] == frame["class"])[missing].mean() > 0.8


def test_unordered_levels_predict_by_indicators():
    """A number that is not monotone in the codes of the level."""
    level = np.tile([0.0, 1.0, 2.0], 100)
    frame = pd.DataFrame({"level": level, "number": np.array([0.0, 10.0, 1.0])[level.astype(int)]})
    missing = np.arange(300) % 4 == 0
    completed = next(impute(with_missing(frame, "number", missing), ["level"], 1, 1, seed=1))
    assert_frame_equal(completed, frame)


# --- Values missing at random

DATASETS, M, N = 60, 10, 300
SLOPE, MEAN = 0.8, 1.0
BIAS = 0.03  # where donors are scarce: mice's slope is 0.770 +- 0.004 in 400 such data sets, this one's too


def slope_and_variance(frame):
    (slope, _), covariance = np.polyfit(frame["x"], frame["y"], 1, cov=True)
    return slope, covariance[0, 0]


@pytest.fixture(scope="module")
def simulated():
    """Of each data set: slope, whether its interval covers the truth, mean, and mean of complete cases."""
    rows = []
    for seed in range(DATASETS):
        generator = np.random.default_rng([2019, seed])
        x = generator.normal(size=N)
        y = MEAN + SLOPE * x + generator.normal(size=N)
        z = x - y + generator.normal(size=N)
        frame = pd.DataFrame({"x": x, "y": y, "z": z})
        frame.loc[generator.random(N) < 1 / (1 + np.exp(1 - 1.5 * x)), "y"] = np.nan
        frame.loc[generator.random(N) < 0.1, "z"] = np.nan
        imputations = list(impute(frame, [], M, 5, seed))
        pooled = pool(*zip(*map(slope_and_variance, imputations), strict=True), df_complete=N - 2)
        mean = np.mean([completed["y"].mean() for completed in imputations])
        covers = pooled.low < SLOPE < pooled.high
        rows.append({"slope": pooled.estimate, "covers": covers, "mean": mean, "observed": frame["y"].mean()})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("statistic", "truth"), [("slope", SLOPE), ("mean", MEAN)])
def test_estimates_are_unbiased(simulated, statistic, truth):
    estimates = simulated[statistic]
    assert abs(estimates.mean() - truth) < 3 * estimates.sem() + BIAS


def test_complete_cases_are_biased(simulated):
    observed = simulated["observed"]
    assert observed.mean() < MEAN - BIAS - 10 * observed.sem()


def test_intervals_cover_the_truth(simulated):
    """Of 60 intervals that each cover with probability 0.95, 51 or more do with probability 0.999."""
    assert simulated["covers"].sum() >= 51


def test_donors_are_looked_for_among_some_where_there_are_very_many(monkeypatch):
    generator = np.random.default_rng(1)
    x = generator.normal(size=4_000)
    frame = pd.DataFrame({"x": x, "y": x + generator.normal(scale=0.5, size=4_000)})
    frame.loc[x > 0.5, "y"] = np.where(generator.random((x > 0.5).sum()) < 0.7, np.nan, frame["y"][x > 0.5])
    means = {}
    for most in (10_000, 500):
        monkeypatch.setattr(imputation, "MOST_DONORS", most)
        completed = list(impute(frame, [], 20, 3, 1))
        for one in completed:
            assert set(one["y"]) <= set(frame["y"].dropna())
        means[most] = np.array([one["y"].mean() for one in completed])
    difference = means[500].mean() - means[10_000].mean()
    error = np.sqrt(sum(values.var(ddof=1) for values in means.values()) / 20)
    assert abs(difference) < 4 * error + 0.01 * frame["y"].std()
