"""Multivariable logistic regression of the outcome on the variables that screening selects (Table 2)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vbq.stats.logistic import INTERCEPT, fit_logistic
from vbq.study.design import Codebook, complete_rows, design_matrix, outcome_of

COLUMNS = [
    *(
        "term",
        "variable",
        "level",
        "n",
        "n_events",
        "estimate",
        "std_error",
        "conf_low",
        "conf_high",
        "conf_method",
    ),
    *("statistic", "df", "p_value", "p_method", "odds_ratio", "odds_ratio_low", "odds_ratio_high"),
]


def selected_variables(univariable: pd.DataFrame, candidates: Sequence[str], alpha: float) -> list[str]:
    """Return the candidates whose univariable p-value (`compare_by_outcome`) is below alpha, in order."""
    p_values = univariable.set_index("variable")["p_value"]
    return [name for name in candidates if p_values[name] < alpha]


def fit_outcome(
    cohort: pd.DataFrame, outcome: str, variables: Sequence[str], codebook: Codebook, confidence: float = 0.95
) -> pd.DataFrame:
    """Fit the logistic regression of a 0/1 outcome on variables, in the patients who have all of them.

    Returns one row per coefficient, and one per variable of several levels for the test of all of them
    together, with `COLUMNS`: estimates are log-odds with profile-likelihood intervals, tests are
    likelihood-ratio tests, and where Firth's penalty was needed the method columns say so. Without
    variables the table is empty.

    Raises ValueError where the variables are linearly dependent.
    """
    if not variables:
        return pd.DataFrame(columns=COLUMNS)
    known = complete_rows(cohort, [outcome, *variables])
    design = design_matrix(known, variables, codebook)
    fit = fit_logistic(design.matrix, outcome_of(known, outcome), design.terms, confidence)
    table = fit.table
    table["variable"] = table["term"].where(table["term"] != INTERCEPT, "")
    table["level"] = table["column"].map(design.levels).fillna("")
    table["term"] = table["column"].where(table["column"] != "", table["term"])
    exponentials: Mapping[str, str] = {
        "odds_ratio": "estimate",
        "odds_ratio_low": "conf_low",
        "odds_ratio_high": "conf_high",
    }
    for odds_ratio, log_odds in exponentials.items():
        table[odds_ratio] = np.exp(table[log_odds]).where(table["term"] != INTERCEPT)
    return table.assign(n=fit.n, n_events=fit.n_events)[COLUMNS]
