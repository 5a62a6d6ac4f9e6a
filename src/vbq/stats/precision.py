"""Precision of an external validation with a binary outcome: interval widths at n, and n for a width.

All of it anticipates a model that is calibrated in the validation population. Where a width does not
exist it is NaN, and no size gives it (None): without observations, with a prevalence outside (0, 1), with
a standard error of zero, which would claim certainty.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from vbq.stats.digits import to_whole

ROUNDING = 1e-12  # relative; a size that is whole but for rounding is not raised to the next integer


def observed_expected_width(n: int, prevalence: float, confidence: float = 0.95) -> float:
    """Return the expected width of the interval of the observed/expected ratio, where that is 1.

    The interval is Wald's on the log scale. Source: Riley et al. 2021 (Stat Med 40:4230), section 3.1.
    """
    return 2 * math.sinh(_wald_width(_log_ratio_variance(prevalence), n, confidence) / 2)


def observed_expected_size(width: float, prevalence: float, confidence: float = 0.95) -> int | None:
    """Return the smallest n with `observed_expected_width` of at most `width`.

    Source: Riley et al. 2021, section 3.1, with the width solved for the standard error.
    `pmvalsampsize` steps the standard error by 1e-4 until the width is reached, so its n can be lower.
    """
    log_width = 2 * math.asinh(width / 2)
    return _whole(_log_ratio_variance(prevalence) / _target_error(log_width, confidence) ** 2)


def auc_width(n: int, auc: float, prevalence: float, confidence: float = 0.95) -> float:
    """Return the expected width of Wald's interval of the AUC; NaN unless 0.5 < `auc` < 1.

    Source: Newcombe 2006 (Stat Med 25:559) for the standard error, as in Riley et al. 2021, section 3.3.
    """
    if n <= 0:
        return math.nan
    spread, correlation = _auc_terms(auc, prevalence)
    return _wald_width(spread * (1 + (n / 2 - 1) * correlation) / n, n, confidence)


def auc_size(width: float, auc: float, prevalence: float, confidence: float = 0.95) -> int | None:
    """Return the smallest n with `auc_width` of at most `width`, None unless 0.5 < `auc` < 1.

    Source: Riley et al. 2021, section 3.3; their equation is quadratic in 1 / n and is solved.
    """
    spread, correlation = _auc_terms(auc, prevalence)
    variance = _target_error(width, confidence) ** 2 / spread
    root = math.sqrt(correlation**2 / 4 + 4 * (1 - correlation) * variance)
    return _whole((correlation / 2 + root) / (2 * variance))


def calibration_slope_width(n: int, linear_predictor: ArrayLike, confidence: float = 0.95) -> float:
    """Return the expected width of Wald's interval of the calibration slope, at slope 1 and intercept 0.

    `linear_predictor` is any number of finite values, whose distribution stands for that of the n
    patients; with fewer than two distinct values there is no slope: NaN.
    Source: Riley et al. 2021, section 3.2 (inverse of the Fisher information).
    """
    return _wald_width(_slope_variance(linear_predictor), n, confidence)


def calibration_slope_size(width: float, linear_predictor: ArrayLike, confidence: float = 0.95) -> int | None:
    """Return the smallest n with `calibration_slope_width` of at most `width` (Riley et al. 2021, 3.2)."""
    return _whole(_slope_variance(linear_predictor) / _target_error(width, confidence) ** 2)


def sensitivity_width(n: int, sensitivity: float, prevalence: float, confidence: float = 0.95) -> float:
    """Return the width of Wilson's interval at the anticipated sensitivity.

    It is that of the n * `prevalence` events, rounded; NaN where they round to none. Source: Wilson 1927.
    """
    events, _ = _events_and_others(n, prevalence)
    return _wilson_width(sensitivity, events, confidence)


def sensitivity_size(
    width: float, sensitivity: float, prevalence: float, confidence: float = 0.95
) -> int | None:
    """Return the smallest n whose expected number of events gives Wald's interval at most `width`.

    Wald's, as published, not Wilson's: `sensitivity_width` at this n is close to `width` where events are
    many. Source: Whittle et al. 2025 (BMC Med Res Methodol 25:170).
    """
    return _whole(_share_variance(sensitivity, prevalence) / _target_error(width, confidence) ** 2)


def specificity_width(n: int, specificity: float, prevalence: float, confidence: float = 0.95) -> float:
    """Return the width of Wilson's interval at the anticipated specificity (see `sensitivity_width`)."""
    _, others = _events_and_others(n, prevalence)
    return _wilson_width(specificity, others, confidence)


def specificity_size(
    width: float, specificity: float, prevalence: float, confidence: float = 0.95
) -> int | None:
    """Return the smallest n for the specificity by Wald's interval (see `sensitivity_size`)."""
    return sensitivity_size(width, specificity, 1 - prevalence, confidence)


def net_benefit_width(
    n: int,
    sensitivity: float,
    specificity: float,
    prevalence: float,
    threshold: float,
    confidence: float = 0.95,
) -> float:
    """Return the expected width of Wald's interval of the standardized net benefit.

    That is the net benefit at the risk `threshold` divided by the prevalence; sensitivity and specificity
    are those at the threshold. NaN unless 0 < `threshold` < 1.
    Source: Marsh et al. 2020 (Biometrics 76:843) for the standard error, as in Riley et al. 2021, 3.4.
    """
    variance = _net_benefit_variance(sensitivity, specificity, prevalence, threshold)
    return _wald_width(variance, n, confidence)


def net_benefit_size(
    width: float,
    sensitivity: float,
    specificity: float,
    prevalence: float,
    threshold: float,
    confidence: float = 0.95,
) -> int | None:
    """Return the smallest n with `net_benefit_width` of at most `width` (Riley et al. 2021, 3.4)."""
    variance = _net_benefit_variance(sensitivity, specificity, prevalence, threshold)
    return _whole(variance / _target_error(width, confidence) ** 2)


# The variances are those of one patient: divided by n they are the variances of the estimates.


def _log_ratio_variance(prevalence: float) -> float:
    return (1 - prevalence) / prevalence if 0 < prevalence < 1 else math.nan


def _auc_terms(auc: float, prevalence: float) -> tuple[float, float]:
    """Return the variance by the two class sizes, and the correlation of pairs that share a patient."""
    if not (0.5 < auc < 1 and 0 < prevalence < 1):
        return math.nan, math.nan
    spread = auc * (1 - auc) / (prevalence * (1 - prevalence))
    return spread, (1 - auc) / (2 - auc) + auc / (1 + auc)


def _slope_variance(linear_predictor: ArrayLike) -> float:
    values = np.asarray(linear_predictor, dtype=float)
    if not len(np.unique(values)) > 1:
        return math.nan
    weights = special.expit(values) * special.expit(-values)
    centered = values - np.average(values, weights=weights)
    return float(1 / np.mean(weights * centered**2))


def _share_variance(share: float, class_share: float) -> float:
    """Return the variance of a share among the patients of one class; NaN where either is out of range."""
    if not (0 <= share <= 1 and 0 < class_share < 1):
        return math.nan
    return share * (1 - share) / class_share


def _net_benefit_variance(
    sensitivity: float, specificity: float, prevalence: float, threshold: float
) -> float:
    if not (0 < threshold < 1 and 0 < prevalence < 1):
        return math.nan
    weight = (1 - prevalence) / prevalence * threshold / (1 - threshold)
    of_false_positives = _share_variance(specificity, 1 - prevalence)
    of_prevalence = (1 - specificity) ** 2 / (prevalence * (1 - prevalence))
    return _share_variance(sensitivity, prevalence) + weight**2 * (of_false_positives + of_prevalence)


def _events_and_others(n: int, prevalence: float) -> tuple[int, int]:
    if not 0 < prevalence < 1:
        return 0, 0
    events = int(to_whole(n * prevalence))
    return events, n - events


def _wald_width(variance: float, n: int, confidence: float) -> float:
    if not (n > 0 and variance > 0):
        return math.nan
    return 2 * _quantile(confidence) * math.sqrt(variance / n)


def _wilson_width(share: float, trials: int, confidence: float) -> float:
    if not (trials > 0 and 0 <= share <= 1):
        return math.nan
    z = _quantile(confidence)
    return 2 * z * math.sqrt(trials * share * (1 - share) + z**2 / 4) / (trials + z**2)


def _target_error(width: float, confidence: float) -> float:
    return width / (2 * _quantile(confidence)) if width > 0 else math.nan


def _quantile(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))


def _whole(size: float) -> int | None:
    return math.ceil(size * (1 - ROUNDING)) if size > 0 else None
