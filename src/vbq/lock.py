"""Whether another run is alive in this folder: Snakemake's own lock outlives a run that was killed.

Every run, and every stage of one, keeps a file locked as long as it lives. The operating system frees these
locks when a process ends, in whatever way.
"""

import fcntl
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TextIO

SNAKEMAKE = Path(".snakemake")
RUNS, STAGES = "runs.lock", "stages.lock"
_kept: list[TextIO] = []


def begin_run(folder: Path = SNAKEMAKE) -> str:
    """Keep the lock of runs until this process ends; first free the folder if a killed run left it locked.

    Returns a sentence that says who is in the way, "" where nobody is. A lock that another host left is not
    freed: not every shared file system tells one host of the locks of the other.
    """
    folder.mkdir(exist_ok=True)
    runs = (folder / RUNS).open("a+", encoding="utf-8")
    _kept.append(runs)
    left, here = folder / "locks", socket.gethostname()
    is_alone = _lock(runs, fcntl.LOCK_EX | fcntl.LOCK_NB)
    is_locked = left.is_dir() and any(left.iterdir())
    runs.seek(0)
    owners = runs.read().splitlines()
    told = ""
    if is_locked and not is_alone:
        told = f"Another run is under way in this folder ({', or '.join(owners)}). It is not disturbed."
    elif is_locked and owners and not all(owner.endswith(f" on {here}") for owner in owners):
        told = (
            f"A run in this folder has not ended, or was killed ({', or '.join(owners)}): see there. If it "
            "is dead, `snakemake --unlock` frees the folder."
        )
    elif is_locked and owners:
        _wait_for_stages(folder)
        shutil.rmtree(left)
    if is_alone and not told:
        runs.truncate(0)
    runs.write(f"process {os.getpid()} on {here}\n")
    runs.flush()
    _lock(runs, fcntl.LOCK_SH)
    return told


def begin_stage(folder: Path = SNAKEMAKE) -> None:
    """Keep the lock of stages until this process ends."""
    if folder.is_dir():
        stages = (folder / STAGES).open("a", encoding="utf-8")
        _kept.append(stages)
        _lock(stages, fcntl.LOCK_SH)


def _wait_for_stages(folder: Path) -> None:
    """Wait until no stage of a killed run is left that could still write its results."""
    with (folder / STAGES).open("a", encoding="utf-8") as stages:
        if not _lock(stages, fcntl.LOCK_EX | fcntl.LOCK_NB):
            print("Waiting for a stage that outlived its run ...", file=sys.stderr, flush=True)
            _lock(stages, fcntl.LOCK_EX)


def _lock(file: TextIO, how: int) -> bool:
    """Lock a file; whether that worked: not where others have it, nor where a file system knows no locks."""
    try:
        fcntl.flock(file, how)
    except OSError:
        return False
    return True
