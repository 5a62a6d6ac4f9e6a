"""Every table of the internal validation of one cohort, resumable where it takes long."""

from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from vbq.internal.optimism import differences_table, optimism_table
from vbq.internal.other_ways import cross_validate, permute
from vbq.internal.procedure import MULTIVARIABLE, Procedure
from vbq.internal.replicates import Replicates, apparent, joined, resample
from vbq.internal.stability import (
    cutoff_table,
    instability_table,
    replicates_table,
    selection_table,
    stability_paths,
)

PART = 10_000  # replicates, after which what was done is kept
FOLDS, REPETITIONS, MOST_PERMUTATIONS = 5, 100, 2_000
Tell = Callable[[int, int], None]


def validate_internally(
    procedure: Procedure,
    replicates: int,
    seed: int,
    confidence: float,
    kept: Path | None = None,
    tell: Tell = lambda done, of: None,
) -> dict[str, pd.DataFrame]:
    """Return the tables of an internal validation, by the names of `vbq.internal.TABLES`.

    In the folder `kept`, parts of long runs are kept until the end: a run that was stopped goes on there. It
    must be of the same cohort, plan and seed. `tell` is told how many replicates are done, of how many.
    """
    labels = {score.name: score.label for score in procedure.scores}
    labels[MULTIVARIABLE] = "Multivariable regression"
    observed = apparent(procedure)
    found = _resample_in_parts(procedure, replicates, seed, kept, tell)
    permutations = min(replicates, MOST_PERMUTATIONS)
    other_ways = [
        cross_validate(procedure, FOLDS, REPETITIONS, seed, labels),
        permute(procedure, observed, permutations, seed, labels),
    ]
    tables = {
        "optimism": optimism_table(procedure, observed, found, labels, confidence),
        "optimism_selection": selection_table(procedure, observed, found),
        "optimism_paths": stability_paths(procedure, found),
        "optimism_cutoff": cutoff_table(observed, found),
        "optimism_instability": instability_table(observed, found, confidence),
        "optimism_replicates": replicates_table(found, labels),
        "optimism_differences": differences_table(procedure, observed, found, confidence),
        "optimism_other_ways": pd.concat(other_ways, ignore_index=True),
    }
    if kept is not None and kept.is_dir():
        for part in kept.iterdir():
            part.unlink()
        kept.rmdir()
    return tables


def _resample_in_parts(
    procedure: Procedure, replicates: int, seed: int, kept: Path | None, tell: Tell
) -> Replicates:
    parts = []
    for first in range(0, replicates, PART):
        size = min(PART, replicates - first)
        file = None if kept is None or replicates <= PART else kept / f"{first}_{size}.npz"
        part = None if file is None else _kept_part(file)
        if part is None:
            part = resample(procedure, size, seed, first)
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                part.write(file)
        parts.append(part)
        tell(first + size, replicates)
    return joined(parts)


def _kept_part(file: Path) -> Replicates | None:
    """Return the replicates of a kept part; None where there is none, or a damaged one."""
    try:
        return Replicates.read(file)
    except (OSError, ValueError, EOFError, TypeError, BadZipFile):
        return None
