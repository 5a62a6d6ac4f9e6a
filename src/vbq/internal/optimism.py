"""What is left of each index after the optimism of the whole procedure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.internal.procedure import Procedure
from vbq.internal.replicates import Replicates
from vbq.stats.indexes import INDEXES, RATIOS, largest_error
from vbq.stats.optimism import (
    corrected_interval,
    corrected_interval_of_ratios,
    estimate_632_plus,
    within_ranges,
)
from vbq.stats.resampling import percentile_interval

Array = NDArray[np.float64]

DIFFERENCES = ["score_1", "score_2", "n_1", "n_2", "difference", "low", "high", "method", "replicates"]
OPTIMISM_COLUMNS = [
    *("model", "label", "index", "n", "n_events", "apparent", "training", "test", "optimism", "corrected"),
    *("corrected_low", "corrected_high", "corrected_method", "beyond_range", "estimate_632_plus", "positive"),
    *("replicates", "replicates_without"),
]
INTERVAL = "bootstrap optimism of the whole procedure; interval: ABCLOC (rms 8.1), within the index's range"
INTERVAL_OF_RATIO = (
    "median bootstrap optimism of the whole procedure; interval: ABCLOC (rms 8.1) with quantiles in place of "
    "standard deviations"
)
NO_INTERVAL = "from the corrected intercept and slope, as rms does; no interval"


def optimism_table(
    procedure: Procedure,
    observed: Replicates,
    replicates: Replicates,
    labels: Mapping[str, str],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correct each index of each model for optimism (Harrell, Lee and Mark 1996).

    The optimism of an index is the mean over replicates of what it is in the resample on which the procedure
    was carried out (`training`) less what it is in the original patients (`test`); the medians for intercept
    and slope (`RATIOS`). Replicates in which either is undefined are left out and counted. Emax follows from
    intercept and slope. What the correction takes out of an index's range is no number (`within_ranges`), and
    `beyond_range` says so.

    Returns one row per model and index with `OPTIMISM_COLUMNS`.
    """
    rows = []
    is_ratio = np.isin(INDEXES, RATIOS)
    built = next(procedure.build(np.ones((1, len(procedure.outcome)))))
    for name in replicates.own:
        own, original = replicates.own[name], replicates.original[name]
        usable = np.isfinite(own) & np.isfinite(original)
        training, test = (np.where(usable, values, np.nan) for values in (own, original))
        known = np.asarray(usable.any(axis=0))
        middle = np.full((2, len(INDEXES)), np.nan)
        for of_both, values in zip(middle, (training, test), strict=True):
            means, medians = (of(values[:, known], axis=0) for of in (np.nanmean, np.nanmedian))
            of_both[known] = np.where(is_ratio[known], medians, means)
        at_hand = observed.own[name][0]
        less_optimism = at_hand - (middle[0] - middle[1])
        limits = [
            interval(less_optimism, training, test, confidence)
            for interval in (corrected_interval_of_ratios, corrected_interval)
        ]
        corrected = within_ranges(INDEXES, less_optimism, *np.where(is_ratio, *limits))
        model = built.models[name]
        about = {
            "model": name,
            "label": labels[name],
            "n": procedure.patients[name][0],
            "n_events": procedure.patients[name][1],
            "positive": "risk above 0.5" if model.is_risk else "upper level",
        }
        risk = observed.risks[name][0] if model.is_risk else None
        beside = _estimates_632_plus(replicates.outside[name], at_hand, risk, procedure.outcome)
        for k, index in enumerate(INDEXES):
            if not known[k]:
                continue
            counted = {
                "replicates": int(usable[:, k].sum()),
                "replicates_without": int((~usable[:, k]).sum()),
            }
            rows.append(
                {
                    **about,
                    **counted,
                    "index": index,
                    "apparent": at_hand[k],
                    "training": middle[0, k],
                    "test": middle[1, k],
                    "optimism": middle[0, k] - middle[1, k],
                    "corrected": corrected.value[k],
                    "corrected_low": corrected.low[k],
                    "corrected_high": corrected.high[k],
                    "corrected_method": INTERVAL_OF_RATIO if is_ratio[k] else INTERVAL,
                    "beyond_range": corrected.beyond[k],
                    "estimate_632_plus": beside.get(index, np.nan),
                }
            )
            if index == "slope":
                rows.append(about | counted | _emax(less_optimism))
    table = pd.DataFrame(rows, columns=OPTIMISM_COLUMNS)
    is_cutoff = table["index"].isin(["sensitivity", "specificity"])
    return table.assign(positive=table["positive"].where(is_cutoff, ""))


def _emax(corrected: Array) -> dict[str, object]:
    error = largest_error(corrected[INDEXES.index("intercept")], corrected[INDEXES.index("slope")])
    return {
        "index": "emax",
        "apparent": 0.0,
        "optimism": -error,
        "corrected": error,
        "corrected_method": NO_INTERVAL,
        "beyond_range": "",
    }


def _estimates_632_plus(
    outside: Array, at_hand: Array, risk: Array | None, outcome: Array
) -> dict[str, float]:
    """Return the .632+ estimates of the AUC, of Dxy and, where there are risks, of the Brier score."""
    defined = np.isfinite(outside[:, 0])
    if not defined.any():
        return {}
    auc = 1 - estimate_632_plus(1 - at_hand[0], 1 - float(outside[defined, 0].mean()), 0.5)
    found = {"auc": auc, "dxy": 2 * auc - 1}
    if risk is not None:
        k = INDEXES.index("brier")
        known = np.isfinite(risk)
        share, mean = outcome[known].mean(), risk[known].mean()
        no_information = share * (1 - 2 * mean) + float((risk[known] ** 2).mean())
        found["brier"] = estimate_632_plus(at_hand[k], float(np.nanmean(outside[:, k])), no_information)
    return found


def differences_table(
    procedure: Procedure, observed: Replicates, replicates: Replicates, confidence: float = 0.95
) -> pd.DataFrame:
    """Return bootstrap intervals of the differences between the AUCs of the plan's pairs of scores.

    Both scores are made again in each resample and assessed in it. The AUCs are those of each score's own
    patients, n_1 and n_2. Returns the columns of `DIFFERENCES`.
    """
    rows = []
    for first, second in procedure.pairs:
        difference = replicates.own[first][:, 0] - replicates.own[second][:, 0]
        low, high = percentile_interval(difference[:, None], confidence)
        rows.append(
            {
                "score_1": first,
                "score_2": second,
                "n_1": procedure.patients[first][0],
                "n_2": procedure.patients[second][0],
                "difference": observed.own[first][0, 0] - observed.own[second][0, 0],
                "low": low[0],
                "high": high[0],
                "method": "percentile bootstrap, scores made again in each resample",
                "replicates": int(np.isfinite(difference).sum()),
            }
        )
    return pd.DataFrame(rows, columns=DIFFERENCES)
