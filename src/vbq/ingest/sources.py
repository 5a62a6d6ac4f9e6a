"""The files that a cohort file names: each read once, its headings checked, only mapped columns kept."""

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from vbq.codebook import EXAMPLE_ID, Variable
from vbq.ingest.content import identifying_content
from vbq.ingest.files import Settings, Sheet
from vbq.ingest.files.viewers import VIEWERS
from vbq.ingest.identifying import looks_identifying, names_reader
from vbq.ingest.mapping import Section, mapped_headings, maps_all, settled
from vbq.ingest.opened import ID, READER, open_files
from vbq.ingest.values import Table, rows_with
from vbq.paths import SECTIONS
from vbq.problems import COHORT_FILE, Problems

SHARED = ("delimiter", "decimal", "encoding", "headings", "dictionary")


@dataclass(frozen=True)
class Sources:
    """The tables of a cohort file's sections.

    `tables` has the rows that each section reads, `whole` all rows of its file; `spec` is the cohort file
    with what its sections leave to defaults.
    """

    tables: Mapping[str, Table]
    whole: Mapping[str, Table]
    spec: Mapping[str, Any]


def open_sources(
    spec: Mapping[str, Any], codebook: Mapping[str, Variable], statistic: str, base: Path, problems: Problems
) -> Sources:
    """Read the files of a cohort file's sections; a section whose file cannot be used is left out.

    Paths are relative to `base`. Sections of one sheet share it, and what is stated in any of them of how it
    is written. `statistic` of a region ("mean" or "median") is what is read where a viewer gives both.
    """
    narrowed: dict[str, Table] = {}
    whole: dict[str, Table] = {}
    complete = dict(spec)
    for (file, sheet_name), sections in _by_sheet(spec).items():
        label = PurePath(file).name + (f", sheet {sheet_name}" if sheet_name else "")
        settings = replace(_shared_settings(sections, base, problems), sheet=sheet_name or None)
        keep = None
        if all(map(maps_all, sections.values())):
            keep = {heading for name, part in sections.items() for heading, _ in mapped_headings(name, part)}
        opened = open_files(file, label, base, settings, keep, problems)
        if opened is None:
            continue
        sheet, places = opened
        given: dict[str, Section] = {}
        for name, part in sections.items():
            settled_part = settled(name, part, label, sheet, codebook, statistic, problems)
            if settled_part is not None:
                given[name] = settled_part
        complete |= given
        if not given or not _check_sheet(label, sheet, given, problems):
            continue
        withheld = _withheld(sheet, given)
        for name, part in given.items():
            table = Table(name, label, sheet.frame, settings.decimal, withheld, places, sheet.heading_row)
            whole[name] = _without_example(table, part, problems)
            narrowed[name] = _asked_for(whole[name], part, problems)
    return Sources(narrowed, whole, complete)


def _by_sheet(spec: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Section]]:
    by_sheet: dict[tuple[str, str], dict[str, Section]] = {}
    for name in SECTIONS:
        if name in spec:
            where = (str(PurePath(spec[name]["file"])), spec[name].get("sheet", ""))
            by_sheet.setdefault(where, {})[name] = spec[name]
    return by_sheet


def _shared_settings(sections: Mapping[str, Section], base: Path, problems: Problems) -> Settings:
    shared: dict[str, Any] = {}
    for name, section in sections.items():
        for key in SHARED:
            if key in section and shared.setdefault(key, section[key]) != section[key]:
                action = f"it is the same file as that of another section, whose {key} is {shared[key]!r}"
                problems.add(COHORT_FILE, "one file read two ways", action, column=f"{name}.{key}")
    if "headings" in shared:
        rows = shared["headings"]
        shared["headings"] = tuple(sorted(rows)) if isinstance(rows, list) else (rows,)
    if "dictionary" in shared:
        shared["dictionary"] = str(base / shared["dictionary"])
    viewers = [VIEWERS[section["format"]] for section in sections.values() if "format" in section]
    return Settings(**shared, ragged=any(viewer.ragged for viewer in viewers))


def _withheld(sheet: Sheet, sections: Mapping[str, Section]) -> frozenset[str]:
    """Return the headings whose cells are never shown: ids, readers, and what else identifies a person."""
    own = {
        sections[name][key].strip() for name in sections for key in ("id", "reader") if key in sections[name]
    }
    named = {heading for heading in sheet.headings if looks_identifying(heading)}
    of_images = {
        section["columns"]["level"] for section in sections.values() if section.get("format") == "imagej"
    }
    return frozenset({*own, *named, *of_images, *sheet.identifying})


def _without_example(table: Table, section: Section, problems: Problems) -> Table:
    """Leave out the row of the template that is an example."""
    heading = section["id"].strip()
    if heading not in table.frame:
        return table
    example = table.frame[heading] == EXAMPLE_ID
    for row in table.frame.index[example]:
        action = "the template's example: left out"
        table.add(problems, int(row), heading, "example row", action, severity="note")
    return replace(table, frame=table.frame[~example])


def _asked_for(table: Table, section: Section, problems: Problems) -> Table:
    """Keep the rows that `rows` asks for."""
    asked = section.get("rows", {})
    if not asked or not all(heading.strip() in table.frame for heading in asked):
        return table
    chosen = rows_with(table.frame, asked)
    key = f"{table.section}.rows"
    if not chosen.any():
        action = "no row of the file has these values: correct them"
        problems.add(COHORT_FILE, "no such rows", action, column=key)
    elif not chosen.all():
        action = f"{int((~chosen).sum())} of {len(chosen)} rows are not read, as `{key}` says"
        problems.add(table.file, "other rows", action, severity="note")
    return replace(table, frame=table.frame[chosen])


def _check_sheet(file: str, sheet: Sheet, sections: Mapping[str, Section], problems: Problems) -> bool:
    """Check a sheet's headings against the mapping; False if none of those mapped is there."""
    wanted = [entry for name, section in sections.items() for entry in mapped_headings(name, section)]
    drop = {heading.strip() for section in sections.values() for heading in section.get("drop", ())}
    ids = {section["id"].strip() for section in sections.values()}
    _check_mapping(wanted, drop, ids, sheet, problems)
    headings = Counter(heading for heading in sheet.headings if heading)
    asked = [heading for heading, _ in wanted if heading not in (ID, READER)]
    present = [heading for heading in asked if heading in headings]
    if not present or (2 * len(present) < len(asked) and not ids & {*headings, ID}):
        # What stands in that row may then be a patient: it is not shown.
        action = (
            f"{len(present)} of the {len(asked)} mapped headings stand in row {sheet.heading_row}: does the "
            "table begin there? If not, give the row of its headings as `headings`"
        )
        problems.add(file, "heading missing", action, row=sheet.heading_row)
        return False
    numbers_rows = any(
        "format" in section for section in sections.values()
    )  # as ImageJ does, without a heading
    for position in () if numbers_rows else sheet.unnamed:
        action = f"column {position} has values: give it a heading"
        problems.add(file, "heading missing", action, row=sheet.heading_row)
    for heading, count in headings.items():
        if count > 1:
            action = f"{count} columns have this heading: rename all but one"
            problems.add(file, "heading duplicated", action, row=sheet.heading_row, column=heading)
    mapped = {heading for heading, _ in wanted}
    free = [heading for heading in headings if heading not in mapped]
    for heading, key in wanted:
        if heading not in headings:
            action = f"`{key}` names it: correct the cohort file{_suggestion(heading, free)}"
            problems.add(file, "no such heading", action, row=sheet.heading_row, column=heading)
        for name, absent in sheet.lacking.items():
            if heading in absent and heading not in (ID, READER):
                action = f"`{key}` names it, and other files have it: correct the file, or take it out"
                problems.add(name, "no such heading", action, row=sheet.heading_row, column=heading)
    for heading in free:
        _check_unmapped(file, heading, sheet, drop, f"`{next(iter(sections))}.drop`", problems)
    return True


def _check_mapping(
    wanted: list[tuple[str, str]], drop: set[str], ids: set[str], sheet: Sheet, problems: Problems
) -> None:
    for heading, key in wanted:
        if heading in drop:
            action = "map it, or list it under `drop`, not both"
            problems.add(COHORT_FILE, "mapped and dropped", action, column=key, value=heading)
        section, what = key.split(".", 1)
        if what == "id" or heading in (ID, READER):
            continue
        identifies = looks_identifying(heading) or heading in sheet.identifying
        if heading in ids:
            action = "the id must not reach the results: map another column, or none"
            problems.add(COHORT_FILE, "id mapped as a variable", action, column=key, value=heading)
        elif identifies and not (what == "reader" and names_reader(heading)):
            action = f"leave it out, and list it under `{section}.drop`; only the id may be one"
            if what == "reader":
                action = f"if it holds the readers, give it a heading that says so; else {action}"
            problems.add(COHORT_FILE, "identifies a person", action, column=key, value=heading)


def _suggestion(heading: str, headings: list[str]) -> str:
    folded = {candidate.casefold(): candidate for candidate in headings}
    nearest = difflib.get_close_matches(heading.casefold(), folded, n=1)
    return f" (nearest heading: '{folded[nearest[0]]}')" if nearest else ""


def _check_unmapped(
    file: str, heading: str, sheet: Sheet, drop: set[str], drop_key: str, problems: Problems
) -> None:
    """Refuse a column that nobody mapped and that identifies a person by its heading or what it holds."""
    row = sheet.heading_row
    if heading in drop:
        problems.add(file, "dropped unread", f"as {drop_key} says", row=row, column=heading, severity="note")
        return
    held = "" if looks_identifying(heading) or heading in sheet.identifying else None
    if held is None:
        cells = sheet.others if heading in sheet.others else sheet.frame
        held = identifying_content(cells[heading])
    if held is None:
        problems.add(file, "not mapped", "not read", row=row, column=heading, severity="note")
    else:
        found = f"it holds what looks like {held}: " if held else ""
        action = f"{found}remove it from the file, map it as the id, or list it under {drop_key}"
        problems.add(file, "identifies a person", action, row=row, column=heading)
