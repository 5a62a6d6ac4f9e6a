"""A cohort beside the one in which the rules were made: case mix, scores, how far they can be told apart."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.codebook import Variable
from vbq.stats.balance import standardized_difference, standardized_difference_of_shares
from vbq.stats.batched import fit_batch
from vbq.stats.digits import tie_nearly_equal
from vbq.stats.roc import areas_under_curves, auc_interval
from vbq.study.design import design_matrix
from vbq.validation.rules import Codebook, Rule, can_be_applied, predict

Array = NDArray[np.float64]

SAMPLES = ("development", "validation")
CASE_MIX_COLUMNS = [
    *("variable", "label", "level"),
    *(
        f"{name}_{sample}"
        for sample in SAMPLES
        for name in ("n", "n_missing", "count", "percent", "mean", "sd")
    ),
    *("standardized_difference", "method"),
]


def case_mix(
    development: pd.DataFrame, validation: pd.DataFrame, variables: Sequence[str], codebook: Codebook
) -> pd.DataFrame:
    """Describe variables in both cohorts, with their standardized differences (validation minus development).

    Returns, with `CASE_MIX_COLUMNS`, one row per variable, and one per level under a categorical one. n are
    the patients with a value; a cohort that lacks a variable has 0 and no standardized difference.
    """
    rows: list[dict[str, object]] = []
    for name in variables:
        variable = codebook[name]
        samples = dict(zip(SAMPLES, (development, validation), strict=True))
        values = {key: sample.reindex(columns=[name])[name].dropna() for key, sample in samples.items()}
        row: dict[str, object] = {"variable": name, "label": variable.label, "level": ""}
        for key, known in values.items():
            row |= {f"n_{key}": len(known), f"n_missing_{key}": len(samples[key]) - len(known)}
        if not variable.is_categorical:
            for key, known in values.items():
                numbers = known.astype(float)
                row |= {f"mean_{key}": numbers.mean(), f"sd_{key}": numbers.std()}
            row["standardized_difference"] = standardized_difference(
                values["validation"], values["development"]
            )
            rows.append(row | {"method": "difference of means over the root mean variance"})
            continue
        counts = {
            key: [int((known == level).sum()) for level in variable.levels] for key, known in values.items()
        }
        row["standardized_difference"] = standardized_difference_of_shares(
            counts["validation"], counts["development"]
        )
        rows.append(row | {"method": "Mahalanobis distance of the shares"})
        rows += [
            {"variable": name, "label": variable.label, "level": str(level)}
            | {f"count_{key}": counts[key][i] for key in SAMPLES if len(values[key])}
            | {
                f"percent_{key}": 100 * counts[key][i] / len(values[key])
                for key in SAMPLES
                if len(values[key])
            }
            for i, level in enumerate(variable.levels)
        ]
    return pd.DataFrame(rows, columns=CASE_MIX_COLUMNS)


QUANTILES = {"minimum": 0.0, "p5": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95, "maximum": 1.0}
DISTRIBUTION_COLUMNS = ["quantity", "label", "sample", "n", "mean", "sd", *QUANTILES]


def distributions(
    development: pd.DataFrame, validation: pd.DataFrame, rules: Sequence[Rule], codebook: Codebook
) -> pd.DataFrame:
    """Describe the distribution of the rules' continuous variables and linear predictors in both cohorts.

    Returns one row per quantity and cohort with `DISTRIBUTION_COLUMNS` (quantiles of R's type 7).
    """
    rows = []
    samples = dict(zip(SAMPLES, (development, validation), strict=True))
    for name in _needed(rules, codebook):
        for key, sample in samples.items():
            values = sample.reindex(columns=[name])[name].dropna().to_numpy(dtype=float)
            rows.append(_described(name, codebook[name].label, key, values))
    for rule in rules:
        for key, sample in samples.items():
            known = (
                sample.dropna(subset=rule.variables)
                if can_be_applied(rule, sample.columns)
                else sample.iloc[:0]
            )
            lp = predict(rule, known, codebook).linear_predictor if len(known) else np.array([])
            label = f"Linear predictor: {rule.label}"
            if rule.is_certain:
                label += ", where the risk is not 0 or 1"
            rows.append(_described(f"linear_predictor_{rule.name}", label, key, lp[np.isfinite(lp)]))
    return pd.DataFrame(rows, columns=DISTRIBUTION_COLUMNS)


def _needed(rules: Sequence[Rule], codebook: Mapping[str, Variable]) -> list[str]:
    names = dict.fromkeys(name for rule in rules for name in rule.variables)
    return [name for name in names if not codebook[name].is_categorical]


def _described(name: str, label: str, sample: str, values: Array) -> dict[str, object]:
    row: dict[str, object] = {"quantity": name, "label": label, "sample": sample, "n": len(values)}
    if len(values):
        row |= {"mean": values.mean(), "sd": values.std(ddof=1) if len(values) > 1 else np.nan}
        row |= dict(zip(QUANTILES, np.quantile(values, list(QUANTILES.values())), strict=True))
    return row


MEMBERSHIP_COLUMNS = [
    *("variables", "n_development", "n_validation", "auc", "conf_low", "conf_high", "conf_method", "note"),
]


def membership(
    development: pd.DataFrame,
    validation: pd.DataFrame,
    outcome: str,
    rules: Sequence[Rule],
    codebook: Codebook,
    confidence: float,
) -> pd.DataFrame:
    """Return the c-statistic of a logistic regression that tells two cohorts apart (Debray et al. 2015).

    The regression is of the cohort on the outcome and all variables of the rules, main effects, in the
    patients who have them. 0.5 means that the cohorts are alike in these: what is shown then is
    reproducibility. The nearer to 1, the more it is transportability. The c-statistic is apparent. One row
    with `MEMBERSHIP_COLUMNS`, none where a cohort lacks a variable.
    """
    variables = [outcome, *dict.fromkeys(name for rule in rules for name in rule.variables)]
    samples = [sample.reindex(columns=variables).dropna() for sample in (development, validation)]
    if min(map(len, samples)) < 2:
        return pd.DataFrame(columns=MEMBERSHIP_COLUMNS)
    both = pd.concat(samples, ignore_index=True)
    member = np.repeat([0.0, 1.0], [len(sample) for sample in samples])
    design, _ = design_matrix(both, variables, codebook).independent()
    columns = design.matrix.to_numpy(dtype=float)
    X = np.column_stack([np.ones(len(both)), (columns - columns.mean(axis=0)) / columns.std(axis=0)])
    lp = X @ fit_batch(X, member[None], np.ones((1, len(member)))).coefficients[0]
    areas = areas_under_curves(member, tie_nearly_equal(lp))
    auc, variance = float(areas.auc[0]), float(areas.covariance[0, 0])
    low, high = auc_interval(auc, variance, confidence, scale="logit") if auc < 1 else (np.nan, np.nan)
    row = {
        "variables": "; ".join(variables),
        "n_development": len(samples[0]),
        "n_validation": len(samples[1]),
        "auc": auc,
        "conf_low": low,
        "conf_high": high,
        "conf_method": "DeLong, logit scale",
        "note": "apparent: the regression is fitted to the same patients",
    }
    return pd.DataFrame([row], columns=MEMBERSHIP_COLUMNS)
