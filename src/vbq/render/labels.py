"""Names of variables, levels, terms, tests and readers as a reader of tables knows them."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from vbq.codebook import Variable

Codebook = Mapping[str, Variable]
Row = Mapping[Any, Any]

INDENT = "\u2003"  # before the name of a level, under its variable

TESTS = {
    "likelihood_ratio": "likelihood-ratio χ²",
    "pearson": "Pearson χ²",
    "yates": "χ² with Yates’ correction",
    "fisher": "Fisher’s exact",
    "mid": "mid-p exact",
    "ols": "linear regression",
    "welch": "Welch’s t",
    "mann_whitney": "Mann-Whitney",
}
STEPS = {
    "adult": "Age 18 or older",
    "spinal_metastasis": "Diagnosis of spinal metastasis",
    "t1_lumbar_mri": "T1-weighted non-contrast-enhanced MRI of the lumbar spine",
    "no_instrumentation": "No lumbar instrumentation before the MRI",
    "one_previous_vcf": "At most one previous vertebral compression fracture",
    "no_infection": "No infection at presentation",
    "follow_up": "Follow-up of 6 months or longer",
}
NOT_ROUNDED = "not applied, as all values lie within one unit and no whole number divides them"
CUTOFF_METHODS = {
    "mean_midpoint_rounded": "Midpoint of the group means, rounded",
    "youden": "Highest Youden index",
    "closest_to_corner": "Closest to the upper left corner",
    "fixed_sensitivity": "Sensitivity fixed by the plan",
}
AGREEMENT_FORMS = {
    "ICC1": "ICC1: one-way random, single reader",
    "ICC2": "ICC2: two-way random, agreement, single reader",
    "ICC3": "ICC3: two-way mixed, consistency, single reader",
    "ICC1k": "ICC1k: one-way random, mean of readers",
    "ICC2k": "ICC2k: two-way random, agreement, mean of readers",
    "ICC3k": "ICC3k: two-way mixed, consistency, mean of readers",
    "bias": "Mean difference (bias)",
    "limit_low": "Lower limit of agreement",
    "limit_high": "Upper limit of agreement",
    "sem": "Standard error of measurement",
    "smallest_detectable_change": "Smallest detectable change",
}


def step_name(step: str) -> str:
    """Name a step of the participant flow."""
    return STEPS.get(step, step[:1].upper() + step[1:])


def level_key(level: object) -> str:
    """Write a level as selectors do, whether its column was read as text or as numbers; "" for none."""
    if isinstance(level, float):
        return "" if math.isnan(level) else f"{level:g}"
    return str(level)


def level_label(variable: Variable, level: object) -> str:
    """Return the codebook's label of a level."""
    return {str(key): label for key, label in variable.levels.items()}[level_key(level)]


def per_unit(variable: Variable) -> str:
    """Name a variable with the difference that its odds ratio is for: SINS (per point)."""
    singular = variable.unit.removesuffix("s") or variable.unit
    return f"{variable.label} (per {singular or 'unit'})"


def term_label(row: Row, terms: pd.DataFrame, codebook: Codebook) -> str:
    """Name a row of multivariable.csv or univariable_effects.csv, a level indented under its variable."""
    if row["variable"] == "":
        return "Intercept"
    variable = codebook[row["variable"]]
    if not variable.is_categorical:
        return per_unit(variable)
    if level_key(row["level"]) == "" or variable.kind == "binary":
        return variable.label
    words = f"{level_label(variable, row['level'])} (vs {level_label(variable, row['reference'])})"
    has_row = ((terms["variable"] == variable.name) & (terms["level"].map(level_key) == "")).any()
    return f"{INDENT}{words}" if has_row else f"{variable.label}: {words}"


def defined_scores(definitions: Mapping[str, str], codebook: Codebook) -> dict[str, str]:
    """Say what each score of a cohort is, as a fact of its page; nothing where it has none.

    `definitions` are those of `vbq.scores.marker.definitions`, also of whether a score is high.
    """
    scores = [
        f"{codebook[name].label}: {words}"
        for name, words in definitions.items()
        if not codebook[name].is_categorical
    ]
    return {"Score": "; ".join(scores)} if scores else {}


def reader_names(raters: str, marker: str) -> str:
    """Write the readers of a row of agreement.csv, `vbq_a - vbq_b`, as Reader a minus reader b."""
    joint = " minus " if " - " in raters else ", "
    columns = raters.replace(" - ", " / ").split(" / ")
    words = joint.join(reader_name(column, marker) for column in columns)
    return words[:1].upper() + words[1:]


def reader_name(column: str, marker: str) -> str:
    """Name the reader of a column of the cohort: reader a."""
    return f"reader {column.removeprefix(f'{marker}_').removeprefix('reader_')}"
