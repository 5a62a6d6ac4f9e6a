"""Region-of-interest intensities whose marker score is a given number."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TENTHS = 10  # intensities are read to one decimal


def split_between_readers(
    scores: Array, icc: float, bias: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return two readers' scores with a given mean per patient and a given ICC(2,1).

    `scores` are the n means of both readers, `bias` the mean difference between readers. The ICC is
    the two-way random-effects, absolute-agreement, single-rater form (Shrout and Fleiss 1979).

    Raises ArithmeticError where the bias alone leaves a lower one.
    """
    noise = rng.standard_normal(len(scores))
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    n, between = len(scores), 2 * scores.var(ddof=1)
    readers = n * bias**2 / 2
    # Solves ICC = (between - error) / (between + error + 2 (readers - error) / n), all of them mean squares.
    error = (between - icc * (between + 2 * readers / n)) / (1 + icc * (1 - 2 / n))
    if error < 0:
        raise ArithmeticError(f"readers who differ by {bias} on average cannot have an ICC of {icc}")
    difference = bias + np.sqrt(2 * error) * noise
    return scores + difference / 2, scores - difference / 2


def intensities(score: float, n_levels: int, csf: float, rng: np.random.Generator) -> tuple[Array, float]:
    """Return intensities of `n_levels` vertebral bodies, ascending, and of CSF, to one decimal.

    Among CSF intensities within 10 units of `csf` the one is taken with which a one-decimal median over
    the CSF comes nearest to `score`: mostly within 1e-5, never further than 0.05 / CSF.
    """
    candidates = np.round(csf * TENTHS).astype(int) + np.arange(-100, 101)
    middles = 2 if n_levels % 2 == 0 else 1
    totals = np.round(score * candidates * middles).astype(int)
    best = int(np.argmin(np.abs(totals / (candidates * middles) - score).round(9)))
    reference, total = int(candidates[best]), int(totals[best])

    def spread(share: float) -> int:
        return int(np.ceil(abs(rng.normal(0, share)) * score * reference)) + 1

    low = total // 2 - spread(0.02) if middles == 2 else total
    values = sorted({low, total - low if middles == 2 else total})
    while len(values) < n_levels:
        values = [values[0] - spread(0.05), *values]
        if len(values) < n_levels:
            values.append(values[-1] + spread(0.05))
    return np.array(values) / TENTHS, reference / TENTHS
