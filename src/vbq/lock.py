"""Whether another run is alive in this folder: Snakemake's own lock outlives a run that was killed.

Every run keeps a file locked as long as it is alive. The operating system frees such a lock when a process
ends, however it ends.
"""

import fcntl
import shutil
import socket
import sys
from os import getpid
from pathlib import Path
from typing import TextIO

SNAKEMAKE = Path(".snakemake")
_kept: list[TextIO] = []


def begin_run(folder: Path = SNAKEMAKE) -> str:
    """Keep the lock of runs until this process ends; first free the folder if a killed run left it locked.

    Returns a sentence that says who is in the way, "" where nobody is. A lock that another host left is not
    freed: not every shared file system shows one host the locks of another.
    """
    folder.mkdir(exist_ok=True)
    runs = (folder / "runs.lock").open("a+", encoding="utf-8", errors="replace")
    _kept.append(runs)
    is_alone = _lock(runs, fcntl.LOCK_EX | fcntl.LOCK_NB)
    left = folder / "locks"
    is_locked = left.is_dir() and any(left.iterdir())
    runs.seek(0)
    owners, here = runs.read().splitlines(), f" on {socket.gethostname()}"
    named, told = ", ".join(owners) or "an unknown process", ""
    is_of_here = bool(owners) and all(owner.endswith(here) for owner in owners)
    if is_locked and is_alone is False:
        told = f"Another run is alive in this folder ({named}). It continues; wait for it, and do not unlock."
    elif is_locked and (is_alone is None or not is_of_here):
        told = (
            f"This folder was locked by {named}; whether it is alive cannot be seen from here. If it is "
            "dead, `snakemake --unlock` frees the folder."
        )
    elif is_locked:
        _wait_for_stages(folder)
        shutil.rmtree(left)
    if not told:
        if is_alone is not False:
            runs.truncate(0)
        runs.write(f"process {getpid()}{here}\n")
        runs.flush()
    _lock(runs, fcntl.LOCK_SH)
    return told


def _lock(file: TextIO, how: int) -> bool | None:
    """Lock a file; False where others keep it locked, None where the file system has no locks."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _wait_for_stages(folder: Path) -> None:
    """Wait until no stage of a killed run is left that could still write its results."""
    import psutil

    scripts = str((folder / "scripts").resolve())
    outlived = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.startswith(scripts) for word in process.info["cmdline"] or ())
    ]
    if outlived:
        numbers = ", ".join(str(process.pid) for process in outlived)
        print(f"Waiting for stages that outlived their run (process {numbers})", file=sys.stderr, flush=True)
        psutil.wait_procs(outlived)
