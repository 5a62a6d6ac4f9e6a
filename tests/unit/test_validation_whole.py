"""The whole validation: every table has its columns, every number its method, however little a cohort has."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from test_validation_rules import PLAN, RULES, cohorts, with_events, with_holes

from vbq.codebook import VARIABLES
from vbq.simulation.site import simulate_truth
from vbq.validation import (
    COMPLETE,
    IMPUTED,
    calibration,
    comparability,
    missing,
    performance,
    precision,
    rules,
    subgroups,
    updating,
    utility,
)
from vbq.validation.validate import TABLES, validate

pytestmark = pytest.mark.filterwarnings("error")

ALL = [RULES[path.split("/")[-1].removesuffix(".yaml")] for path in PLAN["validation"]["rules"]]
QUICK_PLAN = copy.deepcopy(PLAN)
QUICK_PLAN["validation"]["imputation"] |= {"number": 2, "iterations": 2}
POOLED = ["imputations", "df_pooled", "fraction_missing"]
DOCUMENTED = {
    "rules": rules.RULE_COLUMNS,
    "case_mix": comparability.CASE_MIX_COLUMNS,
    "distributions": comparability.DISTRIBUTION_COLUMNS,
    "membership": comparability.MEMBERSHIP_COLUMNS,
    "precision": precision.PRECISION_COLUMNS,
    "missingness": missing.MISSINGNESS_COLUMNS,
    "missing_patterns": ["missing", "n_variables", "n", "percent"],
    "performance": performance.COLUMNS,
    "pairs": performance.PAIR_COLUMNS,
    "terms": performance.TERM_COLUMNS,
    "patterns": calibration.PATTERN_COLUMNS,
    "curves": calibration.CURVE_COLUMNS,
    "decision": utility.DECISION_COLUMNS,
    "subgroups": subgroups.SUBGROUP_COLUMNS,
    "updating": updating.UPDATING_COLUMNS,
    "updated_rules": updating.MODEL_COLUMNS,
    "closed_test": updating.TEST_COLUMNS,
}
INTERVALS = [
    ("conf_low", "conf_high"),
    ("net_benefit_low", "net_benefit_high"),
    ("above_all_low", "above_all_high"),
]
METHODS = {
    "p_value": "p_method",
    "optimism": "optimism_method",
    "standardized_difference": "method",
    "expected_width": "method",
    **{limit: "conf_method" for limits in INTERVALS for limit in limits},
}


def validated(cohort, development=None, plan=QUICK_PLAN, tested=ALL):
    return validate(cohort, development, tested, plan, VARIABLES, replicates=20, seed=7)


def assert_sound(found):
    """Every table has its columns, and every row of numbers names its method."""
    assert tuple(found) == TABLES == tuple(DOCUMENTED)
    for name, table in found.items():
        extra = POOLED if "imputations" in table else []
        assert list(table.columns) == [*DOCUMENTED[name], *extra], name
        for number, method in METHODS.items():
            if number in table and method in table:
                rows = table[table[number].notna()]
                assert rows[method].fillna("").ne("").all(), f"{name}: {number}"
        for low, high in INTERVALS:
            if low in table:
                both = table.dropna(subset=[low, high])
                assert (both[low] <= both[high]).all(), name
        if "p_value" in table:
            assert table["p_value"].dropna().between(0, 1).all(), name


def test_the_default_plan_in_a_simulated_cohort():
    generator = np.random.default_rng(1)
    cohort, development = simulate_truth(400, generator), simulate_truth(150, generator)
    incomplete = with_holes(cohort, ["vbq", "sins", "age", "field_strength"])
    found = validated(incomplete, development)
    assert_sound(found)
    assert [name for name, table in found.items() if table.empty] == []
    assert set(found["rules"]["rule"]) == set(RULES)
    assert set(found["performance"]["analysis"]) == {COMPLETE, IMPUTED}
    again = validated(incomplete, development)
    for name, table in found.items():
        assert_frame_equal(again[name], table, check_exact=True)


def test_numbers_of_patients_agree_between_tables():
    cohort = with_holes(with_events(120, 40), ["vbq", "sins"])
    found = validated(cohort)
    for rule in ALL:
        known = cohort.dropna(subset=rule.variables)
        expected = (len(known), known["new_vcf"].sum())
        for name in (
            "rules",
            "performance",
            "terms",
            "curves",
            "decision",
            "precision",
            "updating",
            "updated_rules",
        ):
            table = found[name]
            rows = table[(table["rule"] == rule.name)]
            if "analysis" in table:
                rows = rows[rows["analysis"] == COMPLETE]
            counted = set(zip(rows["n"], rows["n_events"], strict=True))
            assert counted <= {expected}, name
    assert found["missing_patterns"]["n"].sum() == len(cohort)


@settings(max_examples=4)
@given(cohorts(20, 60), st.booleans(), st.booleans())
def test_any_cohort_is_validated(cohort, incomplete, compared):
    if incomplete:
        cohort = with_holes(cohort, ["vbq", "sins", "age", "sex", "field_strength"])
    assert_sound(validated(cohort, with_events(30, 9) if compared else None))


def separated(n):
    """Patients whom both scores tell apart."""
    cohort = with_events(n, n // 3)
    high = cohort["new_vcf"] == 1
    return cohort.assign(vbq=cohort["vbq"] % 0.5 + np.where(high, 3.1, 2), sins=np.where(high, 9, 4))


PLAIN = with_events(60, 15)
LITTLE = {
    "nobody": PLAIN.iloc[:0],
    "one patient": PLAIN.iloc[:1],
    "two patients": with_events(2, 1),
    "three patients": with_events(3, 1),
    "ten patients": with_events(10, 4),
    "ten patients, one event": with_events(10, 1),
    "no event": with_events(60, 0),
    "one event": with_events(60, 1),
    "two events": with_events(60, 2),
    "all but one": with_events(60, 59),
    "all": with_events(60, 60),
    "a constant VBQ score": PLAIN.assign(vbq=2.77),
    "constant scores": PLAIN.assign(vbq=3.5, sins=8),
    "separated": separated(60),
    "separated the wrong way": separated(60).assign(new_vcf=1 - separated(60)["new_vcf"]),
    "no subgroups": PLAIN.drop(columns=["sex", "vendor", "treatment", "field_strength", "age"]),
    "no VBQ score": PLAIN.drop(columns="vbq"),
    "no SINS": PLAIN.drop(columns="sins"),
    "no score": PLAIN.drop(columns=["vbq", "sins"]),
    "all VBQ scores missing": PLAIN.assign(vbq=np.nan),
    "all SINS missing": PLAIN.assign(sins=np.nan),
    "an unknown outcome": PLAIN.assign(new_vcf=PLAIN["new_vcf"].where(PLAIN.index > 5)),
}


@pytest.mark.parametrize("incomplete", [False, True], ids=["complete", "incomplete"])
@pytest.mark.parametrize("name", LITTLE)
def test_a_cohort_with_little_to_show(name, incomplete):
    cohort = LITTLE[name]
    if incomplete:
        cohort = with_holes(cohort, [name for name in ("vbq", "sins", "age", "sex") if name in cohort])
    assert_sound(validated(cohort, cohort))


def test_the_index_of_the_cohort_does_not_matter():
    cohort = with_holes(PLAIN, ["vbq", "sex"])
    found, other = validated(cohort), validated(cohort.set_index(pd.Index(range(500, 500 + len(cohort)))))
    for name, table in found.items():
        assert_frame_equal(other[name], table)


def test_each_rule_is_validated_as_if_alone():
    plan = copy.deepcopy(QUICK_PLAN)
    plan["validation"]["pairs"] = []
    together = validated(PLAIN, plan=plan)
    for rule in ALL:
        alone = validated(PLAIN, plan=plan, tested=[rule])
        for name in (
            "rules",
            "performance",
            "terms",
            "patterns",
            "decision",
            "subgroups",
            "updating",
            "closed_test",
        ):
            rows = together[name][together[name]["rule"] == rule.name].reset_index(drop=True)
            assert_frame_equal(alone[name], rows, check_dtype=False)


# --- What is said of each rule


def test_what_a_cohort_lacks_is_said():
    cohort = with_holes(with_events(40, 9), ["vbq"]).drop(columns="sins")
    table = rules.rules_table(list(RULES.values()), cohort, "new_vcf").set_index("rule")
    known = cohort[cohort["vbq"].notna()]
    assert table.loc["vbq_above_3", ["n", "n_events"]].tolist() == [len(known), known["new_vcf"].sum()]
    lacking = table.drop(index="vbq_above_3")
    assert not any(rules.can_be_applied(RULES[name], cohort.columns) for name in lacking.index)
    assert set(lacking["n"]) == {0}
    assert set(lacking["tested"]) == {""}
    assert lacking["not_tested"].str.contains("the cohort has no sins").all()


@pytest.mark.parametrize("name", RULES)
def test_what_is_said_to_be_tested_is(name):
    row = rules.rules_table([RULES[name]], with_events(30, 9), "new_vcf").iloc[0]
    has_risks = RULES[name].basis in rules.WITH_RISKS
    assert ("calibration in the large" in row["tested"]) == has_risks
    assert ("intercept was not printed" in row["not_tested"]) == (not has_risks)
    assert ("the published cut-off" in row["tested"]) == RULES[name].is_dichotomous
