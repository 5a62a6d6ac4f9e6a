"""Files of any format -> sheets of text. What the text means is decided elsewhere."""

from collections.abc import Collection
from pathlib import Path

from vbq.ingest.files.redcap import read_dictionary, with_labels
from vbq.ingest.files.sheet import Settings, Sheet
from vbq.ingest.files.statistical import SUFFIXES, read_parquet, read_statistical
from vbq.ingest.files.text import read_text
from vbq.ingest.files.workbook import OLD_EXCEL, read_workbook
from vbq.paths import unusable
from vbq.problems import Problems

WORKBOOKS = (".xlsx", ".xlsm", ".xls")
ZIP_MARK = b"PK\x03\x04"
PARQUET_MARK = b"PAR1"


def read_sheet(
    path: Path, file: str, settings: Settings, keep: Collection[str] | None, problems: Problems
) -> Sheet | None:
    """Read the columns `keep` (all if None) of a file; None, after saying why, if it cannot be read at all.

    The format is told from the name, and from the first bytes where the name does not say it. `file` is the
    file's name in problems.
    """
    first = _first_bytes(path, file, "file", problems)
    if first is None:
        return None
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS or first in (ZIP_MARK, OLD_EXCEL):
        return read_workbook(path, file, settings, keep, problems)
    if suffix == ".parquet" or first == PARQUET_MARK:
        return read_parquet(path, file, settings, keep, problems)
    if suffix in SUFFIXES:
        return read_statistical(path, file, settings, keep, problems)
    sheet = read_text(path, file, settings, keep, problems)
    if sheet is None or settings.dictionary is None:
        return sheet
    dictionary = Path(settings.dictionary)
    if _first_bytes(dictionary, dictionary.name, "dictionary", problems) is None:
        return None
    fields = read_dictionary(dictionary, dictionary.name, problems)
    return None if fields is None else with_labels(sheet, fields, settings, file, problems)


def _first_bytes(path: Path, file: str, key: str, problems: Problems) -> bytes | None:
    """Return the first bytes of a file, None, after saying why, if it cannot be read."""
    if why := unusable(path):
        problems.add(file, "file not found", f"{why}: correct `{key}` in the cohort file, or put it there")
        return None
    try:
        with path.open("rb") as content:
            return content.read(4)
    except OSError as error:
        problems.add(file, "file cannot be read", f"{error.strerror}: give it the rights to be read")
        return None
