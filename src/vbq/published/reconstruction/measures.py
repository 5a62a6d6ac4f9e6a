"""Measurements on an instrument's own grid with printed group means and a printed p-value.

For two groups the p-value of the pooled t test fixes the pooled standard deviation once the means are
given. Sums are met first, by single steps; then the sum of squares, by pairs of opposite steps.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vbq.published.reconstruction.rounding import rounded
from vbq.stats.rounded import Printed

Integers = NDArray[np.int64]

MAX_MOVES = 20_000


def match_measure(
    start: Integers,
    low: Integers,
    high: Integers,
    in_second: NDArray[np.bool_],
    step: float,
    means: tuple[Printed, Printed],
    p_value: Printed,
    plausible_sd: float,
    rng: np.random.Generator,
) -> Integers:
    """Change whole-numbered measurements until means and p-value are the printed ones.

    `start`, `low` and `high` are n integers in units of `step`: the values to begin with and each
    patient's bounds. `in_second` marks the second group; `means` are the printed means of both groups
    and `p_value` the printed p-value of the pooled t test, in the instrument's unit, as is
    `plausible_sd`: among sums that give the printed means, those that imply a standard deviation near
    it are tried first.

    Raises ArithmeticError where no attempt meets all three.
    """
    groups = (np.flatnonzero(~in_second), np.flatnonzero(in_second))
    for sums in _candidate_sums(groups, step, means, p_value, plausible_sd):
        values = start.copy()
        if not all(
            _meet_sum(values, members, total, low, high, rng)
            for members, total in zip(groups, sums, strict=True)
        ):
            continue
        if _meet_p_value(values, groups, low, high, p_value, rng):
            return values
    raise ArithmeticError(f"no values with means {means} and p {p_value} were found")


def _candidate_sums(
    groups: tuple[Integers, Integers],
    step: float,
    means: tuple[Printed, Printed],
    p_value: Printed,
    plausible_sd: float,
) -> Iterator[tuple[int, int]]:
    """Yield pairs of group sums that give the printed means, the most plausible ones first."""
    sizes = [len(members) for members in groups]
    possible = []
    for size, mean in zip(sizes, means, strict=True):
        lowest = int(np.ceil((mean.value - mean.half_unit) * size / step))
        highest = int(np.floor((mean.value + mean.half_unit) * size / step))
        # Strictly inside the rounding: a tie could be printed the other way.
        inside = [s for s in range(lowest, highest + 1) if abs(s * step / size - mean.value) < mean.half_unit]
        possible.append(inside)
    t = special.stdtrit(sum(sizes) - 2, 1 - p_value.value / 2)

    def strangeness(pair: tuple[int, int]) -> tuple[float, int, int]:
        """How far the standard deviation that the sums imply is from the plausible one."""
        difference = abs(pair[0] / sizes[0] - pair[1] / sizes[1]) * step
        sd = difference / (t * np.sqrt(1 / sizes[0] + 1 / sizes[1]))
        return (round(abs(np.log(sd / plausible_sd)), 9) if sd > 0 else np.inf, *pair)

    yield from sorted(((a, b) for a in possible[0] for b in possible[1]), key=strangeness)


def _meet_sum(
    values: Integers, members: Integers, total: int, low: Integers, high: Integers, rng: np.random.Generator
) -> bool:
    """Move single values by one step until they add up to `total`; False where the bounds forbid it."""
    if not low[members].sum() <= total <= high[members].sum():
        return False
    while missing := total - int(values[members].sum()):
        direction = np.sign(missing)
        bound = high if missing > 0 else low
        movable = members[values[members] != bound[members]]
        values[rng.choice(movable, size=min(abs(missing), len(movable)), replace=False)] += direction
    return True


def _meet_p_value(
    values: Integers,
    groups: tuple[Integers, Integers],
    low: Integers,
    high: Integers,
    p_value: Printed,
    rng: np.random.Generator,
) -> bool:
    """Move pairs of one group by opposite steps until the pooled t test gives the p-value."""
    sizes = np.array([len(members) for members in groups])
    sums = np.array([values[members].sum() for members in groups])
    df = int(sizes.sum()) - 2

    def squares_for(p: float) -> float:
        """Return the sum of all squared values at which the p-value is p."""
        t = special.stdtrit(df, 1 - p / 2)
        difference = sums[0] / sizes[0] - sums[1] / sizes[1]
        return float(difference**2 / (1 / sizes).sum() / t**2 * df + (sums**2 / sizes).sum())

    least, most = (squares_for(p_value.value + side * p_value.half_unit) for side in (-1, 1))
    # Whole numbers, as the squares are, so that every comparison is exact: the first and the last that leave
    # a tenth of the way at each end, and the one below the middle, which stands for half a unit more.
    shares, inward = np.array([0.1, 0.9, 0.5]), np.array([0.5, -0.5, -0.5])
    lowest, highest, middle = (int(number) for number in rounded(least + shares * (most - least) + inward))
    squares = int((values**2).sum())
    for _ in range(MAX_MOVES):
        if lowest <= squares <= highest:
            return True
        members = groups[int(rng.random() < sizes[1] / sizes.sum())]
        up, down = rng.choice(members, size=2, replace=False)
        change = 2 * (int(values[up]) - int(values[down]) + 1)
        if values[up] == high[up] or values[down] == low[down]:
            continue
        if abs(squares + change - middle - 0.5) < abs(squares - middle - 0.5):
            values[up] += 1
            values[down] -= 1
            squares += change
    return False
