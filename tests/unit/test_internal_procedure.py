"""With weights of 1 the procedure of a plan is the study, with those of a resample the study of its rows."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from machines import MACHINES
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special
from test_stats_batched import firths
from threadpoolctl import threadpool_limits

import vbq.internal.procedure as procedure_module
import vbq.internal.replicates as replicates_module
import vbq.stats.resampling as resampling_module
from vbq.codebook import extended
from vbq.ingest import read_cohort
from vbq.internal.procedure import MULTIVARIABLE, Procedure
from vbq.internal.replicates import Replicates, apparent, assess_models, resample
from vbq.internal.stability import selection_table
from vbq.scores.marker import Marker, with_marker
from vbq.stats.contingency import EXACT_TESTS, chi_square_p_values
from vbq.stats.cutoff import choose_cutoffs, rules
from vbq.stats.groups import location_p_values
from vbq.stats.indexes import INDEXES
from vbq.stats.logistic import fit_logistic, is_separated
from vbq.stats.resampling import bootstrap_weights
from vbq.study.design import complete_rows, design_matrix, outcome_of
from vbq.study.discrimination import assess_scores, compare_scores, scores_of
from vbq.study.multivariable import selected_variables
from vbq.study.univariable import CATEGORICAL_TESTS, CONTINUOUS_TESTS, compare_by_outcome

pytestmark = pytest.mark.filterwarnings("error")

PROJECT = Path(__file__).parents[2]
OUTCOME = "fracture"
OWN = extended({OUTCOME: {"label": "Fracture", "kind": "binary"}})
SAME = 1e-9  # the same sums in another order
MAXIMUM, PENALIZED = 1e-8, 1e-6
EXCLUDED = ("sins_category", "vbq_high")


def simulated(seed, n=120):
    """Gaps, ties, levels nobody has, a column that another determines, two that hold for few."""
    rng = np.random.default_rng(seed)
    fracture = (np.arange(n) % 3 == 0).astype(int)
    age = rng.integers(40, 85, n) + 12.0 * fracture
    cohort = pd.DataFrame(
        {
            OUTCOME: fracture,
            "vbq": rng.normal(2.7 + 0.5 * fracture, 0.5).round(2),
            "age": age,
            "bmi": 2 * age + 3,
            "albumin": rng.normal(3.8 - 0.5 * fracture, 0.4).round(1),
            "kps": rng.choice([60.0, 70.0, 80.0, 90.0], n),
            "steroids": (rng.random(n) < 0.25 + 0.3 * fracture).astype(int),
            "smoking": np.where(
                rng.random(n) < 0.3 * fracture, "current", rng.choice(["never", "former"], n, p=[0.9, 0.1])
            ),
            "asia": rng.choice(["C", "E"], n, p=[0.08, 0.92]),
            "sins_category": rng.choice(["stable", "potentially_unstable", "unstable"], n, p=[0.5, 0.4, 0.1]),
        }
    )
    for name, share in {"vbq": 0.05, "albumin": 0.1, "smoking": 0.08}.items():
        cohort[name] = cohort[name].mask(rng.random(n) < share)
    cohort["steroids"] = cohort["steroids"].astype("Int64").mask(rng.random(n) < 0.06)
    return cohort


def plan_of(categorical="likelihood_ratio", continuous="ols", way="mean_midpoint_rounded", alpha=0.1):
    """Every part of a plan that internal validation carries out."""
    return {
        "outcome": {"variable": OUTCOME},
        "alpha": alpha,
        "univariable": {
            "categorical_test": categorical,
            "continuous_test": continuous,
            "exceptions": {"kps": "welch"},
            "variables": [
                *("age", "bmi", "albumin", "kps", "steroids", "smoking", "asia", "vbq", "sins_category"),
                "vbq_high",
            ],
        },
        "multivariable": {"exclude": list(EXCLUDED)},
        "discrimination": {
            "scores": {
                "vbq": {"label": "VBQ", "variables": ["vbq"]},
                "low": {"label": "Albumin", "variables": ["albumin"], "higher_risk": "low"},
                "vbq_high": {"label": "High", "variables": ["vbq_high"], "positive_from": 1},
                "sins_category": {"label": "SINS", "variables": ["sins_category"]},
                "combined": {"label": "Both", "variables": ["vbq_high", "sins_category"]},
                "collinear": {"label": "Collinear", "variables": ["age", "bmi", "smoking"]},
            },
            "pairs": [["combined", "vbq_high"], ["vbq", "vbq_high"]],
        },
        "cutoff": {"score": "vbq", "way": way, "sensitivity": 0.9},
    }


def procedure_of(cohort, plan):
    """The procedure, and the cohort and codebook that the study has: with the cut-off that its rule gives."""
    known = complete_rows(cohort, [OUTCOME, "vbq"])
    ways = {"it": rules(plan["cutoff"]["sensitivity"])[plan["cutoff"]["way"]]}
    cutoff = choose_cutoffs(known[OUTCOME], known["vbq"], ways, 2, 1)["cutoff"][0]
    marker = Marker(cutoff=cutoff)
    high = (cohort["vbq"] > cutoff).astype("Int64").where(cohort["vbq"].notna())
    codebook = with_marker(OWN, marker)
    cohort = cohort.assign(vbq_high=high)
    return Procedure(cohort, plan, codebook, marker), cohort, codebook, cutoff


def screened(cohort, plan, codebook):
    univariable = plan["univariable"]
    return compare_by_outcome(
        cohort,
        plan["outcome"]["variable"],
        [name for name in univariable["variables"] if name in cohort],
        codebook,
        univariable["categorical_test"],
        univariable["continuous_test"],
        univariable.get("exceptions"),
    )


def assert_the_study(procedure, cohort, plan, codebook, cutoff):
    """Weights of 1: cut-off, p-values, selection, regression and AUCs are those of the study's tables."""
    outcome, n = plan["outcome"]["variable"], len(procedure.outcome)
    [built] = procedure.build(np.ones((1, n)))
    assert built.cutoff[0] == cutoff
    table = screened(cohort, plan, codebook)
    excluded = plan["multivariable"]["exclude"]
    expected = table.set_index("variable").loc[procedure.candidates, "p_value"]
    assert list(procedure.candidates) == [name for name in table["variable"] if name not in excluded]
    assert_allclose(built.p_values[0], expected, rtol=SAME)
    selected = selected_variables(table, excluded, plan["alpha"])
    assert list(np.array(procedure.candidates)[built.selected[0]]) == selected
    assert_regression(built.models[MULTIVARIABLE], cohort, outcome, selected, codebook)
    scores, pairs = scores_of(plan["discrimination"], cohort.columns)
    areas = assess_scores(cohort, outcome, scores, codebook).set_index("score")["auc"]
    found = apparent(procedure).own
    for score in scores:
        assert_allclose(found[score.name][0, 0], areas[score.name], rtol=SAME)
    assert procedure.pairs == pairs
    return selected


def assert_regression(predictions, cohort, outcome, selected, codebook):
    """The linear predictor is that of the study's regression on the same design."""
    rows = complete_rows(cohort, [outcome]).reset_index(drop=True)
    known = rows[selected].notna().all(axis=1).to_numpy()
    design, _ = design_matrix(rows[known], selected, codebook).independent()
    fit = fit_logistic(design.matrix, outcome_of(rows[known], outcome), design.terms)
    found = predictions.of_patients()[0]
    assert_array_equal(np.isfinite(found), known)
    tolerance = PENALIZED if fit.method == "Firth" else MAXIMUM
    assert_allclose(found[known], fit.linear_predictor, rtol=tolerance, atol=tolerance)
    assert predictions.separated[0] == (fit.method == "Firth")


# --- Weights of 1


@pytest.mark.parametrize("categorical", CATEGORICAL_TESTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_weights_of_1_are_the_study(seed, categorical):
    continuous = CONTINUOUS_TESTS[(seed + CATEGORICAL_TESTS.index(categorical)) % len(CONTINUOUS_TESTS)]
    plan = plan_of(categorical, continuous)
    selected = assert_the_study(*(found := procedure_of(simulated(seed), plan))[:2], plan, *found[2:])
    assert {"age", "bmi"} <= set(selected)  # of which one determines the other


@pytest.mark.parametrize("way", rules(0.9))
def test_every_way_to_choose_the_cutoff(way):
    plan = plan_of(way=way)
    procedure, cohort, codebook, cutoff = procedure_of(simulated(3), plan)
    assert_the_study(procedure, cohort, plan, codebook, cutoff)


@pytest.mark.parametrize("continuous", CONTINUOUS_TESTS)
def test_a_separated_regression_is_firths(continuous):
    cohort = simulated(4)
    # Nobody with the rare level has a fracture: separated, not completely.
    cohort["asia"] = cohort["asia"].where(cohort[OUTCOME] == 0, "E")
    cohort.loc[cohort.index[cohort[OUTCOME] == 0][:25], "asia"] = "C"
    plan = plan_of(continuous=continuous)
    procedure, cohort, codebook, cutoff = procedure_of(cohort, plan)
    assert "asia" in assert_the_study(procedure, cohort, plan, codebook, cutoff)
    assert apparent(procedure).separated[MULTIVARIABLE][0]


def test_the_shipped_cohort():
    spec = yaml.safe_load((PROJECT / "config" / "cohorts" / "ehresman2019.yaml").read_text(encoding="utf-8"))
    plan = yaml.safe_load((PROJECT / spec["plan"]).read_text(encoding="utf-8"))
    definition = yaml.safe_load((PROJECT / plan["marker"]).read_text(encoding="utf-8"))
    marker = Marker(**definition, name="vbq")
    codebook = with_marker(OWN, marker)
    cohort = read_cohort(spec, codebook, marker, PROJECT, plan["outcome"]["variable"]).cohort
    procedure = Procedure(cohort, plan, codebook, marker)
    selected = assert_the_study(procedure, cohort, plan, codebook, cutoff=3)
    assert selected == ["smoking", "steroids", "sins", "vbq"]
    pairs = compare_scores(
        cohort,
        plan["outcome"]["variable"],
        procedure.scores,
        [pair for pair in procedure.pairs if pair != ("vbq", "sins")],
        codebook,
    )
    found = apparent(procedure).own
    for row in pairs.itertuples():
        assert_allclose(found[row.score_1][0, 0] - found[row.score_2][0, 0], row.difference, atol=SAME)


def test_candidates_that_are_constant_or_that_nobody_has():
    for continuous in CONTINUOUS_TESTS:
        plan = plan_of(continuous=continuous)
        cohort = simulated(5).assign(kps=np.nan, albumin=3.5, asia="E", smoking=None)
        plan["univariable"]["exceptions"] = {}
        del plan["discrimination"]["scores"]["collinear"]
        procedure, cohort, codebook, cutoff = procedure_of(cohort, plan)
        assert_the_study(procedure, cohort, plan, codebook, cutoff)


@pytest.mark.parametrize("variables", [["albumin"], ["age", "albumin"]])
def test_scores_that_nobody_has_are_left_out(variables):
    cohort, plan = simulated(5).assign(albumin=np.nan), plan_of()
    plan["discrimination"]["scores"] = {
        "nobody": {"label": "Nobody", "variables": variables},
        "vbq": {"label": "VBQ", "variables": ["vbq"]},
    }
    plan["discrimination"]["pairs"] = [["nobody", "vbq"]]
    procedure = procedure_of(cohort, plan)[0]
    found = apparent(procedure)
    assert np.isfinite(found.own["vbq"][0, 0])
    assert "nobody" not in found.own or np.isnan(found.own["nobody"]).all()


def test_nobody_selected_leaves_the_intercept():
    procedure = procedure_of(simulated(6), plan_of(alpha=0))[0]
    [built] = procedure.build(np.ones((1, len(procedure.outcome))))
    risk = special.expit(built.models[MULTIVARIABLE].of_patients()[0])
    assert not built.selected.any()
    assert_allclose(risk, procedure.outcome.mean(), rtol=1e-10)
    assert apparent(procedure).own[MULTIVARIABLE][0, 0] == 0.5


def test_a_marker_within_one_unit_keeps_the_plan_s_cutoff():
    """The rounded midpoint would be 0 or 1, above which are all patients or none."""
    cohort, marker = simulated(5), Marker(cutoff=0.5)
    vbq = cohort["vbq"] / 10
    high = (vbq > 0.5).astype("Int64").where(vbq.notna())
    cohort = cohort.assign(vbq=vbq, vbq_high=high)
    procedure = Procedure(cohort, plan_of(), with_marker(OWN, marker), marker)
    [weights] = bootstrap_weights(np.zeros(len(procedure.outcome)), 4, seed=1)
    [built] = procedure.build(weights)
    assert vbq.max() - vbq.min() < 1
    assert np.isnan(built.cutoff).all()
    given = built.models["vbq_high"].of_patients()
    assert_array_equal(given, np.broadcast_to(high.astype("float64"), given.shape))


# --- Weights of resamples


@pytest.mark.parametrize("test", EXACT_TESTS)
def test_exact_tests_of_too_many_tables_are_drawn_in_resamples_and_said_to_be(monkeypatch, test):
    plan = plan_of(test)
    categorical = ["steroids", "smoking", "asia"]
    exact = procedure_of(simulated(2), plan)[0]
    assert {name: exact.tests[name] for name in categorical} == dict.fromkeys(categorical, (test, 0))
    of_patients, expected = apparent(exact).p_values, resample(exact, 5, 1).p_values
    monkeypatch.setattr(procedure_module, "RESAMPLED_STATES", 10)
    drawn = procedure_of(simulated(2), plan)[0]
    assert {name: drawn.tests[name] for name in categorical} == dict.fromkeys(categorical, (test, 10_000))
    assert drawn.tests["age"] == ("ols", 0)
    assert_array_equal(apparent(drawn).p_values, of_patients)  # of these, all tables are counted
    found = resample(drawn, 5, 1).p_values
    assert_allclose(found, expected, atol=4 * 0.5 / 100)
    assert (found != expected).any()
    selection = selection_table(drawn, apparent(drawn), resample(drawn, 2, 1)).set_index("variable")
    assert selection.loc["smoking", ["test", "tables_drawn"]].tolist() == [test, 10_000]


def test_a_test_that_is_none_is_refused():
    with pytest.raises(ValueError, match="median is not a test of age"):
        procedure_of(simulated(2), plan_of(continuous="median"))
    with pytest.raises(ValueError, match="fisher is none of the tests of moments"):
        location_p_values([[3, 3]], [[1, 2]], [[4, 5]], "fisher")
    with pytest.raises(ValueError, match="fisher is none of the chi-square tests"):
        chi_square_p_values([[[3, 3], [1, 2]]], "fisher")


def predictor_elsewhere(rows, patients, selected, codebook):
    """Fit the study's regression to `rows`, written out; return what it says of `patients`."""
    known = complete_rows(rows, selected)
    design, _ = design_matrix(known, selected, codebook).independent()
    X, y = np.column_stack([np.ones(len(known)), design.matrix.to_numpy()]), outcome_of(known, OUTCOME)
    is_penalized = is_separated(X, y)
    if is_penalized:
        beta = firths(X, y)
    else:
        beta = sm.Logit(y, X).fit(method="newton", disp=0, maxiter=200, tol=1e-13).params
    found = np.full(len(patients), beta[0])
    for column, coefficient in zip(design.matrix, beta[1:], strict=True):
        name, _, level = column.partition("[")
        values = patients[name]
        of_patients = (values == level[:-1]).fillna(False) if level else values
        found += coefficient * of_patients.to_numpy(dtype=float)
    return np.where(patients[list(selected)].notna().all(axis=1), found, np.nan), is_penalized


@pytest.mark.parametrize(
    ("categorical", "continuous", "way"),
    [
        ("likelihood_ratio", "ols", "mean_midpoint_rounded"),
        ("pearson", "mann_whitney", "youden"),
        ("fisher", "welch", "closest_to_corner"),
        ("mid", "ols", "fixed_sensitivity"),
        ("yates", "mann_whitney", "mean_midpoint_rounded"),
    ],
)
def test_weights_are_rows_written_out(categorical, continuous, way):
    plan = plan_of(categorical, continuous, way)
    cohort = simulated(7, n=60)
    procedure, cohort, codebook, _ = procedure_of(cohort, plan)
    n = len(cohort)
    [weights] = bootstrap_weights(np.zeros(n), 16, seed=6)
    separated = absent = 0
    seen = []
    for built in procedure.build(weights):
        seen += list(built.samples)
        own = assess_models(built, weights[built.samples], procedure.outcome, is_own=True)
        for i, sample in enumerate(built.samples):
            rows = cohort.iloc[np.repeat(np.arange(n), weights[sample].astype(int))]
            alone = Procedure(rows, plan, codebook, Marker(cutoff=0.0))
            [literal] = alone.build(np.ones((1, n)))
            assert_allclose(literal.cutoff[0], built.cutoff[i], rtol=SAME)
            assert_allclose(literal.p_values[0], built.p_values[i], rtol=1e-7, atol=1e-12)
            assert_array_equal(literal.selected[0], built.selected[i])
            selected = list(np.array(alone.candidates)[built.selected[i]])
            patients = cohort.assign(
                vbq_high=(cohort["vbq"] > built.cutoff[i]).astype("Int64").where(cohort["vbq"].notna())
            )
            rows = patients.loc[rows.index]
            lp, is_penalized = predictor_elsewhere(rows, patients, selected, codebook)
            model = built.models[MULTIVARIABLE]
            tolerance = PENALIZED if is_penalized else MAXIMUM
            assert_allclose(model.of_patients()[i], lp, rtol=tolerance, atol=tolerance)
            assert model.separated[i] == is_penalized
            combined, is_penalized = predictor_elsewhere(
                rows.dropna(subset=["vbq"]), patients, ["vbq_high", "sins_category"], codebook
            )
            assert_allclose(built.models["combined"].of_patients()[i], combined, rtol=1e-6, atol=1e-6)
            separated += is_penalized + model.separated[i]
            expected = apparent(alone).own
            for name, indexes in own.items():
                # A score of three levels that a resample has two of is still the fitted one.
                if name != "sins_category" or rows["sins_category"].nunique() == 3:
                    assert_allclose(indexes[i], expected[name][0], rtol=1e-6, atol=1e-6)
            absent += any(rows[name].nunique() < cohort[name].nunique() for name in ("asia", "smoking"))
    assert sorted(seen) == list(range(16))
    assert separated > 0
    assert absent > 0


def test_levels_that_a_resample_lacks_count_as_its_reference():
    """Whoever has one is told the risk of the first level that was drawn, as the study's coding has it."""
    procedure, cohort, codebook, _ = procedure_of(simulated(2), plan_of())
    absent = (cohort["smoking"] == "never") | (cohort["asia"] == "C")
    weights = np.where(absent, 0.0, 2.0)[None]
    [built] = procedure.build(weights)
    rows = cohort[~absent].loc[lambda drawn: drawn.index.repeat(2)]
    lp, _ = predictor_elsewhere(rows, cohort, ["age", "bmi", "smoking"], codebook)
    assert (cohort["smoking"] == "never").sum() > 10
    assert cohort.loc[~absent, "smoking"].nunique() == 2
    assert_allclose(built.models["collinear"].of_patients()[0], lp, rtol=1e-6, atol=1e-6)


def test_outcomes_of_their_own():
    """Samples may have other outcomes: the procedure is that of a cohort with these."""
    plan = plan_of()
    procedure, cohort, codebook, _ = procedure_of(simulated(8), plan)
    n = len(cohort)
    events = np.stack([np.random.default_rng(i).permutation(procedure.outcome) for i in range(6)])
    for built in procedure.build(np.ones((6, n)), events):
        for i, sample in enumerate(built.samples):
            other = Procedure(
                cohort.assign(**{OUTCOME: events[sample].astype(int)}), plan, codebook, Marker(cutoff=0.0)
            )
            [literal] = other.build(np.ones((1, n)))
            assert_allclose(literal.p_values[0], built.p_values[i], rtol=1e-7)
            for name, model in built.models.items():
                assert_allclose(
                    model.of_patients()[i], literal.models[name].of_patients()[0], rtol=1e-6, atol=1e-6
                )


# --- What a replicate must not depend on


def assert_same_replicates(found, expected, tolerance, of_p_values=SAME):
    assert_array_equal(found.cutoff, expected.cutoff)
    assert_array_equal(found.selected, expected.selected)
    assert_allclose(found.p_values, expected.p_values, rtol=of_p_values)
    for name in expected.own:
        for of in ("own", "original"):
            assert_allclose(
                getattr(found, of)[name], getattr(expected, of)[name], rtol=tolerance, atol=tolerance
            )
        # In those left out intercept and slope can be anything, where few are left.
        for index in ("auc", "brier", "sensitivity", "specificity"):
            k = INDEXES.index(index)
            assert_allclose(
                found.outside[name][:, k], expected.outside[name][:, k], rtol=tolerance, atol=tolerance
            )
        assert_array_equal(found.separated[name], expected.separated[name])


def part_of(replicates, begin, end):
    """Return the replicates from number begin up to end."""

    def cut(value):
        return {name: each[begin:end] for name, each in value.items()} if isinstance(value, dict) else value

    fields = {
        name: cut(getattr(replicates, name))
        for name in ("own", "original", "outside", "separated", "maxima", "risks")
    }
    arrays = {name: getattr(replicates, name)[begin:end] for name in ("cutoff", "p_values", "selected")}
    return type(replicates)(**arrays, **fields)


def test_a_replicate_is_the_same_in_any_company(monkeypatch):
    """Whatever the block, the first number and how many there are; cut-offs divide a block into groups."""
    procedure = procedure_of(simulated(9), plan_of(way="youden"))[0]
    n = len(procedure.outcome)
    everything = resample(procedure, 60, seed=3)
    assert len(np.unique(everything.cutoff)) > 5
    alone = resample(procedure, 8, seed=3, first=40)
    assert_same_replicates(alone, part_of(everything, 40, 48), 1e-11)
    monkeypatch.setattr(replicates_module, "BLOCK_BYTES", 7 * 8 * n)
    blocked = resample(procedure, 60, seed=3)
    assert_same_replicates(blocked, everything, 1e-11)
    for name, risks in everything.risks.items():
        assert_allclose(blocked.risks[name], risks, rtol=1e-11, atol=1e-11)
    [of_all] = bootstrap_weights(np.zeros(n), 60, seed=3)
    monkeypatch.setattr(resampling_module, "BLOCK_BYTES", 8 * 3 * n)
    for first, number in ((0, 60), (40, 8)):
        drawn = np.concatenate(list(bootstrap_weights(np.zeros(n), number, seed=3, first=first)))
        assert_array_equal(drawn, of_all[first : first + number])


OF_A_MACHINE = """
import sys
from pathlib import Path
sys.path[:0] = ["tests", "tests/unit"]
from test_internal_procedure import plan_of, procedure_of, resample, simulated
procedure = procedure_of(simulated(9), plan_of(way="youden"))[0]
resample(procedure, 120, seed=3).write(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    "machine", [m for m in MACHINES.values() if not m.lacking()], ids=lambda m: m.kernels
)
def test_a_replicate_is_the_same_on_any_machine(tmp_path, machine):
    """Cut-offs, selections, separation and the number of maxima; whatever is a number to 1e-9."""
    subprocess.run(
        [sys.executable, "-c", OF_A_MACHINE, str(tmp_path / "there.npz")],
        cwd=PROJECT,
        env={**os.environ, **machine.environment},
        check=True,
    )
    there = Replicates.read(tmp_path / "there.npz")
    here = resample(procedure_of(simulated(9), plan_of(way="youden"))[0], 120, seed=3)
    assert sum(int(some.sum()) for some in here.separated.values()) > 20
    assert_same_replicates(there, here, 1e-9, of_p_values=1e-9)
    for name in ("separated", "maxima"):
        for model, found in getattr(here, name).items():
            assert_array_equal(getattr(there, name)[model], found)


def test_the_number_of_cores_changes_no_digit():
    procedure = procedure_of(simulated(9), plan_of(way="youden"))[0]
    found = []
    for cores in (1, 2):
        with threadpool_limits(cores):
            found.append(resample(procedure, 30, seed=3))
    one, two = found
    for name, value in vars(one).items():
        for model, array in value.items() if isinstance(value, dict) else [("", value)]:
            other = getattr(two, name)
            assert_array_equal(other[model] if model else other, array)


def test_the_order_of_patients_does_not_matter():
    plan = plan_of()
    procedure, cohort, codebook, cutoff = procedure_of(simulated(10), plan)
    n = len(cohort)
    [weights] = bootstrap_weights(np.zeros(n), 30, seed=6)
    order = np.random.default_rng(1).permutation(n)
    shuffled = Procedure(cohort.iloc[order], plan, codebook, Marker(cutoff=cutoff))
    pairs = list(zip(procedure.build(weights), shuffled.build(weights[:, order]), strict=True))
    for built, again in pairs:
        assert_array_equal(built.samples, again.samples)
        assert_allclose(again.p_values, built.p_values, rtol=1e-7, atol=1e-12)
        assert_array_equal(again.selected, built.selected)
        found = assess_models(again, weights[:, order][again.samples], shuffled.outcome, is_own=True)
        elsewhere = assess_models(again, np.ones((1, n)), shuffled.outcome)
        expected = assess_models(built, weights[built.samples], procedure.outcome, is_own=True)
        expected_elsewhere = assess_models(built, np.ones((1, n)), procedure.outcome)
        for name in expected:
            assert_allclose(found[name], expected[name], rtol=1e-8, atol=1e-8)
            assert_allclose(elsewhere[name], expected_elsewhere[name], rtol=1e-7, atol=1e-7)


def test_more_replicates_than_risks_are_kept(monkeypatch):
    """A block may have more replicates than those whose risks are kept; all else is there of every one."""
    monkeypatch.setattr(replicates_module, "RISKS_KEPT", 7)
    procedure = procedure_of(simulated(11, n=60), plan_of())[0]
    everything = resample(procedure, 20, seed=4)
    assert len(everything) == len(everything.own[MULTIVARIABLE]) == 20
    assert {len(risks) for risks in everything.risks.values()} == {7}
    monkeypatch.setattr(replicates_module, "RISKS_KEPT", 2_000)
    without_limit = resample(procedure, 20, seed=4)
    assert_same_replicates(everything, without_limit, 1e-11)
    for name, risks in everything.risks.items():
        assert_allclose(risks, without_limit.risks[name][:7], rtol=1e-11)


# --- Memory


def test_blocks_do_not_grow_with_replicates(monkeypatch):
    procedure = procedure_of(simulated(12), plan_of())[0]
    n, build = len(procedure.outcome), procedure.build
    monkeypatch.setattr(replicates_module, "BLOCK_BYTES", 10 * 8 * n)
    shapes = []

    def watched(weights, events=None):
        shapes.append(weights.shape)
        return build(weights, events)

    monkeypatch.setattr(procedure, "build", watched)
    for replicates in (15, 45):
        shapes.clear()
        assert len(resample(procedure, replicates, seed=1)) == replicates
        assert {columns for _, columns in shapes} == {n}
        assert max(rows for rows, _ in shapes) == 10
        assert sum(rows for rows, _ in shapes) == replicates


def test_memory_grows_with_patients_not_with_their_pairs():
    n = 4_000
    rng = np.random.default_rng(13)
    cohort = pd.DataFrame({OUTCOME: np.arange(n) % 2, "age": rng.normal(size=n), "bmi": rng.normal(size=n)})
    plan = {
        "outcome": {"variable": OUTCOME},
        "univariable": {"variables": []},
        "discrimination": {"scores": {"both": {"label": "Both", "variables": ["age", "bmi"]}}},
    }
    tracemalloc.start()
    procedure = Procedure(cohort, plan, OWN, Marker())
    resample(procedure, 4, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * n**2 / 4
