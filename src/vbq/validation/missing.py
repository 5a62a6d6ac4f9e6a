"""Missing values: where they are, multiple imputation, and performance pooled over imputations."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from vbq.stats.imputation import impute
from vbq.stats.pooling import pool
from vbq.study.design import outcome_of
from vbq.validation import IMPUTED
from vbq.validation.performance import Settings, assess_rules, compare_rules
from vbq.validation.rules import Codebook, Rule

RUBIN = "Rubin's rules, Barnard-Rubin degrees of freedom, t interval"
SCALES = {
    "identity": (lambda x: x, lambda x: x),
    "log": (np.log, np.exp),
    "logit": (special.logit, special.expit),
}
MISSINGNESS_COLUMNS = [
    *(
        "variable",
        "label",
        "n",
        "n_missing",
        "percent_missing",
        "percent_missing_with",
        "percent_missing_without",
    ),
]


def missingness(
    cohort: pd.DataFrame, outcome: str, variables: Sequence[str], codebook: Codebook
) -> pd.DataFrame:
    """Count missing values of each variable, in all patients and in those with and without the outcome.

    Returns one row per variable with `MISSINGNESS_COLUMNS`.
    """
    y = outcome_of(cohort, outcome)
    rows = []
    for name in variables:
        gone = cohort[name].isna().to_numpy() if name in cohort else np.ones(len(cohort), dtype=bool)
        rows.append(
            {
                "variable": name,
                "label": codebook[name].label,
                "n": len(gone),
                "n_missing": int(gone.sum()),
                "percent_missing": _percent(gone),
                "percent_missing_with": _percent(gone[y == 1]),
                "percent_missing_without": _percent(gone[y == 0]),
            }
        )
    return pd.DataFrame(rows, columns=MISSINGNESS_COLUMNS)


def _percent(gone: np.ndarray) -> float:
    return float(100 * gone.mean()) if len(gone) else np.nan


def missing_patterns(cohort: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Count the combinations of variables that are missing together: missing, n, n_variables, percent."""
    gone = cohort.reindex(columns=list(variables)).isna()
    counts = gone.value_counts().reset_index(name="n")
    matrix = counts[list(variables)].to_numpy(dtype=bool)
    counts["missing"] = ["; ".join(np.array(variables)[row]) or "none" for row in matrix]
    counts["n_variables"] = matrix.sum(axis=1)
    counts["percent"] = 100 * counts["n"] / max(len(cohort), 1)
    ordered = counts.sort_values(["n", "missing"], ascending=[False, True], ignore_index=True)
    return ordered[["missing", "n_variables", "n", "percent"]]


def imputed_cohorts(
    cohort: pd.DataFrame,
    variables: Sequence[str],
    codebook: Codebook,
    m: int,
    iterations: int,
    seed: int,
) -> Iterator[pd.DataFrame]:
    """Yield m copies of a cohort in which the variables have no missing values.

    Categorical variables are imputed by the position of their levels. A variable without any value is left
    out.
    """
    present = [name for name in variables if name in cohort and cohort[name].notna().any()]
    numbers, levels = {}, {}
    for name in present:
        variable = codebook[name]
        if variable.is_categorical:
            levels[name] = list(variable.levels)
            position = {level: float(i) for i, level in enumerate(levels[name])}
            numbers[name] = cohort[name].map(position).astype(float)
        else:
            numbers[name] = cohort[name].astype(float)
    unordered = [name for name in levels if codebook[name].kind == "nominal" and len(levels[name]) > 2]
    frame = pd.DataFrame(numbers, index=cohort.index)
    for completed in impute(frame, unordered, m, iterations, seed):
        filled = {
            name: completed[name].astype(int).map(dict(enumerate(levels[name])))
            if name in levels
            else completed[name]
            for name in present
        }
        yield cohort.assign(**filled)


def pooled_performance(
    imputed: Sequence[pd.DataFrame],
    outcome: str,
    rules: Sequence[Rule],
    codebook: Codebook,
    settings: Settings,
) -> pd.DataFrame:
    """Assess every rule in m imputed cohorts and pool by Rubin's rules, each measure on its own scale.

    Logit for proportions and AUC, log for ratios. Columns are those of `assess_rules`, with `imputations`,
    `df_pooled` and `fraction_missing`. What is 0 or 1 in an imputation has no place on its scale: it has the
    mean of the estimates without an interval, and the note says so.
    """
    parts = [assess_rules(cohort, outcome, rules, codebook, settings, intervals=False) for cohort in imputed]
    assessed = pd.concat(parts, ignore_index=True)
    rows: list[dict[Any, Any]] = []
    for _, group in assessed.groupby(["rule", "measure"], sort=False):
        first = group.iloc[0].to_dict()
        rows.append({**first, **_pooled(group, len(imputed), int(first["n"]) - 1, settings.confidence)})
    return pd.DataFrame(rows)


def _pooled(group: pd.DataFrame, m: int, df_complete: int, confidence: float) -> dict[str, object]:
    to_scale, from_scale = SCALES[group["scale"].iloc[0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates = to_scale(group["estimate"].to_numpy(dtype=float))
    variances = group["std_error"].to_numpy(dtype=float) ** 2
    row: dict[str, object] = {"analysis": IMPUTED, "imputations": m, "conf_method": "", "note": ""}
    pooled = pool(estimates, variances, max(df_complete, 1), confidence) if len(group) == m > 1 else None
    if pooled is None or not np.isfinite(pooled.estimate):
        note = "not pooled: 0, 1 or not estimable in an imputation; the mean is shown"
        nothing = dict.fromkeys(("conf_low", "conf_high", "std_error"), np.nan)
        return row | nothing | {"estimate": group["estimate"].mean(), "note": note}
    scale = group["scale"].iloc[0]
    words = RUBIN if scale == "identity" else f"{RUBIN}, on the {scale} scale"
    return row | {
        "estimate": float(from_scale(pooled.estimate)),
        "conf_low": float(from_scale(pooled.low)),
        "conf_high": float(from_scale(pooled.high)),
        "conf_method": words,
        "std_error": pooled.std_error,
        "df_pooled": pooled.df,
        "fraction_missing": pooled.fraction_missing,
    }


def pooled_comparisons(
    imputed: Sequence[pd.DataFrame],
    outcome: str,
    pairs: Sequence[tuple[Rule, Rule]],
    codebook: Codebook,
    confidence: float,
) -> pd.DataFrame:
    """Compare the AUCs of pairs of rules in m imputed cohorts and pool the differences by Rubin's rules."""
    compared = pd.concat(
        [compare_rules(cohort, outcome, pairs, codebook, confidence) for cohort in imputed], ignore_index=True
    )
    rows: list[dict[Any, Any]] = []
    for _, group in compared.groupby(["rule_1", "rule_2"], sort=False):
        measured = group.rename(columns={"difference": "estimate"}).assign(scale="identity")
        pooled = _pooled(measured, len(imputed), int(group["n"].iloc[0]) - 1, confidence)
        pooled["difference"] = pooled.pop("estimate")
        means = {name: group[name].mean() for name in ("auc_1", "auc_2")}
        untested = {"z": np.nan, "p_value": np.nan, "p_method": ""}
        rows.append({**group.iloc[0].to_dict(), **means, **untested, **pooled})
    return pd.DataFrame(rows)


def stacked(complete: pd.DataFrame, imputed: pd.DataFrame) -> pd.DataFrame:
    """Stack the rows of both analyses; the columns of pooling are empty for the complete cases."""
    extra = ["imputations", "df_pooled", "fraction_missing"]
    parts = [part for part in (complete, imputed) if len(part)] or [complete]
    return pd.concat(parts, ignore_index=True).reindex(columns=[*complete.columns, *extra])
