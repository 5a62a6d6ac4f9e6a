"""Decision curves of the rules."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from vbq.stats.decision import COLUMNS, decision_curve, treat_all
from vbq.study.design import outcome_of
from vbq.validation import COMPLETE
from vbq.validation.performance import complete, risks
from vbq.validation.rules import RANKS, Codebook, Rule, predict

POSITIVE = "treat whom the rule calls positive"
BY_RISK = "treat from the threshold risk on"
DECISION_COLUMNS = [
    *("rule", "strategy", "basis", "analysis", "n", "n_events", "threshold"),
    *("treat_all", *COLUMNS, "conf_method"),
]


def decision_curves(
    cohort: pd.DataFrame,
    outcome: str,
    rules: Sequence[Rule],
    codebook: Codebook,
    thresholds: Sequence[float],
    confidence: float,
) -> pd.DataFrame:
    """Return the net benefit of treating by each rule, and of treating all, at each threshold.

    A rule treats those whose risk is at or above the threshold; a cut-off without risks, whom it calls
    positive. Returns one row per rule and threshold with `DECISION_COLUMNS`; treating nobody has a net
    benefit of 0.
    """
    parts = [pd.DataFrame(columns=DECISION_COLUMNS)]
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        y = outcome_of(known, outcome)
        if not 0 < y.sum() < len(y) or (rule.basis == RANKS and not rule.is_dichotomous):
            continue
        predictions = predict(rule, known, codebook)
        by_cutoff = rule.basis == RANKS
        risk = np.asarray(predictions.positive if by_cutoff else risks(y, predictions), dtype=float)
        curve = decision_curve(y, risk, thresholds, confidence)
        parts.append(
            curve.assign(
                rule=rule.name,
                strategy=POSITIVE if by_cutoff else BY_RISK,
                basis="" if by_cutoff else predictions.basis,
                analysis=COMPLETE,
                n=len(y),
                n_events=int(y.sum()),
                treat_all=treat_all(y, thresholds),
                conf_method="Wald, of the mean over patients",
            )[DECISION_COLUMNS]
        )
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def threshold_grid(low: float, high: float) -> list[float]:
    """Return the thresholds from low to high in steps of one percentage point."""
    return [float(percent) / 100 for percent in np.arange(round(100 * low), round(100 * high) + 1)]
