"""What is run again after an edit, a kill or a damage, and what is not."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import yaml
from project_copy import Copy, checksums

PATIENTS = Path("data", "ehresman2019", "patients.csv")
LONG_AGO = (946_684_800, 946_684_800)  # before any result


@pytest.fixture(scope="module")
def finished(rerun: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The default run in a folder of its own, which tests may edit if they leave it as it was."""
    copy = Copy(tmp_path_factory.mktemp("finished") / "project")
    shutil.copytree(rerun.path, copy.path, symlinks=True)
    return copy


@contextmanager
def edited(path: Path, old: str, new: str) -> Iterator[None]:
    """Put one text for another in a file, with the date of long ago."""
    before, status = path.read_text(), path.stat()
    assert old in before
    path.write_text(before.replace(old, new, 1))
    os.utime(path, LONG_AGO)
    try:
        yield
    finally:
        path.write_text(before)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_copied_folder_with_other_dates_has_nothing_left_to_do(finished: Copy):
    for name in ("data", "config", "src", "workflow"):
        for path in finished.path.joinpath(name).rglob("*"):
            path.touch()
    assert "Nothing to be done" in finished.snakemake()


@pytest.mark.parametrize(
    ("path", "old", "new", "stale"),
    [
        (PATIENTS, ",65,", ",66,", {"ingest_cohort", "validate_internally", "write_report"}),
        (PATIENTS.with_name("roi_readings.csv"), "\n", "\n\n", {"ingest_cohort", "measure_agreement"}),
        ("data/published/ehresman2019/figures.csv", ",", ", ", {"audit_paper", "compare_published"}),
        ("data/published/ehresman2019/readings.csv", ",", ", ", {"compare_published"}),
        ("config/scores/vbq.yaml", "\ncutoff: 3", "\ncutoff: 2.9", {"ingest_cohort"}),
        ("config/plans/ehresman2019.yaml", "alpha: 0.05", "alpha: 0.04", {"fit_multivariable"}),
        ("src/vbq/stats/agreement.py", "\n", "\n\n", {"measure_agreement"}),
        ("workflow/scripts/choose_cutoff.py", "\n", "\n\n", {"choose_cutoff"}),
        ("src/vbq/render/templates/page.css", "\n", "\n\n", {"write_report", "write_audit"}),
    ],
    ids=lambda value: Path(value).name if isinstance(value, str | Path) else None,
)
def test_an_edit_counts_whatever_its_date(finished: Copy, path: str, old: str, new: str, stale: set[str]):
    with edited(finished.path / path, old, new):
        assert stale <= finished.stale_rules()


def test_a_file_that_changes_while_it_is_read_is_refused_and_then_read_again(finished: Copy):
    flow, read = "results/ehresman2019/flow.csv", finished.results("ehresman2019") / "ingest_files.csv"
    patients, module = finished.path / PATIENTS, finished.path / "src" / "vbq" / "ingest" / "cohort.py"
    before, code = patients.read_text(), module.read_text()
    corrected = before.replace(",65,", ",66,", 1)
    module.write_text(
        f"{code}\n\n_read = read_cohort\n\n\ndef read_cohort(*arguments, **named):\n"
        f"    Path({str(PATIENTS)!r}).write_text({corrected!r})\n    return _read(*arguments, **named)\n"
    )
    output = finished.snakemake(flow, fails=True)
    assert f"{PATIENTS}: changed during the run" in output
    assert "Traceback" not in output
    assert not finished.results("ehresman2019").joinpath("cohort.parquet").exists()
    module.write_text(code)
    finished.snakemake(flow)
    known = pd.read_csv(read).set_index("file")["sha256"]
    assert known[str(PATIENTS)] == hashlib.sha256(corrected.encode()).hexdigest()
    patients.write_text(before)
    finished.snakemake(flow)
    known = pd.read_csv(read).set_index("file")["sha256"]
    assert known[str(PATIENTS)] == hashlib.sha256(before.encode()).hexdigest()


def test_the_record_has_the_checksums_of_what_was_read(rerun: Copy):
    record = yaml.safe_load(rerun.results("ehresman2019").joinpath("run.yaml").read_text())
    files = [*rerun.path.joinpath("data", "ehresman2019").glob("*.csv")]
    files += [
        rerun.path / "data" / "published" / "ehresman2019" / f"{n}.csv" for n in ("figures", "readings")
    ]
    assert record["input_sha256"] == {
        str(path.relative_to(rerun.path)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_a_killed_run_goes_on_with_the_same_command_and_one_that_is_alive_is_not_disturbed(
    finished: Copy, rerun: Copy
):
    shutil.rmtree(finished.results("ehresman2019"))
    told = finished.path / "killed.txt"
    with told.open("w") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", "snakemake"],
            cwd=finished.path,
            env={**os.environ, "PYTHONPATH": str(finished.path / "src")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    while "validate internally" not in told.read_text() and run.poll() is None:
        time.sleep(0.05)
    other = finished.snakemake(fails=True)
    assert f"Another run is alive in this folder (process {run.pid} on" in other
    assert run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert list(finished.path.glob(".snakemake/locks/*.lock"))
    finished.snakemake()
    assert checksums(finished.path / "results") == checksums(rerun.path / "results")
    assert "Nothing to be done" in finished.snakemake()


def test_damaged_intermediates_are_named_and_made_again(finished: Copy, rerun: Copy):
    folder = Path("results", "ehresman2019")
    made_from = {
        "cohort.parquet": "agreement.csv",
        "univariable.csv": "multivariable.csv",
        "roc.csv": "figures",
        "figures/roc_comparison.svg": "report.pdf",
        "run.yaml": "report.html",
    }
    for damaged, made in made_from.items():
        path = finished.path / folder / damaged
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        output = finished.snakemake("--force", str(folder / made), fails=True)
        delete = path.parent if path.suffix == ".svg" else path
        what = "it" if delete == path else f"the folder {folder / 'figures'}"
        assert f"{folder / damaged} is damaged: delete {what}, and the same command" in output
        assert "Traceback" not in output
        assert "should not occur" not in output
        path.unlink() if delete == path else shutil.rmtree(delete)
        finished.snakemake(str(folder / made))
    finished.snakemake()
    assert checksums(finished.path / "results") == checksums(rerun.path / "results")
