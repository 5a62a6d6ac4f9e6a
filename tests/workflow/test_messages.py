"""What a user sees when something is wrong: one clear message, no traceback."""

import sys
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


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        (
            "config/config.yaml",
            "seed:",
            "seed: 1\nseed:",
            "config/config.yaml:6: `seed` is already given in line 5",
        ),
        ("config/config.yaml", "seed: 2", "seed: .nan # 2", "config/config.yaml:5: `.nan` is no number"),
        (
            "config/config.yaml",
            "seed: 2019",
            "seed: 02019",
            "config/config.yaml:5: seed: '020190901' is not of",
        ),
        ("config/scores/vbq.yaml", "cutoff:", "cutoff: 4\ncutoff:", "`cutoff` is already given in line"),
        (
            "data/published/ehresman2019/paper.yaml",
            "title:",
            "title: x\ntitle:",
            "`title` is already given in line",
        ),
        (
            "config/cohorts/ehresman2019.yaml",
            "data/ehresman2019/patients.csv",
            "/dev/zero",
            "pipe or a device",
        ),
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused(copy: Copy, path: str, old: str, new: str, told: str):
    file = copy.path / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    output = copy.snakemake("--dry-run", fails=True)
    assert told in output
    assert "Traceback" not in output


def test_a_project_folder_of_any_name(tmp_path: Path, monkeypatch):
    copied = copy_project(tmp_path)
    copy = Copy(copied.path.rename(tmp_path / "my {id} project's folder \u00e9"))
    environment = copy.path / "environment"
    environment.symlink_to(sys.prefix)
    monkeypatch.setattr(sys, "executable", str(environment / "bin" / "python"))
    copy.snakemake("results/ehresman2019/flow.csv")
    assert (copy.path / "results" / "ehresman2019" / "flow.csv").is_file()


def test_expressions_in_the_configuration_are_not_computed(copy: Copy):
    file = copy.path / "config" / "config.yaml"
    text = file.read_text(encoding="utf-8").replace("seed: 20190901", "seed: ?open('executed', 'w') and 1")
    file.write_text(f"__use_yte__: true\n{text}", encoding="utf-8")
    copy.snakemake("--dry-run", fails=True)
    assert not (copy.path / "executed").exists()


def test_configuration_cannot_execute_code(copy: Copy):
    file = copy.path / "config" / "cohorts" / "ehresman2019.yaml"
    file.write_text(file.read_text() + "\nx: !!python/object/apply:os.system ['touch executed']\n")
    copy.snakemake("--dry-run", fails=True)
    assert not (copy.path / "executed").exists()
