"""Performance of rules: beside other libraries, in any cohort, and where little can be estimated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import special
from sklearn.metrics import brier_score_loss, confusion_matrix, roc_auc_score
from statsmodels.discrete.discrete_model import Logit
from test_validation_rules import RULES, cohorts, rule_with, with_events, with_holes

from vbq.codebook import VARIABLES
from vbq.simulation.site import simulate_truth
from vbq.stats.logistic import is_separated
from vbq.validation.calibration import (
    CURVE_COLUMNS,
    PATTERN_COLUMNS,
    calibration_by_pattern,
    calibration_curves,
)
from vbq.validation.performance import (
    COLUMNS,
    PAIR_COLUMNS,
    TERM_COLUMNS,
    Settings,
    added_terms,
    assess_rules,
    compare_rules,
)
from vbq.validation.rules import GIVEN, REESTIMATED, WITH_RISKS, predict

pytestmark = pytest.mark.filterwarnings("error")

SETTINGS = Settings(confidence=0.95, replicates=20, seed=7)
ALL = list(RULES.values())
PAIRS = [(RULES["combined"], RULES["sins_from_7"]), (RULES["continuous"], RULES["vbq_above_3"])]
SAME = 1e-9
FITTED = 1e-6

quick = settings(max_examples=7)


def assessed(cohort, rules=ALL, asked=SETTINGS, **options):
    return assess_rules(cohort, "new_vcf", rules, VARIABLES, asked, **options)


def tables(cohort, rules=ALL, pairs=PAIRS, asked=SETTINGS):
    """Every table of the module."""
    confidence = asked.confidence
    return {
        "performance": assessed(cohort, rules, asked),
        "pairs": compare_rules(cohort, "new_vcf", pairs, VARIABLES, confidence),
        "terms": added_terms(cohort, "new_vcf", rules, VARIABLES, confidence),
        "patterns": calibration_by_pattern(cohort, "new_vcf", rules, VARIABLES, confidence),
        "curves": calibration_curves(cohort, "new_vcf", rules, VARIABLES, asked),
    }


def bootstrapped(table):
    return table["conf_method"].str.contains("bootstrap")


# --- Beside other libraries


@quick
@given(cohorts())
def test_discrimination_and_accuracy_are_those_of_scikit_learn(cohort):
    y = cohort["new_vcf"]
    for rule in ALL:
        predictions = predict(rule, cohort, VARIABLES)
        found = assessed(cohort, [rule]).set_index("measure")
        assert_allclose(found.loc["auc", "estimate"], roc_auc_score(y, predictions.linear_predictor))
        assert set(found["n"]) == {len(y)}
        assert set(found["n_events"]) == {y.sum()}
        if not rule.is_dichotomous:
            assert "sensitivity" not in found.index
            continue
        (tn, fp), (fn, tp) = confusion_matrix(y, predictions.positive, labels=[0, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = {
                "positive": (tp + fp) / len(y),
                "sensitivity": tp / (tp + fn),
                "specificity": tn / (tn + fp),
                "ppv": tp / (tp + fp),
                "npv": tn / (tn + fn),
                "likelihood_ratio_positive": (tp / (tp + fn)) / (fp / (fp + tn)),
                "likelihood_ratio_negative": (fn / (tp + fn)) / (tn / (tn + fp)),
            }
        assert_allclose(found.loc[list(expected), "estimate"].astype(float), list(expected.values()))


@quick
@given(cohorts())
def test_calibration_is_that_of_statsmodels(cohort):
    y = cohort["new_vcf"].to_numpy(dtype=float)
    for name in ("vbq_above_3", "combined"):
        lp = predict(RULES[name], cohort, VARIABLES).linear_predictor
        found = assessed(cohort, [RULES[name]]).set_index("measure")
        assert_allclose(found.loc["observed_expected", "estimate"], y.sum() / special.expit(lp).sum())
        assert_allclose(found.loc["brier", "estimate"], brier_score_loss(y, special.expit(lp)))
        fit = Logit(y, np.ones(len(y)), offset=lp).fit(disp=0)
        row = found.loc["calibration_in_the_large_profile"]
        assert_allclose(
            [row["estimate"], row["std_error"]], [fit.params[0], fit.bse[0]], rtol=1e-4, atol=1e-6
        )
        robust = Logit(y, np.ones(len(y)), offset=lp).fit(disp=0, cov_type="HC0").bse[0]
        assert_allclose(found.loc["calibration_in_the_large", "std_error"], robust, rtol=1e-4)
        X = np.column_stack([np.ones(len(y)), lp])
        if np.ptp(lp) > 0 and not is_separated(X, y):
            fit = Logit(y, X).fit(method="newton", tol=1e-10, disp=0)
            row = found.loc["calibration_slope"]
            assert_allclose([row["estimate"], row["std_error"]], [fit.params[1], fit.bse[1]], rtol=FITTED)
            assert_allclose(2 * (fit.llf - log_likelihood(y, lp)), found.loc["calibration_test", "statistic"])


def log_likelihood(y, lp):
    return (y * lp - np.logaddexp(0, lp)).sum()


@quick
@given(cohorts())
def test_without_an_intercept_nothing_is_said_of_the_mean_risk(cohort):
    found = assessed(cohort, [RULES["continuous"]])
    large = {"observed_expected", "calibration_in_the_large", "calibration_test"}
    assert not large & set(found["measure"])
    assert {"auc", "calibration_slope", "brier"} <= set(found["measure"])
    assert set(found.loc[found["measure"] != "auc", "basis"]) == {REESTIMATED}
    given_one = rule_with(
        needs=RULES["continuous"].needs,
        terms=[{"variable": t.variable, "log_odds": t.log_odds} for t in RULES["continuous"].terms],
        intercept=-15,
    )
    found = assessed(cohort, [given_one])
    assert large <= set(found["measure"])
    assert set(found.loc[found["measure"] != "auc", "basis"]) == {GIVEN}


@quick
@given(cohorts())
def test_patterns_divide_the_patients(cohort):
    table = calibration_by_pattern(cohort, "new_vcf", ALL, VARIABLES, 0.95)
    assert set(table["rule"]) == {"vbq_above_3", "sins_from_7", "combined"}
    for name, rows in table.groupby("rule"):
        assert len(rows) == len(RULES[name].risks)
        assert [rows["n"].sum(), rows["n_events"].sum()] == [len(cohort), cohort["new_vcf"].sum()]
        assert rows["risk"].is_monotonic_increasing
        lp = predict(RULES[name], cohort, VARIABLES).linear_predictor
        assert_allclose((rows["n"] * rows["risk"]).sum(), special.expit(lp).sum())


# --- What any cohort keeps


@quick
@given(cohorts(), st.sampled_from([0.8, 0.95]))
def test_intervals_hold_their_estimates(cohort, confidence):
    for table in tables(cohort, asked=replace(SETTINGS, confidence=confidence)).values():
        estimate = next(name for name in ("estimate", "difference", "observed") if name in table)
        limited = table[table["conf_low"].notna()]
        assert (limited["conf_low"] <= limited["conf_high"]).all()
        assert (limited["conf_method"] != "").all()
        # The distance of a curve is never negative: resamples find greater ones.
        limited = limited[~bootstrapped(limited)]
        assert (limited["conf_low"] <= limited[estimate] * (1 + SAME) + SAME).all()
        assert (limited["conf_high"] >= limited[estimate] * (1 - SAME) - SAME).all()


@quick
@given(cohorts(), st.integers(0, 99))
def test_patients_without_a_variable_of_the_rule_change_nothing(cohort, seed):
    others = simulate_truth(12, np.random.default_rng(seed))
    for lacking in ("vbq", "sins"):
        rules = [rule for rule in ALL if lacking in rule.variables]
        pairs = [pair for pair in PAIRS if any(rule in pair for rule in rules)]
        larger = pd.concat([cohort, others.assign(**{lacking: np.nan})], ignore_index=True)
        before, after = tables(cohort, rules, pairs), tables(larger, rules, pairs)
        for name, table in before.items():
            assert_frame_equal(after[name], table, check_exact=True)


@quick
@given(cohorts(), st.integers(0, 99))
def test_the_order_of_the_patients_changes_nothing(cohort, seed):
    before, after = tables(cohort), tables(cohort.sample(frac=1, random_state=seed))
    for name, table in before.items():
        shuffled = after[name]
        if name == "performance":  # which patients a resample draws depends on their order
            resampled = bootstrapped(table)
            assert_allclose(shuffled["estimate"], table["estimate"], rtol=FITTED, atol=SAME)
            table, shuffled = table[~resampled], shuffled[~resampled]
        assert_frame_equal(shuffled, table, check_exact=False, rtol=FITTED, atol=FITTED)


@quick
@given(cohorts())
def test_without_intervals_the_estimates_are_the_same(cohort):
    whole, pooled = assessed(cohort), assessed(cohort, intervals=False)
    shown_only = ["calibration_test", "calibration_in_the_large_profile"]
    whole = whole[~whole["measure"].isin(shown_only)].set_index(["rule", "measure"])
    pooled = pooled.set_index(["rule", "measure"])
    assert list(pooled.index) == list(whole.index)
    assert_allclose(pooled["estimate"], whole["estimate"], rtol=SAME)
    curved = pooled.index.get_level_values("measure").isin(["ici", "e50", "e90"])
    assert_allclose(pooled.loc[~curved, "std_error"], whole.loc[~curved, "std_error"], rtol=SAME)


@quick
@given(cohorts())
def test_pairs_turned_round(cohort):
    there = compare_rules(cohort, "new_vcf", PAIRS, VARIABLES, 0.95)
    back = compare_rules(cohort, "new_vcf", [pair[::-1] for pair in PAIRS], VARIABLES, 0.95)
    assert_allclose(back["difference"], -there["difference"])
    assert_allclose(back["conf_low"], -there["conf_high"], atol=SAME)
    assert_allclose(back["p_value"], there["p_value"], rtol=FITTED)
    assert_allclose(there["difference"], there["auc_1"] - there["auc_2"])
    single = assessed(cohort).set_index(["rule", "measure"])["estimate"]
    for row in there.itertuples():
        assert_allclose([row.auc_1, row.auc_2], [single[row.rule_1, "auc"], single[row.rule_2, "auc"]])


@quick
@given(st.integers(5, 30), st.integers(0, 99))
def test_one_event_says_nothing_for_certain(n, seed):
    """With one event there is no variance: neither is there an interval, or a test."""
    cohort = with_events(n, 1, seed)
    row = compare_rules(cohort, "new_vcf", [(RULES["combined"],) * 2], VARIABLES, 0.95).iloc[0]
    assert row["difference"] == 0
    assert np.isnan(row[["conf_low", "conf_high", "p_value"]].astype(float)).all()


# --- Where little can be estimated


@quick
@given(cohorts(smallest=12, largest=40))
def test_perfect_separation(cohort):
    apart = cohort.assign(vbq=cohort["vbq"] % 0.5 + np.where(cohort["new_vcf"] == 1, 3.1, 2))
    found = assessed(apart, [RULES["vbq_above_3"]]).set_index("measure")
    area, slope = found.loc["auc"], found.loc["calibration_slope"]
    assert [area["estimate"], area["conf_high"]] == [1, 1]
    assert 0 < area["conf_low"] < 1
    assert "Newcombe" in area["conf_method"]
    assert all("penalized (Firth)" in slope[method] for method in ("conf_method", "p_method"))
    assert np.isfinite(slope[["estimate", "conf_low", "conf_high"]].astype(float)).all()


@quick
@given(cohorts(), st.sampled_from([(2.0, 3), (3.5, 9)]))
def test_a_constant_score_discriminates_nothing_and_has_no_slope(cohort, scores):
    found = assessed(cohort.assign(vbq=scores[0], sins=scores[1]))
    assert set(found["rule"]) == set(RULES)
    assert (found.loc[found["measure"] == "auc", "estimate"] == 0.5).all()
    assert not set(found["measure"]) & {"calibration_slope", "calibration_test", "ici"}
    assert {"observed_expected", "calibration_in_the_large", "brier"} <= set(found["measure"])


@quick
@given(st.integers(10, 60), st.sampled_from([0, 1, -1, None]), st.integers(0, 99), st.booleans())
def test_few_or_no_events(n, events, seed, incomplete):
    cohort = with_events(n, n if events is None else events % n, seed)
    if incomplete:
        cohort = with_holes(cohort, ["vbq", "sins"], seed)
    found = tables(cohort)
    performance, y = found["performance"].set_index(["rule", "measure"]), cohort["new_vcf"]
    for rule in ALL:
        outcomes = y[cohort[rule.variables].notna().all(axis=1)]
        assume(len(outcomes))
        mixed = outcomes.nunique() == 2
        assert np.isfinite(performance.loc[(rule.name, "auc"), "estimate"]) == mixed
        if rule.basis in WITH_RISKS:
            assert np.isfinite(performance.loc[(rule.name, ["observed_expected", "brier"]), "estimate"]).all()
        if not mixed:
            assert performance.loc[(rule.name, "auc"), "note"] == "all patients have the same outcome"
            for name in ("terms", "curves"):
                assert rule.name not in set(found[name]["rule"])


@pytest.mark.parametrize(
    "cohort", [with_events(9, 3).iloc[:0], with_events(9, 3).assign(vbq=np.nan, sins=np.nan)]
)
def test_nobody_has_the_variables(cohort):
    found = tables(cohort)
    columns = [COLUMNS, PAIR_COLUMNS, TERM_COLUMNS, PATTERN_COLUMNS, CURVE_COLUMNS]
    assert [list(table.columns) for table in found.values()] == columns
    assert all(table.empty for table in found.values())


@pytest.mark.parametrize("lacking", ["vbq", "sins"])
@pytest.mark.parametrize("how", ["no column", "no values"])
def test_a_variable_that_nobody_has(lacking, how):
    cohort = with_events(50, 12)
    without = cohort.drop(columns=lacking) if how == "no column" else cohort.assign(**{lacking: np.nan})
    can = [rule for rule in ALL if lacking not in rule.variables]
    before, after = tables(cohort, can, []), tables(without)
    for name, table in before.items():
        assert_frame_equal(after[name], table, check_dtype=False)
