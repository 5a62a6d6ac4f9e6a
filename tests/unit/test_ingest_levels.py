"""What names of regions, segments and images say was read; what is not certain names nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbq.ingest.levels import LEVELS, level_name, target_of

VALID = [f"{region}{number}" for region, last in LEVELS.items() for number in range(1, last + 1)]


@pytest.mark.parametrize(
    "text",
    [
        "L1 ",
        "l-1",
        "L 1",
        "L01",
        "VB L1",
        "VBL1",
        "LWK 1",
        "LWK1",
        "1. LWK",
        "vertebra L1",
        "vertebra_L01",
        "VertebraL1",
        "vertebrae_L1",
        "L1 vertebra",
        "L1 vertebral body",
        "vertebral body of L1",
        "corpus L1",
        "Corpus vertebrae L1",
        "L1_ROI",
        "L1roi",
        "ROI L1",
        "ROI: L1",
        "ROI 2 L1",
        "L1 body",
        "bodyL1",
        "Segment_L1",
        "Wirbelkörper L1",
        "lumbar 1",
        "lumbar L1",
        "lumbar vertebra 1",
        "1st lumbar vertebra",
        "vertèbre L1",
        "vertèbre lombaire 1",
        "cuerpo vertebral L1",
        "corpo vertebrale L1",
        "P001.tif:L1:7",
        "P001.tif:L1",
        "P01_L1.tif",
        "P01_L1.tif:7",
        "P01_L1.tif:0007-0123-0456",
        "P01_T1w_L1.tif:7",
        "Stack:P01_L1.tif",
        "vertebrae_L1.nii.gz",
        "C12_P3.tif:L1",
        "C2_P3.tif:L1:12",
        "CT-0007:vertebra L1:7",
        "L2.tif:L1",
    ],
)
def test_spellings_of_l1(text):
    assert target_of(text) == ("L1", None)
    assert level_name(text) == "L1"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("BWK12", "T12"),
        ("D12", "T12"),
        ("Th12", "T12"),
        ("TH 5", "T5"),
        ("vértebra D12", "T12"),
        ("vertebra dorsale D7", "T7"),
        ("thoracic 7", "T7"),
        ("HWK 3", "C3"),
        ("cervicale 3", "C3"),
        ("S1", "S1"),
        ("L6", "L6"),
        ("vertebra_C3.nrrd", "C3"),
    ],
)
def test_other_levels(text, level):
    assert level_name(text) == level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("CSF", None),
        ("csf ", None),
        ("CSF_L3", "L3"),
        ("CSFL3", "L3"),
        ("CSFatL3", "L3"),
        ("csf at L3", "L3"),
        ("CSF (L3)", "L3"),
        ("CSF: L3", "L3"),
        ("L3 CSF", "L3"),
        ("Liquor L3", "L3"),
        ("Liquor auf Höhe LWK 3", "L3"),
        ("LCR", None),
        ("LCR à L3", "L3"),
        ("LCS", None),
        ("liquor cerebrospinalis", None),
        ("cerebrospinal fluid", None),
        ("Cerebrospinal fluid L3", "L3"),
        ("liquide céphalo-rachidien L3", "L3"),
        ("líquido cefalorraquídeo", None),
        ("liquido cerebrospinale", None),
        ("P001.tif:CSF:7", None),
        ("P001.tif:CSF_L3:7", "L3"),
        ("P01_L1.tif:CSF", None),
        ("P01_CSF_L3.tif", "L3"),
    ],
)
def test_spellings_of_the_csf(text, level):
    assert target_of(text) == ("csf", level)
    assert level_name(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "1",
        "01",
        "L",
        "level 1",
        "ROI 1",
        "Segment_1",
        "vertebra 1",
        "vertebral1",
        "VERTEBRAL1",
        "VBs1",
        "L0",
        "L7",
        "C8",
        "C9",
        "T13",
        "S6",
        "L10",
        "L001",
        "L1-L2",
        "L1-2",
        "L1/2",
        "L1-4 mean",
        "L1_2",
        "L1.5",
        "L1 (2)",
        "disc L1",
        "disc L1/L2",
        "psoas L3",
        "L1 sd",
        "not L1",
        "L1?or L2",
        "L1a",
        "L1 a",
        "L¹",
        "T1²",
        "диск L1",
        "thoracic L1",
        "dorsal 1",
        "2. lumbar L1",
        "thecal sac",
        "spinal canal",
        "CSF somewhere",
        "CSF L1-L2",
        "CSF T13",
        "CSF 3",
        "P001.tif",
        "P001.tif:7",
        "P001.tif:muscle:7",
        "P01_L1.tif:muscle",
        "P001.tif:L1-L2:7",
        "P01_L1_L2.tif",
        "P01_L1_2.tif",
        "P01_T1_L1.tif",
        "P01_psoas_L3.tif",
        "P01L1.tif",
        "S1_P3.tif:7",
        "C2_P3.tif:7",
        "D12.tif",
        "T1.tif:7",
        "Lumbar:3",
        "lumbar.tif:3",
        "L1:L2",
        "P01.tif:L1:L2",
        "CSF.tif:L3",
        "P01_CSF.tif:L3:7",
    ],
)
def test_what_is_not_certain_names_nothing(text):
    assert target_of(text) == (None, None)
    assert level_name(text) is None


PREFIXES = [
    "", "VB", "vertebra", "vertebrae", "vertebral body", "vertèbre", "cuerpo vertebral", "corpo", "corpus",
    "ROI", "ROI 2", "Segment", "Wirbelkörper", "level", "body of",
]  # fmt: skip
SUFFIXES = ["", "VB", "body", "vertebral body", "ROI", "ROI 3", "label", "vertebra"]
SEPARATORS = st.sampled_from([" ", "_", "-", ".", "  ", " - ", "/"])
LETTERS = {"C": ["C", "HWK"], "T": ["T", "Th", "D", "BWK"], "L": ["L", "LWK", "lumbar "], "S": ["S"]}


@st.composite
def spellings(draw, levels=VALID):
    level = draw(st.sampled_from(levels))
    letters = draw(st.sampled_from(LETTERS[level[0]]))
    number = draw(st.sampled_from(["", "0"] if len(level) == 2 else [""])) + level[1:]
    core = letters + draw(st.sampled_from(["", " ", "-", "_"])) + number
    parts = [draw(st.sampled_from(PREFIXES)), core, draw(st.sampled_from(SUFFIXES))]
    text = draw(SEPARATORS).join(part for part in parts if part)
    upper = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    cased = "".join(c.upper() if up else c.lower() for c, up in zip(text, upper, strict=True))
    return level, draw(st.sampled_from(["", " ", "\t"])) + cased + draw(st.sampled_from(["", " ", "_"]))


@given(spellings())
def test_any_spelling_of_a_level_names_it(spelling):
    level, text = spelling
    assert target_of(text) == (level, None)


@given(spellings(), st.sampled_from(["CSF", "Liquor", "lcr"]), SEPARATORS)
def test_any_spelling_of_a_level_beside_the_csf_is_where_it_was_read(spelling, csf, separator):
    level, text = spelling
    assert target_of(csf + separator + text.strip()) == ("csf", level)


@given(spellings(), spellings(), st.sampled_from([" ", "-", "/", "_", ", ", " to ", "+", ":", ""]))
def test_two_levels_never_name_one(one, other, separator):
    if one[0] != other[0]:
        assert target_of(one[1] + separator + other[1]) == (None, None)


@given(spellings(), st.text(st.characters(categories=["Lu", "Ll"]), min_size=4))
def test_an_unknown_word_makes_a_level_unknown(spelling, word):
    known = level_name(f"L1 {word}") is not None
    assert known or level_name(f"{spelling[1]} {word}") is None


@given(spellings(), st.integers(0, 99), SEPARATORS)
def test_a_second_number_makes_a_level_unknown(spelling, number, separator):
    text = spelling[1]
    if not re.search(r"(?i)(?:roi|label)[\W_]*$", text):  # which may have a number
        assert level_name(f"{text}{separator}{number}") is None


@given(st.text())
def test_any_text_is_read_without_failing(text):
    target, at = target_of(text)
    assert target in (None, "csf", *VALID)
    assert at in (None, *VALID)
    assert at is None or target == "csf"


@given(st.text("LTCSDl0123 -_:.tifcsfroiP", max_size=20))
def test_what_is_named_is_in_the_text(text):
    level = level_name(text)
    assert level is None or level[1:] in text
