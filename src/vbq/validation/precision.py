"""What so many patients and events can show, before any estimate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import special

from vbq.stats import precision
from vbq.stats.batched import weighted_auc
from vbq.stats.calibration import reestimated_intercept
from vbq.stats.digits import to_digits
from vbq.study.design import outcome_of
from vbq.validation.performance import complete
from vbq.validation.rules import RANKS, REESTIMATED, Codebook, Rule, predict

PRECISION_COLUMNS = [
    *("rule", "measure", "n", "n_events", "anticipated", "anticipated_from", "expected_width"),
    *("target_width", "n_needed", "events_needed", "sufficient", "method"),
]
PUBLISHED = "published"
CALIBRATED = "the rule's risks, taken as calibrated"


def expected_precision(
    cohort: pd.DataFrame,
    outcome: str,
    rules: Sequence[Rule],
    codebook: Codebook,
    targets: Mapping[str, float],
    confidence: float,
) -> pd.DataFrame:
    """Return the interval widths to be expected of this cohort, and how many patients the targets need.

    `targets` has the widest interval wanted of each measure. What is anticipated is what the rule's source
    printed, or else what its risks would show if they were calibrated; of these patients only the number, the
    prevalence and the predictors are used. Criteria of Riley et al. 2021. Returns one row per rule and
    measure with `PRECISION_COLUMNS`.
    """
    rows: list[dict[str, object]] = []
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        y = outcome_of(known, outcome)
        n, prevalence = len(y), float(y.mean()) if len(y) else np.nan
        if not 0 < prevalence < 1:
            continue
        predictions = predict(rule, known, codebook)
        lp = predictions.linear_predictor
        if rule.basis == REESTIMATED:
            lp = lp + reestimated_intercept(y, lp)
        found: list[tuple[str, float, str, float, int | None, str]] = []
        auc, source = rule.published.get("auc"), PUBLISHED
        if auc is None and rule.basis != RANKS:
            risk = special.expit(lp)[None]
            auc, source = float(weighted_auc(risk, risk, 1 - risk)[0]), CALIBRATED
        if auc is not None:
            width = precision.auc_width(n, auc, prevalence, confidence)
            needed = precision.auc_size(targets["auc"], auc, prevalence, confidence)
            found.append(("auc", auc, source, width, needed, "Wald, Newcombe's standard error"))
        for name, width_of, size_of in (
            ("sensitivity", precision.sensitivity_width, precision.sensitivity_size),
            ("specificity", precision.specificity_width, precision.specificity_size),
        ):
            if name in rule.published and rule.is_dichotomous:
                value = rule.published[name]
                width = width_of(n, value, prevalence, confidence)
                needed = size_of(targets[name], value, prevalence, confidence)
                found.append(
                    (name, value, PUBLISHED, width, needed, "Wilson (width), Wald (patients needed)")
                )
        if rule.basis != RANKS:
            if rule.basis != REESTIMATED:
                width = precision.observed_expected_width(n, prevalence, confidence)
                needed = precision.observed_expected_size(
                    targets["observed_expected"], prevalence, confidence
                )
                found.append(("observed_expected", 1.0, CALIBRATED, width, needed, "Wald on the log scale"))
            if np.isfinite(lp).all():
                width = precision.calibration_slope_width(n, lp, confidence)
                needed = precision.calibration_slope_size(targets["calibration_slope"], lp, confidence)
                slope = ("calibration_slope", 1.0, CALIBRATED, width, needed, "Wald, Fisher information")
                found.append(slope)
        for measure, anticipated, source, width, needed, method in found:
            target = targets[measure]
            rows.append(
                {
                    "rule": rule.name,
                    "measure": measure,
                    "n": n,
                    "n_events": int(y.sum()),
                    "anticipated": anticipated,
                    "anticipated_from": source,
                    "expected_width": width,
                    "target_width": target,
                    "n_needed": np.nan if needed is None else needed,
                    "events_needed": np.nan if needed is None else np.ceil(to_digits(needed * prevalence)),
                    "sufficient": "" if needed is None else "yes" if n >= needed else "no",
                    "method": method,
                }
            )
    return pd.DataFrame(rows, columns=PRECISION_COLUMNS)
