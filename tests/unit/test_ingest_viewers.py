"""The exports of image viewers: told by their headings, and the columns of level and value found."""

import pytest

from vbq.ingest.files import Settings, read_sheet
from vbq.ingest.files.viewers import VIEWERS, headings_of, recognize
from vbq.ingest.levels import target_of
from vbq.problems import Problems

SLICER_TABLE = (
    "Segment\tNumber of voxels [voxels] (1)\tVolume [mm3] (1)\tVolume [cm3] (1)\t"
    "Number of voxels [voxels] (2)\tVolume [mm3] (2)\tVolume [cm3] (2)\tMinimum [1]\tMaximum [1]\tMean [1]\t"
    "Median [1]\tStandard Deviation [1]\tSurface area [mm2]\n"
    "vertebrae_L1\t410\t512.5\t0.5125\t410\t512.5\t0.5125\t180\t402\t301.25\t299\t31.5\t420.1\n"
    "CSF_L3\t98\t122.5\t0.1225\t98\t122.5\t0.1225\t61\t140\t100.5\t99\t14.2\t133.7\n"
)
SLICER_KEYS = (
    '"Segment","LabelmapSegmentStatisticsPlugin.voxel_count","LabelmapSegmentStatisticsPlugin.volume_mm3",'
    '"ScalarVolumeSegmentStatisticsPlugin.min","ScalarVolumeSegmentStatisticsPlugin.max",'
    '"ScalarVolumeSegmentStatisticsPlugin.mean","ScalarVolumeSegmentStatisticsPlugin.median",'
    '"ScalarVolumeSegmentStatisticsPlugin.stdev"\n'
    "vertebrae_L1,410,512.5,180.0,402.0,301.25,299.0,31.5\n"
    "CSF_L3,98,122.5,61.0,140.0,100.5,99.0,14.2\n"
)
IMAGEJ = (
    " \tLabel\tArea\tMean\tStdDev\tMin\tMax\tMedian\n"
    "1\tP001.tif:L1:7\t215.3\t301.250\t31.5\t180\t402\t299\n"
    "2\tP001.tif:CSF_L3:7\t40.1\t100.500\t14.2\t61\t140\t99\n"
)
OSIRIX = (
    "ImageNo,RoiNo,RoiMean,RoiMin,RoiMax,RoiTotal,RoiDev,RoiName,RoiCenterX,RoiCenterY,RoiCenterZ,LengthCm,"
    "LengthPix,AreaPix2, AreaCm2,RoiType,NumOfPoints,mmX,mmY,mmZ,pxX,pxY,...\n"
    '6,0,301.25,180.0,402.0,9000.0,31.5,"L1",1.0,2.0,3.0,0.0,0.0,410.0,2.1,9,2,1.1,2.1,3.1,10.0,20.0,'
    "1.2,2.2,3.2,11.0,21.0\n"
    '6,1,100.5,61.0,140.0,4000.0,14.2,"CSF L3",1.0,2.0,3.0,0.0,0.0,98.0,0.4,19,1,1.1,2.1,3.1,10.0,20.0\n'
)
OHIF = (
    "Patient ID,Patient Name,StudyInstanceUID,SeriesInstanceUID,SOPInstanceUID,Label,AnnotationType,Maximum,"
    "Mean,Std Dev,Pixel Unit,Area,Unit,FrameOfReferenceUID,points\n"
    "P001,Doe^Jane,1.2.3,1.2.3.4,1.2.3.4.5,L1,Cornerstone:RectangleROI,402,301.25,31.5,raw,215.3,mm\xb2,"
    "1.2.9,1.5 2 3;4 5 6;7 8 9\n"
    "P001,Doe^Jane,1.2.3,1.2.3.4,1.2.3.4.5,CSF L3,Cornerstone:RectangleROI,140,100.5,14.2,raw,40.1,mm\xb2,"
    "1.2.9,1 2 3;4 5 6\n"
)
FILES = {"slicer": [SLICER_TABLE, SLICER_KEYS], "imagej": [IMAGEJ], "osirix": [OSIRIX], "ohif": [OHIF]}
EXPORTS = [(key, text) for key, texts in FILES.items() for text in texts]


def headings(text):
    line = text.splitlines()[0].replace('"', "")
    return [heading.strip() for heading in line.split("\t" if "\t" in line else ",")]


@pytest.mark.parametrize(("key", "text"), EXPORTS)
def test_an_export_is_told_and_read(key, text, tmp_path):
    (tmp_path / "rois.txt").write_text(text, encoding="utf-8")
    problems = Problems()
    settings = Settings(ragged=VIEWERS[key].ragged)
    sheet = read_sheet(tmp_path / "rois.txt", "rois.txt", settings, None, problems)
    assert problems.sorted() == []
    assert recognize(sheet.headings) == key
    found = headings_of(VIEWERS[key], sheet.headings, "mean")
    assert [target_of(cell) for cell in sheet.frame[found["level"]]] == [("L1", None), ("csf", "L3")]
    assert sheet.frame[found["value"]].astype(float).tolist() == [301.25, 100.5]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (SLICER_TABLE, "Median [1]"),
        (SLICER_KEYS, "ScalarVolumeSegmentStatisticsPlugin.median"),
        (IMAGEJ, "Median"),
    ],
)
def test_the_median_where_the_plan_asks_for_it(text, value):
    viewer = VIEWERS[recognize(headings(text))]
    assert headings_of(viewer, headings(text), "median") == {"level": viewer.level, "value": value}


@pytest.mark.parametrize("text", [OSIRIX, OHIF])
def test_viewers_without_medians(text):
    assert "no medians" in headings_of(VIEWERS[recognize(headings(text))], headings(text), "median")


def test_the_id_of_an_ohif_report_and_what_is_left_unread():
    assert headings_of(VIEWERS["ohif"], headings(OHIF), "mean")["id"] == "Patient ID"
    assert set(VIEWERS["ohif"].identifying) < set(headings(OHIF))
    assert "id" not in headings_of(VIEWERS["ohif"], headings(OHIF)[1:], "mean")


@pytest.mark.parametrize("unit", ["mean (raw)", "mean ()", "mean"])
def test_means_of_ellipses_have_their_unit_in_the_heading(unit):
    row = [*headings(OHIF)[:7], "max (raw)", unit, "std (raw)", "Area", "Unit"]
    assert headings_of(VIEWERS["ohif"], row, "mean")["value"] == unit


def test_an_ohif_row_with_a_comma_too_many_is_not_shifted(tmp_path):
    (tmp_path / "rois.csv").write_text(OHIF.replace(",L1,", ",L1, body,"), encoding="utf-8")
    problems = Problems()
    settings = Settings(ragged=VIEWERS["ohif"].ragged)
    sheet = read_sheet(tmp_path / "rois.csv", "rois.csv", settings, None, problems)
    assert [(problem.rule, problem.row) for problem in problems.sorted()] == [("wrong number of cells", 2)]
    assert sheet.frame["Mean"].tolist() == ["100.5"]


@pytest.mark.parametrize(
    ("key", "row", "told"),
    [
        ("imagej", ["", "Area", "Mean", "Min", "Max"], "Display label"),
        ("imagej", ["", "Label", "Area"], "Set Measurements"),
        ("slicer", ["Segment", "Volume [mm3]"], "scalar volume"),
        ("slicer", ["Segment", "vertebrae_L1", "vertebrae_L2", "CSF"], "a row per segment"),
        ("slicer", ["Segment", "Mean (1)", "Mean (2)"], "'Mean (1)', 'Mean (2)'"),
        ("slicer", ["Segment", "Mean", "Mean"], "2 columns"),
        ("slicer", ["Segment", "Mean", "ScalarVolumeSegmentStatisticsPlugin.mean"], "2 columns"),
        ("osirix", ["ImageNo", "RoiMean"], "'RoiName'"),
        ("ohif", ["Patient ID", "Label", "AnnotationType"], "no unit"),
        ("ohif", ["Patient ID", "Label", "mean (raw)", "Mean"], "2 columns"),
    ],
)
def test_what_an_export_lacks_is_said_and_no_column_guessed(key, row, told):
    assert told in headings_of(VIEWERS[key], row, "mean")


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("slicer", ["Segment", "Number of voxels [voxels]", "Volume [mm3]", "Volume [cm3]"]),
        ("slicer", ["Segment", "Number of voxels [voxels] (1)", "Mean", "Median"]),
        ("imagej", ["", "Area", "Mean", "Min", "Max"]),
        ("imagej", ["Label", "Area", "Mean", "IntDen", "RawIntDen"]),
        (
            "osirix",
            [*headings(OSIRIX)[:15], "RoiType", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"],
        ),
        ("ohif", headings(OHIF)[:7]),
    ],
)
def test_other_exports_are_told(key, row):
    assert recognize(row) == key


@pytest.mark.parametrize(
    "row",
    [
        [],
        [""],
        ["id", "reader", "level", "mean"],
        ["id", "reader", "level", "mean", "sd", "area", "image"],
        ["ID", "Reader", "Level", "Mean", "Area", "Min", "Max"],
        ["", "id", "Label", "Mean", "Area"],
        ["id", "reader", "L1", "L2", "L3", "L4", "CSF", "csf_level"],
        ["Patient ID", "Label", "Mean"],
        ["Segment", "Mean", "id"],
        ["Segment", "L1", "L2"],
        ["Mean", "Median"],
        ["Label", "Area", "Length"],
    ],
)
def test_an_ordinary_sheet_is_no_export(row):
    assert recognize(row) is None
