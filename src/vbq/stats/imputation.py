"""Multiple imputation by chained equations, all variables by predictive mean matching.

Missing values start as a random draw from those observed. Then, several times over, each incomplete
variable, the least incomplete first, is imputed from all others as they stand (van Buuren and
Groothuis-Oudshoorn 2011; White, Royston and Wood 2011): it is regressed on them where it was observed, the
coefficients are drawn from their distribution, and each missing value becomes that of one of the five
observations whose predictions by the estimated coefficients are nearest to its own by the drawn ones, at
random (Little 1988). So every imputed value is one that was observed.

An unordered variable of three or more levels predicts by its indicators. To be predicted, its levels take
their values on the first canonical variate with the predictors, as in mice 3.17 and Hmisc's `aregImpute`.
All other variables enter as the numbers they are: binary and ordinal ones by their positions.

References: van Buuren and Groothuis-Oudshoorn, J Stat Softw 2011, 45(3); White, Royston and Wood, Stat Med
2011, 30, 377-399; Little, J Bus Econ Stat 1988, 6, 287-296.
"""

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.stats.digits import tie_nearly_equal

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

DONORS = 5
MOST_DONORS = 100_000  # of more observed rows so many are drawn, each time anew, to look for the nearest in
RIDGE = 1e-5  # of the variance of a predictor


def impute(
    frame: pd.DataFrame, unordered: Collection[str], m: int, iterations: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Return m completed copies of a frame of n rows, one after the other.

    All columns of `frame` are numbers, NaN where missing; those named in `unordered` are codes of levels
    without order. Complete columns come back as they are. Imputation i draws from its own generator,
    seeded with (seed, i): `m` does not change what it draws.

    Imputes as `mice(method = "pmm", visitSequence = "monotone")` does, up to Monte Carlo error, but for
    two things. Donors with equal predictions are equally likely, for each missing value anew. And the drawn
    coefficients have the covariance of the ridge estimates: what the observed rows do not determine, as
    with collinear or constant predictors or fewer rows than columns, has no effect rather than any effect.

    Raises ValueError where a column has no observed value.
    """
    empty = frame.columns[frame.isna().all()]
    if len(empty):
        raise ValueError(f"no value to impute from: {', '.join(empty)}")
    variables = {name: _variable(frame[name].to_numpy(float), name in unordered) for name in frame}
    return (_complete(frame, variables, iterations, np.random.default_rng([seed, i])) for i in range(m))


@dataclass(frozen=True)
class _Variable:
    """A variable's rows with and without a value, and its n x k standardized columns as a predictor.

    `levels` numbers the level of each observed value of an unordered variable, and is None for others.
    """

    observed: Integers
    missing: Integers
    columns: Array
    levels: Integers | None


def _variable(values: Array, unordered: bool) -> _Variable:
    observed, missing = np.flatnonzero(~np.isnan(values)), np.flatnonzero(np.isnan(values))
    columns, levels = values[:, None], None
    if unordered and len(present := np.unique(values[observed])) > 2:
        columns, levels = (columns == present).astype(float), np.searchsorted(present, values[observed])
    spread = columns[observed].std(axis=0)
    columns = (columns - columns[observed].mean(axis=0)) / np.where(spread > 0, spread, 1)
    return _Variable(observed, missing, columns, levels)


def _complete(
    frame: pd.DataFrame,
    variables: dict[Hashable, _Variable],
    iterations: int,
    generator: np.random.Generator,
) -> pd.DataFrame:
    incomplete = sorted(
        (name for name, variable in variables.items() if len(variable.missing)),
        key=lambda name: len(variables[name].missing),
    )
    columns = {name: variable.columns for name, variable in variables.items()}
    donors = {}
    for name in incomplete:
        variable = variables[name]
        donors[name] = generator.choice(variable.observed, len(variable.missing))
        columns[name] = variable.columns.copy()
        columns[name][variable.missing] = variable.columns[donors[name]]
    for _ in range(iterations):
        for name in incomplete:
            variable = variables[name]
            others = [columns[other] for other in columns if other != name]
            X = np.hstack([np.empty((len(frame), 0)), *others])
            donors[name] = _draw_donors(variable, X, generator)
            columns[name][variable.missing] = variable.columns[donors[name]]
    completed = frame.copy()
    for name in incomplete:
        values = frame[name].to_numpy(copy=True)
        values[variables[name].missing] = values[donors[name]]
        completed[name] = values
    return completed


def _draw_donors(variable: _Variable, X: Array, generator: np.random.Generator) -> Integers:
    """Draw the row that lends its value to each row without one, given the n x p complete predictors."""
    observed = X[variable.observed]
    center = observed.mean(axis=0)
    observed -= center
    n, p = observed.shape
    sizes, directions = np.linalg.eigh(observed.T @ observed / n)
    sizes = np.maximum(sizes, 0)
    inverse = (directions / (sizes + RIDGE)) @ directions.T
    if variable.levels is None:
        y = variable.columns[variable.observed, 0]
    else:
        y = _first_canonical_variate(variable.levels, observed, inverse)
    slopes = inverse @ (observed.T @ y / n)
    fitted = observed @ slopes
    df = max(n - 1 - (sizes / (sizes + RIDGE)).sum(), 1)
    unit = np.sqrt(((y - fitted) ** 2).sum() / generator.chisquare(df) / n)
    # A symmetric root of the covariance: that of LAPACK's eigenvectors depends on their arbitrary signs.
    noise = directions @ (np.sqrt(sizes) / (sizes + RIDGE) * (directions.T @ generator.standard_normal(p)))
    predicted = (X[variable.missing] - center) @ (slopes + unit * noise) + unit * generator.standard_normal()
    if n > MOST_DONORS:
        pool = generator.integers(n, size=MOST_DONORS)
        return variable.observed[pool][
            _draw_nearest(tie_nearly_equal(fitted[pool], unit=0.0), predicted, generator)
        ]
    return variable.observed[_draw_nearest(tie_nearly_equal(fitted, unit=0.0), predicted, generator)]


def _first_canonical_variate(levels: Integers, X: Array, inverse: Array) -> Array:
    """Return n scores, one value for each of k levels, that correlate most with the n x p centered columns X.

    `inverse` is that of the columns' covariance.
    """
    counts = np.bincount(levels)
    means = np.stack([X[levels == level].mean(axis=0) for level in range(len(counts))])
    root = np.sqrt(counts / len(levels))
    weighted = means * root[:, None]
    variate = np.linalg.eigh(weighted @ inverse @ weighted.T)[1][:, -1]
    variate *= np.sign(variate[np.argmax(np.abs(variate))])  # LAPACK's sign is arbitrary
    return (variate / root)[levels]


def _draw_nearest(donors: Array, targets: Array, generator: np.random.Generator) -> Integers:
    """Draw one of the nearest donors for each target; of donors with equal values, each is as likely."""
    order = np.argsort(donors, kind="stable")  # otherwise the order of ties depends on the processor
    ordered = donors[order]
    k = min(DONORS, len(donors))
    # A window of k donors is passed by targets beyond the middle of its first and the one after its last.
    first = np.searchsorted((ordered[:-k] + ordered[k:]) / 2, targets)
    value = ordered[first + generator.integers(k, size=len(targets))]
    ties = np.searchsorted(ordered, value), np.searchsorted(ordered, value, side="right")
    return order[generator.integers(*ties)]
