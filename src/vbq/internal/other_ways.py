"""Cross-validation and a permutation test of the whole procedure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.internal.procedure import Procedure
from vbq.internal.replicates import BLOCK_BYTES, Replicates, assess_models
from vbq.stats.batched import Ranking
from vbq.stats.indexes import INDEXES
from vbq.stats.resampling import blocks

Array = NDArray[np.float64]

OTHER_WAYS = [
    *("model", "label", "n", "n_events", "way", "index", "estimate", "low", "high", "method", "p_value"),
    "repetitions",
]
SPREAD = "mean over repetitions; low to high: their middle 95 %, how much the division matters"
NULL = "apparent; low to high: the middle 95 % of what the procedure finds where the outcome is permuted"


def cross_validate(
    procedure: Procedure, folds: int, repetitions: int, seed: int, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Repeat k-fold cross-validation of the whole procedure, folds stratified by outcome.

    Each index is the mean over the folds of a repetition that have it; `low` and `high` are the 2.5th and the
    97.5th percentile over repetitions, which is how much the division matters, no confidence interval.

    Returns rows with `OTHER_WAYS`.
    """
    n = len(procedure.outcome)
    found: dict[str, list[Array]] = {}
    for begin, end in blocks(0, repetitions, n * folds, BLOCK_BYTES):
        fold = np.stack([_folds(procedure.outcome, folds, seed, i) for i in range(begin, end)])
        held_out = (fold[:, None, :] == np.arange(folds)[None, :, None]).reshape(-1, n).astype(float)
        weights = 1 - held_out
        block: dict[str, Array] = {}
        for built in procedure.build(weights):
            indexes = assess_models(built, held_out[built.samples], procedure.outcome)
            for name, values in indexes.items():
                block.setdefault(name, np.full((len(weights), len(INDEXES)), np.nan))[built.samples] = values
        for name, values in block.items():
            found.setdefault(name, []).append(_mean_of_folds(values.reshape(-1, folds, len(INDEXES))))
    rows = []
    for name, each in found.items():
        values = np.concatenate(each)
        for k, index in enumerate(INDEXES):
            if np.isfinite(values[:, k]).any() and index not in ("intercept", "slope", "r2"):
                low, high = np.nanquantile(values[:, k], [0.025, 0.975])
                way, mean = f"{folds}-fold cross-validation", np.nanmean(values[:, k])
                about = (name, labels[name], *procedure.patients[name], way, index)
                row = (*about, mean, low, high, SPREAD, np.nan, repetitions)
                rows.append(dict(zip(OTHER_WAYS, row, strict=True)))
    return pd.DataFrame(rows, columns=OTHER_WAYS)


def _mean_of_folds(values: Array) -> Array:
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis=1) / known.sum(axis=1))


def _folds(outcome: Array, folds: int, seed: int, repetition: int) -> NDArray[np.intp]:
    """Deal patients with and without the event into folds of nearly equal size."""
    generator = np.random.default_rng([seed, repetition])
    fold = np.empty(len(outcome), dtype=int)
    dealt = 0
    for value in (0, 1):
        members = generator.permutation(np.flatnonzero(outcome == value))
        fold[members] = (dealt + np.arange(len(members))) % folds
        dealt += len(members)
    return fold


def permute(
    procedure: Procedure, observed: Replicates, permutations: int, seed: int, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Test each model's apparent AUC by permuting the outcome and repeating the whole procedure.

    The p-value is the share of permutations, the observed order among them, whose AUC is as high or higher;
    `low` and `high` are percentiles of the AUCs that the procedure finds where there is nothing to find.
    Returns rows with `OTHER_WAYS`, of which `estimate` is the apparent AUC.
    """
    n = len(procedure.outcome)
    found: dict[str, list[Array]] = {}
    for begin, end in blocks(0, permutations, n, BLOCK_BYTES):
        events = np.stack(
            [np.random.default_rng([seed, i]).permutation(procedure.outcome) for i in range(begin, end)]
        )
        weights = np.ones_like(events)
        block: dict[str, Array] = {}
        for built in procedure.build(weights, events):
            for name, model in built.models.items():
                counted, totals = model.counts(events[built.samples]), model.counts(weights[built.samples])
                areas = Ranking(model.linear_predictor).auc(counted, totals - counted)
                block.setdefault(name, np.full(len(weights), np.nan))[built.samples] = areas
        for name, areas in block.items():
            found.setdefault(name, []).append(areas)
    rows = []
    for name, each in found.items():
        areas, auc = np.concatenate(each), observed.own[name][0, 0]
        low, high = np.nanquantile(areas, [0.025, 0.975])
        p_value = (1 + (areas >= auc - 1e-12).sum()) / (1 + np.isfinite(areas).sum())
        about = (name, labels[name], *procedure.patients[name], "permutation of the outcome", "auc")
        row = (*about, auc, low, high, NULL, p_value, permutations)
        rows.append(dict(zip(OTHER_WAYS, row, strict=True)))
    return pd.DataFrame(rows, columns=OTHER_WAYS)
