"""Ways to choose a cut-off, with bootstrap intervals.

A patient is positive when the score is greater than the cut-off. Candidates lie midway between
neighboring values of the sample, and beyond all of them (infinite); among equally good ones the lowest
is chosen.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vbq.stats.digits import to_digits, to_whole
from vbq.stats.resampling import bootstrap_weights, percentile_interval

Array = NDArray[np.float64]

QUANTITIES = ("cutoff", "sensitivity", "specificity", "youden")
COLUMNS = [
    *("method", "n", "n_events"),
    *(f"{quantity}{end}" for quantity in QUANTITIES for end in ("", "_low", "_high")),
    *("same_from", "same_below", "conf_method", "replicates"),
]
EQUAL = 1e-14  # between two objectives, which are at most 2


class WeightedCurve:
    """Sensitivity and specificity of every candidate cut-off of n scores in each of b weighted samples.

    `events` and `others` are b x n: how often each score counts with the event and without it. Candidate c,
    of v + 1, lies below the c-th distinct value and above the one before. What a way to choose does not ask
    for is not computed.
    """

    def __init__(self, score: Array, events: Array, others: Array) -> None:
        self._score, self._events, self._others = score, events, others

    @classmethod
    def of(cls, event: NDArray[np.bool_], score: Array, weights: Array) -> "WeightedCurve":
        """Return the curve of n outcomes and scores under b x n weights."""
        return cls(score, weights * event, weights * ~event)

    @cached_property
    def mean_with(self) -> Array:
        """The b mean scores with the event."""
        return _mean(self._events, self._score)

    @cached_property
    def mean_without(self) -> Array:
        """The b mean scores without it."""
        return _mean(self._others, self._score)

    @cached_property
    def values(self) -> Array:
        """The v distinct scores in increasing order."""
        return np.unique(self._score)

    @cached_property
    def sensitivity(self) -> Array:
        """The sensitivity of each candidate (b x (v + 1))."""
        return 1 - self._share_below(self._events)

    @cached_property
    def specificity(self) -> Array:
        """The specificity of each candidate (b x (v + 1))."""
        return self._share_below(self._others)

    @cached_property
    def drawn(self) -> NDArray[np.bool_]:
        """Whether a sample has each value (b x v)."""
        return np.diff(self._share_below(self._events + self._others), axis=1) > 0

    def _share_below(self, weights: Array) -> Array:
        """Return the share of each sample's weights below each candidate."""
        order = np.argsort(self._score, kind="stable")
        last_of_value = np.searchsorted(self._score[order], self.values, side="right") - 1
        below = np.cumsum(weights[:, order], axis=1)
        with np.errstate(invalid="ignore"):  # a sample of one outcome has no share of the other
            share = below[:, last_of_value] / below[:, -1:]
        return np.hstack([np.zeros((len(weights), 1)), share])

    def at(self, cutoff: Array) -> tuple[Array, Array]:
        """Return sensitivity and specificity of each sample at its own cut-off (b values, NaN for none)."""
        samples, known = np.arange(len(cutoff)), ~np.isnan(cutoff)
        candidate = np.searchsorted(self.values, cutoff, side="right")
        sensitivity, specificity = self.sensitivity[samples, candidate], self.specificity[samples, candidate]
        return np.where(known, sensitivity, np.nan), np.where(known, specificity, np.nan)

    def cutoff(self, candidate: NDArray[np.intp]) -> Array:
        """Return each sample's cut-off for its candidate: midway between the values it has around it."""
        position = np.arange(len(self.values))
        above = position >= candidate[:, None]
        next_higher = np.where(self.drawn & above, self.values, np.inf).min(axis=1)
        next_lower = np.where(self.drawn & ~above, self.values, -np.inf).max(axis=1)
        midway = to_digits((next_lower + next_higher) / 2)
        rounded_up = np.isfinite(midway) & (midway >= next_higher)  # neighbors in the twelfth digit
        return np.where(rounded_up, next_lower, midway)

    def best(self, objective: Array) -> Array:
        """Return the cut-offs that maximize b x (v + 1) objectives, the lowest among equals."""
        highest = objective.max(axis=1, keepdims=True)
        return self.cutoff(np.argmax(objective >= highest - EQUAL, axis=1))


def _mean(weights: Array, score: Array) -> Array:
    """Return the mean score under each of b x n weights, NaN where all are zero."""
    total = weights.sum(axis=1)
    return np.divide(weights @ score, total, out=np.full(len(weights), np.nan), where=total > 0)


Rule = Callable[[WeightedCurve], Array]


def mean_midpoint_rounded(curve: WeightedCurve) -> Array:
    """Midpoint of the two group means, rounded to the nearest integer (Ehresman et al. 2019).

    NaN where all scores lie within one unit: a whole number would not divide them, and 0 or 1 means nothing.
    """
    whole = to_whole((curve.mean_with + curve.mean_without) / 2)
    return np.where(to_digits(np.ptp(curve.values)) > 1, whole, np.nan)


def youden(curve: WeightedCurve) -> Array:
    """The cut-off with the highest sensitivity + specificity - 1."""
    return curve.best(curve.sensitivity + curve.specificity)


def closest_to_corner(curve: WeightedCurve) -> Array:
    """The cut-off whose point of the ROC curve is nearest to sensitivity 1, specificity 1."""
    return curve.best(-((1 - curve.sensitivity) ** 2) - (1 - curve.specificity) ** 2)


def fixed_sensitivity(curve: WeightedCurve, at_least: float) -> Array:
    """The highest cut-off with a sensitivity of at least `at_least`."""
    enough = to_digits(curve.sensitivity) >= at_least
    return curve.cutoff(enough.shape[1] - 1 - np.argmax(enough[:, ::-1], axis=1))


def rules(sensitivity: float) -> dict[str, Rule]:
    """Return every way to choose a cut-off by name; `sensitivity` is what the last one demands."""
    return {
        "mean_midpoint_rounded": mean_midpoint_rounded,
        "youden": youden,
        "closest_to_corner": closest_to_corner,
        "fixed_sensitivity": partial(fixed_sensitivity, at_least=sensitivity),
    }


def choose_cutoffs(
    outcome: ArrayLike,
    score: ArrayLike,
    ways: Mapping[str, Rule],
    replicates: int,
    seed: int,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Choose a cut-off in each way, with percentile intervals from a bootstrap stratified by outcome.

    `outcome` is n values of 0 or 1, `score` n values without NaN, higher meaning a higher risk. In
    every resample the cut-off is chosen again, and sensitivity, specificity and Youden's index are
    those of that resample at its own cut-off: the intervals carry the uncertainty of the choice.
    They are apparent, not corrected for optimism. Where every resample gives the same sensitivity,
    specificity or index, as separated groups do, the resamples say nothing of its uncertainty: NaN.
    Cut-offs from `same_from` to below `same_below` classify these observations alike. A way that gives no
    cut-off has NaN.

    Returns one row per way with `COLUMNS`.
    """
    event, x = np.asarray(outcome) == 1, np.asarray(score, dtype=float)
    observed = _apply(ways, event, x, np.ones((1, len(x))))[:, 0]
    blocks = bootstrap_weights(event, replicates, seed)
    resampled = np.concatenate([_apply(ways, event, x, weights) for weights in blocks], axis=1)
    table = pd.DataFrame({"method": list(ways)}).assign(n=len(x), n_events=int(event.sum()))
    for i, quantity in enumerate(QUANTITIES):
        low, high = percentile_interval(resampled[:, :, i].T, confidence)
        table[quantity] = observed[:, i]
        if quantity != "cutoff":
            low, high = (np.where(low == high, np.nan, limit) for limit in (low, high))
        table[f"{quantity}_low"], table[f"{quantity}_high"] = low, high
    values, cutoff = np.unique(x), observed[:, 0]
    ends = np.concatenate([[-np.inf], values, [np.inf]])
    below = np.searchsorted(values, cutoff, side="right")
    table["same_from"] = np.where(np.isnan(cutoff), np.nan, ends[below])
    table["same_below"] = np.where(np.isnan(cutoff), np.nan, ends[below + 1])
    table["conf_method"] = (
        "percentile bootstrap, stratified by outcome; cut-off chosen again in each resample"
    )
    table["replicates"] = replicates
    return table[COLUMNS]


def _apply(ways: Mapping[str, Rule], event: NDArray[np.bool_], score: Array, weights: Array) -> Array:
    """Return way x sample x (cutoff, sensitivity, specificity, Youden's index)."""
    curve = WeightedCurve.of(event, score, weights)
    results = []
    for choose in ways.values():
        cutoff = choose(curve)
        sensitivity, specificity = curve.at(cutoff)
        results.append(np.column_stack([cutoff, sensitivity, specificity, sensitivity + specificity - 1]))
    return np.array(results)
