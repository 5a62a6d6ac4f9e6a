"""The study's figures, from its tidy tables. Nothing is computed here but where ink goes."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.figures.flow import flow_figure
from vbq.render.figures.style import (
    COLORS,
    DASHES,
    GRAY,
    INK,
    LIGHT,
    MANY_POINTS,
    MARKERS,
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
from vbq.render.labels import INDENT, reader_name, term_label
from vbq.render.tables.study import ratio_with_interval
from vbq.stats.digits import in_full

Row = Mapping[Any, Any]

HEADER_SPACE = 0.6  # lines of text between the header of the forest plot and its first row
FEW_POINTS = 8  # a curve of no more points shows them
# Beyond the first and last, an interval ends in an arrow. Every third is a power of ten.
ODDS_RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@one_figure
def roc_figure(curve: pd.DataFrame, assessed: Row, source: str, confidence: float = 0.95) -> Drawn:
    """Draw one score's ROC curve with its AUC, interval and number of patients (Figures 2-4).

    `curve` has the score's rows of roc.csv, `assessed` is its row of discrimination.csv; `source` is
    what stands at the top of the figure.
    """
    title = wrapped(assessed["label"], 42)
    figure = new_figure(ONE_COLUMN, 93 + TITLE_LINE * title.count("\n"), source)
    axes = figure.add_subplot()
    _roc_axes(axes)
    axes.set_title(title)
    marker = MARKERS[0] if len(curve) <= FEW_POINTS else ""
    _draw_curve(axes, curve, {"color": COLORS[1], "marker": marker, "lw": 1.8})
    interval = text.interval(assessed["auc_low"], assessed["auc_high"], 2)
    lines = [
        f"AUC {text.fixed(assessed['auc'], 2)}",
        f"{text.confidence_level(confidence)} CI {interval}",
        f"n = {text.count(assessed['n'])}, {text.count(assessed['n_events'])} with the outcome",
    ]
    axes.text(0.98, 0.04, "\n".join(lines), ha="right", va="bottom", linespacing=1.5, fontsize=7.5)
    return figure, _curve_data(curve, assessed)


@one_figure
def roc_comparison(
    curves: pd.DataFrame, assessed: pd.DataFrame, source: str, confidence: float = 0.95
) -> Drawn:
    """Draw the ROC curves of all scores of discrimination.csv in one plot."""
    figure = new_figure(TWO_COLUMNS, 98, source)
    axes = figure.add_subplot()
    _roc_axes(axes)
    axes.set_anchor("W")
    handles, labels, data = [], [], []
    for i, row in enumerate(assessed.to_dict("records")):
        curve = curves[curves["score"] == row["score"]]
        look: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "ls": DASHES[i % len(DASHES)]}
        look["marker"] = MARKERS[i % len(MARKERS)] if len(curve) <= FEW_POINTS else ""
        _draw_curve(axes, curve, look)
        data.append(_curve_data(curve, row))
        handles.append(Line2D([], [], **look))
        auc = text.estimate(row["auc"], row["auc_low"], row["auc_high"], 2)
        labels.append(f"{wrapped(row['label'], 44)}\n{auc}, n = {text.count(row['n'])}")
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
    return figure, pd.concat(data)


def _draw_curve(axes: Axes, curve: pd.DataFrame, look: Mapping[str, Any]) -> None:
    """Draw a curve; one of few points shows those between its ends, which all curves share."""
    inner = slice(1, len(curve) - 1)
    axes.plot(curve["fpr"], curve["tpr"], markevery=inner, clip_on=False, zorder=3, **look)


def _curve_data(curve: pd.DataFrame, assessed: Row) -> pd.DataFrame:
    told = {name: assessed[name] for name in ("label", "n", "n_events", "auc", "auc_low", "auc_high")}
    return curve[["score", "fpr", "tpr"]].assign(**told)


def _roc_axes(axes: Axes) -> None:
    unit_square(axes)
    axes.set_xlabel("1 − specificity")
    axes.set_ylabel("Sensitivity")
    axes.plot([0, 1], [0, 1], color=GRAY, lw=0.7, ls=(0, (4, 3)), zorder=1)


@one_figure
def forest_plot(
    multivariable: pd.DataFrame,
    codebook: Mapping[str, Variable],
    source: str,
    confidence: float = 0.95,
) -> Drawn:
    """Draw the odds ratios of multivariable.csv on a log axis, with their intervals and p-values.

    A variable of several levels has a line of its own, with the test of them all, and one per level.
    An interval that leaves the axis ends in an arrow.
    """
    terms = multivariable[multivariable["variable"] != ""]
    rows = terms.to_dict("records")
    names_of_terms = [term_label(row, multivariable, codebook) for row in rows]
    labels = [_indented(name, 36) for name in names_of_terms]
    heights = [label.count("\n") + 1.6 for label in labels]
    tops = HEADER_SPACE + np.concatenate([[0.0], np.cumsum(heights)])
    figure = new_figure(TWO_COLUMNS, 24 + 3.6 * tops[-1], source)
    names, axes, words = figure.subplots(1, 3, width_ratios=(1.0, 1.45, 0.95), sharey=True)
    low, high = _odds_ratio_axis(axes, terms)
    axes.set_ylim(tops[-1], 0)
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Odds ratio, log scale")
    axes.axvline(1, color=GRAY, lw=0.7, ls=(0, (4, 3)), zorder=1)
    for side in (names, words):
        side.set_axis_off()

    for row, label, y in zip(rows, labels, tops[:-1] + np.array(heights) / 2, strict=True):
        names.text(0, y, label, va="center", ha="left")
        words.text(0, y, ratio_with_interval(row), va="center", ha="left")
        words.text(1, y, text.p_value(row["p_value"]), va="center", ha="right")
        if not text.missing(row["odds_ratio"]):
            _draw_interval(axes, row, y, low, high)
    level = text.confidence_level(confidence)
    above = {"va": "bottom", "fontweight": "bold"}
    names.text(0, 0, "Variable", ha="left", **above)
    words.text(0, 0, f"Odds ratio ({level} CI)", ha="left", **above)
    words.text(1, 0, "p value", ha="right", **above)
    shown = ["variable", "level", "odds_ratio", "odds_ratio_low", "odds_ratio_high", "p_value"]
    return figure, terms[shown].assign(label=names_of_terms)


def _indented(label: str, width: int) -> str:
    """Wrap a label, every line of it as far in as the first."""
    margin = "    " if label.startswith(INDENT) else ""
    return "\n".join(f"{margin}{line}" for line in wrapped(label, width).splitlines())


def _odds_ratio_axis(axes: Axes, terms: pd.DataFrame) -> tuple[float, float]:
    """Make the log axis as long as the intervals need, within bounds, and return its ends."""
    columns = ["odds_ratio_low", "odds_ratio", "odds_ratio_high"]
    ends = terms[columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low = max(
        tick for tick in ODDS_RATIO_TICKS[:-1] if tick <= max(ends.min(initial=0.5), ODDS_RATIO_TICKS[0])
    )
    high = min(tick for tick in ODDS_RATIO_TICKS if tick >= min(ends.max(initial=2), ODDS_RATIO_TICKS[-1]))
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    step = 3 if high / low > 500 else 1
    ticks = [tick for tick in ODDS_RATIO_TICKS[::step] if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    return low, high


def _draw_interval(axes: Axes, row: Row, y: float, low: float, high: float) -> None:
    estimate = row["odds_ratio"]
    ends = [row["odds_ratio_low"], row["odds_ratio_high"]]
    ends = [estimate if text.missing(end) else end for end in ends]
    axes.plot(np.clip(ends, low, high), [y, y], color=INK, lw=1.1, zorder=2)
    for end, limit, arrow in ((ends[0], low, "<"), (ends[1], high, ">")):
        beyond = not low <= end <= high
        marker = {"marker": arrow} if beyond else {"marker": "|", "mew": 1.1}
        axes.plot([limit if beyond else end], [y], color=INK, ms=5, clip_on=False, zorder=2, **marker)
    if low <= estimate <= high:
        axes.plot([estimate], [y], "s", color=COLORS[1], ms=5.5, zorder=3)


@one_figure
def bland_altman_plot(
    first: pd.Series, second: pd.Series, agreement: pd.DataFrame, marker: str, label: str, source: str
) -> Drawn:
    """Draw the difference of two readers' scores (first minus second) against their mean.

    `first` and `second` have the patients that all readers scored; `agreement` the pair's rows of
    agreement.csv, whose bias and limits are drawn with their intervals as bands.
    """
    figure = new_figure(ONE_COLUMN, 82, source)
    axes = figure.add_subplot()
    names = {"limit_high": "Upper limit", "bias": "Bias", "limit_low": "Lower limit"}
    place = blended_transform_factory(axes.transAxes, axes.transData)
    for row in agreement.to_dict("records"):
        dashes = DASHES[0] if row["form"] == "bias" else DASHES[1]
        if not text.missing(row["conf_low"]):
            axes.axhspan(row["conf_low"], row["conf_high"], color=LIGHT, lw=0, zorder=0)
        axes.axhline(row["estimate"], color=INK, lw=0.9, ls=dashes, zorder=1)
        value = f"{names[row['form']]}\n{text.fixed(row['estimate'], 2)}"
        axes.text(1.02, row["estimate"], value, transform=place, va="center", ha="left", linespacing=1.3)
    patients = pd.DataFrame({"mark": "patient", "mean": (first + second) / 2, "difference": first - second})
    patients = patients.sort_values(["mean", "difference"])  # not in the order of the rows
    axes.plot(patients["mean"], patients["difference"], **_points(len(patients), COLORS[1]), zorder=3)
    axes.axhline(0, color=GRAY, lw=0.5, zorder=1)
    drawn = agreement[["estimate", "conf_low", "conf_high"]].apply(pd.to_numeric, errors="coerce").abs()
    reach = 1.1 * max(patients["difference"].abs().max(), drawn.max(axis=None))
    axes.set_ylim(-reach, reach)
    readers = [reader_name(str(column.name), marker) for column in (first, second)]
    axes.set_xlabel(wrapped(f"{label}, mean of {readers[0]} and {readers[1]}", 46))
    axes.set_ylabel(wrapped(f"Difference, {readers[0]} minus {readers[1]}", 46))
    axes.set_title(f"n = {text.count(agreement['n'].iloc[0])}", fontweight="normal", fontsize=7)
    lines = agreement[["form", "estimate", "conf_low", "conf_high"]]
    lines = lines.rename(columns={"form": "mark", "estimate": "difference"})
    return figure, pd.concat([lines, patients]).assign(
        readers=f"{readers[0]} minus {readers[1]}", label=label
    )


@one_figure
def score_by_outcome(
    values: pd.Series,
    outcome: pd.Series,
    label: str,
    group_names: Sequence[str],
    source: str,
    cutoff: float | None = None,
) -> Drawn:
    """Draw a score in the patients without and with the outcome: every patient, median and quartiles.

    `values` and the 0/1 `outcome` have the same patients, none missing. A line shows the cut-off.
    """
    figure = new_figure(ONE_COLUMN, 82, source)
    axes = figure.add_subplot()
    marks: list[tuple[str, str, float]] = []
    looks: tuple[dict[str, Any], ...] = ({"mfc": "white", "color": COLORS[1]}, {"color": COLORS[1]})
    for group, look in enumerate(looks):
        members = np.sort(values[outcome == group].to_numpy(dtype=float))
        if not len(members):
            continue
        axes.plot(group + _spread(members), members, **{**_points(len(values), ""), **look}, zorder=2)
        q1, median, q3 = np.quantile(members, [0.25, 0.5, 0.75])
        sides = [group - 0.43, group + 0.43]
        axes.fill_between(sides, q1, q3, fc="none", ec=INK, lw=0.8, zorder=3)
        axes.plot(sides, [median, median], color=INK, lw=1.8, solid_capstyle="butt", zorder=3)
        summary = (("quartile_1", q1), ("median", median), ("quartile_3", q3))
        marks += [(group_names[group], mark, value) for mark, value in summary]
        marks += [(group_names[group], "patient", value) for value in members]
    if cutoff is not None:
        marks.append(("", "cutoff", cutoff))
        axes.axhline(cutoff, color=COLORS[3], lw=1, ls=DASHES[1], zorder=1)
        place = blended_transform_factory(axes.transAxes, axes.transData)
        words = f"Cut-off\n{in_full(cutoff)}"
        axes.text(1.02, cutoff, words, transform=place, va="center", ha="left", linespacing=1.3)
    sizes = [int((outcome == group).sum()) for group in (0, 1)]
    labels = [f"{wrapped(name, 20)}\nn = {n}" for name, n in zip(group_names, sizes, strict=True)]
    axes.set_xticks([0, 1], labels)
    axes.set_xlim(-0.55, 1.55)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(wrapped(label, 46))
    return figure, pd.DataFrame(marks, columns=["group", "mark", "value"]).assign(label=label)


def _points(n: int, color: str) -> dict[str, Any]:
    size, alpha = (3.2, 0.75) if n <= MANY_POINTS else (1.6, 0.4)
    return {
        **{"ls": "", "marker": "o", "ms": size, "mew": 0.6, "alpha": alpha, "rasterized": n > MANY_POINTS},
        **({"color": color, "mec": "white"} if color else {}),
    }


def _spread(members: np.ndarray) -> np.ndarray:
    """Return offsets that keep sorted values from hiding each other: side by side within bins of height."""
    edges = np.linspace(members[0], members[-1], 25)[1:]
    bins = np.searchsorted(edges, members)
    widest = max(np.bincount(bins).max(), 12)
    offsets = np.zeros(len(members))
    for number in np.unique(bins):
        here = np.flatnonzero(bins == number)
        places = np.arange(len(here)) - (len(here) - 1) / 2
        scattered = np.argsort(np.arange(len(here)) * 0.618034 % 1)  # no slope from sorted values
        offsets[here] = places[scattered] * 0.8 / widest
    return offsets


def draw_figures(
    cohort: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    plan: Mapping[str, Any],
    codebook: Mapping[str, Variable],
    source: str,
) -> Iterator[Drawing]:
    """Yield a drawing of everything that a plan's tables can show.

    `tables` has the tidy tables by name; one without rows, and a score that was not assessed, has no
    figure. One figure at a time is drawn, so that one at a time is held.
    """
    confidence = plan["confidence"]
    filled = {name: table for name, table in tables.items() if len(table)}
    if "flow" in filled:
        outcome = cohort[plan["outcome"]["variable"]]
        sizes = {
            name: int((outcome == group).sum()) for group, name in sorted(plan["outcome"]["groups"].items())
        }
        yield Drawing("participant_flow", *flow_figure(filled["flow"], codebook, sizes, source))
    if "discrimination" in filled:
        assessed = filled["discrimination"]
        if "roc" in filled:
            yield from _roc_figures(assessed, filled["roc"], source, confidence)
        yield from _by_outcome(cohort, set(assessed["score"]), plan, codebook, source)
    if "multivariable" in filled:
        drawn = forest_plot(filled["multivariable"], codebook, source, confidence)
        yield Drawing("forest_odds_ratios", *drawn)
    if "agreement" in filled:
        yield from _bland_altman(cohort, filled["agreement"], plan["marker"]["name"], codebook, source)


def _roc_figures(
    assessed: pd.DataFrame, curves: pd.DataFrame, source: str, confidence: float
) -> Iterator[Drawing]:
    for row in assessed.to_dict("records"):
        curve = curves[curves["score"] == row["score"]]
        yield Drawing(f"roc_{row['score']}", *roc_figure(curve, row, source, confidence))
    yield Drawing("roc_comparison", *roc_comparison(curves, assessed, source, confidence))


def _by_outcome(
    cohort: pd.DataFrame,
    assessed: Set[str],
    plan: Mapping[str, Any],
    codebook: Mapping[str, Variable],
    source: str,
) -> Iterator[Drawing]:
    outcome = plan["outcome"]["variable"]
    group_names = [name for _, name in sorted(plan["outcome"]["groups"].items())]
    for key, score in plan["discrimination"]["scores"].items():
        name = score["variables"][0]
        if key in assessed and len(score["variables"]) == 1 and not codebook[name].is_categorical:
            known = cohort.dropna(subset=[name, outcome])
            axis = ", ".join(filter(None, [codebook[name].label, codebook[name].unit]))
            values = known[name].astype(float)
            drawn = score_by_outcome(values, known[outcome], axis, group_names, source, score.get("above"))
            yield Drawing(f"{name}_by_outcome", *drawn)


def _bland_altman(
    cohort: pd.DataFrame,
    agreement: pd.DataFrame,
    marker: str,
    codebook: Mapping[str, Variable],
    source: str,
) -> Iterator[Drawing]:
    pairs = agreement[agreement["measure"] == "bland_altman"]
    readers = agreement.loc[agreement["measure"] == "icc", "raters"].iloc[0].split(" / ")
    complete = cohort.dropna(subset=readers)
    label = codebook[marker].label
    for raters, rows in pairs.groupby("raters", sort=False):
        first, second = str(raters).split(" - ")
        name = "bland_altman"
        if len(readers) > 2:
            name += f"_{first.removeprefix(f'{marker}_')}_{second.removeprefix(f'{marker}_')}"
        drawn = bland_altman_plot(complete[first], complete[second], rows, marker, label, source)
        yield Drawing(name, *drawn)
