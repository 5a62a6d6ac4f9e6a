"""Empty files for a site to fill in, made from the codebook: a workbook, and a REDCap data dictionary.

Both have the same variables under the same names (REDCap's in lower case). What a site types is read back
without a mapping: headings are names of the codebook, cells are labels, numbers or choice codes.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from vbq.codebook import (
    CRITERIA,
    CSF_LEVELS,
    DERIVED,
    EXAMPLE_ID,
    MARKER_LEVELS,
    NO_YES,
    VARIABLES,
    Variable,
    choice_code,
)
from vbq.run import WRITTEN, repacked, write_whole

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

HOW_TO_SHEET = "how to"
PATIENTS_SHEET = "patients"
READINGS_SHEET = "readings"
CODEBOOK_SHEET = "codebook"
LISTS_SHEET = "lists"
READERS = 20
REQUIRED = ("patient_id", "reader")  # in every row

TEMPLATE_PATIENTS: tuple[Variable, ...] = tuple(
    variable for name, variable in VARIABLES.items() if name not in DERIVED
)
# The columns of the readings are no variables of the codebook: they become one, the VBQ score.
TEMPLATE_READINGS: tuple[Variable, ...] = (
    VARIABLES["patient_id"],
    Variable("reader", "Number of the reader", "continuous", possible=(1, READERS), step=1),
    *(
        Variable(level, f"Mean signal intensity of the vertebral body {level}", "continuous")
        for level in MARKER_LEVELS
    ),
    Variable("csf", "Mean signal intensity of the cerebrospinal fluid (CSF)", "continuous"),
    Variable(
        "csf_level", "Level of the CSF reading", "nominal", levels={level: level for level in CSF_LEVELS}
    ),
)

# What a label cannot say. Each is read in the workbook and in REDCap.
NOTES: Mapping[str, str] = {
    "patient_id": "A study number that only your site can trace. No name, birth date or hospital number.",
    "new_vcf": "A patient of whom it is not known is left out.",
    "n_new_vcf": "0 exactly if there is no new fracture.",
    "sins_location": (
        "Junctional: occiput-C2, C7-T2, T11-L1, L5-S1. Mobile: C3-C6, L2-L4. Semirigid: T3-T10. Rigid: S2-S5."
    ),
    "sins": "Leave it blank where the six components are given, or give their sum.",
    "vbq": "Only if you have the score alone. Leave it blank if you give the readings (L1 to L4 and CSF).",
    "reader": "The same number for the same person throughout, no name.",
    "csf_level": f"{CSF_LEVELS[0]}, or {' or '.join(CSF_LEVELS[1:])} where {CSF_LEVELS[0]} cannot be read.",
}

# The patient of the example rows, in canonical values; a variable with levels that is not here has its first.
# The VBQ score stays blank, as it does wherever there are readings.
EXAMPLE: Mapping[str, Any] = {
    "new_vcf": 1,
    "n_new_vcf": 1,
    "spinal_metastasis": 1,
    "t1_lumbar_mri": 1,
    "n_previous_vcf": 0,
    "age": 61,
    "bmi": 26.4,
    "cci": 8,
    "kps": 80,
    "ecog": 1,
    "asia": "E",
    "albumin": 3.9,
    "alkaline_phosphatase": 95,
    "calcium": 9.2,
    "platelets": 240,
    "radiation_dose": 2400,
    "systemic_treatment_months": 14.5,
    "follow_up_months": 18.2,
    "sins_location": 2,
    "sins_pain": 3,
    "sins_lesion": 2,
    "sins_alignment": 0,
    "sins_collapse": 1,
    "sins_posterolateral": 0,
    "sins": 8,
    "reader": 1,
    "L1": 412.6,
    "L2": 405.1,
    "L3": 398.7,
    "L4": 420.3,
    "csf": 150.2,
    "csf_level": "L3",
}


@dataclass(frozen=True)
class Form:
    """Variables that are entered together: from the one called `first` up to that of the next form.

    `name` is that of the instrument in REDCap, whose header is the `title` and the `hint`; `purpose` is what
    the variables are needed for.
    """

    name: str
    first: str
    title: str
    purpose: str
    hint: str = ""


DESCRIBED = "the description of the cohort, and tests one by one"
FORMS = (
    Form("outcome", "patient_id", "Patient and outcome", "the outcome"),
    Form("eligibility", "spinal_metastasis", "Inclusion and exclusion", "who is studied"),
    Form("history", "treatment", "Demographics and risk factors", DESCRIBED),
    Form("laboratory", "albumin", "Laboratory values", DESCRIBED),
    Form("treatment_history", "previous_vcf", "Previous fractures and treatment", DESCRIBED),
    Form("imaging", "field_strength", "Imaging", "the VBQ score by scanner"),
    Form(
        "spinal_instability",
        "sins_location",
        "Spinal Instability Neoplastic Score (SINS)",
        "the published rules with SINS",
        "Of several lesions, that with the highest total. The six components, the total, or both.",
    ),
    Form(
        "vbq_score",
        "vbq",
        "VBQ score without readings",
        "the published rules with VBQ",
        "Only where there are no readings of regions of interest (ROI).",
    ),
    Form(
        "roi_readings",
        "reader",
        "Readings of regions of interest (ROI)",
        "the VBQ score and, with two readers or more, their agreement",
        "One instance per reader. Before entering data, enable this form as a repeating instrument (Project "
        "Setup, Repeating instruments).",
    ),
)

HOW_TO: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "How to fill in this workbook",
        (
            f"Sheet {PATIENTS_SHEET}: one row per patient.",
            f"Sheet {READINGS_SHEET}: one row per patient and reader, by the same patient_id.",
            f"Sheet {CODEBOOK_SHEET}: what each column means, its unit, and what it is needed for. Click on "
            "a cell, and it says the same in short.",
            "Save it as an Excel workbook (.xlsx).",
        ),
    ),
    (
        "Rules",
        (
            "Leave blank what you do not know. Type no 'unknown', no 'n/a', and no 0 in its place. A column "
            "of which you know nothing stays blank; only patient_id, new_vcf and reader are always needed.",
            "No names, initials, birth dates, hospital numbers, nor any other column that tells who someone "
            "is. patient_id is a study number whose key stays with you; readers have numbers, too.",
            "Change, move or delete nothing in row 1: the columns are known by it.",
            f'Row 2 is an example. A row whose patient_id is "{EXAMPLE_ID}" is not read; you may delete it.',
            "Where a cell has a list, choose from it. Give numbers in the unit of the codebook.",
            "If you paste from another file, paste values only (Paste Special, Values): any other way "
            "removes lists and limits. Everything is checked again when the file is read.",
        ),
    ),
    (
        "SINS",
        (
            "Give the six components in words. If a patient has several lesions, give those of the lesion "
            "with the highest total.",
            "sins is the total. Give it alone if you have no components; beside them, it must be their sum.",
        ),
    ),
    (
        f"Sheet {READINGS_SHEET}",
        (
            "All values of a row come from the same T1-weighted series without contrast: the mean signal "
            "intensity of one region of interest in each vertebral body (without cortical bone, focal "
            "lesions and the posterior venous plexus), and of one in the CSF.",
            "Leave a level blank that cannot be read, because of collapse or metastasis, for instance.",
            f"reader is a number from 1 to {READERS}: the same for the same person throughout.",
            f"csf_level is the level at which the CSF was read: choose {CSF_LEVELS[0]}, or "
            f"{' or '.join(CSF_LEVELS[1:])} if it could not be read there.",
            f"If you have the VBQ score of each patient but not the readings, leave this sheet as it is and "
            f"fill in vbq, the last column of {PATIENTS_SHEET}. If you give readings, leave vbq blank: it is "
            "computed from them.",
        ),
    ),
)

# REDCap's headings of a data dictionary, in its order and spelling.
REDCAP_HEADINGS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)

LAST_ROW = 1_048_576  # of a sheet in Excel
TINTS = ("DDEBF7", "E2EFDA")  # of the headings, one form after the other
EXAMPLE_FILL, EXAMPLE_INK = "EDEDED", "7F7F7F"


def write_workbook(path: Path) -> None:
    """Write the workbook that a site fills in, whole or not at all; always the same bytes."""
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    _add_how_to(workbook)
    sheets = {
        PATIENTS_SHEET: TEMPLATE_PATIENTS,
        READINGS_SHEET: TEMPLATE_READINGS,
    }
    lists = _Lists(variable for variables in sheets.values() for variable in variables)
    for name, variables in sheets.items():
        _add_sheet(workbook, name, variables, lists)
    _add_codebook(workbook, sheets)
    lists.add_to(workbook)
    write_whole(_fixed_bytes(workbook), path)


def write_dictionary(path: Path) -> None:
    """Write a REDCap data dictionary of the same variables, whole or not at all."""
    text = StringIO()
    writer = csv.DictWriter(text, REDCAP_HEADINGS, restval="", lineterminator="\n")
    writer.writeheader()
    headed = set()
    for form, variable in with_forms((*TEMPLATE_PATIENTS, *TEMPLATE_READINGS[1:])):
        field = _redcap_field(variable)
        field["Form Name"] = form.name
        # REDCap's record id is not part of what a form asks for: the header comes after it.
        if form.name not in headed and variable.kind != "identifier":
            headed.add(form.name)
            field["Section Header"] = f"{form.title}. {form.hint}" if form.hint else form.title
        writer.writerow(field)
    write_whole(text.getvalue(), path)


def with_forms(variables: Iterable[Variable]) -> Iterator[tuple[Form, Variable]]:
    """Yield each variable with its form; the first has to begin a form."""
    begins = {form.first: form for form in FORMS}
    form: Form | None = None
    for variable in variables:
        form = begins.get(variable.name, form)
        if form is None:
            raise ValueError(f"{variable.name} comes before the first form")
        yield form, variable


def is_whole(variable: Variable) -> bool:
    """Whether the values of a continuous variable are whole numbers."""
    return variable.step is not None and variable.step >= 1


def accepted(variable: Variable) -> str:
    """Return what one may enter, in words."""
    if variable.kind == "identifier":
        return "Text"
    if variable.is_categorical:
        return "; ".join(variable.levels.values())
    words = "A whole number" if is_whole(variable) else "A number"
    words += f" from {_span(variable.possible)}" if variable.possible else " above 0"
    words += f" ({variable.unit})" if variable.unit else ""
    if variable.step is not None and variable.step > 1:
        words += f" in steps of {_plain(variable.step)}"
    if variable.plausible and variable.plausible != variable.possible:
        words += f", usually {_span(variable.plausible)}"
    return words


def needed_for(form: Form, variable: Variable) -> str:
    """Return what a variable is needed for, in words."""
    if variable.kind == "identifier":
        return "joining the rows of a patient; it reaches no result"
    reasons = [criterion.reason for criterion in CRITERIA if criterion.variable == variable.name]
    return "; ".join([form.purpose, *(f"a patient is left out if: {reason}" for reason in reasons)])


def example_row(variables: Sequence[Variable]) -> list[str | float | None]:
    """Return the cells of the example, as a site would type them."""
    cells: list[str | float | None] = []
    for variable in variables:
        first = next(iter(variable.levels), None)
        value = EXAMPLE.get(variable.name, first)
        if variable.kind == "identifier":
            cells.append(EXAMPLE_ID)
        else:
            cells.append(_typed(variable.levels[value]) if variable.is_categorical else value)
    return cells


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _span(limits: tuple[float, float]) -> str:
    return f"{_plain(limits[0])} to {_plain(limits[1])}"


def _typed(label: str) -> str | int:
    """Return a label as the cell that Excel makes of it when typed: 0, not the text "0"."""
    return int(label) if label.isdecimal() else label


def _note(variable: Variable) -> str:
    return NOTES.get(variable.name, "")


class _Lists:
    """The labels of levels as ranges of a hidden sheet, one column for each set of labels.

    Lists within a validation are split at commas, which some labels have, may hold 255 characters only, and
    refuse "yes" for "Yes".
    """

    def __init__(self, variables: Iterable[Variable]) -> None:
        self.columns = list(
            dict.fromkeys(tuple(variable.levels.values()) for variable in variables if variable.levels)
        )

    def range_of(self, variable: Variable) -> str:
        """Return the range that holds the labels of a variable."""
        from openpyxl.utils import get_column_letter

        labels = tuple(variable.levels.values())
        letter = get_column_letter(self.columns.index(labels) + 1)
        return f"{LISTS_SHEET}!${letter}$1:${letter}${len(labels)}"

    def add_to(self, workbook: "Workbook") -> None:
        """Add the hidden sheet."""
        sheet = workbook.create_sheet(LISTS_SHEET)
        sheet.sheet_state = "hidden"
        for column, labels in enumerate(self.columns, 1):
            for row, label in enumerate(labels, 1):
                sheet.cell(row, column, _typed(label))


def _add_how_to(workbook: "Workbook") -> None:
    from openpyxl.styles import Alignment, Font

    sheet = workbook.create_sheet(HOW_TO_SHEET)
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width = 110
    row = 0
    for title, sentences in HOW_TO:
        row += 1
        sheet.cell(row, 1, title).font = Font(bold=True, size=13)
        for sentence in sentences:
            row += 1
            sheet.cell(row, 1, sentence).alignment = Alignment(wrap_text=True, vertical="top", indent=1)
        row += 1


def _add_sheet(workbook: "Workbook", name: str, variables: Sequence[Variable], lists: _Lists) -> None:
    """Add a sheet to fill in: headings, the example, and what each column accepts."""
    from openpyxl.styles import Font, PatternFill

    sheet = workbook.create_sheet(name)
    sheet.append([variable.name for variable in variables])
    sheet.append(example_row(variables))
    _style_headings(sheet, _tints(variables))
    for cell in sheet[2]:
        cell.font = Font(italic=True, color=EXAMPLE_INK)
        cell.fill = PatternFill("solid", fgColor=EXAMPLE_FILL)
    for cell, variable in zip(sheet[1], variables, strict=True):
        letter = cell.column_letter
        labels = [*map(str, variable.levels.values()), variable.name, str(sheet[f"{letter}2"].value or "")]
        sheet.column_dimensions[letter].width = min(max(10, *map(len, labels)) + 2, 32)
        if variable.kind == "identifier":
            # As text, or Excel makes a date of 3-12 and drops the zeros of 007.
            sheet.column_dimensions[letter].number_format = "@"
            sheet[f"{letter}2"].number_format = "@"
        rule = _validation(variable, lists)
        rule.add(f"{letter}2:{letter}{LAST_ROW}")
        sheet.add_data_validation(rule)
    sheet.freeze_panes = "B2"


def _tints(variables: Iterable[Variable]) -> list[str]:
    """Return a color for each heading, which changes from form to form."""
    return [TINTS[FORMS.index(form) % len(TINTS)] for form, _ in with_forms(variables)]


def _style_headings(sheet: "Worksheet", tints: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    for cell, tint in zip(sheet[1], tints, strict=True):
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=tint)
        cell.border = Border(bottom=Side("medium"))
        cell.alignment = Alignment(vertical="top")


def _validation(variable: Variable, lists: _Lists) -> "DataValidation":
    """Return what a column accepts, with a note for who fills it in; blank cells are always accepted."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation(allow_blank=True, showInputMessage=True, promptTitle=variable.name)
    if variable.kind == "identifier":
        rule.prompt = f"{variable.label}. {_note(variable)}"
        return rule
    what = "Choose from the list." if variable.is_categorical else f"{accepted(variable)}."
    unknown = "" if variable.name in REQUIRED else "Leave it blank if it is not known."
    rule.prompt = f"{variable.label}. {what} {_note(variable)}".strip()
    rule.showErrorMessage = True
    rule.errorStyle = "stop"
    rule.errorTitle = "Not accepted"
    rule.error = f"{variable.label}. {what} {unknown}".strip()
    if variable.is_categorical:
        rule.type, rule.formula1 = "list", lists.range_of(variable)
        return rule
    rule.type = "whole" if is_whole(variable) else "decimal"
    if variable.possible is None:
        rule.operator, rule.formula1 = "greaterThan", "0"
    else:
        rule.operator = "between"
        rule.formula1, rule.formula2 = map(_plain, variable.possible)
    return rule


def _add_codebook(workbook: "Workbook", sheets: Mapping[str, Sequence[Variable]]) -> None:
    from openpyxl.styles import Alignment

    widths = {
        "sheet": 10,
        "name": 27,
        "label": 38,
        "kind": 12,
        "unit": 11,
        "accepted": 46,
        "possible": 14,
        "plausible": 14,
        "needed for": 46,
        "note": 52,
    }
    sheet = workbook.create_sheet(CODEBOOK_SHEET)
    sheet.append(list(widths))
    for name, variables in sheets.items():
        for form, variable in with_forms(variables):
            sheet.append(
                [
                    name,
                    variable.name,
                    variable.label,
                    variable.kind,
                    variable.unit,
                    accepted(variable),
                    _span(variable.possible) if variable.possible else None,
                    _span(variable.plausible) if variable.plausible else None,
                    needed_for(form, variable),
                    _note(variable),
                ]
            )
    _style_headings(sheet, TINTS[:1] * len(widths))
    for cell, width in zip(sheet[1], widths.values(), strict=True):
        sheet.column_dimensions[cell.column_letter].width = width
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "C2"


def _fixed_bytes(workbook: "Workbook") -> bytes:
    """Return a workbook as bytes that do not depend on when and where it is written."""
    from openpyxl.writer.excel import ExcelWriter

    workbook.properties.creator = "vbq"
    workbook.properties.created = workbook.properties.modified = WRITTEN
    # Not `Workbook.save`, which would set the time of writing.
    timed = BytesIO()
    ExcelWriter(workbook, ZipFile(timed, "w")).save()
    return repacked(timed)


def _redcap_field(variable: Variable) -> dict[str, str]:
    """Return a variable's row of the data dictionary, by heading; headings left out are blank."""
    sentence = "" if variable.is_categorical or variable.kind == "identifier" else f"{accepted(variable)}."
    field = {
        "Variable / Field Name": variable.name.lower(),
        "Field Type": "text",
        "Field Label": variable.label,
        "Field Note": f"{sentence} {_note(variable)}".strip(),
    }
    if dict(variable.levels) == NO_YES:
        return field | {"Field Type": "yesno"}
    if variable.is_categorical:
        # A | would begin another choice; commas after the first are part of the label.
        choices = (
            f"{choice_code(value)}, {label.replace('|', '/')}" for value, label in variable.levels.items()
        )
        return field | {
            "Field Type": "radio",
            "Choices, Calculations, OR Slider Labels": " | ".join(choices),
        }
    if variable.kind == "identifier":
        return field
    field["Text Validation Type OR Show Slider Number"] = "integer" if is_whole(variable) else "number"
    if variable.possible is None:
        return field | {"Text Validation Min": "0"}
    low, high = map(_plain, variable.possible)
    if variable.name in REQUIRED:
        field["Required Field?"] = "y"
    return field | {
        "Text Validation Min": low,
        "Text Validation Max": high,
        # Without it, REDCap warns of a value outside, and keeps it.
        "Field Annotation": "@FORCE-MINMAX",
    }
