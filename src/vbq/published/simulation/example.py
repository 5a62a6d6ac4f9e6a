"""The worked example of a transcription: a simulated paper with three errors put in on purpose."""

import numpy as np

from vbq.published.simulation.errors import seed_error
from vbq.published.simulation.papers import SimulatedPaper, simulate_paper

SEED = 7
ERRORS = ("level", "auc", "repeated")
PROVENANCE = "simulated for the documentation, with three errors put in on purpose; not a publication"
PLAN = "data/published/simulated_example/plan.yaml"


def simulated_example() -> tuple[SimulatedPaper, dict[str, frozenset[str]]]:
    """Return the example, and the ids of the figures that each error altered, by its kind."""
    simulated = simulate_paper(SEED)
    simulated.described |= {"provenance": PROVENANCE, "plan": PLAN}
    altered = {}
    for i, kind in enumerate(ERRORS):
        seeded = seed_error(simulated, kind, np.random.default_rng([SEED, i]))
        if seeded is None:
            raise ValueError(f"the example has no figure for an error of the kind {kind}")
        simulated.figures, altered[kind] = seeded.figures, seeded.altered
    return simulated, altered
