"""The files that a cohort file names: each read once, its headings checked, only mapped columns kept."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vbq.ingest.identifying import looks_identifying, names_reader
from vbq.ingest.read import TextFormat, TextTable, read_table
from vbq.ingest.values import Table
from vbq.problems import COHORT_FILE, Problems

SECTIONS = ("patients", "readings", "lesions")


def open_sources(spec: Mapping[str, Any], base: Path, problems: Problems) -> dict[str, Table]:
    """Read the files of a cohort file's sections; a section whose file cannot be used is left out.

    Paths are relative to `base`. Sections of one file share it, and its delimiter, decimal and encoding may
    be stated in any of them.
    """
    tables: dict[str, Table] = {}
    by_path: dict[Path, dict[str, Mapping[str, Any]]] = {}
    for name in SECTIONS:
        if name in spec:
            by_path.setdefault((base / spec[name]["file"]).resolve(), {})[name] = spec[name]
    for path, sections in by_path.items():
        wanted = [entry for name, section in sections.items() for entry in mapped_headings(name, section)]
        drop = {heading.strip() for section in sections.values() for heading in section.get("drop", ())}
        ids = {section["id"].strip() for section in sections.values()}
        _check_mapping(wanted, drop, ids, problems)
        settings = _shared_settings(sections, problems)
        layout = TextFormat(settings.get("delimiter"), settings.get("encoding"))
        source = read_table(path, layout, {heading for heading, _ in wanted}, problems)
        if source is None:
            continue
        if not _check_headings(path.name, source, wanted, drop, problems):
            continue
        readers = {section["reader"].strip() for section in sections.values() if "reader" in section}
        identifying = {heading for heading in source.headings if looks_identifying(heading)}
        withheld = ids | readers | identifying
        for name in sections:
            decimal = settings.get("decimal", ".")
            tables[name] = Table(name, path.name, source.frame, decimal, frozenset(withheld))
    return tables


def mapped_headings(name: str, section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each heading that a section maps, and the key of the cohort file that does so."""
    yield section["id"].strip(), f"{name}.id"
    if "reader" in section:
        yield section["reader"].strip(), f"{name}.reader"
    for variable, entry in section["columns"].items():
        heading = entry if isinstance(entry, str) else entry["column"]
        yield heading.strip(), f"{name}.columns.{variable}"


def _shared_settings(sections: Mapping[str, Mapping[str, Any]], problems: Problems) -> dict[str, str]:
    shared: dict[str, str] = {}
    for name, section in sections.items():
        for key in ("delimiter", "decimal", "encoding"):
            if key in section and shared.setdefault(key, section[key]) != section[key]:
                action = f"it is the same file as that of another section, whose {key} is {shared[key]!r}"
                problems.add(COHORT_FILE, "one file read two ways", action, column=f"{name}.{key}")
    return shared


def _check_mapping(wanted: list[tuple[str, str]], drop: set[str], ids: set[str], problems: Problems) -> None:
    for heading, key in wanted:
        if heading in drop:
            action = "map it, or list it under `drop`, not both"
            problems.add(COHORT_FILE, "mapped and dropped", action, column=key, value=heading)
        section, what = key.split(".", 1)
        if what == "id":
            continue
        if heading in ids:
            action = "the id must not reach the results: map another column, or none"
            problems.add(COHORT_FILE, "id mapped as a variable", action, column=key, value=heading)
        elif looks_identifying(heading) and not (what == "reader" and names_reader(heading)):
            action = f"leave it out, and list it under `{section}.drop`; only the id may be one"
            if what == "reader":
                action = f"if it holds the readers, give it a heading that says so; else {action}"
            problems.add(COHORT_FILE, "identifies a person", action, column=key, value=heading)


def _check_headings(
    file: str, source: TextTable, wanted: list[tuple[str, str]], drop: set[str], problems: Problems
) -> bool:
    """Check a file's headings against the mapping; False if none of those mapped is there."""
    headings = Counter(heading for heading in source.headings if heading)
    if not any(heading in headings for heading, _ in wanted):
        # What stands in row 1 may then be a patient: it is not shown.
        action = "none of the mapped headings stands in row 1: does the file begin with its headings?"
        problems.add(file, "heading missing", action, row=1)
        return False
    for position in source.unnamed:
        problems.add(file, "heading missing", f"column {position} has values: give it a heading", row=1)
    for heading, count in headings.items():
        if count > 1:
            action = f"{count} columns have this heading: rename all but one"
            problems.add(file, "heading duplicated", action, row=1, column=heading)
    mapped = {heading for heading, _ in wanted}
    free = [heading for heading in headings if heading not in mapped]
    for heading, key in wanted:
        if heading not in headings:
            action = f"`{key}` names it: correct the cohort file{_suggestion(heading, free)}"
            problems.add(file, "no such heading", action, row=1, column=heading)
    section = wanted[0][1].split(".")[0]
    for heading in free:
        _check_unmapped(file, heading, drop, f"`{section}.drop`", problems)
    return True


def _suggestion(heading: str, headings: list[str]) -> str:
    folded = {candidate.casefold(): candidate for candidate in headings}
    nearest = difflib.get_close_matches(heading.casefold(), folded, n=1)
    return f" (nearest heading: '{folded[nearest[0]]}')" if nearest else ""


def _check_unmapped(file: str, heading: str, drop: set[str], drop_key: str, problems: Problems) -> None:
    if heading in drop:
        problems.add(file, "dropped unread", f"as {drop_key} says", row=1, column=heading, severity="note")
    elif looks_identifying(heading):
        action = f"remove it from the file, map it as the id, or list it under {drop_key}"
        problems.add(file, "identifies a person", action, row=1, column=heading)
    else:
        problems.add(file, "not mapped", "not read", row=1, column=heading, severity="note")
