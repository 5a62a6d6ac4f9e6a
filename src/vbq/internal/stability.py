"""How much the procedure's choices, and each patient's risk, depend on the sample."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vbq.internal.procedure import MULTIVARIABLE, Procedure
from vbq.internal.replicates import Replicates
from vbq.stats.digits import is_below
from vbq.stats.resampling import percentile_interval

REPLICATES = ["model", "label", "replicates", "separated", "several_maxima", "without_variables", "done"]
PATHS = np.round(np.geomspace(0.001, 0.5, 40), 6)  # significance levels of the stability paths


def selection_table(procedure: Procedure, observed: Replicates, replicates: Replicates) -> pd.DataFrame:
    """Return how often candidates were selected.

    Columns: variable, test, tables_drawn (for the p-value of an exact test in a replicate, 0 where every
    table counts), p_value and selected (in the patients), n_selected, replicates, share.
    """
    tests = [procedure.tests[name] for name in procedure.candidates]
    return pd.DataFrame(
        {
            "variable": procedure.candidates,
            "test": [test for test, _ in tests],
            "tables_drawn": [drawn for _, drawn in tests],
            "p_value": observed.p_values[0],
            "selected": observed.selected[0].astype(int),
            "n_selected": replicates.selected.sum(axis=0),
            "replicates": len(replicates),
            "share": replicates.selected.mean(axis=0),
        }
    )


def stability_paths(procedure: Procedure, replicates: Replicates) -> pd.DataFrame:
    """Return the share of replicates that would select each candidate at other levels of significance.

    Columns: variable, alpha, share.
    """
    shares = np.array([is_below(replicates.p_values, alpha).mean(axis=0) for alpha in PATHS])
    return pd.DataFrame(
        {
            "variable": np.repeat(procedure.candidates, len(PATHS)),
            "alpha": np.tile(PATHS, len(procedure.candidates)),
            "share": shares.T.ravel(),
        }
    )


def cutoff_table(observed: Replicates, replicates: Replicates) -> pd.DataFrame:
    """Return how often cut-offs were chosen.

    Columns: cutoff, chosen (in the patients), n_chosen, replicates, share.
    """
    known = replicates.cutoff[np.isfinite(replicates.cutoff)]
    values, counts = np.unique(known, return_counts=True)
    return pd.DataFrame(
        {
            "cutoff": values,
            "chosen": (values == observed.cutoff[0]).astype(int),
            "n_chosen": counts,
            "replicates": len(replicates),
            "share": counts / len(replicates),
        }
    )


def instability_table(observed: Replicates, replicates: Replicates, confidence: float = 0.95) -> pd.DataFrame:
    """Return how much each patient's risk depends on the sample (Riley and Collins 2023).

    Returns one row per model of risks and patient: model, patient (their order by risk, from 1), risk, low,
    median and high (percentiles of the risks that the replicates give the patient), mape, which is the mean
    absolute difference from the risk, and replicates.
    """
    parts = []
    for name, risks in replicates.risks.items():
        risk = observed.risks[name][0]
        known = np.flatnonzero(np.isfinite(risk))
        order = known[np.argsort(risk[known], kind="stable")]
        of_patients = risks[:, order]
        low, high = percentile_interval(of_patients, confidence)
        parts.append(
            pd.DataFrame(
                {
                    "model": name,
                    "patient": np.arange(1, len(order) + 1),
                    "risk": risk[order],
                    "low": low,
                    "median": np.nanmedian(of_patients, axis=0),
                    "high": high,
                    "mape": np.nanmean(np.abs(of_patients - risk[order]), axis=0),
                    "replicates": len(risks),
                }
            )
        )
    columns = ["model", "patient", "risk", "low", "median", "high", "mape", "replicates"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def replicates_table(replicates: Replicates, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return what became of the replicates of each model of risks: columns `REPLICATES`.

    A replicate is never drawn again: one that would otherwise fail is counted here with what was done.
    """
    none = ~replicates.selected.any(axis=1)
    return pd.DataFrame(
        [
            {
                "model": name,
                "label": labels[name],
                "replicates": len(replicates),
                "separated": int(separated.sum()),
                "several_maxima": int((replicates.maxima[name] > 1).sum()),
                "without_variables": int(none.sum()) if name == MULTIVARIABLE else 0,
                "done": "separated: Firth's penalty; several maxima: the highest; "
                "without variables: the intercept alone",
            }
            for name, separated in replicates.separated.items()
            if name in replicates.risks
        ],
        columns=REPLICATES,
    )
