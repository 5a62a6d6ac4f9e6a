"""How often the interval of a corrected AUC holds the truth, in simulated cohorts whose truth is known.

Usage: python benchmarks/optimism_coverage.py [COHORTS [REPLICATES]] (300, 200). The truth is the AUC, in a
very large population, of the model that the procedure makes of the cohort at hand. Prints a line for each
scenario.
"""

import sys

import numpy as np
import pandas as pd
from scipy import special

from vbq.codebook import extended
from vbq.internal.optimism import optimism_table
from vbq.internal.procedure import MULTIVARIABLE, Procedure
from vbq.internal.replicates import apparent, resample
from vbq.scores.marker import Marker
from vbq.stats.roc import areas_under_curves

SEED = 20190901
POPULATION = 20_000
SLOPES = {"strong": (1.2, 0.8, 0.5), "weak": (0.5, 0.3, 0.2), "none": ()}
SCENARIOS = [(n, signal, screened) for signal in SLOPES for n in (60, 105, 250) for screened in (True, False)]
CANDIDATES = [f"x{number}" for number in range(10)]
CODEBOOK = extended(
    {name: {"label": name, "kind": "continuous"} for name in CANDIDATES}
    | {"event": {"label": "Event", "kind": "binary"}}
)


def plan(screened: bool) -> dict:
    """Screening of ten candidates at 0.05, or a regression on all of them."""
    return {
        "outcome": {"variable": "event"},
        "alpha": 0.05 if screened else 1.1,
        "univariable": {"variables": CANDIDATES, "categorical_test": "pearson", "continuous_test": "ols"},
        "multivariable": {},
    }


def draw(n: int, signal: str, generator: np.random.Generator) -> pd.DataFrame:
    """Draw patients with ten independent normal variables, of which the first have an effect."""
    x = generator.normal(size=(n, len(CANDIDATES)))
    slopes = np.zeros(len(CANDIDATES))
    slopes[: len(SLOPES[signal])] = SLOPES[signal]
    event = generator.random(n) < special.expit(x @ slopes)
    return pd.DataFrame(x, columns=CANDIDATES).assign(event=event.astype("int64"))


def one(n: int, signal: str, screened: bool, replicates: int, number: int) -> dict[str, float] | None:
    """Correct one cohort's AUC; None where all or none have the event."""
    generator = np.random.default_rng([SEED, n, number])
    cohort, population = draw(n, signal, generator), draw(POPULATION, signal, generator)
    if cohort["event"].nunique() < 2:
        return None
    procedure = Procedure(cohort, plan(screened), CODEBOOK, Marker())
    observed = apparent(procedure)
    found = resample(procedure, replicates, SEED + number)
    table = optimism_table(procedure, observed, found, {MULTIVARIABLE: "model"})
    auc = table[table["index"] == "auc"].iloc[0]
    # The population at the end of the cohort, with no weight: the cohort's model is applied to it.
    both = pd.concat([cohort, population], ignore_index=True)
    weights = np.concatenate([np.ones(n), np.zeros(POPULATION)])[None]
    built = next(Procedure(both, plan(screened), CODEBOOK, Marker()).build(weights))
    predictor = built.models[MULTIVARIABLE].linear_predictor[0, n:]
    truth = float(areas_under_curves(population["event"], predictor).auc[0])
    return {
        "apparent": auc["apparent"],
        "corrected": auc["corrected"],
        "plus": auc["estimate_632_plus"],
        "truth": truth,
        "held": float(auc["corrected_low"] <= truth <= auc["corrected_high"]),
        "width": auc["corrected_high"] - auc["corrected_low"],
    }


def main(cohorts: int, replicates: int) -> None:
    """Print the table."""
    print(f"{cohorts} cohorts a line, {replicates} resamples each; intervals of 95 % (ABCLOC).\n")
    print("| patients | signal | selection | apparent | corrected | .632+ | true | holds the truth | width |")
    print("|---|---|---|---|---|---|---|---|---|")
    for n, signal, screened in SCENARIOS:
        rows = [one(n, signal, screened, replicates, number) for number in range(cohorts)]
        mean = pd.DataFrame([row for row in rows if row is not None]).mean()
        selection = "p < 0.05" if screened else "none"
        values = " | ".join(f"{mean[name]:.3f}" for name in ("apparent", "corrected", "plus", "truth"))
        print(
            f"| {n} | {signal} | {selection} | {values} | {100 * mean['held']:.1f} % | {mean['width']:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[1:]]
    main(*(numbers + [300, 200][len(numbers) :]))
