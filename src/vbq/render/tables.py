"""Tables as they are read: text in every cell, from the study's tidy tables.

`codebook` is the mapping of `vbq.codebook.extended`; `printed` what `printed_figures` returns, or empty
where nothing is printed: then the columns for it are left out. Tidy tables are frames as
`vbq.run.read_table` reads them, `published` as text (`dtype=str, keep_default_na=False`).
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.comparison import (
    DIFFERS,
    Printed,
    Table,
    address,
    note_of_differences,
    printed_and_recomputed,
    printed_headings,
    text_frame,
)
from vbq.render.labels import (
    AGREEMENT_FORMS,
    CUTOFF_METHODS,
    INDENT,
    TESTS,
    Codebook,
    Row,
    level_key,
    level_label,
    reader_names,
    term_label,
)


def flow_table(flow: pd.DataFrame) -> Table:
    """Show the participant flow: who was left after each step."""
    rows = [
        [row["step"].replace("_", " "), str(row["reason"]), text.count(row["excluded"]), text.count(row["n"])]
        for row in flow.to_dict("records")
    ]
    columns = ["Step", "Excluded because", "Excluded", "Left"]
    return Table("Patients after each step", pd.DataFrame(rows, columns=columns, dtype=str))


def characteristics_table(
    tests: pd.DataFrame,
    groups: pd.DataFrame,
    codebook: Codebook,
    outcome: str,
    group_names: Mapping[str, str],
    group_sizes: Mapping[str, int],
    alpha: float,
    printed: Printed,
) -> Table:
    """Show Table 1: every variable in the two outcome groups, with its test.

    `tests` and `groups` are univariable.csv and univariable_groups.csv; `group_names` and
    `group_sizes` have the keys "0" and "1". P-values below `alpha` are in bold.
    """
    headings = [("Variable", ""), ("n", "")]
    for group in ("0", "1"):
        headings += printed_headings(f"{group_names[group]} (n = {group_sizes[group]})", printed)
    headings += [*printed_headings("p value", printed), ("Test", "")]

    tested = {row["variable"]: row for row in tests.to_dict("records")}
    described = {
        (row["variable"], level_key(row["level"]), level_key(row["group"])): row
        for row in groups.to_dict("records")
    }
    rows: list[list[str]] = []
    strong = set()
    for name in dict.fromkeys([*tested, *groups["variable"]]):
        if name == outcome:
            continue
        variable = codebook[name]
        levels = _levels_shown(variable)
        test = tested.get(
            name, {"p_value": None, "test": "", "n": described[name, levels[0], "all"]["n_group"]}
        )
        p_cells = printed_and_recomputed(
            printed, text.p_value(test["p_value"]), address("univariable", "p_value", variable=name)
        )
        ends = [*p_cells, TESTS.get(test["test"], "not tested")]
        if significant(test["p_value"], alpha):
            strong.add((len(rows), len(headings) - 2))
        several = len(levels) > 1
        if several:
            empty = [""] * (len(headings) - 2 - len(ends))
            rows.append([variable.label, text.count(test["n"]), *empty, *ends])
        for level in levels:
            cells = [
                cell
                for group in ("0", "1")
                for cell in _group_cells(described, variable, level, group, printed)
            ]
            if several:
                rows.append([f"{INDENT}{level_label(variable, level)}", "", *cells, *("" for _ in ends)])
            else:
                rows.append([_characteristic(variable), text.count(test["n"]), *cells, *ends])
    notes = (
        "n: patients in whom the variable is known. Values are number (%) of patients, or the mean and "
        f"standard deviation (SD) where named. Bold: p < {alpha:g}.",
        *note_of_differences(printed),
    )
    caption = f"Characteristics of {sum(group_sizes.values())} patients"
    return Table(caption, text_frame(headings, rows), notes, strong=frozenset(strong))


def _levels_shown(variable: Variable) -> list[str]:
    """Return the levels with a row in Table 1: one where the patients who have it tell all."""
    if not variable.is_categorical:
        return [""]
    return ["1"] if variable.kind == "binary" else [level_key(level) for level in variable.levels]


def _characteristic(variable: Variable) -> str:
    if variable.is_categorical:
        return variable.label
    return ", ".join([variable.label, *([variable.unit] if variable.unit else []), "mean (SD)"])


def _group_cells(
    described: Mapping[tuple[str, str, str], Row],
    variable: Variable,
    level: str,
    group: str,
    printed: Printed,
) -> list[str]:
    row = described[variable.name, level, group]
    place = {"variable": variable.name, "level": level, "group": group}
    shown = ("n", "percent") if variable.is_categorical else ("mean",)
    if variable.is_categorical:
        words = text.count_percent(row["n"], row["percent"])
    else:
        sd_of_all = described[variable.name, level, "all"]["sd"]
        words = mean_sd(row, text.decimals_of_mean(variable.step, sd_of_all))
    return printed_and_recomputed(
        printed, words, *(address("univariable_groups", column, **place) for column in shown)
    )


def mean_sd(row: Row, decimals: int) -> str:
    """Write mean (standard deviation)."""
    return f"{text.fixed(row['mean'], decimals)} ({text.fixed(row['sd'], decimals)})"


def significant(p_value: Any, alpha: float) -> bool:
    """Return whether there is a p-value and it is below alpha."""
    return text.number(p_value) < alpha


def multivariable_table(
    multivariable: pd.DataFrame, codebook: Codebook, alpha: float, confidence: float, printed: Printed
) -> Table:
    """Show Table 2: the logistic regression, the intercept last."""
    level = text.confidence_level(confidence)
    headings = [("Variable", "")]
    for heading in ("Log-odds", f"{level} CI of log-odds", "p value"):
        headings += printed_headings(heading, printed)
    headings += [(f"Odds ratio ({level} CI)", ""), ("χ² (df)", "")]
    is_intercept = multivariable["variable"] == ""
    rows: list[list[str]] = []
    strong = set()
    for row in pd.concat([multivariable[~is_intercept], multivariable[is_intercept]]).to_dict("records"):
        places = {
            column: address("multivariable", column, term=row["term"])
            for column in ("estimate", "conf_low", "conf_high", "p_value")
        }
        interval = text.interval(row["conf_low"], row["conf_high"], 3)
        low, high = (printed.get(places[column]) for column in ("conf_low", "conf_high"))
        shown = ""
        if low and high:
            mark = "" if low.agrees and high.agrees else f" {DIFFERS}"
            shown = f"{low.text}{text.DASH}{high.text}{mark}"
        if significant(row["p_value"], alpha):
            strong.add((len(rows), len(headings) - 3))
        rows.append(
            [
                term_label(row, multivariable, codebook),
                *printed_and_recomputed(printed, text.fixed(row["estimate"], 3), places["estimate"]),
                *([shown, interval] if printed else [interval]),
                *printed_and_recomputed(printed, text.p_value(row["p_value"]), places["p_value"]),
                ratio_with_interval(row),
                f"{text.fixed(row['statistic'], 2)} ({text.count(row['df'])})",
            ]
        )
    notes = [f"Bold: p < {alpha:g}."]
    if len(multivariable):
        first = multivariable.iloc[0]
        estimated = multivariable.loc[multivariable["conf_method"] != "", "conf_method"].unique()
        notes.insert(
            0,
            f"n = {text.count(first['n'])} patients with every variable, {text.count(first['n_events'])} "
            f"with the outcome. Intervals: {text.listed(estimated)}; "
            f"tests: {text.listed(multivariable['p_method'].unique())}.",
        )
    caption = "Multivariable logistic regression"
    return Table(
        caption, text_frame(headings, rows), (*notes, *note_of_differences(printed)), strong=frozenset(strong)
    )


def ratio_with_interval(row: Row) -> str:
    """Write an odds ratio with its interval, nothing where the row has none."""
    if text.missing(row["odds_ratio"]):
        return ""
    interval = text.ratio_interval(row["odds_ratio_low"], row["odds_ratio_high"])
    return f"{text.ratio(row['odds_ratio'])} ({interval})"


def discrimination_table(
    discrimination: pd.DataFrame, alpha: float, confidence: float, printed: Printed
) -> Table:
    """Show Table 3: sensitivity, specificity and AUC of every score, each with its interval."""
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
            [row["label"], _cutoff(row)]
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
        f"Intervals: {proportions + ' (proportions), ' if proportions else ''}"
        f"{text.listed(discrimination['auc_method'].unique())} (AUC). p value: "
        f"{text.listed(discrimination['p_method'].unique())} test of the logistic regression on the score. "
        f"Bold: p < {alpha:g}.",
        *note_of_differences(printed),
    )
    caption = "Sensitivity, specificity and area under the ROC curve (AUC)"
    return Table(caption, text_frame(headings, rows), notes, strong=frozenset(strong))


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


def _cutoff(row: Row) -> str:
    return str(row["cutoff"]).replace("_", " ") or text.NONE


def percentage_of(row: Row, name: str) -> str:
    """Write a fraction of a tidy table, which has its interval, as percentages."""
    return text.percentage(row[name], row[f"{name}_low"], row[f"{name}_high"])


def classification_table(discrimination: pd.DataFrame, confidence: float) -> Table:
    """Show the counts and predictive values of every score that has a cut-off."""
    level = text.confidence_level(confidence)
    rows = [
        [
            row["label"],
            _cutoff(row),
            *(text.count(row[name]) for name in ("tp", "fp", "fn", "tn")),
            *(percentage_of(row, name) for name in ("ppv", "npv", "accuracy")),
        ]
        for row in discrimination.to_dict("records")
        if str(row["cutoff"])
    ]
    columns = ["Score", "Positive if", "True +", "False +", "False −", "True −"]
    columns += [f"{name}, % ({level} CI)" for name in ("PPV", "NPV", "Accuracy")]
    methods = text.listed(filter(None, discrimination["proportion_method"].unique()))
    notes = (
        "PPV, NPV: positive and negative predictive value, at the prevalence of these patients. "
        f"Intervals: {methods}.",
    )
    return Table(
        "Classification at the cut-off", pd.DataFrame(rows, columns=columns, dtype=str), notes if rows else ()
    )


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
    notes = [f"Test: {text.listed(pairs['p_method'].unique())}. Bold: p < {alpha:g}."]
    if any(row[5].endswith("*") for row in rows):
        notes.append(
            "* One score contains the other and both are fitted to these patients: the test is not valid."
        )
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table("Differences between AUCs", frame, tuple(notes), strong=frozenset(strong))


def cutoff_table(cutoffs: pd.DataFrame, codebook: Codebook, confidence: float) -> Table:
    """Show the cut-offs that several ways of choosing give."""
    variable = codebook[cutoffs["score"].iloc[0]]
    decimals = text.decimals_of_mean(variable.step, cutoffs["cutoff"].std())
    rows = [
        [
            CUTOFF_METHODS[row["method"]],
            text.estimate(row["cutoff"], row["cutoff_low"], row["cutoff_high"], decimals),
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
    notes = (f"Intervals: {first['conf_method']}, {text.count(first['replicates'])} replicates.",)
    frame = pd.DataFrame(rows, columns=["Chosen by", *columns], dtype=str)
    return Table(f"Cut-offs: {variable.label}", frame, notes)


def agreement_table(agreement: pd.DataFrame, marker: str, confidence: float) -> Table:
    """Show the agreement between readers of a marker."""
    rows, groups = [], []
    for row in agreement.to_dict("records"):
        decimals = 3 if row["measure"] == "icc" else 2
        groups.append(reader_names(row["raters"], marker))
        rows.append(
            [
                AGREEMENT_FORMS[row["form"]],
                text.estimate(row["estimate"], row["conf_low"], row["conf_high"], decimals),
                row["conf_method"],
            ]
        )
    columns = ["Measure", f"Estimate ({text.confidence_level(confidence)} CI)", "Interval"]
    first = agreement.iloc[0]
    caption = f"Agreement of {text.count(first['k'])} readers in {text.count(first['n'])} patients"
    return Table(caption, pd.DataFrame(rows, columns=columns, dtype=str), groups=tuple(groups))


def subanalysis_table(
    tests: pd.DataFrame,
    groups: pd.DataFrame,
    codebook: Codebook,
    title: str,
    score: str,
    alpha: float,
) -> Table:
    """Show a continuous score by other variables: its mean in each level, and the test of each variable."""
    variable_of_score = codebook[score]
    decimals = text.decimals_of_mean(variable_of_score.step, groups["sd"].max() if len(groups) else 1)
    rows: list[list[str]] = []
    strong = set()
    for test in tests.to_dict("records"):
        variable = codebook[test["variable"]]
        if significant(test["p_value"], alpha):
            strong.add((len(rows), 4))
        statistic = text.NONE
        if not text.missing(test["statistic"]):
            degrees = ", ".join(
                text.count(test[name]) for name in ("df", "df_residual") if not text.missing(test[name])
            )
            statistic = f"{test['statistic_name']} = {text.fixed(test['statistic'], 2)} ({degrees})"
        label = variable.label if variable.is_categorical else f"{variable.label}{_unit(variable)}"
        rows.append([label, text.count(test["n"]), "", statistic, text.p_value(test["p_value"])])
        for row in groups[groups["variable"] == variable.name].to_dict("records"):
            words = f"{INDENT}{level_label(variable, row['level'])}"
            rows.append([words, text.count(row["n"]), mean_sd(row, decimals), "", ""])
    columns = ["Variable", "n", f"{variable_of_score.label}, mean (SD)", "Statistic (df)", "p value"]
    methods = text.listed(TESTS[test] for test in tests["test"].unique())
    notes = (f"Test: {methods} of the score on the variable. Bold: p < {alpha:g}.",)
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table(title, frame, notes, strong=frozenset(strong))


def _unit(variable: Variable) -> str:
    return f", {variable.unit}" if variable.unit else ""


def remarks_table(remarks: pd.DataFrame) -> Table:
    """Show what the ingestion had to say about the files, all cells as they are."""
    columns = ["file", "row", "column", "value", "rule", "severity", "action"]
    frame = remarks[columns].rename(columns=str.capitalize)
    return Table("Remarks on the input", frame)
