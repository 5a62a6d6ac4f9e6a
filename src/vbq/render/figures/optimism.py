"""Pictures of the internal validation: instability of risks, stability paths, cut-offs."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.figures.style import (
    COLORS,
    DASHES,
    GRAY,
    INK,
    LIGHT,
    MANY_POINTS,
    ONE_COLUMN,
    TITLE_LINE,
    TWO_COLUMNS,
    Drawing,
    Drawn,
    new_figure,
    one_figure,
    unit_square,
    wrapped,
)

PATHS_SHOWN = 8


def draw_optimism(
    tables: Mapping[str, pd.DataFrame],
    labels: Mapping[str, str],
    codebook: Mapping[str, Variable],
    alpha: float,
    source: str,
) -> Iterator[Drawing]:
    """Yield the drawings; `tables` are those of `vbq.internal.validate`."""
    instability = tables["optimism_instability"]
    for model in instability["model"].unique():
        of_model = instability[instability["model"] == model]
        yield Drawing(f"instability_{model}", *instability_figure(of_model, labels[model], source))
    if not tables["optimism_paths"].empty:
        drawn = paths_figure(tables["optimism_paths"], codebook, alpha, source)
        yield Drawing("stability_paths", *drawn)
    cutoffs = tables["optimism_cutoff"]
    if (cutoffs["share"] > 0).sum() > 1:
        yield Drawing("cutoff_resampled", *cutoff_figure(cutoffs, source))


@one_figure
def instability_figure(instability: pd.DataFrame, label: str, source: str) -> Drawn:
    """Draw each patient's risk against the risks that resamples give the patient."""
    title = wrapped(label, 42)
    figure = new_figure(ONE_COLUMN, 98 + TITLE_LINE * title.count("\n"), source)
    axes = figure.add_subplot()
    unit_square(axes)
    axes.axline((0, 0), slope=1, color=GRAY, lw=0.6, ls=(0, (4, 3)))
    columns = ["risk", "low", "median", "high"]
    data = instability[columns].sort_values(columns)  # not in the order of the patients
    ink: dict[str, Any] = {"rasterized": len(data) > MANY_POINTS}
    axes.vlines(data["risk"], data["low"], data["high"], color=GRAY, lw=0.4, zorder=1, **ink)
    axes.plot(data["risk"], data["median"], "o", ms=2.2, color=COLORS[1], zorder=2, **ink)
    axes.set_title(title)
    mape = instability["mape"].mean()
    axes.set_xlabel(
        f"Risk from all patients\nMean absolute difference: {text.fixed(mape, 3)}", linespacing=1.5
    )
    axes.set_ylabel("Risk from resamples: median, middle 95 %")
    return figure, data.assign(label=label, mean_absolute_difference=mape)


@one_figure
def paths_figure(paths: pd.DataFrame, codebook: Mapping[str, Variable], alpha: float, source: str) -> Drawn:
    """Draw how often each of the steadiest candidates is selected, by the level of significance."""
    figure = new_figure(TWO_COLUMNS, 92, source)
    axes = figure.add_subplot()
    wide = paths.pivot_table(index="alpha", columns="variable", values="share")
    at_level = wide.iloc[int(np.argmin(np.abs(np.log(wide.index.to_numpy(dtype=float) / alpha))))]
    shown = at_level.sort_values(ascending=False, kind="stable").index[:PATHS_SHOWN]
    for name in wide.columns.difference(shown):
        axes.plot(wide.index, wide[name], color=LIGHT, lw=0.7, zorder=1)
    for i, name in enumerate(shown):
        look: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "ls": DASHES[i % len(DASHES)]}
        axes.plot(wide.index, wide[name], **look, label=wrapped(codebook[name].label, 36), zorder=2)
    axes.axvline(alpha, color=GRAY, lw=0.6, ls=(0, (4, 3)))
    axes.set_xscale("log")
    ticks = [0.001, 0.01, 0.05, 0.1, 0.5]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("Level of significance in the univariable step (dashed: the plan’s)")
    axes.set_ylabel("Share of resamples that select it")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="Most often selected")
    data = wide.melt(value_name="share", ignore_index=False).reset_index()
    return figure, data.assign(
        label=[codebook[name].label for name in data["variable"]],
        named=np.where(data["variable"].isin(shown), "yes", "no"),
        alpha_of_plan=alpha,
    )


@one_figure
def cutoff_figure(cutoffs: pd.DataFrame, source: str) -> Drawn:
    """Draw how often resamples choose each cut-off."""
    figure = new_figure(ONE_COLUMN, 66, source)
    axes = figure.add_subplot()
    values = cutoffs["cutoff"].to_numpy(dtype=float)
    gap = np.diff(values).min() if len(values) > 1 else 1.0
    percent = 100 * cutoffs["share"]
    colors = [COLORS[1] if chosen else LIGHT for chosen in cutoffs["chosen"]]
    axes.bar(values, percent, width=0.8 * gap, color=colors, edgecolor=INK, linewidth=0.4)
    axes.set_xlim(values.min() - max(gap, 0.5), values.max() + max(gap, 0.5))
    axes.set_xlabel("Cut-off (dark: chosen in all patients)")
    axes.set_ylabel("Resamples, %")
    return figure, cutoffs[["cutoff", "chosen"]].assign(percent_of_resamples=percent)
