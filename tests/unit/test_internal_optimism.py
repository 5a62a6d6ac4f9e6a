"""What is left of performance: by hand, where nothing is to be found, and in runs that were stopped."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

import vbq.internal.replicates as replicates_module
import vbq.internal.validate as validate_module
from vbq.codebook import extended
from vbq.internal import TABLES
from vbq.internal.optimism import differences_table, optimism_table
from vbq.internal.other_ways import cross_validate, permute
from vbq.internal.procedure import MULTIVARIABLE, Procedure
from vbq.internal.replicates import Replicates, apparent, resample
from vbq.internal.stability import (
    PATHS,
    cutoff_table,
    instability_table,
    replicates_table,
    selection_table,
    stability_paths,
)
from vbq.internal.validate import validate_internally
from vbq.render.tables import optimism as rendered
from vbq.scores.marker import Marker, with_marker
from vbq.stats.batched import fit_batch
from vbq.stats.indexes import INDEXES, RANGES, RATIOS, largest_error
from vbq.stats.optimism import (
    corrected_interval,
    corrected_interval_of_ratios,
    dual_sd,
    estimate_632_plus,
    within_ranges,
)
from vbq.stats.roc import areas_under_curves

pytestmark = pytest.mark.filterwarnings("error")

NAN = np.nan
NOISE = [f"x{i}" for i in range(10)]
CODEBOOK = with_marker(
    extended(
        {"event": {"label": "Event", "kind": "binary"}}
        | {name: {"label": name, "kind": "continuous"} for name in NOISE}
    ),
    Marker(cutoff=3.0),
)
LABELS = {MULTIVARIABLE: "All", "one": "One", "two": "Two", "vbq": "VBQ", "vbq_high": "High"}


def noise(seed, n=100, events=40):
    """An outcome and ten variables that have nothing to do with it."""
    values = np.random.default_rng([2019, seed]).normal(size=(n, 10))
    return pd.DataFrame(values, columns=NOISE).assign(event=(np.arange(n) < events).astype(int))


def signal(n=90, strength=1.5, seed=1):
    """Two variables of ten tell something, and so does the marker."""
    rng = np.random.default_rng(seed)
    cohort = pd.DataFrame(rng.normal(size=(n, 10)).round(3), columns=NOISE)
    risk = special.expit(strength * (cohort["x0"] + cohort["x1"]) - 0.5)
    cohort["event"] = (rng.random(n) < risk).astype(int)
    cohort["vbq"] = (2.7 + 0.5 * cohort["event"] + rng.normal(0, 0.4, n)).round(2)
    cohort["vbq_high"] = (cohort["vbq"] > 3).astype(int)
    return cohort


def plan_of(variables, scores=(), pairs=(), alpha=0.05, cutoff=None):
    plan = {
        "outcome": {"variable": "event"},
        "alpha": alpha,
        "univariable": {"variables": list(variables)},
        "multivariable": {},
        "discrimination": {
            "scores": {name: {"label": LABELS[name], "variables": of} for name, of in dict(scores).items()},
            "pairs": [list(pair) for pair in pairs],
        },
    }
    return plan | ({"cutoff": {"score": "vbq", "way": cutoff, "sensitivity": 0.9}} if cutoff else {})


def procedure_of(cohort, plan):
    return Procedure(cohort, plan, CODEBOOK, Marker(cutoff=3.0))


@pytest.fixture(scope="module")
def whole():
    """A procedure with every part, what it gave, and its replicates."""
    scores = {"one": ["x0"], "two": ["x0", "x1"], "vbq": ["vbq"], "vbq_high": ["vbq_high"]}
    plan = plan_of([*NOISE, "vbq"], scores, [("two", "one"), ("vbq", "vbq_high")], cutoff="youden")
    procedure = procedure_of(signal(), plan)
    return procedure, apparent(procedure), resample(procedure, 60, seed=8)


# --- The formulas


def test_632_plus_by_hand():
    """Efron and Tibshirani (1997): R = (0.4 - 0.1) / (0.5 - 0.1), w = 0.632 / (1 - 0.368 R)."""
    weight = 0.632 / (1 - 0.368 * 0.75)
    by_hand = (1 - weight) * 0.1 + weight * 0.4
    assert_allclose(by_hand, 0.36187845303867405, rtol=1e-12)
    assert_allclose(estimate_632_plus(0.1, 0.4, 0.5), by_hand, rtol=1e-12)
    plain = 0.368 * 0.1 + 0.632 * 0.4
    assert_allclose(by_hand, plain + (0.4 - 0.1) * 0.368 * 0.632 * 0.75 / (1 - 0.368 * 0.75), rtol=1e-12)


@pytest.mark.parametrize(
    ("at_hand", "outside", "nothing", "expected"),
    [
        (0.2, 0.2, 0.5, 0.2),  # no overfitting: the plain .632 of two equal errors
        (0.3, 0.25, 0.5, 0.368 * 0.3 + 0.632 * 0.25),  # better elsewhere
        (0.1, 0.5, 0.5, 0.5),  # as bad as nothing: all weight on those left out
        (0.1, 0.6, 0.5, 0.632 * 0.6 + 0.368 * 0.5),  # worse than nothing: 0.5632, by equation 32
        (0.6, 0.7, 0.5, 0.368 * 0.6 + 0.632 * 0.7),  # apparently worse than nothing: the plain .632
    ],
)
def test_632_plus_at_its_ends(at_hand, outside, nothing, expected):
    assert_allclose(estimate_632_plus(at_hand, outside, nothing), expected, rtol=1e-12)


def test_both_halves_of_a_spread():
    values = np.array([0, 1, 1, 2, 2, 2, 3, 3, 3, 13.0])  # mean 3: three values are equal to it
    below, above = dual_sd(values[:, None])
    assert_allclose(below, np.sqrt((9 + 4 + 4 + 1 + 1 + 1) / 8))
    assert_allclose(above, np.sqrt(100 / 3))
    nine = dual_sd(values[1:, None])
    assert_allclose(nine, np.std(values[1:], ddof=1))
    with_gap = dual_sd(np.append(values, np.nan)[:, None])
    assert_allclose(with_gap, [below, above])


def test_limits_turn_the_halves_round():
    """Where the differences reach far up, optimism may be much larger: the lower limit is the far one."""
    training = np.array([0, 1, 1, 2, 2, 2, 3, 3, 3, 13.0])[:, None]
    low, high = corrected_interval([10.0], training, np.zeros_like(training))
    below, above = dual_sd(training)
    assert_allclose([low, high], [10 - 1.959963984540054 * above, 10 + 1.959963984540054 * below])
    assert 10 - low > high - 10


def test_largest_error_on_a_grid():
    assert_allclose(largest_error(0, 1), 0, atol=1e-15)
    risk = np.arange(0.0005, 1, 0.0005)
    error = np.abs(risk - 1 / (1 + np.exp(-(0.2 + 0.7 * np.log(risk / (1 - risk)))))).max()
    assert_allclose(largest_error(0.2, 0.7), error, rtol=1e-10)


def test_a_ratio_has_quantiles_for_standard_deviations():
    """One slope of 2,000 among 400, as where a coefficient is near zero, moves nothing."""
    test = np.append(np.linspace(0.5, 1.3, 400), 2_000)[:, None]
    low, high = corrected_interval_of_ratios([0.9], np.ones_like(test), test)
    least, middle, most = np.quantile(1 - 1.25 * test, [0.025, 0.5, 0.975])
    assert_allclose([low[0], high[0]], [0.9 - (most - middle), 0.9 + (middle - least)], rtol=1e-12)
    assert 0.3 < low[0] < 0.5
    assert 1.3 < high[0] < 1.5
    assert corrected_interval([0.9], np.ones_like(test), test)[1][0] > 100
    narrow = corrected_interval_of_ratios([0.9], np.ones_like(test), test, confidence=0.5)
    assert low[0] < narrow[0][0] < 0.9 < narrow[1][0] < high[0]


@pytest.mark.parametrize(
    ("index", "corrected", "low", "high", "expected", "beyond"),
    [
        ("sensitivity", -0.039, -0.3, 0.234, (NAN, NAN, NAN), "apparent less optimism is below 0"),
        ("r2", 1.186, 0.9, 1.4, (NAN, NAN, NAN), "apparent less optimism is above 1"),
        ("dxy", -1.1, -1.3, -0.9, (NAN, NAN, NAN), "apparent less optimism is below -1"),
        ("auc", 0.95, 0.88, 1.03, (0.95, 0.88, 1.0), "upper limit cut off at 1"),
        ("dxy", -0.9, -1.2, -0.5, (-0.9, -1.0, -0.5), "lower limit cut off at -1"),
        ("r2", 0.5, -0.2, 1.2, (0.5, 0.0, 1.0), "lower limit cut off at 0; upper limit cut off at 1"),
        ("slope", -0.4, -2.0, 3.0, (-0.4, -2.0, 3.0), ""),
        ("brier", -1e-17, -0.1, 0.1, (0.0, 0.0, 0.1), "lower limit cut off at 0"),
        ("auc", 0.8, 0.8, 0.8, (0.8, NAN, NAN), ""),  # nothing is measured by an interval of no width
        ("auc", 0.8, -np.inf, 0.9, (0.8, NAN, NAN), ""),
        ("auc", NAN, NAN, NAN, (NAN, NAN, NAN), ""),
        ("auc", 1.0, 0.9, 1.0, (1.0, 0.9, 1.0), ""),
    ],
)
def test_no_number_outside_of_an_index_s_range(index, corrected, low, high, expected, beyond):
    found = within_ranges(["slope", index], *(np.array([0.5, each]) for each in (corrected, low, high)))
    assert_array_equal([found.value[1], found.low[1], found.high[1]], expected)
    assert found.beyond == ("", beyond)


def test_every_index_has_its_range():
    assert set(RANGES) | set(RATIOS) == {*INDEXES, "emax"}


def in_range(table):
    """The rows of a table of optimism, each of whose numbers is one that its index can have."""
    for row in table.to_dict("records"):
        least, most = RANGES.get(row["index"], (-np.inf, np.inf))
        numbers = [row[name] for name in ("apparent", "corrected", "corrected_low", "corrected_high")]
        numbers.append(row["estimate_632_plus"])
        assert all(np.isnan(number) or least <= number <= most for number in numbers), row
        is_none = np.isnan(row["corrected"]) and np.isfinite(row["apparent"])
        assert is_none == row["beyond_range"].startswith("apparent less")
        if np.isfinite(row["corrected_low"]):
            assert row["corrected_low"] <= row["corrected"] <= row["corrected_high"]
    return table


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("n", "events", "variables"), [(14, 4, 2), (20, 3, 6), (30, 12, 1)])
def test_small_cohorts_of_noise_stay_in_range(seed, n, events, variables):
    """Where most is optimism, and a single coefficient near zero makes slopes of any size."""
    cohort = noise(seed, n, events)
    cohort["vbq"] = (3 + 0.3 * cohort["x9"]).round(1)
    cohort["vbq_high"] = (cohort["vbq"] > 3).astype(int)
    scores = {"two": ["x0", "x1"], "vbq_high": ["vbq_high"]}
    plan = plan_of(NOISE[:variables], scores, alpha=1.1, cutoff="youden")
    procedure = procedure_of(cohort, plan)
    table = in_range(optimism_table(procedure, apparent(procedure), resample(procedure, 80, seed), LABELS))
    slopes = table[table["index"] == "slope"]
    assert (slopes["corrected_high"] - slopes["corrected_low"] < 60).all()


def test_a_row_says_that_the_correction_left_the_range(whole):
    procedure, observed, replicates = whole
    k = INDEXES.index("sensitivity")
    at_hand = observed.own["vbq_high"].copy()
    at_hand[0, k] = 1e-3
    own = replicates.own["vbq_high"].copy()
    own[:, k] += 0.05
    table = optimism_table(
        procedure,
        Replicates(**{**vars(observed), "own": {**observed.own, "vbq_high": at_hand}}),
        Replicates(**{**vars(replicates), "own": {**replicates.own, "vbq_high": own}}),
        LABELS,
    )
    row = table.set_index(["model", "index"]).loc[("vbq_high", "sensitivity")]
    assert row[["corrected", "corrected_low", "corrected_high"]].isna().all()
    assert row["beyond_range"] == "apparent less optimism is below 0"
    assert row["apparent"] - row["optimism"] < 0  # which anybody can compute from the row
    shown = rendered.optimism_table(table, 0.95)
    cells = shown.frame.loc[(np.array(shown.groups) == "High") & shown.frame["Index"].str.startswith("Sens")]
    assert cells["Corrected (95 % interval)"].tolist() == ["none (apparent less optimism is below 0)"]


def test_the_sentence_says_that_there_is_no_corrected_auc():
    row = {"model": "m", "label": "Model", "index": "auc", "apparent": 0.999}
    row |= dict.fromkeys(("corrected", "corrected_low", "corrected_high"), "")
    row |= {"beyond_range": "apparent less optimism is above 1"}
    told = rendered.sentence(pd.DataFrame([row, row | {"index": "brier"}]))
    assert "apparent 1.00, corrected none (apparent less optimism is above 1)." in told


# --- The tables


def test_optimism_is_what_the_replicates_say(whole):
    procedure, observed, replicates = whole
    table = optimism_table(procedure, observed, replicates, LABELS)
    assert table["model"].unique().tolist() == [MULTIVARIABLE, "one", "two", "vbq", "vbq_high"]
    for row in in_range(table)[table["index"] != "emax"].itertuples():
        k = INDEXES.index(row.index)
        training, test = (of[row.model][:, k] for of in (replicates.own, replicates.original))
        usable = np.isfinite(training) & np.isfinite(test)
        middle = np.median if row.index in ("intercept", "slope") else np.mean
        expected = [
            observed.own[row.model][0, k],
            middle(training[usable]),
            middle(test[usable]),
            middle((training - test)[usable]),
            observed.own[row.model][0, k] - middle((training - test)[usable]),
        ]
        found = [row.apparent, row.training, row.test, row.optimism, row.corrected]
        assert_allclose(found, expected, atol=1e-12)
        assert (row.replicates, row.replicates_without) == (usable.sum(), (~usable).sum())
    counts = table.set_index(["model", "index"])[["replicates", "replicates_without"]]
    emax = table.set_index(["model", "index"]).xs("emax", level="index")
    for name in (MULTIVARIABLE, "two"):
        assert counts.loc[(name, "emax")].tolist() == counts.loc[(name, "slope")].tolist()
        assert (emax.loc[name, "apparent"], emax.loc[name, "optimism"]) == (0, -emax.loc[name, "corrected"])
    in_itself = replicates.own[
        MULTIVARIABLE
    ]  # separated or not, a model is not recalibrated in its own sample
    assert (in_itself[:, INDEXES.index("intercept")] == 0).all()
    assert (in_itself[:, INDEXES.index("slope")] == 1).all()
    areas = table[table["index"] == "auc"].set_index("model")
    for name, outside in replicates.outside.items():
        error = 1 - np.nanmean(outside[:, 0])
        expected = 1 - estimate_632_plus(1 - areas.loc[name, "apparent"], error, 0.5)
        assert_allclose(areas.loc[name, "estimate_632_plus"], expected)
    # A score that nothing was fitted to has no optimism but that of chance.
    assert abs(areas.loc["one", "optimism"]) < 3.5 * replicates.own["one"][:, 0].std() / np.sqrt(60)
    assert areas.loc[MULTIVARIABLE, "optimism"] > 0.02


def test_indexes_that_some_replicates_lack_are_counted(whole):
    procedure, observed, replicates = whole
    own = replicates.own[MULTIVARIABLE].copy()
    own[:4, 0], own[:, 5], own[:3, INDEXES.index("slope")] = np.nan, np.nan, np.nan
    less = Replicates(**{**vars(replicates), "own": {MULTIVARIABLE: own}})
    table = optimism_table(procedure, observed, less, LABELS).set_index("index")
    assert table.loc["auc", "replicates"] == 56
    assert table.loc["auc", "replicates_without"] == 4
    slopes = np.isfinite(own[:, 4]) & np.isfinite(replicates.original[MULTIVARIABLE][:, 4])
    for index in ("slope", "emax"):
        assert table.loc[index, "replicates"] == slopes.sum() == 60 - table.loc[index, "replicates_without"]
    usable = own[4:, 0] - replicates.original[MULTIVARIABLE][4:, 0]
    assert_allclose(table.loc["auc", "optimism"], usable.mean())
    assert "brier" not in table.index


def test_brier_632_plus_has_its_own_no_information(whole):
    procedure, observed, replicates = whole
    table = optimism_table(procedure, observed, replicates, LABELS)
    row = table[(table["model"] == "two") & (table["index"] == "brier")].iloc[0]
    risk, y = observed.risks["two"][0], procedure.outcome
    no_information = np.mean((y[:, None] - risk[None]) ** 2)  # every outcome with every risk
    outside = np.nanmean(replicates.outside["two"][:, INDEXES.index("brier")])
    assert_allclose(row["estimate_632_plus"], estimate_632_plus(row["apparent"], outside, no_information))


def test_differences_are_paired(whole):
    procedure, observed, replicates = whole
    table = differences_table(procedure, observed, replicates)
    for row, (first, second) in zip(table.itertuples(), procedure.pairs, strict=True):
        each = replicates.own[first][:, 0] - replicates.own[second][:, 0]
        assert_allclose([row.low, row.high], np.quantile(each, [0.025, 0.975]))
        assert_allclose(row.difference, observed.own[first][0, 0] - observed.own[second][0, 0])
        assert (row.n_1, row.n_2, row.replicates) == (90, 90, 60)


def test_stability_tables_count_replicates(whole):
    procedure, observed, replicates = whole
    selection = selection_table(procedure, observed, replicates).set_index("variable")
    assert selection.index.tolist() == procedure.candidates
    for j, name in enumerate(procedure.candidates):
        assert selection.loc[name, "n_selected"] == (replicates.p_values[:, j] < 0.05).sum()
        assert selection.loc[name, "selected"] == (observed.p_values[0, j] < 0.05)
    paths = stability_paths(procedure, replicates).set_index("variable")
    for j, name in enumerate(procedure.candidates):
        assert paths.loc[name, "alpha"].tolist() == PATHS.tolist()
        shares = paths.loc[name, "share"]
        assert (np.diff(shares) >= 0).all()
        assert shares.iloc[-1] == (replicates.p_values[:, j] < 0.5).mean()
    cutoffs = cutoff_table(observed, replicates)
    assert cutoffs["n_chosen"].sum() == np.isfinite(replicates.cutoff).sum()
    assert cutoffs["chosen"].sum() <= 1
    assert len(cutoffs) > 5
    told = replicates_table(replicates, LABELS).set_index("model")
    assert told.index.tolist() == [MULTIVARIABLE, "two"]
    assert told.loc[MULTIVARIABLE, "without_variables"] == (~replicates.selected.any(axis=1)).sum()
    assert told.loc["two", "separated"] == replicates.separated["two"].sum()
    risks = instability_table(observed, replicates)
    two = risks[risks["model"] == "two"]
    assert len(two) == 90
    assert (np.diff(two["risk"]) >= 0).all()
    order = np.argsort(observed.risks["two"][0], kind="stable")
    assert_allclose(two["median"], np.median(replicates.risks["two"][:, order], axis=0))
    apart = np.abs(replicates.risks["two"] - observed.risks["two"][0]).mean(axis=0)
    assert_allclose(two["mape"], apart[order])


# --- Where nothing is to be found, and where nearly all is known


@pytest.fixture(scope="module")
def without_signal():
    """Apparent and corrected AUCs of 40 cohorts of noise; the seeds were chosen before any was run."""
    rows = []
    for seed in range(40):
        procedure = procedure_of(noise(seed), plan_of(NOISE))
        table = optimism_table(procedure, apparent(procedure), resample(procedure, 100, seed), LABELS)
        rows.append(table.set_index("index").loc["auc", ["apparent", "corrected", "estimate_632_plus"]])
    return pd.DataFrame(rows).astype(float)


def test_without_signal_the_corrected_auc_is_half(without_signal):
    """Within 3 standard errors at the plan's level of significance, and the apparent one is not.

    The optimism bootstrap is not unbiased there, whoever computes it. In 400 cohorts like these the mean was
    0.482 (standard error 0.004) at this level, 0.505 at 0.1, 0.531 at 0.2 and 0.560 without a selection,
    against an apparent 0.563, 0.599, 0.637 and 0.684; with 400 patients 0.487, 0.497, 0.510 and 0.526.
    """
    mean, error = without_signal.mean(), without_signal.std(ddof=1) / np.sqrt(len(without_signal))
    assert abs(mean["corrected"] - 0.5) < 3 * error["corrected"]
    assert mean["apparent"] > 0.55
    assert mean["apparent"] - 0.5 > 3 * error["apparent"]


def test_without_signal_and_selection_a_third_of_the_appearance_stays():
    """As 400 other cohorts had it: every one has a model there, and the bootstrap flatters it."""
    rows = []
    for seed in range(20):
        procedure = procedure_of(noise(seed), plan_of(NOISE, alpha=1.1))
        table = optimism_table(procedure, apparent(procedure), resample(procedure, 60, seed), LABELS)
        rows.append(table.set_index("index").loc["auc", ["apparent", "corrected"]])
    found = pd.DataFrame(rows).astype(float)
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert abs(found["apparent"].mean() - 0.6836) < 3.5 * error["apparent"]
    assert abs(found["corrected"].mean() - 0.5595) < 3.5 * error["corrected"]


def test_optimism_vanishes_in_large_cohorts():
    procedure = procedure_of(signal(n=20_000), plan_of(NOISE))
    table = optimism_table(procedure, apparent(procedure), resample(procedure, 16, seed=1), LABELS)
    row = table.set_index("index").loc["auc"]
    assert row["apparent"] > 0.85
    assert abs(row["optimism"]) < 0.002
    assert abs(row["corrected"] - row["estimate_632_plus"]) < 0.002


# --- Long runs


@pytest.fixture
def in_parts(monkeypatch):
    """Parts of 10 replicates, and little besides."""
    monkeypatch.setattr(validate_module, "PART", 10)
    monkeypatch.setattr(validate_module, "REPETITIONS", 2)
    monkeypatch.setattr(validate_module, "MOST_PERMUTATIONS", 5)
    started = []

    def counted(procedure, replicates, seed, first=0, *others):
        started.append(first)
        return resample(procedure, replicates, seed, first, *others)

    monkeypatch.setattr(validate_module, "resample", counted)
    return started


def written(tables):
    assert tuple(tables) == TABLES
    return {name: table.to_csv(index=False) for name, table in tables.items()}


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("stopped_after", [10, 20, 30])
def test_a_stopped_run_goes_on_to_the_same_tables(whole, in_parts, tmp_path, stopped_after):
    procedure, kept = whole[0], tmp_path / "parts" / "kept"
    told = []

    def tell(done, of):
        told.append((done, of))
        if done == stopped_after:
            raise StoppedError

    with pytest.raises(StoppedError):
        validate_internally(procedure, 35, 3, 0.95, kept=kept, tell=tell)
    assert len(list(kept.iterdir())) == stopped_after // 10
    in_parts.clear()
    told.clear()
    resumed = written(
        validate_internally(procedure, 35, 3, 0.95, kept=kept, tell=lambda done, of: told.append((done, of)))
    )
    assert in_parts == list(range(stopped_after, 35, 10))
    assert told == [(10, 35), (20, 35), (30, 35), (35, 35)]
    assert not kept.exists()
    assert resumed == written(validate_internally(procedure, 35, 3, 0.95, kept=tmp_path / "other"))
    assert resumed == written(validate_internally(procedure, 35, 3, 0.95))
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("kept_share", [0, 0.3, 0.999])
def test_a_damaged_part_is_made_again(whole, in_parts, tmp_path, kept_share):
    procedure, kept = whole[0], tmp_path / "kept"

    def stop(done, of):
        if done == 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        validate_internally(procedure, 35, 3, 0.95, kept=kept, tell=stop)
    part = kept / "10_10.npz"
    content = part.read_bytes()
    part.write_bytes(content[: int(kept_share * len(content))])
    in_parts.clear()
    resumed = written(validate_internally(procedure, 35, 3, 0.95, kept=kept))
    assert in_parts == [10, 20, 30]
    assert resumed == written(validate_internally(procedure, 35, 3, 0.95))


def test_a_part_is_whole_or_absent(whole, in_parts, tmp_path, monkeypatch):
    procedure, kept = whole[0], tmp_path / "kept"
    save = np.savez

    def half(file, **arrays):
        save(file, **dict(list(arrays.items())[:4]))
        raise StoppedError

    monkeypatch.setattr(replicates_module.np, "savez", half)
    with pytest.raises(StoppedError):
        validate_internally(procedure, 25, 3, 0.95, kept=kept)
    assert not list(kept.glob("*.npz"))
    monkeypatch.setattr(replicates_module.np, "savez", save)
    resumed = written(validate_internally(procedure, 25, 3, 0.95, kept=kept))
    assert resumed == written(validate_internally(procedure, 25, 3, 0.95))
    assert not kept.exists()


def test_what_is_written_is_read_again(whole, tmp_path):
    replicates = whole[2]
    replicates.write(tmp_path / "part.npz")
    again = Replicates.read(tmp_path / "part.npz")
    for name, value in vars(replicates).items():
        if isinstance(value, dict):
            assert list(value) == list(getattr(again, name))
            for model, array in value.items():
                assert_array_equal(getattr(again, name)[model], array)
        else:
            assert_array_equal(getattr(again, name), value)
    assert [file.name for file in tmp_path.iterdir()] == ["part.npz"]


def test_short_runs_keep_nothing(whole, in_parts, tmp_path):
    validate_internally(whole[0], 10, 3, 0.95, kept=tmp_path / "kept", tell=lambda done, of: None)
    assert not (tmp_path / "kept").exists()
    assert in_parts == [0]


# --- Cross-validation


def watched(procedure, monkeypatch):
    """Record the weights and events that the procedure is built with."""
    assert procedure.patients  # which are counted once, by a build of its own
    seen, build = [], procedure.build

    def spy(weights, events=None):
        seen.append((weights, events))
        return build(weights, events)

    monkeypatch.setattr(procedure, "build", spy)
    return seen


@pytest.mark.parametrize("folds", [4, 5, 10])
def test_folds_are_stratified_and_hold_everyone_out_once(monkeypatch, folds):
    procedure = procedure_of(signal(n=87), plan_of([], {"two": ["x0", "x1"]}))
    seen = watched(procedure, monkeypatch)
    cross_validate(procedure, folds, 3, 1, LABELS)
    held_out = 1 - np.concatenate([weights for weights, _ in seen]).reshape(3, folds, 87)
    assert set(np.unique(held_out)) == {0, 1}
    assert (held_out.sum(axis=1) == 1).all()
    sizes, events = held_out.sum(axis=2), held_out @ procedure.outcome
    assert np.ptp(sizes) <= 1
    assert np.ptp(events) <= 1
    assert (held_out[0] != held_out[1]).any()


def test_cross_validation_by_hand(monkeypatch):
    """Fit outside each fold, assess in it, average over folds; percentiles are of the repetitions."""
    procedure = procedure_of(signal(), plan_of([], {"two": ["x0", "x1"], "one": ["x0"]}))
    seen = watched(procedure, monkeypatch)
    table = cross_validate(procedure, 5, 4, 2, LABELS).set_index(["model", "index"])
    [(weights, _)] = seen
    X, y = np.column_stack([np.ones(90), procedure.cohort[["x0", "x1"]]]), procedure.outcome
    areas, briers = [], []
    for fitted_in in weights == 1:
        [beta] = fit_batch(X[fitted_in], y[None, fitted_in], np.ones((1, fitted_in.sum()))).coefficients
        left, of_left = X[~fitted_in] @ beta, y[~fitted_in]
        areas.append(areas_under_curves(of_left, left).auc[0])
        briers.append(np.mean((of_left - special.expit(left)) ** 2))
    for index, each in {"auc": areas, "brier": briers}.items():
        repetitions = np.reshape(each, (4, 5)).mean(axis=1)
        row = table.loc[("two", index)]
        assert_allclose(row["estimate"], repetitions.mean(), rtol=1e-8)
        assert_allclose([row["low"], row["high"]], np.quantile(repetitions, [0.025, 0.975]), rtol=1e-8)
    assert row["repetitions"] == 4
    assert np.isnan(row["p_value"])


def test_the_outcome_of_who_is_held_out_does_not_matter():
    cohort = signal()
    plan = plan_of([*NOISE, "vbq"], {"two": ["x0", "x1"], "vbq_high": ["vbq_high"]}, cutoff="youden")
    procedure = procedure_of(cohort, plan)
    weights = np.ones((1, 90))
    weights[0, 7] = 0
    flipped = procedure_of(
        cohort.assign(event=cohort["event"].where(cohort.index != 7, 1 - cohort["event"])), plan
    )
    [built], [again] = procedure.build(weights), flipped.build(weights)
    assert_array_equal(built.p_values, again.p_values)
    assert_array_equal(built.cutoff, again.cutoff)
    for name, model in built.models.items():
        # But for rounding: a fit starts from that of everybody.
        assert_allclose(model.of_patients(), again.models[name].of_patients(), rtol=1e-12)
    # It does matter who is not held out: the same flip with everyone in changes the models.
    [built], [again] = procedure.build(np.ones((1, 90))), flipped.build(np.ones((1, 90)))
    assert np.abs(built.models["two"].of_patients() - again.models["two"].of_patients()).max() > 0.1


# --- Permutation


def test_permutation_by_hand(monkeypatch):
    """The share of permuted outcomes whose refitted model has an AUC as high, the observed one among them."""
    procedure = procedure_of(signal(n=40, strength=0.3), plan_of([], {"two": ["x0", "x1"], "one": ["x0"]}))
    seen = watched(procedure, monkeypatch)
    table = permute(procedure, apparent(procedure), 50, 4, LABELS).set_index("model")
    events = np.concatenate([events for _, events in seen[1:]])  # the first is what was observed
    assert len(events) == 50
    assert (events.sum(axis=1) == procedure.outcome.sum()).all()
    assert len(np.unique(events, axis=0)) == 50
    X = np.column_stack([np.ones(40), procedure.cohort[["x0", "x1"]]])
    beta = fit_batch(X, np.vstack([procedure.outcome, events]), np.ones((51, 40))).coefficients
    scores = {"two": beta @ X.T, "one": np.broadcast_to(X[:, 1], (51, 40))}
    for name, predictors in scores.items():
        outcomes = [procedure.outcome, *events]
        areas = [areas_under_curves(y, x).auc[0] for y, x in zip(outcomes, predictors, strict=True)]
        assert_allclose(table.loc[name, "estimate"], areas[0])
        assert table.loc[name, "p_value"] == (np.array(areas) >= areas[0] - 1e-9).sum() / 51
        assert_allclose(table.loc[name, ["low", "high"]].tolist(), np.quantile(areas[1:], [0.025, 0.975]))
    assert 1 / 51 < table.loc["two", "p_value"] < 1


def test_permutation_is_exact_on_a_tiny_cohort():
    """All 20 outcomes of 3 in 6 are as likely: the p-value of perfect order is near 1/20."""
    cohort = pd.DataFrame({"x0": np.arange(6.0), "event": [0, 0, 0, 1, 1, 1]})
    procedure = procedure_of(cohort, plan_of([], {"one": ["x0"]}))
    [row] = permute(procedure, apparent(procedure), 2_000, 5, {**LABELS}).to_dict("records")[1:]
    assert row["estimate"] == 1
    assert abs(row["p_value"] - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / 2_000) + 1 / 2_000


def test_permutation_without_signal_is_uniform():
    """Also where the procedure fits: a p-value less a random part of its step is uniform, exactly."""
    p_values = []
    for seed in range(60):
        procedure = procedure_of(noise(seed, n=30, events=12), plan_of([], {"two": ["x0", "x1"]}))
        table = permute(procedure, apparent(procedure), 39, seed, LABELS).set_index("model")
        p_values.append(table.loc["two", "p_value"])
    steps = np.array(p_values) * 40
    assert_allclose(steps, np.round(steps), atol=1e-9)
    within = (steps - np.random.default_rng(1).random(60)) / 40
    assert stats.kstest(within, "uniform").pvalue > 0.01


def test_permutation_with_strong_signal_has_the_smallest_p_value(whole):
    procedure, observed, _ = whole
    table = permute(procedure, observed, 30, 1, LABELS).set_index("model")
    assert_allclose(table.loc[[MULTIVARIABLE, "two", "vbq"], "p_value"], 1 / 31)


def test_a_score_of_one_outcome_has_no_p_value():
    cohort = signal(n=60)
    cohort["x0"] = cohort["x0"].mask(cohort["event"] == 0)
    procedure = procedure_of(cohort, plan_of([], {"one": ["x0"], "vbq": ["vbq"]}))
    table = permute(procedure, apparent(procedure), 20, 1, LABELS)
    assert not table.loc[table["model"] == "one", "p_value"].notna().any()
    assert table.loc[table["model"] == "vbq", "p_value"].notna().all()
