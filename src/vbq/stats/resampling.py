"""Bootstrap resamples as weights, and percentile intervals."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK_BYTES = 16 * 2**20


def bootstrap_weights(strata: ArrayLike, replicates: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of resamples as weights: how often each of n observations was drawn.

    Observations are drawn with replacement within each stratum, so that every resample keeps the
    strata's sizes (give one stratum for an unstratified bootstrap). Blocks are b x n, together
    `replicates` rows, in about 16 MB each. Replicate i draws from its own generator,
    seeded with (seed, i): neither the block size nor `replicates` changes what it draws.
    """
    labels = np.asarray(strata)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    block = max(1, BLOCK_BYTES // (8 * len(labels)))
    for first in range(0, replicates, block):
        weights = np.zeros((min(block, replicates - first), len(labels)))
        for i, row in enumerate(weights, start=first):
            generator = np.random.default_rng([seed, i])
            for indices in members:
                drawn = generator.integers(len(indices), size=len(indices))
                row[indices] = np.bincount(drawn, minlength=len(indices))
        yield weights


def affordable(replicates: int, n: int, draws: float, at_least: int) -> int:
    """Return how many of the replicates to draw of n observations, so that all together draw `draws`.

    Never fewer than `at_least`, nor more than `replicates`: in a very large sample the intervals are so
    narrow that a few replicates tell them.
    """
    return min(replicates, max(at_least, int(draws / max(n, 1))))


def percentile_interval(
    estimates: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the percentile interval of each column of replicates x k estimates.

    Quantiles are R's type 7. Replicates without an estimate (NaN) are left out. A limit between a finite
    and an infinite estimate is NaN.
    """
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):  # infinity minus infinity, in the interpolation
        low, high = np.nanquantile(np.asarray(estimates, dtype=float), [tail, 1 - tail], axis=0)
    return low, high
