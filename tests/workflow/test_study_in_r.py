"""The whole study on the reconstructed rows, by the workflow and by one R script that shares no code with it.

The values were printed by `benchmarks/study.R` (tests/reference/make_values.sh), with 15 digits.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from project_copy import PROJECT, Copy

VALUES = PROJECT / "tests" / "reference" / "values" / "study"
CLOSED_FORM, ITERATIVE = 1e-8, 1e-6
SPLINE = 2e-3  # MASS interpolates the profile of glm; tests/reference has the limits to 1e-6


def in_r(name: str, key: str) -> pd.DataFrame:
    return pd.read_csv(VALUES / f"{name}.csv").set_index(key)


def ours(rerun: Copy, name: str, key: str) -> pd.DataFrame:
    table = pd.read_csv(Path(rerun.results("ehresman2019")) / f"{name}.csv")
    return table.set_index(key)


@pytest.mark.parametrize("kind", ["categorical", "continuous"])
def test_univariable(rerun: Copy, kind: str):
    expected = in_r(f"univariable_{kind}", "variable").rename(columns={"p_rank": "p_mann_whitney"})
    found = ours(rerun, "univariable", "variable").loc[expected.index, expected.columns]
    assert len(expected) > 10
    if kind == "categorical":  # R's script gives the mid-p of 2 x 2 tables only
        found["p_mid"] = found["p_mid"].where(expected["p_mid"].notna())
    assert_allclose(found, expected, rtol=CLOSED_FORM)


def test_score_by_factors(rerun: Copy):
    names = ("vbq_by_scanner", "vbq_factors", "vbq_by_fracture_count")
    found = pd.concat([ours(rerun, name, "variable") for name in names])
    expected = in_r("vbq_by", "variable").rename(columns={"p_rank": "p_mann_whitney"})
    assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=CLOSED_FORM)
    expected = in_r("vbq_on", "variable")[["p_ols", "p_spearman"]]
    assert_allclose(found.loc[expected.index, ["p_ols", "p_mann_whitney"]], expected, rtol=CLOSED_FORM)


def test_unadjusted_odds_ratios(rerun: Copy):
    found = ours(rerun, "univariable_effects", "term")
    of_levels = found["estimate"].notna()
    expected = in_r("univariable_effects", "term").loc[found.index[of_levels]]
    # R's glm stops somewhere on the way to infinity; Firth's estimates are checked in tests/reference.
    plain = (found.loc[of_levels, "conf_method"] == "profile likelihood").to_numpy()
    assert set(found.loc[of_levels].loc[~plain, "variable"]) == {"asia", "previous_augmentation"}
    rows, expected = found.loc[of_levels].loc[plain], expected.loc[plain]
    assert_allclose(rows["estimate"], expected["estimate"], rtol=ITERATIVE)
    assert_allclose(
        rows[["conf_low", "conf_high"]], expected[["X2.5..", "X97.5.."]], rtol=SPLINE, atol=SPLINE
    )


def test_differences_of_the_score(rerun: Copy):
    names = ("vbq_by_scanner", "vbq_factors", "vbq_by_fracture_count")
    found = pd.concat([ours(rerun, f"{name}_effects", "variable") for name in names])
    expected = in_r("vbq_effects", "term")
    level = found["level"].fillna("").astype(str)
    coded = ~level.isin(["", "1", "1.0"]) | found.index.isin(["ecog"])
    terms = pd.Series(found.index, found.index).where(~coded, found.index + "[" + level + "]")
    assert terms.is_unique
    assert_allclose(
        found[["estimate", "conf_low", "conf_high"]], expected.loc[terms], rtol=CLOSED_FORM, atol=1e-12
    )


def test_group_means(rerun: Copy):
    groups = pd.read_csv(rerun.results("ehresman2019") / "univariable_groups.csv")
    expected = pd.read_csv(VALUES / "groups_continuous.csv")
    columns = {"mean": "mean", "sd": "sd", "X25.": "q1", "X50.": "median", "X75.": "q3"}
    for variable, rows in expected.groupby("variable"):
        found = groups[(groups["variable"] == variable) & groups["group"].isin(["0", "1"])]
        assert_allclose(found[list(columns.values())], rows[list(columns)], rtol=CLOSED_FORM)


def test_multivariable(rerun: Copy):
    found = ours(rerun, "multivariable", "term")
    terms = {
        "(Intercept)": "(intercept)",
        "smokingformer": "smoking[former]",
        "smokingcurrent": "smoking[current]",
    }
    expected = in_r("multivariable", "term").rename(index=terms)
    rows = found.loc[expected.index]
    assert_allclose(rows["estimate"], expected["estimate"], rtol=ITERATIVE)
    assert_allclose(rows[["conf_low", "conf_high"]], expected[["X2.5..", "X97.5.."]], rtol=SPLINE)
    tests = in_r("multivariable_tests", "term").drop(index="<none>")
    rows = found.loc[tests.index]
    assert_allclose(rows[["statistic", "df"]], tests[["LRT", "Df"]], rtol=ITERATIVE)
    assert_allclose(rows["p_value"], tests["Pr..Chi."], rtol=ITERATIVE)


def test_discrimination(rerun: Copy):
    expected = in_r("discrimination", "score")
    found = ours(rerun, "discrimination", "score").loc[expected.index]
    limits = ["auc", "auc_low", "auc_high", "auc_logit_low", "auc_logit_high"]
    assert_allclose(
        found[limits], expected[["auc", "low", "high", "logit_low", "logit_high"]], rtol=0, atol=1e-10
    )
    assert_allclose(found["p_value"], expected["p"], rtol=ITERATIVE)
    proportions = [
        f"{name}{end}"
        for name in ("sensitivity", "specificity", "ppv", "npv", "accuracy")
        for end in ("", "_low", "_high")
    ]
    unnamed = [f"V{i}" for i in range(7, 22)]
    assert_allclose(found[proportions], expected[unnamed], rtol=CLOSED_FORM)


def test_comparisons(rerun: Copy):
    expected = pd.read_csv(VALUES / "discrimination_pairs.csv")
    found = pd.read_csv(rerun.results("ehresman2019") / "discrimination_pairs.csv")
    assert found["score_1"].tolist() == expected["score_1"].tolist()
    assert_allclose(
        found[["z", "difference_low", "difference_high"]], expected[["z", "low", "high"]], rtol=0, atol=1e-9
    )
    assert_allclose(found["p_value"], expected["p"], rtol=CLOSED_FORM)


def test_agreement(rerun: Copy):
    found = ours(rerun, "agreement", "form")
    expected = in_r("agreement", "type")
    limits = found.loc[expected.index, ["estimate", "conf_low", "conf_high"]]
    assert_allclose(limits, expected[["ICC", "lower.bound", "upper.bound"]], rtol=CLOSED_FORM)
    one = expected.iloc[0]
    values = found.loc[["bias", "limit_high", "sem"], "estimate"]
    assert_allclose(values, [one["bias"], one["bias"] + one["limit"], one["sem"]], rtol=CLOSED_FORM)


def test_cutoffs(rerun: Copy):
    """The cut-offs themselves; their intervals come from other random draws."""
    expected = in_r("cutoff", "method")
    found = ours(rerun, "cutoff", "method").loc[expected.index]
    columns = ["cutoff", "sensitivity", "specificity"]
    assert_allclose(found[columns], expected[["threshold", *columns[1:]]], rtol=CLOSED_FORM)
    spread = found["sensitivity_high"] - found["sensitivity_low"]
    spread_in_r = expected["high.sensitivity"] - expected["low.sensitivity"]
    assert np.abs(spread - spread_in_r).max() < 0.05
