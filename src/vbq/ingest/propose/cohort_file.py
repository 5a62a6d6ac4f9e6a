"""The proposal as the text of a cohort file, with what is not sure as comments, and as lines to print."""

import re
from collections.abc import Iterator, Mapping, Sequence

from vbq.codebook import CRITERIA, VARIABLES, Variable
from vbq.ingest.propose.columns import Mapped, legend, quoted
from vbq.ingest.propose.evidence import ASKED, is_missing_word
from vbq.ingest.propose.rois import Rois
from vbq.ingest.propose.sections import Section, Study
from vbq.ingest.values import rows_with
from vbq.strict import WORDS

PLAIN = re.compile(r"[^\W\d_](?:[\w ./()-]*[\w)])?")
TO_FILL_IN = "FILL IN"


def scalar(value: object) -> str:
    """Return a value as it stands in YAML, quoted unless it is surely read as the same text."""
    if isinstance(value, float):
        return f"{value:.16g}"
    if not isinstance(value, str):
        return str(value)
    if PLAIN.fullmatch(value) and value.isprintable() and value.lower() not in WORDS:
        return value
    return quoted(value)


def _inline(mapping: Mapping[str, object]) -> str:
    """Return a mapping on one line."""
    return "{" + ", ".join(f"{scalar(key)}: {_value(value)}" for key, value in mapping.items()) + "}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _inline(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(scalar, value))}]"
    return scalar(value)


def text_of(name: str, plan: str, sections: Sequence[Section], study: Study) -> str:
    """Return the cohort file."""
    return "\n".join([*_head(name, plan), *(line for each in _bodies(sections, study) for line in each), ""])


def _head(name: str, plan: str) -> Iterator[str]:
    yield f"# Proposed by `vbq new-cohort` from a site's files. Review every line, then: vbq check {name}"
    yield '# Each line is `sure`, `likely` or `a guess`, and says why. Replace each "?"; fix what is wrong.'
    yield f"title: {scalar(name.replace('_', ' ').capitalize())}"
    yield "role: validation # neither the scores nor their cut-offs were made from these rows"
    yield f'provenance: "?" # {TO_FILL_IN}: where the rows come from, in words; it stands in every result'
    yield f"plan: {scalar(plan)}"


def _bodies(sections: Sequence[Section], study: Study) -> Iterator[Iterator[str]]:
    places: set[tuple[str, str | None]] = set()
    for section in sections:
        yield _section(section, section.view.place not in places, study)
        places.add(section.view.place)
    if study.outcome not in VARIABLES:
        yield _own_outcome(study)
    yield _eligibility(sections[0])


def _own_outcome(study: Study) -> Iterator[str]:
    yield ""
    yield "variables: # of this cohort, which the codebook does not have"
    label = study.codebook[study.outcome].label
    yield f"  {study.outcome}: {{label: {quoted(label)}, kind: binary}} # the plan's outcome"


def _eligibility(patients: Section) -> Iterator[str]:
    mapped = {each.name for each in patients.columns}
    given = [criterion for criterion in CRITERIA if criterion.variable in mapped]
    if given:
        yield ""
        yield "eligibility: # the study's criteria for which there is a column; false switches one off"
        for criterion in given:
            yield f"  {criterion.name}: true # leaves out: {criterion.reason}"


def _section(section: Section, is_first: bool, study: Study) -> Iterator[str]:
    view = section.view
    yield ""
    yield f"{section.name}:"
    if view.n_files > 1:
        yield f"  # {view.n_files} files, one per patient or reader"
    yield f"  file: {scalar(view.path)}"
    if view.settings.sheet is not None:
        yield f"  sheet: {scalar(view.settings.sheet)}"
    if is_first:
        yield from _written(section)
    rois = section.rois
    if rois is not None and rois.viewer is not None:
        yield f"  format: {rois.viewer} # {_confidence(rois)}"
    elif rois is not None and not section.by_name:
        yield f"  layout: {rois.layout} # {_confidence(rois)}"
    if section.rows:
        yield f"  rows: {_inline(section.rows)} # the rows of this section"
    if section.id is not None:
        yield f"  id: {scalar(section.id)} # {section.id_reason}; it reaches no result"
    if rois is not None and rois.reader is not None and not section.by_name:
        yield f"  reader: {scalar(rois.reader)} # likely: its heading and cells are those of readers"
    if section.missing:
        yield "  missing:"
        for code, n in section.missing.items():
            yield f"    - {_missing_code(code)} # {_kind_of_code(code)}, in {n} cells"
    if rois is not None:
        yield from _roi_columns(section, rois)
    elif section.by_name:
        yield "  # The headings are the codebook's own: no columns to map."
        if outcome := next((each for each in section.columns if each.name == study.outcome), None):
            yield f"  # {counts_of(section, outcome)}"
    else:
        yield from _columns(section, study)
    if section.drop:
        yield "  drop: # left unread"
        for heading, why in section.drop.items():
            yield f"    - {scalar(heading)} # {why}"


def _written(section: Section) -> Iterator[str]:
    settings = section.view.settings
    if settings.headings != (1,):
        rows = settings.headings
        yield f"  headings: {rows[0] if len(rows) == 1 else list(rows)} # the row of the headings"
    if settings.dictionary is not None:
        yield f"  dictionary: {scalar(settings.dictionary)}"
    if settings.delimiter not in (None, ","):
        yield f"  delimiter: {quoted(settings.delimiter)}"
    if section.view.decimal == ",":
        yield '  decimal: "," # numbers in its cells have a comma'
    if settings.encoding is not None:
        yield f"  encoding: {settings.encoding}"


def _confidence(rois: Rois) -> str:
    return f"{rois.confidence}: {one_line(rois.reason)}"


def one_line(text: str) -> str:
    """Return a text for a comment or a line to print: nothing in it ends the line or hides the rest."""
    return "".join(each if each.isprintable() else " " for each in text)


def _missing_code(code: str) -> str:
    return quoted(code) if is_missing_word(code) else str(_as_number(code))


def _as_number(code: str) -> int:
    """Return a code, however the file writes it, as the reader knows all its spellings."""
    return int(float(code.replace(",", ".")))


def _kind_of_code(code: str) -> str:
    return "no value" if is_missing_word(code) else "likely: a code for no value"


def _roi_columns(section: Section, rois: Rois) -> Iterator[str]:
    if rois.viewer is not None and rois.levels is None:
        return
    if section.by_name:
        yield "  # The headings are the codebook's own: no columns to map."
        return
    yield "  columns:"
    for name, heading in rois.columns.items():
        if rois.viewer is not None and name != "level":
            continue
        if name == "level" and rois.levels is not None:
            yield "    level:"
            yield f"      column: {scalar(heading)}"
            yield "      levels: # regions that are not listed are left out"
            for spelled, level in rois.levels.items():
                why = f" # {TO_FILL_IN}: the level, such as L1, or CSF; remove the line of any other region"
                yield f"        {quoted(spelled)}: {quoted(level)}{why if level == ASKED else ''}"
        else:
            yield f"    {name}: {scalar(heading)} # {rois.confidence}"


def _columns(section: Section, study: Study) -> Iterator[str]:
    yield "  columns: # codebook name: heading in the file"
    if section.name == "patients" and section.lacks(study.outcome):
        yield f'    {study.outcome}: "?" # {TO_FILL_IN}: the heading of the outcome; none was recognized'
    for mapped in section.columns:
        yield from _entry(section, mapped, study)


def _entry(section: Section, mapped: Mapped, study: Study) -> Iterator[str]:
    comment = one_line(f"{mapped.confidence}: {mapped.reason}")
    seen = mapped.evidence
    more: dict[str, object] = {}
    if seen.multiply is not None:
        more["multiply"] = seen.multiply
    if own := section.own_missing.get(mapped.heading):
        more["missing"] = [code if is_missing_word(code) else _as_number(code) for code in own]
    if mapped.rows:
        more["rows"] = mapped.rows
    if mapped.name == study.outcome:
        yield f"    # THE OUTCOME. {one_line(counts_of(section, mapped))}"
    if not seen.levels:
        entry = _inline({"column": mapped.heading, **more}) if more else scalar(mapped.heading)
        yield f"    {mapped.name}: {entry} # {comment}"
        return
    yield f"    {mapped.name}: # {comment}"
    yield f"      column: {scalar(mapped.heading)}"
    for word, value in more.items():
        yield f"      {word}: {_value(value)}"
    yield "      levels:"
    variable = study.codebook[mapped.name]
    codes = legend(mapped.heading, variable)
    for spelled, level in seen.levels.items():
        remarks = [f"{TO_FILL_IN}: {_accepted(variable)}"] if level == ASKED else []
        remarks += [f"the heading says {codes[spelled]}"] if spelled in codes else []
        comment = f" # {one_line('; '.join(remarks))}" if remarks else ""
        yield f"        {quoted(spelled)}: {scalar(level)}{comment}"


def _accepted(variable: Variable) -> str:
    levels = [
        str(level) if str(level) == label else f"{level} ({label})"
        for level, label in variable.levels.items()
    ]
    return f"one of {', '.join(levels)}; or list it under `missing`"


def counts_of(section: Section, outcome: Mapped) -> str:
    """Return how many rows have each answer of the outcome, and what it was taken to mean."""
    asked = outcome.rows or section.rows
    frame = section.view.frame
    rows = frame[rows_with(frame, asked)] if asked else frame
    cells = rows[outcome.heading].value_counts()
    told = []
    for spelled, level in (outcome.evidence.levels or {}).items():
        meaning = ": a new fracture or none?"
        if level != ASKED:
            meaning = " means a new fracture" if level == 1 else " means none"
        told.append(f"{quoted(spelled)} in {int(cells.get(spelled, 0))} of {len(rows)} rows{meaning}")
    without = len(rows) - sum(int(cells.get(spelled, 0)) for spelled in outcome.evidence.levels or {})
    return "; ".join([*told, *([f"{without} have no value"] if without else [])])
