"""One file, or a folder with one file per patient, as one sheet."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd

from vbq.errors import UserError
from vbq.ingest.files import Settings, Sheet, read_sheet
from vbq.paths import Found, files_of, is_template
from vbq.problems import Problems

# Headings of what the names of files say.
ID = "{id}"
READER = "{reader}"


def open_files(
    file: str, label: str, base: Path, settings: Settings, keep: Collection[str] | None, problems: Problems
) -> tuple[Sheet, pd.DataFrame | None] | None:
    """Read what a path of a cohort file names; None, after saying why, if none of it can be read.

    Of a path with placeholders all files are read, one below the other, with the columns `{id}` and
    `{reader}` that their names give. The second value is then the place (file, row) of each row. A file's
    name may tell the patient: problems call it by its number in alphabetical order.
    """
    try:
        found = files_of(file, base)
    except UserError as error:
        problems.add(label, "files not found", str(error))
        return None
    if not is_template(file):
        sheet = read_sheet(found[0].path, label, settings, keep, problems)
        return None if sheet is None else (sheet, None)
    if not found:
        action = "no file has a name of this form: correct `file` in the cohort file, or put the files there"
        problems.add(label, "file not found", action)
        return None
    sheets, places = [], []
    for number, each in enumerate(found, 1):
        name = f"{label}, file {number}"
        sheet = read_sheet(each.path, name, settings, keep, problems)
        if sheet is None:
            continue
        sheets.append(_with_names(sheet, file, each))
        places.append(pd.DataFrame({"file": name, "row": sheet.frame.index}))
    if not sheets:
        return None
    headings: Counter[str] = Counter()
    for sheet in sheets:
        headings |= Counter(sheet.headings)  # a heading that one file has twice is so in the whole
    frame = pd.concat([sheet.frame for sheet in sheets], ignore_index=True).fillna("")
    others = pd.concat([sheet.others for sheet in sheets], ignore_index=True).fillna("")
    unnamed = tuple(sorted({position for sheet in sheets for position in sheet.unnamed}))
    place = pd.concat(places, ignore_index=True)
    names = place["file"].unique()
    lacking = {
        str(name): frozenset(headings) - frozenset(sheet.headings)
        for name, sheet in zip(names, sheets, strict=True)
    }
    whole = replace(
        sheets[0],
        headings=tuple(headings.elements()),
        frame=frame,
        others=others,
        unnamed=unnamed,
        lacking=lacking,
    )
    return whole, place


def _with_names(sheet: Sheet, file: str, found: Found) -> Sheet:
    """Return a sheet with the columns that the file's name gives."""
    named = {ID: found.id, READER: found.reader}
    given = {heading: value for heading, value in named.items() if heading in file}
    return replace(sheet, headings=(*given, *sheet.headings), frame=sheet.frame.assign(**given))
