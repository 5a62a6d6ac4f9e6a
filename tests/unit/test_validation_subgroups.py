"""Subgroups divide the patients, interactions are likelihood ratios, small subgroups have no estimate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import stats
from statsmodels.discrete.discrete_model import Logit
from test_validation_rules import RULES, cohorts, with_events, with_holes

from vbq.codebook import VARIABLES
from vbq.stats.logistic import is_separated
from vbq.validation.performance import Settings, assess_rules
from vbq.validation.rules import predict
from vbq.validation.subgroups import SUBGROUP_COLUMNS, assess_subgroups, subgroups_of

pytestmark = pytest.mark.filterwarnings("error")

SETTINGS = Settings(confidence=0.95, replicates=20, seed=7)
ALL = [RULES["vbq_above_3"], RULES["continuous"]]
NAMES = ["sex", "vendor", "field_strength"]
SPLIT = {"age": 65}
MEANS = {"mean_vbq", "mean_sins"}
TESTS = ["level_difference", "interaction"]
FITTED = 1e-6

quick = settings(max_examples=6)


def assessed(cohort, names=NAMES, split=SPLIT, rules=ALL, minimum=4, asked=SETTINGS):
    groups = subgroups_of(cohort, names, split, VARIABLES)
    return assess_subgroups(cohort, "new_vcf", rules, groups, minimum, VARIABLES, asked)


def in_levels(table):
    return table[table["level"] != ""]


def compared(table, rule, subgroup):
    """The tests of one rule by one variable, by measure."""
    rows = table[(table["rule"] == rule) & (table["subgroup"] == subgroup) & (table["level"] == "")]
    return rows.set_index("measure")


@quick
@given(cohorts(), st.booleans())
def test_subgroups_divide_the_patients_who_have_the_variable(cohort, incomplete):
    if incomplete:
        cohort = with_holes(cohort, ["sex", "vendor", "age"])
    for name, groups in subgroups_of(cohort, NAMES, SPLIT, VARIABLES).items():
        members = np.sum([who for *_, who in groups], axis=0)
        assert members.tolist() == cohort[name].notna().astype(int).tolist()
        assert len({level for level, *_ in groups}) == len(groups)
    sizes = in_levels(assessed(cohort)).drop_duplicates(["rule", "subgroup", "level"])
    for (_, name), rows in sizes.groupby(["rule", "subgroup"]):
        known = cohort[cohort[name].notna()]
        assert [rows["n"].sum(), rows["n_events"].sum()] == [len(known), known["new_vcf"].sum()]


def test_the_age_at_which_is_split_belongs_above():
    cohort = with_events(3, 1).assign(age=[64, 65, 66])
    (below, _, younger), (above, _, older) = subgroups_of(cohort, [], SPLIT, VARIABLES)["age"]
    assert (below, above) == ("<65", ">=65")
    assert younger.tolist() == [True, False, False]
    assert older.tolist() == [False, True, True]


@quick
@given(cohorts(), st.integers(2, 12))
def test_below_the_minimum_nothing_depends_on_the_outcome(cohort, minimum):
    table = in_levels(assessed(cohort, minimum=minimum))
    smaller = table["n_events"].combine(table["n"] - table["n_events"], min) < minimum
    few = table[smaller]
    assert set(few["measure"]) <= {"auc", "positive", *MEANS}
    areas = few[few["measure"] == "auc"]
    assert areas["estimate"].isna().all()
    assert areas["note"].str.startswith(f"not estimated: fewer than {minimum}").all()
    assert table.loc[~smaller & (table["measure"] == "auc"), "estimate"].notna().all()
    swapped = assessed(cohort.assign(new_vcf=1 - cohort["new_vcf"]), minimum=minimum)
    columns = ["rule", "subgroup", "level", "measure", "n", "estimate", "conf_low", "conf_high"]
    few_swapped = in_levels(swapped)[smaller.to_numpy()] if len(in_levels(swapped)) == len(table) else None
    assert few_swapped is not None
    assert_frame_equal(few_swapped[columns], few[columns])


@quick
@given(cohorts())
def test_each_subgroup_is_assessed_as_a_cohort_is(cohort):
    table = in_levels(assessed(cohort, ["sex"], {}, minimum=1)).set_index(["rule", "level", "measure"])
    for level, part in cohort.groupby("sex"):
        if part["new_vcf"].nunique() < 2:
            continue
        whole = assess_rules(part, "new_vcf", ALL, VARIABLES, SETTINGS).set_index(["rule", "measure"])
        for (rule, measure), row in whole.iterrows():
            if (rule, level, measure) in table.index:
                found = table.loc[(rule, level, measure), ["estimate", "conf_low", "conf_high"]]
                assert_allclose(found.astype(float), row[found.index].astype(float))


@quick
@given(cohorts(60, 120), st.sampled_from(["sex", "vendor"]), st.sampled_from(list(RULES)))
def test_tests_are_likelihood_ratios_of_statsmodels(cohort, name, rule):
    minimum = 3
    table = assessed(cohort, [name], {}, [RULES[rule]], minimum)
    y = cohort["new_vcf"].to_numpy(dtype=float)
    sizes = cohort.groupby(name)["new_vcf"].agg(["sum", "count"])
    enough = sizes[(sizes["sum"] >= minimum) & (sizes["count"] - sizes["sum"] >= minimum)].index
    found = compared(table, rule, name)
    assume(len(enough) > 1)
    inside = cohort[name].isin(enough).to_numpy()
    lp = predict(RULES[rule], cohort[inside], VARIABLES).linear_predictor
    y, lp = y[inside], lp - lp.mean()
    indicators = [(cohort.loc[inside, name] == level).to_numpy(dtype=float) for level in sorted(enough)[1:]]
    own = np.column_stack([np.ones(len(y)), lp])
    levels = np.column_stack([own, *indicators])
    slopes = np.column_stack([levels, *(lp * who for who in indicators)])
    assume(np.linalg.matrix_rank(slopes) == slopes.shape[1] and not is_separated(slopes, y))
    fits = [Logit(y, X).fit(method="newton", tol=1e-10, maxiter=100, disp=0) for X in (own, levels, slopes)]
    for measure, smaller, larger in zip(TESTS, fits, fits[1:], strict=False):
        row = found.loc[measure]
        statistic, df = 2 * (larger.llf - smaller.llf), len(indicators)
        assert_allclose([row["statistic"], row["df"]], [statistic, df], rtol=FITTED, atol=FITTED)
        assert_allclose(row["p_value"], stats.chi2.sf(row["statistic"], df), rtol=FITTED)
        assert [row["n"], row["n_events"]] == [len(y), y.sum()]
        if df == 1:
            assert_allclose(row["estimate"], larger.params[-1], rtol=1e-5, atol=1e-7)
        else:
            assert np.isnan(row[["estimate", "conf_low", "conf_high"]].astype(float)).all()


@quick
@given(cohorts(), st.sampled_from([0.8, 0.95, 0.99]))
def test_means_are_compared_by_welch(cohort, confidence):
    table = assessed(
        cohort, ["sex"], {}, [RULES["continuous"]], asked=replace(SETTINGS, confidence=confidence)
    )
    samples = [cohort.loc[cohort["sex"] == sex, "vbq"] for sex in ("female", "male")]
    for sex, sample in zip(("female", "male"), samples, strict=True):
        row = table[(table["level"] == sex) & (table["measure"] == "mean_vbq")].iloc[0]
        limits = stats.t.interval(confidence, len(sample) - 1, sample.mean(), stats.sem(sample))
        assert_allclose([row["conf_low"], row["conf_high"]], limits)
    tested, row = (
        stats.ttest_ind(*samples[::-1], equal_var=False),
        compared(table, "continuous", "sex").loc["mean_vbq"],
    )
    assert_allclose([row["estimate"], row["p_value"]], [samples[1].mean() - samples[0].mean(), tested.pvalue])
    assert_allclose([row["conf_low"], row["conf_high"]], tested.confidence_interval(confidence))


@quick
@given(cohorts(60, 120))
def test_less_confidence_makes_every_interval_narrower(cohort):
    wide, narrow = (assessed(cohort, asked=replace(SETTINGS, confidence=level)) for level in (0.95, 0.8))
    width = (wide["conf_high"] - wide["conf_low"])[
        wide["conf_low"].notna() & (wide["conf_high"] > wide["conf_low"])
    ]
    assert len(width)
    assert ((narrow["conf_high"] - narrow["conf_low"])[width.index] < width).all()


@quick
@given(cohorts())
def test_patients_in_no_subgroup_count_in_none(cohort):
    lacking = with_holes(cohort, ["sex"])
    known = lacking[lacking["sex"].notna()]
    assume(known["sex"].nunique() == 2)
    assert_frame_equal(assessed(lacking, ["sex"], {}), assessed(known, ["sex"], {}))


@pytest.mark.parametrize(
    "cohort", [with_events(40, 9).drop(columns="sex"), with_events(40, 9).assign(sex="male")]
)
def test_no_variable_or_one_level_is_no_subgroup(cohort):
    assert subgroups_of(cohort, ["sex"], {}, VARIABLES) == {}
    table = assessed(cohort, ["sex"], {})
    assert table.empty
    assert list(table.columns) == SUBGROUP_COLUMNS


@quick
@given(cohorts(), st.sampled_from([0.0, 2.5, 2.77, 3.5]))
def test_a_constant_score_has_means_and_no_test(cohort, score):
    table = assessed(cohort.assign(vbq=score), ["sex"], {}, [RULES["vbq_above_3"]])
    means = in_levels(table)
    assert_allclose(means.loc[means["measure"] == "mean_vbq", "estimate"], score)
    found = compared(table, "vbq_above_3", "sex")
    assert np.isnan(found["p_value"].astype(float)).all()
    assert not set(found.index) & set(TESTS)


@quick
@given(st.integers(2, 30), st.integers(0, 5), st.integers(0, 99))
def test_few_patients_or_events(n, events, seed):
    table = assessed(with_events(n, min(events, n), seed), minimum=1)
    assert (table["n"] <= n).all()
    assert (table["n_events"] <= min(events, n)).all()
    assert table["conf_method"][table["conf_low"].notna()].ne("").all()


@pytest.mark.parametrize("lacking", ["vbq", "sins"])
def test_a_variable_that_the_cohort_lacks_leaves_the_other_rules(lacking):
    cohort = with_events(50, 20)
    can = [rule for rule in ALL if lacking not in rule.variables]
    assert_frame_equal(assessed(cohort.drop(columns=lacking)), assessed(cohort, rules=can))
