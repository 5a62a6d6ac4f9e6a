"""One case: a good site in some form, perhaps damaged, read and judged; it is told by its kind and seed."""

import random
import signal
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import yaml
from spoiled.base import CANARY_NAMES, CODEBOOK, KEY, MARKER, OUTCOME, expected_cohort
from spoiled.damages import DAMAGES, Expected
from spoiled.forms import LAYOUTS, REDCAP_DICTIONARY, Site, draw_site
from spoiled.tables import write

from vbq.ingest.cohort import Examined, examine_cohort
from vbq.problems import InputError

GOOD = "good"
KINDS = (GOOD, *DAMAGES)
PATIENCE = 30  # seconds for one case


class HangError(BaseException):
    """A case took too long; no `except Exception` of the reader may catch it."""


@dataclass(frozen=True)
class Result:
    """What became of a case: "same", "refused" (or warned of, where that is right) or "failed", and why."""

    kind: str
    seed: int
    features: frozenset[str]
    outcome: str
    why: str = ""
    seconds: float = 0


def build(kind: str, seed: int) -> tuple[Site, Expected | None]:
    """Return the site of a case, with what is expected of its damage."""
    rng = random.Random(f"{kind} {seed}")
    if kind == GOOD:
        return draw_site(rng, layouts=() if rng.random() < 0.2 else LAYOUTS), None
    damage = DAMAGES[kind]
    while True:
        site = draw_site(rng, damage.formats, damage.layouts)
        if damage.needs(site):
            return site, damage.strike(site)


def write_site(site: Site, folder: Path) -> None:
    """Write all files of a site."""
    write(site.tables, folder)
    if site.dictionary:
        described = pd.DataFrame(site.dictionary, columns=list(REDCAP_DICTIONARY))
        described.to_csv(folder / "dictionary.csv", index=False)


def run(kind: str, seed: int, folder: Path | None = None) -> Result:
    """Read a case and judge the answer. With a folder, its files and cohort file stay there."""
    with TemporaryDirectory() as own:
        place = folder or Path(own)
        site, expected = build(kind, seed)
        write_site(site, place)
        if expected is not None and expected.afterwards is not None:
            expected.afterwards(place)
        if folder is not None:
            (place / "cohort.yaml").write_text(yaml.safe_dump(site.spec, allow_unicode=True, sort_keys=False))
        start = time.perf_counter()
        try:
            with patience(PATIENCE):
                examined = examine_cohort(site.spec, CODEBOOK, MARKER, place, OUTCOME)
                text = str(InputError(examined.problems.sorted()))
            outcome, why = judge(site, expected, examined, text)
        except HangError:
            outcome, why = "failed", f"took more than {PATIENCE} s"
        except Exception as error:  # that there is none is what is tested
            outcome, why = "failed", f"{type(error).__name__}: {error} ({_origin(error)})"
        seconds = time.perf_counter() - start
    return Result(kind, seed, frozenset(site.features), outcome, why, seconds)


def _origin(error: BaseException) -> str:
    trace, origin = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "vbq" in code.co_filename:
            origin = f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return origin


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise HangError in what takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judge(site: Site, expected: Expected | None, examined: Examined, text: str) -> tuple[str, str]:
    """Return the outcome of a case, and why it failed."""
    problems = examined.problems.sorted()
    if fault := _leak(site, problems, text) or _unhelpful(problems):
        return "failed", fault
    errors = [problem for problem in problems if problem.severity == "error"]
    shown = "; ".join(f"{p.file}:{p.row} {p.column} {p.rule}" for p in errors[:6]) or "no error"
    same = None if examined.ingested is None else difference(site, examined.ingested.cohort)
    if expected is None or expected.is_same:
        if examined.ingested is None:
            return "failed", f"refused a good site: {shown}"
        return ("failed", f"another cohort: {same}") if same else ("same", "")
    if expected.or_same and examined.ingested is not None and not same:
        return "same", ""
    places = expected.places(site)
    found = {
        (problem.file, problem.row, problem.column)
        for problem in problems
        if problem.severity == expected.severity
    }
    rows = {(file, row, None) for file, row, _ in found}
    if not places & (found | rows):
        wanted = ", ".join(sorted(map(str, places))[:4])
        read = "no cohort" if same is None else f"cohort: {same or 'the same'}"
        return "failed", f"{expected.severity} expected at one of {wanted}; {shown}; {read}"
    if expected.severity == "error" and examined.ingested is not None:
        return "failed", "an error, and yet a cohort"
    if expected.alone:
        rows_struck = {(file, row) for file, row, _ in places}
        columns_struck = {(file, column) for file, _, column in places if column}
        others = [
            f"{p.file}:{p.row} {p.column} {p.rule}"
            for p in errors
            if (p.file, p.row) not in rows_struck and (p.file, p.column) not in columns_struck
        ]
        if others:
            return "failed", f"errors elsewhere, too: {others[:4]}"
    return "refused", ""


def _leak(site: Site, problems: list[Any], text: str) -> str:
    """Say where a message tells who a patient is, or may play a trick on a terminal."""
    told = [
        value
        for problem in problems
        for value in (problem.file, problem.column, problem.value, problem.rule, problem.action)
    ]
    whole = "\n".join([*told, text]).casefold()
    for canary in (*CANARY_NAMES, *site.base.ids):
        if canary.casefold() in whole:
            return f"a message has {canary!r}"
    for character in set(text) - {"\n"}:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs"):
            return f"the message has the control character {character!r}"
    return ""


def _unhelpful(problems: list[Any]) -> str:
    without = [problem for problem in problems if not problem.action.strip() or not problem.rule.strip()]
    return f"no action or rule: {without[0]}" if without else ""


def difference(site: Site, cohort: pd.DataFrame) -> str:
    """Say how a cohort differs from the site's; "" if it does not, but for the order of its rows."""
    expected = expected_cohort(site.base.number)
    if list(cohort) != list(expected):
        return f"columns {sorted(set(cohort) ^ set(expected))}"
    if len(cohort) != len(expected):
        return f"{len(cohort)} rows"
    found = cohort.iloc[np.argsort(cohort[KEY].to_numpy(), kind="stable")]
    wanted = expected.iloc[np.argsort(expected[KEY].to_numpy(), kind="stable")]
    for name in expected.columns.drop("row"):
        one, other = found[name], wanted[name]
        if one.dtype != other.dtype:
            return f"{name} is {one.dtype}"
        if one.dtype == "float64":
            alike = np.allclose(one.to_numpy(), other.to_numpy(), rtol=1e-9, atol=1e-9, equal_nan=True)
        else:
            alike = (
                one.astype(object).where(one.notna(), None).tolist()
                == other.astype(object).where(other.notna(), None).tolist()
            )
        if not alike:
            return f"values of {name}"
    places = site.cells["patients", KEY]
    rows = {
        float(patient[KEY]): table.numbers[row]
        for patient, (table, row) in zip(site.base.patients, places, strict=True)
    }
    if [rows[float(value)] for value in cohort[KEY].round(6)] != cohort["row"].tolist():
        return "rows are not those of the file"
    return ""
