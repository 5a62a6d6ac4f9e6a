"""What must hold of any decision curve: against the counts, treating everyone, and treating nobody."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from vbq.stats.decision import COLUMNS, decision_curve, treat_all

pytestmark = pytest.mark.filterwarnings("error")

SAME = 1e-12  # the same sums in another order

quick = settings(max_examples=60, deadline=None)

patients = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=1, max_size=40)
thresholds = st.lists(st.integers(1, 19), min_size=1, max_size=5)
VALUES = ["net_benefit", "above_all"]


def of(sample, at):
    """Outcomes, risks and thresholds; all in twentieths, so that risks often are at a threshold."""
    events, twentieths = np.array(sample, dtype=float).T
    return events, twentieths / 20, np.array(at) / 20


@quick
@given(patients, thresholds)
def test_net_benefit_by_counting(sample, at):
    y, risk, at = of(sample, at)
    expected = []
    for threshold in at:
        treated = np.array([round(20 * value) >= round(20 * threshold) for value in risk])
        true, false = (treated & (y == 1)).sum(), (treated & (y == 0)).sum()
        expected.append(true / len(y) - false / len(y) * threshold / (1 - threshold))
    found = decision_curve(y, risk, at)
    assert list(found.columns) == ["threshold", *COLUMNS]
    assert_allclose(found["threshold"], at, rtol=0)
    assert_allclose(found["net_benefit"], expected, rtol=SAME, atol=SAME)
    assert_allclose(found["net_benefit"] - found["above_all"], treat_all(y, at), rtol=SAME, atol=SAME)


@quick
@given(patients, thresholds)
def test_standard_errors_are_those_of_means_over_patients(sample, at):
    y, risk, at = of(sample, at)
    found = decision_curve(y, risk, at)
    for row, threshold in enumerate(at):
        gain = y - (1 - y) * threshold / (1 - threshold)
        treated = risk > threshold - 1e-9
        for name, contributions in (("net_benefit", gain * treated), ("above_all", -gain * ~treated)):
            error = np.std(contributions) / np.sqrt(len(y))
            assert_allclose(found.loc[row, f"{name}_std_error"], error, rtol=1e-6, atol=1e-7)


@quick
@given(patients, thresholds, st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_are_walds(sample, at, confidence):
    found = decision_curve(*of(sample, at), confidence)
    for name in VALUES:
        margin = stats.norm.ppf((1 + confidence) / 2) * found[f"{name}_std_error"]
        assert_allclose(found[f"{name}_low"], found[name] - margin, rtol=SAME, atol=SAME)
        assert_allclose(found[f"{name}_high"], found[name] + margin, rtol=SAME, atol=SAME)


@quick
@given(patients, thresholds, st.randoms(use_true_random=False), st.integers(2, 4))
def test_order_and_replication(sample, at, random, times):
    y, risk, at = of(sample, at)
    once = decision_curve(y, risk, at)
    order = random.sample(range(len(y)), len(y))
    assert_allclose(decision_curve(y[order], risk[order], at), once, rtol=SAME, atol=SAME)
    replicated = decision_curve(np.tile(y, times), np.tile(risk, times), at)
    assert_allclose(replicated[VALUES], once[VALUES], rtol=SAME, atol=SAME)
    errors = [f"{name}_std_error" for name in VALUES]
    assert_allclose(replicated[errors], once[errors] / np.sqrt(times), rtol=1e-6, atol=1e-7)


@quick
@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_everyone_and_nobody(outcomes):
    y = np.array(outcomes, dtype=float)
    risk = np.linspace(0.4, 0.6, len(y))
    found = decision_curve(y, risk, [0.1, 0.39, 0.61, 0.9])
    everyone, nobody = found.iloc[:2], found.iloc[2:]
    assert_allclose(everyone["net_benefit"], treat_all(y, [0.1, 0.39]), rtol=SAME, atol=SAME)
    assert (everyone[["above_all", "above_all_std_error"]] == 0).all(axis=None)
    assert (nobody[["net_benefit", "net_benefit_std_error", "net_benefit_high"]] == 0).all(axis=None)
    assert_allclose(nobody["above_all"], -treat_all(y, [0.61, 0.9]), rtol=SAME, atol=SAME)


@quick
@given(patients, thresholds)
def test_perfect_risks_have_the_net_benefit_of_the_prevalence(sample, at):
    y, _, at = of(sample, at)
    perfect = decision_curve(y, y, at)
    assert_allclose(perfect["net_benefit"], y.mean(), rtol=SAME)
    assert (perfect["above_all"] >= 0).all()
    assert (perfect["net_benefit"] >= decision_curve(*of(sample, at * 20))["net_benefit"] - SAME).all()


@quick
@given(patients, st.integers(1, 19))
def test_dichotomous_score(sample, at):
    """With 1 and 0 as risks the same patients are treated at every threshold."""
    y, risk, _ = of(sample, [1])
    positive = (risk > 0.5).astype(float)
    sensitivity, false_positives = (y * positive).mean(), ((1 - y) * positive).mean()
    odds = at / (20 - at)
    found = decision_curve(y, positive, [at / 20])["net_benefit"]
    assert_allclose(found, sensitivity - false_positives * odds, rtol=SAME, atol=SAME)


@pytest.mark.parametrize(("risk", "threshold"), [(0.1 + 0.2, 0.3), (0.3, 0.1 + 0.2)])
def test_risk_at_the_threshold_but_for_the_last_bit_is_treated(risk, threshold):
    assert risk != threshold
    found = decision_curve([1.0], [risk], [threshold, 0.3001])
    assert list(found["net_benefit"]) == [1, 0]


@quick
@given(st.integers(1, 19), st.integers(1, 5))
def test_treating_everyone_pays_up_to_the_prevalence(twentieths, times):
    y = np.repeat([1.0, 0.0], [twentieths * times, (20 - twentieths) * times])
    prevalence = twentieths / 20
    low, at, high = treat_all(y, [0.9 * prevalence, prevalence, 0.1 + 0.9 * prevalence])
    assert_allclose(at, 0, atol=SAME)
    assert low > 0 > high
