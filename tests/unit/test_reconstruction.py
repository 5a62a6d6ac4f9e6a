"""The reconstructed cohort is plausible and consistent, and its parts do what they promise."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from machines import MACHINES
from scipy import stats

from vbq.codebook import SINS_COMPONENTS, VARIABLES
from vbq.published.reconstruction.measures import match_measure
from vbq.published.reconstruction.printed import PrintedFigures
from vbq.published.reconstruction.readings import intensities, split_between_readers
from vbq.published.reconstruction.rounding import CLEARANCE, rounded
from vbq.published.reconstruction.scores import PrintedModel, solve_scores
from vbq.stats.agreement import intraclass_correlations
from vbq.stats.logistic import fit_logistic
from vbq.stats.rounded import Printed

DATA = Path(__file__).parents[2] / "data"
PATIENTS = pd.read_csv(DATA / "ehresman2019" / "patients.csv", keep_default_na=False, na_values=[""])
READINGS = pd.read_csv(DATA / "ehresman2019" / "roi_readings.csv")


REBUILD = """
import sys
from pathlib import Path
import yaml
from vbq.published.reconstruction.cohort import reconstruct
from vbq.run import read_as_printed
paper = Path("data/published/ehresman2019")
tables = [read_as_printed(paper / f"{name}.csv") for name in ("figures", "readings")]
for made in reconstruct(*tables, yaml.safe_load((paper / "reconstruction.yaml").read_text("utf-8"))):
    sys.stdout.buffer.write(made.to_csv(index=False, lineterminator="\\n").encode())
"""


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_every_machine_makes_the_committed_bytes(machine):
    if lacking := machine.lacking():
        pytest.skip(f"this processor has no {', '.join(lacking)}")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REBUILD],
        cwd=DATA.parent,
        env={**os.environ, **machine.environment},
        capture_output=True,
        check=True,
    )
    committed = [DATA / "ehresman2019" / name for name in ("patients.csv", "roi_readings.csv")]
    assert done.stdout == b"".join(path.read_bytes() for path in committed)


def test_two_files_as_a_site_would_have_them():
    assert PATIENTS["patient_id"].is_unique
    assert len(PATIENTS) == 105
    assert READINGS.groupby("patient_id")["reader"].apply(set).eq({"a", "b"}).all()
    assert set(READINGS["patient_id"]) == set(PATIENTS["patient_id"])
    assert not {"vbq", "sins"} & {*PATIENTS.columns, *READINGS.columns}


def test_readings_have_what_the_methods_describe():
    assert READINGS[["l1", "l2", "l3", "l4"]].isna().any(axis=1).sum() > 0
    assert set(READINGS["csf_level"]) == {"L2", "L3", "L4"}
    assert "parasagittal" in set(READINGS["slice"])


@pytest.mark.parametrize("name", [name for name in PATIENTS if name in VARIABLES])
def test_values_are_those_of_the_instrument(name):
    variable, values = VARIABLES[name], PATIENTS[name].dropna()
    if variable.kind == "identifier":
        return
    if variable.is_categorical:
        assert set(values.map("{:g}".format if name == "field_strength" else str)) <= set(
            map(str, variable.levels)
        )
        return
    low, high = variable.plausible
    assert values.between(low, high).all()
    steps = values / variable.step
    assert np.allclose(steps, steps.round(), atol=1e-9)


def test_patients_are_consistent():
    fractured = PATIENTS["new_vcf"] == 1
    assert (PATIENTS.loc[fractured, "n_new_vcf"] >= 1).all()
    assert (PATIENTS.loc[~fractured, "n_new_vcf"] == 0).all()
    assert (PATIENTS["n_previous_vcf"] == PATIENTS["previous_vcf"]).all()
    assert (PATIENTS.loc[PATIENTS["previous_augmentation"] == 1, "previous_vcf"] == 1).all()
    assert set(PATIENTS.loc[PATIENTS["serm"] == 1, "sex"]) == {"female"}
    assert (PATIENTS["follow_up_months"] >= 6).all()
    assert PATIENTS[list(SINS_COMPONENTS)].sum(axis=1).between(1, 12).all()


def test_karnofsky_scores_fall_with_the_ecog_grade():
    means = PATIENTS.groupby("ecog")["kps"].mean()
    assert means.is_monotonic_decreasing


def test_kps_is_the_only_variable_with_a_missing_value():
    missing = PATIENTS.isna().sum()
    assert missing[missing > 0].to_dict() == {"kps": 1}


@given(st.floats(1.2, 4.9), st.integers(1, 4), st.floats(90, 290), st.integers(0, 10**6))
def test_intensities_give_the_score(score, n_levels, csf, seed):
    values, reference = intensities(score, n_levels, csf, np.random.default_rng(seed))
    assert len(set(values)) == n_levels
    assert (values > 0).all()
    assert abs(np.median(values) / reference - score) <= 0.05 / reference + 1e-12
    for number in (*values, reference):
        assert number == pytest.approx(round(number, 1), abs=1e-9)


def test_intensities_mostly_give_the_score_to_five_decimals():
    rng = np.random.default_rng(1)
    misses = []
    for score in rng.uniform(1.2, 4.9, 300):
        values, reference = intensities(score, 1, rng.uniform(90, 290), rng)
        misses.append(abs(values[0] / reference - score))
    assert np.median(misses) < 1e-5


@settings(deadline=None, max_examples=25)  # pingouin is imported in the first
@given(st.floats(0.3, 0.99), st.floats(-0.1, 0.1), st.integers(0, 10**6))
def test_two_readers_have_the_icc_and_the_mean(icc, bias, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(3, 0.7, 60)
    try:
        first, second = split_between_readers(scores, icc, bias, rng)
    except ArithmeticError:  # the bias alone leaves a lower one
        assume(False)
    assert np.allclose((first + second) / 2, scores)
    assert (first - second).mean() == pytest.approx(bias, abs=1e-9)
    forms = intraclass_correlations(pd.DataFrame({"a": first, "b": second})).set_index("form")
    assert forms.loc["ICC2", "estimate"] == pytest.approx(icc, abs=1e-9)


def test_a_measure_meets_means_and_p_value():
    rng = np.random.default_rng(1)
    in_second = np.arange(105) >= 49
    bounds = np.full(105, 24), np.full(105, 88)
    start = rng.integers(45, 75, 105)
    means, p = (Printed.parse("62.0"), Printed.parse("60.5")), Printed.parse("0.482")
    ages = match_measure(start, *bounds, in_second, 1, means, p, 11, rng)
    assert means[0].allows(ages[~in_second].mean())
    assert means[1].allows(ages[in_second].mean())
    assert p.allows(stats.ttest_ind(ages[~in_second], ages[in_second]).pvalue)


def test_a_mean_that_the_instrument_cannot_have_is_refused():
    # 49 Karnofsky scores in tens have no mean that rounds to 85.4.
    rng = np.random.default_rng(1)
    in_second = np.arange(105) >= 49
    bounds = np.full(105, 2), np.full(105, 10)
    means, p = (Printed.parse("85.4"), Printed.parse("85.2")), Printed.parse("0.938")
    with pytest.raises(ArithmeticError):
        match_measure(np.full(105, 8), *bounds, in_second, 10, means, p, 15, rng)


def test_printed_figures_prefer_more_decimals_and_leave_out_rejected_ones():
    columns = ["id", "printed", "relation", "table", "row", "column", "scale"]
    figures = pd.DataFrame(
        [
            ("text", "0.9", "=", "t", "score=a", "auc", "1"),
            ("table", "0.89", "=", "t", "score=a", "auc", "1"),
            ("wrong", "0.123", "=", "t", "score=a", "auc", "1"),
            ("percent", "89.12", "=", "t", "score=a", "auc", "100"),
        ],
        columns=columns,
    )
    readings = pd.DataFrame({"rejected": ["other; wrong"]})
    assert PrintedFigures(figures, readings)("t", "score=a", "auc") == Printed.parse("0.89")


@pytest.mark.parametrize("tie", [2.5, 2.5 + CLEARANCE / 2, -0.5 - CLEARANCE / 2])
def test_what_another_machine_might_round_otherwise_is_not_rounded(tie):
    with pytest.raises(ArithmeticError, match="too near a tie"):
        rounded([1, tie])
    with pytest.raises(ArithmeticError, match="too near a tie"):
        rounded(tie / 1000, 3)


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_elsewhere_rounding_is_as_usual(value, decimals):
    try:
        assert rounded(value, decimals) == pytest.approx(round(value, decimals), abs=1e-9)
    except ArithmeticError:
        assert abs(value * 10**decimals % 1 - 0.5) < CLEARANCE


LOW, HIGH = np.full(100, 1.0), np.full(100, 5.0)


def regression(scores, covariate, outcome):
    """The regression of an outcome on scores and a covariate: its table by term."""
    design = pd.DataFrame({"scores": scores, "covariate": covariate})
    return fit_logistic(design, outcome, {name: [name] for name in design}).table.set_index("term")


def printed_model(seed):
    """What a paper prints of a regression on scores, and other scores to start from."""
    rng = np.random.default_rng(seed)
    scores, covariate = rng.uniform(1.5, 4.5, 100), rng.integers(0, 2, 100).astype(float)
    outcome = (rng.random(100) < 1 / (1 + np.exp(5 - 1.5 * scores - covariate))).astype(float)
    table = regression(scores, covariate, outcome)

    def printed(term, column):
        return Printed.parse(f"{table.loc[term, column]:.3f}")

    start = np.clip(scores + rng.normal(0, 0.2, 100), LOW + 0.01, HIGH - 0.01)
    model = PrintedModel(
        design=np.column_stack([np.ones(100), start, covariate]),
        outcome=outcome,
        marker=1,
        estimates={1: printed("scores", "estimate")},
        limits={1: (printed("scores", "conf_low"), printed("scores", "conf_high"))},
        p_values={(2,): printed("covariate", "p_value")},
    )
    means = tuple(Printed.parse(f"{scores[outcome == group].mean():.2f}") for group in (0, 1))
    return model, means, start


@pytest.mark.parametrize("seed", range(5))
def test_scores_meet_a_printed_regression(seed):
    model, means, start = printed_model(seed)
    scores = solve_scores(model, means, start, LOW, HIGH)
    assert (scores > LOW).all()
    assert (scores < HIGH).all()
    for group in (0, 1):
        assert means[group].allows(scores[model.outcome == group].mean())
    found = regression(scores, model.design[:, 2], model.outcome).loc
    low, high = model.limits[1]
    assert model.estimates[1].allows(found["scores", "estimate"])
    assert low.allows(found["scores", "conf_low"])
    assert high.allows(found["scores", "conf_high"])
    assert model.p_values[(2,)].allows(found["covariate", "p_value"])


@pytest.mark.parametrize("seed", range(5))
def test_noise_in_the_start_changes_no_score(seed):
    model, means, start = printed_model(seed)
    noise = np.random.default_rng(seed).uniform(-1e-11, 1e-11, 100)
    scores = [solve_scores(model, means, near, LOW, HIGH) for near in (start, start + noise)]
    assert (scores[0] == scores[1]).all()


def test_a_regression_that_no_scores_can_give_is_refused():
    model, _, start = printed_model(1)
    impossible = Printed.parse("5.50"), Printed.parse("2.00")  # above the upper bound
    with pytest.raises(ArithmeticError):
        solve_scores(model, impossible, start, LOW, HIGH)
