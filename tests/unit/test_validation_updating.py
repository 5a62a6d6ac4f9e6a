"""Updates are the regressions of other libraries, the closed test is of their likelihoods."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import special, stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from test_validation_rules import RULES, cohorts, rule_with, with_events, with_holes

from vbq.codebook import VARIABLES
from vbq.simulation.site import simulate_truth
from vbq.stats import grouping
from vbq.stats.grouping import resampled_counts
from vbq.stats.logistic import is_separated
from vbq.validation.performance import Settings, assess_rules, term_columns
from vbq.validation.rules import WITH_RISKS, predict
from vbq.validation.updating import (
    INDEXES,
    INTERCEPT,
    MODEL_COLUMNS,
    NONE,
    REFIT,
    SLOPE,
    TEST_COLUMNS,
    UPDATING_COLUMNS,
    performance_of,
    problem_of,
    update_models,
    update_rules,
)

pytestmark = pytest.mark.filterwarnings("error")

CASES = Path(__file__).parents[1] / "cases"
ALPHA = 0.05
SETTINGS = Settings(confidence=0.95, replicates=20, seed=7)
ALL = list(RULES.values())
FITTED = 1e-6
SAME = 1e-9
INFINITE = 1e-4  # what stands for an infinite estimate, known so far

quick = settings(max_examples=7)


def updated(cohort, rules=ALL, asked=SETTINGS):
    published = assess_rules(cohort, "new_vcf", rules, VARIABLES, asked)
    return update_rules(cohort, "new_vcf", rules, VARIABLES, ALPHA, asked, published)


def fit(y, X, offset=None):
    """Return the coefficients and the log-likelihood of statsmodels."""
    found = GLM(y, X, family=Binomial(), offset=offset).fit(tol=1e-12, maxiter=200)
    return found.params, found.llf


@st.composite
def problems(draw):
    """A rule and patients in whom neither its linear predictor nor its terms separate the outcomes."""
    cohort, rule = draw(cohorts(40, 100)), draw(st.sampled_from(ALL))
    y, lp = cohort["new_vcf"].to_numpy(dtype=float), predict(rule, cohort, VARIABLES).linear_predictor
    one = np.ones(len(y))
    X = np.column_stack([one, term_columns(rule, cohort)])
    assume(np.linalg.matrix_rank(X) == X.shape[1] and not is_separated(X, y))
    assume(not is_separated(np.column_stack([one, lp]), y))
    return rule, cohort, y, lp, X


def fits_of(rule, y, lp, X):
    """The fits of statsmodels, the simplest first: coefficients, log-likelihood, how many are estimated."""
    one = np.ones((len(y), 1))
    found = {}
    if rule.basis in WITH_RISKS:
        found[NONE] = np.array([0.0, 1.0]), (y * lp - np.logaddexp(0, lp)).sum(), 0
    intercept, value = fit(y, one, offset=lp)
    found[INTERCEPT] = np.array([intercept[0], 1]), value, 1
    found[SLOPE] = *fit(y, np.column_stack([one, lp])), 2
    if len(rule.terms) > 1:
        found[REFIT] = *fit(y, X), X.shape[1]
    return found


@quick
@given(problems())
def test_updates_are_the_regressions_of_statsmodels(problem):
    rule, cohort, *data = problem
    _, models, _ = updated(cohort, [rule])
    expected = fits_of(rule, *data)
    assert list(dict.fromkeys(models["update"])) == list(expected)
    for name, (coefficients, *_) in expected.items():
        rows = models[models["update"] == name]
        assert_allclose(rows["estimate"], coefficients, rtol=FITTED, atol=FITTED)
        terms = [term.name for term in rule.terms] if name == REFIT else ["linear predictor"]
        assert rows["term"].tolist() == ["(intercept)", *terms]
        fixed = {NONE: 2, INTERCEPT: 1}.get(name, 0)
        published = rows["method"] == "as published"
        assert published.tolist() == [i >= len(rows) - fixed for i in range(len(rows))]
        assert set(rows["method"][~published]) <= {"maximum likelihood"}


@quick
@given(problems())
def test_the_intervals_end_where_the_likelihood_of_statsmodels_has_fallen_enough(problem):
    rule, cohort, y, lp, X = problem
    _, models, _ = updated(cohort, [rule])
    one, allowed = np.ones(len(y)), stats.chi2.ppf(SETTINGS.confidence, 1)
    designs = {INTERCEPT: np.column_stack([one, lp]), SLOPE: np.column_stack([one, lp]), REFIT: X}
    for name, rows in models[models["update"] != NONE].groupby("update"):
        design, (_, value, n_free) = designs[name], fits_of(rule, y, lp, X)[name]
        fixed = design[:, n_free:].sum(axis=1)
        assert rows["conf_method"].tolist() == ["profile likelihood"] * n_free + [np.nan] * (
            len(rows) - n_free
        )
        for j, row in enumerate(rows.head(n_free).to_dict("records")):
            assert row["conf_low"] < row["estimate"] < row["conf_high"]
            others = np.delete(design[:, :n_free], j, axis=1)
            for limit in filter(np.isfinite, (row["conf_low"], row["conf_high"])):
                offset = fixed + limit * design[:, j]
                at_limit = (
                    fit(y, others, offset)[1] if n_free > 1 else (y * offset - np.logaddexp(0, offset)).sum()
                )
                assert_allclose(2 * (value - at_limit), allowed, rtol=1e-5)


@quick
@given(problems())
def test_the_closed_test_is_of_the_likelihoods(problem):
    rule, cohort, *data = problem
    performance, models, tests = updated(cohort, [rule])
    expected = fits_of(rule, *data)
    *simpler, most = expected
    assert tests["update"].tolist() == simpler
    assert set(tests["against"]) == {most}
    p_values = {}
    for name in simpler:
        df = expected[most][2] - expected[name][2]
        p_values[name] = stats.chi2.sf(2 * (expected[most][1] - expected[name][1]), df)
        row = tests.set_index("update").loc[name]
        assert row["df"] == df
        assert_allclose(row["p_value"], p_values[name], rtol=1e-5, atol=1e-8)
        assert (row["rejected"] == "yes") == (row["p_value"] < ALPHA)
    choice = next((name for name in simpler if p_values[name] >= ALPHA), most)
    for table in (performance, models):
        assert set(table.loc[table["chosen"] == "yes", "update"]) == {choice}
    rows = performance.set_index(["update", "measure"])["apparent"]
    assert_allclose(rows["closed test"], rows[choice])
    shares = performance.drop_duplicates("update").set_index("update")["share_chosen"]
    assert_allclose(shares[list(expected)].sum(), 1)


@quick
@given(problems())
def test_apparent_performance_is_that_of_the_updated_rule(problem):
    rule, cohort, y, lp, X = problem
    rows = updated(cohort, [rule])[0].set_index(["update", "measure"])
    expected = fits_of(rule, y, lp, X)
    for name, (coefficients, *_) in expected.items():
        eta = X @ coefficients if name == REFIT else coefficients[0] + coefficients[1] * lp
        assert_allclose(
            rows.loc[(name, "brier"), "apparent"], np.mean((y - special.expit(eta)) ** 2), rtol=FITTED
        )
        ideal = {SLOPE: 1, REFIT: 1}.get(name)
        if ideal:
            assert_allclose(rows.loc[(name, "calibration_slope"), "apparent"], ideal, rtol=FITTED)
        if name != NONE:
            assert rows.loc[(name, "calibration_in_the_large"), "apparent"] == 0  # and no rounding of it
    if NONE in expected:
        assessed = assess_rules(cohort, "new_vcf", [rule], VARIABLES, SETTINGS).set_index("measure")[
            "estimate"
        ]
        as_it_is = rows.loc[NONE, "apparent"]
        assert_allclose(as_it_is, assessed[as_it_is.index], rtol=FITTED, atol=FITTED)


@quick
@given(cohorts())
def test_corrected_is_apparent_less_optimism(cohort):
    table = updated(cohort)[0]
    given = table["corrected"].notna()
    less_optimism = table["apparent"] - table["optimism"]
    assert_allclose(table.loc[given, "corrected"], less_optimism[given], rtol=SAME, atol=SAME)
    assert (table.loc[~given, "beyond_range"].str.startswith("apparent less optimism")).all()
    bounded = table[table["measure"].isin(["auc", "brier"])]
    for column in ("corrected", "conf_low", "conf_high"):
        assert bounded[column].dropna().between(0, 1).all()
    assert bounded.loc[bounded["corrected"].isna(), ["conf_low", "conf_high"]].isna().all(axis=None)
    as_it_is = table[table["update"] == NONE]
    assert (as_it_is["optimism"] == 0).all()
    limited = table[table["conf_low"].notna()]
    assert (limited["conf_low"] < limited["conf_high"]).all()
    shares = table["share_chosen"].dropna()
    assert shares.between(0, 1).all()


@quick
@given(cohorts(), st.integers(0, 99))
def test_the_same_seed_gives_the_same_tables(cohort, seed):
    asked = replace(SETTINGS, seed=seed)
    for first, again in zip(updated(cohort, asked=asked), updated(cohort, asked=asked), strict=True):
        assert_frame_equal(first, again, check_exact=True)


@quick
@given(cohorts(), st.integers(1, 7))
def test_the_size_of_blocks_changes_nothing(cohort, rows):
    """But for infinite slopes and intercepts of separated resamples: what stands for them is rounded."""
    whole = updated(cohort)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(grouping, "BLOCK_BYTES", 16 * len(cohort) * rows)
        in_blocks = updated(cohort)
    for one, other in zip(whole, in_blocks, strict=True):
        is_finite = pd.Series(True, one.index)
        if "measure" in one:
            is_finite = ~one["measure"].isin(["calibration_slope", "calibration_in_the_large"])
        assert_frame_equal(other[is_finite], one[is_finite], check_exact=False, rtol=SAME, atol=SAME)
        assert_frame_equal(other, one, check_exact=False, rtol=INFINITE, atol=INFINITE)


@pytest.mark.parametrize("name", ["continuous", "combined"])
def test_optimism_by_hand(name):
    """Mean of in the resample less in everyone, median for the slope; the interval is moved by it."""
    cohort = simulate_truth(60, np.random.default_rng(3))
    problem = problem_of(RULES[name], cohort, "new_vcf", VARIABLES)
    table = updated(cohort, [RULES[name]])[0].set_index(["update", "measure"])
    own, original = {}, {}
    for events, totals in resampled_counts(problem.patterns, SETTINGS.replicates, SETTINGS.seed):
        everyone = [np.repeat(counts, len(events), axis=0) for counts in problem.counts]
        for update, coefficients in update_models(problem, events, totals)[0].items():
            eta = coefficients @ problem.columns.T
            own.setdefault(update, []).append(performance_of(eta, events, totals))
            original.setdefault(update, []).append(performance_of(eta, *everyone))
    for update in own:
        in_resample, in_all = np.concatenate(own[update]), np.concatenate(original[update])
        assert len(in_resample) == SETTINGS.replicates
        for i, measure in enumerate(INDEXES):
            row, each = table.loc[(update, measure)], (in_resample - in_all)[:, i]
            middle = np.median if measure == "calibration_slope" else np.mean
            as_it_was = update == NONE or (update == INTERCEPT and measure in ("auc", "calibration_slope"))
            expected = 0 if as_it_was else middle(each)
            assert_allclose(row["optimism"], expected, rtol=SAME, atol=SAME)
            shifted = str(row["conf_method"]).startswith("location-shifted")
            if shifted and np.isfinite(row["conf_low"]) and not row["beyond_range"]:
                limits = np.quantile(in_resample[:, i], [0.025, 0.975]) - expected
                assert_allclose([row["conf_low"], row["conf_high"]], limits, rtol=SAME, atol=SAME)
        if update == SLOPE:
            assert abs(each.mean() - np.median(each)) > 1e-3  # the two can be told apart


def test_refitting_to_noise_is_optimistic():
    optimism = []
    for seed in range(15):
        generator = np.random.default_rng(seed)
        cohort = simulate_truth(60, generator).assign(new_vcf=generator.integers(0, 2, 60))
        table = updated(cohort, [RULES["continuous"]], replace(SETTINGS, replicates=50))[0]
        optimism.append(table[table["update"] == REFIT].set_index("measure")["optimism"])
    mean = sum(optimism) / len(optimism)
    assert mean["auc"] > 0
    assert mean["calibration_slope"] > 0
    assert mean["brier"] < 0


def test_in_many_patients_optimism_vanishes():
    cohort = simulate_truth(20_000, np.random.default_rng(1))
    replicates = 50
    table = updated(cohort, [RULES["combined"]], replace(SETTINGS, replicates=replicates))[0]
    rows = table[(table["update"] == REFIT) & table["conf_low"].notna()]
    assert {"auc", "brier"} <= set(rows["measure"])
    half_width = (rows["conf_high"] - rows["conf_low"]) / 2
    assert (rows["optimism"].abs() < 2 * half_width / np.sqrt(replicates)).all()
    few = updated(cohort.iloc[:200], [RULES["combined"]], replace(SETTINGS, replicates=replicates))[0]
    few = few[few["update"] == REFIT].set_index("measure").loc[rows["measure"]]
    assert (rows["optimism"].abs().to_numpy() < few["optimism"].abs().to_numpy()).all()


# --- Intervals, and what needs none


def sins_from_7(events_below, below, events_above=11, above=47):
    outcome = np.repeat(
        [1, 0, 1, 0], [events_below, below - events_below, events_above, above - events_above]
    )
    return pd.DataFrame({"new_vcf": outcome, "sins": np.repeat([3, 9], [below, above])})


@pytest.mark.parametrize(
    ("cohort", "expected"),
    [
        (sins_from_7(0, 4), (0.50122079954, -0.6311998272, 2.8647187861)),
        (sins_from_7(3, 56), (0.810821523679, 0.2133118268, 1.5500484176)),
    ],
)
def test_one_slope_has_one_interval(cohort, expected):
    """In a table of 0 of 4, or 3 of 56, events below the cut-off, and 11 of 47 above.

    R's brglm2, glm and profile limits: tests/reference/calibration.R, `few_below` and `more_below`.
    """
    rules = [RULES["sins_from_7"]]
    performance, models, _ = updated(cohort, rules)
    slope = performance[performance["measure"] == "calibration_slope"].set_index("update")
    as_it_is = assess_rules(cohort, "new_vcf", rules, VARIABLES, SETTINGS).set_index("measure")
    coefficient = models[(models["update"] == SLOPE) & (models["term"] == "linear predictor")].iloc[0]
    limits = ["conf_low", "conf_high"]
    for name in (NONE, INTERCEPT):
        row = slope.loc[name]
        assert row["apparent"] == row["corrected"]
        assert_allclose(row[["apparent", *limits]].astype(float), expected, rtol=FITTED)
        assert row["conf_method"] == as_it_is.loc["calibration_slope", "conf_method"]
        assert row["optimism"] == 0
    assert_allclose(coefficient[["estimate", *limits]].astype(float), expected, rtol=FITTED)


def test_a_refit_is_the_fit_that_is_printed():
    """A fitted risk below 1e-6 without separation: by maximum likelihood, with intercept 0 and slope 1."""
    rows = pd.read_csv(CASES / "refit_not_separated" / "rows.csv")
    cohort = rows.rename(columns={"y": "new_vcf", "a": "vbq", "b": "sins"})
    performance, models, _ = updated(cohort, [RULES["continuous"]])
    refit = models[models["update"] == REFIT].set_index("term")
    assert set(refit["method"]) == {"maximum likelihood"}
    expected, _ = fit(cohort["new_vcf"], np.column_stack([np.ones(len(rows)), rows[["a", "b"]]]))
    assert_allclose(refit["estimate"].astype(float), expected, rtol=FITTED)
    assert_allclose(refit.loc["vbq", "estimate"], 2.941, atol=5e-4)  # R's glm
    apparent = performance[performance["update"] == REFIT].set_index("measure")["apparent"]
    assert apparent["calibration_in_the_large"] == 0
    assert_allclose(apparent["calibration_slope"], 1, rtol=FITTED)


@quick
@given(cohorts())
def test_intervals_have_their_estimate_inside_and_what_has_none_says_why(cohort):
    table = updated(cohort)[0]
    table = table[table["apparent"].notna() & (table["optimism_method"] != "none: left as it is")]
    limited = table["conf_low"].notna()
    assert (limited == (table["conf_method"] == "location-shifted percentile bootstrap")).all()
    assert table.loc[~limited, "conf_method"].str.startswith("none: ").all()
    rows = table[limited]
    assert ((rows["conf_low"] < rows["corrected"]) & (rows["corrected"] < rows["conf_high"])).all()
    assert set(rows["measure"]) <= {"auc", "brier"}
    assert ((rows["conf_low"] >= 0) & (rows["conf_high"] <= 1)).all()
    by_construction = table[table["measure"].isin(["calibration_in_the_large", "calibration_slope"])]
    assert by_construction["conf_method"].str.endswith("by construction of maximum likelihood").all()


@quick
@given(cohorts())
def test_a_new_intercept_changes_neither_ranks_nor_slope(cohort):
    rows = updated(cohort, [RULES["combined"]])[0].set_index(["update", "measure"])
    columns = ["apparent", "optimism", "corrected", "conf_low", "conf_high", "conf_method"]
    for measure in ("auc", "calibration_slope"):
        of_both = rows.loc[[(NONE, measure), (INTERCEPT, measure)], columns].reset_index(drop=True)
        assert_frame_equal(of_both.iloc[[0]], of_both.iloc[[1]].reset_index(drop=True), check_exact=True)


# --- Separated outcomes, and where nothing can be updated


@quick
@given(cohorts())
def test_a_separated_refit_solves_firths_equations(cohort):
    cohort = cohort.assign(vbq=cohort["vbq"] % 0.5 + np.where(cohort["new_vcf"] == 1, 3.1, 2))
    assume((cohort["sins"] > 6).nunique() == 2)
    for name in ("combined", "continuous"):
        models = updated(cohort, [RULES[name]])[1]
        rows = models[models["update"] == REFIT]
        assert set(rows["method"]) == {"penalized (Firth) maximum likelihood"}
        assert set(rows["conf_method"]) == {"penalized (Firth) profile likelihood"}
        assert ((rows["conf_low"] < rows["estimate"]) & (rows["estimate"] < rows["conf_high"])).all()
        X = np.column_stack([np.ones(len(cohort)), term_columns(RULES[name], cohort)])
        y = cohort["new_vcf"].to_numpy(dtype=float)
        assert_solves_firth(rows["estimate"].to_numpy(dtype=float), X, y, np.ones(len(y)))


def test_a_slope_without_a_finite_estimate_is_firths():
    cohort = with_events(30, 9)
    cohort["vbq"] = np.where(cohort["new_vcf"] == 1, 3.5, 2.5)
    models = updated(cohort, [RULES["vbq_above_3"]])[1]
    rows = models[models["update"] == SLOPE]
    assert (rows["method"] == "penalized (Firth) maximum likelihood").all()
    assert (rows["conf_method"] == "penalized (Firth) profile likelihood").all()
    assert (rows["conf_low"] < rows["estimate"]).all()
    assert (rows["estimate"] < rows["conf_high"]).all()
    intercept = models[models["update"] == INTERCEPT].iloc[0]
    assert intercept["conf_low"] < intercept["estimate"] < intercept["conf_high"]


def test_an_intercept_that_nothing_determines_is_firths():
    """A rule whose risks are all 0 or 1, at any intercept, and wrong in some patients."""
    cohort = with_events(30, 9)
    cohort["vbq"] = np.linspace(100, 1000, len(cohort))
    cohort["new_vcf"] = (np.arange(len(cohort)) % 5 == 0).astype(int)
    models = updated(cohort, [RULES["continuous"]])[1]
    row = models[models["update"] == INTERCEPT].iloc[0]
    assert row["method"] == "penalized (Firth) maximum likelihood"
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def assert_solves_firth(coefficients, X, events, totals):
    """The modified score of Firth (1993) is zero."""
    risk = special.expit(X @ coefficients)
    root = X * np.sqrt(totals * risk * (1 - risk))[:, None]
    leverage = (root * np.linalg.pinv(root).T).sum(axis=1)
    score = X.T @ (events - totals * risk + leverage * (0.5 - risk))
    assert_allclose(score / np.abs(X).max(axis=0), 0, atol=1e-4)


@quick
@given(st.integers(3, 20), st.sampled_from([1, 100, 20_000]))
def test_however_many_the_others_separation_is_seen(separated, times):
    """Everyone above the VBQ cut-off has the outcome: the log-odds of that term have no finite estimate."""
    patterns = pd.DataFrame({"vbq": [2, 2, 2, 2, 3.5], "sins": [4, 4, 8, 8, 4], "new_vcf": [0, 1, 0, 1, 1]})
    problem = problem_of(RULES["combined"], patterns, "new_vcf", VARIABLES)
    high = problem.columns[:, 2] == 1
    totals = np.where(high, separated, 30 * times)[None].astype(float)
    events = np.where(high, separated, [8 * times, 11 * times, 0][: len(high)])[None].astype(float)
    found = update_models(problem, events, totals)[0][REFIT][0]
    assert_solves_firth(found[[0, 2, 3]], problem.terms, events[0], totals[0])


RARE = rule_with(
    needs={"vbq": "a score", "sins": "a score", "smoking": "status"},
    terms=[
        {"variable": "vbq", "log_odds": 1},
        {"variable": "sins", "log_odds": 0.2},
        {"variable": "smoking", "level": "current", "log_odds": 0.5},
        {"variable": "smoking", "level": "former", "log_odds": 0.2},
    ],
    intercept=-4,
)


def with_a_rare_level(separated):
    """Return 50 patients of whom one smokes, with scores that separate the outcomes or do not."""
    cohort = with_events(50, 15)
    cohort["smoking"] = np.where(
        np.arange(50) == 0, "current", np.where(np.arange(50) % 2, "former", "never")
    )
    if separated:
        cohort["vbq"] = cohort["vbq"] % 0.5 + np.where(cohort["new_vcf"] == 1, 3.1, 2)
    return cohort


@pytest.mark.parametrize("separated", [False, True])
def test_a_level_that_a_resample_lacks_stops_nothing(separated):
    """In about a third of the resamples the column of the rare level is constant."""
    cohort = with_a_rare_level(separated)
    performance, models, _ = updated(cohort, [RARE], replace(SETTINGS, replicates=100))
    assert np.isfinite(performance[["apparent", "optimism"]]).to_numpy().all()
    refit = models[models["update"] == REFIT]
    assert set(refit["method"]) == {"penalized (Firth) maximum likelihood"}  # one patient determines a level
    assert np.isfinite(refit["estimate"].astype(float)).all()


def test_a_column_that_a_resample_lacks_is_left_out_of_its_refit():
    """The coefficients are Firth's of the other columns."""
    cohort = with_a_rare_level(separated=True)
    problem = problem_of(RARE, cohort, "new_vcf", VARIABLES)
    rare = problem.names.index("smoking[current]")
    lacks = problem.columns[:, rare + 2] == 1
    totals = np.where(lacks, 0, problem.patterns.totals)
    events = np.where(lacks, 0, problem.patterns.events)
    found = update_models(problem, events[None], totals[None])[0][REFIT][0]
    assert found[rare + 2] == 0
    others = np.delete(problem.terms, rare + 1, axis=1)
    assert_solves_firth(np.delete(found, [1, rare + 2]), others[~lacks], events[~lacks], totals[~lacks])


@pytest.mark.parametrize(
    "cohort",
    [
        with_events(30, 0),
        with_events(30, 30),
        with_events(30, 9).iloc[:0],
        with_events(30, 9).assign(vbq=2.0, sins=3),
        with_events(30, 9).assign(vbq=np.nan, sins=np.nan),
        with_events(30, 9).drop(columns=["vbq", "sins"]),
    ],
)
def test_nothing_can_be_updated(cohort):
    found = updated(cohort)
    assert [list(table.columns) for table in found] == [UPDATING_COLUMNS, MODEL_COLUMNS, TEST_COLUMNS]
    assert all(table.empty for table in found)


@settings(max_examples=25)
@given(st.integers(2, 30), st.integers(1, 5), st.integers(0, 99))
def test_few_patients_or_events(n, events, seed):
    cohort = with_events(n, min(events, n), seed)
    performance, models, tests = updated(cohort)
    assert np.isfinite(models["estimate"].astype(float)).all()
    assert tests["p_value"].astype(float).between(0, 1).all()
    assert set(performance["rule"]) == set(models["rule"]) == set(tests["rule"])


@quick
@given(cohorts())
def test_patients_without_a_variable_change_nothing(cohort):
    lacking = with_holes(cohort, ["vbq", "sins"])
    known = lacking.dropna(subset=["vbq", "sins"])
    for one, other in zip(updated(lacking, ALL[:2]), updated(known, ALL[:2]), strict=True):
        assert_frame_equal(one, other, check_exact=True)
