"""Tables and sentences of the internal validation. Text in every cell, as in `vbq.render.tables.study`."""

import pandas as pd

from vbq.render import numbers as text
from vbq.render.document import Table, one_table
from vbq.render.labels import Codebook, Row
from vbq.stats.digits import in_full

INDEX_LABELS = {
    "auc": "AUC",
    "dxy": "Somers’ Dxy",
    "r2": "R² (Nagelkerke)",
    "intercept": "Calibration intercept",
    "slope": "Calibration slope",
    "emax": "Emax",
    "brier": "Brier score",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
}
DECIMALS = 3


def sentence(optimism: pd.DataFrame) -> str:
    """Say what is left of the AUC of each regression; empty where there is none."""
    areas = optimism[(optimism["index"] == "auc") & optimism["model"].isin(_of_risks(optimism))]
    told = [
        f"{row['label']}: apparent {text.fixed(row['apparent'], 2)}, corrected {_corrected(row, 2)}"
        for row in areas.to_dict("records")
    ]
    if not told:
        return ""
    return (
        "AUC, apparent and corrected for the optimism of the whole procedure, with approximate intervals: "
        f"{'; '.join(told)}."
    )


def _of_risks(optimism: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(optimism.loc[optimism["index"] == "brier", "model"]))


@one_table
def optimism_table(optimism: pd.DataFrame, confidence: float) -> Table:
    """Show every index of the models that are made from the patients: apparent, optimism, corrected."""
    level = text.confidence_level(confidence)
    made = optimism.loc[optimism["index"].isin(["brier", "sensitivity"]), "model"].unique()
    headings = ["Index", "Apparent", "Optimism", f"Corrected ({level} interval)", ".632+"]
    rows, groups = [], []
    for row in optimism[optimism["model"].isin(made)].to_dict("records"):
        groups.append(row["label"])
        rows.append(
            [
                INDEX_LABELS[row["index"]] + (f" ({row['positive']})" if row["positive"] else ""),
                text.fixed(row["apparent"], DECIMALS),
                text.fixed(row["optimism"], DECIMALS),
                _corrected(row, DECIMALS),
                text.fixed(row["estimate_632_plus"], DECIMALS),
            ]
        )
    notes = (
        "Optimism: an index of the model made in a resample, there minus in all patients, on average over "
        "resamples (Harrell, Lee and Mark 1996); of calibration intercept and slope the median. Interval: "
        "that of rms 8.1 (ABCLOC), approximate: in simulated cohorts it held the true AUC in 75 to 95 % "
        "(docs/internal.md); of intercept and slope with quantiles in place of standard deviations.",
        "A limit beyond what an index can be is cut off there; an index that the correction takes beyond has "
        "no number.",
        "Emax, the largest distance between a risk and the calibrated one, follows from the corrected "
        "intercept and slope and has no interval. .632+ is the estimate of Efron and Tibshirani (1997), from "
        "the patients that a resample leaves out. Upper level: that of a dichotomous score.",
    )
    return Table(
        "Performance, apparent and corrected for optimism",
        pd.DataFrame(rows, columns=headings, dtype=str),
        notes,
        groups=tuple(groups),
        sources=("optimism",),
    )


def _corrected(row: Row, decimals: int) -> str:
    limits = row["corrected_low"], row["corrected_high"]
    return text.corrected(row["corrected"], *limits, row["beyond_range"], decimals)


@one_table
def selection_table(selection: pd.DataFrame, codebook: Codebook) -> Table:
    """Show how often resamples would have selected each variable."""
    ordered = selection.sort_values("share", ascending=False, kind="stable")
    rows = [
        [
            codebook[row["variable"]].label,
            text.p_value(row["p_value"]),
            "yes" if row["selected"] else "no",
            text.count_percent(row["n_selected"], 100 * row["share"]),
        ]
        for row in ordered.to_dict("records")
    ]
    headings = ["Variable", "p value in the patients", "Selected", "Selected in resamples, n (%)"]
    notes = [
        f"Of {text.count(selection['replicates'].iloc[0])} resamples. A variable that is selected in some "
        "and not in others says less than its p value claims."
    ]
    drawn = selection[selection["tables_drawn"] > 0]
    if len(drawn):
        labels = text.listed(codebook[name].label for name in drawn["variable"])
        notes.append(
            f"{labels}: in resamples the exact test is a Monte Carlo one, of "
            f"{text.count(drawn['tables_drawn'].max())} tables."
        )
    frame = pd.DataFrame(rows, columns=headings, dtype=str)
    return Table("How often each variable is selected", frame, tuple(notes), sources=("optimism_selection",))


@one_table
def cutoff_table(cutoffs: pd.DataFrame) -> Table:
    """Show which cut-offs resamples would have chosen."""
    rows = [
        [
            in_full(row["cutoff"]) + (" (chosen)" if row["chosen"] else ""),
            text.count_percent(row["n_chosen"], 100 * row["share"]),
        ]
        for row in cutoffs.to_dict("records")
    ]
    frame = pd.DataFrame(rows, columns=["Cut-off", "Resamples, n (%)"], dtype=str)
    return Table("Cut-offs chosen in resamples", frame, sources=("optimism_cutoff",))


@one_table
def other_ways_table(other_ways: pd.DataFrame) -> Table:
    """Show cross-validated indexes, and the permutation test of each AUC."""
    shown = [row for row in other_ways.to_dict("records") if row["index"] != "dxy"]
    rows = [
        [
            row["label"],
            text.count(row["n"]),
            INDEX_LABELS[row["index"]],
            text.fixed(row["estimate"], DECIMALS),
            text.interval(row["low"], row["high"], DECIMALS),
            text.p_value(row["p_value"]),
            text.count(row["repetitions"]),
        ]
        for row in shown
    ]
    headings = ["Model", "n", "Index", "Estimate", "Middle 95 %", "p value", "Repetitions"]
    notes = (
        "Cross-validation: the mean over repetitions, and their middle 95 %: how much the division into "
        "folds matters, no confidence interval.",
        "Permutation: the apparent AUC, and the middle 95 % of the AUCs that the whole procedure finds where "
        "the outcome is permuted, so that there is nothing to find: no confidence interval of the AUC.",
    )
    frame = pd.DataFrame(rows, columns=headings, dtype=str)
    groups = tuple(row["way"][:1].upper() + row["way"][1:] for row in shown)
    return Table("Cross-validation and permutation", frame, notes, groups, sources=("optimism_other_ways",))


@one_table
def differences_table(differences: pd.DataFrame, optimism: pd.DataFrame, confidence: float) -> Table:
    """Show the differences between AUCs with bootstrap intervals."""
    labels = dict(zip(optimism["model"], optimism["label"], strict=True))
    rows = [
        [
            f"{labels[row['score_1']]} minus {labels[row['score_2']]}",
            text.estimate(row["difference"], row["low"], row["high"], DECIMALS),
        ]
        for row in differences.to_dict("records")
    ]
    headings = ["AUC difference", f"Apparent ({text.confidence_level(confidence)} CI)"]
    note = "Percentile bootstrap: both scores are made again in each resample, and assessed in it."
    frame = pd.DataFrame(rows, columns=headings, dtype=str)
    return Table("Differences between AUCs, bootstrapped", frame, (note,), sources=("optimism_differences",))


def replicates_words(replicates: pd.DataFrame) -> list[str]:
    """Say what became of the resamples that would otherwise have failed."""
    words = []
    for row in replicates.to_dict("records"):
        if row["separated"]:
            words.append(
                f"{row['label']}: in {text.count(row['separated'])} of {text.count(row['replicates'])} "
                "resamples the outcome was separated, and Firth’s penalized likelihood was used"
                + (
                    f"; in {text.count(row['several_maxima'])} of these it has several maxima, of which the "
                    "highest was taken."
                    if row["several_maxima"]
                    else "."
                )
            )
        if row["without_variables"]:
            words.append(
                f"{row['label']}: in {text.count(row['without_variables'])} of "
                f"{text.count(row['replicates'])} resamples no variable was selected; everybody has the same "
                "risk there."
            )
    return words
