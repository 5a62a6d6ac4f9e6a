"""The habits of the ecosystem: lint, guide, schemas, one source of truth for the environment."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from project_copy import PROJECT, Copy

UV = Path(sys.executable).parent / "uv"
SCHEMAS = sorted((PROJECT / "workflow" / "schemas").glob("*.yaml"))


def test_lint_finds_only_what_is_known(rerun: Copy):
    # There is one environment for everything, so no rule has its own.
    listed = rerun.snakemake("--lint", fails=True)
    findings = set(re.findall(r"^ +\* (.+?):?$", listed, flags=re.MULTILINE))
    assert findings == {"Specify a conda environment or container for each rule."}


def test_rules_read_as_a_guide(rerun: Copy):
    listed = rerun.snakemake("--list-rules", "--quiet", "all")
    rules = re.findall(
        r"^rule (\w+):", "".join(p.read_text() for p in (PROJECT / "workflow").rglob("*.smk")), re.M
    )
    assert len(rules) > 8
    for rule in rules:
        line = next(line for line in listed.splitlines() if line.startswith(rule))
        assert re.fullmatch(rf"{rule} \([A-Z].+\.\)", line.rstrip()), line


def test_each_rule_has_its_script_and_each_script_its_rule():
    smk = "".join(path.read_text() for path in (PROJECT / "workflow" / "rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", smk, flags=re.MULTILINE))
    scripts = {path.stem for path in (PROJECT / "workflow" / "scripts").glob("*.py")}
    assert rules == scripts


def test_each_rule_runs_again_for_another_content_of_its_code():
    smk = "".join(path.read_text() for path in (PROJECT / "workflow" / "rules").glob("*.smk"))
    inputs = re.findall(r"code=sources\(\"(\w+)\.py\"\)", smk)
    versions = re.findall(r"code=version_of\(\"(\w+)\.py\"\)", smk)
    assert inputs == versions == re.findall(r"^rule (\w+):", smk, flags=re.MULTILINE)


def objects(schema, where="the file"):
    """Every object with properties in a schema, at any depth, with the place where it stands."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield where, schema
        for key, value in schema.items():
            yield from objects(value, f"{where}.{key}")
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value, where)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_schemas_are_strict_and_described(path: Path):
    schema = yaml.safe_load(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    for where, part in objects(schema):
        if part.get("type") != "object":  # a condition on an object that is described elsewhere
            continue
        for name, definition in part["properties"].items():
            described = definition.get("description") or "$ref" in definition
            assert described, f"{where}: {name}"


@pytest.mark.parametrize(
    "path",
    [*PROJECT.glob("config/plans/*.yaml"), *PROJECT.glob("tests/plans/*.yaml")],
    ids=lambda path: path.stem,
)
def test_plans_follow_the_schema(path: Path):
    schema = yaml.safe_load((PROJECT / "workflow" / "schemas" / "plan.schema.yaml").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == []


def test_lock_is_that_of_pyproject():
    command = [UV, "lock", "--no-cache", "--check"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_conda_installs_the_locked_versions():
    exported = subprocess.run(
        [
            UV,
            "export",
            "--no-cache",
            "--locked",
            "--no-dev",
            "--no-emit-project",
            "--no-hashes",
            "--no-header",
            "--quiet",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert exported.stdout == (PROJECT / "requirements.lock").read_text()
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text())
    python = (PROJECT / ".python-version").read_text().strip()
    assert f"python={python}" in environment["dependencies"]
    assert {"pip": ["-r requirements.lock", "-e ."]} in environment["dependencies"]


def test_one_version_of_uv():
    makefile = (PROJECT / "Makefile").read_text()
    version = re.search(r"^UV_VERSION = (.+)$", makefile, flags=re.MULTILINE)
    groups = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]
    assert version is not None
    assert f"uv=={version.group(1)}" in groups["dev"]


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("Dr. Müller's project", ""),
        (
            "scores: VBQ",
            "no Python environment works in a folder with a colon or a line break in its path: rename it\n",
        ),
    ],
)
def test_set_up_begins_unless_something_would_stop_it(tmp_path, folder, told):
    project = tmp_path / folder
    project.mkdir()
    shutil.copy(PROJECT / "Makefile", project)
    asked = '.PHONY: asked\nasked: ; @$(PYTHON) -c "$$CAN_RUN"'
    done = subprocess.run(
        ["make", "--silent", f"PYTHON={sys.executable}", "--eval", asked, "asked"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (told == "")
    assert "".join(line + "\n" for line in done.stderr.splitlines() if not line.startswith("make")) == told
