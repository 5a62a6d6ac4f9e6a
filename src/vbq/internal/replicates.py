"""The procedure repeated in resamples, and how well its models do there, elsewhere, and in those left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from threadpoolctl import threadpool_limits

from vbq.internal.procedure import Built, Procedure
from vbq.run import write_whole
from vbq.stats.indexes import indexes_of, indexes_of_score
from vbq.stats.resampling import bootstrap_weights

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

BLOCK_BYTES = 2**20  # of the weights of the samples that go through the procedure together
RISKS_KEPT = 2_000  # replicates whose risks tell the instability,
RISKS_CELLS = 20_000_000  # or fewer, of very many patients


@dataclass(frozen=True)
class Replicates:
    """What B replicates of the procedure gave.

    `cutoff` (B), `p_values` and `selected` (B x candidates); for each model the indexes (B x `INDEXES`) in
    the resample itself, in the original patients, and in those that were not drawn, which regressions have
    Firth's penalty and how many maxima of their likelihoods were found (B each), and the risks of the n
    patients in the first replicates (at most `RISKS_KEPT` x n).
    """

    cutoff: Array
    p_values: Array
    selected: Mask
    own: Mapping[str, Array]
    original: Mapping[str, Array]
    outside: Mapping[str, Array]
    separated: Mapping[str, Mask]
    maxima: Mapping[str, NDArray[np.int64]]
    risks: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.cutoff)

    def write(self, file: Path) -> None:
        """Write a file from which `read` makes the same replicates, whole or not at all."""
        arrays: dict[str, Any] = {}
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                arrays |= {f"{name}/{model}": array for model, array in value.items()}
            else:
                arrays[name] = value
        content = BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        write_whole(content.getvalue(), file)

    @classmethod
    def read(cls, file: Path) -> "Replicates":
        """Read what `write` wrote. Raises OSError, ValueError, EOFError or BadZipFile where it is damaged."""
        found: dict[str, Any] = {field.name: {} for field in fields(cls)}
        with np.load(BytesIO(file.read_bytes())) as arrays:
            for key in arrays.files:
                name, _, model = key.partition("/")
                if model:
                    found[name][model] = arrays[key]
                else:
                    found[name] = arrays[key]
        return cls(**found)


def resample(procedure: Procedure, replicates: int, seed: int, first: int = 0) -> Replicates:
    """Repeat the procedure in bootstrap resamples of its patients, those with the numbers from `first` on.

    Replicate i draws the same whatever is asked besides it. One core does it: threads would wait for each
    other between the many small steps, and another number of cores could change the last digit of a product.
    """
    n = len(procedure.outcome)
    kept = min(RISKS_KEPT, max(1, RISKS_CELLS // n))
    parts: list[Replicates] = []
    begin = first
    with threadpool_limits(1):
        for weights in bootstrap_weights(np.zeros(n), replicates, seed, first, BLOCK_BYTES):
            parts.append(_assess_resamples(procedure, weights, risks_kept=max(0, kept - begin)))
            begin += len(weights)
    return joined(parts)


def joined(parts: Sequence[Replicates]) -> Replicates:
    """Put replicates behind each other."""
    together: dict[str, Any] = {}
    for name in (field.name for field in fields(Replicates)):
        each = [getattr(part, name) for part in parts]
        if isinstance(each[0], Mapping):
            together[name] = {model: np.concatenate([one[model] for one in each]) for model in each[0]}
        else:
            together[name] = np.concatenate(each)
    return Replicates(**together)


def _assess_resamples(procedure: Procedure, weights: Array, risks_kept: int) -> Replicates:
    """Assess what the procedure makes of b resamples, of which the first have their risks kept."""
    events = weights * procedure.outcome
    everyone, outside = np.ones((1, weights.shape[1])), (weights == 0).astype(float)
    parts, order = [], []
    for built in procedure.build(weights, events):
        of = built.samples
        own = assess_models(built, weights[of], procedure.outcome, is_own=True)
        original = assess_models(built, everyone, procedure.outcome)
        left = assess_models(built, outside[of], procedure.outcome, recalibrates=False)
        parts.append(
            Replicates(
                built.cutoff,
                built.p_values,
                built.selected,
                own,
                original,
                left,
                {name: model.separated for name, model in built.models.items()},
                {name: model.maxima for name, model in built.models.items()},
                {
                    name: special.expit(model.of_patients() if risks_kept else model.of_patients()[:0])
                    for name, model in built.models.items()
                    if model.is_risk
                },
            )
        )
        order.append(of)
    ordered = _in_order(joined(parts), np.argsort(np.concatenate(order)))
    return replace(ordered, risks={name: risks[:risks_kept] for name, risks in ordered.risks.items()})


def _in_order(replicates: Replicates, order: NDArray[np.intp]) -> Replicates:
    def ordered(value: Any) -> Any:
        """Put an array, or each of several by name, into the order; an empty one stays."""
        if isinstance(value, Mapping):
            return {name: each[order] if len(each) else each for name, each in value.items()}
        return value[order]

    return Replicates(
        **{field.name: ordered(getattr(replicates, field.name)) for field in fields(Replicates)}
    )


def assess_models(
    built: Built, weights: Array, outcome: Array, is_own: bool = False, recalibrates: bool = True
) -> dict[str, Array]:
    """Return the indexes of each model in weighted samples (b x n, or 1 x n for all)."""
    found = {}
    for name, model in built.models.items():
        events, totals = model.counts(weights * outcome), model.counts(weights)
        if model.is_risk:
            found[name] = indexes_of(
                model.linear_predictor, model.ranking, events, totals, is_own, recalibrates
            )
        else:
            score = model.linear_predictor[:1]
            counts = (
                np.broadcast_to(each, (len(built.samples), score.shape[1])) for each in (events, totals)
            )
            found[name] = indexes_of_score(model.ranking, _positive(score), *counts)
    return found


def _positive(score: Array) -> Mask | None:
    """Return whom a score of two values calls positive; None for any other."""
    return score > score.min() if len(np.unique(score)) == 2 else None


def apparent(procedure: Procedure) -> Replicates:
    """Return the procedure's results in the patients themselves: the replicate in which each counts once."""
    return _assess_resamples(procedure, np.ones((1, len(procedure.outcome))), risks_kept=1)
