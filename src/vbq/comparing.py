"""Two folders of results, cell by cell: whether one run found what another did."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from vbq.errors import UserError
from vbq.printed import DOCUMENTS, without_record, words_of
from vbq.run import write_whole

VERDICTS = {"reference.txt", "index.html"}  # which say how far a run agrees with the reference results
TOLERANCE = 1e-9  # relative
SETTINGS = ("input_sha256", "cohort_file", "plan", "seed", "resamples")  # numbers depend on them
VERSIONS = ("commit", "uncommitted_changes", "versions")  # numbers should not
RECORD = "run.yaml"
TABLES = {".csv", ".parquet"}
CHECKLIST = "checklist.csv"  # a document: it names the commit
TABLES_ONLY = "tables_only"  # an entry of the record of reference results
CELLS_SHOWN, FILES_SHOWN = 5, 20  # of those that differ
LONGEST_VALUE = 40  # of a setting: a checksum is not shown

Rows = list[list[str]]


class Difference(NamedTuple):
    """Where two folders differ: a file, the place in it, and what each has there."""

    file: str
    place: str
    one: str
    other: str

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.file, self.place)))
        return f"{where}: {self.one} and {self.other}"


class Largest(NamedTuple):
    """The largest relative difference of two numbers, and where it is."""

    size: float
    place: str


@dataclass
class Comparison:
    """What a comparison of two folders found.

    `settings` and `versions` are the entries of `run.yaml` that differ, each with the file's folder, its
    name and both values; `notes` what differs without being a difference of results.
    """

    cells: int = 0
    tables: int = 0
    documents: int = 0
    settings: list[Difference] = field(default_factory=list)
    versions: list[Difference] = field(default_factory=list)
    differing: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    largest: Largest = field(default_factory=lambda: Largest(0.0, ""))
    same_text: bool = True

    @property
    def agrees(self) -> bool:
        """Whether nothing differs by more than the tolerance, and nothing is missing."""
        return not self.differing


def compare_folders(one: Path, other: Path) -> Comparison:
    """Compare every table, document and figure of two folders of results, of one cohort or of several.

    Cells are the same where their texts are, or where they are numbers that differ by at most `TOLERANCE`
    of the larger. There is no absolute floor: a number that is 0 in one folder is 0 in the other. Words of
    documents and figures are compared as cells are. A folder whose record says `tables_only`,
    as the reference results do, is compared by its tidy tables alone.

    Raises UserError where a folder has no results, or a file cannot be read.
    """
    records = [_records(folder) for folder in (one, other)]
    tables_only = any(record.get(TABLES_ONLY) for found in records for record in found.values())
    files = [_files(folder, tables_only) for folder in (one, other)]
    for folder, found in zip((one, other), files, strict=True):
        if not found:
            raise UserError(f"{folder}: there are no results to compare")
    if not files[0] & files[1]:
        raise UserError(f"{one} and {other} have no file in common: name two folders of the same kind")
    comparison = Comparison()
    for inside in sorted(records[0].keys() & records[1].keys()):
        _compare_records(comparison, inside, records[0][inside], records[1][inside])
    comparison.differing += _absent_files(*files)
    for name in sorted(files[0] & files[1]):
        if Path(name).suffix in TABLES and Path(name).name != CHECKLIST:
            comparison.tables += 1
            _compare_tables(comparison, name, read_rows(one / name), read_rows(other / name))
        else:
            comparison.documents += 1
            _compare_documents(comparison, name, (one, other), records)
    return comparison


def is_tidy_table(path: Path) -> bool:
    """Whether a file in a folder of results is a table of results, not of what a figure or document shows."""
    within_figures = any(part.endswith("figures") for part in path.parts)
    return path.suffix == ".csv" and not within_figures and path.name != CHECKLIST


def read_rows(path: Path) -> Rows:
    """Read a table as text, the headings first; numbers of a Parquet file as Python writes them.

    Raises UserError where it is damaged.
    """
    try:
        if path.suffix == ".parquet":
            return _parquet_rows(path)
        text = path.read_bytes().decode()
        rows = list(csv.reader(StringIO(text, newline=""), strict=True))
    except (ValueError, csv.Error, OSError) as error:
        raise UserError(f"{path}: cannot be read as a table: {error}") from None
    if not rows or {len(row) for row in rows} != {len(rows[0])}:
        raise UserError(f"{path}: cannot be read as a table: its rows are not of one length")
    if not text.endswith("\n"):
        raise UserError(f"{path}: cannot be read as a table: its last row does not end")
    return rows


def _parquet_rows(path: Path) -> Rows:
    from pyarrow import parquet

    table = parquet.read_table(path)
    columns = ([_as_text(cell) for cell in column.to_pylist()] for column in table.columns)
    return [table.column_names, *map(list, zip(*columns, strict=True))]


def _as_text(cell: Any) -> str:
    return "" if cell is None or cell != cell else str(cell)


def _records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the records of the runs in a folder, by where in it they are."""
    found = {}
    for path in [folder / RECORD, *folder.glob(f"*/{RECORD}")]:
        if path.is_file():
            try:
                found[_inside(folder, path.parent)] = dict(yaml.safe_load(path.read_text("utf-8")))
            except (ValueError, TypeError, yaml.YAMLError) as error:
                raise UserError(f"{path}: cannot be read as the record of a run: {error}") from None
    return found


def _inside(folder: Path, path: Path) -> str:
    return "" if path == folder else path.relative_to(folder).as_posix()


def _files(folder: Path, tables_only: bool) -> set[str]:
    """Return the files in a folder that are compared, by their path in it."""
    found = set()
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        kept = is_tidy_table(inside) if tables_only else path.suffix in {*TABLES, *DOCUMENTS}
        kept = kept and path.name not in VERDICTS
        if kept and path.is_file() and not any(part == "logs" or part[0] == "." for part in inside.parts):
            found.add(inside.as_posix())
    return found


def _absent_files(one: set[str], other: set[str]) -> list[Difference]:
    """Say which files only one folder has; of a cohort that only one has, its folder."""
    cohorts = [{name.partition("/")[0] for name in files if "/" in name} for files in (one, other)]
    absent: dict[str, bool] = {}
    for name in sorted(one ^ other):
        cohort = name.partition("/")[0]
        absent[name if all(cohort in found for found in cohorts) or "/" not in name else cohort] = name in one
    return [_absence(name, "", only_in_one) for name, only_in_one in absent.items()]


def _compare_records(
    comparison: Comparison, inside: str, one: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    for keys, told in ((SETTINGS, comparison.settings), (VERSIONS, comparison.versions)):
        entries = [dict(_entries({key: record.get(key) for key in keys})) for record in (one, other)]
        for name in dict.fromkeys([*entries[0], *entries[1]]):
            values = [str(found.get(name, "nothing")) for found in entries]
            if values[0] != values[1]:
                told.append(Difference(inside, name, *values))


def _entries(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what stands in nested mappings, each with its keys."""
    if isinstance(value, Mapping):
        for key, within in value.items():
            yield from _entries(within, f"{name}: {key}" if name else str(key))
    else:
        yield name, value


def _absence(file: str, place: str, only_in_one: bool) -> Difference:
    return Difference(file, place, *(("there", "missing") if only_in_one else ("missing", "there")))


def _compare_tables(comparison: Comparison, name: str, one: Rows, other: Rows) -> None:
    (columns, *rows), (other_columns, *other_rows) = one, other
    for column in dict.fromkeys([*columns, *other_columns]):
        if column not in columns or column not in other_columns:
            comparison.differing.append(_absence(name, f"column {column}", column in columns))
    shared = [column for column in columns if column in other_columns]
    here, there = _picked(columns, rows, shared), _picked(other_columns, other_rows, shared)
    key = _key(shared, here, there)
    keyed, other_keyed = _keyed(here, key), _keyed(there, key)
    if list(keyed) != list(other_keyed) and keyed.keys() == other_keyed.keys():
        comparison.notes.append(f"{name}: the same rows in another order")
        comparison.same_text = False
    for at in {**keyed, **other_keyed}:
        words = _named(at, [shared[column] for column in key])
        if at not in keyed or at not in other_keyed:
            comparison.differing.append(_absence(name, f"row {words}", at in keyed))
            continue
        comparison.cells += len(shared)
        for column, cell, other_cell in zip(shared, keyed[at], other_keyed[at], strict=True):
            if cell != other_cell:
                _compare_cells(comparison, name, f"{words}, {column}", cell, other_cell)


def _compare_cells(comparison: Comparison, file: str, place: str, one: str, other: str) -> None:
    comparison.same_text = False
    size = relative_difference(one, other)
    if size > TOLERANCE:
        comparison.differing.append(Difference(file, place, one or "nothing", other or "nothing"))
    elif size > comparison.largest.size:
        comparison.largest = Largest(size, f"{file}, {place}")


def relative_difference(one: str, other: str) -> float:
    """Return by how much of the larger two cells differ: infinity where not both are finite numbers."""
    if one == other:
        return 0.0
    a, b = _number(one), _number(other)
    if a is None or b is None:
        return math.inf
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    return abs(a - b) / max(abs(a), abs(b)) if math.isfinite(a) and math.isfinite(b) else math.inf


def _number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _picked(columns: Sequence[str], rows: Rows, shared: Sequence[str]) -> Rows:
    places = [columns.index(column) for column in shared]
    return [[row[place] for place in places] for row in rows]


def _key(columns: Sequence[str], *tables: Rows) -> list[int]:
    """Return the first columns of texts or whole numbers that distinguish the rows, as far as they do."""
    key: list[int] = []
    told_apart = [min(len(rows), 1) for rows in tables]
    for column in range(len(columns)):
        if any(_is_measured(row[column]) for rows in tables for row in rows):
            continue
        longer = [*key, column]
        distinct = [len({_at(row, longer) for row in rows}) for rows in tables]
        if distinct != told_apart:
            key, told_apart = longer, distinct
        if all(n == len(rows) for n, rows in zip(told_apart, tables, strict=True)):
            break
    return key


def _is_measured(cell: str) -> bool:
    number = _number(cell)
    return number is not None and not (math.isfinite(number) and number.is_integer())


def _at(row: Sequence[str], key: Sequence[int]) -> tuple[str, ...]:
    """Return what distinguishes a row from others; 3 and 3.0 are the same."""
    cells = [(row[place], _number(row[place])) for place in key]
    return tuple(cell if number is None else f"{number:g}" for cell, number in cells)


def _keyed(rows: Rows, key: Sequence[int]) -> dict[tuple[str, ...], list[str]]:
    """Return rows by their key; those with the same are counted, the number being the last of it."""
    seen: Counter[tuple[str, ...]] = Counter()
    keyed = {}
    for row in rows:
        at = _at(row, key)
        seen[at] += 1
        keyed[*at, str(seen[at])] = row
    return keyed


def _named(at: Sequence[str], columns: Sequence[str]) -> str:
    *key, number = at
    pairs = [f"{column}={value}" for column, value in zip(columns, key, strict=True) if value]
    return "; ".join(pairs if pairs and number == "1" else [*pairs, f"row {number}"])


def _compare_documents(
    comparison: Comparison,
    name: str,
    folders: Sequence[Path],
    records: Sequence[Mapping[str, Mapping[str, Any]]],
) -> None:
    """Compare the words of two documents, except those on the code and the duration of the run."""
    paths = [folder / name for folder in folders]
    if paths[0].read_bytes() == paths[1].read_bytes():
        return
    inside = "" if "" in records[0] else name.partition("/")[0]
    one, other = (
        without_record(words_of(path), found.get(inside, {}))
        for path, found in zip(paths, records, strict=True)
    )
    if one == other:
        comparison.notes += [f"{name}: the same words, drawn otherwise"] if name.endswith(".svg") else []
        return
    comparison.same_text = False
    for place, (word, other_word) in enumerate(zip_longest(one, other, fillvalue="")):
        if relative_difference(word, other_word) > TOLERANCE:
            before = " ".join(one[max(0, place - 6) : place])
            after = [" ".join(words[place : place + 3]) or "nothing" for words in (one, other)]
            comparison.differing.append(Difference(name, f"after '{before}'", *after))
            return


def lines_of(comparison: Comparison) -> list[str]:
    """Say what a comparison found: settings first, then the verdict, then where the folders differ."""
    lines = []
    if comparison.settings:
        settings = _cut([*map(str, comparison.settings)], FILES_SHOWN, "settings")
        lines += ["Settings differ, so numbers are expected to differ:", *_indented(settings)]
    if comparison.versions:
        versions = _cut([*map(str, comparison.versions)], FILES_SHOWN, "of the code")
        lines += ["Made with other code, which should not matter:", *_indented(versions)]
    extent = _extent(comparison)
    if comparison.documents:
        extent += f", and the words of {comparison.documents:,} documents and figures"
    if comparison.differing:
        files = _by_file(comparison.differing)
        shown = [_cut([*map(str, found)], CELLS_SHOWN, f"in {found[0].file}") for found in files]
        rest = sum(map(len, files[FILES_SHOWN:]))
        lines.append(f"Different in {_places(comparison.differing)}. Compared: {extent}.")
        lines += _indented(line for found in shown[:FILES_SHOWN] for line in found)
        lines += _indented([f"and {rest:,} more in other files"] if rest else [])
    elif comparison.same_text:
        lines.append(f"Identical: {extent}.")
    else:
        lines.append(f"Agrees to {TOLERANCE:g}: {extent}; {_largest(comparison)}.")
    return lines + _cut(comparison.notes, CELLS_SHOWN, "notes")


def reference_sentence(comparison: Comparison, made: Path, reference: Path) -> str:
    """Say in one sentence whether a run agrees with the reference results, or why it is not comparable."""
    if comparison.settings:
        told = _cut([_setting(differs) for differs in comparison.settings], CELLS_SHOWN, "settings")
        return f"Not comparable with the reference results, which have other settings: {'; '.join(told)}."
    if not comparison.agrees:
        files = _by_file(comparison.differing)
        named = _cut([f"{found[0].file} ({len(found):,})" for found in files], CELLS_SHOWN, "files")
        return (
            f"Differs from the reference results in {_places(comparison.differing)}: {', '.join(named)}; "
            f"first {comparison.differing[0]}. To see more: vbq compare {made} {reference}"
        )
    return f"Agrees with the reference results, cell for cell: {_extent(comparison)}, {_largest(comparison)}."


def write_reference(made: Path, folder: Path) -> None:
    """Copy the tidy tables of a run to a folder, with the part of its record that they depend on.

    Raises UserError where the run was made with code that is not committed: nobody could repeat it.
    """
    record = _records(made)[""]
    if record["uncommitted_changes"] or record["commit"] == "unknown":
        raise UserError(
            f"{made / RECORD}: the run was made with changes that are not committed. Commit them, remove "
            f"{made}, and run again"
        )
    for name in sorted(_files(made, tables_only=True)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole((made / name).read_bytes(), folder / name)
    kept = {key: record[key] for key in ("cohort", "provenance", *SETTINGS, *VERSIONS)} | {TABLES_ONLY: True}
    write_whole(yaml.safe_dump(kept, sort_keys=False), folder / RECORD)


def _setting(differs: Difference) -> str:
    _, name, made, reference = differs
    short = max(len(made), len(reference)) <= LONGEST_VALUE
    name = name.replace("input_sha256: ", "the contents of ")
    return f"{name}, {made} and not {reference}" if short else name


def _extent(comparison: Comparison) -> str:
    return f"{_count(comparison.cells, 'cell')} of {_count(comparison.tables, 'table')}"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _largest(comparison: Comparison) -> str:
    size, place = comparison.largest
    return f"largest relative difference {size:.0e} ({place})" if size else "all the same digits"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _by_file(differing: Iterable[Difference]) -> list[list[Difference]]:
    files: dict[str, list[Difference]] = {}
    for difference in differing:
        files.setdefault(difference.file, []).append(difference)
    return list(files.values())


def _places(differing: Sequence[Difference]) -> str:
    return f"{_count(len(differing), 'place')} of {_count(len(_by_file(differing)), 'file')}"


def _cut(lines: Sequence[str], most: int, what: str) -> list[str]:
    rest = len(lines) - most
    return [*lines[:most], *([f"and {rest:,} more {what}"] if rest > 0 else [])]
