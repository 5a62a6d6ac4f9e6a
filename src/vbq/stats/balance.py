"""Standardized differences between two samples."""

import numpy as np
from numpy.typing import ArrayLike


def standardized_difference(first: ArrayLike, second: ArrayLike) -> float:
    """Return the difference of two means (first minus second) over the root of the mean of the variances.

    Infinite where neither sample varies and they differ; NaN without two values in each. Source: Austin 2009.
    """
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if min(len(x), len(y)) < 2:
        return float("nan")
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        return 0.0 if x[0] == y[0] else float(np.copysign(np.inf, x[0] - y[0]))
    return float((x.mean() - y.mean()) / np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2))


def standardized_difference_of_shares(first: ArrayLike, second: ArrayLike) -> float:
    """Return the standardized difference of two distributions over k levels, given as counts; never negative.

    The Mahalanobis distance of the shares of all levels but one (Yang and Dalton 2012). For two levels it is
    the absolute difference of the shares over the root of their mean variance. Infinite where the samples
    differ in a direction in which neither varies, as when they have no level in common.
    """
    counts = np.array([first, second], dtype=float)
    if (counts.sum(axis=1) == 0).any():
        return float("nan")
    shares = counts / counts.sum(axis=1, keepdims=True)
    covariance = sum(np.diag(share) - np.outer(share, share) for share in shares) / 2
    difference = shares[0] - shares[1]
    sizes, directions = np.linalg.eigh(np.asarray(covariance))
    along = directions.T @ difference
    flat = sizes < 1e-12
    if (np.abs(along[flat]) > 1e-9).any():
        return float("inf")
    return float(np.sqrt((along[~flat] ** 2 / sizes[~flat]).sum()))
