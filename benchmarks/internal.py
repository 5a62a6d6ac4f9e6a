"""How fast the internal validation is, beside rms, pROC, base R, statsmodels, scikit-learn, and the machine.

Usage: python benchmarks/internal.py [REPLICATES [COMBINED [ROWS]]], resamples of the comparisons (2,000) and
of the combined rule alone (100,000), and rows of DeLong's interval and of the longest cost curve (1,000,000).
R with rms and pROC is optional: without it nothing of R is timed, and the output says so. Prints tables, and
stops where results differ that should be the same.
"""

import cProfile
import os
import platform
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from firthmodels import FirthLogisticRegression, detect_separation
from scipy import special, stats
from sklearn.metrics import brier_score_loss, roc_auc_score
from statsmodels.api import Logit
from threadpoolctl import threadpool_limits

from vbq import configuration
from vbq.codebook import VARIABLES, extended
from vbq.ingest import read_cohort
from vbq.internal import procedure as steps
from vbq.internal.optimism import optimism_table
from vbq.internal.procedure import MULTIVARIABLE, Procedure
from vbq.internal.replicates import apparent, resample
from vbq.scores.marker import Marker, with_marker
from vbq.simulation import site
from vbq.stats import batched
from vbq.stats.indexes import INDEXES
from vbq.stats.resampling import bootstrap_weights, percentile_interval
from vbq.stats.roc import areas_under_curves, auc_interval
from vbq.study.univariable import named_test

PROJECT = Path(__file__).parents[1]
SEED = 20190901
RUNS, R_RUNS = 5, 3
LOOPS = 40  # resamples of the loops that are written plainly; their time is scaled
FOUR = ["vbq", "sins", "smoking", "steroids"]
COMBINED = ["vbq_high", "sins_category"]
MOST_SECONDS, MOST_MEMORY, MOST_SORTS = 5, 500, 3
CURVE_REPLICATES = [500, 1000, 2000, 4000, 8000, 16_000, 32_000]
CURVE_CELLS = 2e6  # replicates x patients of each point of the curve over patients
FEWEST = 4  # replicates of such a point
BY_SHIFT = 2.524987  # added to the log-odds of the simulated site: half of the patients have the event
CHECKS = ("auc", "brier", "slope")
INDEX = {name: INDEXES.index(name) for name in CHECKS}
ALONE = "--combined-rule-alone"

Array = np.ndarray


# The study, and parts of its plan.


@dataclass(frozen=True)
class Study:
    """The shipped cohort with its plan."""

    cohort: pd.DataFrame
    plan: dict[str, Any]
    codebook: dict[str, Any]
    marker: Marker

    @classmethod
    def read(cls) -> "Study":
        """Read the cohort, its plan and its marker."""
        spec = configuration.read_config("config/cohorts/ehresman2019.yaml", "cohort.schema.yaml", PROJECT)
        plan = configuration.read_plan(spec["plan"], PROJECT)
        marker = Marker(**plan["marker"])
        codebook = with_marker(extended(spec.get("variables", {})), marker)
        cohort = read_cohort(spec, codebook, marker, PROJECT, plan["outcome"]["variable"]).cohort
        return cls(cohort, plan, codebook, marker)

    def procedure(self, **parts: Any) -> Procedure:
        """Return the procedure of the outcome and some parts of the plan."""
        basis = {
            "outcome": self.plan["outcome"],
            "alpha": self.plan["alpha"],
            "univariable": {"variables": []},
        }
        return Procedure(self.cohort, basis | parts, self.codebook, self.marker)

    def fixed(self) -> Procedure:
        """Four variables, whatever they show."""
        score = {"label": "four variables", "variables": FOUR}
        return self.procedure(discrimination={"scores": {"fixed": score}})

    def selecting(self) -> Procedure:
        """Those of four variables that the univariable tests select."""
        univariable = self.plan["univariable"] | {"variables": FOUR}
        return self.procedure(univariable=univariable, multivariable={})

    def combined(self) -> Procedure:
        """The cut-off and the combined rule alone."""
        score = self.plan["discrimination"]["scores"]["combined"]
        return self.procedure(discrimination={"scores": {"combined": score}}, cutoff=self.plan["cutoff"])

    def whole(self) -> Procedure:
        """Everything in the plan."""
        return Procedure(self.cohort, self.plan, self.codebook, self.marker)


def optimism(procedure: Procedure, replicates: int) -> pd.DataFrame:
    """Correct a procedure for its optimism: what is timed as ours."""
    labels = {score.name: score.label for score in procedure.scores} | {MULTIVARIABLE: MULTIVARIABLE}
    found = resample(procedure, replicates, SEED)
    return optimism_table(procedure, apparent(procedure), found, labels)


# The whole procedure, written plainly: one literal resample after another.


def p_value(patients: pd.DataFrame, name: str, test: str) -> float:
    """Test one variable against the outcome."""
    known = patients[[name, "outcome"]].dropna()
    if test == "ols":
        values, event = known[name].to_numpy(dtype=float), known["outcome"].to_numpy() == 1
        return float(stats.ttest_ind(values[~event], values[event]).pvalue)
    counts = stats.contingency.crosstab(known[name].to_numpy(), known["outcome"].to_numpy()).count
    if min(counts.shape) < 2:
        return float("nan")
    way = {"likelihood_ratio": "log-likelihood", "pearson": "pearson"}[test]
    return float(stats.chi2_contingency(counts, correction=False, lambda_=way).pvalue)


def indicators(patients: pd.DataFrame, levels: dict[str, list[Any]]) -> Array:
    """Code variables: numbers as they are (no levels), others by indicators of all levels but the first."""
    columns = [np.ones(len(patients))]
    for name, present in levels.items():
        values = patients[name]
        columns += [(values == level).to_numpy(dtype=float) for level in present[1:]]
        if not present:
            columns.append(values.to_numpy(dtype=float))
    return np.column_stack(columns)


def fit_and_assess(sample: pd.DataFrame, original: pd.DataFrame, names: list[str], codebook: Any) -> Array:
    """Fit a regression in a resample; return AUC and Brier score there and in the original, and the slope."""
    sample, original = sample.dropna(subset=names), original.dropna(subset=names)
    levels = {
        name: [level for level in codebook[name].levels if (sample[name] == level).any()] for name in names
    }
    X, elsewhere = indicators(sample, levels), indicators(original, levels)
    center, scale = X.mean(axis=0), X.std(axis=0)
    center[0], scale[0] = 0, 1
    kept: list[int] = []
    for j in np.flatnonzero(scale > 0):
        if np.linalg.matrix_rank((X[:, [*kept, j]] - center[[*kept, j]]) / scale[[*kept, j]]) > len(kept):
            kept.append(int(j))
    X, elsewhere = ((each[:, kept] - center[kept]) / scale[kept] for each in (X, elsewhere))
    y, y_original = sample["outcome"].to_numpy(), original["outcome"].to_numpy()
    if detect_separation(X, y, fit_intercept=False).separation:
        model = FirthLogisticRegression(
            backend="numpy", fit_intercept=False, max_iter=500, gtol=1e-9, xtol=1e-9
        )
        beta = model.fit(X, y).coef_
    else:
        beta = Logit(y, X).fit(disp=0, maxiter=100, tol=1e-10).params
    own, there = np.round(X @ beta, 10), np.round(elsewhere @ beta, 10)
    slope = np.nan
    if np.ptp(there) > 0:
        slope = Logit(y_original, np.column_stack([np.ones_like(there), there])).fit(disp=0).params[1]
    return np.array(
        [
            roc_auc_score(y, own),
            roc_auc_score(y_original, there),
            brier_score_loss(y, special.expit(own)),
            brier_score_loss(y_original, special.expit(there)),
            slope,
        ]
    )


def plain_procedure(cohort: pd.DataFrame, rows: Array, tests: dict[str, str], study: Study) -> Array:
    """Return the cut-off, the p-values, and two models' indexes of one resample."""
    sample = cohort.iloc[rows]
    event = sample["outcome"] == 1
    cutoff = np.floor((sample.loc[event, "vbq"].mean() + sample.loc[~event, "vbq"].mean()) / 2 + 0.5)
    sample, original = (each.assign(vbq_high=(each["vbq"] > cutoff).astype(int)) for each in (sample, cohort))
    p_values = np.array([p_value(sample, name, test) for name, test in tests.items()])
    selected = [name for name, p in zip(tests, p_values, strict=True) if p < study.plan["alpha"]]
    indexes = [fit_and_assess(sample, original, names, study.codebook) for names in (selected, COMBINED)]
    return np.concatenate([[cutoff], p_values, *indexes])


def plain_loop(study: Study, cohort: pd.DataFrame, tests: dict[str, str], weights: Array) -> Array:
    """Carry the procedure out in one resample after another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = [np.repeat(np.arange(len(cohort)), counts) for counts in weights.astype(int)]
        return np.array([plain_procedure(cohort, rows, tests, study) for rows in every])


def disagreements(found: Array, procedure: Procedure, weights: Array, firth: bool) -> str:
    """Tell how far a plain loop's results lie from the engine's in the same resamples.

    Raises ValueError where they are not the same. Without `firth`, models are compared where no regression
    is separated.
    """
    ours = resample(procedure, len(weights), SEED)
    v = len(procedure.candidates)
    p_values = found[:, 1 : v + 1]
    same = (found[:, 0] == ours.cutoff) & ((p_values < 0.05) == ours.selected).all(axis=1)
    same_missing = (np.isnan(p_values) == np.isnan(ours.p_values)).all()
    farthest = {"p-value": np.nanmax(np.abs(p_values - ours.p_values))}
    compared = {}
    for i, name in enumerate((MULTIVARIABLE, "combined")):
        theirs = found[:, v + 1 + 5 * i : v + 6 + 5 * i]
        own, original = ours.own[name], ours.original[name]
        wanted = np.column_stack(
            [
                *(each[:, INDEX[index]] for index in ("auc", "brier") for each in (own, original)),
                original[:, INDEX["slope"]],
            ]
        )
        which = np.full(len(found), True) if firth else ~ours.separated[name]
        compared[name] = int(which.sum())
        distance = np.abs(theirs - wanted)[which]
        for index, columns in {"AUC": [0, 1], "Brier score": [2, 3], "slope": [4]}.items():
            farthest[index] = max(
                farthest.get(index, 0.0), float(np.nanmax(distance[:, columns], initial=0.0))
            )
    if not same.all() or max(farthest.values()) > 1e-6 or not same_missing:
        raise ValueError(f"{(~same).sum()} other selections or cut-offs; largest differences {farthest}")
    told = ", ".join(f"{name} {value:.0e}" for name, value in farthest.items())
    models = " and ".join(f"{number} ({name})" for name, number in compared.items())
    return f"{len(found)} resamples, models in {models}; largest difference: {told}"


# R, in a process of its own.


def write_for_r(folder: Path, cohort: pd.DataFrame, tests: dict[str, str], study: Study) -> None:
    """Write the cohort, its variables and their tests."""
    names = list(dict.fromkeys([*tests, *FOUR, "sins_category"]))
    cohort[["outcome", *names]].to_csv(folder / "cohort.csv", index=False)
    levels = ["|".join(map(str, study.codebook[name].levels)) for name in names]
    table = {"name": names, "test": [tests.get(name, "") for name in names], "levels": levels}
    pd.DataFrame(table).to_csv(folder / "variables.csv", index=False)


def run_r(folder: Path, replicates: int) -> tuple[dict[str, float], dict[str, Array], str] | None:
    """Return median seconds and results by work, and the versions; None without R or its packages."""
    has_r = shutil.which("Rscript") is not None
    needed = ["Rscript", "-e", "library(rms); library(pROC)"]
    if not has_r or subprocess.run(needed, capture_output=True, check=False).returncode:
        return None
    script = [
        "Rscript",
        "--vanilla",
        str(PROJECT / "benchmarks" / "internal.R"),
        str(folder),
        str(replicates),
        str(R_RUNS),
    ]
    versions = subprocess.run(script, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    times, areas = (pd.read_csv(folder / f"{name}.csv") for name in ("times", "areas"))
    seconds = times.groupby("work")["seconds"].median().to_dict()
    results = {str(work): part["value"].to_numpy() for work, part in areas.groupby("work")}
    return seconds, results, versions.splitlines()[-1]


# Timing.


def median_seconds(work: Callable[[], Any], runs: int = RUNS, warm_up: bool = True) -> float:
    """Median wall time of some runs, after one that is not counted."""
    if warm_up:
        work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class Comparisons:
    """The table of works, and how many of the asked ratios were reached."""

    def __init__(self) -> None:
        self.asked = self.reached = 0
        print("| work | ours (s) | beside | theirs (s) | ratio | asked | reached |")
        print("|---|---|---|---|---|---|---|")

    def line(self, work: str, ours: float, beside: str, theirs: float | None, asked: float) -> None:
        """Print a line; where theirs is missing, nothing is counted."""
        if theirs is None:
            print(f"| {work} | {ours:.4f} | {beside} | - | - | {asked:g} x | R is not there |", flush=True)
            return
        self._count(theirs >= asked * ours)
        cells = f"{theirs:.2f} | {theirs / ours:.1f} x | {asked:g} x | {self._told}"
        print(f"| {work} | {ours:.4f} | {beside} | {cells} |", flush=True)

    def at_most(self, work: str, ours: float, value: str, most: str, is_reached: bool) -> None:
        """Print a line of a limit that is no ratio."""
        self._count(is_reached)
        print(f"| {work} | {ours:.4f} | - | - | {value} | {most} | {self._told} |", flush=True)

    def _count(self, is_reached: bool) -> None:
        self.asked += 1
        self.reached += is_reached
        self._told = "yes" if is_reached else "NO"


def combined_alone(replicates: int) -> None:
    """Print seconds and peak memory (MB) of the combined rule alone: what the fresh process does."""
    procedure = Study.read().combined()
    start = time.perf_counter()
    optimism(procedure, replicates)
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def in_fresh_process(replicates: int) -> tuple[float, float]:
    """Return median seconds and largest memory (MB) of the combined rule in processes of their own."""
    command = [sys.executable, __file__, ALONE, str(replicates)]
    environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    told = [
        subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout.split()
        for _ in range(R_RUNS)
    ]
    seconds, memory = np.array(told, dtype=float).T
    return float(np.median(seconds)), float(memory.max())


# The machine's own limits, and what a work would take at least.


@dataclass(frozen=True)
class Machine:
    """What one core does in a second: floating operations of two sizes, sorts, draws, logistic functions."""

    large: float
    products: float
    sorted: float
    drawn: float
    logistic: float

    @classmethod
    def measure(cls) -> "Machine":
        """Measure all of it."""
        rng = np.random.default_rng(1)
        square, tall, narrow = rng.random((1500, 1500)), rng.random((1664, 105)), rng.random((105, 21))
        stream, cells = np.random.Philox(key=1), rng.normal(size=(1664, 105))

        def rate(amount: float, work: Callable[[], Any], times: int = 1) -> float:
            return amount * times / median_seconds(lambda: [work() for _ in range(times)])

        return cls(
            rate(2 * 1500**3, lambda: square @ square),
            rate(2 * tall.size * narrow.shape[1], lambda: tall @ narrow, 50),
            rate(cells.size, lambda: np.argsort(cells, axis=1, kind="stable"), 5),
            rate(10**6, lambda: stream.random_raw(10**6)),
            rate(cells.size, lambda: special.expit(cells), 5),
        )

    def tell(self) -> None:
        """Print the rates."""
        print(
            f"\nOne core: matrix multiply {self.large / 1e9:.0f} GFLOP/s (1,500 x 1,500), "
            f"{self.products / 1e9:.0f} at the size of a block here (1,664 x 105 by 105 x 21); "
            f"{self.sorted / 1e6:.0f} M elements/s sorted in rows of 105; {self.drawn / 1e6:.0f} M draws/s "
            f"(Philox); {self.logistic / 1e6:.0f} M logistic functions/s"
        )


class Counted:
    """Counts what regressions, screens and areas ask of the machine, while it is entered."""

    def __init__(self) -> None:
        self.amounts: Counter[str] = Counter()
        self._before: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> "Counted":
        for name in ("times", "transposed_times", "information", "quadratic_forms", "cubic_forms"):
            self._watch(batched._Design, name, partial(self._design, name))
        self._watch(steps._Screen, "p_values", self._screen)
        self._watch(batched.Ranking, "__init__", self._ranking)
        self._watch(steps, "_independent", self._columns)
        return self

    def __exit__(self, *_: object) -> None:
        for owner, name, before in self._before:
            setattr(owner, name, before)

    def _watch(self, owner: Any, name: str, count: Callable[..., None]) -> None:
        before = getattr(owner, name)

        def watched(*arguments: Any) -> Any:
            count(*arguments)
            return before(*arguments)

        self._before.append((owner, name, before))
        setattr(owner, name, watched)

    def _design(self, name: str, design: Any, first: Array, *_: Array) -> None:
        k, p = design.X.shape[-2:]
        m = len(first)
        square = p * (p + 1) // 2 if design.is_shared else p * p
        size = {"times": p, "transposed_times": p, "information": square, "quadratic_forms": square}
        self.amounts["floating"] += 2 * m * k * size.get(name, p * p * (p + 1) // 2)
        if name == "information":
            self.amounts["floating"] += 2 * m * p**3 // 3  # the step
            self.amounts["logistic"] += 2 * m * k  # a risk and a logarithm

    def _screen(self, screen: Any, events: Array, _: Array) -> None:
        self.amounts["floating"] += 4 * len(events) * screen._moments.size

    def _ranking(self, _: Any, scores: Array) -> None:
        self.amounts["sorted"] += np.size(scores)

    def _columns(self, X: Array, _: Array, totals: Array) -> None:
        c = X.shape[1] + 1
        self.amounts["floating"] += 2 * totals.size * c * (c + 1) // 2


def share_of_limit(machine: Machine, work: str, procedure: Procedure, replicates: int) -> None:
    """Print what a work asks of the machine, what it would take at least, and what the time goes to."""
    with Counted() as counted:
        resample(procedure, replicates, SEED)
    amounts = counted.amounts + Counter(drawn=replicates * len(procedure.outcome))
    seconds = median_seconds(lambda: resample(procedure, replicates, SEED), R_RUNS)
    parts = {
        "products": amounts["floating"] / machine.products,
        "logistic functions": amounts["logistic"] / machine.logistic,
        "sorts": amounts["sorted"] / machine.sorted,
        "draws": amounts["drawn"] / machine.drawn,
    }
    told = ", ".join(f"{name} {part / seconds:.0%}" for name, part in parts.items())
    least = sum(parts.values()) / seconds
    print(
        f"\n{work}: {seconds:.3f} s, of which at the machine's speed at least {least:.0%} "
        f"({told}); {amounts['floating'] / 1e9:.2f} G floating operations"
    )
    profile = cProfile.Profile()
    profile.runcall(resample, procedure, replicates, SEED)
    total = pstats.Stats(profile)
    rows = sorted(total.stats.items(), key=lambda item: item[1][2], reverse=True)[:6]
    for (file, _, name), (_, calls, own, _, _) in rows:
        place = f"{Path(file).stem}.{name}" if file.endswith(".py") else name.strip("<>")
        share = own / total.total_tt
        print(f"  {share:5.1%} {place} ({calls:,} calls)", flush=True)


# Cost curves.


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the power of its size with which a cost grows."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def curve_over_replicates(study: Study) -> None:
    """Print the cost of the fixed model against the number of replicates."""
    procedure = study.fixed()
    seconds = [
        median_seconds(lambda n=n: resample(procedure, n, SEED), R_RUNS, n == 500) for n in CURVE_REPLICATES
    ]
    print(
        f"\n| replicates, {len(procedure.outcome)} patients | seconds | ms per replicate |\n|---|---|---|",
        flush=True,
    )
    for n, time_ in zip(CURVE_REPLICATES, seconds, strict=True):
        print(f"| {n:,} | {time_:.3f} | {1000 * time_ / n:.4f} |")
    print(f"\nSeconds grow with the replicates to the power {exponent(CURVE_REPLICATES, seconds):.2f}")


def simulated(n: int) -> Procedure:
    """Return the regression on four variables in simulated patients."""
    rng = np.random.default_rng([SEED, n])
    cohort = site.simulate_truth(n, rng)
    risk = special.expit(special.logit(site.risk(cohort["vbq"], cohort["sins"])) + BY_SHIFT)
    cohort["new_vcf"] = (rng.random(n) < risk).astype(int)
    score = {"label": "four variables", "variables": ["vbq", "sins", "age", "field_strength"]}
    plan = {
        "outcome": {"variable": "new_vcf"},
        "univariable": {"variables": []},
        "discrimination": {"scores": {"fixed": score}},
    }
    return Procedure(cohort, plan, VARIABLES, Marker())


def curve_over_patients(most: int) -> None:
    """Print the cost of a fixed model against the number of patients."""
    sizes = [10**power for power in range(2, 7) if 10**power <= most]
    each = []
    print("\n| patients | replicates | seconds | ns per replicate and patient |\n|---|---|---|---|")
    for n in sizes:
        procedure, replicates = simulated(n), max(FEWEST, min(2000, int(CURVE_CELLS / n)))
        seconds = median_seconds(
            partial(resample, procedure, replicates, SEED), R_RUNS if n < 10**6 else 1, n < 10**6
        )
        each.append(seconds / replicates)
        print(
            f"| {n:,} | {replicates:,} | {seconds:.3f} | {1e9 * seconds / replicates / n:.0f} |", flush=True
        )
    print(f"\nSeconds per replicate grow with the patients to the power {exponent(sizes, each):.2f}")


# All of it.


def main(replicates: int, combined: int, rows: int) -> None:
    """Print everything."""
    # First, while this process is small: a new one's ru_maxrss begins with that of the one that starts it.
    alone = in_fresh_process(combined)
    study = Study.read()
    whole = study.whole()
    univariable = study.plan["univariable"]
    named = {key: univariable[key] for key in ("categorical_test", "continuous_test", "exceptions")}
    cohort = whole.cohort.assign(outcome=whole.outcome.astype(int))
    tests = {name: named_test(study.codebook[name], **named) for name in whole.candidates}
    weights = next(bootstrap_weights(np.zeros(len(cohort)), min(LOOPS, replicates), SEED))
    rng = np.random.default_rng(SEED)
    event = (rng.random(rows) < 0.5).astype(float)
    score = rng.normal(size=rows) + event

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_for_r(folder, cohort, tests, study)
        np.savetxt(folder / "weights.csv", weights, fmt="%d", delimiter=",")
        score.tofile(folder / "score.bin")
        event.tofile(folder / "event.bin")
        in_r = run_r(folder, replicates)
        if in_r:
            from_r = np.genfromtxt(folder / "procedure.csv", delimiter=",", missing_values="NA")
    r_seconds, r_areas, versions = in_r or (
        {},
        {},
        "R with rms and pROC is not installed: nothing of it was timed",
    )

    table = Comparisons()
    b = f"{replicates:,} replicates"
    scale = replicates / len(weights)
    fixed, selecting = study.fixed(), study.selecting()
    seconds = median_seconds(lambda: optimism(fixed, replicates))
    table.line(f"fixed model of 4 variables, {b}", seconds, "rms::validate", r_seconds.get("rms"), 50)
    seconds = median_seconds(lambda: optimism(selecting, replicates))
    beside = "rms::validate(bw = TRUE)"
    table.line(f"4 variables with selection, {b}", seconds, beside, r_seconds.get("rms_backward"), 30)

    seconds = median_seconds(lambda: optimism(whole, replicates))
    procedure = f"whole procedure, {len(tests)} candidates, {b}"
    plain = plain_loop(study, cohort, tests, weights)
    loop_seconds = median_seconds(lambda: plain_loop(study, cohort, tests, weights), R_RUNS, False)
    beside = f"statsmodels, scipy, scikit-learn ({len(weights)}, scaled)"
    table.line(procedure, seconds, beside, scale * loop_seconds, 100)
    base_r = r_seconds["base_r"] * scale if in_r else None
    table.line(procedure, seconds, f"base R ({len(weights)}, scaled)", base_r, 100)

    outcome, marker = whole.outcome, whole.cohort["vbq"].to_numpy(dtype=float)

    def bootstrap_auc() -> tuple[Array, Array]:
        ranking = batched.Ranking(marker[None])
        areas = [
            ranking.auc(drawn * outcome, drawn * (1 - outcome))
            for drawn in bootstrap_weights(outcome, replicates, SEED)
        ]
        return percentile_interval(np.concatenate(areas)[:, None])

    def bootstrap_auc_plainly() -> Array:
        generator = np.random.default_rng(SEED)
        of_class = [np.flatnonzero(outcome == value) for value in (0, 1)]
        areas = []
        for _ in range(replicates):
            drawn = np.concatenate([generator.choice(members, len(members)) for members in of_class])
            areas.append(roc_auc_score(outcome[drawn], marker[drawn]))
        return np.quantile(areas, [0.025, 0.975])

    seconds = median_seconds(bootstrap_auc, 20)
    table.line(f"AUC bootstrap, {b}", seconds, "pROC::ci.auc", r_seconds.get("proc_bootstrap"), 40)
    plainly = median_seconds(bootstrap_auc_plainly, R_RUNS)
    table.line(f"AUC bootstrap, {b}", seconds, "scikit-learn loop", plainly, 300)

    def delong() -> tuple[float, float, float]:
        areas = areas_under_curves(event, score)
        auc = float(areas.auc[0])
        return auc, *auc_interval(auc, float(areas.covariance[0, 0]))

    seconds = median_seconds(delong)
    sort = median_seconds(lambda: np.sort(score))
    large = f"DeLong interval, {rows:,} rows"
    table.line(large, seconds, "pROC::roc and ci.auc", r_seconds.get("proc_delong"), 4)
    sorts = seconds / sort
    table.at_most(large, seconds, f"{sorts:.2f} sorts", f"{MOST_SORTS} sorts", sorts <= MOST_SORTS)
    rule = f"combined rule and cut-off, {combined:,} replicates, fresh process"
    table.at_most(rule, alone[0], f"{alone[0]:.2f} s", f"{MOST_SECONDS} s", alone[0] <= MOST_SECONDS)
    table.at_most(rule, alone[0], f"{alone[1]:.0f} MB", f"{MOST_MEMORY} MB", alone[1] < MOST_MEMORY)

    print(
        f"\nMedians of {RUNS} runs after one that is not counted ({R_RUNS} in R, of the loops, in fresh "
        "processes), all on one core. "
        "Selection differs: rms drops variables by their Wald tests, ours takes "
        "those that the univariable tests select. In the whole procedure ours also assesses the plan's other "
        "scores and the patients left out. Separated regressions get Firth's penalty in ours and in the loop "
        "of statsmodels; R keeps them where the iterations stop."
    )
    print(f"The same results as the loop of statsmodels: {disagreements(plain, whole, weights, firth=True)}.")
    if in_r:
        print(f"As base R (not separated): {disagreements(from_r, whole, weights, firth=False)}.")
        ours = {
            "rms": corrected_auc(optimism(fixed, replicates)),
            "rms_backward": corrected_auc(optimism(selecting, replicates)),
        }
        for work, value in ours.items():
            print(f"Corrected AUC, {work}: ours {value:.4f}, rms {r_areas[work][0]:.4f}.")
        low, high = (float(limit[0]) for limit in bootstrap_auc())
        theirs = r_areas["proc_bootstrap"]
        print(f"AUC bootstrap: ours {low:.4f} to {high:.4f}, pROC {theirs[0]:.4f} to {theirs[2]:.4f}.")
        auc, low, high = delong()
        difference = np.abs(np.array([low, auc, high]) - r_areas["proc_delong"]).max()
        print(f"DeLong: largest difference from pROC {difference:.0e}.")

    machine = Machine.measure()
    machine.tell()
    share_of_limit(machine, f"Fixed model, {b}", fixed, replicates)
    share_of_limit(machine, f"Whole procedure, {b}", whole, replicates)
    share_of_limit(machine, f"Combined rule, {combined:,} replicates", study.combined(), combined)
    curve_over_replicates(study)
    curve_over_patients(rows)
    print(
        f"\n{table.reached} of {table.asked} asked ratios and limits reached, in one run on one machine "
        f"({platform.machine()}, {os.cpu_count()} cores; {versions}; Python {platform.python_version()}, "
        f"numpy {np.__version__})"
    )


def corrected_auc(table: pd.DataFrame) -> float:
    """Return the corrected AUC of a table of one model."""
    return float(table.set_index("index").loc["auc", "corrected"])


if __name__ == "__main__":
    with threadpool_limits(1):
        if sys.argv[1:2] == [ALONE]:
            combined_alone(int(sys.argv[2]))
        else:
            numbers = [int(argument) for argument in sys.argv[1:]]
            main(*(numbers + [2000, 100_000, 1_000_000][len(numbers) :]))
