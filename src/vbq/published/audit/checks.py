"""All checks of a paper together, and their tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from vbq.published.audit.accuracy import (
    accuracies,
    auc_of_dichotomy,
    implied_counts,
    margins_and_thresholds,
    predictive_values,
)
from vbq.published.audit.counts import counts_and_percentages, levels_add_up, sums
from vbq.published.audit.estimates import scales
from vbq.published.audit.expected import cutoffs, performance, subgroup_sizes
from vbq.published.audit.finding import SEVERITIES, Checked, Finding, findings_table
from vbq.published.audit.implied import Implied, implied_table
from vbq.published.audit.joint import (
    combined_rule,
    feasible_tables,
    joint_feasibility,
    joint_table_rows,
    shares_correct,
)
from vbq.published.audit.means import attainable, implied_sds
from vbq.published.audit.p_values import (
    convention_of,
    p_value_convention,
    p_value_table,
    selection,
    tested_rows,
)
from vbq.published.audit.repair import repairs
from vbq.published.audit.repeated import repeated_definitions, repeated_figures
from vbq.published.paper import Paper

# What each check asks, in the order in which they are made.
CHECKS: Mapping[str, str] = {
    "count_and_percentage": "Counts and percentages agree at the printed decimals",
    "levels_add_up": "The levels of a variable add up to the group",
    "sums": "Numbers of the participant flow add up",
    "p_value_convention": "Which test made the p-values of the categorical variables",
    "selection": "The multivariable model holds the variables that the paper's rule selects",
    "repair": "The smallest change of counts that restores a row",
    "attainable_mean": "Means that the instrument can have (GRIM)",
    "implied_sd": "The standard deviation that means and p-value imply",
    "scale_of_estimate": "Odds ratio or log-odds; Wald or profile-likelihood interval",
    "implied_counts": "Sensitivity and specificity are whole numbers of patients",
    "auc_of_dichotomy": "The AUC of a dichotomous score is (sensitivity + specificity) / 2",
    "margins": "Counts and sensitivity of one score are the same patients; one score with two thresholds",
    "predictive_values": "Predictive values",
    "accuracy": "Which quantity an “accuracy” is",
    "joint_feasibility": "Joint tables of two scores that give the printed combined AUC",
    "combined_rule": "Coefficients and risks that the joint tables leave for the combined rule",
    "subgroup_size": "The size of a subgroup from three means",
    "cutoff": "The cut-off from the group means",
    "expected_performance": "Sensitivity and AUC that means and standard deviation let expect",
    "repeated": "The same quantity in several places",
    "definition": "The same definition in several places",
}


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    `findings`, `p_values`, `joint_tables` and `implied` are the tables of results/<paper>/audit*.csv;
    `checks` has a row per check: check, question, tested (comparisons made) and the findings by severity.
    """

    findings: pd.DataFrame
    p_values: pd.DataFrame
    joint_tables: pd.DataFrame
    implied: pd.DataFrame
    checks: pd.DataFrame


def audit(paper: Paper) -> Audit:
    """Make every check on the printed figures of a paper."""
    rows = tested_rows(paper)
    convention = convention_of(rows)
    feasible = feasible_tables(paper)
    sds, sd_numbers = implied_sds(paper)
    scale, odds_ratios = scales(paper)
    values, value_numbers = predictive_values(paper)
    rule, rule_numbers = combined_rule(feasible)
    subgroups, subgroup_numbers = subgroup_sizes(paper)
    cutoff, cutoff_numbers = cutoffs(paper)
    expected, expected_numbers = performance(paper)
    results: dict[str, Checked] = {
        "count_and_percentage": counts_and_percentages(paper),
        "levels_add_up": levels_add_up(paper),
        "sums": sums(paper),
        "p_value_convention": p_value_convention(paper, rows, convention),
        "selection": selection(paper),
        "repair": repairs(paper, rows, convention),
        "attainable_mean": attainable(paper),
        "implied_sd": sds,
        "scale_of_estimate": scale,
        "implied_counts": implied_counts(paper),
        "auc_of_dichotomy": auc_of_dichotomy(paper),
        "margins": margins_and_thresholds(paper),
        "predictive_values": values,
        "accuracy": accuracies(paper, shares_correct(feasible)),
        "joint_feasibility": joint_feasibility(paper, feasible),
        "combined_rule": rule,
        "subgroup_size": subgroups,
        "cutoff": cutoff,
        "expected_performance": expected,
        "repeated": repeated_figures(paper),
        "definition": repeated_definitions(paper),
    }
    numbers: list[Implied] = [
        *sd_numbers,
        *odds_ratios,
        *value_numbers,
        *rule_numbers,
        *subgroup_numbers,
        *cutoff_numbers,
        *expected_numbers,
    ]
    findings: list[Finding] = [found for checked in results.values() for found in checked.findings]
    return Audit(
        findings=findings_table(findings),
        p_values=p_value_table(rows),
        joint_tables=joint_table_rows(feasible),
        implied=implied_table(numbers),
        checks=_checks_table(results),
    )


def _checks_table(results: Mapping[str, Checked]) -> pd.DataFrame:
    rows = []
    for check, checked in results.items():
        found = [finding.severity for finding in checked.findings]
        row: dict[str, object] = {"check": check, "question": CHECKS[check], "tested": checked.tested}
        rows.append(row | {severity: found.count(severity) for severity in SEVERITIES})
    return pd.DataFrame(rows)
