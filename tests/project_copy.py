"""A copy of the project to run in, so that no test touches the results of the working tree."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1]
COPIED = ["Snakefile", "config", "data", "notebooks", "profiles", "src", "tests", "workflow"]


@dataclass(frozen=True)
class Copy:
    """A copy of the project in which Snakemake runs."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """What Snakemake and Python run with: the copy's own code, and no need of a home to write to."""
        return {
            **os.environ,
            "PYTHONPATH": str(self.path / "src"),
            "XDG_CACHE_HOME": str(self.path / ".cache"),
        }

    def snakemake(self, *arguments: str, fails: bool = False) -> str:
        """Run Snakemake and return all it prints."""
        command = [sys.executable, "-m", "snakemake", *arguments]
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def run(self, *cohorts: str) -> str:
        """Run Snakemake on cohort files with few resamples and return all it prints."""
        settings = {"cohorts": list(cohorts), "seed": 20190901, "resamples": 300}
        path = self.path / "config" / "asked.yaml"
        path.write_text(yaml.safe_dump(settings))
        return self.snakemake("--replace-workflow-config", "--configfile", str(path))

    def stale_rules(self) -> set[str]:
        """Rules that the next run would execute, whatever they depend on."""
        listed = self.snakemake("--dry-run", "--quiet", "rules", "host")
        return set(re.findall(r"^(\w+) +\d+$", listed, flags=re.MULTILINE)) - {"all", "total"}

    def results(self, cohort: str) -> Path:
        """The folder of a cohort's results."""
        return self.path / "results" / cohort


def copy_project(path: Path) -> Copy:
    """Copy what a run needs, with the shared data beside it where they exist."""
    project = path / "project"
    project.mkdir()
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            shutil.copytree(source, project / name, ignore=ignored)
        else:
            shutil.copy(source, project / name)
    shared = PROJECT.parent / "shared"
    if shared.is_dir():
        (path / "shared").symlink_to(shared)
    return Copy(project)


def checksums(folder: Path) -> dict[str, str]:
    """Checksums of all results but the logs, the record of the run and the duration that the report tells."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "run.yaml"]
    return {
        str(path.relative_to(folder)): hashlib.sha256(_without_duration(path)).hexdigest()
        for path in files
        if "logs" not in path.parts
    }


def _without_duration(path: Path) -> bytes:
    content = path.read_bytes()
    return re.sub(rb"\d+ s of computing[^<]*", b"", content) if path.name == "report.html" else content
