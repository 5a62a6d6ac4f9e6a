"""The files of a site as tables: each sheet, each form of a REDCap export, each folder of alike files."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path

import pandas as pd

from vbq.codebook import EXAMPLE_ID
from vbq.errors import UserError
from vbq.ingest.files import Settings, Sheet, read_sheet
from vbq.ingest.files.detect import Detected, detect
from vbq.ingest.files.redcap import Field, is_dictionary, read_dictionary
from vbq.ingest.files.viewers import VIEWERS, recognize
from vbq.ingest.opened import ID, READER
from vbq.ingest.propose.evidence import counted, has_decimal_comma
from vbq.ingest.suspicions import plain_ids
from vbq.paths import files_in, files_of
from vbq.problems import Problems

# REDCap's own columns, in exports of codes and of labels.
EVENT = ("redcap_event_name", "Event Name")
INSTRUMENT = ("redcap_repeat_instrument", "Repeat Instrument")
INSTANCE = ("redcap_repeat_instance", "Repeat Instance")
ADMINISTRATIVE = re.compile(
    r"redcap_(?:event_name|repeat_instrument|repeat_instance|data_access_group|survey_identifier)"
    r"|\w+_complete|\w+_timestamp|Event Name|Repeat Instrument|Repeat Instance|Data Access Group"
    r"|Survey Identifier|Complete\?"
)
CATALOG = ".sas7bcat"
OWN_SHARE = 0.5  # of a dictionary's fields, which an export of its project has
MOST_READERS = 20
COMPARED = 1000  # ids
JOINTS = re.compile(r"([/_\-. ]+)")


@dataclass(frozen=True)
class View:
    """A table of the site: which rows of which file it is, and its cells without the template's example.

    `path` may have placeholders, `rows` are the values of columns that tell its rows in the file. `texts` are
    the names of each column: its heading and, with a data dictionary, its label.
    """

    path: str
    settings: Settings
    sheet: Sheet
    frame: pd.DataFrame
    rows: Mapping[str, object] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decimal: str = "."
    n_files: int = 1

    @property
    def label(self) -> str:
        """What the view is called in what is printed."""
        of_sheet = f", sheet {self.settings.sheet}" if self.settings.sheet else ""
        of_rows = "".join(f", {heading} {value or 'blank'}" for heading, value in self.rows.items())
        return f"{self.path}{of_sheet}{of_rows}"

    @property
    def place(self) -> tuple[str, str | None]:
        """The file and sheet, which several views may share."""
        return self.path, self.settings.sheet

    @cached_property
    def viewer(self) -> str | None:
        """The key of the image viewer that wrote it."""
        return recognize([heading for heading in self.sheet.headings if heading not in (ID, READER)])

    @cached_property
    def counts(self) -> Mapping[str, pd.Series]:
        """How often each cell stands in each column that has values."""
        return _counts(self.frame)

    @property
    def event(self) -> str | None:
        """The heading of REDCap's events."""
        return self._first(EVENT)

    @property
    def instrument(self) -> str | None:
        """The heading of REDCap's repeating instruments."""
        return self._first(INSTRUMENT)

    def _first(self, spellings: Sequence[str]) -> str | None:
        return next((heading for heading in spellings if heading in self.frame), None)

    @property
    def is_redcap(self) -> bool:
        """Whether it comes from a REDCap project."""
        own = [heading for heading in self.sheet.headings if ADMINISTRATIVE.fullmatch(heading)]
        return bool(own) or self.settings.dictionary is not None


@dataclass(frozen=True)
class Looked:
    """All tables of the files, and what is said of files that are none."""

    views: tuple[View, ...]
    remarks: tuple[str, ...]


def look(files: Sequence[str]) -> Looked:
    """Read the files; folders stand for the files in them. Raises UserError with all that cannot be read."""
    problems = Problems()
    detected: list[Detected] = []
    catalogs = []
    remarks: list[str] = []
    for number, (path, is_named) in enumerate(dict(_expanded(files, problems)).items(), 1):
        if path.lower().endswith(CATALOG):
            catalogs.append(path)
            continue
        found = Problems()
        read = _detected(path, found)
        detected += read
        for n, problem in enumerate(found.sorted()):
            if not read and is_named:
                problems.add(path, problem.rule, problem.action, row=problem.row, column=problem.column)
            elif n == 0:
                # What else is in a folder need not be a table; vbq check lists all of one that is used. Its
                # name may be a patient's.
                place = f"{Path(path).parent.as_posix()}, file {number}"
                remarks.append(str(replace(problem, file=place)))
    problems.raise_errors()
    dictionaries = [each for each in detected if is_dictionary(each.sheet.headings)]
    tables = [each for each in detected if not is_dictionary(each.sheet.headings)]
    if not tables:
        raise UserError("there is no file with patients: give the site's table, besides its dictionary")
    views = [_view(each, dictionaries, catalogs, remarks) for each in tables]
    for each in dictionaries:
        users = [view.path for view in views if view.settings.dictionary == each.path]
        use = f"used for {', '.join(users)}" if users else "not used: no file has the headings of its fields"
        remarks.append(f"{each.path}: a REDCap data dictionary, {use}")
    return Looked(tuple(each for view in views for each in _by_instrument(view)), tuple(remarks))


def _expanded(files: Sequence[str], problems: Problems) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether it was named rather than its folder."""
    for file in files:
        path = Path(file)
        if path.is_dir():
            inside = [each for each in files_in(path) if not each.name.startswith(".")]
            if not inside:
                problems.add(file, "empty folder", "there is no file in it")
            yield from ((each.as_posix(), False) for each in inside)
        else:
            yield path.as_posix(), True


def _detected(path: str, problems: Problems) -> list[Detected]:
    """Detect a file; where its rows are longer than its headings, as a viewer's that writes such rows."""
    found = Problems()
    detected = detect(path, False, found)
    if found.any_error():
        ragged = detect(path, True, Problems())
        keys = [recognize(each.sheet.headings) for each in ragged]
        if any(key is not None and VIEWERS[key].ragged for key in keys):
            return ragged
    for problem in found.sorted():
        if problem.severity == "error":
            problems.add(problem.file, problem.rule, problem.action, row=problem.row, column=problem.column)
    return detected


def _view(
    each: Detected, dictionaries: Sequence[Detected], catalogs: Sequence[str], remarks: list[str]
) -> View:
    settings, sheet = each.settings, each.sheet
    fields: Mapping[str, Field] = {}
    if each.path.lower().endswith(".sas7bdat") and catalogs:
        settings = replace(settings, dictionary=catalogs[0])
    elif dictionaries and settings.delimiter is not None:
        settings, fields = _with_dictionary(each, dictionaries)
    if settings.dictionary is not None:
        again = read_sheet(Path(each.path), Path(each.path).name, settings, None, problems := Problems())
        remarks += [f"{problem}" for problem in problems.sorted() if problem.severity == "error"]
        sheet = again or sheet
    by_label = {described.label: described for described in fields.values()}
    texts = {}
    for heading in sheet.headings:
        described = fields.get(heading) or by_label.get(heading)
        title = described.label if described else sheet.titles.get(heading)
        texts[heading] = (heading, title) if title else (heading,)
    frame = _without_example(sheet.frame)
    return View(each.path, settings, sheet, frame, texts=texts, decimal=_decimal(frame, settings))


def _counts(frame: pd.DataFrame) -> Mapping[str, pd.Series]:
    counts = {str(heading): counted(frame[heading]) for heading in frame}
    return {heading: of_column for heading, of_column in counts.items() if len(of_column)}


def _decimal(frame: pd.DataFrame, settings: Settings) -> str:
    """Return the decimal mark of a file; all that is read from it has to share one."""
    return "," if has_decimal_comma(_counts(frame), settings.delimiter is not None) else "."


def _without_example(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~(frame == EXAMPLE_ID).any(axis=1)]


def _with_dictionary(
    each: Detected, dictionaries: Sequence[Detected]
) -> tuple[Settings, Mapping[str, Field]]:
    """Return the settings with the dictionary whose project the export is of, and its fields."""
    headings = set(each.sheet.headings)
    for dictionary in dictionaries:
        fields = read_dictionary(Path(dictionary.path), Path(dictionary.path).name, Problems()) or {}
        own = sum(name in headings or field.label in headings for name, field in fields.items())
        if own >= OWN_SHARE * len(fields):
            return replace(each.settings, dictionary=dictionary.path), fields
    return each.settings, {}


def _by_instrument(view: View) -> Iterator[View]:
    """Yield the rows of each repeating instrument as a view of its own, after those of the patients."""
    if view.instrument is None or not (view.frame[view.instrument] != "").any():
        yield view
        return
    for name in ["", *sorted(set(view.frame[view.instrument]) - {""})]:
        rows = view.frame[view.frame[view.instrument] == name]
        if len(rows):
            yield replace(view, frame=rows, rows={view.instrument: name})


@dataclass(frozen=True)
class Ids:
    """The ids of the patients, as they are spelled and as they are compared."""

    spelled: frozenset[str]
    plain: frozenset[str]


def ids_in(cells: pd.Series) -> Ids:
    """Return the ids in a column."""
    known = cells[cells != ""].drop_duplicates()
    return Ids(frozenset(known), frozenset(plain_ids(known)))


def joined(views: Sequence[View], ids: Ids | None) -> list[View]:
    """Return the views with alike files of one patient, or one reader, each as one.

    `ids` are those of the patients, by which files named after them are told; without them, the parts of the
    names that differ are compared.
    """
    alike: list[View] = []
    by_form = sorted(views, key=_form)
    for _, group in groupby(by_form, key=_form):
        members = sorted(group, key=lambda view: view.path)
        template = _template([view.path for view in members], ids, _has_ids(members[0], ids))
        if template is None:
            alike += members
            continue
        of_path = {found.path.as_posix(): found for found in files_of(template, Path())}
        frames = []
        for view in members:
            named = of_path[_relative(view.path)]
            of_name = {ID: named.id, READER: named.reader}
            frames.append(view.frame.assign(**{key: of_name[key] for key in of_name if key in template}))
        frame = pd.concat(frames, ignore_index=True).fillna("")
        decimal = _decimal(frame, members[0].settings)
        alike.append(replace(members[0], path=template, frame=frame, decimal=decimal, n_files=len(members)))
    order = {view.path: position for position, view in enumerate(views)}
    return sorted(alike, key=lambda view: order.get(view.path, -1))


def _form(view: View) -> tuple[str, str, str]:
    suffix = Path(view.path).suffix.lower()
    return ("\n".join(view.sheet.headings), suffix, "" if view.settings.sheet is None else view.path)


def _has_ids(view: View, ids: Ids | None) -> bool:
    """Whether a column has the patients' ids, so that the name of the file has another meaning."""
    return ids is not None and any(
        share_of_ids(view.frame[heading], ids) >= OWN_SHARE for heading in view.counts
    )


def _template(paths: Sequence[str], ids: Ids | None, has_ids: bool) -> str | None:
    """Return the path with placeholders that names these files as one per patient or reader."""
    relative = [_relative(path) for path in paths]
    for template in (
        None if has_ids else _by_ids(relative, ids),
        _by_parts(relative, (READER,) if has_ids else (ID, READER)) if len(paths) > 1 else None,
    ):
        if template is None:
            continue
        found = files_of(template, Path())
        if {each.path.as_posix() for each in found} >= set(relative):
            return template
    return None


def _relative(path: str) -> str:
    return Path(os.path.relpath(path)).as_posix()


def _by_ids(paths: Sequence[str], ids: Ids | None) -> str | None:
    """Return the template that leaves every path with an id of a patient where `{id}` stands."""
    if ids is None:
        return None
    known = sorted(ids.spelled, key=lambda each: (-len(each), each))
    shapes: set[tuple[str, str]] = set()
    for path in paths:
        own = [each for each in known if each and re.search(rf"(?<![^\W_]){re.escape(each)}(?![^\W_])", path)]
        if not own:
            return None
        at = path.rindex(own[0])
        shapes.add((path[:at], path[at + len(own[0]) :]))
    befores, afters = {before for before, _ in shapes}, {after for _, after in shapes}
    if len(befores) == len(afters) == 1:
        return f"{befores.pop()}{ID}{afters.pop()}"
    if len(befores) == 1 and len(afters) <= MOST_READERS:
        start, end = _shared_ends(sorted(afters))
        return f"{befores.pop()}{ID}{start}{READER}{end}" if start else None
    if len(afters) == 1 and len(befores) <= MOST_READERS:
        start, end = _shared_ends(sorted(befores))
        return f"{start}{READER}{end}{ID}{afters.pop()}" if end else None
    return None


def _shared_ends(texts: Sequence[str]) -> tuple[str, str]:
    """Return what texts have in common before and after what differs, cut at joints."""
    pieces = [JOINTS.split(text) for text in texts]
    start = _common(pieces)
    end = _common([list(reversed(each[len(start) :])) for each in pieces])
    return "".join(start), "".join(reversed(end))


def _common(pieces: Sequence[list[str]]) -> list[str]:
    shared = []
    for each in zip(*pieces, strict=False):
        if len(set(each)) > 1:
            break
        shared.append(each[0])
    return shared


def _by_parts(paths: Sequence[str], placeholders: Sequence[str]) -> str | None:
    """Return the template of paths that differ in as many parts, the one with most values first, or fewer."""
    pieces = [JOINTS.split(path) for path in paths]
    if len({len(each) for each in pieces}) > 1:
        return None
    columns = list(zip(*pieces, strict=True))
    differing = [position for position, values in enumerate(columns) if len(set(values)) > 1]
    if not 1 <= len(differing) <= len(placeholders) or any(position % 2 for position in differing):
        return None
    differing.sort(key=lambda position: -len(set(columns[position])))
    template = list(pieces[0])
    for position, placeholder in zip(differing, placeholders, strict=False):
        template[position] = placeholder
    return "".join(template)


def share_of_ids(cells: pd.Series, ids: Ids) -> float:
    """Return the share of a column's different values, or of many of them, that are ids of patients."""
    known = pd.Series(cells[cells != ""].unique()[:COMPARED], dtype="str")
    return sum(each in ids.plain for each in plain_ids(known)) / max(len(known), 1)
