"""What scripts of the workflow share: a log, and one way to write and to read results."""

import atexit
import logging
import math
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from zipfile import ZipFile, ZipInfo

import pandas as pd
import yaml

from vbq.errors import UserError
from vbq.stats.digits import DIGITS

WRITTEN = datetime(2000, 1, 1)  # what an Office file says of its time, always the same
RECORD_ENDS = "resamples"  # the last entry of a run.yaml
FORMAT = "%(levelname)s: %(message)s"  # of a line of a log
COMPUTED = "seconds of computing: "  # the last line of a log
FORMULA = re.compile(r"[=+\-@](?![\d.,]*(?:e[+-]?\d+)?$)")  # and no number
MARKED = re.compile(rf"'*{FORMULA.pattern}")  # with the apostrophes that it has already
# What users name is text, even where it looks like a number: a level 01 is not 1.
TEXT_COLUMNS = frozenset(
    (
        *("variable", "term", "level", "reference", "group", "score", "score_1", "score_2", "model", "rule"),
        *("label", "level_label", "subgroup", "subgroup_label", "raters"),
    )
)
ALSO_TEXT = {"discrimination": "cutoff"}  # where elsewhere there are numbers


def log_to(path: str) -> None:
    """Send messages, warnings and what stops this script to a file, `.../<cohort>/logs/<stage>.log`.

    The terminal shows the cohort and the stage, and what stopped the script: in full where the user can
    correct it, else in one line that names the file. The last line of the log is the processor time used.
    """
    logging.basicConfig(filename=path, filemode="w", level=logging.INFO, force=True, format=FORMAT)
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
        print(f"\n{path}: stopped. The same command continues.\n", file=sys.stderr)
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


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Give a new folder to write files into, which then takes the place of `path`, whole or not at all."""
    folder = Path(path)
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def repacked(written: BinaryIO) -> bytes:
    """Return a zip archive, such as an Office file is, with `WRITTEN` as the time of each of its parts.

    The same parts give the same bytes, whenever and wherever they are written.
    """
    fixed = BytesIO()
    with ZipFile(written) as parts, ZipFile(fixed, "w") as archive:
        for name in parts.namelist():
            part = ZipInfo(name, WRITTEN.timetuple()[:6])
            part.create_system = 3  # else it differs between Windows and other systems
            # Stored: compressed bytes depend on the version of zlib.
            archive.writestr(part, parts.read(name))
    return fixed.getvalue()


def write_csv(table: pd.DataFrame, path: str) -> None:
    """Write a table as CSV, whole or not at all. Numbers have `DIGITS` significant digits.

    A text that a spreadsheet would take for a formula, such as a site's heading, gets an apostrophe in front,
    which `read_table` and `read_as_printed` take off.
    """
    texts = table.select_dtypes(["object", "string"])
    formulas = texts.apply(lambda cells: cells.astype("string").str.match(MARKED).fillna(False))
    if formulas.to_numpy().any():
        table = table.assign(
            **{str(name): texts[name].mask(formulas[name], "'" + texts[name]) for name in texts}
        )
    mixed = {str(name): cells.map(_written) for name, cells in table.items() if cells.dtype == object}
    written = table.assign(**mixed).to_csv(index=False, lineterminator="\n", float_format=f"%.{DIGITS}g")
    write_whole(written, path)


def _written(cell: Any) -> Any:
    return f"{cell:.{DIGITS}g}" if isinstance(cell, float) and math.isfinite(cell) else cell


def write_table(table: pd.DataFrame, path: str, cohort: str, provenance: str) -> None:
    """Write a tidy table by `write_csv`, with its cohort and provenance in every row."""
    write_csv(table.assign(cohort=cohort, provenance=provenance), path)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a tidy table; empty cells in text columns stay empty text, in number columns become NaN.

    A column is of numbers where all its filled cells are, but for `TEXT_COLUMNS`. Raises UserError as
    `read_as_printed` does.
    """
    table = read_as_printed(path)
    text = TEXT_COLUMNS | {ALSO_TEXT.get(Path(path).stem)}
    for name in [name for name in table.columns if name not in text]:
        filled = table[name].where(table[name] != "")
        numbers = pd.to_numeric(filled, errors="coerce")
        if filled.notna().any() and numbers.notna().equals(filled.notna()):
            table[name] = numbers
    return table


def read_as_printed(path: str | Path) -> pd.DataFrame:
    """Read a table that a run wrote; its cells are text without `write_csv`'s mark, empty where nothing is.

    Raises UserError where its end is missing. A file that was cut exactly between two rows is not recognized.
    """
    with _as_written(path):
        content = Path(path).read_bytes()
        table = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False)
        if not content.endswith(b"\n") or table.isna().to_numpy().any():
            raise ValueError("a row that does not end")
    return table.apply(lambda cells: cells.str.replace(rf"^'(?={MARKED.pattern})", "", regex=True))


def read_transcription(path: str | Path) -> pd.DataFrame:
    """Read a table that somebody wrote, as `read_as_printed` does. Raises UserError where it is no table."""
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from error


def read_rows(path: str | Path) -> pd.DataFrame:
    """Read the rows of a cohort that a run wrote. Raises UserError where the file is damaged."""
    with _as_written(path):
        return pd.read_parquet(path)


def read_figures(folder: str | Path) -> dict[str, str]:
    """Read the SVG files of a folder by name. Raises UserError where one is damaged."""
    figures = {}
    for path in sorted(Path(folder).glob("*.svg")):
        with _as_written(path, f"the folder {folder}"):
            figures[path.stem] = path.read_text("utf-8")
            if not figures[path.stem].rstrip().endswith("</svg>"):
                raise ValueError("a picture that does not end")
    return figures


def read_record(path: str | Path) -> dict[str, Any]:
    """Read a run.yaml. Raises UserError where it is damaged."""
    with _as_written(path):
        content = Path(path).read_text("utf-8")
        record = yaml.safe_load(content)
        if RECORD_ENDS not in record or not content.endswith("\n"):
            raise ValueError("a record that does not end")
    return record


@contextmanager
def _as_written(path: str | Path, made_with: str = "it") -> Iterator[None]:
    """Turn whatever error a damaged file causes in its reader into a UserError that names the file."""
    try:
        yield
    except Exception as error:
        told = f"{path} is damaged: delete {made_with}, and the same command makes it again"
        raise UserError(told) from error
