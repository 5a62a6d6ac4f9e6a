"""What a user sees when something is wrong: one clear message, no traceback."""

from pathlib import Path

import pytest
import yaml
from project_copy import Copy, copy_project


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return copy_project(tmp_path)


def change(copy: Copy, path: str, edit):
    """Edit a YAML file of the copy."""
    file = copy.path / path
    content = yaml.safe_load(file.read_text())
    edit(content)
    file.write_text(yaml.safe_dump(content))


def test_all_problems_of_the_rows_are_told_at_once(copy: Copy):
    file = copy.path / "data" / "ehresman2019" / "patients.csv"
    lines = file.read_text().splitlines()
    heading = lines[0].split(",")
    first, second = lines[1].split(","), lines[2].split(",")
    first[heading.index("age")] = "60 oder 61"
    second[heading.index("sins_pain")] = "2"
    file.write_text("\n".join([lines[0], ",".join(first), ",".join(second), *lines[3:]]) + "\n")

    output = copy.snakemake("results/ehresman2019/flow.csv", fails=True)
    assert "Traceback" not in output
    age, pain = (
        next(line for line in output.splitlines() if word in line) for word in ("60 oder 61", "sins_pain")
    )
    assert "patients.csv:2 age" in age
    assert "patients.csv:3 sins_pain" in pain
    assert first[heading.index("patient_id")] not in output


@pytest.mark.parametrize(
    ("path", "edit", "told"),
    [
        ("config/config.yaml", lambda c: c.update(resample=3), "resample"),
        ("config/cohorts/ehresman2019.yaml", lambda c: c.update(provenence="x"), "provenence"),
        ("config/plans/ehresman2019.yaml", lambda c: c.update(alpha=2), "alpha"),
        ("config/config.yaml", lambda c: c.update(cohorts=["config/cohorts/absent.yaml"]), "no such file"),
    ],
)
def test_a_wrong_configuration_names_the_culprit(copy: Copy, path: str, edit, told: str):
    change(copy, path, edit)
    output = copy.snakemake("--dry-run", fails=True)
    assert told in output
    assert "Traceback" not in output


def test_configuration_cannot_execute_code(copy: Copy):
    file = copy.path / "config" / "cohorts" / "ehresman2019.yaml"
    file.write_text(file.read_text() + "\nx: !!python/object/apply:os.system ['touch executed']\n")
    copy.snakemake("--dry-run", fails=True)
    assert not (copy.path / "executed").exists()
