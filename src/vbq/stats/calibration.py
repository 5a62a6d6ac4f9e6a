"""Whether predicted risks agree with what happened: in the large, weakly, by pattern, along a smooth curve.

Van Calster et al. 2016 name these levels. Risks are fractions; a linear predictor is a risk's logit. Where no
patient, or every patient, has the event, the linear predictor cannot be recalibrated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from vbq.stats.batched import fit_batch
from vbq.stats.grouping import RESAMPLED_FROM, Patterns, patterns_of, resampled_counts
from vbq.stats.logistic import Likelihood, profile_interval
from vbq.stats.proportions import clopper_pearson_interval, wilson_interval
from vbq.stats.resampling import percentile_interval

Array = NDArray[np.float64]

NAN = float("nan")
FLAT = 1e-9  # a linear predictor that varies by less, relative to its size, is constant
EXTREME = 1e-9  # a fitted risk nearer to 0 or 1 may belong to coefficients without a finite estimate
MANY_EVENTS = 100  # of the rarer outcome, from which on the curve has four knots
OUTER, OUTER_BELOW = 5, 100  # the outer knots are the 5th smallest and largest value of fewer than 100
KNOTS = {3: (0.10, 0.50, 0.90), 4: (0.05, 0.35, 0.65, 0.95)}  # quantiles (Harrell 2015, Table 2.3)
GRID = 101  # points of a curve


@dataclass(frozen=True)
class ObservedExpected:
    """Observed over expected events, with the standard error of its logarithm."""

    ratio: float
    log_std_error: float
    low: float
    high: float
    conf_method: str


def observed_expected(outcome: ArrayLike, risk: ArrayLike, confidence: float = 0.95) -> ObservedExpected:
    """Return the observed number of events over the expected one, the sum of n risks.

    The interval is that of a ratio of two means on the log scale (delta method): both vary, and together.
    Without events, Wilson's interval of the proportion over the mean risk; NaN where all risks are 0.
    Replicates `survey::svyratio` up to its n / (n - 1) (relative 1e-8).
    """
    y, p = np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float)
    n, observed, expected = len(y), float(y.mean()), float(p.mean())
    if not expected > 0:
        return ObservedExpected(NAN, NAN, NAN, NAN, "")
    if not observed > 0:
        _, high = wilson_interval(0, n, confidence)
        method = "Wilson's interval of the proportion, over the mean risk"
        return ObservedExpected(0.0, NAN, 0.0, high / expected, method)
    ratio = observed / expected
    std_error = float(np.sqrt(np.mean((y / observed - p / expected) ** 2) / n))
    margin = np.exp(special.ndtri((1 + confidence) / 2) * std_error)
    method = "delta method on the log scale, ratio of two means"
    return ObservedExpected(ratio, std_error, float(ratio / margin), float(ratio * margin), method)


@dataclass(frozen=True)
class Coefficient:
    """A coefficient with its profile-likelihood interval, and its likelihood-ratio test against its ideal."""

    estimate: float
    std_error: float
    low: float
    high: float
    statistic: float
    p_value: float


@dataclass(frozen=True)
class WeakCalibration:
    """Calibration in the large (intercept with the slope fixed at 1), slope, and the test of both (2 df).

    `robust_error` is the standard error of calibration in the large by the sandwich formula, which does not
    assume that the slope is 1. `intercept_beside_slope` is the intercept of the model that has the slope: not
    calibration in the large. `penalized` says that the outcome is separated and the slope is from Firth's
    penalized likelihood, `maxima` how many maxima of it were found.
    """

    in_the_large: Coefficient
    robust_error: float
    slope: Coefficient
    intercept_beside_slope: float
    statistic: float
    p_value: float
    penalized: bool
    maxima: int = 1


def _with_slope_one(patterns: Patterns, center: float) -> Likelihood:
    """Return the likelihood of the intercept alone, on linear predictors less their center."""
    ones = np.ones((len(patterns.rows), 1))
    return Likelihood(ones, patterns.events, totals=patterns.totals, offset=patterns.rows[:, 0] - center)


def weak_calibration(
    outcome: ArrayLike, linear_predictor: ArrayLike, confidence: float = 0.95, intervals: bool = True
) -> WeakCalibration | None:
    """Recalibrate n linear predictors by logistic regression of the outcome on them.

    Three likelihood-ratio tests: intercept 0 given slope 1, slope 1 with a free intercept, and both together
    (Miller et al. 1991). Without `intervals` the limits, statistics and p-values are NaN. None where only one
    outcome occurs; the slope is NaN where the linear predictor is constant, or so wide that its likelihood
    has no curvature.

    Replicates R's `glm` with an offset, its profile limits and `anova(test = "LRT")` (relative 1e-6), and
    so the intercept and slope of `rms::val.prob`; the sandwich is that of `sandwich::vcovHC(type = "HC0")`.
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    if y.min() == y.max():
        return None
    patterns, center, spread = patterns_of(lp, y), float(lp.mean()), float(lp.std())
    large = _with_slope_one(patterns, center)
    best = large.highest()
    risk = special.expit(best.coefficients[0] + patterns.rows[:, 0] - center)
    information = float((patterns.totals * risk * (1 - risk)).sum())
    squares = patterns.events * (1 - risk) ** 2 + (patterns.totals - patterns.events) * risk**2
    model_error, robust_error = 1 / np.sqrt(information), float(np.sqrt(squares.sum()) / information)
    tested, (low, high) = (NAN, NAN), (NAN, NAN)
    if intervals:
        tested = _tested(large.ratio(best, large.at(np.array([center]))))
        low, high = profile_interval(large, best, 0, confidence)
    intercept = float(best.coefficients[0]) - center
    in_the_large = Coefficient(intercept, float(model_error), low - center, high - center, *tested)
    if spread <= FLAT * max(1.0, abs(center)):
        nothing = Coefficient(*(NAN,) * 6)
        return WeakCalibration(in_the_large, robust_error, nothing, NAN, NAN, NAN, penalized=False)

    # On unit scale, so that neither a predictor far from zero nor a very wide or narrow one costs digits.
    X = np.column_stack([np.ones(len(patterns.rows)), (patterns.rows[:, 0] - center) / spread])
    likelihood = Likelihood(X, patterns.events, totals=patterns.totals).finite()
    best = likelihood.highest()
    both = best.coefficients / [1, spread]
    std_error = float(np.sqrt(likelihood.covariance(best.coefficients)[1, 1])) / spread
    joint, tested, (low, high) = ((NAN, NAN),) * 3
    if intervals:
        joint = _tested(likelihood.ratio(best, likelihood.at(np.array([center, spread]))), df=2)
        tested = _tested(likelihood.ratio(best, likelihood.highest([1], [spread])))
        low, high = profile_interval(likelihood, best, 1, confidence)
    return WeakCalibration(
        in_the_large=in_the_large,
        robust_error=robust_error,
        slope=Coefficient(float(both[1]), std_error, low / spread, high / spread, *tested),
        intercept_beside_slope=float(both[0] - both[1] * center),
        statistic=joint[0],
        p_value=joint[1],
        penalized=likelihood.penalized,
        maxima=best.maxima,
    )


def _tested(statistic: float, df: int = 1) -> tuple[float, float]:
    """Return a likelihood-ratio statistic and its p-value."""
    return statistic, float(special.chdtrc(df, statistic))


def reestimated_intercept(outcome: ArrayLike, linear_predictor: ArrayLike) -> float:
    """Return what has to be added to n linear predictors so that the mean risk is the observed proportion.

    The maximum-likelihood intercept with the slope fixed at 1; NaN where only one outcome occurs.
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    if y.min() == y.max():
        return NAN
    center = float(lp.mean())
    return float(_with_slope_one(patterns_of(lp, y), center).highest().coefficients[0]) - center


@dataclass(frozen=True)
class PatternCalibration:
    """Of one group of patients with the same predicted risk: how many, events, and their proportion."""

    n: int
    n_events: int
    observed: float
    low: float
    high: float
    p_value: float


def pattern_calibration(
    outcome: ArrayLike, risk: float | None, confidence: float = 0.95
) -> PatternCalibration:
    """Hold the outcomes of n patients with one predicted risk against it.

    Clopper and Pearson's exact interval of the observed proportion, and the exact binomial test of the risk
    (NaN without one). Replicates R's `binom.test` (relative 1e-8).
    """
    y = np.asarray(outcome, dtype=float)
    n, events = len(y), int(y.sum())
    low, high = clopper_pearson_interval(events, n, confidence)
    tested = n > 0 and risk is not None and np.isfinite(risk)
    p_value = float(stats.binomtest(events, n, risk).pvalue) if tested else NAN
    return PatternCalibration(n, events, events / n if n else NAN, low, high, p_value)


def spline_basis(values: ArrayLike, knots: ArrayLike) -> Array:
    """Return a restricted cubic spline's columns without intercept, n x (number of knots - 1).

    The first is the value itself; the others are linear beyond the outer knots. Replicates
    `Hmisc::rcspline.eval(inclx = TRUE, norm = 2)` (relative 1e-8).
    """
    x, t = np.asarray(values, dtype=float), np.asarray(knots, dtype=float)
    scale = (t[-1] - t[0]) ** 2

    def cubed(at: float) -> Array:
        return np.asarray(np.maximum(x - at, 0) ** 3)

    columns = [x]
    for inner in t[:-2]:
        ends = (cubed(t[-2]) * (t[-1] - inner) - cubed(t[-1]) * (t[-2] - inner)) / (t[-1] - t[-2])
        columns.append((cubed(inner) - ends) / scale)
    return np.column_stack(columns)


def curve_knots(outcome: ArrayLike, linear_predictor: ArrayLike) -> Array | None:
    """Return the knots of a calibration curve: quantiles of the linear predictor.

    Three, or four from 100 patients of the rarer outcome on. With fewer than 100 patients the outer ones are
    the 5th smallest and the 5th largest value. None where the linear predictor has so few values that knots
    coincide.

    Replicates `Hmisc::rcspline.eval(knots.only = TRUE)`, with `fractied = 0` where a twentieth of the
    patients or more have the smallest or largest value (relative 1e-8).
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    number = 4 if min(y.sum(), len(y) - y.sum()) >= MANY_EVENTS else 3
    knots = np.quantile(lp, KNOTS[number])
    if OUTER <= len(lp) < OUTER_BELOW:
        knots[[0, -1]] = np.sort(lp)[[OUTER - 1, -OUTER]]
    return knots if np.all(np.diff(knots) > 1e-8 * np.ptp(lp)) and np.ptp(lp) > 0 else None


@dataclass(frozen=True)
class CalibrationCurve:
    """A smooth calibration curve with its pointwise band on a grid of risks, and the distances from it.

    In `distances`, `ici` is the mean absolute difference between predicted and smoothed risk over the
    patients, `e50` and `e90` its median and ninth decile (Austin and Steyerberg 2019), each with a percentile
    bootstrap interval and the bootstrap standard error of its logarithm.
    """

    knots: Array
    risk: Array
    observed: Array
    low: Array
    high: Array
    distances: dict[str, tuple[float, float, float, float]]  # name: estimate, low, high, log_std_error
    replicates: int


def calibration_curve(
    outcome: ArrayLike,
    linear_predictor: ArrayLike,
    replicates: int,
    seed: int,
    confidence: float = 0.95,
) -> CalibrationCurve | None:
    """Smooth the outcome along n linear predictors: logistic regression on a restricted cubic spline.

    The band is Wald's on the logit scale. In each resample, drawn from all patients, the curve is fitted
    again with the same knots. None where `curve_knots` finds none, only one outcome occurs, or the linear
    predictor or its spline separates the outcomes.

    Replicates `rms::lrm` on `rcs` and its `predict` (relative 1e-6).
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    if y.min() == y.max():
        return None
    knots = curve_knots(y, lp)
    if knots is None:
        return None
    center, scale = float(lp.mean()), float(lp.std())
    knots_scaled = (knots - center) / scale  # so that the cubes of wide predictors do not swamp the rest

    def design(at: Array) -> Array:
        return np.column_stack([np.ones_like(at), spline_basis((at - center) / scale, knots_scaled)])

    patterns = patterns_of(lp, y)
    X = design(patterns.rows[:, 0])
    fit = fit_batch(X, patterns.events[None], patterns.totals[None])
    if fit.separated[0]:
        return None
    coefficients = fit.coefficients[0]
    covariance = Likelihood(X, patterns.events, totals=patterns.totals).covariance(coefficients)
    # Outside the middle 98 % there is too little to draw a curve from.
    low_end, high_end = np.quantile(lp, [0.01, 0.99])
    at = np.linspace(low_end, high_end, GRID)
    risks, grid = special.expit(at), design(at)
    fitted = grid @ coefficients
    z = special.ndtri((1 + confidence) / 2)
    half = z * np.sqrt(np.einsum("ij,jk,ik->i", grid, covariance, grid))

    def distances_of(patterns: Patterns, coefficients: Array, totals: Array) -> Array:
        smoothed = special.expit(coefficients @ design(patterns.rows[:, 0]).T)
        return _distances(np.abs(special.expit(patterns.rows[:, 0]) - smoothed), totals)

    estimates = distances_of(patterns, coefficients[None], patterns.totals[None])[0]
    fewer = patterns_of(lp, y, RESAMPLED_FROM)
    resampled = []
    for events, totals in resampled_counts(fewer, replicates, seed):
        n_events = events.sum(axis=1)
        mixed = (n_events > 0) & (n_events < len(y))
        again = fit_batch(design(fewer.rows[:, 0]), events[mixed], totals[mixed], start=coefficients)
        resampled.append(distances_of(fewer, again.coefficients, totals[mixed]))
    all_distances = np.concatenate(resampled)
    lows, highs, log_std_errors = (np.full(3, np.nan) for _ in range(3))
    if len(all_distances) > 1:
        lows, highs = percentile_interval(all_distances, confidence)
        with np.errstate(divide="ignore"):
            log_std_errors = np.log(all_distances).std(axis=0, ddof=1)
    return CalibrationCurve(
        knots=knots,
        risk=risks,
        observed=special.expit(fitted),
        low=special.expit(fitted - half),
        high=special.expit(fitted + half),
        distances={
            name: (float(value), float(low), float(high), float(log_std_error))
            for name, value, low, high, log_std_error in zip(
                ("ici", "e50", "e90"), estimates, lows, highs, log_std_errors, strict=True
            )
        },
        replicates=len(all_distances),
    )


def _distances(absolute: Array, totals: Array) -> Array:
    """Return mean, median and ninth decile of the distances of b samples, each of so many patients (b x k).

    Quantiles are R's type 7, of the patients.
    """
    size = totals.sum(axis=1)
    order = np.argsort(absolute, axis=1, kind="stable")
    ordered = np.take_along_axis(absolute, order, axis=1)
    through = np.cumsum(np.take_along_axis(totals, order, axis=1), axis=1)
    found = [(absolute * totals).sum(axis=1) / size]
    rows = np.arange(len(absolute))
    for q in (0.5, 0.9):
        rank = q * (size - 1)
        below, above = (np.argmax(through > np.floor(at)[:, None], axis=1) for at in (rank, np.ceil(rank)))
        share = rank - np.floor(rank)
        found.append((1 - share) * ordered[rows, below] + share * ordered[rows, above])
    return np.column_stack(found)


@dataclass(frozen=True)
class Brier:
    """Brier score and its scaled form, with their standard errors."""

    score: float
    std_error: float
    scaled: float
    scaled_std_error: float


def brier_score(outcome: ArrayLike, risk: ArrayLike) -> Brier:
    """Return the mean squared difference of n risks and outcomes, and 1 minus its share of that of the mean.

    The scaled score is 1 for perfect risks and 0 for the observed proportion as everyone's risk; negative
    values are worse than that. It is NaN where only one outcome occurs. Standard errors by the delta method,
    without assuming that risks are calibrated. Replicates `rms::val.prob`'s Brier (relative 1e-8).
    """
    y, p = np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float)
    n, squared, mean = len(y), (y - p) ** 2, y.mean()
    score, spread = squared.mean(), mean * (1 - mean)
    scaled, scaled_std_error = NAN, NAN
    if spread > 0:
        scaled = float(1 - score / spread)
        influence = (squared - score) / spread - score / spread**2 * (1 - 2 * mean) * (y - mean)
        scaled_std_error = float(np.sqrt((influence**2).mean() / n))
    return Brier(float(score), float(squared.std() / np.sqrt(n)), scaled, scaled_std_error)


def brier_intervals(
    outcome: ArrayLike, risk: ArrayLike, replicates: int, seed: int, confidence: float = 0.95
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return percentile intervals of the Brier score and its scaled form, from a bootstrap of all n patients.

    A resample with one outcome only has no scaled score and is left out of that interval.
    """
    patterns = patterns_of(risk, outcome, RESAMPLED_FROM)
    p, n = patterns.rows[:, 0], patterns.totals.sum()
    found = [
        np.column_stack([events @ (1 - 2 * p) + totals @ p**2, events.sum(axis=1)])
        for events, totals in resampled_counts(patterns, replicates, seed)
    ]
    scores, means = np.concatenate(found).T / n
    spread = means * (1 - means)
    scaled = 1 - scores / np.where(spread > 0, spread, np.nan)
    low, high = percentile_interval(scores, confidence)
    if np.isnan(scaled).all():
        return (float(low), float(high)), (NAN, NAN)
    scaled_low, scaled_high = percentile_interval(scaled, confidence)
    return (float(low), float(high)), (float(scaled_low), float(scaled_high))
