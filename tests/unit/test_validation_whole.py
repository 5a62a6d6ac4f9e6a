"""The whole validation: every table has its columns, every number its method, however little a cohort has."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import stats
from test_validation_rules import (
    DESCRIBED,
    PLAN,
    RULES,
    cohorts,
    described_case,
    rule_with,
    with_events,
    with_holes,
)

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


CERTAIN = rules.rule_of("zero_one", described_case("rule_with_certain_patterns", "zero_one"), VARIABLES)


@pytest.mark.parametrize("incomplete", [False, True], ids=["complete", "incomplete"])
def test_a_rule_with_risks_of_0_and_1_has_what_can_be_given_and_the_others_go_on(incomplete):
    """0 of 20, 5 of 10, 12 of 20 and 15 of 15."""
    plan = copy.deepcopy(QUICK_PLAN)
    plan["validation"]["pairs"] = [["zero_one", "combined"]]
    cohort = with_holes(with_events(120, 40), ["vbq"]) if incomplete else with_events(120, 40)
    found = validated(cohort, cohort, plan, [CERTAIN, RULES["combined"]])
    assert_sound(found)
    known = cohort.dropna(subset=["vbq", "sins"])
    y, high, unstable = known["new_vcf"], known["vbq"] > 3, known["sins"] > 6
    risk = np.select([high & unstable, high, unstable], [1, 0.6, 0.5], 0)
    performance_of = found["performance"].query("rule == 'zero_one' and analysis == @COMPLETE")
    estimate = performance_of.set_index("measure")["estimate"]
    assert list(estimate.index) == ["auc", "observed_expected", "brier", "scaled_brier"]
    assert_allclose(estimate["observed_expected"], y.sum() / risk.sum())
    assert_allclose(estimate["brier"], ((y - risk) ** 2).mean())
    assert_allclose(
        estimate["auc"], stats.mannwhitneyu(risk[y == 1], risk[y == 0]).statistic / y.sum() / (1 - y).sum()
    )
    at = found["decision"].query("rule == 'zero_one' and threshold == 0.5").iloc[0]
    assert_allclose(at["net_benefit"], (y[risk >= 0.5].sum() - (1 - y)[risk >= 0.5].sum()) / len(y))
    patterns = found["patterns"].query("rule == 'zero_one'").set_index("pattern")
    assert patterns["risk"].tolist() == [0, 0.5, 0.6, 1]
    assert set(found["updating"]["rule"]) == {"combined"}
    assert (found["rules"].query("rule == 'zero_one'")["not_tested"] == rules.CERTAIN).all()
    alone = validated(
        cohort, cohort, plan | {"validation": plan["validation"] | {"pairs": []}}, [RULES["combined"]]
    )
    for name in ("performance", "decision", "updating", "subgroups", "closed_test"):
        rows = found[name][found[name]["rule"] == "combined"].reset_index(drop=True)
        assert_frame_equal(alone[name], rows, check_dtype=False)


def test_a_rare_level_that_separated_resamples_lack():
    """One of 50 patients smokes, and the VBQ score separates the outcomes."""
    rare = rule_with(
        needs={"vbq": "a score", "smoking": "status"},
        terms=[
            {"variable": "vbq", "log_odds": 1},
            {"variable": "smoking", "level": "current", "log_odds": 0.5},
        ],
        intercept=-4,
    )
    cohort = separated(50).assign(smoking=np.where(np.arange(50) == 0, "current", "never"))
    plan = copy.deepcopy(QUICK_PLAN)
    plan["validation"]["pairs"] = []
    for each in (cohort, with_holes(cohort, ["vbq", "smoking"])):
        found = validated(each, cohort, plan, [rare, RULES["combined"]])
        assert_sound(found)
        assert set(found["updating"]["rule"]) == {"tested", "combined"}


def test_net_benefit_is_of_the_risk_at_each_threshold_and_without_risks_of_the_cutoff():
    """SINS from 7 on has 36 of 45, below 20 of 60: all are treated up to 1/3, nobody above 0.8."""
    cohort = with_events(120, 40)
    y, positive = cohort["new_vcf"], cohort["sins"] > 6
    at = [0.05, 0.33, 0.34, 0.8, 0.81]
    odds = np.array(at) / (1 - np.array(at))
    all_treated = y.mean() - (1 - y).mean() * odds
    by_cutoff = (y * positive).mean() - ((1 - y) * positive).mean() * odds
    described = DESCRIBED["sins_from_7"]
    without = rules.rule_of("without", {k: v for k, v in described.items() if "patterns" not in k}, VARIABLES)
    both = [RULES["sins_from_7"], without]
    found = utility.decision_curves(cohort, "new_vcf", both, VARIABLES, at, 0.95).set_index("rule")
    assert_allclose(
        found.loc["sins_from_7", "net_benefit"],
        [*all_treated[:2], *by_cutoff[2:4], 0],
        rtol=1e-12,
        atol=1e-12,
    )
    assert set(found.loc["sins_from_7", "strategy"]) == {utility.BY_RISK}
    assert set(found.loc["sins_from_7", "basis"]) == {rules.GIVEN}
    assert_allclose(found.loc["without", "net_benefit"], by_cutoff, rtol=1e-12)
    assert set(found.loc["without", "strategy"]) == {utility.POSITIVE}


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
