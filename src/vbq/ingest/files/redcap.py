"""REDCap flat exports: codes become the labels of the project's data dictionary.

A dictionary is a CSV file with a row per field, as REDCap's "Data Dictionary" page downloads it, or as its
API gives it ("metadata").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from vbq.ingest.files.sheet import Settings, Sheet
from vbq.ingest.files.text import read_text
from vbq.problems import Problems

# The headings of a dictionary's columns, as the page and as the API spell them.
NAME = ("Variable / Field Name", "field_name")
KIND = ("Field Type", "field_type")
LABEL = ("Field Label", "field_label")
CHOICES = ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations")
VALIDATION = (
    "Text Validation Type OR Show Slider Number",
    "text_validation_type_or_show_slider_number",
)
IDENTIFIER = ("Identifier?", "identifier")
YES_NO = {"1": "Yes", "0": "No"}
TRUE_FALSE = {"1": "True", "0": "False"}
CHECKED = {"1": "Checked", "0": "Unchecked"}
IDENTIFYING_KINDS = ("notes", "file", "signature")
IDENTIFYING_TEXTS = ("email", "phone", "ssn", "mrn", "zipcode", "postalcode")


@dataclass(frozen=True)
class Field:
    """A field of a project: its label, the label of each code, and what its cells are."""

    label: str
    choices: Mapping[str, str]
    identifies: bool
    has_decimal_comma: bool


def is_dictionary(headings: tuple[str, ...]) -> bool:
    """Whether headings are those of a data dictionary."""
    return all(any(spelling in headings for spelling in spellings) for spellings in (NAME, KIND, CHOICES))


def read_dictionary(path: Path, file: str, problems: Problems) -> dict[str, Field] | None:
    """Return the fields of a data dictionary by the heading that each has in an export.

    A checkbox field has a heading for each of its choices. None, after saying why, if the file cannot be
    read.
    """
    sheet = read_text(path, file, Settings(), None, problems)
    if sheet is None:
        return None
    if not is_dictionary(sheet.headings):
        action = "it lacks the headings of a REDCap data dictionary: download it from the project"
        problems.add(file, "not a data dictionary", action, row=1)
        return None
    column = {
        name: next((sheet.frame[spelling] for spelling in spellings if spelling in sheet.frame), None)
        for name, spellings in {
            "name": NAME,
            "kind": KIND,
            "label": LABEL,
            "choices": CHOICES,
            "validation": VALIDATION,
            "identifier": IDENTIFIER,
        }.items()
    }
    described = pd.DataFrame({name: cells for name, cells in column.items() if cells is not None})
    described = described.reindex(columns=list(column), fill_value="").replace("NA", "")
    fields: dict[str, Field] = {}
    for row in described.itertuples():
        fields |= _fields_of(row)
    return fields


def _fields_of(row: Any) -> dict[str, Field]:
    """Return the fields that a row of the dictionary describes, by heading."""
    choices = _choices(row.choices) if row.kind in ("radio", "dropdown", "checkbox") else {}
    known = {"yesno": YES_NO, "truefalse": TRUE_FALSE}.get(row.kind, choices)
    identifies = (
        row.identifier.lower() == "y"
        or row.kind in IDENTIFYING_KINDS
        or row.validation.startswith(IDENTIFYING_TEXTS)
    )
    comma = "comma" in row.validation
    if row.kind != "checkbox":
        return {row.name: Field(row.label, known, identifies, comma)}
    return {
        f"{row.name}___{_in_heading(code)}": Field(
            f"{row.label} (choice={label})", CHECKED, identifies, comma
        )
        for code, label in choices.items()
    }


def with_labels(
    sheet: Sheet, fields: Mapping[str, Field], settings: Settings, file: str, problems: Problems
) -> Sheet:
    """Return a sheet whose coded columns hold labels, and whose numbers have the file's decimal mark.

    Headings may be the fields' names or, as in an export of labels, their labels. A column whose cells are
    codes and labels at once, with another meaning, is an error; cells that are neither stay as they are.
    """
    by_label = {field.label: field for field in fields.values()}
    found = {heading: fields.get(heading) or by_label.get(heading) for heading in sheet.headings}
    known = {heading: field for heading, field in found.items() if field is not None}
    frame = sheet.frame.copy()
    for heading in [heading for heading in frame if heading in known]:
        field = known[heading]
        if field.has_decimal_comma:
            frame[heading] = frame[heading].str.replace(",", settings.decimal, regex=False)
        if _is_ambiguous(frame[heading], field.choices):
            action = "its cells may be codes or labels of the dictionary: export labels only, or codes only"
            problems.add(file, "codes or labels", action, row=sheet.heading_row, column=heading)
        else:
            codes = {
                code: label for code, label in field.choices.items() if code not in field.choices.values()
            }
            frame[heading] = frame[heading].replace(
                codes if _has_labels(frame[heading], field.choices) else dict(field.choices)
            )
    return replace(
        sheet,
        frame=frame,
        labels={heading: field.choices for heading, field in known.items() if field.choices},
        identifying=frozenset(heading for heading, field in known.items() if field.identifies),
    )


def _filled(cells: pd.Series) -> set[str]:
    return set(cells.unique()) - {""}


def _has_labels(cells: pd.Series, choices: Mapping[str, str]) -> bool:
    """Whether a cell is a label that is no code, so that the column holds labels."""
    return bool(_filled(cells) & (set(choices.values()) - set(choices)))


def _is_ambiguous(cells: pd.Series, choices: Mapping[str, str]) -> bool:
    filled = _filled(cells)
    both = filled <= set(choices) and filled <= set(choices.values())
    return both and any(choices[cell] != cell for cell in filled)


def _choices(text: str) -> dict[str, str]:
    """Return the label of each code in "1, one | 2, two"."""
    pairs = [choice.partition(",") for choice in text.split("|")]
    return {code.strip(): label.strip() for code, comma, label in pairs if comma}


def _in_heading(code: str) -> str:
    """Return a checkbox code as it stands in headings."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())
