"""The whole external validation of a cohort: every table, by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from vbq.stats.resampling import affordable
from vbq.validation import calibration, comparability, missing, performance, subgroups, updating, utility
from vbq.validation.performance import Settings
from vbq.validation.precision import expected_precision
from vbq.validation.rules import Codebook, Rule, rules_table

IMPUTATION_DRAWS, FEWEST_IMPUTATIONS = 5e6, 5
TABLES = (
    *("rules", "case_mix", "distributions", "membership", "precision", "missingness", "missing_patterns"),
    *("performance", "pairs", "terms", "patterns", "curves", "decision", "subgroups", "updating"),
    *("updated_rules", "closed_test"),
)


def validate(
    cohort: pd.DataFrame,
    development: pd.DataFrame | None,
    rules: Sequence[Rule],
    plan: Mapping[str, Any],
    codebook: Codebook,
    replicates: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Validate rules in a cohort by a whole analysis plan with `validation`; return `TABLES` by name.

    `development` is the cohort in which the rules were made, where its rows are known: without them the
    tables of comparability have this cohort alone.
    """
    outcome, asked = plan["outcome"]["variable"], plan["validation"]
    confidence = plan["confidence"]
    settings = Settings(confidence, replicates, seed)
    by_name = {rule.name: rule for rule in rules}
    pairs = [(by_name[first], by_name[second]) for first, second in asked.get("pairs", [])]
    needed = list(dict.fromkeys(name for rule in rules for name in rule.variables))
    divided = asked["subgroups"]
    by_subgroup = subgroups.subgroups_of(cohort, divided["variables"], divided.get("split_at", {}), codebook)
    with_missing = list(dict.fromkeys([*needed, *divided["variables"], *divided.get("split_at", {})]))

    tables = {
        "rules": rules_table(rules, cohort, outcome),
        **_comparability(cohort, development, rules, plan, codebook),
        "precision": expected_precision(cohort, outcome, rules, codebook, asked["widest"], confidence),
        "missingness": missing.missingness(cohort, outcome, with_missing, codebook),
        "missing_patterns": missing.missing_patterns(cohort, needed),
        "performance": performance.assess_rules(cohort, outcome, rules, codebook, settings),
        "pairs": performance.compare_rules(cohort, outcome, pairs, codebook, confidence),
        "terms": performance.added_terms(cohort, outcome, rules, codebook, confidence),
        "patterns": calibration.calibration_by_pattern(cohort, outcome, rules, codebook, confidence),
        "curves": calibration.calibration_curves(cohort, outcome, rules, codebook, settings),
        "decision": utility.decision_curves(
            cohort, outcome, rules, codebook, utility.threshold_grid(*asked["thresholds"]), confidence
        ),
        "subgroups": subgroups.assess_subgroups(
            cohort, outcome, rules, by_subgroup, divided["minimum"], codebook, settings
        ),
    }
    tables["updating"], tables["updated_rules"], tables["closed_test"] = updating.update_rules(
        cohort, outcome, rules, codebook, plan["alpha"], settings, tables["performance"]
    )
    imputed = _imputed(cohort, needed, with_missing, outcome, asked["imputation"], codebook, seed)
    if imputed:
        pooled = missing.pooled_performance(imputed, outcome, rules, codebook, settings)
        tables["performance"] = missing.stacked(tables["performance"], pooled)
        compared = missing.pooled_comparisons(imputed, outcome, pairs, codebook, confidence)
        tables["pairs"] = missing.stacked(tables["pairs"], compared)
    return {name: tables[name] for name in TABLES}


def _comparability(
    cohort: pd.DataFrame,
    development: pd.DataFrame | None,
    rules: Sequence[Rule],
    plan: Mapping[str, Any],
    codebook: Codebook,
) -> dict[str, pd.DataFrame]:
    outcome, univariable = plan["outcome"]["variable"], plan["univariable"]
    variables = dict.fromkeys([outcome, *univariable.get("described", []), *univariable["variables"]])
    first = cohort.iloc[:0] if development is None else development
    return {
        "case_mix": comparability.case_mix(first, cohort, list(variables), codebook),
        "distributions": comparability.distributions(first, cohort, rules, codebook),
        "membership": comparability.membership(first, cohort, outcome, rules, codebook, plan["confidence"]),
    }


def _imputed(
    cohort: pd.DataFrame,
    needed: Sequence[str],
    others: Sequence[str],
    outcome: str,
    asked: Mapping[str, Any],
    codebook: Codebook,
    seed: int,
) -> list[pd.DataFrame]:
    """Return the imputed cohorts; none where no patient lacks what the rules need, or a column is empty."""
    present = [name for name in needed if name in cohort and cohort[name].notna().any()]
    if not cohort[present].isna().any(axis=None):
        return []
    variables = list(dict.fromkeys([outcome, *present, *others, *asked.get("auxiliary", [])]))
    m = affordable(asked["number"], len(cohort), IMPUTATION_DRAWS, FEWEST_IMPUTATIONS)
    return list(missing.imputed_cohorts(cohort, variables, codebook, m, asked["iterations"], seed))
