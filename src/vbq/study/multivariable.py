"""Multivariable logistic regression of the outcome on the variables that screening selects (Table 2)."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from vbq.stats.digits import is_below
from vbq.stats.logistic import INTERCEPT, fit_logistic
from vbq.study.design import Codebook, complete_rows, design_matrix, outcome_of

ALIASED = "not estimable: determined by the terms before it"
COLUMNS = [
    *("term", "variable", "level", "reference", "n", "n_events"),
    *("estimate", "std_error", "conf_low", "conf_high", "conf_method"),
    *("statistic", "df", "p_value", "p_method", "odds_ratio", "odds_ratio_low", "odds_ratio_high"),
]


def selected_variables(univariable: pd.DataFrame, excluded: Collection[str], alpha: float) -> list[str]:
    """Return the variables of `compare_by_outcome` with p below alpha, but for the excluded, in order."""
    significant = univariable.loc[is_below(univariable["p_value"], alpha), "variable"]
    return [name for name in significant if name not in excluded]


def fit_outcome(
    cohort: pd.DataFrame, outcome: str, variables: Sequence[str], codebook: Codebook, confidence: float = 0.95
) -> pd.DataFrame:
    """Fit the logistic regression of a 0/1 outcome on variables, in the patients who have all of them.

    Returns one row per coefficient, and one per variable of several levels for the test of all of them
    together, with `COLUMNS`: estimates are log-odds, of a level against the `reference` or per unit, with
    profile-likelihood intervals, tests are likelihood-ratio tests, and where Firth's penalty was needed the
    method columns say so. A coefficient that those before it determine has no estimate, and `p_method` says
    so. The table is empty where in these patients no variable varies, or the outcome does not.
    """
    known = complete_rows(cohort, [outcome, *variables])
    design, determined = design_matrix(known, variables, codebook).independent()
    if design.matrix.empty or known[outcome].nunique() < 2:
        return pd.DataFrame(columns=COLUMNS)
    fit = fit_logistic(design.matrix, outcome_of(known, outcome), design.terms, confidence)
    aliased = pd.DataFrame({"term": determined, "column": determined, "p_method": ALIASED})
    table = pd.concat([fit.table, aliased], ignore_index=True) if determined else fit.table
    table["variable"] = table["term"].str.partition("[")[0].where(table["term"] != INTERCEPT, "")
    table["level"] = table["column"].map(design.levels).fillna("")
    table["reference"] = table["column"].map(design.references).fillna("")
    table["term"] = table["column"].where(table["column"] != "", table["term"])
    exponentials: Mapping[str, str] = {
        "odds_ratio": "estimate",
        "odds_ratio_low": "conf_low",
        "odds_ratio_high": "conf_high",
    }
    for odds_ratio, log_odds in exponentials.items():
        table[odds_ratio] = np.exp(table[log_odds]).where(table["term"] != INTERCEPT)
    return table.assign(n=fit.n, n_events=fit.n_events)[COLUMNS]
