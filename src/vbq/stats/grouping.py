"""Observations that say the same, counted once.

What a logistic regression or a bootstrap makes of n observations depends on how many have which values: on
patterns and their counts. With very many different values, nearly equal ones count as one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

ESTIMATED_FROM = 20_000  # patterns at most, for estimates: the error is far below any standard error
RESAMPLED_FROM = 2_000  # for resamples, whose noise is larger still
BLOCK_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Patterns:
    """k patterns of n observations: their values (`rows`, k x c), how many have them, and events (k each)."""

    rows: Array
    totals: Array
    events: Array


def patterns_of(values: ArrayLike, outcome: ArrayLike, most: int = ESTIMATED_FROM) -> Patterns:
    """Group n observations (n, or n x c values, and n outcomes of 0 or 1) by equal values.

    Where more than `most` patterns differ, columns of many values are first cut into classes of equal width,
    few enough that at most `most` patterns are left, and each has the mean values of its members.
    """
    x = np.asarray(values, dtype=float)
    x = x.reshape(len(x), -1)
    y = np.asarray(outcome, dtype=float)
    position, first = _equal(x)
    rows = x[first]
    if len(first) > most:
        position, _ = _equal(_classes(x, most))
        sizes = np.bincount(position)
        rows = np.column_stack([np.bincount(position, column) / sizes for column in x.T])
    return Patterns(rows, np.bincount(position).astype(float), np.bincount(position, y).astype(float))


def _equal(x: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number the distinct rows of x in their order; return each row's number, and where each stands first."""
    order = np.lexsort(x.T[::-1])
    begins = np.ones(len(x), dtype=bool)
    begins[1:] = (np.diff(x[order], axis=0) != 0).any(axis=1)
    position = np.empty(len(x), dtype=np.intp)
    position[order] = np.cumsum(begins) - 1
    return position, order[begins]


def _classes(x: Array, most: int) -> Array:
    """Replace values by classes, column by column; one of few values keeps them and leaves more to others."""
    distinct = [len(np.unique(column)) for column in x.T]
    left, classes = float(most), np.empty_like(x)
    for rank, j in enumerate(np.argsort(distinct, kind="stable")):
        allowed = max(1, int(left ** (1 / (x.shape[1] - rank))))
        low, width = x[:, j].min(), np.ptp(x[:, j]) / allowed
        few = distinct[j] <= allowed
        classes[:, j] = x[:, j] if few else np.minimum(np.floor((x[:, j] - low) / width), allowed - 1)
        left = max(1.0, left / min(distinct[j], allowed))
    return classes


def resampled_counts(patterns: Patterns, replicates: int, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield blocks of bootstrap resamples of all observations: events and patients of each pattern (b x k).

    Drawing n observations with replacement is drawing the counts of k patterns with and k without the event
    from a multinomial distribution. Replicate i draws from its own generator, seeded with (seed, i): neither
    the block size nor `replicates` changes what it draws.
    """
    k, n = len(patterns.totals), int(patterns.totals.sum())
    cells = np.concatenate([patterns.events, patterns.totals - patterns.events])
    occupied = np.flatnonzero(cells)
    shares = cells[occupied] / n
    shares[-1] = max(0.0, 1 - shares[:-1].sum())
    block = max(1, BLOCK_BYTES // (16 * k))
    for first in range(0, replicates, block):
        counts = np.zeros((min(block, replicates - first), 2 * k))
        for i, row in enumerate(counts, start=first):
            row[occupied] = np.random.default_rng([seed, i]).multinomial(n, shares)
        yield counts[:, :k], counts[:, :k] + counts[:, k:]
