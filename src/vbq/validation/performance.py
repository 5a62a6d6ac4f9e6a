"""How a rule performs in a cohort: discrimination, its cut-off, calibration, overall performance.

Every measure comes with its method, its interval, and the scale on which it is roughly normal, so that it can
be pooled over imputations.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from vbq.stats.calibration import (
    CalibrationCurve,
    Coefficient,
    WeakCalibration,
    brier_intervals,
    brier_score,
    calibration_curve,
    observed_expected,
    reestimated_intercept,
    weak_calibration,
)
from vbq.stats.grouping import Patterns, patterns_of
from vbq.stats.logistic import INTERCEPT, Likelihood, coefficient_table, independent, method_named
from vbq.stats.proportions import ratio_of_proportions, wilson_interval
from vbq.stats.roc import areas_under_curves, auc_interval, compare_areas, newcombe_interval
from vbq.study.design import outcome_of
from vbq.validation import COMPLETE
from vbq.validation.rules import (
    FEW_RISKS,
    RANKS,
    REESTIMATED,
    WITH_RISKS,
    Codebook,
    Predictions,
    Rule,
    can_be_applied,
    predict,
)

Array = NDArray[np.float64]

NAN = float("nan")
FEW = 10  # patients with, or without, the outcome, below which DeLong's interval covers too little
POOLED_REPLICATES = 100  # for a standard error, in each imputation


@dataclass(frozen=True)
class Measure:
    """A measure of performance; `std_error` is that on `scale` (identity, log or logit)."""

    measure: str
    estimate: float
    conf_low: float = NAN
    conf_high: float = NAN
    conf_method: str = ""
    scale: str = "identity"
    std_error: float = NAN
    basis: str = ""
    statistic: float = NAN
    df: float = NAN
    p_value: float = NAN
    p_method: str = ""
    note: str = ""


COLUMNS = ["rule", "label", "analysis", "n", "n_events", *Measure.__dataclass_fields__]


@dataclass(frozen=True)
class Settings:
    """The confidence of intervals, and the number and the seed of resamples."""

    confidence: float
    replicates: int
    seed: int


def assess(y: Array, predictions: Predictions, settings: Settings, intervals: bool = True) -> list[Measure]:
    """Measure how well predictions for n patients agree with their outcomes `y`.

    Without `intervals` there are estimates and standard errors only, as pooling needs them. Where only one
    outcome occurs, what can be estimated is: proportions, observed over expected events, the Brier score.
    """
    found = _discrimination(y, predictions.linear_predictor, settings)
    if predictions.positive is not None:
        found += _at_cutoff(y, predictions.positive, settings.confidence)
    if predictions.basis != RANKS:
        found += _calibration(y, predictions, settings, intervals)
    return found


def _discrimination(y: Array, lp: Array, settings: Settings) -> list[Measure]:
    m, n = int(y.sum()), int((1 - y).sum())
    if not m or not n:
        return [Measure("auc", NAN, note="all patients have the same outcome")]
    areas = areas_under_curves(y, lp)
    auc, variance = float(areas.auc[0]), float(areas.covariance[0, 0])
    has_variance = variance > 0 and 0 < auc < 1
    std_error = float(np.sqrt(variance) / (auc * (1 - auc))) if has_variance else NAN
    if has_variance and min(m, n) >= FEW:
        low, high = auc_interval(auc, variance, settings.confidence, scale="logit")
        return [Measure("auc", auc, low, high, "DeLong, logit scale", "logit", std_error)]
    low, high = newcombe_interval(auc, m, n, settings.confidence)
    return [Measure("auc", auc, low, high, "Newcombe (method 5)", "logit", std_error)]


def _at_cutoff(y: Array, positive: NDArray[np.bool_], confidence: float) -> list[Measure]:
    event = y == 1
    tp, fp = int((positive & event).sum()), int((positive & ~event).sum())
    fn, tn = int((~positive & event).sum()), int((~positive & ~event).sum())
    proportions = {
        "positive": (tp + fp, len(y)),
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
    }
    found = [proportion(name, *counts, confidence) for name, counts in proportions.items()]
    ratios = {
        "likelihood_ratio_positive": ((tp, tp + fn), (fp, fp + tn)),
        "likelihood_ratio_negative": ((fn, tp + fn), (tn, fp + tn)),
    }
    for name, (first, second) in ratios.items():
        ratio, low, high, std_error = ratio_of_proportions(first, second, confidence)
        found.append(Measure(name, ratio, low, high, "log scale (Simel)", "log", std_error))
    return found


def proportion(name: str, successes: int, trials: int, confidence: float) -> Measure:
    """Return a proportion with Wilson's interval, and its standard error on the logit scale."""
    estimate = successes / trials if trials else NAN
    inside = 0 < successes < trials
    std_error = float(np.sqrt(1 / successes + 1 / (trials - successes))) if inside else NAN
    low, high = wilson_interval(successes, trials, confidence)
    return Measure(
        name, estimate, low, high, "Wilson", "logit", std_error, note=f"{successes} of {trials} patients"
    )


def risks(y: Array, predictions: Predictions) -> Array:
    """Return the risks of n patients; where the intercept was not printed, with the one estimated here."""
    lp = predictions.linear_predictor
    added = reestimated_intercept(y, lp) if predictions.basis == REESTIMATED else 0.0
    return np.asarray(special.expit(lp + added))


def _calibration(y: Array, predictions: Predictions, settings: Settings, intervals: bool) -> list[Measure]:
    basis, lp, confidence = predictions.basis, predictions.linear_predictor, settings.confidence
    risk = risks(y, predictions)
    if np.isnan(risk).any():
        return []
    found = []
    if basis in WITH_RISKS:
        ratio = observed_expected(y, risk, confidence)
        found.append(
            Measure(
                "observed_expected",
                ratio.ratio,
                ratio.low,
                ratio.high,
                ratio.conf_method,
                "log",
                ratio.log_std_error,
                note=f"{y.sum():.0f} observed, {risk.sum():.1f} expected",
            )
        )
    weak = weak_calibration(y, lp, confidence, intervals) if np.isfinite(lp).all() else None
    if weak is not None:
        if basis in WITH_RISKS:
            found.append(_in_the_large(weak, confidence))
            if intervals:
                found.append(_coefficient("calibration_in_the_large_profile", weak.in_the_large))
        if np.isfinite(weak.slope.estimate):
            found.append(_coefficient("calibration_slope", weak.slope, weak.penalized, weak.maxima))
            if basis in WITH_RISKS and intervals:
                joint = method_named("likelihood ratio: intercept 0 and slope 1", weak.penalized, weak.maxima)
                test = Measure("calibration_test", NAN, df=2, p_method=joint)
                found.append(replace(test, statistic=weak.statistic, p_value=weak.p_value))
    found += _overall(y, risk, settings, intervals)
    if len(np.unique(lp)) > FEW_RISKS:
        enough = settings if intervals else replace(settings, replicates=POOLED_REPLICATES)
        curve = curve_of(y, risk, enough)
        if curve is not None:
            method = f"percentile bootstrap, {curve.replicates} replicates"
            found += [
                Measure(name, value, low, high, method, "log", std_error)
                for name, (value, low, high, std_error) in curve.distances.items()
            ]
    return [replace(measure, basis=basis) for measure in found]


def _in_the_large(weak: WeakCalibration, confidence: float) -> Measure:
    """Return calibration in the large with the interval that holds whatever the slope is."""
    estimate, std_error = weak.in_the_large.estimate, weak.robust_error
    margin = float(special.ndtri((1 + confidence) / 2)) * std_error
    z = estimate / std_error
    return Measure(
        "calibration_in_the_large",
        estimate,
        estimate - margin,
        estimate + margin,
        "Wald, sandwich standard error",
        std_error=std_error,
        statistic=z**2,
        df=1,
        p_value=float(special.chdtrc(1, z**2)),
        p_method="Wald, sandwich standard error",
    )


def _coefficient(name: str, coefficient: Coefficient, penalized: bool = False, maxima: int = 1) -> Measure:
    """Return a coefficient; without its interval it has no test either."""
    is_tested = np.isfinite(coefficient.p_value)
    return Measure(
        name,
        coefficient.estimate,
        coefficient.low,
        coefficient.high,
        method_named("profile likelihood", penalized, maxima),
        std_error=coefficient.std_error,
        statistic=coefficient.statistic,
        df=1 if is_tested else NAN,
        p_value=coefficient.p_value,
        p_method=method_named("likelihood ratio", penalized, maxima) if is_tested else "",
    )


def _overall(y: Array, risk: Array, settings: Settings, intervals: bool) -> list[Measure]:
    brier = brier_score(y, risk)
    of_score, of_scaled, method = (NAN, NAN), (NAN, NAN), ""
    if intervals:
        of_score, of_scaled = brier_intervals(
            y, risk, settings.replicates, settings.seed, settings.confidence
        )
        method = f"percentile bootstrap, {settings.replicates} replicates"
    found = [Measure("brier", brier.score, *of_score, method, std_error=brier.std_error)]
    if np.isfinite(brier.scaled):
        scaled = Measure("scaled_brier", brier.scaled, *of_scaled, method, std_error=brier.scaled_std_error)
        found.append(scaled)
    return found


def curve_of(y: Array, risk: Array, settings: Settings) -> CalibrationCurve | None:
    """Return the smooth calibration curve of n risks, None where they allow none, or one is 0 or 1."""
    lp = special.logit(risk)
    if not np.isfinite(lp).all():
        return None
    return calibration_curve(y, lp, settings.replicates, settings.seed, settings.confidence)


def assess_rules(
    cohort: pd.DataFrame,
    outcome: str,
    rules: Sequence[Rule],
    codebook: Codebook,
    settings: Settings,
    intervals: bool = True,
) -> pd.DataFrame:
    """Assess every rule in the patients who have its variables.

    Returns one row per rule and measure with `COLUMNS`.
    """
    rows = []
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        if known.empty:
            continue
        y = outcome_of(known, outcome)
        for measure in assess(y, predict(rule, known, codebook), settings, intervals):
            rows.append(
                {
                    "rule": rule.name,
                    "label": rule.label,
                    "analysis": COMPLETE,
                    "n": len(y),
                    "n_events": int(y.sum()),
                    **asdict(measure),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def complete(cohort: pd.DataFrame, outcome: str, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return the patients who have every variable of the rules; none where the cohort lacks one."""
    if not all(can_be_applied(rule, cohort.columns) for rule in rules):
        return cohort.iloc[:0]
    return cohort.dropna(subset=[outcome, *(name for rule in rules for name in rule.variables)])


PAIR_COLUMNS = [
    *("rule_1", "rule_2", "analysis", "n", "n_events", "auc_1", "auc_2", "difference"),
    *("conf_low", "conf_high", "conf_method", "std_error", "z", "p_value", "p_method", "note"),
]


def compare_rules(
    cohort: pd.DataFrame,
    outcome: str,
    pairs: Sequence[tuple[Rule, Rule]],
    codebook: Codebook,
    confidence: float,
) -> pd.DataFrame:
    """Compare the AUCs of pairs of rules in the patients who have the variables of both (paired DeLong).

    The rules were made elsewhere, so that DeLong's test holds also where one contains the other. Returns one
    row per pair with `PAIR_COLUMNS`.
    """
    rows = []
    for pair in pairs:
        known = complete(cohort, outcome, pair)
        y = outcome_of(known, outcome)
        if not 0 < y.sum() < len(y):
            continue
        scores = np.column_stack([predict(rule, known, codebook).linear_predictor for rule in pair])
        areas = areas_under_curves(y, scores)
        result = compare_areas(areas, 0, 1, confidence)
        variance = areas.covariance[0, 0] + areas.covariance[1, 1] - 2 * areas.covariance[0, 1]
        rows.append(
            {
                "rule_1": pair[0].name,
                "rule_2": pair[1].name,
                "analysis": COMPLETE,
                "n": areas.n,
                "n_events": areas.n_events,
                "auc_1": areas.auc[0],
                "auc_2": areas.auc[1],
                "difference": result.difference,
                "conf_low": result.low,
                "conf_high": result.high,
                "conf_method": "paired DeLong" if np.isfinite(result.low) else "",
                "std_error": np.sqrt(max(variance, 0.0)),
                "z": result.z,
                "p_value": result.p_value,
                "p_method": "paired DeLong" if np.isfinite(result.p_value) else "",
                "note": "",
            }
        )
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


TERM_COLUMNS = [
    *("rule", "term", "label", "n", "n_events", "estimate", "conf_low", "conf_high", "conf_method"),
    *("statistic", "df", "p_value", "p_method", "published"),
]


def added_terms(
    cohort: pd.DataFrame, outcome: str, rules: Sequence[Rule], codebook: Codebook, confidence: float
) -> pd.DataFrame:
    """Test by likelihood ratio what each term of a rule adds to its others, all fitted to these patients.

    For rules of several terms. Returns one row per rule and term with `TERM_COLUMNS`: log-odds with
    profile-likelihood intervals, beside the published ones where there are any.
    """
    rows = []
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        y = outcome_of(known, outcome)
        if len(rule.terms) < 2 or not 0 < y.sum() < len(y):
            continue
        fitted = _fitted(term_columns(rule, known), y, confidence)
        if fitted is None:
            continue
        for term, row in zip(rule.terms, fitted.iloc[1:].to_dict("records"), strict=True):
            rows.append(
                {
                    "rule": rule.name,
                    "term": row["term"],
                    "label": term.label(codebook),
                    "n": len(y),
                    "n_events": int(y.sum()),
                    **{name: row[name] for name in TERM_COLUMNS[5:-1]},
                    "published": NAN if term.log_odds is None else term.log_odds,
                }
            )
    return pd.DataFrame(rows, columns=TERM_COLUMNS)


def term_columns(rule: Rule, cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the terms of a rule in n patients, a column each."""
    return pd.DataFrame({term.name: term.values(cohort) for term in rule.terms}, index=cohort.index)


def _fitted(design: pd.DataFrame, y: Array, confidence: float) -> pd.DataFrame | None:
    """Return the table of a logistic regression on the columns, None where they are linearly dependent."""
    patterns = patterns_of(design, y)
    X = np.column_stack([np.ones(len(patterns.totals)), patterns.rows])
    if not independent(X).all():
        return None
    names = [INTERCEPT, *map(str, design)]
    likelihood = likelihood_of(X, patterns)
    terms = {name: [name] for name in names[1:]}
    return coefficient_table(likelihood, likelihood.highest(), names, terms, confidence)


def likelihood_of(X: Array, patterns: Patterns) -> Likelihood:
    """Return the likelihood of patterns on a design (k x p), penalized where it separates the outcomes."""
    return Likelihood(X, patterns.events, totals=patterns.totals).finite()
