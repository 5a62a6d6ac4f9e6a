"""Numbers as the decimals that they stand for.

300.3 / 100.1 is 3, but 3.0000000000000004 in binary arithmetic. So numbers are reduced to twelve significant
digits before they are compared with a cut-off, tied or rounded: more than any measurement has, fewer than
floating point keeps.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

DIGITS = 12
ALMOST_HALF = 0.4995  # of the last digit: what is a half to fifteen digits counts as one
TIED = 1e-11  # of the largest
LINEAR_PREDICTOR = 1.0  # the unit of log-odds
MOST = 22  # 10^22 is the highest power of ten that floating point has exactly
POWERS = np.array([float(f"1e{power}") for power in range(-MOST - 1, 2 * MOST)])
LEAST_SHIFTED, MOST_SHIFTED = float(f"1e{DIGITS - 1 - MOST}"), float(f"1e{DIGITS + MOST}")


def to_digits(values: ArrayLike) -> Array:
    """Round numbers to twelve significant digits, halves away from zero; NaN and infinite ones stay.

    Each result is the floating-point number nearest to a decimal of so many digits, which is how that decimal
    is read from a file. So results compare as decimals do.
    """
    x = np.asarray(values, dtype=float)
    size = np.abs(x)
    usual = (size >= LEAST_SHIFTED) & (size < MOST_SHIFTED)
    size = np.where(usual, size, 1.0)
    shift = DIGITS - 1 - _exponent(size)
    up, down = _power(np.maximum(shift, 0)), _power(np.maximum(-shift, 0))  # exact, and one of them is 1
    whole = np.floor(size * up / down + (1 - ALMOST_HALF))
    rounded = np.where(usual, np.copysign(whole / up * down, x), x)
    rest = ~usual & np.isfinite(x)
    rounded[rest] = [float(f"{value:.{DIGITS - 1}e}") for value in x[rest]]
    return rounded


def to_whole(values: ArrayLike) -> Array:
    """Round numbers of twelve significant digits to whole ones, halves away from zero, as publications do."""
    x = to_digits(values)
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def is_below(values: ArrayLike, limit: float) -> NDArray[np.bool_]:
    """Return which numbers of twelve digits are below a limit; NaN is not."""
    return to_digits(values) < limit


def in_full(number: float) -> str:
    """Write a number with all of its twelve digits, and none more than it has."""
    return f"{number:.{DIGITS}g}"


def _exponent(size: Array) -> NDArray[np.int64]:
    """Return the decimal exponents of positive numbers: 0 from 1 to below 10."""
    least = np.floor((np.frexp(size)[1] - 1) * np.log10(2)).astype(np.int64)
    return least + (size >= _power(least + 1))


def _power(exponent: NDArray[np.int64]) -> Array:
    return np.asarray(POWERS[exponent + MOST + 1])


def tie_nearly_equal(values: ArrayLike, unit: float = LINEAR_PREDICTOR) -> Array:
    """Give computed numbers that are equal but for rounding one value, that of the lowest of them.

    Two patients with the same covariates can differ in the last bits of a linear predictor. `values` are
    b x n finite numbers. Neighbors in the order of a row are tied if they differ by at most 1e-11 of the
    row's largest absolute value, or of `unit` if that is larger, and numbers tied to 0 become 0. The unit of
    a linear predictor is 1: where nothing is associated, all of it is rounding.
    """
    x = np.asarray(values, dtype=float)
    rows = np.atleast_2d(x)
    with_zero = np.column_stack([np.zeros(len(rows)), rows])
    order = np.argsort(with_zero, axis=1)
    ordered = np.take_along_axis(with_zero, order, axis=1)
    apart = np.diff(ordered, axis=1) > TIED * np.abs(rows).max(axis=1, keepdims=True, initial=unit)
    begins = np.where(
        np.column_stack([np.ones(len(rows), dtype=bool), apart]), np.arange(ordered.shape[1]), 0
    )
    first = np.empty_like(order)
    np.put_along_axis(first, order, np.maximum.accumulate(begins, axis=1), axis=1)
    tied = np.where(first == first[:, :1], 0.0, np.take_along_axis(ordered, first, axis=1))
    return tied[:, 1:].reshape(x.shape)
