"""Seconds and memory for the check of CSV files with a million rows, each in a process of its own.

Usage: python benchmarks/large_file.py [ROWS] (a million). Prints a line per file: good ones, with the score
or with the readings of every level, and others in which there is something to say of every row. Ends with
status 1 where a check takes more than 60 s or 2 GB, or finds what it should not.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from vbq.codebook import SINS_COMPONENTS, VARIABLES

PROJECT = Path(__file__).parents[1]
MOST_SECONDS = 60
MOST_MEMORY = 2000  # MB
CHECK = """
import sys
from pathlib import Path
from vbq.checking import check_cohort
checked = check_cohort(Path(sys.argv[1]), Path(sys.argv[2]))
print(*checked.lines, checked.verdict, sep="\\n")
sys.exit(checked.has_errors)
"""


def patients(rows: int) -> pd.DataFrame:
    """Return plausible patients: variables of the study, the SINS with its components, a VBQ."""
    rng = np.random.default_rng(20190901)
    frame = pd.DataFrame(
        {
            "patient_id": [f"K{number:08d}" for number in range(rows)],
            "new_vcf": rng.integers(0, 2, rows),
            "age": rng.integers(30, 90, rows),
            "sex": rng.choice(["female", "male"], rows),
            "bmi": rng.normal(27, 4, rows).clip(15, 50).round(1),
            "kps": 10 * rng.integers(4, 11, rows),
            "smoking": rng.choice(["never", "former", "current"], rows),
            "treatment": rng.choice(["SBRT", "surgery"], rows),
            "albumin": rng.normal(4, 0.4, rows).clip(2, 5.5).round(1),
            "calcium": rng.normal(9.4, 0.5, rows).clip(7, 12).round(1),
            "follow_up_months": rng.gamma(3, 8, rows).clip(6, 200).round(1),
            "field_strength": rng.choice(["1.5", "3"], rows),
        }
    )
    frame["albumin"] = frame["albumin"].where(rng.random(rows) > 0.1)
    for name in SINS_COMPONENTS:
        frame[name] = rng.choice(list(VARIABLES[name].levels), rows)
    frame["sins"] = frame[list(SINS_COMPONENTS)].sum(axis="columns")
    frame["vbq"] = rng.normal(2.9, 0.5, rows).clip(1.2, 5.5).round(2)
    return frame


def with_readings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return patients with the intensities of L1 to L4 and the CSF in place of the score."""
    rng = np.random.default_rng(20190902)
    read = frame.drop(columns="vbq")
    read["csf"] = rng.normal(120, 10, len(frame)).clip(80, 160).round(1)
    for level in ("L1", "L2", "L3", "L4"):
        read[level] = (frame["vbq"] * read["csf"] * rng.normal(1, 0.05, len(frame))).round(1)
    read["csf_level"] = "L3"
    return read


def cohort_file(folder: Path, frame: pd.DataFrame) -> Path:
    """Write patients and their cohort file, and return the path of the latter."""
    rows = folder / "patients.csv"
    frame.to_csv(rows, index=False)
    readings = [name for name in ("L1", "L2", "L3", "L4", "csf", "csf_level") if name in frame]
    own = {"patient_id", *readings}
    spec = {
        "title": "A large file",
        "role": "validation",
        "provenance": "simulated; not patient data",
        "plan": "config/plans/ehresman2019.yaml",
        "patients": {
            "file": str(rows),
            "id": "patient_id",
            "columns": {name: name for name in frame if name not in own},
        },
    }
    if readings:
        columns = {name: name for name in readings}
        spec["readings"] = {"file": str(rows), "id": "patient_id", "columns": columns}
    path = folder / "large.yaml"
    path.write_text(yaml.safe_dump(spec), encoding="utf-8")
    return path


def measure(frame: pd.DataFrame) -> tuple[float, float, float, int, str]:
    """Return seconds, those of a core, peak memory (MB), exit status and output of the check of one file."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as told:
        path = cohort_file(Path(folder), frame)
        start = time.perf_counter()
        command = [sys.executable, "-c", CHECK, str(path), folder]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=told, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        of_core = used.ru_utime + used.ru_stime
        return seconds, of_core, used.ru_maxrss / 1024, process.returncode, told.read()


def main(rows: int) -> int:
    """Print a line per file; return the exit status."""
    good = patients(rows)
    files = {
        "no fault": (good, 0),
        "readings of four levels and CSF": (with_readings(good), 0),
        "a column of text where numbers belong": (good.assign(bmi="unknown weight"), 1),
        "a column of decimal commas": (good.assign(bmi=good["bmi"].astype(str).str.replace(".", ",")), 1),
        "another level in every row": (good.assign(sex=[f"x{n}" for n in range(rows)]), 1),
        "an implausible value in every row": (good.assign(kps=85), 0),
        "one patient in all rows": (good.assign(patient_id="K1"), 1),
        "no patient has an outcome": (good.assign(new_vcf=""), 1),
    }
    print(f"| {rows:,} rows | seconds | of one core | memory (MB) | |\n|---|---|---|---|---|")
    failed = 0
    for name, (frame, expected) in files.items():
        seconds, of_core, memory, status, told = measure(frame)
        good_enough = seconds <= MOST_SECONDS and memory <= MOST_MEMORY and status == expected
        failed += not good_enough
        print(
            f"| {name} | {seconds:.0f} | {of_core:.0f} | {memory:.0f} | {'' if good_enough else 'failed'} |",
            flush=True,
        )
        if status != expected:
            print(told[-2000:])
    limits = f"{MOST_SECONDS} s and {MOST_MEMORY / 1000:g} GB"
    print(f"\n{len(files) - failed} of {len(files)} files checked within {limits}")
    return int(failed > 0)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(numbers or [1_000_000])))
