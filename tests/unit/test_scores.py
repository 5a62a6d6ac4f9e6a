"""SINS and the marker: known values, boundaries, and what must hold for any readings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbq.codebook import SINS_COMPONENTS, VARIABLES
from vbq.scores import sins
from vbq.scores.marker import (
    Marker,
    above_cutoff,
    combine_readers,
    reader_columns,
    score_readings,
)

VBQ = Marker(cutoff=3)
INTENSITY = st.floats(1, 2000, allow_nan=False)


def readings(*rows):
    columns = ["row", "reader", "L1", "L2", "L3", "L4", "csf", "csf_level"]
    return pd.DataFrame(rows, columns=columns)


def test_total_adds_the_components_and_is_missing_where_one_is():
    components = pd.DataFrame([[3, 3, 2, 4, 3, 3], [1, 0, None, 0, 2, 0]], columns=SINS_COMPONENTS)
    result = sins.total(components.astype("Int64"))
    assert result[0] == 18
    assert np.isnan(result[1])


def test_total_wants_all_six_components():
    with pytest.raises(KeyError, match="sins_pain"):
        sins.total(pd.DataFrame({"sins_location": [1]}))


@given(st.integers(0, 18))
def test_category_boundaries(points):
    expected = "stable" if points <= 6 else "potentially_unstable" if points <= 12 else "unstable"
    assert sins.category(pd.Series([points])).tolist() == [expected]
    assert expected in VARIABLES["sins_category"].levels


def test_category_of_a_missing_or_impossible_total():
    assert sins.category(pd.Series([np.nan, 7.0])).isna().tolist() == [True, False]
    for impossible in (-1, 19):
        with pytest.raises(ValueError, match="between 0 and 18"):
            sins.category(pd.Series([impossible]))


def test_vbq_is_the_median_level_over_the_csf():
    scores = score_readings(
        readings(
            (2, "a", 300, 200, 400, 500, 100, "L3"),
            (3, "a", 300, np.nan, 400, 500, 100, "L2"),
            (4, "a", np.nan, np.nan, np.nan, np.nan, 100, "L3"),
            (5, "a", 300, 200, 400, 500, np.nan, "L3"),
        ),
        VBQ,
    )
    assert scores["score"].tolist()[:2] == [3.5, 4.0]
    assert scores["score"].isna().tolist() == [False, False, True, True]
    assert scores["n_levels"].tolist() == [4, 3, 0, 4]
    assert scores["levels"].tolist() == ["L1 L2 L3 L4", "L1 L3 L4", "", "L1 L2 L3 L4"]
    assert scores["csf_level"].tolist()[:3] == ["L3", "L2", "L3"]
    assert pd.isna(scores["csf_level"][3])


@given(st.lists(INTENSITY, min_size=4, max_size=4), INTENSITY, st.integers(0, 3))
def test_median_with_a_level_left_out(levels, csf, left_out):
    present = [value for position, value in enumerate(levels) if position != left_out]
    values = [np.nan if position == left_out else value for position, value in enumerate(levels)]
    scores = score_readings(readings((2, "a", *values, csf, "L3")), VBQ)
    assert scores["score"][0] == pytest.approx(sorted(present)[1] / csf, rel=1e-11)
    assert scores["n_levels"][0] == 3


@given(st.lists(INTENSITY, min_size=4, max_size=4), INTENSITY, st.floats(0.1, 10))
def test_score_does_not_depend_on_the_scanner_gain(levels, csf, gain):
    plain = score_readings(readings((2, "a", *levels, csf, "L3")), VBQ)["score"][0]
    scaled = score_readings(readings((2, "a", *(gain * np.array(levels)), gain * csf, "L3")), VBQ)["score"][0]
    assert scaled == pytest.approx(plain, rel=1e-12)


def test_mean_of_other_levels_without_a_reference():
    marker = Marker(name="bmd", levels=["L1", "L2"], aggregate="mean", reference=None)
    scores = score_readings(pd.DataFrame({"row": [2], "reader": [""], "L1": [0.9], "L2": [1.1]}), marker)
    assert scores["score"][0] == pytest.approx(1.0, rel=1e-15)
    combined = combine_readers(scores, marker)
    assert list(combined) == ["row", "bmd", "bmd_n_levels"]


@pytest.mark.parametrize("wrong", [(0, 100), (-5, 100), (300, 0)])
def test_intensities_are_positive(wrong):
    level, csf = wrong
    with pytest.raises(ValueError, match="positive"):
        score_readings(readings((2, "a", level, 200, 300, 400, csf, "L3")), VBQ)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aggregate": "mode"},
        {"roi_statistic": "max"},
        {"reference": "muscle"},
        {"levels": ()},
        {"levels": ("L1", "L1")},
        {"csf_levels": ()},
    ],
)
def test_marker_refuses_another_definition(wrong):
    with pytest.raises(ValueError, match=rf"^{next(iter(wrong))}"):
        Marker(**wrong)


TWO_READERS = score_readings(
    readings(
        (2, "Reader B", 200, 200, 200, 200, 100, "L2"),
        (2, "Reader A", 300, 300, np.nan, 300, 100, "L3"),
        (3, "Reader B", 400, 400, 400, 400, 100, "L3"),
        (3, "Reader A", 400, 400, 400, 400, np.nan, "L3"),
        (4, "Reader A", np.nan, np.nan, np.nan, np.nan, 100, "L3"),
    ),
    VBQ,
)


@pytest.mark.parametrize(
    ("readers", "scores", "n_levels", "csf_levels"),
    [
        ("mean", [2.5, 4.0, None], [3, 4, 0], ["L2/L3", "L3", "L3"]),
        ("first", [3.0, 4.0, None], [3, 4, 0], ["L3", "L3", "L3"]),
        ("reader a", [3.0, None, None], [3, 4, 0], ["L3", None, "L3"]),
        ("Reader B", [2.0, 4.0, None], [4, 4, None], ["L2", "L3", None]),
    ],
)
def test_readers_are_combined(readers, scores, n_levels, csf_levels):
    combined = combine_readers(TWO_READERS, Marker(readers=readers))
    assert combined["row"].tolist() == [2, 3, 4]
    assert [None if pd.isna(value) else value for value in combined["vbq"]] == scores
    assert [None if pd.isna(value) else value for value in combined["vbq_n_levels"]] == n_levels
    assert [None if pd.isna(value) else value for value in combined["vbq_csf_level"]] == csf_levels
    assert combined["vbq_reader_a"].tolist()[0] == 3.0
    assert combined["vbq_reader_b"].tolist()[:2] == [2.0, 4.0]
    assert reader_columns(combined, VBQ, VARIABLES) == ["vbq_reader_a", "vbq_reader_b"]


def test_combining_refuses_what_is_ambiguous():
    with pytest.raises(ValueError, match="'c'"):
        combine_readers(TWO_READERS, Marker(readers="c"))
    with pytest.raises(ValueError, match="two readings"):
        combine_readers(pd.concat([TWO_READERS, TWO_READERS]), VBQ)


def test_high_is_strictly_above_the_cutoff():
    high = above_cutoff(pd.Series([3.0, np.nextafter(3.0, 4), 2.0, np.nan]), VBQ)
    assert high.name == "vbq_high"
    assert high.dtype == "Int64"
    assert high[:3].tolist() == [0, 1, 0]
    assert pd.isna(high[3])
    with pytest.raises(ValueError, match="no cut-off"):
        above_cutoff(pd.Series([1.0]), Marker())


def test_a_ratio_of_exactly_the_cutoff_is_not_above_it():
    # 0.3 / 0.1 and 330 / 110 are 3 to a reader, and 2.9999999999999996 or 3.0000000000000004 to a machine.
    readings = pd.DataFrame(
        {
            "row": [2, 3, 4],
            "reader": "a",
            "L1": [0.3, 330.0, 3 * 1.1],
            "csf": [0.1, 110.0, 1.1],
            "csf_level": "L3",
        }
    )
    marker = Marker(cutoff=3)
    combined = combine_readers(score_readings(readings, marker), marker)
    assert combined["vbq"].tolist() == [3.0, 3.0, 3.0]
    assert above_cutoff(combined["vbq"], marker).tolist() == [0, 0, 0]
