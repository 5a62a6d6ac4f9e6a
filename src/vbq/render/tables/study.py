"""Tables as they are read: text in every cell, from the study's tidy tables.

`codebook` is the mapping of `vbq.codebook.extended`; `printed` what `printed_figures` returns, or empty
where nothing is printed: then the columns for it are left out. Tidy tables are frames as
`vbq.run.read_table` reads them, `published` as text (`dtype=str, keep_default_na=False`).
"""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.comparison import (
    DIFFERS,
    Printed,
    address,
    note_of_differences,
    printed_and_recomputed,
    printed_headings,
    text_frame,
)
from vbq.render.document import Table, one_table
from vbq.render.labels import (
    AGREEMENT_FORMS,
    INDENT,
    TESTS,
    Codebook,
    Row,
    level_key,
    level_label,
    per_unit,
    reader_names,
    step_name,
    term_label,
)
from vbq.stats.contingency import EXACT_TESTS
from vbq.stats.digits import is_below

NOT_APPLIED = ("not assessed", "switched off")  # in the reason of a criterion that nobody was held against


@one_table
def flow_table(flow: pd.DataFrame, codebook: Codebook) -> Table:
    """Show the participant flow: who was left after each step.

    The reason of a step stands beside it where it left somebody out or was not applied.
    """
    rows = []
    for row in flow.to_dict("records"):
        reason = str(row["reason"])
        told = row["excluded"] > 0 or any(words in reason for words in NOT_APPLIED)
        words = _variables_named(reason, codebook) if told else ""
        rows.append([step_name(row["step"]), words, text.count(row["excluded"]), text.count(row["n"])])
    columns = ["Step", "Excluded because", "Excluded", "Left"]
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    if not frame["Excluded because"].any():
        frame = frame.drop(columns="Excluded because")
    return Table("Patients after each step", frame, sources=("flow",))


def _variables_named(reason: str, codebook: Codebook) -> str:
    """Write the labels of variables for their names, which are words with an underscore."""
    words = (codebook[word].label if "_" in word and word in codebook else word for word in reason.split())
    return " ".join(words)


@one_table
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
        words = _test_in_words(test)
        if text.missing(test["p_value"]) and _is_constant(described, variable):
            words = "constant"
        ends = [*p_cells, words]
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
    return Table(
        caption,
        text_frame(headings, rows),
        notes,
        strong=frozenset(strong),
        sources=("univariable", "univariable_groups"),
    )


def _test_in_words(test: Row) -> str:
    """Name the test that made a p value; of an exact one whose tables were drawn, also its standard error."""
    words = TESTS.get(test["test"], "not tested")
    if test["test"] in EXACT_TESTS and not text.missing(test["monte_carlo_se"]):
        return f"{words}, Monte Carlo (standard error {text.fixed(test['monte_carlo_se'], 4)})"
    return words


def _is_constant(described: Mapping[tuple[str, str, str], Row], variable: Variable) -> bool:
    """Return whether all patients have the same level, or the same number but for rounding."""
    if not variable.is_categorical:
        return text.number(described[variable.name, "", "all"]["sd"]) < 1e-9
    levels = [described[variable.name, level_key(level), "all"] for level in variable.levels]
    return sum(level["n"] > 0 for level in levels) == 1


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
    return bool(is_below(text.number(p_value), alpha))


@one_table
def effects_table(effects: pd.DataFrame, codebook: Codebook, alpha: float, confidence: float) -> Table:
    """Show the unadjusted odds ratio of every variable. `effects` is univariable_effects.csv."""
    rows: list[list[str]] = []
    strong = set()
    for _, terms in effects.groupby("variable", sort=False):
        for i, row in enumerate(terms.to_dict("records")):
            if significant(row["p_value"], alpha):
                strong.add((len(rows), 5))
            rows.append(
                [
                    term_label(row, terms, codebook),
                    *((text.count(row["n"]), text.count(row["n_events"])) if i == 0 else ("", "")),
                    ratio_with_interval(row),
                    _chi_square(row),
                    text.p_value(row["p_value"]),
                    _second_test(row),
                ]
            )
    note = (
        "Logistic regression on each variable alone, in the patients in whom it is known (n). Intervals: "
        "profile likelihood; tests: likelihood ratio; both by Firth’s penalized likelihood where the outcome "
        "is separated. The p values by which variables were selected are those of the table above; where "
        f"a different one is given here, the last column says which and why. Bold: p < {alpha:g}."
    )
    columns = ["Variable", "n", "With the outcome", f"Odds ratio ({text.confidence_level(confidence)} CI)"]
    frame = pd.DataFrame(rows, columns=[*columns, "χ² (df)", "p value", "p value of"], dtype=str)
    return Table(
        "Unadjusted odds ratios",
        frame,
        (note,),
        strong=frozenset(strong),
        sources=("univariable_effects",),
    )


def _second_test(row: Row) -> str:
    """Say whether the p value of an odds ratio is the one of the table above, and if not, which and why."""
    if text.missing(row["p_value"]):
        return ""
    above = TESTS[row["univariable_test"]]
    if not row["second_test"]:
        return f"the variable, as above ({above})"
    words = str(row["second_test"]).removeprefix("of ").replace("'", "’")
    if "[" in row["term"]:  # of a level, which has no p value there
        return words
    return f"{words}; above, {text.stated_p(row['univariable_p'])} by {above}"


def _chi_square(row: Row) -> str:
    return f"{text.fixed(row['statistic'], 2)} ({text.count(row['df'])})"


@one_table
def multivariable_table(
    multivariable: pd.DataFrame,
    codebook: Codebook,
    n_patients: int,
    alpha: float,
    confidence: float,
    printed: Printed,
) -> Table:
    """Show Table 2: the logistic regression, the intercept last.

    `n_patients` are in the analysis, with or without the variables of the regression.
    """
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
        if row["variable"] and significant(row["p_value"], alpha):
            strong.add((len(rows), len(headings) - 3))
        rows.append(
            [
                term_label(row, multivariable, codebook),
                *printed_and_recomputed(printed, text.fixed(row["estimate"], 3), places["estimate"]),
                *([shown, interval] if printed else [interval]),
                *printed_and_recomputed(printed, text.p_value(row["p_value"]), places["p_value"]),
                ratio_with_interval(row),
                _chi_square(row),
            ]
        )
    first = multivariable.iloc[0]
    estimated = multivariable.loc[multivariable["conf_method"] != "", "conf_method"].unique()
    notes = (
        f"n = {text.count(first['n'])} patients with every variable, {text.count(first['n_events'])} "
        f"with the outcome. Intervals: {text.listed(estimated)}; "
        f"tests: {text.listed(multivariable['p_method'].unique())}.",
        *note_of_incomplete({"": first["n"]}, n_patients),
        f"Bold: p < {alpha:g}.",
        *note_of_differences(printed),
    )
    caption = "Multivariable logistic regression"
    frame = text_frame(headings, rows)
    return Table(caption, frame, notes, strong=frozenset(strong), sources=("multivariable",))


def note_of_incomplete(sizes: Mapping[str, int], n_patients: int) -> tuple[str, ...]:
    """Say how many patients of the analysis lack a variable, where some do.

    `sizes` has the patients who are complete, by what they are complete for; its name is not told where
    all sizes are the same.
    """
    left_out = {name: n_patients - int(n) for name, n in sizes.items()}
    if not any(left_out.values()):
        return ()
    if len(set(left_out.values())) == 1:
        n = next(iter(left_out.values()))
        was = "was" if n == 1 else "were"
        return (f"{n} of the {n_patients} patients in the analysis {was} left out: a variable is missing.",)
    each = "; ".join(f"{name}: {n}" for name, n in left_out.items() if n)
    return (f"Of the {n_patients} patients in the analysis, left out for a missing variable: {each}.",)


def uses_penalty(methods: pd.Series) -> pd.Series:
    """Return which rows of a tidy table are from Firth's penalized likelihood, by their methods."""
    return methods.astype(str).str.contains("penalized (Firth)", regex=False)


def ratio_with_interval(row: Row) -> str:
    """Write an odds ratio with its interval, nothing where the row has none."""
    if text.missing(row["odds_ratio"]):
        return ""
    return text.ratio_estimate(row["odds_ratio"], row["odds_ratio_low"], row["odds_ratio_high"])


@one_table
def agreement_table(agreement: pd.DataFrame, marker: str, confidence: float) -> Table:
    """Show the agreement between readers of a marker."""
    rows, groups = [], []
    together = agreement.sort_values("raters", key=lambda raters: raters.map(_place(raters)), kind="stable")
    for row in together.to_dict("records"):
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
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table(caption, frame, groups=tuple(groups), sources=("agreement",))


def _place(names: pd.Series) -> dict[str, int]:
    """Return the place of each name, in the order in which they first stand."""
    return {str(name): place for place, name in enumerate(names.unique())}


@one_table
def subanalysis_table(
    tests: pd.DataFrame,
    effects: pd.DataFrame,
    groups: pd.DataFrame,
    codebook: Codebook,
    title: str,
    score: str,
    alpha: float,
    confidence: float,
) -> Table:
    """Show a continuous score by other variables: its mean in each level, differences, and tests."""
    variable_of_score = codebook[score]
    differences = {
        (row["variable"], level_key(row["level"])): text.estimate(
            row["estimate"], row["conf_low"], row["conf_high"], _decimals_of_effect(row)
        )
        for row in effects.to_dict("records")
    }
    sd = pd.to_numeric(groups["sd"], errors="coerce").max()
    decimals = text.decimals_of_mean(variable_of_score.step, sd)
    rows: list[list[str]] = []
    strong = set()
    for test in tests.to_dict("records"):
        variable = codebook[test["variable"]]
        if significant(test["p_value"], alpha):
            strong.add((len(rows), 5))
        statistic = text.NONE
        if not text.missing(test["statistic"]):
            degrees = ", ".join(
                text.count(test[name]) for name in ("df", "df_residual") if not text.missing(test[name])
            )
            statistic = f"{test['statistic_name']} = {text.fixed(test['statistic'], 2)} ({degrees})"
        label = variable.label if variable.is_categorical else per_unit(variable)
        slope = differences.get((variable.name, ""), "")
        rows.append([label, text.count(test["n"]), "", slope, statistic, text.p_value(test["p_value"])])
        levels = groups[groups["variable"] == variable.name].to_dict("records")
        for i, row in enumerate(levels):
            words = f"{INDENT}{level_label(variable, row['level'])}"
            difference = differences.get((variable.name, level_key(row["level"])), text.NONE)
            shown = difference if i else "reference"
            rows.append([words, text.count(row["n"]), mean_sd(row, decimals), shown, "", ""])
    columns = [
        *("Variable", "n", f"{variable_of_score.label}, mean (SD)"),
        *(f"Difference ({text.confidence_level(confidence)} CI)", "Statistic (df)", "p value"),
    ]
    methods = text.listed(TESTS[test] for test in tests["test"].unique())
    notes = (
        "Difference: of the mean from that of the reference level, or per unit of a continuous variable; t "
        f"interval of the linear regression. Test: {methods} of the score on the variable. Bold: "
        f"p < {alpha:g}.",
    )
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table(title, frame, notes, strong=frozenset(strong))


def _decimals_of_effect(row: Row) -> int:
    """Return with how many decimals a difference is written: enough for two digits of its standard error."""
    std_error = text.number(row["std_error"])
    return max(2, 1 - math.floor(math.log10(std_error))) if std_error > 0 else 2


@one_table
def remarks_table(remarks: pd.DataFrame) -> Table:
    """Show what the ingestion had to say about the files, all cells as they are."""
    columns = ["file", "row", "column", "value", "rule", "severity", "action"]
    frame = remarks[columns].rename(columns=str.capitalize)
    return Table("Remarks on the input", frame)
