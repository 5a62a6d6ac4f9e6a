"""Calibration of the rules in detail: by risk pattern, and along a smooth curve."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from vbq.stats.calibration import pattern_calibration
from vbq.stats.digits import tie_nearly_equal
from vbq.study.design import outcome_of
from vbq.validation.performance import NAN, Settings, complete, curve_of, risks
from vbq.validation.rules import (
    FEW_RISKS,
    RANKS,
    WITH_RISKS,
    Codebook,
    Predictions,
    Rule,
    pattern_name,
    predict,
)

PATTERN_COLUMNS = [
    *("rule", "pattern", "n", "n_events", "observed", "conf_low", "conf_high", "conf_method"),
    *("risk", "risk_low", "risk_high", "p_value", "p_method"),
]


def calibration_by_pattern(
    cohort: pd.DataFrame, outcome: str, rules: Sequence[Rule], codebook: Codebook, confidence: float
) -> pd.DataFrame:
    """Hold the outcomes of the patients with each combination of yes-or-no terms against the rule's risk.

    Returns one row per rule and combination, in the order of the risks, with `PATTERN_COLUMNS`. Where the
    intercept was not printed or no risks are known, there is no risk and no test.
    """
    rows = []
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        if known.empty or not all(term.is_yes_or_no for term in rule.terms):
            continue
        predictions = predict(rule, known, codebook)
        y, pattern = outcome_of(known, outcome), predictions.pattern
        for name, risk, low, high in _pattern_risks(rule, predictions, codebook):
            result = pattern_calibration(y[pattern == name], risk, confidence)
            rows.append(
                {
                    "rule": rule.name,
                    "pattern": name,
                    "n": result.n,
                    "n_events": result.n_events,
                    "observed": result.observed,
                    "conf_low": result.low,
                    "conf_high": result.high,
                    "conf_method": "Clopper-Pearson",
                    "risk": risk,
                    "risk_low": low,
                    "risk_high": high,
                    "p_value": result.p_value,
                    "p_method": "exact binomial" if np.isfinite(result.p_value) else "",
                }
            )
    return pd.DataFrame(rows, columns=PATTERN_COLUMNS)


def _pattern_risks(
    rule: Rule, predictions: Predictions, codebook: Codebook
) -> list[tuple[str, float, float, float]]:
    """Return name, risk and its range of every combination, the lowest risk first."""
    if rule.risks:
        named = [(pattern_name(rule, yes, codebook), risk) for yes, risk in rule.risks.items()]
        ordered = sorted(named, key=lambda pair: pair[1].risk)
        return [(name, risk.risk, risk.low, risk.high) for name, risk in ordered]
    names, first = np.unique(np.asarray(predictions.pattern), return_index=True)
    lp = predictions.linear_predictor[first]
    found = []
    for i in np.argsort(tie_nearly_equal(lp), kind="stable"):
        risk = float(special.expit(lp[i])) if predictions.basis in WITH_RISKS else NAN
        found.append((str(names[i]), risk, risk, risk))
    return found


CURVE_COLUMNS = [
    *("rule", "basis", "n", "n_events", "knots", "risk", "observed"),
    *("conf_low", "conf_high", "conf_method"),
]


def calibration_curves(
    cohort: pd.DataFrame, outcome: str, rules: Sequence[Rule], codebook: Codebook, settings: Settings
) -> pd.DataFrame:
    """Return the smooth calibration curves of the rules with more than a few risks, 101 points each."""
    parts = [pd.DataFrame(columns=CURVE_COLUMNS)]
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        y = outcome_of(known, outcome)
        if rule.basis == RANKS or not 0 < y.sum() < len(y):
            continue
        predictions = predict(rule, known, codebook)
        if len(np.unique(predictions.linear_predictor)) <= FEW_RISKS:
            continue
        curve = curve_of(y, risks(y, predictions), replace(settings, replicates=2))
        if curve is None:
            continue
        part = {
            "rule": rule.name,
            "basis": rule.basis,
            "n": len(y),
            "n_events": int(y.sum()),
            "knots": len(curve.knots),
            "risk": curve.risk,
            "observed": curve.observed,
            "conf_low": curve.low,
            "conf_high": curve.high,
            "conf_method": "Wald on the logit scale, pointwise; restricted cubic spline",
        }
        parts.append(pd.DataFrame(part))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
