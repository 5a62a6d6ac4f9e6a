"""Who keeps a folder locked, and what becomes of the lock that a killed run leaves."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from vbq.lock import begin_run

BEGIN = """
import sys, time
from pathlib import Path
from vbq.lock import begin_run
print(begin_run(Path(sys.argv[1])), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of Snakemake."""
    path = tmp_path / ".snakemake"
    path.mkdir()
    return path


def lock(folder: Path, owner: str = ""):
    """Write what Snakemake does when a run begins, and if asked who it is."""
    (folder / "locks").mkdir()
    (folder / "locks" / "0.output.lock").write_text("results/x.csv\n")
    if owner:
        (folder / "runs.lock").write_text(f"{owner}\n")


def begun(folder: Path, stays: int) -> subprocess.Popen[str]:
    """A process that begins a run, and stays alive for some seconds."""
    command = [sys.executable, "-c", BEGIN, str(folder), str(stays)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def alive(folder: Path) -> subprocess.Popen[str]:
    """A run that has begun."""
    process = begun(folder, 600)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def told_to_another(folder: Path) -> str:
    """What a run that begins is told."""
    told, errors = begun(folder, 0).communicate(timeout=60)
    assert not errors
    return told.strip()


def test_a_killed_run_leaves_nothing_to_free_by_hand(folder: Path):
    process = alive(folder)
    lock(folder)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert told_to_another(folder) == ""
    assert not (folder / "locks").exists()


def test_a_run_that_is_alive_keeps_its_lock(folder: Path):
    process = alive(folder)
    lock(folder)
    try:
        told = told_to_another(folder)
    finally:
        process.kill()
        process.wait()
    assert f"alive in this folder (process {process.pid} on " in told
    assert "\n" not in told
    assert (folder / "locks" / "0.output.lock").is_file()


def test_another_machine_keeps_its_lock(folder: Path):
    lock(folder, "process 17 on elsewhere")
    for _ in range(2):  # the first to be told so does not become the owner
        assert "process 17 on elsewhere" in told_to_another(folder)
    assert (folder / "locks" / "0.output.lock").is_file()


@pytest.mark.parametrize("owner", ["", "process 1", "\0"])
def test_a_lock_without_an_owner_is_kept(folder: Path, owner: str):
    lock(folder, owner)
    assert "--unlock" in told_to_another(folder)
    assert (folder / "locks" / "0.output.lock").is_file()


def test_a_run_waits_for_a_stage_that_outlived_the_last_one(folder: Path):
    lock(folder, f"process 17 on {socket.gethostname()}")
    script = folder / "scripts" / "tmp1.ingest_cohort.py"
    script.parent.mkdir()
    script.write_text("import time\ntime.sleep(600)\n")
    stage = subprocess.Popen([sys.executable, str(script)])
    run = begun(folder, 0)
    assert run.stderr is not None
    assert f"outlived their run (process {stage.pid})" in run.stderr.readline()
    assert run.poll() is None
    assert (folder / "locks").exists()
    stage.kill()
    stage.wait()
    assert run.wait(timeout=60) == 0
    assert not (folder / "locks").exists()


def test_a_file_system_without_locks_frees_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def unsupported(*_: object):
        raise OSError(95, "Operation not supported")

    lock(folder, f"process 17 on {socket.gethostname()}")
    monkeypatch.setattr("fcntl.flock", unsupported)
    assert "--unlock" in begin_run(folder)
    assert (folder / "locks" / "0.output.lock").is_file()


def test_the_first_run_of_all_is_told_nothing(tmp_path: Path):
    assert told_to_another(tmp_path / ".snakemake") == ""
