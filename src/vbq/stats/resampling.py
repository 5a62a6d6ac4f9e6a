"""Bootstrap resamples as weights, and percentile intervals."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK_BYTES = 2**18  # of weights, which then stay in the cache


def bootstrap_weights(
    strata: ArrayLike, replicates: int, seed: int, first: int = 0, block_bytes: int | None = None
) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of resamples as weights: how often each of n observations was drawn.

    Observations are drawn with replacement within each stratum, so that every resample keeps the
    strata's sizes (give one stratum for an unstratified bootstrap). Blocks are b x n, together the
    `replicates` from number `first` on, of about `block_bytes` each. Replicate i draws from a stretch of its
    own of the seed's counter-based stream (Philox, Salmon et al. 2011): neither the block size nor
    `replicates` changes what it draws.
    """
    _, stratum = np.unique(np.asarray(strata), return_inverse=True)
    n = len(stratum)
    order = np.argsort(stratum, kind="stable")  # the members of each stratum stand together
    sizes = np.bincount(stratum)
    begins = np.repeat(np.cumsum(sizes) - sizes, sizes)
    scale = np.repeat(sizes, sizes) / 2.0**53
    for begin, end in blocks(first, first + replicates, n, block_bytes or BLOCK_BYTES):
        drawn = begins + (_uniform_bits(n, begin, end, seed) * scale).astype(np.intp)
        cells = order[drawn] + n * np.arange(end - begin)[:, None]
        yield np.bincount(cells.ravel(), minlength=(end - begin) * n).reshape(-1, n).astype(float)


def blocks(first: int, last: int, n: int, block_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of stretches of first to last, whose rows of n floats take about `block_bytes`."""
    block = max(1, block_bytes // (8 * n))
    for begin in range(first, last, block):
        yield begin, min(begin + block, last)


def _uniform_bits(n: int, begin: int, end: int, seed: int) -> NDArray[np.float64]:
    """Return n numbers from 0 to 2**53 - 1 for each replicate from begin to end."""
    steps = -(-n // 4)  # of the counter, each of which makes four numbers
    stream = np.random.Philox(key=seed)
    stream.advance(begin * steps)
    raw = stream.random_raw((end - begin) * steps * 4).reshape(end - begin, steps * 4)
    return np.asarray(raw[:, :n] >> np.uint64(11), dtype=float)


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

    Quantiles are R's type 7. Replicates without an estimate (NaN) are left out; where none has one, so are
    the limits NaN. A limit between a finite and an infinite estimate is NaN.
    """
    tail = (1 - confidence) / 2
    # Infinity minus infinity in the interpolation, and columns without an estimate.
    with np.errstate(invalid="ignore"), warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        low, high = np.nanquantile(np.asarray(estimates, dtype=float), [tail, 1 - tail], axis=0)
    return low, high
