"""Whether predicted risks agree with what happened: in the large, weakly, by pattern, along a smooth curve.

Van Calster et al. 2016 name these levels. Risks are fractions; a linear predictor is a risk's logit. Where no
patient, or every patient, has the event, the linear predictor cannot be recalibrated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from vbq.stats.batched import fit_batch
from vbq.stats.logistic import Likelihood, profile_interval
from vbq.stats.proportions import clopper_pearson_interval, wilson_interval
from vbq.stats.resampling import bootstrap_weights, percentile_interval

Array = NDArray[np.float64]

NAN = float("nan")
IDEAL = np.array([0.0, 1.0])  # intercept and slope of calibrated risks
SLOPE_FIXED = np.array([False, True])
MANY_EVENTS = 100  # of the rarer outcome, from which on the curve has four knots
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
    Without events, Wilson's interval of the proportion over the mean risk. Replicates `survey::svyratio` up
    to its n / (n - 1) (relative 1e-8).
    """
    y, p = np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float)
    n, observed, expected = len(y), float(y.mean()), float(p.mean())
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

    `intercept_beside_slope` is the intercept of the model that has the slope: not calibration in the large.
    `penalized` says that the outcome is separated and the slope is from Firth's penalized likelihood.
    """

    in_the_large: Coefficient
    slope: Coefficient
    intercept_beside_slope: float
    statistic: float
    p_value: float
    penalized: bool


def weak_calibration(
    outcome: ArrayLike, linear_predictor: ArrayLike, confidence: float = 0.95, intervals: bool = True
) -> WeakCalibration | None:
    """Recalibrate n linear predictors by logistic regression of the outcome on them.

    Three likelihood-ratio tests: intercept 0 given slope 1, slope 1 with a free intercept, and both together
    (Miller et al. 1991). Without `intervals` the limits, statistics and p-values are NaN. None where only one
    outcome occurs; the slope is NaN where the linear predictor is constant.

    Replicates R's `glm` with an offset, its profile limits and `anova(test = "LRT")` (relative 1e-6), and
    so the intercept and slope of `rms::val.prob`.
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    if y.min() == y.max():
        return None
    likelihood = Likelihood(np.column_stack([np.ones_like(lp), lp]), y)
    at_slope_one, value = likelihood.maximize(_with_slope_one(y, lp), SLOPE_FIXED)
    risk = special.expit(at_slope_one[0] + lp)
    std_error = float(1 / np.sqrt((risk * (1 - risk)).sum()))
    tested = _tested(value - likelihood.value(IDEAL)) if intervals else (NAN, NAN)
    limits = (
        _limits_at_slope_one(likelihood, at_slope_one, std_error, confidence) if intervals else (NAN, NAN)
    )
    in_the_large = Coefficient(float(at_slope_one[0]), std_error, *limits, *tested)
    if np.ptp(lp) == 0:
        return WeakCalibration(in_the_large, Coefficient(*(NAN,) * 6), NAN, NAN, NAN, penalized=False)

    likelihood = replace(likelihood, penalized=_is_separated_by(y, lp))
    flat = np.array([special.logit(y.mean()), 0.0])
    both, value = likelihood.maximize(flat, np.array([False, False]))
    std_error = float(np.sqrt(likelihood.covariance(both)[1, 1]))
    joint, tested, limits = ((NAN, NAN),) * 3
    if intervals:
        joint = _tested(value - likelihood.value(IDEAL), df=2)
        tested = _tested(value - likelihood.maximize(at_slope_one, SLOPE_FIXED)[1])
        limits = profile_interval(likelihood, both, 1, confidence)
    slope = Coefficient(float(both[1]), std_error, *limits, *tested)
    return WeakCalibration(in_the_large, slope, float(both[0]), *joint, likelihood.penalized)


def _tested(lost: float, df: int = 1) -> tuple[float, float]:
    """Return the likelihood-ratio statistic of a loss of log-likelihood, and its p-value."""
    statistic = max(2 * lost, 0.0)
    return statistic, float(special.chdtrc(df, statistic))


def _with_slope_one(y: Array, lp: Array) -> Array:
    return np.array([special.logit(y.mean()) - lp.mean(), 1.0])


def _is_separated_by(y: Array, lp: Array) -> bool:
    with_event, without = lp[y == 1], lp[y == 0]
    return bool(without.max() <= with_event.min() or with_event.max() <= without.min())


def _limits_at_slope_one(
    likelihood: Likelihood, estimate: Array, std_error: float, confidence: float
) -> tuple[float, float]:
    """Return where the likelihood of the intercept, with slope 1, has fallen by the chi-square quantile."""
    intercept = float(estimate[0])
    allowed = likelihood.value(estimate) - special.chdtri(1, 1 - confidence) / 2

    def excess(value: float) -> float:
        return likelihood.value(np.array([value, 1.0])) - allowed

    def limit(step: float) -> float:
        while excess(intercept + step) > 0:
            step *= 2
        return float(optimize.brentq(excess, intercept, intercept + step, xtol=1e-12, rtol=1e-12))

    return limit(-2 * std_error), limit(2 * std_error)


def reestimated_intercept(outcome: ArrayLike, linear_predictor: ArrayLike) -> float:
    """Return what has to be added to n linear predictors so that the mean risk is the observed proportion.

    The maximum-likelihood intercept with the slope fixed at 1; NaN where only one outcome occurs.
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    if y.min() == y.max():
        return NAN
    likelihood = Likelihood(np.column_stack([np.ones_like(lp), lp]), y)
    return float(likelihood.maximize(_with_slope_one(y, lp), SLOPE_FIXED)[0][0])


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

    Three, or four from 100 patients of the rarer outcome on. None where the linear predictor has so few
    values that knots coincide.
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    number = 4 if min(y.sum(), len(y) - y.sum()) >= MANY_EVENTS else 3
    knots = np.quantile(lp, KNOTS[number])
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
    again with the same knots. None where `curve_knots` finds none, only one outcome occurs or the linear
    predictor separates the outcomes.

    Replicates `rms::lrm` on `rcs` and its `predict` (relative 1e-6).
    """
    y, lp = np.asarray(outcome, dtype=float), np.asarray(linear_predictor, dtype=float)
    if y.min() == y.max() or _is_separated_by(y, lp):
        return None
    knots = curve_knots(y, lp)
    if knots is None:
        return None
    center, scale = float(lp.mean()), float(lp.std())
    knots_scaled = (knots - center) / scale  # so that the cubes of wide predictors do not swamp the rest

    def design(at: Array) -> Array:
        return np.column_stack([np.ones_like(at), spline_basis((at - center) / scale, knots_scaled)])

    X = design(lp)
    coefficients = fit_batch(X, y[None], np.ones((1, len(y))))[0]
    covariance = Likelihood(X, y).covariance(coefficients)
    # Outside the middle 98 % there is too little to draw a curve from.
    low_end, high_end = np.quantile(lp, [0.01, 0.99])
    at = np.linspace(low_end, high_end, GRID)
    risks, grid = special.expit(at), design(at)
    fitted = grid @ coefficients
    z = special.ndtri((1 + confidence) / 2)
    half = z * np.sqrt(np.einsum("ij,jk,ik->i", grid, covariance, grid))

    predicted = special.expit(lp)
    estimates = _distances(np.abs(predicted - special.expit(X @ coefficients))[None])[0]
    resampled = np.concatenate(
        [
            _distances(distances)
            for distances in _resampled_distances(X, y, predicted, coefficients, replicates, seed)
        ]
    )
    lows, highs = percentile_interval(resampled, confidence)
    with np.errstate(divide="ignore"):
        log_std_errors = np.log(resampled).std(axis=0, ddof=1)
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
        replicates=len(resampled),
    )


def _distances(absolute: Array) -> Array:
    """Return mean, median and ninth decile of each row (b x 3)."""
    return np.column_stack([absolute.mean(axis=1), *np.quantile(absolute, [0.5, 0.9], axis=1)])


def _resampled_distances(
    X: Array, y: Array, predicted: Array, start: Array, replicates: int, seed: int
) -> Iterator[Array]:
    """Yield blocks of b x n distances, of the patients drawn from the curve fitted to them."""
    n = len(y)
    for weights in bootstrap_weights(np.zeros(n), replicates, seed):
        mixed = (weights @ y > 0) & (weights @ (1 - y) > 0)
        weights = weights[mixed]
        coefficients = fit_batch(X, weights * y, weights, start=start)
        absolute = np.abs(predicted - special.expit(coefficients @ X.T))
        drawn = np.repeat(np.tile(np.arange(n), len(weights)), weights.astype(int).ravel())
        yield np.take_along_axis(absolute, drawn.reshape(-1, n), axis=1)


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
    y, p = np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float)
    per_patient = np.column_stack([(y - p) ** 2, y])
    blocks = bootstrap_weights(np.zeros(len(y)), replicates, seed)
    scores, means = np.concatenate([weights @ per_patient for weights in blocks]).T / len(y)
    spread = means * (1 - means)
    scaled = 1 - scores / np.where(spread > 0, spread, np.nan)
    low, high = percentile_interval(scores, confidence)
    if np.isnan(scaled).all():
        return (float(low), float(high)), (NAN, NAN)
    scaled_low, scaled_high = percentile_interval(scaled, confidence)
    return (float(low), float(high)), (float(scaled_low), float(scaled_high))
