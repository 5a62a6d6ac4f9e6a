"""Marker scores that meet a printed multivariable logistic regression.

One score per patient is unknown, and far fewer numbers are printed: damped Newton steps of least length lead
from plausible scores to some that give every printed number. Derivatives are analytic: estimates by the
implicit function theorem, maximized likelihoods by the envelope theorem.

No step is accepted or refused, so that no choice hangs on the last digits of floating point: a change of the
start by 1e-10 changes the scores by about as much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vbq.published.reconstruction.rounding import rounded
from vbq.stats.logistic import Likelihood
from vbq.stats.rounded import Printed

Array = NDArray[np.float64]

STEPS = 40  # 28 converge; those after change the scores by less than 1e-12
DAMPING = 1e6  # of the first step, in squared half units of the printed figures; half as much in each next
DECIMALS = 4  # of a score


@dataclass(frozen=True)
class PrintedModel:
    """What a paper prints of a logistic regression on `design` (n x p, intercept first).

    `marker` is the column of the unknown score. `estimates` maps columns to printed coefficients,
    `limits` to both limits of their 95 % profile-likelihood intervals; `p_values` maps the columns of
    a term to its printed likelihood-ratio p-value.
    """

    design: Array
    outcome: Array
    marker: int
    estimates: Mapping[int, Printed]
    limits: Mapping[int, tuple[Printed, Printed]]
    p_values: Mapping[Sequence[int], Printed]


def solve_scores(
    model: PrintedModel, means: tuple[Printed, Printed], start: Array, low: Array, high: Array
) -> Array:
    """Return n scores of four decimals between `low` and `high`, near `start`, that meet what is printed.

    `means` are the printed mean scores without and with the outcome. What is met is each printed
    number to within half of its rounding. `start` lies between the bounds as well.

    Raises ArithmeticError where some number cannot be met.
    """
    position = special.logit((start - low) / (high - low))  # unbounded, and never stuck at a bound
    for step in range(STEPS):
        share = special.expit(position)
        misses, slopes = _misses(model, means, low + (high - low) * share)
        slopes = slopes * (high - low) * share * (1 - share)
        damped = slopes @ slopes.T + DAMPING / 2**step * np.eye(len(misses))
        position = position - slopes.T @ np.linalg.solve(damped, misses)
    scores = rounded(low + (high - low) * special.expit(position), DECIMALS)
    misses = _misses(model, means, scores)[0]
    if not np.abs(misses).max() < 0.5:
        raise ArithmeticError(f"the printed model cannot be met: misses in half units {misses.round(2)}")
    return scores


def _misses(model: PrintedModel, means: tuple[Printed, Printed], scores: Array) -> tuple[Array, Array]:
    """Return the k misses of the printed figures, in half units, and k x n derivatives by the scores."""
    y = model.outcome
    X = model.design.copy()
    X[:, model.marker] = scores
    likelihood = Likelihood(X, y)
    best = likelihood.highest()
    beta = best.coefficients
    covariance = likelihood.covariance(beta)
    risk = special.expit(X @ beta)
    misses, slopes = [], []

    for group, mean in zip((0, 1), means, strict=True):
        members = y == group
        misses.append((scores[members].mean() - mean.value) / mean.half_unit)
        slopes.append(members / members.sum() / mean.half_unit)

    for j, estimate in model.estimates.items():
        by_score = covariance[j, model.marker] * (y - risk)
        by_score = by_score - (X @ covariance[:, j]) * risk * (1 - risk) * beta[model.marker]
        misses.append((beta[j] - estimate.value) / estimate.half_unit)
        slopes.append(by_score / estimate.half_unit)

    def fix(columns: Sequence[int], values: Sequence[float], drop: float, tolerance: float) -> None:
        """Ask that fixing these coefficients costs `drop` of log-likelihood."""
        fixed = likelihood.near(best, columns, values)
        fixed_risk = special.expit(X @ fixed.coefficients)
        by_score = beta[model.marker] * (y - risk)
        by_score = by_score - fixed.coefficients[model.marker] * (y - fixed_risk)
        misses.append((best.value - fixed.value - drop) / tolerance)
        slopes.append(by_score / tolerance)

    for j, limits in model.limits.items():
        for limit in limits:
            # Near a limit the log-likelihood falls about 1.96 standard errors per unit.
            per_unit = special.ndtri(0.975) / np.sqrt(covariance[j, j])
            fix([j], [limit.value], special.chdtri(1, 0.05) / 2, per_unit * limit.half_unit)
    for columns, p_value in model.p_values.items():
        edges = [p_value.value + side * p_value.half_unit for side in (-1, 1)]
        drops = special.chdtri(len(columns), np.array(edges)) / 2
        middle = special.chdtri(len(columns), p_value.value) / 2
        fix(columns, [0.0] * len(columns), middle, (drops[0] - drops[1]) / 2)
    return np.array(misses), np.array(slopes)
