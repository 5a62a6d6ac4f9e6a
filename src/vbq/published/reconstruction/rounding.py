"""Rounding that comes out the same on every machine.

Sums, logarithms and solutions of equations differ in their last digits from one processor to the next. Each
such number is rounded here before anything hangs on it; what follows is exact or a single rounded operation
of IEEE 754, which is the same everywhere.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLEARANCE = 1e-6  # of a unit; processors were seen to differ by 6e-9


def rounded(values: ArrayLike, decimals: int = 0) -> NDArray[np.float64]:
    """Round values to a number of decimals.

    Raises ArithmeticError where a value is so near to a tie that another machine might round it otherwise.
    """
    units = np.asarray(values, dtype=float) * 10**decimals
    if (np.abs(units % 1 - 0.5) < CLEARANCE).any():
        raise ArithmeticError(
            "a value is too near a tie to be rounded alike on every machine; take another seed"
        )
    return np.asarray(np.round(units) / 10**decimals)
