"""What scripts of the workflow share: a log, one way to write and read a table, checksums."""

import atexit
import logging
import math
import re
import sys
import time
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from zipfile import ZipFile, ZipInfo

import pandas as pd

from vbq.errors import UserError

WRITTEN = datetime(2000, 1, 1)  # what an Office file says of its time, always the same
DIGITS = 12  # significant ones of a number in a table: those beyond are rounding, and differ by machine
COMPUTED = "seconds of computing: "  # the last line of a log
FORMULA = re.compile(r"[=+\-@](?![\d.,]*(?:e[+-]?\d+)?$)")  # and no number


def log_to(path: str) -> None:
    """Send messages, warnings and what stops this script to a file, `.../<cohort>/logs/<stage>.log`.

    On the screen it tells the cohort and the stage, and what stopped it: in full where the user can mend
    it, else in one line that names the file. The last line is the processor time that the script took.
    """
    logging.basicConfig(
        filename=path, filemode="w", level=logging.INFO, force=True, format="%(levelname)s: %(message)s"
    )
    logging.captureWarnings(True)
    print(f"{Path(path).parts[-3]}: {Path(path).stem.replace('_', ' ')}", file=sys.stderr, flush=True)
    atexit.register(lambda: logging.info("%s%.1f", COMPUTED, time.process_time()))
    sys.excepthook = partial(_log_error, path)


def _log_error(
    path: str, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, UserError):
        logging.error("%s", error)
        print(f"\n{path}:\n{error}\n", file=sys.stderr)
    elif issubclass(kind, KeyboardInterrupt):
        logging.error("stopped from outside")
        print(f"\n{path}: stopped. The same command goes on.\n", file=sys.stderr)
    else:
        logging.error("stopped", exc_info=(kind, error, trace))
        print(f"\n{path}:\nStopped by an error that should not occur: {error}\n", file=sys.stderr)


def seconds_of(logs: Path) -> dict[str, float]:
    """Return the processor time of each script that has finished, by the name of its log in a folder."""
    found = {
        path.stem: path.read_text("utf-8").rpartition(COMPUTED)[2] for path in sorted(logs.glob("*.log"))
    }
    return {name: float(seconds) for name, seconds in found.items() if re.fullmatch(r"[\d.]+\n", seconds)}


def write_whole(content: str | bytes, path: str | Path) -> None:
    """Write a file, text as UTF-8, whole or not at all."""
    part = Path(f"{path}.part")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    part.replace(path)


def repacked(written: BinaryIO) -> bytes:
    """Return a zip archive, such as an Office file is, with `WRITTEN` as the time of each of its parts.

    The same parts give the same bytes, whenever and wherever they are written.
    """
    fixed = BytesIO()
    with ZipFile(written) as parts, ZipFile(fixed, "w") as archive:
        for name in parts.namelist():
            part = ZipInfo(name, WRITTEN.timetuple()[:6])
            part.create_system = 3  # else it tells Windows from the rest
            # Stored: compressed bytes depend on the version of zlib.
            archive.writestr(part, parts.read(name))
    return fixed.getvalue()


def write_csv(table: pd.DataFrame, path: str) -> None:
    """Write a table as CSV, whole or not at all. Numbers have `DIGITS` significant digits.

    A text that a spreadsheet would take for a formula, such as a site's heading, gets an apostrophe in front.
    """
    part = Path(f"{path}.part")
    texts = table.select_dtypes(["object", "string"])
    formulas = texts.apply(lambda cells: cells.astype("string").str.match(FORMULA).fillna(False))
    if formulas.to_numpy().any():
        table = table.assign(
            **{str(name): texts[name].mask(formulas[name], "'" + texts[name]) for name in texts}
        )
    mixed = {str(name): cells.map(_written) for name, cells in table.items() if cells.dtype == object}
    table = table.assign(**mixed)
    table.to_csv(part, index=False, lineterminator="\n", float_format=f"%.{DIGITS}g")
    part.replace(path)


def _written(cell: Any) -> Any:
    return f"{cell:.{DIGITS}g}" if isinstance(cell, float) and math.isfinite(cell) else cell


def write_table(table: pd.DataFrame, path: str, cohort: str, provenance: str) -> None:
    """Write a tidy table by `write_csv`, with its cohort and provenance in every row."""
    write_csv(table.assign(cohort=cohort, provenance=provenance), path)


def read_table(path: str | Path, text: Collection[str] = ()) -> pd.DataFrame:
    """Read a tidy table; empty cells in text columns stay empty text, in number columns become NaN.

    A column is of numbers where all its filled cells are, unless `text` names it.
    """
    table = pd.read_csv(path, keep_default_na=False, na_values={}, dtype=str)
    for name in [name for name in table.columns if name not in text]:
        filled = table[name].where(table[name] != "")
        numbers = pd.to_numeric(filled, errors="coerce")
        if filled.notna().any() and numbers.notna().equals(filled.notna()):
            table[name] = numbers
    return table


def read_as_printed(path: str | Path) -> pd.DataFrame:
    """Read a table whose cells are text as they stand, empty where nothing does."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def fingerprint(paths: Iterable[str], *values: object) -> str:
    """Return 16 characters that differ where the contents of files, or values, do."""
    made_of = sha256(repr(values).encode())
    for path in paths:
        made_of.update(sha256(Path(path).read_bytes()).digest())
    return made_of.hexdigest()[:16]


def checksums(paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each file, and of each file in a folder (but for hidden ones), by path."""
    files = []
    for path in map(Path, paths):
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [file for file in inside if not file.name.startswith(".")]
    return {str(file): sha256(file.read_bytes()).hexdigest() for file in files}
