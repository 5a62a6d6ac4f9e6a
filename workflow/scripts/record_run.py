"""What was run, on what, with what."""

import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import yaml

from vbq.checksums import checksums
from vbq.run import RECORD_ENDS, log_to, read_as_printed, seconds_of, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

PACKAGES = [
    "vbq",
    "snakemake",
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
    "scikit-learn",
    "pingouin",
    "matplotlib",
    "python-docx",
    "typst",
]


def git(*arguments: str) -> str:
    """Output of a git command; empty outside a repository, and where there is no git."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


log_to(snakemake.log[0])
read = [read_as_printed(path)[["file", "sha256"]] for path in snakemake.input.read]
record = {
    "cohort": snakemake.wildcards.cohort,
    "provenance": snakemake.params.spec["provenance"],
    "commit": git("rev-parse", "HEAD") or "unknown",
    "uncommitted_changes": bool(git("status", "--porcelain")),
    "input_sha256": dict(pd.concat(read).to_numpy().tolist()) | snakemake.params.files,
    "results_sha256": checksums(snakemake.input.results),
    "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    "seconds": seconds_of(Path(snakemake.log[0]).parent),
    "cohort_file": snakemake.params.spec,
    "plan": snakemake.params.plan,
    "seed": snakemake.params.seed,
    RECORD_ENDS: snakemake.params.resamples,
}
write_whole(yaml.safe_dump(record, sort_keys=False), snakemake.output.record)
