"""Tables of an external validation: text in every cell, as in `vbq.render.tables.study`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.document import Table, one_table
from vbq.render.labels import INDENT, Row
from vbq.validation import COMPLETE, IMPUTED

MEASURES = {
    "auc": ("AUC", 2),
    "positive": ("Called positive, %", 1),
    "sensitivity": ("Sensitivity, %", 1),
    "specificity": ("Specificity, %", 1),
    "ppv": ("Positive predictive value, %", 1),
    "npv": ("Negative predictive value, %", 1),
    "likelihood_ratio_positive": ("Positive likelihood ratio", 2),
    "likelihood_ratio_negative": ("Negative likelihood ratio", 2),
    "observed_expected": ("Observed / expected events", 2),
    "calibration_in_the_large": ("Calibration in the large (intercept, slope 1)", 2),
    "calibration_in_the_large_profile": ("The same, profile likelihood", 2),
    "calibration_slope": ("Calibration slope", 2),
    "calibration_test": ("Intercept 0 and slope 1", 2),
    "brier": ("Brier score", 3),
    "scaled_brier": ("Scaled Brier score", 2),
    "ici": ("ICI (mean distance of the curve)", 3),
    "e50": ("E50 (median distance)", 3),
    "e90": ("E90 (ninth decile)", 3),
}
SHOWN_THRESHOLDS = (5, 10, 15, 20, 25, 30, 40, 50)  # percent, of the decision curve's table


@dataclass(frozen=True)
class Validation:
    """What a validation is told from: tables by name, plan, what the rules' sources print, codebook."""

    tables: Mapping[str, pd.DataFrame]
    plan: Mapping[str, Any]
    published: Mapping[str, Mapping[str, float]]
    codebook: Mapping[str, Variable]

    @property
    def labels(self) -> dict[str, str]:
        """The label of each rule."""
        rules = self.tables["rules"]
        return dict(zip(rules["rule"], rules["label"], strict=True))

    def row(self, table: str, **where: str) -> Row | None:
        """Return the first row of a table in which columns have these values, None where there is none."""
        found = self.tables[table]
        for column, value in where.items():
            found = found[found[column].astype(str) == value]
        return None if found.empty else found.iloc[0].to_dict()


def _table(caption: str, headings: list[str], rows: list[list[str]], **more: Any) -> Table:
    return Table(caption, pd.DataFrame(rows, columns=headings, dtype=str), **more)


@one_table
def rules_table(rules: pd.DataFrame) -> Table:
    """Show what the rules are, need and leave out."""
    rows, groups = [], []
    for _, of_rule in rules.groupby("rule", sort=False):
        first = of_rule.iloc[0]
        needs = " ".join(f"{row['variable']}: {row['definition']}" for row in of_rule.to_dict("records"))
        size = f"{text.count(first['n'])}, {text.count(first['n_events'])} with the outcome"
        for name, words in (
            ("Source", first["source"]),
            ("Needs", needs),
            ("Patients who have it", size),
            ("Tested", first["tested"]),
            ("Not tested", first["not_tested"]),
            ("Risks", first["risks_from"] or first["basis"]),
            ("Left out by its source", first["left_out"]),
        ):
            if words:
                rows.append([name, str(words)])
                groups.append(str(first["label"]))
    return _table(
        "The rules, and what can be tested with them", ["What", "In words"], rows, groups=tuple(groups)
    )


@one_table
def case_mix_table(case_mix: pd.DataFrame, codebook: Mapping[str, Variable]) -> Table:
    """Show every variable in both cohorts."""
    rows = []
    for row in case_mix.to_dict("records"):
        variable = codebook[row["variable"]]
        levels = {str(key): label for key, label in variable.levels.items()}
        label = f"{INDENT}{levels[row['level']]}" if row["level"] else variable.label
        cells = [_case_mix_cell(row, variable, sample) for sample in ("development", "validation")]
        difference = "" if row["level"] else text.fixed(row["standardized_difference"], 2)
        rows.append([label, *cells, difference])
    notes = (
        "Mean (SD), or patients (%), with the number who have a value.",
        "Standardized difference: of means, validation minus development, over the root of the mean "
        "variance; of categories, the Mahalanobis distance of the shares, never negative.",
    )
    headings = ["Variable", "Development", "Validation", "Standardized difference"]
    return _table("Case mix", headings, rows, notes=notes)


def _case_mix_cell(row: Mapping[Any, Any], variable: Variable, sample: str) -> str:
    """Write a variable, or a level of it, in one cohort."""
    if row["level"]:
        has_values = not text.missing(row[f"count_{sample}"])
        return (
            text.count_percent(row[f"count_{sample}"], row[f"percent_{sample}"]) if has_values else text.NONE
        )
    size = f"n = {text.count(row[f'n_{sample}'])}"
    if variable.is_categorical or text.missing(row[f"mean_{sample}"]):
        return size
    decimals = text.decimals_of_mean(variable.step, row[f"sd_{sample}"])
    numbers = [text.fixed(row[f"{name}_{sample}"], decimals) for name in ("mean", "sd")]
    return f"{numbers[0]} ({numbers[1]}) {size}"


@one_table
def distribution_table(distributions: pd.DataFrame) -> Table:
    """Show the distribution of scores and linear predictors in both cohorts."""
    rows = []
    for row in distributions.to_dict("records"):
        if not text.missing(row["mean"]):
            numbers = [text.fixed(row[name], 2) for name in ("mean", "sd", "p5", "q1", "median", "q3", "p95")]
            rows.append([str(row["label"]), str(row["sample"]).capitalize(), text.count(row["n"]), *numbers])
    headings = ["Quantity", "Cohort", "n", "Mean", "SD", "5 %", "25 %", "Median", "75 %", "95 %"]
    notes = ("Linear predictor: log-odds; without the intercept where none was printed.",)
    return _table("Distributions", headings, rows, notes=notes)


@one_table
def precision_table(validation: Validation) -> Table:
    """Show expected interval widths, and what the targets need."""
    rows, groups = [], []
    for row in validation.tables["precision"].to_dict("records"):
        groups.append(validation.labels[row["rule"]])
        rows.append(
            [
                MEASURES[row["measure"]][0].removesuffix(", %"),
                f"{text.fixed(row['anticipated'], 2)} ({row['anticipated_from']})",
                text.fixed(row["expected_width"], 3),
                text.fixed(row["target_width"], 2),
                f"{text.count(row['n_needed'])} ({text.count(row['events_needed'])})",
                str(row["sufficient"]),
            ]
        )
    headings = ["Measure", "Anticipated", "Expected width", "Wanted", "Patients needed (with the outcome)"]
    notes = (
        "Criteria of Riley et al. 2021. Of these patients only number, prevalence and predictors are used.",
    )
    caption = "Expected width of intervals, before any estimate"
    return _table(caption, [*headings, "Enough"], rows, groups=tuple(groups), notes=notes)


@one_table
def missing_table(missingness: pd.DataFrame) -> Table:
    """Show how often each variable is missing."""
    shares = ("percent_missing", "percent_missing_with", "percent_missing_without")
    rows = [
        [str(row["label"]), text.count(row["n_missing"]), *(text.fixed(row[name], 1) for name in shares)]
        for row in missingness.to_dict("records")
    ]
    headings = ["Variable", "Missing", "%", "% of those with the outcome", "% of those without"]
    return _table("Missing values", headings, rows)


def _cell(row: Mapping[Any, Any] | None) -> str:
    if row is None:
        return ""
    label, decimals = MEASURES[row["measure"]]
    scale = 100 if label.endswith("%") else 1
    values = [scale * text.number(row[name]) for name in ("estimate", "conf_low", "conf_high")]
    estimate, low, high = values
    return text.estimate(estimate, low, high, decimals)


@one_table
def performance_table(validation: Validation, level: str) -> Table:
    """Show every measure of every rule, in complete cases and after imputation."""
    performance = validation.tables["performance"]
    rows, groups = [], []
    for (rule, measure), found in performance.groupby(["rule", "measure"], sort=False):
        by_analysis = {row["analysis"]: row for row in found.to_dict("records")}
        complete = by_analysis.get(COMPLETE)
        label, decimals = MEASURES[str(measure)]
        published = validation.published.get(str(rule), {}).get(str(measure))
        scale = 100 if label.endswith("%") else 1
        first = complete or found.iloc[0].to_dict()
        groups.append(validation.labels[str(rule)])
        rows.append(
            [
                label,
                "" if published is None else text.fixed(scale * published, decimals),
                "" if measure == "calibration_test" else _cell(complete),
                "" if measure == "calibration_test" else _cell(by_analysis.get(IMPUTED)),
                "" if text.missing(first["p_value"]) else text.p_value(first["p_value"]),
                str(first["conf_method"] or first["p_method"]),
                str(first["basis"]),
            ]
        )
    sizes = {
        validation.labels[
            str(rule)
        ]: f"{text.count(found['n'].iloc[0])} ({text.count(found['n_events'].iloc[0])})"
        for rule, found in performance[performance["analysis"] == COMPLETE].groupby("rule", sort=False)
    }
    notes = (
        "Complete cases, patients (with the outcome): "
        f"{'; '.join(f'{label}: {n}' for label, n in sizes.items())}.",
        "p value: against perfect calibration (intercept 0, slope 1, or both), likelihood ratio; for "
        "calibration in the large also Wald with the sandwich standard error, which does not assume that "
        "the slope is 1.",
        *_note_of_pooling(performance),
    )
    headings = ["Measure", "Published", f"Complete cases ({level} CI)", f"Imputed ({level} CI)", "p value"]
    return _table("Performance", [*headings, "Interval", "Basis"], rows, groups=tuple(groups), notes=notes)


def _note_of_pooling(performance: pd.DataFrame) -> tuple[str, ...]:
    imputed = performance[performance["analysis"] == IMPUTED]
    if imputed.empty:
        return ()
    n, m = (text.count(imputed[name].iloc[0]) for name in ("n", "imputations"))
    return (
        f"Imputed: {n} patients, {m} imputations by chained equations, pooled by Rubin's rules (logit "
        "scale for proportions and AUC, log scale for ratios and distances; Barnard-Rubin degrees of "
        "freedom).",
    )


@one_table
def pairs_table(validation: Validation, level: str) -> Table:
    """Show differences between AUCs."""
    rows = []
    for row in validation.tables["pairs"].to_dict("records"):
        labels = [validation.labels[row[name]] for name in ("rule_1", "rule_2")]
        rows.append(
            [
                f"{labels[0]} minus {labels[1]}",
                str(row["analysis"]),
                text.count(row["n"]),
                f"{text.fixed(row['auc_1'], 2)}, {text.fixed(row['auc_2'], 2)}",
                text.estimate(row["difference"], row["conf_low"], row["conf_high"], 2),
                text.p_value(row["p_value"]),
            ]
        )
    headings = ["Rules", "Analysis", "n", "AUCs", f"Difference ({level} CI)", "p value"]
    return _table("Differences between AUCs", headings, rows, notes=("Paired DeLong.",) if rows else ())


@one_table
def patterns_table(validation: Validation, level: str) -> Table:
    """Show calibration by risk pattern."""
    rows, groups = [], []
    for row in validation.tables["patterns"].to_dict("records"):
        groups.append(validation.labels[row["rule"]])
        ends = [text.fixed(100 * text.number(row[name]), 1) for name in ("risk_low", "risk_high")]
        rows.append(
            [
                str(row["pattern"]),
                f"{text.count(row['n_events'])} of {text.count(row['n'])}",
                text.percentage(row["observed"], row["conf_low"], row["conf_high"]),
                ends[0] if ends[0] == ends[1] else text.DASH.join(ends),
                text.p_value(row["p_value"]),
            ]
        )
    headings = ["Pattern", "With the outcome", f"Observed, % ({level} CI)", "Risk of the rule, %", "p value"]
    notes = (
        "Clopper-Pearson intervals; exact binomial test of the rule's risk (of the middle, where it is a "
        "range).",
    )
    return _table("Calibration by pattern", headings, rows, groups=tuple(groups), notes=notes)


@one_table
def decision_table(validation: Validation, level: str) -> Table:
    """Show net benefit at some thresholds."""
    rows, groups = [], []
    for row in validation.tables["decision"].to_dict("records"):
        if round(100 * row["threshold"]) not in SHOWN_THRESHOLDS:
            continue
        groups.append(f"{validation.labels[row['rule']]}: {row['strategy']}")
        rows.append(
            [
                text.fixed(100 * row["threshold"], 0),
                text.estimate(row["net_benefit"], row["net_benefit_low"], row["net_benefit_high"], 3),
                text.fixed(row["treat_all"], 3),
                text.estimate(row["above_all"], row["above_all_low"], row["above_all_high"], 3),
            ]
        )
    headings = ["Threshold, %", f"Net benefit ({level} CI)", "Of treating all", f"Difference ({level} CI)"]
    notes = ("Treating nobody has a net benefit of 0. Intervals: Wald, of means over patients.",)
    return _table("Net benefit", headings, rows, groups=tuple(groups), notes=notes)


@one_table
def subgroups_table(validation: Validation, level: str) -> Table:
    """Show the rules in subgroups."""
    table = validation.tables["subgroups"]
    table = table[table["level"] != ""]
    shown = ("auc", "positive", "sensitivity", "specificity", "observed_expected")
    rows, groups = [], []
    for (rule, name, label), found in table.groupby(["rule", "subgroup_label", "level_label"], sort=False):
        by_measure = {row["measure"]: row for row in found.to_dict("records")}
        first = found.iloc[0]
        groups.append(validation.labels[str(rule)])
        size = f"{text.count(first['n'])} ({text.count(first['n_events'])})"
        rows.append([f"{name}: {label}", size, *(_cell(by_measure.get(measure)) for measure in shown)])
    headings = [
        "Subgroup",
        "n (with the outcome)",
        *(f"{MEASURES[measure][0]} ({level} CI)" for measure in shown),
    ]
    minimum = validation.plan["validation"]["subgroups"]["minimum"]
    notes = (f"{text.NONE}: fewer than {minimum} patients with, or without, the outcome.",)
    return _table("Performance in subgroups", headings, rows, groups=tuple(groups), notes=notes)


@one_table
def tests_table(validation: Validation) -> Table:
    """Show the tests of whether subgroups differ."""
    names = {
        "level_difference": "Risk at the same prediction",
        "interaction": "Slope of the rule (interaction)",
    }
    table = validation.tables["subgroups"]
    rows, groups = [], []
    for row in table[table["level"] == ""].to_dict("records"):
        measure = str(row["measure"])
        what = names.get(measure)
        if what is None:
            what = f"Mean of {validation.codebook[measure.removeprefix('mean_')].label}"
        groups.append(str(row["label"]))
        rows.append(
            [
                f"{row['subgroup_label']}: {what}",
                text.count(row["n"]),
                text.estimate(row["estimate"], row["conf_low"], row["conf_high"], 2),
                text.p_value(row["p_value"]),
                str(row["p_method"]),
            ]
        )
    headings = ["Test", "n", "Difference, or log-odds", "p value", "Method"]
    notes = ("No correction for the number of tests.",)
    return _table("Do subgroups differ?", headings, rows, groups=tuple(groups), notes=notes)


@one_table
def updating_table(validation: Validation, level: str) -> Table:
    """Show how the updated rules perform, apparent and corrected."""
    rows, groups = [], []
    for row in validation.tables["updating"].to_dict("records"):
        label, decimals = MEASURES[row["measure"]]
        groups.append(validation.labels[row["rule"]])
        chosen = f"{row['update']} (chosen)" if row["chosen"] == "yes" else str(row["update"])
        rows.append(
            [
                chosen,
                label,
                text.fixed(row["apparent"], decimals),
                text.fixed(row["optimism"], decimals),
                text.corrected(
                    row["corrected"], row["conf_low"], row["conf_high"], row["beyond_range"], decimals
                ),
                str(row["conf_method"]),
            ]
        )
    headings = ["Update", "Index", "Apparent", "Optimism", f"Corrected ({level} CI)", "Interval"]
    table = validation.tables["updating"]
    notes: tuple[str, ...] = ()
    if len(table):
        first = table.iloc[0]
        notes = (
            f"Optimism: bootstrap of all patients, {text.count(first['replicates'])} replicates; every "
            "update and the closed test are made again in each; mean over replicates, median for the slope. "
            "What an update leaves as it is (ranks and slope, by a new intercept) has no optimism, and the "
            "interval of the table Performance.",
            "An update by maximum likelihood has intercept 0 and slope 1 in the patients whom it is made "
            "from, by construction: the apparent ones say nothing, and what the bootstrap makes of them has "
            "no interval. With Firth's penalty they are near 0 and 1.",
            "A limit beyond what an index can be is cut off there.",
            "Chosen: by the closed testing procedure (Vergouwe et al. 2017).",
        )
    return _table("Updated rules: performance", headings, rows, groups=tuple(groups), notes=notes)


@one_table
def models_table(validation: Validation, level: str) -> Table:
    """Show the coefficients of the updated rules."""
    rows, groups = [], []
    for row in validation.tables["updated_rules"].to_dict("records"):
        groups.append(validation.labels[row["rule"]])
        chosen = f"{row['update']} (chosen)" if row["chosen"] == "yes" else str(row["update"])
        estimate = text.fixed(row["estimate"], 3)
        if not text.missing(row["conf_low"]):
            estimate = text.estimate(row["estimate"], row["conf_low"], row["conf_high"], 3)
        rows.append([chosen, _term(str(row["term"]), validation.codebook), estimate, str(row["method"])])
    headings = ["Update", "Term", f"Log-odds ({level} CI)", "Method"]
    notes = (
        "Linear predictor: the factor by which the rule's own is multiplied. Intervals: profile likelihood "
        "of the one update; that the closed test chose among them is not in it.",
    )
    return _table("Updated rules: coefficients", headings, rows, groups=tuple(groups), notes=notes)


def _term(term: str, codebook: Mapping[str, Variable]) -> str:
    """Write a term of a rule, `vbq>3`, with the label of its variable."""
    name = re.split(r"\W", term, maxsplit=1)[0]
    if name not in codebook:
        return term.strip("()").capitalize()
    condition = re.sub("[<>]", " \\g<0> ", term.removeprefix(name))
    return f"{codebook[name].label}{condition}"
