"""The sentences that a report opens with. Their numbers are those of the tables' rows."""

from typing import Any

import pandas as pd

from vbq.published.compare import sentence, summary
from vbq.render import numbers as text
from vbq.render.document import Finding
from vbq.render.labels import level_key, term_label
from vbq.render.report.results import Results
from vbq.render.report.sentences import summary as summary_of_validation
from vbq.render.tables.optimism import sentence as sentence_of_optimism
from vbq.render.tables.study import ratio_with_interval, significant
from vbq.stats.digits import is_below


def findings(results: Results) -> tuple[Finding, ...]:
    """Return the findings: who was analyzed, what goes with the outcome, how well scores do, what is left."""
    told = [
        Finding(_participants(results), "flow"),
        Finding(_validation(results), "discrimination"),
        Finding(_association(results), "table-2" if "multivariable" in results.tables else "table-1"),
        Finding(_discrimination(results), "table-3"),
        Finding(_corrected(results), "optimism"),
        Finding(_reproduction(results), "comparison"),
    ]
    return tuple(finding for finding in told if finding.text)


def _participants(results: Results) -> str:
    flow = results.tables["flow"]
    n, events = results.n_patients, results.group_sizes["1"]
    percent = text.fixed(100 * events / n, 1)
    return (
        f"Of {text.count(flow['n'].iloc[0] + flow['excluded'].iloc[0])} patients read, {n} were analyzed; "
        f"{events} of them ({percent} %) had the outcome, {results.outcome.label[:1].lower()}"
        f"{results.outcome.label[1:]}."
    )


def _association(results: Results) -> str:
    tests, alpha = results.table("univariable"), results.plan["alpha"]
    if tests is None:
        return ""
    tested = pd.to_numeric(tests["p_value"], errors="coerce").dropna()
    words = f"Of {len(tested)} variables tested, {int(is_below(tested, alpha).sum())} had p < {alpha:g}."
    fitted = results.table("multivariable")
    if fitted is None:
        return words
    first = fitted.iloc[0]
    # A level of a variable counts by the test of its variable, which stands in a row of its own.
    tested_whole = set(fitted.loc[fitted["level"].map(level_key) == "", "variable"])
    found = [
        _term(row, fitted, results)
        for row in fitted.to_dict("records")
        if row["variable"]
        and significant(row["p_value"], alpha)
        and (level_key(row["level"]) == "" or row["variable"] not in tested_whole)
    ]
    said = f"these had p < {alpha:g}: {'; '.join(found)}" if found else f"none had p < {alpha:g}"
    caution = (
        " The rows are reconstructed: beyond what is printed, this is their property."
        if results.are_reconstructed
        else ""
    )
    return (
        f"{words} In the multivariable regression ({text.count(first['n'])} patients, "
        f"{text.count(first['n_events'])} with the outcome), {said}.{caution}"
    )


def _term(row: dict[Any, Any], fitted: pd.DataFrame, results: Results) -> str:
    ratio = "" if text.missing(row["odds_ratio"]) else f", odds ratio {ratio_with_interval(row)}"
    return f"{term_label(row, fitted, results.codebook).strip()}{ratio}, {text.stated_p(row['p_value'])}"


def _discrimination(results: Results) -> str:
    """Name the AUC of the scores that the publication draws, or of all."""
    assessed = results.table("discrimination")
    if assessed is None:
        return ""
    drawn = list(results.plan.get("figures", {}).values()) or list(assessed["score"])
    told = [
        f"{row['label']} {text.estimate(row['auc'], row['auc_low'], row['auc_high'], 2)} in "
        f"{text.count(row['n'])} patients"
        for row in assessed.to_dict("records")
        if row["score"] in drawn and not text.missing(row["auc"])
    ]
    return f"Apparent AUC ({results.level} confidence interval): {'; '.join(told)}." if told else ""


def _corrected(results: Results) -> str:
    corrected = results.table("optimism")
    return "" if corrected is None else sentence_of_optimism(corrected)


def _reproduction(results: Results) -> str:
    published = results.tables.get("published")
    return "" if published is None else sentence(summary(published))


def _validation(results: Results) -> str:
    if results.validation is None:
        return ""
    return (
        f"External validation of the published rules: {summary_of_validation(results.validation.validation)}"
    )
