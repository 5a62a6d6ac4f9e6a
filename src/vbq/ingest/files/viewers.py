"""The tables of regions of interest that image viewers export: which column is what, and how to tell them.

The headings are those of the viewers' source code:
3D Slicer, SegmentStatistics (table node and export with keys); ImageJ, ResultsTable and Analyzer; the
ExportROIs plugin of OsiriX and Horos; OHIF, downloadCSVReport and the mappings of its measurements.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Viewer:
    """A viewer's table.

    `level` is the heading of the regions' names, `mean` and `median` are patterns of the headings of their
    intensity (None where it is never exported), `id` is the heading of the patient's id. To tell the viewer,
    a heading has to match `marks`, and all of them `every`, where given. `identifying` headings are left
    unread. `without_level` and `without_value` say what to do where the column is missing. `ragged` rows are
    longer than the headings.
    """

    title: str
    level: str
    mean: str
    median: str | None
    marks: str
    without_value: str
    without_level: str = "give the file as the viewer exported it, with its headings"
    every: str | None = None
    id: str | None = None
    identifying: tuple[str, ...] = ()
    ragged: bool = False


UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
# A unit, and a number where two columns would have one heading: "Mean [1]" is MR, without unit.
SLICER_ENDING = r"(?: \[[^]]*\])?(?: \(\d+\))?"
IMAGEJ_HEADINGS = (
    r"Label|Area|Mean|StdDev|Mode|Min|Max|X|Y|XM|YM|Perim\.|BX|BY|Width|Height|Major|Minor|Angle|Circ\.|Feret|"
    r"IntDen|Median|Skew|Kurt|%Area|RawIntDen|Ch|Slice|Frame|FeretX|FeretY|FeretAngle|MinFeret|AR|Round|Solidity|"
    r"MinThr|MaxThr|Length|Group|GroupName|RRLength|RRWidth|Counter|Count"
)

VIEWERS: Mapping[str, Viewer] = MappingProxyType(
    {
        "slicer": Viewer(
            title="3D Slicer segment statistics",
            level="Segment",
            mean=rf"Mean{SLICER_ENDING}|ScalarVolumeSegmentStatisticsPlugin\.mean|GS mean",
            median=rf"Median{SLICER_ENDING}|ScalarVolumeSegmentStatisticsPlugin\.median",
            marks=(
                rf"Number of voxels{SLICER_ENDING}|Volume \[[mc]m3\](?: \(\d+\))?"
                r"|\w+SegmentStatisticsPlugin\.\w+|GS (?:voxel count|mean)"
            ),
            without_value="compute scalar volume statistics, and save the table with a row per segment",
        ),
        "imagej": Viewer(
            title="ImageJ or Fiji results",
            level="Label",
            mean="Mean",
            median="Median",
            marks="Mean|Median",
            every=IMAGEJ_HEADINGS,
            without_value="tick it under Set Measurements, and measure again",
            without_level="tick `Display label` under Set Measurements, and measure again",
        ),
        "osirix": Viewer(
            title="OsiriX or Horos ROI export",
            level="RoiName",
            mean="RoiMean",
            median=None,
            marks="RoiMean",
            without_value="export it with the ExportROIs plugin, as CSV",
            identifying=UIDS,
            ragged=True,
        ),
        "ohif": Viewer(
            title="OHIF measurement report",
            level="Label",
            mean=r"mean(?: \([^)]*\))?",
            median=None,
            marks="AnnotationType|StudyInstanceUID",
            without_value="it leaves them out where pixels have no unit, as in MR: use another viewer",
            id="Patient ID",
            identifying=("Patient Name", *UIDS, "FrameOfReferenceUID"),
            # Not ragged: cells are not quoted, so that a row with a comma too many is shifted.
        ),
    }
)


def recognize(headings: Sequence[str]) -> str | None:
    """Return the key of the viewer that wrote a row of headings, None if it is none of them."""
    return next((key for key, viewer in VIEWERS.items() if _is_from(viewer, headings)), None)


def _is_from(viewer: Viewer, headings: Sequence[str]) -> bool:
    named = [heading for heading in headings if heading]
    if viewer.every is not None:
        return (
            len(headings) > 2
            and any(re.fullmatch(viewer.marks, heading) for heading in named)
            and all(re.fullmatch(viewer.every, heading) for heading in named)
        )
    own = {viewer.level, viewer.id} - {None}
    return own.issubset(named) and any(re.fullmatch(viewer.marks, heading) for heading in named)


def headings_of(viewer: Viewer, headings: Sequence[str], statistic: str) -> dict[str, str] | str:
    """Return the headings of level, value and, where the viewer exports it, id; else what to do about it.

    `statistic` ("mean" or "median") says which value of a region is asked for. Of two columns that may be the
    value, of two volumes for example, none is chosen.
    """
    pattern = viewer.mean if statistic == "mean" else viewer.median
    if pattern is None:
        return f"it has no {statistic}s of regions: ask for their means in the plan, or use another viewer"
    if viewer.level not in headings:
        return f"it has no column {viewer.level!r}: {viewer.without_level}"
    values = [heading for heading in headings if re.fullmatch(pattern, heading, re.IGNORECASE)]
    if not values:
        return f"it has no column of {statistic}s: {viewer.without_value}"
    if len(values) > 1:
        shown = ", ".join(map(repr, values))
        return f"{len(values)} columns may be the {statistic}: leave one of {shown}, with all values"
    found = {"level": viewer.level, "value": values[0]}
    if viewer.id is not None and viewer.id in headings:
        found["id"] = viewer.id
    return found
