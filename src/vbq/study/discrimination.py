"""How well scores tell patients with the outcome from those without (Table 3, Figures 2-4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.stats.digits import in_full, tie_nearly_equal
from vbq.stats.logistic import fit_logistic
from vbq.stats.proportions import wilson_interval
from vbq.stats.roc import areas_under_curves, auc_interval, compare_areas
from vbq.study.design import Codebook, complete_rows, design_matrix, outcome_of

Array = NDArray[np.float64]

FITTED = "logistic regression fitted to these patients"
COUNTS = ("tp", "fp", "fn", "tn")
PROPORTIONS = ("sensitivity", "specificity", "ppv", "npv", "accuracy")
COLUMNS = [
    *("score", "label", "n", "n_events", "cutoff", *COUNTS),
    *(f"{name}{end}" for name in PROPORTIONS for end in ("", "_low", "_high")),
    *(
        "proportion_method",
        "ranked_by",
        "auc",
        "auc_low",
        "auc_high",
        "auc_method",
        "auc_logit_low",
        "auc_logit_high",
    ),
    *("likelihood_ratio", "df", "p_value", "p_method"),
]
PAIR_COLUMNS = [
    *("score_1", "score_2", "n", "auc_1", "auc_2", "difference", "difference_low", "difference_high"),
    *("z", "p_value", "p_method", "nested"),
]


@dataclass(frozen=True)
class Score:
    """A score under test: one variable, or several combined by logistic regression.

    A patient is positive when the variable is greater than `above`, or smaller where `higher_risk` is
    "low"; for a categorical variable, when its level comes at or after `positive_from`. With neither,
    only the ROC curve is assessed.
    """

    name: str
    label: str
    variables: tuple[str, ...]
    above: float | None = None
    positive_from: object = None
    higher_risk: Literal["high", "low"] = "high"


def scores_of(plan: Mapping[str, Any], columns: Collection[str]) -> tuple[list[Score], list[tuple[str, str]]]:
    """Return the scores and pairs of a plan's `discrimination` whose variables a cohort has."""
    scores = [
        Score(name, **{**fields, "variables": tuple(fields["variables"])})
        for name, fields in plan["scores"].items()
        if set(fields["variables"]) <= set(columns)
    ]
    names = {score.name for score in scores}
    return scores, [(first, second) for first, second in plan.get("pairs", []) if {first, second} <= names]


def assess_scores(
    cohort: pd.DataFrame, outcome: str, scores: Sequence[Score], codebook: Codebook, confidence: float = 0.95
) -> pd.DataFrame:
    """Assess each score in the patients who have its variables.

    Returns one row per score: counts at the cut-off; sensitivity, specificity, predictive values and
    accuracy (fractions) with Wilson intervals; AUC with DeLong's interval and DeLong's on the logit
    scale; the likelihood-ratio test of the logistic regression on the score's variables. Where
    `ranked_by` names the regression (`is_fitted`), it is fitted to these same patients and the AUC is
    apparent. Where these patients are all with or all without the outcome, only they are counted.
    """
    rows: list[dict[str, object]] = []
    for score in scores:
        known = complete_rows(cohort, [outcome, *score.variables])
        y = outcome_of(known, outcome)
        counted = {"score": score.name, "label": score.label, "n": len(y), "n_events": int(y.sum())}
        if not _has_both(y):
            rows.append(counted)
            continue
        areas = areas_under_curves(y, risk_order(known, outcome, score, codebook))
        auc, variance = float(areas.auc[0]), float(areas.covariance[0, 0])
        low, high = auc_interval(auc, variance, confidence)
        logit_low, logit_high = auc_interval(auc, variance, confidence, scale="logit")
        design, _ = design_matrix(known, score.variables, codebook).independent()
        fit = fit_logistic(design.matrix, y, design.terms, confidence)
        rows.append(
            {
                **counted,
                **_at_cutoff(known, y, score, codebook, confidence),
                "ranked_by": FITTED if is_fitted(known, score, codebook) else "its values",
                "auc": auc,
                "auc_low": low,
                "auc_high": high,
                "auc_method": "DeLong",
                "auc_logit_low": logit_low,
                "auc_logit_high": logit_high,
                "likelihood_ratio": fit.likelihood_ratio,
                "df": fit.df,
                "p_value": fit.p_value,
                "p_method": fit.table["p_method"].iloc[0],
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64"))


def _has_both(outcome: Array) -> bool:
    """Whether some patients have the outcome and some do not."""
    return 0 < outcome.sum() < len(outcome)


def is_fitted(cohort: pd.DataFrame, score: Score, codebook: Codebook) -> bool:
    """Whether patients are ranked by a logistic regression that is fitted to them.

    So are several variables, and one of three levels or more, as in Ehresman et al. 2019; anything else
    is ranked by its own values, which nothing turns round.
    """
    first = score.variables[0]
    several_levels = codebook[first].is_categorical and cohort[first].nunique() > 2
    return len(score.variables) > 1 or several_levels


def risk_order(cohort: pd.DataFrame, outcome: str, score: Score, codebook: Codebook) -> Array:
    """Return n numbers that rank patients by risk: the variable's values, or a fitted linear predictor."""
    if is_fitted(cohort, score, codebook):
        design, _ = design_matrix(cohort, score.variables, codebook).independent()
        fit = fit_logistic(design.matrix, outcome_of(cohort, outcome), design.terms)
        return tie_nearly_equal(fit.linear_predictor)
    values = _numbers(cohort[score.variables[0]], score.variables[0], codebook)
    return values if score.higher_risk == "high" else -values


def _numbers(values: pd.Series, name: str, codebook: Codebook) -> Array:
    variable = codebook[name]
    if not variable.is_categorical:
        return values.to_numpy(dtype=float)
    position = {level: i for i, level in enumerate(variable.levels)}
    return values.map(position).to_numpy(dtype=float)


def _at_cutoff(
    cohort: pd.DataFrame, y: Array, score: Score, codebook: Codebook, confidence: float
) -> dict[str, object]:
    """Counts and proportions at the score's cut-off; missing where it has none."""
    positive = _positive(cohort, score, codebook)
    if positive is None:
        columns = [f"{name}{end}" for name in PROPORTIONS for end in ("", "_low", "_high")]
        return {"cutoff": "", **dict.fromkeys([*COUNTS, *columns], np.nan), "proportion_method": ""}
    tp, fp = int((positive & (y == 1)).sum()), int((positive & (y == 0)).sum())
    fn, tn = int((~positive & (y == 1)).sum()), int((~positive & (y == 0)).sum())
    fractions = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "accuracy": (tp + tn, len(y)),
    }
    row: dict[str, object] = {"cutoff": _cutoff_text(score, codebook), "tp": tp, "fp": fp, "fn": fn, "tn": tn}
    for name, (successes, trials) in fractions.items():
        row[name] = successes / trials if trials else np.nan
        row[f"{name}_low"], row[f"{name}_high"] = wilson_interval(successes, trials, confidence)
    return {**row, "proportion_method": "Wilson"}


def _positive(cohort: pd.DataFrame, score: Score, codebook: Codebook) -> NDArray[np.bool_] | None:
    name = score.variables[0]
    if score.above is not None:
        values = cohort[name].to_numpy(dtype=float)
        return values > score.above if score.higher_risk == "high" else values < score.above
    if score.positive_from is not None:
        levels = list(codebook[name].levels)
        return _numbers(cohort[name], name, codebook) >= levels.index(score.positive_from)
    return None


def _cutoff_text(score: Score, codebook: Codebook) -> str:
    if score.above is not None:
        return f"{'>' if score.higher_risk == 'high' else '<'} {in_full(score.above)}"
    levels = codebook[score.variables[0]].levels
    label = levels[score.positive_from]
    return label if score.positive_from == list(levels)[-1] else f"{label} or higher"


def compare_scores(
    cohort: pd.DataFrame,
    outcome: str,
    scores: Sequence[Score],
    pairs: Sequence[tuple[str, str]],
    codebook: Codebook,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare the AUCs of pairs of scores in the patients who have the variables of both (paired DeLong).

    DeLong's test is not valid for nested models fitted to the same patients; `nested` says where one
    score's variables are among the other's: read the interval there, not the p-value.

    Returns one row per pair: score_1, score_2, n, auc_1, auc_2, difference, difference_low,
    difference_high, z, p_value, p_method, nested.
    """
    by_name = {score.name: score for score in scores}
    rows = []
    for first, second in pairs:
        pair = (by_name[first], by_name[second])
        known = complete_rows(cohort, [outcome, *pair[0].variables, *pair[1].variables])
        if not _has_both(outcome_of(known, outcome)):
            continue
        orders = np.column_stack([risk_order(known, outcome, score, codebook) for score in pair])
        areas = areas_under_curves(outcome_of(known, outcome), orders)
        result = compare_areas(areas, 0, 1, confidence)
        variables = [set(score.variables) for score in pair]
        rows.append(
            {
                "score_1": first,
                "score_2": second,
                "n": len(known),
                "auc_1": areas.auc[0],
                "auc_2": areas.auc[1],
                "difference": result.difference,
                "difference_low": result.low,
                "difference_high": result.high,
                "z": result.z,
                "p_value": result.p_value,
                "p_method": "paired DeLong",
                "nested": variables[0] <= variables[1] or variables[1] <= variables[0],
            }
        )
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


def roc_curves(
    cohort: pd.DataFrame, outcome: str, scores: Sequence[Score], codebook: Codebook
) -> pd.DataFrame:
    """Return every point of each score's ROC curve: score, threshold, fpr, tpr.

    A patient is positive at or above the threshold, in the order of risk of `risk_order`; the first
    point, at infinity, calls nobody positive (scikit-learn's `roc_curve`).
    """
    from sklearn.metrics import roc_curve

    parts = [pd.DataFrame(columns=["score", "threshold", "fpr", "tpr"])]
    for score in scores:
        known = complete_rows(cohort, [outcome, *score.variables])
        if not _has_both(outcome_of(known, outcome)):
            continue
        order = risk_order(known, outcome, score, codebook)
        fpr, tpr, threshold = roc_curve(outcome_of(known, outcome), order, drop_intermediate=False)
        parts.append(pd.DataFrame({"score": score.name, "threshold": threshold, "fpr": fpr, "tpr": tpr}))
    return pd.concat(parts[1:] or parts, ignore_index=True)
