"""The study's figures, from its tidy tables. Nothing is computed here but where ink goes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.style import (
    COLORS,
    DASHES,
    GRAY,
    INK,
    LIGHT,
    MARKERS,
    ONE_COLUMN,
    TWO_COLUMNS,
    new_figure,
    plain,
    unit_square,
    wrapped,
)
from vbq.render.tables import level_label

Row = Mapping[Any, Any]

FEW_POINTS = 8  # a curve of no more points shows them
MANY_POINTS = 1000  # more are drawn as pixels in an SVG, to keep it small
ODDS_RATIO_LIMITS = (1e-2, 1e3)  # beyond, an interval ends in an arrow


def roc_figure(curve: pd.DataFrame, assessed: Row, source: str, confidence: float = 0.95) -> Figure:
    """Draw one score's ROC curve with its AUC, interval and number of patients (Figures 2-4).

    `curve` has the score's rows of roc.csv, `assessed` is its row of discrimination.csv; `source` is the
    line at the foot of the figure.
    """
    figure = new_figure(ONE_COLUMN, 92, source)
    axes = figure.add_subplot()
    _roc_axes(axes)
    axes.set_title(wrapped(assessed["label"], 42))
    marker = MARKERS[0] if len(curve) <= FEW_POINTS else ""
    axes.plot(curve["fpr"], curve["tpr"], color=COLORS[1], lw=1.8, marker=marker, clip_on=False, zorder=3)
    lines = [
        f"AUC {text.fixed(assessed['auc'], 2)}",
        f"{text.confidence_level(confidence)} CI {text.interval(assessed['auc_low'], assessed['auc_high'], 2)}",
        f"n = {text.count(assessed['n'])}, {text.count(assessed['n_events'])} with the outcome",
    ]
    axes.text(0.98, 0.04, "\n".join(lines), ha="right", va="bottom", linespacing=1.5, fontsize=7.5)
    return figure


def roc_comparison(
    curves: pd.DataFrame, assessed: pd.DataFrame, source: str, confidence: float = 0.95
) -> Figure:
    """Draw the ROC curves of all scores of discrimination.csv in one plot."""
    figure = new_figure(TWO_COLUMNS, 98, source)
    axes = figure.add_subplot()
    _roc_axes(axes)
    handles, labels = [], []
    for i, row in enumerate(assessed.to_dict("records")):
        curve = curves[curves["score"] == row["score"]]
        marker = MARKERS[i % len(MARKERS)] if len(curve) <= FEW_POINTS else ""
        look = {"color": COLORS[i % len(COLORS)], "ls": DASHES[i % len(DASHES)], "marker": marker}
        axes.plot(curve["fpr"], curve["tpr"], clip_on=False, zorder=3, **look)
        handles.append(Line2D([], [], **look))
        auc = text.estimate(row["auc"], row["auc_low"], row["auc_high"], 2)
        labels.append(f"{wrapped(row['label'], 44)}\nAUC {auc}, n = {text.count(row['n'])}")
    legend = axes.legend(
        handles,
        ["" for _ in labels],
        title=f"AUC ({text.confidence_level(confidence)} CI)",
        alignment="left",
        loc="center left",
        bbox_to_anchor=(1.04, 0.5),
        handlelength=4.5,
        labelspacing=1.1,
    )
    for entry, label in zip(legend.get_texts(), labels, strict=True):
        entry.set_text(label)  # as a label of the legend, one that starts with "_" would be left out
    return figure


def _roc_axes(axes: Axes) -> None:
    unit_square(axes)
    axes.set_xlabel("1 − specificity")
    axes.set_ylabel("Sensitivity")
    axes.plot([0, 1], [0, 1], color=GRAY, lw=0.7, ls=(0, (4, 3)), zorder=1)


def forest_plot(
    multivariable: pd.DataFrame,
    codebook: Mapping[str, Variable],
    source: str,
    confidence: float = 0.95,
) -> Figure:
    """Draw the odds ratios of multivariable.csv on a log axis, with their intervals and p-values.

    A variable of several levels has a line of its own for the test of them all, and one per level.
    Intervals that leave the axis end in an arrow.
    """
    terms = multivariable[multivariable["variable"] != ""].to_dict("records")
    entries = [(row, _term_label(row, codebook, terms)) for row in terms]
    n_lines = sum(label.count("\n") + 1 for _, label in entries)
    figure = new_figure(TWO_COLUMNS, 30 + 6.5 * n_lines, source)
    axes = figure.add_subplot()
    low, high = _odds_ratio_axis(terms)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = [t for t in (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000) if low <= t <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.axvline(1, color=GRAY, lw=0.7, ls=(0, (4, 3)), zorder=1)

    right = blended_transform_factory(axes.transAxes, axes.transData)
    y, places = 0.0, []
    for row, label in entries:
        height = label.count("\n") + 1
        place = y + height / 2
        y += height
        places.append(place)
        p = text.p_value(row["p_value"])
        axes.text(1.44, place, p, transform=right, ha="left", va="center")
        if pd.notna(row["odds_ratio"]):
            _interval(axes, row, place, low, high)
            ends = text.ratio_interval(row["odds_ratio_low"], row["odds_ratio_high"])
            words = f"{text.ratio(row['odds_ratio'])} ({ends})"
            axes.text(1.03, place, words, transform=right, ha="left", va="center")
    axes.set_ylim(y, 0)
    axes.set_yticks(places, [label for _, label in entries])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for tick, (row, _) in zip(axes.get_yticklabels(), entries, strict=True):
        tick.set_ha("left")
        tick.set_fontweight("normal" if row["odds_ratio"] == row["odds_ratio"] else "bold")
    axes.set_xlabel("Odds ratio (log scale)")
    heading = {"transform": axes.transAxes, "va": "bottom", "fontweight": "bold"}
    axes.text(1.03, 1.01, f"Odds ratio ({text.confidence_level(confidence)} CI)", **heading)
    axes.text(1.44, 1.01, "p value", **heading)
    return figure
