"""Which table is which section of the cohort file, and what of it is mapped, missing or dropped."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vbq.codebook import DERIVED, SINS_COMPONENTS, VARIABLES, Variable
from vbq.ingest.content import identifying_content
from vbq.ingest.files.viewers import VIEWERS
from vbq.ingest.identifying import looks_identifying
from vbq.ingest.mapping import PATIENT_ID
from vbq.ingest.opened import ID
from vbq.ingest.patients import SINS_VARIABLES
from vbq.ingest.propose.columns import Mapped, mapped_columns
from vbq.ingest.propose.evidence import ASKED, is_missing_word
from vbq.ingest.propose.ids import id_of
from vbq.ingest.propose.rois import Rois, rois_of
from vbq.ingest.propose.views import ADMINISTRATIVE, INSTANCE, Ids, View, ids_in, joined
from vbq.scores.marker import Marker
from vbq.template import TEMPLATE_PATIENTS

OF_TEMPLATE = 0.9
ARM = re.compile(r"(_arm_\d+| \(Arm \d+: .*\))$")
NOT_RECOGNIZED = "not recognized"
NO_VALUES = "it has no values"
HARMLESS = (NOT_RECOGNIZED, NO_VALUES)  # viewers have many more columns than are read


@dataclass(frozen=True)
class Section:
    """One section of the cohort file.

    `id` is None where the names of files or the template's heading tell it. `by_name` are sections whose
    headings are the codebook's own. `missing` are codes of all columns with the number of their cells,
    `drop` are headings, each with the reason.
    """

    name: str
    view: View
    id: str | None
    id_reason: str
    columns: tuple[Mapped, ...] = ()
    rois: Rois | None = None
    by_name: bool = False
    rows: Mapping[str, object] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    own_missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drop: Mapping[str, str] = field(default_factory=dict)

    def lacks(self, outcome: str) -> bool:
        """Whether no column is the plan's outcome, or gives it."""
        names = {mapped.name for mapped in self.columns}
        return outcome not in names and not (outcome == "fracture_count" and "n_new_vcf" in names)


@dataclass(frozen=True)
class Study:
    """What the plan asks for: the codebook with its marker and outcome."""

    codebook: Mapping[str, Variable]
    marker: Marker
    outcome: str


def sections_of(views: Sequence[View], study: Study) -> tuple[list[Section], list[str]]:
    """Return the sections that the tables make, patients first, and what is said of those that are none."""
    patients_view = _patients_view(views, study)
    if patients_view is None:
        return [], []
    id_heading, id_reason = id_of(patients_view, None)
    ids = ids_in(patients_view.frame[id_heading]) if id_heading != ASKED else None
    others = joined([view for view in views if view is not patients_view], ids)
    readings, lesions, remarks = None, None, []
    own_rois = None
    for view in others:
        rois = rois_of(view, study.marker)
        if rois is not None and readings is None:
            readings = (view, rois)
        elif rois is not None:
            remarks.append(f"{view.label}: further readings, not used: only one table of them can be read")
        elif lesions is None and _is_of_lesions(view, study):
            lesions = view
        else:
            remarks.append(f"{view.label}: not used{_why_unused(view, study)}")
    if readings is None:
        own_rois = rois_of(patients_view, study.marker)
        readings = (patients_view, own_rois) if own_rois is not None else None
    patients = _patients(patients_view, id_heading, id_reason, own_rois, readings, study)
    has_sins = any(mapped.name in SINS_VARIABLES for mapped in patients.columns)
    if lesions is not None and has_sins:
        remarks.append(f"{lesions.label}: lesions, not used: the patients' table has the SINS")
        lesions = None
    sections = [patients]
    if readings is not None:
        sections.append(_readings(*readings, patients, ids))
    if lesions is not None:
        sections.append(_lesions(lesions, ids, study))
    return _with_drops([_with_missing(section) for section in sections]), remarks


def _patients_view(views: Sequence[View], study: Study) -> View | None:
    """Return the view that most looks like a row per patient, None if none does."""
    best: tuple[float, int] = (0.0, 0)
    chosen = None
    for position, view in enumerate(views):
        if view.viewer is not None or any(view.rows.values()) or len(view.counts) < 2:
            continue
        columns = mapped_columns(view, study.codebook, tuple(study.codebook), study.outcome, ())
        heading, reason = id_of(view, None)
        sure = [mapped for mapped in columns if mapped.confidence != "a guess"]
        has_id = heading != ASKED and not reason.startswith("a guess")
        score = len(sure) + 5 * any(mapped.name == study.outcome for mapped in columns) + 1.5 * has_id
        if heading != ASKED and view.event is None and view.frame[heading].duplicated().mean() > 0.2:
            score -= 4
        if score > best[0] and (len(sure) > 1 or has_id):
            best, chosen = (score, -position), view
    return chosen


def _is_of_lesions(view: View, study: Study) -> bool:
    columns = mapped_columns(view, study.codebook, SINS_VARIABLES, study.outcome, ())
    sure = {mapped.name for mapped in columns if mapped.confidence != "a guess"}
    return "sins" in sure or len(sure) >= 2


def _why_unused(view: View, study: Study) -> str:
    if view.viewer is not None or any(view.rows.values()):
        return ": it has nothing that the study asks for"
    columns = mapped_columns(view, study.codebook, tuple(study.codebook), study.outcome, ())
    sure = [mapped.name for mapped in columns if mapped.confidence != "a guess"]
    if len(sure) > 1:
        return f", though it has {', '.join(sure)}: one table of patients can be read, join them by their ids"
    return ": neither patients, readings nor lesions (a legend, perhaps)"


def _patients(
    view: View,
    id_heading: str,
    id_reason: str,
    own_rois: Rois | None,
    readings: tuple[View, Rois] | None,
    study: Study,
) -> Section:
    targets = [name for name, variable in study.codebook.items() if variable.kind != "identifier"]
    taken = {id_heading} | (own_rois.headings | {*own_rois.set_aside} if own_rois else set())
    columns = mapped_columns(view, study.codebook, targets, study.outcome, taken)
    columns = _without_derived(columns, readings is not None, study)
    rows: Mapping[str, object] = view.rows
    if view.event is not None:
        rows, columns = _by_events(view, columns)
    by_name = _is_template(view)
    return Section(
        "patients",
        view,
        None if by_name else id_heading,
        id_reason,
        tuple(columns),
        by_name=by_name,
        rows=rows,
    )


def _is_template(view: View) -> bool:
    own = [variable.name for variable in TEMPLATE_PATIENTS]
    return sum(name in view.sheet.headings for name in own) >= OF_TEMPLATE * len(own)


def _without_derived(columns: Sequence[Mapped], has_readings: bool, study: Study) -> list[Mapped]:
    """Return the columns without those that the study computes from others of them."""
    names = {mapped.name for mapped in columns}
    marker = study.marker
    computed = set()
    if has_readings:
        computed |= {marker.name, marker.high, "vbq", "vbq_high"}
    if marker.name in names:
        computed.add(marker.high)
    if "vbq" in names:
        computed.add("vbq_high")
    if names & set(SINS_VARIABLES):
        computed.add("sins_category")
    if "n_new_vcf" in names:
        computed.add("fracture_count")
    return [mapped for mapped in columns if mapped.name not in computed]


def _by_events(view: View, columns: Sequence[Mapped]) -> tuple[dict[str, object], list[Mapped]]:
    """Return the rows of the event with most variables, and where the others stand: in one event each."""
    assert view.event is not None
    cells = view.frame[view.event]
    events = cells.map({event: ARM.sub("", event) for event in cells.unique()})
    filled: dict[str, Counter[str]] = {
        mapped.name: Counter(events[view.frame[mapped.heading] != ""]) for mapped in columns
    }
    first_seen = {event: position for position, event in enumerate(dict.fromkeys(events))}
    ids = view.frame.iloc[:, 0]
    patients_in = {event: ids[events == event].nunique() for event in first_seen}

    def usable(event: str) -> tuple[int, int, int]:
        """Rank an event by its filled columns, its patients, and its place in the file."""
        return (
            sum(event in of_column for of_column in filled.values()),
            patients_in[event],
            -first_seen[event],
        )

    base = max(first_seen, key=usable)
    names = {event: sorted(set(cells[events == event])) for event in first_seen}

    def rows_of(event: str) -> dict[str, object]:
        these = names[event]
        return {view.event or "": these[0] if len(these) == 1 else these, **view.rows}

    found = []
    for mapped in columns:
        of_column = filled[mapped.name]
        where = (
            base
            if base in of_column
            else max(of_column, key=lambda each: (of_column[each], -first_seen[each]))
        )
        others = [event for event in of_column if event != where]
        more = f"; also filled in at {', '.join(map(str, others))}" if others else ""
        found.append(
            replace(
                mapped,
                confidence="likely" if others and mapped.confidence == "sure" else mapped.confidence,
                reason=mapped.reason + more,
                rows={} if where == base else rows_of(where),
            )
        )
    return rows_of(base), found


def _readings(view: View, rois: Rois, patients: Section, ids: Ids | None) -> Section:
    rows: dict[str, object] = dict(view.rows)
    if view is patients.view:
        rows = dict(patients.rows)
    if view.event is not None and rois.columns:
        cells = view.frame.loc[view.frame[next(iter(rois.columns.values()))] != "", view.event]
        if len(cells):
            rows = {**rows, view.event: str(cells.mode()[0])}
    by_name = PATIENT_ID in view.sheet.headings and _has_own_names(rois)
    own_id: str | None
    if ID in view.frame:
        own_id, reason = None, "sure: the names of the files"
    elif view is patients.view:
        own_id, reason = patients.id, patients.id_reason
    elif rois.viewer == "ohif":
        own_id, reason = None, "sure: the viewer's own column"
    else:
        own_id, reason = id_of(view, ids)
    if by_name:
        own_id = None
    return Section("readings", view, own_id, reason, rois=rois, by_name=by_name, rows=rows)


def _has_own_names(rois: Rois) -> bool:
    named_so = all(heading.lower() == name.lower() for name, heading in rois.columns.items())
    return rois.layout == "wide" and named_so and rois.reader in (None, "reader") and not rois.set_aside


def _lesions(view: View, ids: Ids | None, study: Study) -> Section:
    own_id, reason = id_of(view, ids)
    columns = mapped_columns(view, study.codebook, SINS_VARIABLES, study.outcome, {own_id})
    return Section("lesions", view, own_id, reason, tuple(columns), rows=dict(view.rows))


def _with_missing(section: Section) -> Section:
    """Put codes under the section where no column has them as a value, else under the columns."""
    of_columns = {mapped.heading: dict(mapped.evidence.missing) for mapped in section.columns}
    if section.rois is not None:
        of_columns = {heading: dict(codes) for heading, codes in section.rois.missing.items()}
    counts = section.view.counts
    reader = section.rois.reader if section.rois else None
    keys = [each for each in (section.id, reader) if each is not None and each in counts]
    shared: dict[str, int] = {}
    own: dict[str, list[str]] = {}
    for heading, codes in of_columns.items():
        for code, n in codes.items():
            clashes = any(
                code in counts[other].index and code not in of_columns.get(other, ())
                for other in (*of_columns, *keys)
            )
            if clashes and section.name != "readings":
                own.setdefault(heading, []).append(code)
            else:
                shared[code] = shared.get(code, 0) + n
    ordered = sorted(shared, key=lambda code: (not is_missing_word(code), code))
    return replace(
        section,
        missing={code: shared[code] for code in ordered},
        own_missing={heading: tuple(sorted(codes)) for heading, codes in own.items()},
    )


def _with_drops(sections: Sequence[Section]) -> list[Section]:
    """Put every heading that no section reads under `drop` of the first section of its table."""
    done: set[tuple[str, str | None]] = set()
    found = []
    for section in sections:
        sharing = [each for each in sections if each.view.place == section.view.place]
        if section.view.place not in done:
            done.add(section.view.place)
            section = replace(section, drop=_drops(section, sharing))
        found.append(section)
    return found


def _drops(section: Section, sharing: Sequence[Section]) -> dict[str, str]:
    used = {heading for each in sharing for heading in _used(each)}
    aside = {heading: why for each in sharing if each.rois for heading, why in each.rois.set_aside.items()}
    sheet = section.view.sheet
    drop = {}
    for heading in dict.fromkeys(sheet.headings):
        if not heading or heading in used:
            continue
        held = identifying_content(sheet.frame[heading]) if heading in sheet.frame else None
        if looks_identifying(heading) or heading in sheet.identifying:
            why = "may identify a person"
        elif held:
            why = f"holds what looks like {held}"
        elif ADMINISTRATIVE.fullmatch(heading):
            why = "REDCap's own"
        elif heading in sheet.frame and not (sheet.frame[heading] != "").any():
            why = NO_VALUES
        else:
            why = aside.get(heading, NOT_RECOGNIZED)
        if section.rois is None or section.rois.viewer is None or why not in HARMLESS:
            drop[heading] = why
    return drop


def _used(section: Section) -> set[str]:
    """Return the headings that a section reads, by its mapping or by default."""
    used = {section.id or PATIENT_ID, *section.rows}
    if section.rois is not None and section.rois.viewer is not None:
        viewer = VIEWERS[section.rois.viewer]
        used |= {*viewer.identifying, viewer.id or ""}  # dropped, and read, by default
    for mapped in section.columns:
        used |= {mapped.heading, *mapped.rows}
    if section.rois is not None:
        used |= section.rois.headings
    if section.by_name and section.name == "patients":
        used |= {name for name in VARIABLES if name not in DERIVED}
        used |= {"L1", "L2", "L3", "L4", "l1", "l2", "l3", "l4", "csf", "csf_level", "reader", *INSTANCE}
    return used


def sins_is_complete(columns: Sequence[Mapped]) -> bool:
    """Whether a total can be had from what is mapped."""
    names = {mapped.name for mapped in columns}
    return "sins" in names or names >= set(SINS_COMPONENTS)
