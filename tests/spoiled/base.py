"""Small good sites in canonical words: what the files of every case say, whatever form they take."""

import random
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from vbq.codebook import SINS_COMPONENTS, VARIABLES, extended
from vbq.ingest import read_cohort
from vbq.scores.marker import Marker

N_SITES = 32
MARKER = Marker(cutoff=3)
OUTCOME = "new_vcf"
CODEBOOK = extended({})
LEVELS = ("L1", "L2", "L3", "L4")
KEY = "bmi"  # different in every patient, and never converted: it tells which row of a cohort is whose
NUMBERS = ("age", "bmi", "kps", "albumin", "calcium", "follow_up_months", "n_new_vcf", "sins")
CANARY_NAMES = ("Zwackelmann", "Quiribert", "Wuppdich", "Xaverlein", "Schnurzpiep", "Trillirium")
ID_STYLES = ("ZQX-{:05d}", "97{:05d}", "zqx{:05d}k", "0097{:05d}", "ZQX {:05d}")


@dataclass(frozen=True)
class Base:
    """A site. Cells are canonical text, "" where nothing is known.

    `patients` have an id and a value of each of `variables`; `readings` have id, reader, L1 to L4, csf and
    csf_level.
    """

    number: int
    variables: tuple[str, ...]
    patients: tuple[dict[str, str], ...]
    readers: tuple[str, ...]
    readings: tuple[dict[str, str], ...]

    @property
    def ids(self) -> list[str]:
        """The patients' ids."""
        return [patient["id"] for patient in self.patients]


@cache
def base_site(number: int) -> Base:
    """Return one of the sites; those of low numbers are smaller, and each lacks something."""
    rng = random.Random(f"site {number}")
    n = rng.randint(12, 14) if number < N_SITES // 2 else rng.randint(15, 40)
    pool = ["age", "sex", "kps", "albumin", "calcium", "smoking", "field_strength", "follow_up_months"]
    chosen = rng.sample(pool, rng.randint(3, 5))
    has_sins = number % 3 == 0
    names = [OUTCOME, KEY, *chosen, *(["n_new_vcf"] if number % 4 == 1 else [])]
    names += [*SINS_COMPONENTS, "sins"] if has_sins else []
    start = rng.randint(1, 50_000)
    style = ID_STYLES[number % len(ID_STYLES)]
    weights = rng.sample(range(180, 420), n)
    patients = []
    for order in range(n):
        patient = {name: _value(name, rng) for name in names}
        patient["id"] = style.format(start + 7 * order)
        patient[KEY] = str(Decimal(weights[order]) / 10)
        patient[OUTCOME] = str(order % 2) if order < 4 else patient[OUTCOME]
        if "n_new_vcf" in names:
            patient["n_new_vcf"] = str(rng.randint(1, 4)) if patient[OUTCOME] == "1" else "0"
        if has_sins:
            patient["sins"] = str(sum(int(patient[name]) for name in SINS_COMPONENTS))
            if rng.random() < 0.2:
                patient[rng.choice(SINS_COMPONENTS)] = ""
        patients.append(patient)
    readers = ((), ("A",), ("A", "B"), ("A", "B"))[number % 4]
    readings = []
    for patient in patients:
        for reader in readers:
            csf = Decimal(rng.randint(800, 1500)) / 10
            marrow = {level: str(csf * rng.randint(20, 45) / 10) for level in LEVELS}
            if rng.random() < 0.15:
                marrow[rng.choice(LEVELS)] = ""
            at = rng.choice(["L3", "L3", "L3", "L2", "L4"])
            readings.append(
                {"id": patient["id"], "reader": reader, **marrow, "csf": str(csf), "csf_level": at}
            )
    return Base(number, tuple(names), tuple(patients), readers, tuple(readings))


def _value(name: str, rng: random.Random) -> str:
    if name in ("albumin", "kps", "calcium") and rng.random() < 0.15:
        return ""
    if name in NUMBERS:
        low, high, step = {
            "age": (40, 85, 1),
            "bmi": (18, 40, 1),
            "kps": (50, 100, 10),
            "albumin": (2.8, 4.9, 0.1),
            "calcium": (8.1, 10.5, 0.1),
            "follow_up_months": (6, 60, 0.1),
        }.get(name, (0, 0, 1))
        steps = rng.randint(0, round((high - low) / step))
        return f"{low + steps * step:.1f}" if step < 1 else str(low + steps * step)
    return str(rng.choice(list(VARIABLES[name].levels)))


@cache
def expected_cohort(number: int) -> pd.DataFrame:
    """Return the cohort of a site, read from its plainest form: two CSV files with canonical words."""
    base = base_site(number)
    spec: dict[str, Any] = {
        "patients": {"file": "patients.csv", "id": "id", "columns": {name: name for name in base.variables}}
    }
    with TemporaryDirectory() as folder:
        pd.DataFrame(base.patients).to_csv(Path(folder, "patients.csv"), index=False)
        if base.readings:
            pd.DataFrame(base.readings).to_csv(Path(folder, "readings.csv"), index=False)
            columns = {name: name for name in (*LEVELS, "csf", "csf_level")}
            spec["readings"] = {"file": "readings.csv", "id": "id", "reader": "reader", "columns": columns}
            if len(base.readers) == 1:
                del spec["readings"]["reader"]
        return read_cohort(spec, CODEBOOK, MARKER, Path(folder), OUTCOME).cohort
