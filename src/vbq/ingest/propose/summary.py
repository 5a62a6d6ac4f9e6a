"""The proposal in lines to print: what each file is, what was recognized, and what is left to a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vbq.codebook import CRITERIA
from vbq.ingest.propose.cohort_file import counts_of, one_line
from vbq.ingest.propose.columns import Mapped, quoted
from vbq.ingest.propose.evidence import ASKED
from vbq.ingest.propose.sections import NOT_RECOGNIZED, Section, Study, sins_is_complete
from vbq.study.plan import absent_variables

ROLE = {
    "patients": "one row per patient",
    "readings": "readings of regions of interest",
    "lesions": "one row per lesion",
}
CONFIDENCES = ("sure", "likely", "a guess")


def lines_of(
    sections: Sequence[Section], remarks: Sequence[str], plan: Mapping[str, Any], study: Study
) -> tuple[str, ...]:
    """Return what to print, in the order in which a reviewer needs it."""
    lines = [
        *_roles(sections),
        *remarks,
        *_mapped(sections),
        *_outcome(sections[0], study),
        *_guesses(sections),
        *_to_fill_in(sections, study),
        *_not_found(sections, plan, study),
        *_dropped(sections),
        *_spoiled(sections),
    ]
    return tuple(map(one_line, lines))


def _roles(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        role = ROLE[section.name]
        if section.rois is not None:
            role += f" ({section.rois.viewer or section.rois.layout})"
        files = f" ({section.view.n_files} files)" if section.view.n_files > 1 else ""
        yield f"{section.view.label}{files}: {section.name}, {role}"


def _mapped(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        if section.rois is None:
            told: list[str] = [mapped.confidence for mapped in section.columns]
            counts = ", ".join(f"{told.count(confidence)} {confidence}" for confidence in CONFIDENCES)
            yield f"{section.name}: {len(told)} variables recognized ({counts})"
        else:
            found, rois = ", ".join(section.rois.columns), section.rois
            yield f"{section.name}: {found} ({rois.confidence}: {rois.reason})"


def _outcome(patients: Section, study: Study) -> Iterator[str]:
    for mapped in patients.columns:
        if mapped.name == study.outcome:
            told = counts_of(patients, mapped)
            yield f"The outcome {study.outcome} is column {quoted(mapped.heading)}: {told} (check it)"


def _guesses(sections: Sequence[Section]) -> Iterator[str]:
    guesses = [
        f"{mapped.name} from {quoted(mapped.heading)}"
        for section in sections
        for mapped in section.columns
        if mapped.confidence == "a guess"
    ]
    if guesses:
        yield f"Only guessed: {', '.join(guesses)}"


def _to_fill_in(sections: Sequence[Section], study: Study) -> Iterator[str]:
    keys = ["provenance"]
    for section in sections:
        if section.id == ASKED:
            keys.append(f"{section.name}.id")
        keys += [
            f"{section.name}.columns.{each.name}.levels ({_asked(each)})"
            for each in section.columns
            if each.asks
        ]
        if section.rois is not None and ASKED in (section.rois.levels or {}).values():
            keys.append(f"{section.name}.columns.level.levels")
    if sections[0].lacks(study.outcome):
        keys.append(f"patients.columns.{study.outcome}")
    yield f'To fill in, where the file has "?": {"; ".join(keys)}'


def _asked(mapped: Mapped) -> str:
    return ", ".join(quoted(cell) for cell, level in (mapped.evidence.levels or {}).items() if level == ASKED)


def _not_found(sections: Sequence[Section], plan: Mapping[str, Any], study: Study) -> Iterator[str]:
    marker = study.marker
    found = {mapped.name for section in sections for mapped in section.columns}
    if any(sins_is_complete(section.columns) for section in sections):
        found |= {"sins", "sins_category"}
    if "n_new_vcf" in found:
        found.add("fracture_count")
    readings = next((section for section in sections if section.rois is not None), None)
    if readings is not None:
        found |= {marker.name, f"{marker.name}_reader_1"}
        rois = readings.rois
        if rois is not None and rois.reader is not None and len(readings.view.counts[rois.reader]) > 1:
            found.add(f"{marker.name}_reader_2")
        if "{reader}" in readings.view.path:
            found.add(f"{marker.name}_reader_2")
    if marker.name in found:
        found.add(marker.high)
    absent = dict.fromkeys(name for name, _ in absent_variables(plan, marker, study.codebook, found))
    if sections[0].lacks(study.outcome):
        absent = {study.outcome: None} | absent
    if absent:
        yield f"Not found, though the plan asks for it: {', '.join(absent)}"
    unmet = [criterion.name for criterion in CRITERIA if criterion.variable not in found]
    if unmet:
        yield f"Criteria of the study that cannot be applied, for want of a column: {', '.join(unmet)}"


def _dropped(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        by_reason: dict[str, list[str]] = {}
        for heading, why in section.drop.items():
            by_reason.setdefault(why, []).append(quoted(heading))
        for why, headings in sorted(by_reason.items(), key=lambda item: item[0] == NOT_RECOGNIZED):
            yield f"{section.name}: left unread, {why}: {', '.join(headings)}"


def _spoiled(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        headings = [heading for heading in section.view.sheet.headings if heading]
        twice = dict.fromkeys(heading for heading in headings if headings.count(heading) > 1)
        if twice:
            yield f"{section.view.path}: rename all but one of the columns {', '.join(map(quoted, twice))}"
        if section.view.sheet.unnamed and section.view.viewer is None:  # ImageJ numbers its rows
            positions = ", ".join(map(str, section.view.sheet.unnamed))
            yield f"{section.view.path}: give a heading to column {positions}, which has values"
