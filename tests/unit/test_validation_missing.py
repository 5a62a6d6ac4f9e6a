"""Missing values are counted and imputed, and what the imputed cohorts show is pooled by Rubin's rules."""

import copy
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import special, stats
from test_validation_rules import PLAN, RULES, cohorts, with_holes

from vbq.codebook import VARIABLES
from vbq.validation import COMPLETE, IMPUTED
from vbq.validation.missing import (
    imputed_cohorts,
    missing_patterns,
    missingness,
    pooled_comparisons,
    pooled_performance,
)
from vbq.validation.performance import Settings, assess_rules, compare_rules
from vbq.validation.validate import validate

pytestmark = pytest.mark.filterwarnings("error")

SETTINGS = Settings(confidence=0.95, replicates=20, seed=7)
ALL = list(RULES.values())
QUICK_PLAN = copy.deepcopy(PLAN)
QUICK_PLAN["validation"]["imputation"] = {"number": 2, "iterations": 2}
NAMES = ["new_vcf", "vbq", "sins", "age", "sex", "vendor", "field_strength", "sins_pain"]
PAIR = (RULES["combined"], RULES["sins_from_7"])
SAME = 1e-9

quick = settings(max_examples=5)


def imputed(cohort, m=3, seed=1, names=NAMES):
    return list(imputed_cohorts(cohort, names, VARIABLES, m, 2, seed))


def pooled_by_rubin(estimates, variances, df_complete, confidence=0.95):
    """The estimate, its limits and degrees of freedom, as Barnard and Rubin (1999) write them."""
    m, within, between = len(estimates), np.mean(variances), np.var(estimates, ddof=1)
    total = within + (1 + 1 / m) * between
    lost = (1 + 1 / m) * between / total
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - lost)
    df = 1 / (lost**2 / (m - 1) + 1 / observed)
    middle = np.mean(estimates)
    return middle, *stats.t.interval(confidence, df, middle, np.sqrt(total)), df


@quick
@given(cohorts(), st.integers(0, 99))
def test_imputed_values_are_levels_that_occur_and_observed_ones_stay(cohort, seed):
    incomplete = with_holes(cohort, NAMES[1:], seed)
    assume(incomplete[NAMES].notna().any().all())
    first, *others = imputed(incomplete)
    for completed in (first, *others):
        assert list(completed.columns) == list(incomplete.columns)
        assert not completed[NAMES].isna().any(axis=None)
        for name in NAMES:
            known = incomplete[name].notna()
            assert (completed.loc[known, name] == incomplete.loc[known, name]).all()
            assert set(completed[name]) <= set(incomplete.loc[known, name])
            if VARIABLES[name].is_categorical:
                assert set(completed[name]) <= set(VARIABLES[name].levels)
    assert_frame_equal(imputed(incomplete, m=1)[0], first, check_exact=True)
    assert any(not first.equals(other) for other in others) or not incomplete[NAMES].isna().any(axis=None)


@quick
@given(cohorts(), st.integers(0, 99))
def test_missing_values_are_counted(cohort, seed):
    incomplete = with_holes(cohort, ["vbq", "sins", "sex"], seed)
    table = missingness(incomplete, "new_vcf", ["vbq", "sins", "sex", "bmi"], VARIABLES).set_index("variable")
    for name in ("vbq", "sins", "sex"):
        gone = incomplete[name].isna()
        row = table.loc[name]
        assert [row["n"], row["n_missing"]] == [len(cohort), gone.sum()]
        shares = [gone.mean(), *(gone[cohort["new_vcf"] == y].mean() for y in (1, 0))]
        columns = ["percent_missing", "percent_missing_with", "percent_missing_without"]
        assert_allclose(row[columns].astype(float), 100 * np.array(shares))
    assert table.loc["bmi", "n_missing"] == len(cohort)  # a variable that the cohort does not have
    patterns = missing_patterns(incomplete, ["vbq", "sins"])
    assert patterns["n"].sum() == len(cohort)
    assert_allclose(patterns["percent"].sum(), 100)
    counted = patterns.set_index("missing")["n"]
    both = incomplete["vbq"].isna() & incomplete["sins"].isna()
    assert counted.get("vbq; sins", 0) == both.sum()
    assert counted.get("none", 0) == incomplete[["vbq", "sins"]].notna().all(axis=1).sum()
    assert all(larger >= smaller for larger, smaller in pairwise(patterns["n"]))


@quick
@given(cohorts(40, 80), st.integers(0, 99))
def test_pooled_measures_are_rubins_by_hand(cohort, seed):
    completed = imputed(with_holes(cohort, ["vbq", "sins"], seed))
    found = pooled_performance(completed, "new_vcf", ALL, VARIABLES, SETTINGS).set_index(["rule", "measure"])
    assert set(found["analysis"]) == {IMPUTED}
    each = [
        assess_rules(part, "new_vcf", ALL, VARIABLES, SETTINGS).set_index(["rule", "measure"])
        for part in completed
    ]
    scales = {
        "auc": (special.logit, special.expit),
        "observed_expected": (np.log, np.exp),
        "brier": (float, float),
    }
    for (name, measure), row in found.iterrows():
        if measure not in scales or row["note"]:
            continue
        there, back = scales[measure]
        singles = [table.loc[(name, measure)] for table in each]
        values = [there(single["estimate"]) for single in singles]
        variances = [single["std_error"] ** 2 for single in singles]
        *expected, df = pooled_by_rubin(values, variances, len(cohort) - 1)
        assert_allclose([row["estimate"], row["conf_low"], row["conf_high"]], list(map(back, expected)))
        assert_allclose([row["df_pooled"], row["imputations"]], [df, len(completed)])
        assert "Rubin" in row["conf_method"]
    assert not {"observed_expected", "calibration_in_the_large"} & set(found.loc["continuous"].index)


@quick
@given(cohorts(40, 80), st.integers(0, 99))
def test_pooled_differences_are_rubins_by_hand(cohort, seed):
    completed = imputed(with_holes(cohort, ["vbq", "sins"], seed))
    row = pooled_comparisons(completed, "new_vcf", [PAIR], VARIABLES, 0.95).iloc[0]
    singles = pd.concat(compare_rules(part, "new_vcf", [PAIR], VARIABLES, 0.95) for part in completed)
    assume((singles["std_error"] > 0).all())
    *expected, df = pooled_by_rubin(singles["difference"], singles["std_error"] ** 2, len(cohort) - 1)
    assert_allclose(row[["difference", "conf_low", "conf_high", "df_pooled"]].astype(float), [*expected, df])
    assert_allclose(row["auc_1"] - row["auc_2"], row["difference"], atol=SAME)
    assert np.isnan(row["p_value"])


@quick
@given(cohorts(30, 60), st.integers(0, 99))
def test_what_is_not_pooled_has_no_interval(cohort, seed):
    """A perfect score has measures of 0 and 1, which have no place on the logit scale."""
    apart = cohort.assign(vbq=cohort["vbq"] % 0.5 + np.where(cohort["new_vcf"] == 1, 3.1, 2))
    found = pooled_performance(
        imputed(with_holes(apart, ["sins"], seed)), "new_vcf", ALL, VARIABLES, SETTINGS
    )
    found = found.set_index(["rule", "measure"])
    unpooled = found[found["note"] != ""]
    perfect = unpooled.loc["vbq_above_3"]
    assert {"auc", "sensitivity", "specificity"} <= set(perfect.index)
    assert_allclose(perfect.loc[["auc", "sensitivity", "specificity"], "estimate"], 1)
    assert (unpooled["conf_method"] == "").all()
    assert np.isnan(unpooled[["conf_low", "conf_high"]].to_numpy(dtype=float)).all()


@quick
@given(cohorts(25, 40))
def test_nothing_missing_nothing_imputed(cohort):
    found = validate(cohort, None, ALL[:2], PLANNED, VARIABLES, replicates=20, seed=7)
    for name in ("performance", "pairs"):
        assert set(found[name]["analysis"]) <= {COMPLETE}
    incomplete = with_holes(cohort, ["vbq"])
    assume(incomplete["vbq"].isna().any() and incomplete["vbq"].notna().any())
    found = validate(incomplete, None, ALL[:2], PLANNED, VARIABLES, replicates=20, seed=7)
    imputed_rows = found["performance"][found["performance"]["analysis"] == IMPUTED]
    assert set(imputed_rows["n"]) == {len(cohort)}
    assert set(imputed_rows["rule"]) == {rule.name for rule in ALL[:2]}


PLANNED = copy.deepcopy(QUICK_PLAN)
PLANNED["validation"]["pairs"] = []


@pytest.mark.parametrize("lacking", ["vbq", "sins"])
@pytest.mark.parametrize("how", ["no column", "no values"])
@settings(max_examples=3)
@given(cohort=cohorts(30, 50))
def test_a_variable_that_nobody_has_is_left_out(lacking, how, cohort):
    other = "sins" if lacking == "vbq" else "vbq"
    cohort = with_holes(cohort, [other, "age"])
    assume(cohort[other].isna().any())
    cohort = cohort.assign(**{lacking: np.nan}) if how == "no values" else cohort.drop(columns=lacking)
    completed = imputed(cohort)
    for part in completed:
        assert part[other].notna().all()
        assert lacking not in part or part[lacking].isna().all()
    can = {name for name, rule in RULES.items() if rule.variables == [other]}
    assert set(pooled_performance(completed, "new_vcf", ALL, VARIABLES, SETTINGS)["rule"]) == can
    found = validate(cohort, None, ALL, QUICK_PLAN, VARIABLES, replicates=20, seed=7)["performance"]
    for analysis in (COMPLETE, IMPUTED):
        assert set(found.loc[found["analysis"] == analysis, "rule"]) == can
