"""The schema of cohort files: the project's own follow it, and what it does not know is refused."""

import copy
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from vbq.codebook import CRITERIA, SINS_COMPONENTS

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/cohort.schema.yaml").read_text(encoding="utf-8"))
COHORT_FILES = [ROOT / f"config/cohorts/{name}.yaml" for name in ("ehresman2019", "simulated_site")]
EHRESMAN = yaml.safe_load((ROOT / "config/cohorts/ehresman2019.yaml").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def broken(path, value):
    """Return the cohort file with one key set to a value."""
    spec = copy.deepcopy(EHRESMAN)
    *parents, key = path
    place = spec
    for parent in parents:
        place = place.setdefault(parent, {})
    place[key] = value
    return spec


def schemas_inside(schema, path="schema"):
    """Yield the schemas of all keys, with where they stand."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}.{name}", inner
        yield from schemas_inside(inner, f"{path}.{name}")
    for name, inner in schema.get("$defs", {}).items():
        yield f"{path}.{name}", inner
        yield from schemas_inside(inner, f"{path}.{name}")
    for word in ("items", "then", "else", "if", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from schemas_inside(schema[word], f"{path}.{word}")


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", COHORT_FILES, ids=lambda path: path.stem)
def test_cohort_files_follow_the_schema(path):
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(VALIDATOR.iter_errors(spec)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["nickname"], "x"),
        (["patients", "sheets"], "x"),
        (["readings", "sheets"], "x"),
        (["patients", "columns", "age"], {"column": "age", "divide": 10}),
        (["patients", "columns", "age"], {"multiply": 10}),
        (["patients", "columns", "age"], 7),
        (["patients", "delimiter"], "::"),
        (["patients", "missing"], "NA"),
        (["readings", "layout"], "broad"),
        (["readings", "columns"], {"level": "roi", "value": "mean"}),
        (["readings", "columns"], {"L1": "l1", 2: "l2"}),
        (["lesions"], {"file": "l.csv", "id": "id", "columns": {"age": "age"}}),
        (["eligibility"], {"grown_up": True}),
        (["eligibility"], {"adult": "no"}),
        (["variables"], {"grade": {"label": "Grade", "kind": "nominal"}}),
        (["variables"], {"grade": {"label": "Grade", "kind": "identifier"}}),
        (["variables"], {"Grade": {"label": "Grade", "kind": "continuous"}}),
        (["role"], "other"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(path, value):
    with pytest.raises(ValidationError):
        VALIDATOR.validate(broken(path, value))


@pytest.mark.parametrize("key", ["title", "role", "provenance", "plan", "patients"])
def test_required_keys(key):
    spec = {name: value for name, value in EHRESMAN.items() if name != key}
    with pytest.raises(ValidationError, match=f"'{key}' is a required property"):
        VALIDATOR.validate(spec)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["patients", "columns", "albumin"], {"column": "alb", "multiply": 0.1, "missing": [-9, "NA"]}),
        (["patients", "columns", "sex"], {"column": "sex", "levels": {1: "male", 2: "female"}}),
        (["patients", "columns", "nsaids"], {"column": "x", "levels": {True: 1, False: 0}}),
        (["readings"], {"file": "r", "layout": "long", "id": "i", "columns": {"level": "a", "value": "b"}}),
        (["variables"], {"grade": {"label": "Grade", "kind": "ordinal", "levels": {1: "low", 2: "high"}}}),
        (["eligibility"], {"follow_up": False}),
    ],
)
def test_what_a_site_may_say(path, value):
    assert list(VALIDATOR.iter_errors(broken(path, value))) == []


def test_every_key_is_described():
    undescribed = []
    for where, schema in schemas_inside(SCHEMA):
        target = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        if "description" not in schema and "description" not in target and ".if." not in where:
            undescribed.append(where)
    assert undescribed == []


def test_criteria_and_components_are_those_of_the_codebook():
    properties = SCHEMA["properties"]
    assert list(properties["eligibility"]["properties"]) == [criterion.name for criterion in CRITERIA]
    components = properties["lesions"]["properties"]["columns"]["properties"]
    assert list(components) == [*SINS_COMPONENTS, "sins"]
