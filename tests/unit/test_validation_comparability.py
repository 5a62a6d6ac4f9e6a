"""Two cohorts side by side: standardized differences by hand, the same cohort twice, one cohort alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score
from statsmodels.discrete.discrete_model import Logit
from test_validation_rules import RULES, cohorts, with_events, with_holes

from vbq.codebook import VARIABLES
from vbq.stats.balance import standardized_difference
from vbq.stats.logistic import is_separated
from vbq.validation.comparability import (
    CASE_MIX_COLUMNS,
    DISTRIBUTION_COLUMNS,
    MEMBERSHIP_COLUMNS,
    case_mix,
    distributions,
    membership,
)
from vbq.validation.rules import predict

pytestmark = pytest.mark.filterwarnings("error")

ALL = list(RULES.values())
CONTINUOUS = ["vbq", "sins", "age"]
CATEGORICAL = ["new_vcf", "sex", "vendor", "sins_pain"]
NAMES = [*CONTINUOUS, *CATEGORICAL]
FITTED = 1e-6

quick = settings(max_examples=15)


def described(development, validation, names=NAMES):
    return case_mix(development, validation, names, VARIABLES)


def told_apart(development, validation):
    return membership(development, validation, "new_vcf", ALL, VARIABLES, 0.95)


@quick
@given(cohorts(), cohorts(), st.booleans())
def test_differences_are_those_by_hand(development, validation, incomplete):
    if incomplete:
        validation = with_holes(validation, NAMES)
    table = described(development, validation)
    assert list(table.columns) == CASE_MIX_COLUMNS
    whole = table[table["level"] == ""].set_index("variable")
    samples = {"development": development, "validation": validation}
    for name in CONTINUOUS:
        row, means, variances = whole.loc[name], {}, []
        for key, sample in samples.items():
            values = sample[name].dropna().to_numpy(dtype=float)
            means[key] = values.mean()
            variances.append(values.var(ddof=1))
            assert [row[f"n_{key}"], row[f"n_missing_{key}"]] == [len(values), len(sample) - len(values)]
            assert_allclose([row[f"mean_{key}"], row[f"sd_{key}"]], [means[key], np.sqrt(variances[-1])])
        expected = (means["validation"] - means["development"]) / np.sqrt(np.mean(variances))
        assert_allclose(row["standardized_difference"], expected)
    for name in CATEGORICAL:
        levels = table[(table["variable"] == name) & (table["level"] != "")]
        shares = []
        for key, sample in samples.items():
            values = sample[name].dropna()
            counts = [(values.astype(type(level)) == level).sum() for level in VARIABLES[name].levels]
            assert levels[f"count_{key}"].tolist() == counts
            assert_allclose(levels[f"percent_{key}"].sum(), 100)
            shares.append(levels[f"percent_{key}"].to_numpy(dtype=float) / 100)
        occurs = np.flatnonzero(np.sum(shares, axis=0) > 0)[1:]
        difference = (shares[1] - shares[0])[occurs]
        spread = sum(np.diag(s[occurs]) - np.outer(s[occurs], s[occurs]) for s in shares) / 2
        assume(np.linalg.cond(spread) < 1e6)
        distance = np.sqrt(difference @ np.linalg.solve(spread, difference)) if len(occurs) else 0
        assert_allclose(whole.loc[name, "standardized_difference"], distance, rtol=FITTED, atol=1e-8)


@quick
@given(cohorts())
def test_a_cohort_does_not_differ_from_itself(cohort):
    whole = described(cohort, cohort)
    assert_allclose(whole.loc[whole["level"] == "", "standardized_difference"].astype(float), 0, atol=1e-9)
    row = told_apart(cohort, cohort.sample(frac=1, random_state=1)).iloc[0]
    assert row["auc"] == 0.5
    assert [row["n_development"], row["n_validation"]] == [len(cohort)] * 2


@quick
@given(cohorts())
def test_nothing_in_common_is_infinitely_apart(cohort):
    elsewhere = cohort.assign(sex="male", vendor="ge", age=50)
    other = cohort.assign(sex="female", vendor="philips", age=60)
    table = described(elsewhere, other, ["sex", "vendor", "age"])
    assert table.loc[table["level"] == "", "standardized_difference"].tolist() == [np.inf] * 3
    far = cohort.assign(vbq=cohort["vbq"] + 10)
    assert told_apart(cohort, far).iloc[0]["auc"] == 1
    turned = described(cohort, far, ["vbq"])["standardized_difference"]
    assert_allclose(turned, -described(far, cohort, ["vbq"])["standardized_difference"])


@quick
@given(st.floats(0.1, 10), st.integers(2, 30), st.integers(2, 30))
def test_samples_of_one_value_do_not_differ(value, m, n):
    assert standardized_difference([value] * m, [value] * n) == 0
    assert standardized_difference([2 * value] * m, [value] * n) == np.inf


@quick
@given(cohorts(), cohorts())
def test_membership_is_a_logistic_regression(development, validation):
    both = pd.concat([development, validation])
    member = np.repeat([0.0, 1.0], [len(development), len(validation)])
    columns = both[["new_vcf", "vbq", "sins"]].to_numpy(dtype=float)
    X = np.column_stack([np.ones(len(both)), columns])
    assume(not development.equals(validation) and not is_separated(X, member))
    table = told_apart(development, validation)
    assert list(table.columns) == MEMBERSHIP_COLUMNS
    row, fit = table.iloc[0], Logit(member, X).fit(disp=0)
    assert set(row["variables"].split("; ")) == {"new_vcf", "vbq", "sins"}
    assert_allclose(row["auc"], roc_auc_score(member, np.round(X @ fit.params, 9)), atol=2 / len(both))
    assert row["conf_low"] < row["auc"] < row["conf_high"]


@quick
@given(cohorts(), cohorts())
def test_distributions_are_those_of_each_cohort(development, validation):
    table = distributions(development, validation, ALL, VARIABLES).set_index(["quantity", "sample"])
    for key, sample in (("development", development), ("validation", validation)):
        quantities = {name: sample[name] for name in ("vbq", "sins")} | {
            f"linear_predictor_{rule.name}": predict(rule, sample, VARIABLES).linear_predictor for rule in ALL
        }
        for name, values in quantities.items():
            row = table.loc[(name, key)]
            expected = [len(values), np.mean(values), np.median(values), np.min(values), np.max(values)]
            assert_allclose(row[["n", "mean", "median", "minimum", "maximum"]].astype(float), expected)


@pytest.mark.parametrize("development", [with_events(9, 3).iloc[:0], pd.DataFrame({"patient_id": []})])
def test_without_rows_the_development_cohort_has_no_numbers(development):
    validation = with_events(40, 9)
    table = described(development, validation)
    columns = [f"{name}_development" for name in ("count", "percent", "mean", "sd")]
    assert table[[*columns, "standardized_difference"]].isna().all(axis=None)
    assert (table["n_development"].dropna() == 0).all()
    assert (table.loc[table["level"] == "", "n_validation"] == len(validation)).all()
    found = distributions(development, validation, ALL, VARIABLES)
    assert list(found.columns) == DISTRIBUTION_COLUMNS
    absent = found[found["sample"] == "development"]
    assert (absent["n"] == 0).all()
    assert absent[["mean", "sd", "median"]].isna().all(axis=None)
    assert (found.loc[found["sample"] == "validation", "n"] == len(validation)).all()
    assert told_apart(development, validation).empty


@pytest.mark.parametrize("lacking", ["vbq", "sins"])
def test_a_variable_that_one_cohort_lacks_cannot_be_compared(lacking):
    whole, lacks = with_events(40, 9), with_events(30, 9).drop(columns=lacking)
    for pair in ((whole, lacks), (lacks, whole)):
        row = described(*pair).set_index("variable").loc[lacking]
        assert np.isnan(row["standardized_difference"])
        assert told_apart(*pair).empty
        found = distributions(*pair, ALL, VARIABLES)
        assert (found.loc[found["quantity"] == lacking, "n"] > 0).sum() == 1
