"""Tables of how well scores tell patients with the outcome from those without, and of cut-offs.

Text in every cell, as in `vbq.render.tables.study`. `scores` has the scores of the plan by name.
"""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from vbq.render import numbers as text
from vbq.render.comparison import (
    Printed,
    address,
    note_of_differences,
    printed_and_recomputed,
    printed_headings,
    text_frame,
)
from vbq.render.document import Table, one_table
from vbq.render.labels import CUTOFF_METHODS, NOT_ROUNDED, Codebook, Row, level_key
from vbq.render.tables.study import note_of_incomplete, significant, uses_penalty

CUTOFF_QUANTITIES = ("cutoff", "sensitivity", "specificity", "youden")  # of cutoff.csv, each with its limits

Scores = Mapping[str, Mapping[str, Any]]


@one_table
def discrimination_table(
    discrimination: pd.DataFrame,
    scores: Scores,
    codebook: Codebook,
    n_patients: int,
    alpha: float,
    confidence: float,
    printed: Printed,
) -> Table:
    """Show Table 3: sensitivity, specificity and AUC of every score, each with its interval.

    `n_patients` are in the analysis, with or without the variables of a score.
    """
    level = text.confidence_level(confidence)
    headings = [("Score", ""), ("Positive if", "")]
    for heading in (
        f"Sensitivity, % ({level} CI)",
        f"Specificity, % ({level} CI)",
        f"AUC ({level} CI)",
        "p value",
    ):
        headings += printed_headings(heading, printed)
    rows: list[list[str]] = []
    strong = set()
    for row in discrimination.to_dict("records"):
        cells = {
            **{name: percentage_of(row, name) for name in ("sensitivity", "specificity")},
            "auc": text.estimate(row["auc"], row["auc_low"], row["auc_high"], 2),
            "p_value": text.p_value(row["p_value"]),
        }
        if significant(row["p_value"], alpha):
            strong.add((len(rows), len(headings) - 1))
        rows.append(
            [row["label"], _positive_if(row, scores, codebook)]
            + [
                cell
                for column, words in cells.items()
                for cell in printed_and_recomputed(
                    printed, words, address("discrimination", column, score=row["score"])
                )
            ]
        )
    proportions = text.listed(filter(None, discrimination["proportion_method"].unique()))
    notes = (
        _patients(discrimination),
        *note_of_incomplete(dict(zip(discrimination["label"], discrimination["n"], strict=True)), n_patients),
        f"Intervals: {proportions + ' (proportions), ' if proportions else ''}"
        f"{text.listed(discrimination['auc_method'].unique())} (AUC). p value: "
        f"{text.listed(discrimination['p_method'].unique())} test of the logistic regression on the score. "
        f"Bold: p < {alpha:g}.",
        *_note_of_separation(discrimination),
        *note_of_differences(printed),
    )
    caption = "Sensitivity, specificity and area under the ROC curve (AUC)"
    frame = text_frame(headings, rows)
    return Table(caption, frame, notes, strong=frozenset(strong), sources=("discrimination",))


def _patients(discrimination: pd.DataFrame) -> str:
    """Say in how many patients the scores are assessed, once where it is the same for all."""
    sizes = [
        f"n = {text.count(row['n'])}, {text.count(row['n_events'])} with the outcome"
        for row in discrimination.to_dict("records")
    ]
    if len(set(sizes)) == 1:
        return f"{sizes[0]}."
    return (
        "; ".join(f"{label}: {size}" for label, size in zip(discrimination["label"], sizes, strict=True))
        + "."
    )


def _note_of_separation(discrimination: pd.DataFrame) -> tuple[str, ...]:
    """Name the scores that separate the outcome."""
    separating = discrimination.loc[uses_penalty(discrimination["p_method"]), "label"]
    if separating.empty:
        return ()
    return (
        f"The outcome is separated by {text.listed(separating)}, so that maximum-likelihood estimates are "
        "infinite: Firth’s penalized likelihood was used for the regression there.",
    )


def _positive_if(row: Row, scores: Scores, codebook: Codebook) -> str:
    """Say which patients a score calls positive; "Yes" to a variable is its label."""
    words = level_key(row["cutoff"])
    first, *others = (codebook[name] for name in scores[row["score"]]["variables"])
    if words and not others and first.kind == "binary":
        return first.label if words == "Yes" else f"{first.label}: {words}"
    return words or text.NONE


def percentage_of(row: Row, name: str) -> str:
    """Write a fraction of a tidy table, which has its interval, as percentages."""
    return text.percentage(row[name], row[f"{name}_low"], row[f"{name}_high"])


@one_table
def classification_table(
    discrimination: pd.DataFrame, scores: Scores, codebook: Codebook, confidence: float
) -> Table:
    """Show the counts and predictive values of every score that has a cut-off."""
    level = text.confidence_level(confidence)
    rows = [
        [
            row["label"],
            _positive_if(row, scores, codebook),
            *(text.count(row[name]) for name in ("tp", "fp", "fn", "tn")),
            *(percentage_of(row, name) for name in ("ppv", "npv", "accuracy")),
        ]
        for row in discrimination.to_dict("records")
        if level_key(row["cutoff"])
    ]
    columns = ["Score", "Positive if", "True +", "False +", "False −", "True −"]
    columns += [f"{name}, % ({level} CI)" for name in ("PPV", "NPV", "Accuracy")]
    methods = text.listed(filter(None, discrimination["proportion_method"].unique()))
    notes = (
        "PPV, NPV: positive and negative predictive value, at the prevalence of these patients. "
        f"Intervals: {methods}.",
    )
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table("Classification at the cut-off", frame, notes if rows else (), sources=("discrimination",))


@one_table
def auc_differences_table(
    pairs: pd.DataFrame, discrimination: pd.DataFrame, alpha: float, confidence: float
) -> Table:
    """Show the paired comparisons of AUCs."""
    labels = dict(zip(discrimination["score"], discrimination["label"], strict=True))
    rows, strong = [], set()
    for i, row in enumerate(pairs.to_dict("records")):
        nested = str(row["nested"]) == "True"
        rows.append(
            [
                f"{labels[row['score_1']]} minus {labels[row['score_2']]}",
                text.count(row["n"]),
                f"{text.fixed(row['auc_1'], 3)}, {text.fixed(row['auc_2'], 3)}",
                text.estimate(row["difference"], row["difference_low"], row["difference_high"], 3),
                text.fixed(row["z"], 2),
                f"{text.p_value(row['p_value'])}{' *' if nested else ''}",
            ]
        )
        if significant(row["p_value"], alpha) and not nested:
            strong.add((i, 5))
    level = text.confidence_level(confidence)
    columns = ["Scores", "n", "AUCs", f"Difference ({level} CI)", "z", "p value"]
    notes = [f"Test: {text.listed(pairs['p_method'].unique())}. Bold: p < {alpha:g}, but for *."]
    if any(row[5].endswith("*") for row in rows):
        notes.append(
            "* One score contains the other: DeLong’s test is not valid where such scores are fitted to the "
            "patients on whom they are compared."
        )
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table(
        "Differences between AUCs",
        frame,
        tuple(notes),
        strong=frozenset(strong),
        sources=("discrimination_pairs",),
    )


@one_table
def cutoff_table(cutoffs: pd.DataFrame, codebook: Codebook, confidence: float) -> Table:
    """Show the cut-offs that several ways of choosing give."""
    variable = codebook[cutoffs["score"].iloc[0]]
    spread = pd.to_numeric(cutoffs["cutoff"], errors="coerce").std()
    decimals = text.decimals_of_mean(variable.step, spread)
    limits = [f"{name}{end}" for name in CUTOFF_QUANTITIES for end in ("_low", "_high")]
    finite = cutoffs[limits].apply(pd.to_numeric, errors="coerce").replace([-math.inf, math.inf], math.nan)
    cutoffs = pd.concat([cutoffs.drop(columns=limits), finite], axis=1)
    rows = [
        [
            CUTOFF_METHODS[row["method"]],
            text.estimate(
                row["cutoff"],
                row["cutoff_low"],
                row["cutoff_high"],
                text.decimals_of_cutoff(row["cutoff"], row["same_from"], row["same_below"], decimals),
            ),
            percentage_of(row, "sensitivity"),
            percentage_of(row, "specificity"),
            text.estimate(row["youden"], row["youden_low"], row["youden_high"], 2),
        ]
        for row in cutoffs.to_dict("records")
    ]
    level = text.confidence_level(confidence)
    columns = [
        f"{name} ({level} CI)" for name in ("Cut-off", "Sensitivity, %", "Specificity, %", "Youden index")
    ]
    first = cutoffs.iloc[0]
    notes = [
        f"n = {text.count(first['n'])}, {text.count(first['n_events'])} with the outcome. Intervals: "
        f"{first['conf_method']} ({text.count(first['replicates'])} replicates).",
        "Sensitivity and specificity of a resample are those at its own cut-off.",
    ]
    has_none = cutoffs["cutoff"].map(text.missing)
    notes += [f"{CUTOFF_METHODS[way]}: {NOT_ROUNDED}." for way in cutoffs.loc[has_none, "method"]]
    if finite[~has_none].isna().any(axis=None):
        notes.append(f"{text.NONE} in an interval: the limit is not finite.")
    frame = pd.DataFrame(rows, columns=["Chosen by", *columns], dtype=str)
    return Table(f"Cut-offs: {variable.label}", frame, tuple(notes), sources=("cutoff",))
