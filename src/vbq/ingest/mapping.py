"""What a section of a cohort file maps, with what it leaves to defaults."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vbq.codebook import DERIVED, EXAMPLE_ID, Variable
from vbq.ingest.files import Sheet
from vbq.ingest.files.viewers import VIEWERS, headings_of
from vbq.ingest.opened import ID, READER
from vbq.ingest.patients import SINS_VARIABLES
from vbq.problems import COHORT_FILE, Problems

Section = Mapping[str, Any]
PATIENT_ID = "patient_id"
LEVEL = re.compile(r"[CTLS]\d{1,2}")


def mapped_headings(name: str, section: Section) -> Iterator[tuple[str, str]]:
    """Yield each heading that a section maps, and the key of the cohort file that does so."""
    for key in ("id", "reader"):
        if key in section:
            yield section[key].strip(), f"{name}.{key}"
    for heading in section.get("rows", {}):
        yield heading.strip(), f"{name}.rows"
    for variable, entry in section.get("columns", {}).items():
        key = f"{name}.columns.{variable}"
        yield heading_of(entry), key
        for heading in {} if isinstance(entry, str) else entry.get("rows", {}):
            yield heading.strip(), f"{key}.rows"


def heading_of(entry: str | Mapping[str, Any]) -> str:
    """Return the heading of an entry of `columns`."""
    return (entry if isinstance(entry, str) else entry["column"]).strip()


def maps_all(section: Section) -> bool:
    """Whether a section says itself which columns are read."""
    return "columns" in section and "format" not in section


def settled(
    name: str,
    section: Section,
    file: str,
    sheet: Sheet,
    codebook: Mapping[str, Variable],
    statistic: str,
    problems: Problems,
) -> Section | None:
    """Return a section with `id`, `reader`, `layout` and `columns` where it leaves them out, or None.

    What the names of files say are the id and the reader. The columns of a viewer's export are the viewer's;
    else headings that are names of the codebook, as in the template, stand for themselves.
    """
    given = dict(section)
    for key, named, by_default in (("id", ID, PATIENT_ID), ("reader", READER, "reader")):
        for heading in (named, by_default):
            if heading in sheet.headings and (heading == named or "columns" not in section):
                given.setdefault(key, heading)
    if "format" in section:
        viewer = VIEWERS[section["format"]]
        found = headings_of(viewer, sheet.headings, statistic)
        if isinstance(found, str):
            problems.add(COHORT_FILE, f"no readings of {viewer.title}", found, column=f"{name}.format")
            return None
        given.setdefault("layout", "long")
        identifying = [heading for heading in viewer.identifying if heading in sheet.headings]
        given["drop"] = [*given.get("drop", ()), *identifying]
        if "id" in found:
            given.setdefault("id", found.pop("id"))
        given["columns"] = found | dict(section.get("columns", {}))
    if "columns" not in given:
        given["columns"] = _by_name(name, sheet, given.get("id"), codebook)
    given.setdefault("layout", "wide")
    lacking = {
        "id": "name the column of the patient's id",
        "columns": f"no heading is {'a level' if name == 'readings' else 'in the codebook'}: map the columns",
    }
    for key, action in lacking.items():
        if not given.get(key):
            where = f"{action} as `{name}.{key}`; or does the table begin in another row?"
            problems.add(file, f"no {key}", where, row=sheet.heading_row)
            return None
    return given


def _by_name(
    name: str, sheet: Sheet, id_heading: str | None, codebook: Mapping[str, Variable]
) -> dict[str, str]:
    """Return the columns with a value, not only an example's, and a heading that names what they hold."""
    frame = sheet.frame
    if id_heading in frame:
        frame = frame[frame[id_heading] != EXAMPLE_ID]
    filled = [str(heading) for heading in frame if (frame[heading] != "").any()]
    if name == "readings":
        levels = {heading.upper(): heading for heading in filled if LEVEL.fullmatch(heading.upper())}
        return levels | {heading: heading for heading in ("csf", "csf_level") if heading in filled}
    of_section = SINS_VARIABLES if name == "lesions" else codebook
    return {
        heading: heading
        for heading in filled
        if heading in of_section and heading not in DERIVED and codebook[heading].kind != "identifier"
    }
