"""Whether an analysis plan can be carried out on a cohort."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vbq.study.design import Codebook
from vbq.study.univariable import CATEGORICAL_TESTS, CONTINUOUS_TESTS

Plan = Mapping[str, Any]


def contradictions(plan: Plan, codebook: Codebook, columns: Collection[str]) -> list[str]:
    """Return every reason for which the plan cannot be carried out, a sentence each.

    `plan` follows `workflow/schemas/plan.schema.yaml`; `columns` are those of the cohort.
    """
    named = _listed(plan) | _required(plan)
    unknown = [name for name in named if name not in codebook]
    if unknown:
        return [
            f"{named[name]}: no variable {name} in the codebook; correct it, or describe it under "
            "`variables` in the cohort file"
            for name in unknown
        ]
    absent = [
        f"{where}: the cohort has no {name}; map its columns, or leave it out of the plan"
        for name, where in _required(plan).items()
        if name not in columns
    ]
    return [*absent, *_wrong_tests(plan, codebook), *_wrong_scores(plan, codebook), *_wrong_names(plan)]


def absent_variables(plan: Plan, columns: Collection[str]) -> dict[str, str]:
    """Return the variables that the plan lists and the cohort lacks, with the list that names them.

    They are left out of that list; everything else can be done without them.
    """
    return {name: where for name, where in _listed(plan).items() if name not in columns}


def _listed(plan: Plan) -> dict[str, str]:
    """Variables that stand in lists, each of which can be shorter."""
    univariable = plan["univariable"]
    lists = {
        "univariable.variables": univariable["variables"],
        "univariable.described": univariable.get("described", []),
    }
    for name, subanalysis in plan.get("subanalyses", {}).items():
        lists[f"subanalyses.{name}.variables"] = subanalysis["variables"]
    listed: dict[str, str] = {}
    for where, names in lists.items():
        for name in names:
            listed.setdefault(name, where)
    return listed


def _required(plan: Plan) -> dict[str, str]:
    """Variables without which some table cannot be made."""
    required: dict[str, str] = {}
    for name, score in plan.get("discrimination", {}).get("scores", {}).items():
        required |= dict.fromkeys(score["variables"], f"discrimination.scores.{name}")
    if "cutoff" in plan:
        required[plan["cutoff"]["score"]] = "cutoff.score"
    for name, subanalysis in plan.get("subanalyses", {}).items():
        required[subanalysis["score"]] = f"subanalyses.{name}.score"
    return required


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
        if "above" in score and first.is_categorical:
            yield f"{where}: {first.name} is {first.kind}; give `positive_from`, not `above`"
        if "positive_from" in score and score["positive_from"] not in first.levels:
            yield f"{where}: {first.name} has no level {score['positive_from']}"
    scores = [plan[section]["score"] for section in ("cutoff",) if section in plan]
    scores += [subanalysis["score"] for subanalysis in plan.get("subanalyses", {}).values()]
    for name in scores:
        if codebook[name].is_categorical:
            yield f"{name} is {codebook[name].kind}: a cut-off or subanalysis needs a continuous score"


def _wrong_names(plan: Plan) -> Iterator[str]:
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
