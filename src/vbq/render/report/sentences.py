"""What an external validation found, in sentences, each with the rows that it quotes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vbq.render import numbers as text
from vbq.render.tables.study import significant
from vbq.render.tables.validation import Validation
from vbq.validation import COMPLETE, IMPUTED

NOTABLE = 0.25  # standardized difference from which on groups are called different (Stuart 2010)
MOST_NAMED = 6
WORDS = {
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "observed_expected": "observed over expected events",
    "calibration_slope": "calibration slope",
}
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Sentence:
    """One sentence, the part of the page where it stands, and the rows that it quotes."""

    topic: str
    sentence: str
    rows: str


def quoted(table: str, **where: str) -> str:
    """Name the rows of a table that a sentence quotes."""
    rows = "; ".join(f"{column}={value}" for column, value in where.items())
    return f"{table}.csv: {rows}" if rows else f"{table}.csv"


def sentences(validation: Validation) -> list[Sentence]:
    """Return every sentence, in the order of the page."""
    return [sentence for tell in TOLD for sentence in tell(validation)]


def summary(validation: Validation) -> str:
    """Say in one line what was found: patients, events, and each rule's AUC beside the published one.

    An AUC is of the patients in whom its rule is known, whose number stands with it.
    """
    outcome = validation.row("case_mix", variable=validation.plan["outcome"]["variable"], level="1")
    n = int(validation.tables["missing_patterns"]["n"].sum())
    found = []
    for name, label in validation.labels.items():
        row = validation.row("performance", rule=name, measure="auc", analysis=COMPLETE)
        if row is not None and not text.missing(row["estimate"]):
            found.append(
                f"{label} {_estimate(row, 2)} in {text.count(row['n'])}{_published(validation, name, 'auc')}"
            )
    events = f", {text.count(outcome['count_validation'])} with the outcome" if outcome else ""
    words = f"{n} patients{events}"
    if not found:
        return f"{words}: no AUC can be estimated."
    return f"{words}. AUC in complete cases: {'; '.join(found)}."


def _estimate(row: Row, decimals: int) -> str:
    return text.estimate(row["estimate"], row["conf_low"], row["conf_high"], decimals)


def _p(row: Row) -> str:
    return text.stated_p(row["p_value"])


def _published(validation: Validation, rule: str, measure: str) -> str:
    value = validation.published.get(rule, {}).get(measure)
    return "" if value is None else f", published {text.fixed(value, 2)}"


def _prevalence(validation: Validation) -> Iterator[Sentence]:
    outcome = validation.plan["outcome"]["variable"]
    where = {"variable": outcome, "level": "1"}
    row = validation.row("case_mix", **where)
    if row is None or text.missing(row["percent_validation"]):
        return
    here, there = row["percent_validation"], text.number(row["percent_development"])
    label = validation.codebook[outcome].label
    words = f"{label}: {text.fixed(here, 1)} % of the patients"
    if text.number(row["count_development"]) > 0:
        words += f", {text.fixed(there, 1)} % in the cohort in which the rules were made."
        if abs(here - there) > 10:
            far = "far rarer" if here < there else "far more frequent"
            words += (
                f" The outcome is {far} here: risks and predictive values of that cohort cannot hold, "
                "whatever the rules are worth; discrimination can."
            )
    else:
        words += "."
    yield Sentence("comparability", words, quoted("case_mix", **where))


def _case_mix(validation: Validation) -> Iterator[Sentence]:
    table = validation.tables["case_mix"]
    table = table[table["variable"] != validation.plan["outcome"]["variable"]]
    sizes = pd.to_numeric(table["standardized_difference"], errors="coerce").abs()
    different = table[sizes > NOTABLE]
    compared = int(sizes.notna().sum())
    if not compared:
        return
    ordered = different.loc[sizes[different.index].sort_values(ascending=False, kind="stable").index]
    named = [
        f"{row['label']} ({text.fixed(row['standardized_difference'], 2)})"
        for row in ordered.head(MOST_NAMED).to_dict("records")
    ]
    more = len(ordered) - len(named)
    words = (
        f"Of {compared} variables that both cohorts have, {len(ordered)} differ by more than {NOTABLE:g} "
        "standard "
    )
    words += (
        f"deviations{': ' + text.listed(named) if named else ''}{f', and {more} more' if more > 0 else ''}."
    )
    yield Sentence("comparability", words, quoted("case_mix", variable="each"))


def _membership(validation: Validation) -> Iterator[Sentence]:
    if validation.tables["membership"].empty:
        return
    row = validation.tables["membership"].iloc[0].to_dict()
    _, *names = (validation.codebook[name].label for name in str(row["variables"]).split("; "))
    words = (
        f"A regression on the outcome, {text.listed(names)} tells a patient of this cohort from one of the "
        f"other with a c-statistic of {text.estimate(row['auc'], row['conf_low'], row['conf_high'], 2)}: "
    )
    auc = text.number(row["auc"])
    if auc < 0.6:
        words += "the cohorts are alike, and this is a test of reproducibility."
    else:
        words += "the cohorts differ, and this is a test of how far the rules carry over."
    yield Sentence("comparability", words, quoted("membership"))


def _precision(validation: Validation) -> Iterator[Sentence]:
    for name, rows in validation.tables["precision"].groupby("rule", sort=False):
        parts, enough = [], []
        for row in rows.to_dict("records"):
            words = WORDS[row["measure"]]
            if row["sufficient"] == "yes":
                enough.append(words)
            elif row["sufficient"] == "no":
                parts.append(
                    f"{words}: {text.fixed(row['expected_width'], 3)} (wanted "
                    f"{text.fixed(row['target_width'], 2)}, which takes {text.count(row['n_needed'])} "
                    f"patients, {text.count(row['events_needed'])} with the outcome)"
                )
        first = rows.iloc[0]
        size = f"{text.count(first['n'])} patients, {text.count(first['n_events'])} with the outcome"
        label = validation.labels[str(name)]
        if parts:
            words = (
                f"{label}, {size}: intervals will be wider than wanted. Expected width of {'; '.join(parts)}."
            )
            words += f" Narrow enough: {text.listed(enough)}." if enough else ""
        else:
            words = f"{label}, {size}: enough for every interval wanted."
        yield Sentence("precision", words, quoted("precision", rule=str(name)))


def _missing(validation: Validation) -> Iterator[Sentence]:
    patterns = validation.tables["missing_patterns"]
    total = int(patterns["n"].sum())
    whole = int(patterns.loc[patterns["missing"] == "none", "n"].sum())
    if whole == total:
        yield Sentence("missing", "No patient lacks a variable of the rules.", quoted("missing_patterns"))
        return
    words = (
        f"{total - whole} of {total} patients ({text.fixed(100 * (total - whole) / total, 1)} %) lack a "
        "variable of the rules."
    )
    analyses = validation.tables["performance"]
    imputed = analyses[analyses["analysis"] == IMPUTED]
    if len(imputed):
        m = text.count(imputed["imputations"].iloc[0])
        words += (
            f" Both analyses are shown: complete cases, and multiple imputation by chained equations ({m} "
            "imputations, pooled by Rubin's rules), which holds if what is missing depends on what is "
            "known."
        )
    yield Sentence("missing", words, quoted("missing_patterns"))
    for name, label in validation.labels.items():
        where = {"rule": name, "measure": "auc"}
        complete = validation.row("performance", **where, analysis=COMPLETE)
        pooled = validation.row("performance", **where, analysis=IMPUTED)
        if complete is not None and pooled is not None and not text.missing(pooled["conf_low"]):
            words = (
                f"{label}: AUC {_estimate(complete, 2)} in the {text.count(complete['n'])} complete cases, "
                f"{_estimate(pooled, 2)} after imputation in {text.count(pooled['n'])} patients."
            )
            yield Sentence("missing", words, quoted("performance", **where, analysis="both"))


def _discrimination(validation: Validation) -> Iterator[Sentence]:
    for name, label in validation.labels.items():
        where = {"rule": name, "measure": "auc", "analysis": COMPLETE}
        row = validation.row("performance", **where)
        if row is None:
            continue
        if text.missing(row["estimate"]):
            yield Sentence(
                "discrimination", f"{label}: no AUC, {row['note']}.", quoted("performance", **where)
            )
            continue
        words = f"{label}: AUC {_estimate(row, 2)} in {text.count(row['n'])} patients"
        published = validation.published.get(name, {}).get("auc")
        if published is None:
            words += "; its source prints none."
        else:
            words += f"; published {text.fixed(published, 2)}, {_place(row, published)}."
        if text.number(row["conf_low"]) <= 0.5 <= text.number(row["conf_high"]):
            words += " The interval includes 0.5, the AUC of a rule that tells nothing."
        yield Sentence("discrimination", words, quoted("performance", **where))


def _place(row: Row, published: float) -> str:
    """Say where a published value lies with respect to the interval found here."""
    if text.number(row["conf_high"]) < published:
        return "which is above the interval"
    if text.number(row["conf_low"]) > published:
        return "which is below the interval"
    return "which is in the interval"


def _cutoff(validation: Validation) -> Iterator[Sentence]:
    for name, label in validation.labels.items():
        rows = {
            measure: validation.row("performance", rule=name, measure=measure, analysis=COMPLETE)
            for measure in ("sensitivity", "specificity", "ppv", "npv")
        }
        if any(row is None for row in rows.values()):
            continue
        parts = []
        for measure, row in rows.items():
            assert row is not None
            words = {"ppv": "positive predictive value", "npv": "negative predictive value"}.get(
                measure, measure
            )
            part = f"{words} {text.percentage(row['estimate'], row['conf_low'], row['conf_high'])} %"
            published = validation.published.get(name, {}).get(measure)
            if published is not None:
                part += f", published {text.fixed(100 * published, 1)} %, {_place(row, published)}"
            parts.append(part)
        where = {"rule": name, "measure": "sensitivity to npv", "analysis": COMPLETE}
        yield Sentence("discrimination", f"{label}: {'; '.join(parts)}.", quoted("performance", **where))


def _pairs(validation: Validation) -> Iterator[Sentence]:
    for row in validation.tables["pairs"].to_dict("records"):
        if row["analysis"] != COMPLETE:
            continue
        first, second = (validation.labels[row[name]] for name in ("rule_1", "rule_2"))
        difference = text.estimate(row["difference"], row["conf_low"], row["conf_high"], 2)
        words = (
            f"AUC of {first} minus that of {second}: {difference}, {_p(row)} ({text.count(row['n'])} "
            "patients)."
        )
        where = {"rule_1": row["rule_1"], "rule_2": row["rule_2"], "analysis": COMPLETE}
        yield Sentence("discrimination", words, quoted("pairs", **where))


def _terms(validation: Validation) -> Iterator[Sentence]:
    alpha = validation.plan["alpha"]
    for name, rows in validation.tables["terms"].groupby("rule", sort=False):
        parts = []
        for row in rows.to_dict("records"):
            adds = "adds to the others" if significant(row["p_value"], alpha) else "is not shown to add"
            published = (
                f", published {text.fixed(row['published'], 2)}" if not text.missing(row["published"]) else ""
            )
            parts.append(f"{row['label']} {adds} (log-odds {_estimate(row, 2)}{published}; {_p(row)})")
        words = f"{validation.labels[str(name)]}, fitted to these patients: {'; '.join(parts)}."
        yield Sentence("discrimination", words, quoted("terms", rule=str(name)))


def _calibration(validation: Validation) -> Iterator[Sentence]:
    rules = validation.tables["rules"]
    not_tested = dict(zip(rules["rule"], rules["not_tested"].astype(str), strict=True))
    for name, label in validation.labels.items():
        row = validation.row("performance", rule=name, measure="observed_expected", analysis=COMPLETE)
        if row is not None:
            ratio, low, high = (text.number(row[key]) for key in ("estimate", "conf_low", "conf_high"))
            words = f"{label}: {row['note']}; observed over expected {_estimate(row, 2)}."
            if high < 1:
                factor = f" by a factor of {text.fixed(1 / ratio, 1)}" if ratio > 0 else ""
                words += f" The rule's risks are too high{factor}."
            elif low > 1:
                words += f" The rule's risks are too low by a factor of {text.fixed(ratio, 1)}."
            else:
                words += " The interval includes 1: no misjudgement of the mean risk is shown."
            where = {"rule": name, "measure": "observed_expected", "analysis": COMPLETE}
            yield Sentence("calibration", words, quoted("performance", **where))
        elif not_tested[name]:
            words = f"{label}: not tested: {not_tested[name]}."
            yield Sentence("calibration", words, quoted("rules", rule=name))
        yield from _slope(validation, name, label)
        yield from _patterns(validation, name, label)


def _slope(validation: Validation, name: str, label: str) -> Iterator[Sentence]:
    where = {"rule": name, "measure": "calibration_slope", "analysis": COMPLETE}
    row = validation.row("performance", **where)
    if row is None:
        return
    low, high = (text.number(row[key]) for key in ("conf_low", "conf_high"))
    words = f"{label}: calibration slope {_estimate(row, 2)}; against 1, {_p(row)}."
    if high < 1:
        words += " The rule's predictions are too extreme."
    elif low > 1:
        words += " The rule's predictions are not extreme enough."
    else:
        words += " The interval includes 1."
    yield Sentence("calibration", words, quoted("performance", **where))


def _patterns(validation: Validation, name: str, label: str) -> Iterator[Sentence]:
    rows = validation.tables["patterns"]
    rows = rows[(rows["rule"] == name) & rows["n"].gt(0)]
    known = rows[pd.to_numeric(rows["risk"], errors="coerce").notna()]
    if known.empty:
        return
    parts = []
    for row in known.to_dict("records"):
        outside = not (
            text.number(row["conf_low"]) <= text.number(row["risk_high"])
            and text.number(row["risk_low"]) <= text.number(row["conf_high"])
        )
        risk = _risk_range(row)
        observed = text.percentage(row["observed"], row["conf_low"], row["conf_high"])
        parts.append(
            f"{row['pattern']}: {text.count(row['n_events'])} of {text.count(row['n'])}, {observed} %, "
            f"risk of the rule {risk} %{', outside' if outside else ''}"
        )
    words = f"{label}, by pattern: {'; '.join(parts)}."
    yield Sentence("calibration", words, quoted("patterns", rule=name))


def _risk_range(row: Row) -> str:
    low, high = (text.fixed(100 * text.number(row[key]), 1) for key in ("risk_low", "risk_high"))
    return low if low == high else f"{low}{text.DASH}{high}"


def _decision(validation: Validation) -> Iterator[Sentence]:
    for name, rows in validation.tables["decision"].groupby("rule", sort=False):
        numbers = rows[["threshold", "net_benefit", "net_benefit_low", "above_all", "above_all_low"]]
        numbers = numbers.apply(pd.to_numeric, errors="coerce")
        better = numbers[(numbers["net_benefit"] > 0) & (numbers["above_all"] > 0)]
        shown = numbers[(numbers["net_benefit_low"] > 0) & (numbers["above_all_low"] > 0)]
        ends = f"{_percent(numbers['threshold'].min())} to {_percent(numbers['threshold'].max())} %"
        label = validation.labels[str(name)]
        step = 0.011
        if better.empty:
            words = (
                f"{label}: at no threshold from {ends} is treating by the rule better than both treating "
                "all and treating nobody."
            )
        else:
            words = (
                f"{label}: treating by the rule has a higher net benefit than treating all and treating "
                f"nobody at thresholds of {_ranges(better['threshold'], step)}"
            )
            words += (
                f"; both differences are shown (intervals above 0) at {_ranges(shown['threshold'], step)}."
                if len(shown)
                else "; at none of them do the intervals of both differences exclude 0."
            )
        basis = str(rows["basis"].iloc[0])
        words += (
            f" Risks: {basis}, so that this is no test of the published rule."
            if "re-estimated" in basis
            else ""
        )
        yield Sentence("decision", words, quoted("decision", rule=str(name)))


def _percent(threshold: float) -> str:
    return text.fixed(100 * threshold, 0)


def _ranges(thresholds: pd.Series, step: float) -> str:
    """Write thresholds as ranges: 8 to 12 % and 20 %."""
    values = list(thresholds)
    runs = [[values[0]]]
    for value in values[1:]:
        if value - runs[-1][-1] > step:
            runs.append([])
        runs[-1].append(value)
    words = [
        _percent(run[0]) if len(run) == 1 else f"{_percent(run[0])} to {_percent(run[-1])}" for run in runs
    ]
    return f"{text.listed(words)} %"


def _subgroups(validation: Validation) -> Iterator[Sentence]:
    table = validation.tables["subgroups"]
    tests = table[table["level"] == ""]
    alpha = validation.plan["alpha"]
    seen = set()
    for row in tests.to_dict("records"):
        key = (row["subgroup"], row["measure"])
        if not str(row["measure"]).startswith("mean_") or key in seen:
            continue
        if significant(row["p_value"], alpha) and not text.missing(row["estimate"]):
            seen.add(key)
            yield from _shift(validation, row)
    tested = tests[tests["measure"].isin(["interaction", "level_difference"])]
    low = tested[[significant(p_value, alpha) for p_value in tested["p_value"]]]
    if len(tested):
        words = (
            f"{len(tested)} tests of whether rules perform differently in subgroups: {len(low)} with p < "
            f"{alpha:g}"
        )
        named = [
            f"{row['label']} by {row['subgroup_label']} "
            f"({'slope' if row['measure'] == 'interaction' else 'risk at the same prediction'}, {_p(row)})"
            for row in low.to_dict("records")
        ]
        chance = f"{alpha * len(tested):.1f} are to be expected by chance"
        words += f" ({chance}): {text.listed(named)}." if named else f" ({chance})."
        yield Sentence("subgroups", words, quoted("subgroups", measure="interaction, level_difference"))
    unestimated = table[table["note"].astype(str).str.startswith("not estimated")]
    if len(unestimated):
        named = sorted(
            {f"{row['subgroup_label']}: {row['level_label']}" for row in unestimated.to_dict("records")}
        )
        words = (
            f"Too few patients with or without the outcome, for one rule or more, in {len(named)} subgroups: "
        )
        yield Sentence("subgroups", f"{words}{'; '.join(named)}.", quoted("subgroups", note="not estimated"))


def _shift(validation: Validation, row: Row) -> Iterator[Sentence]:
    """Tell of a variable of a rule that differs between two subgroups, and what that does to the cut-off."""
    variable = validation.codebook[str(row["measure"]).removeprefix("mean_")]
    where = {"rule": row["rule"], "subgroup": row["subgroup"]}
    table = validation.tables["subgroups"]
    rows = table[(table["rule"] == row["rule"]) & (table["subgroup"] == row["subgroup"])]
    rows = rows[rows["level"] != ""]
    levels = list(dict.fromkeys(zip(rows["level"], rows["level_label"], strict=True)))
    (_, first_label), (_, second_label) = levels[:2]
    difference, low, high = (text.number(row[key]) for key in ("estimate", "conf_low", "conf_high"))
    direction = "lower" if difference < 0 else "higher"
    nearest, farthest = sorted((abs(low), abs(high)))
    words = (
        f"{row['subgroup_label']}: {variable.label} is "
        f"{text.estimate(abs(difference), nearest, farthest, 2)} {direction} at {second_label} than at "
        f"{first_label} ({_p(row)})."
    )
    parts = []
    for level, label in levels:
        of_level = rows[rows["level"] == level].set_index("measure")
        if "positive" not in of_level.index:
            break
        part = f"{text.fixed(100 * text.number(of_level.loc['positive', 'estimate']), 1)} % at {label}"
        if "sensitivity" in of_level.index:
            part += f" ({str(of_level.loc['sensitivity', 'note']).replace(' patients', '')} with the outcome)"
        parts.append(part)
    else:
        words += f" One cut-off, {validation.labels[row['rule']]}, calls {text.listed(parts)} positive."
    yield Sentence("subgroups", words, quoted("subgroups", **where))


def _updating(validation: Validation) -> Iterator[Sentence]:
    for name in validation.tables["closed_test"]["rule"].unique():
        performance = validation.tables["updating"]
        performance = performance[performance["rule"] == name]
        chosen = performance[performance["chosen"] == "yes"]
        if chosen.empty:
            continue
        update = str(chosen["update"].iloc[0])
        best = chosen.set_index("measure")
        words = {
            "none": "the rule can stay as it is",
            "intercept": "a new intercept is enough",
            "intercept and slope": "a new intercept and slope are enough",
            "refit": "the rule has to be refitted",
        }[update]
        share = text.number(best["share_chosen"].iloc[0])
        auc, brier = best.loc["auc"], best.loc["brier"]
        told = (
            f"{validation.labels[str(name)]}: by the closed test {words} (so in "
            f"{text.fixed(100 * share, 0)} % of the resamples). Updated so: AUC "
            f"{text.corrected(auc['corrected'], '', '', auc['beyond_range'], 2)}, Brier score "
            f"{text.corrected(brier['corrected'], '', '', brier['beyond_range'], 3)}, "
            f"corrected for optimism (apparent {text.fixed(auc['apparent'], 2)} and "
            f"{text.fixed(brier['apparent'], 3)})."
        )
        yield Sentence("updating", told, quoted("updating", rule=str(name), update=update))


TOLD: tuple[Callable[[Validation], Iterator[Sentence]], ...] = (
    *(_prevalence, _case_mix, _membership, _precision, _missing, _discrimination, _cutoff, _pairs, _terms),
    *(_calibration, _decision, _subgroups, _updating),
)
