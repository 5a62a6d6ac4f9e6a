"""The whole study, by the workflow and by one R script, in turn: medians and their ratio.

Usage: make benchmark. R and the packages named in study.R are optional; without them only the workflow is
timed, and the output says so.
"""

import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 5
PROJECT = Path(__file__).parents[1]
WORKFLOW = [sys.executable, "-m", "snakemake", "--forceall", "--quiet", "all"]
NOTHING_TO_DO = [sys.executable, "-m", "snakemake", "--quiet", "all"]
R_SCRIPT = ["Rscript", "benchmarks/study.R"]


def seconds(command: list[str]) -> float:
    """Wall time of one run from start to end."""
    start = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def report(name: str, times: list[float]) -> None:
    """Print median and range of some wall times."""
    median, low, high = statistics.median(times), min(times), max(times)
    print(f"{name:42s} {median:6.1f} s  ({low:.1f}-{high:.1f}, n = {len(times)})")


seconds(WORKFLOW)
workflow, r_script = [], []
has_r = shutil.which("Rscript") is not None
for _ in range(RUNS):
    workflow.append(seconds(WORKFLOW))
    if has_r:
        r_script.append(seconds(R_SCRIPT))
report("workflow, everything", workflow)
report("workflow, nothing to do", [seconds(NOTHING_TO_DO) for _ in range(RUNS)])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{'largest process':42s} {peak:6.0f} MB")
if has_r:
    report("one R script, the same analyses", r_script)
    ratios = [ours / theirs for ours, theirs in zip(workflow, r_script, strict=True)]
    print(f"{'workflow / R script, pair by pair':42s} {statistics.median(ratios):6.2f}")
else:
    print("Rscript is not installed: the R script was not timed")
