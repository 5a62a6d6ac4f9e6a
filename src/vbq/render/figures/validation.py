"""Figures of an external validation, each from tidy tables; the first also from the patients' scores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.figures.style import (
    COLORS,
    DASHES,
    GRAY,
    INK,
    LIGHT,
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
from vbq.validation import COMPLETE, IMPUTED

# By the label of a variable of the rules: groups of patients, the provenance of each, and its values.
Samples = Mapping[str, Sequence[tuple[str, str, np.ndarray]]]

INTERVAL = ["conf_low", "conf_high"]
CHARACTER, WORDS_HIGH = 0.04, 0.09  # the most that small words take in axes from 0 to 1
MOST_PATTERNS = 12  # combinations of missing variables that are drawn
QUANTILES = {
    "percentile_5": 0.05,
    "quartile_1": 0.25,
    "median": 0.5,
    "quartile_3": 0.75,
    "percentile_95": 0.95,
}


def validation_figures(
    tables: Mapping[str, pd.DataFrame],
    samples: Samples,
    published: Mapping[str, Mapping[str, float]],
    labels: Mapping[str, str],
    source: str,
    confidence: float,
    development: str = "",
) -> Iterator[Drawing]:
    """Yield a drawing of everything that the tables of a validation can show.

    `labels` has the label of each rule; `development` says where the rows are from that `samples` has of
    the development cohort.
    """
    if samples:
        sources = f"{source}\nDevelopment: {development}" if development else source
        yield Drawing("predictors", *predictors_figure(samples, sources))
    performance = tables["performance"]
    aucs = performance[(performance["measure"] == "auc") & pd.to_numeric(performance["estimate"]).notna()]
    if len(aucs):
        yield Drawing("auc", *auc_figure(aucs, published, source, confidence))
    patterns = tables["patterns"]
    if len(patterns):
        drawn = pattern_figure(patterns, labels, source, confidence)
        yield Drawing("calibration_patterns", *drawn)
    for name, rows in tables["curves"].groupby("rule", sort=False):
        drawn = curve_figure(rows, labels[str(name)], source, confidence)
        yield Drawing(f"calibration_{name}", *drawn)
    if len(tables["decision"]):
        drawn = decision_figure(tables["decision"], labels, source, confidence)
        yield Drawing("decision", *drawn)
    estimated = tables["subgroups"]
    estimated = estimated[(estimated["measure"] == "auc") & (estimated["level"] != "")]
    if len(estimated):
        drawn = subgroup_figure(estimated, aucs, labels, source, confidence)
        yield Drawing("subgroups", *drawn)
    if (pd.to_numeric(tables["missingness"]["n_missing"]) > 0).any():
        drawn = missing_figure(tables["missingness"], tables["missing_patterns"], source)
        yield Drawing("missing", *drawn)


def samples_of(
    development: pd.DataFrame | None,
    validation: pd.DataFrame,
    variables: Sequence[str],
    divided_by: Sequence[str],
    codebook: Mapping[str, Variable],
) -> Samples:
    """Return continuous variables in both cohorts, and in the levels of the first variable of subgroups."""
    found = {}
    for name in variables:
        if codebook[name].is_categorical or name not in validation:
            continue
        groups = (
            []
            if development is None
            else [("Development", development.reindex(columns=[name, "provenance"]))]
        )
        groups.append(("Validation", validation))
        for other in divided_by[:1]:
            if other in validation:
                groups += [
                    (f"{label}", validation[(validation[other] == level).fillna(False).astype(bool)])
                    for level, label in codebook[other].levels.items()
                ]
        known = [(label, group.dropna(subset=name)) for label, group in groups]
        found[codebook[name].label] = [
            (label, str(group["provenance"].iloc[0]), group[name].to_numpy(dtype=float))
            for label, group in known
            if len(group)
        ]
    return {label: groups for label, groups in found.items() if groups}


@one_figure
def predictors_figure(samples: Samples, source: str) -> Drawn:
    """Draw the distribution of each variable in groups: median, quartiles, and the middle 90 %."""
    most = max(map(len, samples.values()))
    figure = new_figure(TWO_COLUMNS, 24 + 8 * most, source)
    data = []
    for axes, (label, groups) in zip(
        figure.subplots(1, len(samples), squeeze=False)[0], samples.items(), strict=True
    ):
        names = [f"{group}\nn = {text.count(len(values))}" for group, _, values in groups]
        for i, (group, provenance, values) in enumerate(groups):
            low, q1, median, q3, high = np.quantile(values, list(QUANTILES.values()))
            data.append([label, group, len(values), low, q1, median, q3, high, provenance])
            color = COLORS[0] if i == 0 else COLORS[1]
            axes.plot([low, high], [i, i], color=color, lw=0.9)
            axes.fill_between([q1, q3], i - 0.24, i + 0.24, fc="white", ec=color, lw=0.9, zorder=2)
            axes.plot([median, median], [i - 0.24, i + 0.24], color=color, lw=1.8, zorder=3)
        axes.set_yticks(range(len(groups)), names)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(wrapped(label, 40))
    return figure, pd.DataFrame(data, columns=["label", "group", "n", *QUANTILES, "provenance"])


@one_figure
def auc_figure(
    aucs: pd.DataFrame, published: Mapping[str, Mapping[str, float]], source: str, confidence: float
) -> Drawn:
    """Draw the AUC of each rule, in complete cases and after imputation, beside the published one."""
    rules = list(dict.fromkeys(zip(aucs["rule"], aucs["label"], strict=True)))
    of_publications = []
    figure = new_figure(TWO_COLUMNS, 26 + 13 * len(rules), source)
    axes = figure.add_subplot()
    axes.axvline(0.5, color=GRAY, lw=0.7, ls=DASHES[4], zorder=1)
    for i, (rule, name) in enumerate(rules):
        rows = aucs[aucs["rule"] == rule].set_index("analysis")
        for analysis, shift, look in ((COMPLETE, -0.14, 0), (IMPUTED, 0.14, 1)):
            if analysis in rows.index:
                row = rows.loc[analysis]
                _interval(axes, row, i + shift, look, f"{analysis}, {text.count(row['n'])} patients", i == 0)
        if "auc" in published.get(rule, {}):
            value = published[rule]["auc"]
            of_publications.append({"rule": rule, "label": name, "analysis": "published", "estimate": value})
            label = "published" if i == 0 else ""
            axes.plot([value], [i], ls="", marker="D", ms=5, mfc="white", color=COLORS[3], label=label)
    axes.set_yticks(range(len(rules)), [wrapped(label, 30) for _, label in rules])
    axes.set_ylim(len(rules) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"AUC with its {text.confidence_level(confidence)} confidence interval")
    figure.legend(loc="outside lower left", ncols=3)
    in_patients = aucs[["rule", "label", "analysis", "n", "estimate", *INTERVAL]]
    return figure, pd.concat([in_patients, pd.DataFrame(of_publications)])


def _interval(axes: Axes, row: pd.Series, y: float, look: int, label: str, is_first: bool) -> None:
    color = COLORS[1] if look == 0 else COLORS[4]
    ends = [text.number(row["conf_low"]), text.number(row["conf_high"])]
    if not np.isnan(ends).any():
        axes.plot(ends, [y, y], color=color, lw=1.2, zorder=2)
    named = label.partition(",")[0] if is_first else ""
    axes.plot([row["estimate"]], [y], ls="", marker=MARKERS[look], ms=5, color=color, zorder=3, label=named)
    axes.text(1.02, y, label.partition(", ")[2], va="center", ha="left", fontsize=6, color=GRAY)


@one_figure
def pattern_figure(
    patterns: pd.DataFrame, labels: Mapping[str, str], source: str, confidence: float
) -> Drawn:
    """Draw, for each rule of few risks, the observed proportion of each pattern against the rule's risk."""
    known = patterns[pd.to_numeric(patterns["risk"], errors="coerce").notna() & (patterns["n"] > 0)]
    rules = list(dict.fromkeys(known["rule"]))
    figure = new_figure(TWO_COLUMNS, 74, source)
    for axes, rule in zip(figure.subplots(1, max(len(rules), 1), squeeze=False)[0], rules, strict=False):
        unit_square(axes)
        axes.plot([0, 1], [0, 1], color=GRAY, lw=0.7, ls=DASHES[4], zorder=1)
        for row in known[known["rule"] == rule].to_dict("records"):
            axes.plot([row["risk"]] * 2, [row["conf_low"], row["conf_high"]], color=COLORS[1], lw=1.2)
            axes.plot([row["risk_low"], row["risk_high"]], [row["observed"]] * 2, color=COLORS[3], lw=2.2)
            axes.plot([row["risk"]], [row["observed"]], marker="o", ms=4.5, color=COLORS[1], zorder=3)
            words = f"{text.count(row['n_events'])}/{text.count(row['n'])}"
            axes.text(*_beside(row, len(words)), words, ha="center", va="center", fontsize=6)
        axes.set_title(wrapped(labels[rule], 28), fontweight="normal", fontsize=7)
        axes.set_xlabel("Risk of the rule")
    figure.axes[0].set_ylabel(f"Observed, exact {text.confidence_level(confidence)} CI")
    shown = ["rule", "pattern", "n", "n_events", "risk", "risk_low", "risk_high", "observed", *INTERVAL]
    return figure, known[shown].assign(label=known["rule"].map(labels))


def _beside(row: Mapping[Any, Any], characters: int) -> tuple[float, float]:
    """Return the middle of words beside an interval, inside the axes and not on the diagonal."""
    width, height = CHARACTER * characters / 2, WORDS_HIGH / 2
    risk, observed = row["risk"], row["observed"]
    places = [
        (risk, row["conf_high"] + height),
        (max(risk, row["risk_high"]) + 0.02 + width, observed),
        (min(risk, row["risk_low"]) - 0.02 - width, observed),
        (risk, row["conf_low"] - height),
    ]
    for x, y in places:
        if abs(y - x) > width + height and width <= x <= 1 - width and height <= y <= 1:
            return x, y
    return risk, max(row["conf_high"] + height, risk + width + height)


@one_figure
def curve_figure(curve: pd.DataFrame, label: str, source: str, confidence: float) -> Drawn:
    """Draw a smooth calibration curve with its band."""
    first = curve.iloc[0]
    patients = f"n = {text.count(first['n'])}, {text.count(first['n_events'])} with the outcome"
    title = wrapped(label, 48)
    figure = new_figure(ONE_COLUMN, 92 + TITLE_LINE * title.count("\n"), source)
    axes = figure.add_subplot()
    unit_square(axes)
    axes.plot([0, 1], [0, 1], color=GRAY, lw=0.7, ls=DASHES[4], zorder=1)
    axes.fill_between(curve["risk"], curve["conf_low"], curve["conf_high"], color=LIGHT, lw=0, zorder=0)
    axes.plot(curve["risk"], curve["observed"], color=COLORS[1], zorder=2)
    axes.set_xlabel(wrapped(f"Risk; {first['basis']}", 52))
    axes.set_ylabel(f"Observed proportion, {text.confidence_level(confidence)} band")
    axes.set_title(f"{title}\n{patients}", fontweight="normal", fontsize=7)
    shown = ["rule", "basis", "n", "n_events", "risk", "observed", *INTERVAL]
    return figure, curve[shown].assign(label=label)


@one_figure
def decision_figure(
    decision: pd.DataFrame, labels: Mapping[str, str], source: str, confidence: float
) -> Drawn:
    """Draw the net benefit of each rule with its band, beside treating all and treating nobody."""
    rules = list(dict.fromkeys(decision["rule"]))
    columns = min(len(rules), 2)
    rows = -(-len(rules) // columns)
    figure = new_figure(TWO_COLUMNS, 18 + 58 * rows, source)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    prevalence = max(float(decision["treat_all"].max()), float(decision["net_benefit_high"].max()))
    for axes, rule in zip(grid, rules, strict=False):
        curve = decision[decision["rule"] == rule]
        x = 100 * curve["threshold"]
        axes.fill_between(x, curve["net_benefit_low"], curve["net_benefit_high"], color=LIGHT, lw=0, zorder=0)
        axes.plot(x, curve["net_benefit"], color=COLORS[1], label="by the rule", zorder=3)
        axes.plot(x, curve["treat_all"], color=COLORS[3], ls=DASHES[1], label="treat all", zorder=2)
        axes.axhline(0, color=INK, lw=0.9, ls=DASHES[2], label="treat nobody", zorder=1)
        axes.set_ylim(-0.5 * prevalence, 1.1 * prevalence)
        axes.set_title(wrapped(labels[rule], 44), fontweight="normal", fontsize=7)
    for axes in grid[len(rules) :]:
        axes.set_axis_off()
    for axes in grid[max(len(rules) - columns, 0) : len(rules)]:
        axes.set_xlabel("Threshold risk, %")
        axes.tick_params(axis="x", labelbottom=True)
    for axes in grid[::columns]:
        axes.set_ylabel(f"Net benefit, {text.confidence_level(confidence)} band")
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower left", ncols=3)
    shown = ["rule", "net_benefit", "net_benefit_low", "net_benefit_high", "treat_all"]
    return figure, decision[shown].assign(
        treat_nobody=0, threshold_percent=100 * decision["threshold"], label=decision["rule"].map(labels)
    )


@one_figure
def subgroup_figure(
    estimated: pd.DataFrame, aucs: pd.DataFrame, labels: Mapping[str, str], source: str, confidence: float
) -> Drawn:
    """Draw each rule's AUC in every subgroup; one that is too small has its numbers only."""
    rules = list(dict.fromkeys(estimated["rule"]))
    keys = list(
        dict.fromkeys(
            zip(
                estimated["subgroup"],
                estimated["subgroup_label"],
                estimated["level"],
                estimated["level_label"],
                strict=True,
            )
        )
    )
    figure = new_figure(TWO_COLUMNS, 26 + 5.4 * len(keys), source)
    grid = figure.subplots(1, len(rules), sharey=True, squeeze=False)[0]
    for axes, rule in zip(grid, rules, strict=True):
        whole = aucs[(aucs["rule"] == rule) & (aucs["analysis"] == COMPLETE)]
        for row in whole.to_dict("records"):
            axes.axvline(row["estimate"], color=COLORS[1], lw=0.7, zorder=1)
        axes.axvline(0.5, color=GRAY, lw=0.7, ls=DASHES[4], zorder=1)
        rows = estimated[estimated["rule"] == rule]
        for i, (subgroup, _, level, _) in enumerate(keys):
            here = rows[(rows["subgroup"] == subgroup) & (rows["level"] == level)]
            for row in here.to_dict("records"):
                if not text.missing(row["estimate"]):
                    axes.plot([row["conf_low"], row["conf_high"]], [i, i], color=INK, lw=0.9)
                    axes.plot([row["estimate"]], [i], ls="", marker="o", ms=3.6, color=INK)
                words = f"{text.count(row['n_events'])}/{text.count(row['n'])}"
                axes.text(0.02, i, words, fontsize=5.5, color=GRAY, va="center")
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1])
        axes.set_ylim(len(keys) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.set_title(wrapped(labels[rule], 24), fontweight="normal", fontsize=7)
        axes.set_xlabel("AUC")
    grid[0].set_yticks(range(len(keys)), [wrapped(f"{name}: {label}", 34) for _, name, _, label in keys])
    whole_line = Line2D([], [], color=COLORS[1], lw=0.7)
    figure.legend([whole_line], ["AUC of all patients"], loc="outside lower left")
    places = ["subgroup", "subgroup_label", "level", "level_label"]
    shown = ["rule", "n", "n_events", "estimate", *INTERVAL]
    lines = aucs.loc[(aucs["analysis"] == COMPLETE) & aucs["rule"].isin(rules), ["rule", "estimate"]]
    data = pd.concat([estimated[[*places, *shown]], lines.assign(subgroup_label="all patients")])
    return figure, data.assign(label=data["rule"].map(labels))


@one_figure
def missing_figure(missingness: pd.DataFrame, patterns: pd.DataFrame, source: str) -> Drawn:
    """Draw how much of each variable is missing, and which of the rules' variables are missing together."""
    figure = new_figure(TWO_COLUMNS, 22 + 6.5 * max(len(missingness), 6), source)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    gone = missingness.to_dict("records")
    for i, row in enumerate(gone):
        left.barh(i, row["percent_missing"], color=COLORS[1], height=0.6)
        words = f"{text.fixed(row['percent_missing'], 1)} % ({text.count(row['n_missing'])})"
        left.text(row["percent_missing"] + 1, i, words, va="center", fontsize=6)
    left.set_yticks(range(len(gone)), [wrapped(row["label"], 30) for row in gone])
    left.set_ylim(len(gone) - 0.5, -0.5)
    left.set_xlim(0, min(100, 1.3 * max(row["percent_missing"] for row in gone) + 12))
    left.set_xlabel("Missing, %")
    names = list(
        dict.fromkeys(name for row in patterns["missing"] for name in str(row).split("; ") if name != "none")
    )
    label_of = {row["variable"]: row["label"] for row in gone}
    cells = []
    for i, row in enumerate(patterns.head(MOST_PATTERNS).to_dict("records")):
        absent = str(row["missing"]).split("; ")
        for k, name in enumerate(names):
            is_gone = name in absent
            cells.append((name, label_of.get(name, name), i + 1, "yes" if is_gone else "no", row["n"]))
            right.plot([k], [i], marker="s", ms=8, color=COLORS[3] if is_gone else LIGHT, mec="white", ls="")
        right.text(len(names) - 0.4, i, f"{text.count(row['n'])} patients", va="center", fontsize=6)
    right.set_xticks(range(len(names)), [wrapped(label_of.get(name, name), 14) for name in names])
    right.set_xlim(-0.6, len(names) + 0.8)
    right.set_ylim(min(len(patterns), MOST_PATTERNS) - 0.5, -0.5)
    right.set_yticks([])
    right.tick_params(axis="x", length=0)
    right.spines[["left", "bottom"]].set_visible(False)
    right.set_title("Missing together (dark)", fontweight="normal", fontsize=7)
    alone = missingness[["variable", "label", "n_missing", "percent_missing"]]
    together = pd.DataFrame(cells, columns=["variable", "label", "combination", "is_missing", "n"])
    return figure, pd.concat([alone, together])
