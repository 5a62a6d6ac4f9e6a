"""Figures of an audit: printed against recomputed p-values, and the AUCs that joint tables allow."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from vbq.render import numbers as text
from vbq.render.figures.style import (
    COLORS,
    GRAY,
    INK,
    LIGHT,
    MARKERS,
    TWO_COLUMNS,
    Drawing,
    Drawn,
    new_figure,
    wrapped,
)
from vbq.stats.rounded import Printed

SHOWN_TESTS = {
    "likelihood_ratio": "Likelihood-ratio χ²",
    "pearson": "Pearson χ²",
    "yates": "Yates’ correction",
    "fisher": "Fisher’s exact",
    "mid": "Mid-p exact",
}
LINEAR_WITHIN = 0.001  # differences of p-values up to this are drawn to scale, larger ones on a log scale
FARTHEST = 1.0
AUC_BIN = 0.005


def p_value_figure(p_values: pd.DataFrame, source: str) -> Drawn:
    """Draw, for every printed p-value of counts, how far each test's p-value is from it.

    `p_values` are rows of audit_p_values.csv that print an equality. The band is what rounds to the
    printed one; the axis is linear within `LINEAR_WITHIN` and logarithmic beyond.
    """
    rows = p_values.to_dict("records")
    figure = new_figure(TWO_COLUMNS, 26 + 5.4 * len(rows), source)
    axes = figure.add_subplot()
    axes.set_xscale("symlog", linthresh=LINEAR_WITHIN, linscale=1.2)
    axes.set_xlim(-FARTHEST, FARTHEST)
    ticks = [-1, -0.1, -0.01, -0.001, 0, 0.001, 0.01, 0.1, 1]
    axes.set_xticks(ticks, [f"{tick:g}".replace("-", text.MINUS) for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(len(rows) - 0.5, -0.5)
    labels = [f"{wrapped(row['label'], 44)}  p = {row['printed']}" for row in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=GRAY, lw=0.6, zorder=1)
    data = []
    for i, row in enumerate(rows):
        printed = Printed.parse(str(row["printed"]))
        told = [row["variable"], row["label"], row["printed"]]
        axes.fill_betweenx(
            [i - 0.42, i + 0.42], -printed.half_unit, printed.half_unit, color=LIGHT, lw=0, zorder=0
        )
        for k, test in enumerate(SHOWN_TESTS):
            p = text.number(row[f"p_{test}"])
            if np.isfinite(p):
                axes.plot([p - printed.value], [i], **_look(k), clip_on=False, zorder=3)
                data.append([*told, test, p, printed.half_unit])
    axes.set_xlabel("Recomputed p minus printed p; gray: rounds to the printed p")
    handles = [Line2D([], [], **_look(k)) for k in range(len(SHOWN_TESTS))]
    figure.legend(handles, list(SHOWN_TESTS.values()), loc="outside lower left", ncols=5, handletextpad=0.1)
    columns = ["variable", "label", "printed", "test", "recomputed", "rounds_within"]
    return figure, pd.DataFrame(data, columns=columns)


def _look(k: int) -> dict[str, Any]:
    """The marker of a test: the first filled, so that it is seen behind others."""
    look: dict[str, Any] = {"ls": "", "marker": MARKERS[k], "color": COLORS[k], "ms": 5.2}
    return look if k == 0 else {**look, "mfc": "none", "mew": 1.1}


def combined_auc_figure(joint_tables: pd.DataFrame, printed: Printed, source: str) -> Drawn:
    """Draw how many joint tables give which AUC of the combined score, by margins and model.

    `joint_tables` are the rows of audit_joint_tables.csv of one combined score.
    """
    margins = list(
        dict.fromkeys(zip(joint_tables["margins_first"], joint_tables["margins_second"], strict=True))
    )
    models = list(dict.fromkeys(joint_tables["model"]))
    figure = new_figure(TWO_COLUMNS, 20 + 44 * len(margins), source)
    grid = figure.subplots(len(margins), len(models), sharex=True, squeeze=False)
    edges = np.arange(
        AUC_BIN * np.floor(joint_tables["auc"].min() / AUC_BIN) - AUC_BIN / 2,
        joint_tables["auc"].max() + 2 * AUC_BIN,
        AUC_BIN,
    )
    data = []
    for (first, second), line in zip(margins, grid, strict=True):
        for model, axes in zip(models, line, strict=True):
            chosen = joint_tables[
                (joint_tables["margins_first"] == first)
                & (joint_tables["margins_second"] == second)
                & (joint_tables["model"] == model)
            ]
            bars = _auc_axes(axes, chosen, edges, printed)
            data.append(bars.assign(margins_first=first, margins_second=second, model=model))
            names = [str(joint_tables[side].iloc[0]) for side in ("first", "second")]
            heading = f"{names[0]}: {first}\n{names[1]}: {second}\n{model}"
            axes.set_title(heading, fontsize=6.5, fontweight="normal")
    for axes in grid[-1]:
        axes.set_xlabel("AUC of the combined score")
    for line in grid:
        line[0].set_ylabel("Joint tables")
    return figure, pd.concat(data).assign(printed_low=printed.low, printed_high=printed.high)


def _auc_axes(axes: Axes, chosen: pd.DataFrame, edges: np.ndarray, printed: Printed) -> pd.DataFrame:
    """Draw one histogram and return its bars."""
    fits = chosen["fits_printed_auc"] == "yes"
    axes.axvspan(printed.low, printed.high, color=LIGHT, lw=0, zorder=0)
    heights, _, _ = axes.hist(
        [chosen.loc[fits, "auc"], chosen.loc[~fits, "auc"]],
        bins=edges.tolist(),
        stacked=True,
        color=[COLORS[1], "white"],
        edgecolor=INK,
        lw=0.5,
        zorder=2,
    )
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])  # room for the words
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.text(
        0.02,
        0.95,
        f"{int(fits.sum())} of {len(chosen)} tables\ngive {printed.value:.2f}",
        transform=axes.transAxes,
        va="top",
    )
    counts = zip(("yes", "no"), np.diff(heights, axis=0, prepend=0), strict=True)
    bars = [
        pd.DataFrame({"auc_low": edges[:-1], "auc_high": edges[1:], "fits_printed_auc": words, "n_tables": n})
        for words, n in counts
    ]
    return pd.concat(bars).query("n_tables > 0")


def audit_figures(
    p_values: pd.DataFrame, joint_tables: pd.DataFrame, printed_aucs: dict[str, Printed], source: str
) -> Iterator[Drawing]:
    """Yield all there is to draw; `printed_aucs` are those of combined scores, by name."""
    exact = p_values[p_values["relation"] == "="]
    if len(exact):
        yield Drawing("p_values", *p_value_figure(exact, source))
    for score, tables in joint_tables.groupby("score", sort=False):
        if str(score) in printed_aucs:
            drawn = combined_auc_figure(tables, printed_aucs[str(score)], source)
            yield Drawing(f"combined_auc_{score}", *drawn)
