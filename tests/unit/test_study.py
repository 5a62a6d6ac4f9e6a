"""The study's analyses on small cohorts that have what real ones have: gaps, ties, levels nobody has."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from vbq.codebook import extended
from vbq.stats.roc import areas_under_curves
from vbq.study.discrimination import (
    FITTED,
    Score,
    assess_scores,
    compare_scores,
    risk_order,
    roc_curves,
    scores_of,
)
from vbq.study.multivariable import ALIASED, fit_outcome, selected_variables
from vbq.study.univariable import (
    OF_LEVEL,
    OF_ODDS_RATIO,
    OF_PENALIZED,
    compare_by_outcome,
    compare_by_score,
    effects_on_outcome,
    effects_on_score,
    summarize_by_outcome,
    with_tests_beside,
)

CODEBOOK = extended({"fracture": {"label": "Fracture", "kind": "binary"}})
CATEGORIES = ("stable", "potentially_unstable", "unstable")


@pytest.fixture
def cohort() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 90
    fracture = np.tile([0, 1, 0], n // 3)
    vbq = rng.normal(2.6 + 0.6 * fracture, 0.5)
    return pd.DataFrame(
        {
            "fracture": fracture,
            "vbq": vbq,
            "age": rng.integers(40, 85, n).astype(float),
            "steroids": rng.integers(0, 2, n),
            # Patients of the middle category have the fewest fractures.
            "sins_category": np.where(fracture, rng.choice(CATEGORIES, n, p=[0.5, 0.1, 0.4]), CATEGORIES[1]),
            "smoking": rng.choice(["never", "former", "current"], n),
        }
    )


def test_a_category_of_three_levels_is_ranked_by_its_logistic_regression(cohort):
    cohort.loc[:20, "sins_category"] = "stable"
    score = Score("category", "SINS", ("sins_category",), positive_from="unstable")
    [row] = assess_scores(cohort, "fracture", [score], CODEBOOK).to_dict("records")
    risk = cohort.groupby("sins_category")["fracture"].transform("mean")
    assert row["auc"] == pytest.approx(areas_under_curves(cohort["fracture"], risk).auc[0])
    assert row["ranked_by"] == FITTED


def test_a_variable_is_ranked_by_its_values_and_not_turned_round(cohort):
    low = Score("low", "VBQ", ("vbq",), above=3, higher_risk="low")
    high = Score("high", "VBQ", ("vbq",), above=3)
    table = assess_scores(cohort, "fracture", [low, high], CODEBOOK).set_index("score")
    assert table.loc["low", "auc"] == pytest.approx(1 - table.loc["high", "auc"])
    assert table.loc["low", "auc"] < 0.5
    assert table.loc["low", "cutoff"] == "< 3"
    assert set(table["ranked_by"]) == {"its values"}
    assert table.loc["high", "tp"] == ((cohort["vbq"] > 3) & (cohort["fracture"] == 1)).sum()


def test_each_score_has_the_patients_who_have_its_variables(cohort):
    cohort.loc[:9, "vbq"] = np.nan
    scores = [Score("vbq", "VBQ", ("vbq",)), Score("age", "Age", ("age",))]
    assert assess_scores(cohort, "fracture", scores, CODEBOOK)["n"].tolist() == [80, 90]
    assert compare_scores(cohort, "fracture", scores, [("vbq", "age")], CODEBOOK)["n"].tolist() == [80]


def test_a_score_of_one_outcome_class_has_no_estimate(cohort):
    cohort.loc[cohort["fracture"] == 0, "vbq"] = np.nan
    scores = [Score("vbq", "VBQ", ("vbq",), above=3), Score("age", "Age", ("age",))]
    table = assess_scores(cohort, "fracture", scores, CODEBOOK).set_index("score")
    assert table.loc["vbq", "n"] == table.loc["vbq", "n_events"] == 30
    assert np.isnan(table.loc["vbq", "auc"])
    assert set(roc_curves(cohort, "fracture", scores, CODEBOOK)["score"]) == {"age"}
    assert compare_scores(cohort, "fracture", scores, [("vbq", "age")], CODEBOOK).empty


def test_a_score_that_everyone_shares_tells_nobody_apart(cohort):
    scores = [
        Score("steroids", "Steroids", ("steroids",), positive_from=1),
        Score("both", "b", ("steroids", "age")),
    ]
    table = assess_scores(cohort.assign(steroids=1), "fracture", scores, CODEBOOK).set_index("score")
    assert table.loc["steroids", "auc"] == 0.5
    assert np.isnan(table.loc["steroids", "p_value"])
    assert table.loc["both", "df"] == 1


def test_scores_and_pairs_without_their_variables_are_left_out():
    plan = {
        "scores": {
            "vbq": {"label": "VBQ", "variables": ["vbq"]},
            "both": {"label": "Both", "variables": ["vbq", "sins"]},
        },
        "pairs": [["vbq", "both"]],
    }
    scores, pairs = scores_of(plan, ["vbq", "age"])
    assert [score.name for score in scores] == ["vbq"]
    assert pairs == []


def test_equal_patients_stay_tied_in_a_combined_score(cohort):
    cohort["steroids"] = cohort["fracture"]
    cohort.loc[::4, "steroids"] = 1 - cohort.loc[::4, "steroids"]
    score = Score("both", "Both", ("steroids", "smoking"))
    order = risk_order(cohort, "fracture", score, CODEBOOK)
    assert len(np.unique(order)) == len(cohort.groupby(["steroids", "smoking"]))


def test_determined_columns_have_no_estimate_and_say_so(cohort):
    cohort["bmi"] = 2 * cohort["age"] + 3
    table = fit_outcome(cohort, "fracture", ["age", "bmi", "steroids"], CODEBOOK).set_index("term")
    alone = fit_outcome(cohort, "fracture", ["age", "steroids"], CODEBOOK).set_index("term")
    assert np.isnan(table.loc["bmi", "estimate"])
    assert table.loc["bmi", "p_method"] == ALIASED
    assert table.loc["age", "estimate"] == pytest.approx(alone.loc["age", "estimate"])


def test_separation_is_answered_with_firths_penalty_and_named(cohort):
    cohort["steroids"] = cohort["fracture"]
    table = fit_outcome(cohort, "fracture", ["steroids"], CODEBOOK)
    assert table["p_method"].str.contains("Firth").all()
    assert np.isfinite(table[["estimate", "conf_low", "conf_high"]]).to_numpy().all()


def test_terms_of_several_levels_have_a_test_of_their_own(cohort):
    table = fit_outcome(cohort, "fracture", ["smoking", "age"], CODEBOOK).set_index("term")
    assert table.loc["smoking", "df"] == 2
    assert np.isnan(table.loc["smoking", "estimate"])
    assert set(table.index) >= {"smoking[former]", "smoking[current]", "age", "(intercept)"}
    assert table.loc["age", "odds_ratio"] == pytest.approx(np.exp(table.loc["age", "estimate"]))


def test_no_selected_variable_gives_an_empty_table(cohort):
    assert fit_outcome(cohort, "fracture", [], CODEBOOK).empty


def test_each_unadjusted_odds_ratio_has_the_patients_who_have_the_variable(cohort):
    cohort.loc[:9, "age"] = np.nan
    cohort["nsaids"] = 0  # says nothing about anybody
    cohort.loc[cohort["smoking"] == "never", "smoking"] = None
    variables = ["age", "smoking", "steroids", "nsaids"]
    table = effects_on_outcome(cohort, "fracture", variables, CODEBOOK).set_index("term")
    assert table.index.tolist() == ["age", "smoking[current]", "steroids"]
    assert table["n"].tolist() == [80, cohort["smoking"].notna().sum(), 90]
    assert table.loc["smoking[current]", ["level", "reference"]].tolist() == ["current", "former"]
    both = pd.crosstab(cohort["steroids"], cohort["fracture"])
    odds_ratio = both.loc[1, 1] * both.loc[0, 0] / (both.loc[1, 0] * both.loc[0, 1])
    assert table.loc["steroids", "odds_ratio"] == pytest.approx(odds_ratio)
    assert effects_on_outcome(cohort, "fracture", ["nsaids"], CODEBOOK).empty


def test_a_variable_that_is_constant_but_for_the_last_bits_has_the_effect_of_these_bits(cohort):
    last = 64.0 * (np.arange(len(cohort)) % 2)
    near, far = (
        effects_on_outcome(cohort.assign(age=zero + last), "fracture", ["age", "steroids"], CODEBOOK)
        for zero in (0.0, 1e16)
    )
    assert far["variable"].tolist() == ["age", "steroids"]
    numbers = ["estimate", "conf_low", "conf_high", "statistic", "p_value"]
    assert_allclose(far[numbers], near[numbers], rtol=1e-8)


def test_a_slope_on_values_far_from_zero_is_that_on_the_values_moved_to_it(cohort):
    near = cohort.assign(age=cohort["age"] - cohort["age"].min())
    far = near.assign(age=near["age"] + 2.0**40)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value"]
    expected, found = (effects_on_score(rows, "vbq", ["age"], CODEBOOK)[numbers] for rows in (near, far))
    assert_allclose(found, expected, rtol=1e-8)


def test_the_test_of_a_categorical_variable_is_that_of_its_regression(cohort):
    names = ["smoking", "steroids"]
    tests = compare_by_outcome(cohort, "fracture", names, CODEBOOK).set_index("variable")
    effects = effects_on_outcome(cohort, "fracture", names, CODEBOOK).set_index("term")
    assert_allclose(effects.loc[names, "p_value"], tests.loc[names, "p_likelihood_ratio"], rtol=1e-8)


def test_a_second_p_value_says_which_it_is_and_why(cohort):
    cohort["nsaids"] = (cohort["fracture"] & (np.arange(len(cohort)) < 20)).astype(int)  # separated
    names = ["age", "smoking", "steroids", "nsaids"]
    tests = compare_by_outcome(cohort, "fracture", names, CODEBOOK, exceptions={"steroids": "fisher"})
    effects = effects_on_outcome(cohort, "fracture", names, CODEBOOK)
    table = with_tests_beside(effects, tests).set_index("term")
    assert table["second_test"].to_dict() == {
        "age": OF_ODDS_RATIO,
        "smoking": "",
        "smoking[former]": OF_LEVEL,
        "smoking[current]": OF_LEVEL,
        "steroids": OF_ODDS_RATIO,
        "nsaids": OF_PENALIZED,
    }
    expected = tests.set_index("variable").loc[table["variable"]]
    assert_array_equal(table["univariable_p"], expected["p_value"])
    assert_array_equal(table["univariable_test"], expected["test"])
    same = table["second_test"] == ""
    assert_allclose(table.loc[same, "p_value"], table.loc[same, "univariable_p"], rtol=1e-6)


def test_p_values_that_are_both_tiny_are_not_the_same_for_that(cohort):
    # As in the study: 3e-10 by the likelihood of the logistic regression, 6e-10 by linear regression.
    tests = compare_by_outcome(cohort, "fracture", ["age"], CODEBOOK).assign(p_value=6e-10)
    effects = effects_on_outcome(cohort, "fracture", ["age"], CODEBOOK).assign(p_value=3e-10)
    assert with_tests_beside(effects, tests)["second_test"].tolist() == [OF_ODDS_RATIO]


def test_differences_of_a_score_are_those_of_the_means_from_the_first_level(cohort):
    cohort.loc[:9, "vbq"] = np.nan
    cohort["nsaids"] = 1
    variables = ["smoking", "age", "nsaids"]
    table = effects_on_score(cohort, "vbq", variables, CODEBOOK).set_index(["variable", "level"])
    means = cohort.groupby("smoking")["vbq"].mean()
    assert table.index.tolist() == [("smoking", "former"), ("smoking", "current"), ("age", "")]
    assert set(table["n"]) == {80}
    assert_allclose(
        table.loc["smoking", "estimate"], means[["former", "current"]] - means["never"], rtol=1e-10
    )
    test = compare_by_score(cohort, "vbq", ["age"], CODEBOOK).iloc[0]
    assert table.loc[("age", ""), "p_value"] == pytest.approx(test["p_value"])


def test_selection_takes_what_is_significant_and_not_excluded():
    tests = pd.DataFrame({"variable": ["a", "b", "c", "d"], "p_value": [0.01, 0.2, 0.049, np.nan]})
    assert selected_variables(tests, ["c"], 0.05) == ["a"]
    assert selected_variables(tests, [], 0.05) == ["a", "c"]


def test_missing_values_are_counted_variable_by_variable(cohort):
    cohort.loc[:4, "age"] = np.nan
    table = compare_by_outcome(cohort, "fracture", ["age", "steroids"], CODEBOOK).set_index("variable")
    assert table["n"].to_dict() == {"age": 85, "steroids": 90}
    assert table["n_missing"].to_dict() == {"age": 5, "steroids": 0}


def test_the_named_test_gives_the_p_value(cohort):
    table = compare_by_outcome(
        cohort,
        "fracture",
        ["age", "steroids", "smoking"],
        CODEBOOK,
        categorical_test="pearson",
        continuous_test="welch",
        exceptions={"smoking": "fisher"},
    ).set_index("variable")
    for variable, test in {"age": "welch", "steroids": "pearson", "smoking": "fisher"}.items():
        assert table.loc[variable, "test"] == test
        assert table.loc[variable, "p_value"] == table.loc[variable, f"p_{test}"]
    assert table.loc["steroids", "statistic_name"] == "chi-square"
    assert table.loc["smoking", "statistic_name"] == ""


def test_yates_test_of_more_levels_is_pearsons_and_named_so(cohort):
    table = compare_by_outcome(
        cohort, "fracture", ["steroids", "smoking"], CODEBOOK, categorical_test="yates"
    ).set_index("variable")
    assert table["test"].to_dict() == {"steroids": "yates", "smoking": "pearson"}
    assert table["p_value"].tolist() == [
        table.loc["steroids", "p_yates"],
        table.loc["smoking", "p_pearson"],
    ]


@pytest.mark.parametrize("tests", [{"continuous_test": "median"}, {"exceptions": {"smoking": "welch"}}])
def test_a_test_that_is_none_is_refused(cohort, tests):
    with pytest.raises(ValueError, match="is not a test of"):
        compare_by_outcome(cohort, "fracture", ["age", "smoking"], CODEBOOK, **tests)


def test_an_exact_test_of_very_many_tables_is_drawn_and_says_so(cohort):
    levels = {f"level_{i}": str(i) for i in range(30)}
    codebook = {**CODEBOOK, "site": replace(CODEBOOK["smoking"], name="site", levels=levels)}
    cohort = cohort.assign(site=np.resize(list(levels), len(cohort)))
    table = compare_by_outcome(cohort, "fracture", ["site", "smoking"], codebook, categorical_test="fisher")
    row = table.set_index("variable").loc["site"]
    assert row["test"] == "fisher"
    assert 0 < row["p_value"] < 1
    assert 0 < row["monte_carlo_se"] < 0.002
    assert table["monte_carlo_se"].isna().tolist() == [False, True]


def test_a_score_names_its_rank_test(cohort):
    table = compare_by_score(cohort, "vbq", ["age", "steroids", "smoking"], CODEBOOK).set_index("variable")
    assert table["rank_test"].to_dict() == {
        "age": "Spearman",
        "steroids": "Mann-Whitney",
        "smoking": "Kruskal-Wallis",
    }


def test_levels_that_nobody_has_are_shown_with_zero(cohort):
    cohort["smoking"] = "never"
    table = summarize_by_outcome(cohort, "fracture", ["smoking"], CODEBOOK)
    assert table.groupby("level")["n"].sum().to_dict() == {"never": 180, "former": 0, "current": 0}
    assert set(table["group"]) == {"0", "1", "all"}
