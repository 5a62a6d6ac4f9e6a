"""Which columns are readings of regions of interest: one per level, or those of a row per level."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from vbq.codebook import Variable
from vbq.ingest.content import is_showable
from vbq.ingest.files.viewers import VIEWERS, headings_of
from vbq.ingest.levels import level_name, target_of
from vbq.ingest.opened import ID, READER
from vbq.ingest.propose.columns import Confidence
from vbq.ingest.propose.evidence import ASKED, evidence, numbers_of
from vbq.ingest.propose.names import EXACT, named
from vbq.ingest.propose.views import ADMINISTRATIVE, MOST_READERS, View
from vbq.ingest.propose.words import read_heading
from vbq.scores.marker import Marker

# Words that may stand with a level in the heading of its signal intensity.
OF_SIGNAL = re.compile(
    "mean|median|mw|mittelwert|mittel|media|moyenne|moyen|si|signal|signalintensitat|intensity|intensitat"
    "|intensite"
    "|intensidad|intensita|roi|mri?|t1w|vb|value|wert|avg|average|vbq|segnale|senal|raw"
)
NEITHER = re.compile(
    "sd|std|std?dev|min|max|area|volume|volumen|voxels|count|n|fracture|fraktur|vcf|date|datum"
)
MOSTLY = 0.6  # of the cells
LEAST = 0.75  # that a column is named as the levels, their values, or the reader
MOST_REGIONS = 60
SIGNAL = Variable("signal", "Signal intensity", "continuous", possible=(1e-9, np.inf))


@dataclass(frozen=True)
class Rois:
    """Where the readings stand in a view.

    `columns` are headings by what they hold; `levels` what each region is where names say too little, "?"
    where only the site can tell. `viewer` is the key of a viewer's export, whose columns are known.
    `set_aside` are other columns of readings, each with the reason, `missing` the cells without a value.
    """

    layout: str
    columns: Mapping[str, str]
    confidence: Confidence
    reason: str
    reader: str | None = None
    levels: Mapping[str, str] | None = None
    viewer: str | None = None
    set_aside: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def headings(self) -> set[str]:
        """All headings that hold a part of the readings."""
        return {*self.columns.values()} | ({self.reader} if self.reader else set())


def rois_of(view: View, marker: Marker) -> Rois | None:
    """Return where the readings of a view stand, None if it has none."""
    if view.viewer is not None:
        return _of_viewer(view, view.viewer, marker)
    return _in_rows(view, marker) or _in_columns(view, marker)


def _of_viewer(view: View, key: str, marker: Marker) -> Rois:
    found = headings_of(VIEWERS[key], view.sheet.headings, marker.roi_statistic)
    title = VIEWERS[key].title
    if isinstance(found, str):
        return Rois("long", {}, "a guess", f"{title}, but {found}", _reader(view, ()), viewer=key)
    # The labels of ImageJ name images, and so perhaps patients: they are not listed.
    levels = None
    if key != "imagej" and found["level"] in view.counts:
        levels = _own_names(view.counts[found["level"]], marker)
    columns = {role: heading for role, heading in found.items() if role != "id"}
    return Rois("long", columns, "sure", f"the headings of {title}", _reader(view, ()), levels, key)


def _in_rows(view: View, marker: Marker) -> Rois | None:
    """Return the readings of a table with a row per level."""
    scored = {heading: _named(view, heading) for heading in view.counts}
    levels = [
        (scored[heading].get("level", 0.0), heading)
        for heading, counts in view.counts.items()
        if _names_levels(counts, marker)
        or (scored[heading].get("level", 0.0) == EXACT and _are_numbers_of_regions(counts))
    ]
    level = max(levels, default=(0.0, None))[1]
    if level is None:
        return None
    values = [
        (how["value"] - 0.2 * _is_other_statistic(heading, marker), heading)
        for heading, how in scored.items()
        if heading != level and how.get("value", 0.0) >= LEAST and _is_signal(view, heading)
    ]
    if not values:
        return None
    value = max(values, key=lambda each: each[0])[1]
    columns = {"level": level, "value": value}
    others = {level, value}
    csf_level = next(
        (h for h, how in scored.items() if h not in others and _is_csf_level(how, view.counts[h])), None
    )
    if csf_level:
        columns["csf_level"] = csf_level
    named_levels = _own_names(view.counts[level], marker)
    asked = named_levels is not None and ASKED in named_levels.values()
    confidence: Confidence = "likely" if asked else "sure"
    reason = f"a row per level; {'only the site knows their names' if asked else 'the cells name levels'}"
    missing = {value: _missing(view, value)}
    return Rois(
        "long", columns, confidence, reason, _reader(view, columns.values()), named_levels, missing=missing
    )


def _named(view: View, heading: str) -> dict[str, float]:
    return {
        role: how.score
        for role, how in named(
            view.texts.get(heading, (heading,)), ("level", "value", "csf_level", "reader")
        ).items()
    }


def _is_csf_level(scored: Mapping[str, float], counts: pd.Series) -> bool:
    """Whether a column tells the level of the CSF: by its heading, which may be "CSF at", and its cells."""
    if scored.get("csf_level", 0.0) < EXACT or len(counts) > MOST_REGIONS:
        return False
    return any(level_name(str(cell)) for cell in counts.index)


def _reader(view: View, taken: Collection[str]) -> str | None:
    if READER in view.frame:
        return None
    scored = {
        heading: _named(view, heading).get("reader", 0.0) for heading in view.counts if heading not in taken
    }
    best = max(scored, key=lambda heading: scored[heading], default=None)
    return (
        best
        if best is not None and scored[best] >= LEAST and len(view.counts[best]) <= MOST_READERS
        else None
    )


def _names_levels(counts: pd.Series, marker: Marker) -> bool:
    if len(counts) > MOST_REGIONS * 100:  # the labels of ImageJ name images, too
        return False
    targets = {str(cell): target_of(str(cell))[0] for cell in counts.index}
    known = sum(int(counts[cell]) for cell, target in targets.items() if target is not None)
    wanted = len(set(targets.values()) & {*marker.levels})
    has_reference = marker.reference is None or "csf" in targets.values()
    return known >= MOSTLY * int(counts.sum()) and wanted >= min(2, len(marker.levels)) and has_reference


def _are_numbers_of_regions(counts: pd.Series) -> bool:
    numbers = numbers_of(counts, ".")
    return bool(numbers.notna().all() and (numbers % 1 == 0).all() and 4 <= len(counts) <= MOST_REGIONS)


def _own_names(counts: pd.Series, marker: Marker) -> Mapping[str, str] | None:
    """Return the level of each region where some names say none; None where all do.

    If those of the marker are all there, only they are named, and other regions are left out.
    """
    targets = {str(cell): target_of(str(cell)) for cell in counts.index}
    unknown = [cell for cell, (target, _) in targets.items() if target is None]
    if not unknown or len(targets) > MOST_REGIONS:
        return None
    known = {
        cell: f"CSF_{at}" if target == "csf" and at else "CSF" if target == "csf" else str(target)
        for cell, (target, at) in targets.items()
        if target is not None
    }
    wanted = {*marker.levels, *(["csf"] if marker.reference else [])}
    if wanted <= {target for target, _ in targets.values()}:
        return known
    return known | {cell: ASKED for cell in unknown if is_showable(cell)}


def _is_signal(view: View, heading: str) -> bool:
    counts = view.counts[heading]
    numbers = numbers_of(counts, view.decimal)
    weights = counts.to_numpy()
    readable = (numbers > 0).to_numpy()
    is_varied = len(counts) > 2 or int(weights.sum()) <= 4
    return bool((weights * readable).sum() >= MOSTLY * weights.sum() and is_varied)


def _is_other_statistic(heading: str, marker: Marker) -> bool:
    other = "median" if marker.roi_statistic == "mean" else "mean"
    return other in read_heading(heading).words


def _in_columns(view: View, marker: Marker) -> Rois | None:
    """Return the readings of a table with a column per level; of several readings side by side, the first."""
    sets: dict[tuple[str, ...], dict[str, str]] = {}
    csf_level = None
    for heading in sorted(view.counts, key=lambda heading: _is_other_statistic(heading, marker)):
        if ADMINISTRATIVE.fullmatch(heading) or heading in (ID, READER):
            continue
        if _is_csf_level(_named(view, heading), view.counts[heading]):
            csf_level = csf_level or heading
            continue
        found = _level_in(heading, marker)
        if found is None or not _is_signal(view, heading):
            continue
        target, at, rest = found
        others = sets.setdefault(rest, {})
        if target not in others or (target == "csf" and at == marker.csf_levels[0]):
            others[target] = heading
    n_levels = {rest: len(set(own) & set(marker.levels)) for rest, own in sets.items()}
    most = max(n_levels.values(), default=0)
    if not most:
        return None
    alike = sorted((rest for rest, n in n_levels.items() if n == most), key=lambda rest: (len(rest), rest))
    columns = dict(sets[alike[0]])
    if "csf" not in columns and "csf" in sets.get((), {}):
        columns["csf"] = sets[()]["csf"]
    if most < min(2, len(marker.levels)) and "csf" not in columns:
        return None
    aside = {
        heading: "another reading of a level"
        for own in sets.values()
        for heading in own.values()
        if heading not in columns.values()
    }
    reason = "the headings are levels; values fit"
    if alike[0]:
        reason += f"; with {' '.join(alike[0])} in their headings"
    if len(alike) > 1:
        reason += f"; {len(alike)} readings side by side, one is mapped: give each a row, with its reader"
    if csf_level:
        columns["csf_level"] = csf_level
    ordered = {name: columns[name] for name in (*marker.levels, "csf", "csf_level") if name in columns}
    confidence: Confidence = "a guess" if len(alike) > 1 else "likely" if alike[0] else "sure"
    missing = {heading: _missing(view, heading) for name, heading in ordered.items() if name != "csf_level"}
    return Rois(
        "wide",
        ordered,
        confidence,
        reason,
        _reader(view, ordered.values()),
        set_aside=aside,
        missing=missing,
    )


def _missing(view: View, heading: str) -> Mapping[str, int]:
    return evidence(view.counts[heading], SIGNAL, view.decimal, None, {}, False).missing


def _level_in(heading: str, marker: Marker) -> tuple[str, str | None, tuple[str, ...]] | None:
    """Return the level or CSF that a heading names, the CSF's level, and the words that say more."""
    words = read_heading(heading).words
    if any(map(NEITHER.fullmatch, words)):
        return None
    told = [word for word in words if not OF_SIGNAL.fullmatch(word)]
    target, at = target_of(" ".join(told))
    if target in (*marker.levels, "csf"):
        return target, at, ()
    single = [word for word in told if target_of(word)[0] in (*marker.levels, "csf")]
    if len(single) != 1:
        return None
    rest = tuple(word for word in told if word != single[0])
    if any(level_name(word) for word in rest) or len(rest) > 1:
        return None
    target, at = target_of(single[0])
    return (target, at, rest) if target is not None else None
