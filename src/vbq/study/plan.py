"""Whether an analysis plan can be carried out on a cohort."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from vbq.internal import TABLES as OPTIMISM_TABLES
from vbq.scores.marker import PUBLISHED, Marker, reader_columns
from vbq.study.design import Codebook
from vbq.study.univariable import CATEGORICAL_TESTS, CONTINUOUS_TESTS

Plan = Mapping[str, Any]

TABLES = {
    *("flow", "ingest", "univariable", "univariable_effects", "univariable_groups", "multivariable"),
    *("discrimination", "discrimination_pairs", "roc", "cutoff", "agreement", "published", *OPTIMISM_TABLES),
    *("audit", "audit_checks", "audit_p_values", "audit_joint_tables", "audit_implied", "validation"),
}


def contradictions(plan: Plan, codebook: Codebook) -> list[str]:
    """Return every reason for which no cohort could be analyzed by the plan, a sentence each.

    `plan` follows `workflow/schemas/plan.schema.yaml`, with the marker's definition in place of its file.
    """
    unknown = [
        f"{where}: no variable {name} in the codebook; correct it, or describe it under `variables` in the "
        "cohort file"
        for where, names in _places(plan)
        for name in names
        if name not in codebook
    ]
    if unknown:
        return unknown
    return [
        *_wrong_marker(plan),
        *_wrong_tests(plan, codebook),
        *_wrong_scores(plan, codebook),
        *_wrong_names(plan),
        *_wrong_validation(plan, codebook),
    ]


def absent_variables(
    plan: Plan, marker: Marker, codebook: Codebook, columns: Collection[str]
) -> list[tuple[str, str]]:
    """Return each variable that the plan names and the cohort lacks, with every place that names it.

    What stands in that place is left out of the analyses; everything else can be done. Agreement needs
    the scores of two readers.
    """
    absent = [(name, where) for where, names in _places(plan) for name in names if name not in columns]
    if plan.get("agreement") and len(reader_columns(columns, marker, codebook)) < 2:
        absent.append((f"{marker.name} of a second reader", "agreement"))
    return absent


def _places(plan: Plan) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each place of a plan that names variables, and the variables."""
    yield "univariable.variables", plan["univariable"]["variables"]
    yield "univariable.described", plan["univariable"].get("described", [])
    for name, score in plan.get("discrimination", {}).get("scores", {}).items():
        yield f"discrimination.scores.{name}", score["variables"]
    if "cutoff" in plan:
        yield "cutoff", [plan["cutoff"]["score"]]
    for name, subanalysis in plan.get("subanalyses", {}).items():
        yield f"subanalyses.{name}", [subanalysis["score"]]
        yield f"subanalyses.{name}.variables", subanalysis["variables"]
    if "validation" in plan:
        subgroups = plan["validation"]["subgroups"]
        yield "validation.subgroups.variables", subgroups["variables"]
        yield "validation.subgroups.split_at", list(subgroups.get("split_at", {}))
        yield "validation.imputation.auxiliary", plan["validation"]["imputation"].get("auxiliary", [])


def _wrong_marker(plan: Plan) -> Iterator[str]:
    marker = Marker(**plan.get("marker", {}))
    if marker.name == PUBLISHED.name and marker.definition != PUBLISHED.definition:
        yield (
            f"marker: {marker.name} is the {PUBLISHED.definition}; the {marker.definition} is another score, "
            "which needs another name"
        )


def _wrong_tests(plan: Plan, codebook: Codebook) -> Iterator[str]:
    for name, test in plan["univariable"].get("exceptions", {}).items():
        where = f"univariable.exceptions.{name}"
        if name not in plan["univariable"]["variables"]:
            yield f"{where}: {name} is not among univariable.variables"
        elif test not in (CATEGORICAL_TESTS if codebook[name].is_categorical else CONTINUOUS_TESTS):
            yield f"{where}: {test} is not a test of a {codebook[name].kind} variable"


def _wrong_scores(plan: Plan, codebook: Codebook) -> Iterator[str]:
    for name, score in plan.get("discrimination", {}).get("scores", {}).items():
        where, variables = f"discrimination.scores.{name}", score["variables"]
        first = codebook[variables[0]]
        if len(variables) > 1 and set(score) - {"label", "variables"}:
            yield f"{where}: scores are combined by logistic regression, without a cut-off or direction"
        if score.get("higher_risk") == "low" and plan.get("cutoff", {}).get("score") in variables:
            yield f"cutoff: {where} says that low values mean a high risk; cut-offs are for high ones"
        if "above" in score and first.is_categorical:
            yield f"{where}: {first.name} is {first.kind}; give `positive_from`, not `above`"
        if "positive_from" in score and score["positive_from"] not in first.levels:
            yield f"{where}: {first.name} has no level {score['positive_from']}"
    continuous = {f"subanalyses.{name}": part["score"] for name, part in plan.get("subanalyses", {}).items()}
    if "cutoff" in plan:
        continuous["cutoff"] = plan["cutoff"]["score"]
    for where, name in continuous.items():
        if codebook[name].is_categorical:
            yield f"{where}: {name} is {codebook[name].kind}; the score has to be continuous"


def _wrong_names(plan: Plan) -> Iterator[str]:
    outcome = plan["outcome"]["variable"]
    for where, names in _places(plan):
        if outcome in names and where != "univariable.described":
            yield f"{where}: {outcome} is the outcome itself"
    for name in set(plan.get("subanalyses", {})) & TABLES:
        yield f"subanalyses.{name}: there is a table of this name already; choose another"
    known = plan.get("discrimination", {}).get("scores", {})
    used = {
        name: "discrimination.pairs"
        for pair in plan.get("discrimination", {}).get("pairs", [])
        for name in pair
    }
    used |= dict.fromkeys(plan.get("figures", {}).values(), "figures")
    for name, where in used.items():
        if name not in known:
            yield f"{where}: no score {name} among discrimination.scores"
    for name in plan.get("multivariable", {}).get("exclude", []):
        if name not in plan["univariable"]["variables"]:
            yield f"multivariable.exclude: {name} is not among univariable.variables"


def _wrong_validation(plan: Plan, codebook: Codebook) -> Iterator[str]:
    if "validation" not in plan:
        return
    asked = plan["validation"]
    names = [PurePath(path).stem for path in asked["rules"]]
    for name in sorted({name for pair in asked.get("pairs", []) for name in pair} - set(names)):
        yield f"validation.pairs: no rule {name} among validation.rules"
    for name in asked["subgroups"]["variables"]:
        if not codebook[name].is_categorical:
            where = "validation.subgroups.variables"
            yield f"{where}: {name} is {codebook[name].kind}; divide it under `split_at`"
    for name in asked["subgroups"].get("split_at", {}):
        if codebook[name].is_categorical:
            yield f"validation.subgroups.split_at: {name} is {codebook[name].kind}; it has levels already"
    low, high = asked["thresholds"]
    if not low < high:
        yield f"validation.thresholds: {low} is not below {high}"
