"""What is in the figures: words, numbers, provenance, the same bytes twice. Not how they look."""

import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from vbq.codebook import extended
from vbq.render import figures, style
from vbq.render.style import journal_style, save

SOURCE = "A $study$ of <b>:\nmade up; not patient data"
LABELS = {"score": "A $score$ & <more>", "level": "Cost $5 < $10"}
CODEBOOK = extended(
    {
        "dose": {"label": LABELS["score"], "kind": "continuous", "unit": "months"},
        "group": {"label": "Group_", "kind": "nominal", "levels": {"a": "A", "b": LABELS["level"]}},
        "score": {"label": "A score", "kind": "continuous"},
    }
)
CURVES = pd.DataFrame({"score": "score", "fpr": [0, 0.1, 1], "tpr": [0, 0.6, 1]})
ASSESSED = pd.DataFrame(
    [
        {"score": "score", "label": LABELS["score"], "n": 40, "n_events": 15}
        | {"auc": 0.7512, "auc_low": 0.614, "auc_high": 0.8881}
    ]
)
TERMS = pd.DataFrame(
    [
        ("(intercept)", "", "", np.nan, np.nan, np.nan, 0.5),
        ("group", "group", "", np.nan, np.nan, np.nan, 0.04),
        ("group[b]", "group", "b", 5e4, 3.0, np.inf, 0.012),
        ("dose", "dose", "", 0.004, 0.0, 0.02, 0.00001),
    ],
    columns=["term", "variable", "level", "odds_ratio", "odds_ratio_low", "odds_ratio_high", "p_value"],
)
LIMITS = pd.DataFrame(
    [
        *(("bland_altman", "vbq_a - vbq_b", "bias", 0.01, -0.02, 0.04),),
        *(("bland_altman", "vbq_a - vbq_b", "limit_low", -0.3, -0.4, -0.2),),
        *(("bland_altman", "vbq_a - vbq_b", "limit_high", 0.3, 0.2, 0.4),),
    ],
    columns=["measure", "raters", "form", "estimate", "conf_low", "conf_high"],
).assign(n=40)
RANDOM = np.random.default_rng(7)
COHORT = pd.DataFrame({"outcome": np.repeat([0, 1], 20), "vbq_a": RANDOM.normal(3, 0.5, 40)})
COHORT["vbq_b"] = COHORT["vbq_a"] + RANDOM.normal(0, 0.1, 40)
GROUPS = ["No $event$", "Event_"]


def by_outcome(values=COHORT["vbq_a"], outcome=COHORT["outcome"], cutoff=3.0):
    return figures.score_by_outcome(values, outcome, LABELS["score"], GROUPS, SOURCE, cutoff)


DRAWN = {
    "roc": lambda: figures.roc_figure(CURVES, ASSESSED.iloc[0], SOURCE),
    "comparison": lambda: figures.roc_comparison(CURVES, ASSESSED, SOURCE),
    "forest": lambda: figures.forest_plot(TERMS, CODEBOOK, SOURCE),
    "bland_altman": lambda: figures.bland_altman_plot(
        COHORT["vbq_a"], COHORT["vbq_b"], LIMITS, "vbq", LABELS["score"], SOURCE
    ),
    "by_outcome": by_outcome,
}


def words(figure):
    return " ".join(" ".join(text.get_text().split()) for text in figure.findobj(Text))


@pytest.fixture(autouse=True)
def _style():
    with journal_style():
        yield


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_says_where_its_rows_are_from(name, tmp_path):
    figure = DRAWN[name]()
    (foot,) = (text for text in figure.texts if text.get_text() == SOURCE)
    assert foot.get_visible()
    figure.draw_without_rendering()
    box = foot.get_window_extent()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.bbox.x1
    save(figure, tmp_path / "figure", SOURCE)
    svg = (tmp_path / "figure.svg").read_text()
    assert "A $study$ of &lt;b&gt;: made up; not patient data" in svg  # in the metadata
    assert "<!-- made up; not patient data -->" in svg  # the line that is drawn, whose letters are paths
    assert b"not patient data" in (tmp_path / "figure.png").read_bytes()


def test_a_long_provenance_stays_inside():
    with journal_style():
        figure = style.new_figure(style.ONE_COLUMN, 80, "WIDE CAPITALS " * 30)
        figure.draw_without_rendering()
        (foot,) = figure.texts
        box = foot.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.height > 3 * 6


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_run_makes_the_same_bytes(name, tmp_path):
    for run in ("first", "second"):
        save(DRAWN[name](), tmp_path / run, SOURCE)
    for kind in ("svg", "png"):
        first, second = (tmp_path / f"{run}.{kind}" for run in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", DRAWN)
def test_labels_are_neither_markup_nor_mathematics(name, tmp_path):
    figure = DRAWN[name]()
    assert not any(text.get_parse_math() for text in figure.findobj(Text))
    assert "$" in words(figure).replace("$study$", "")
    save(figure, tmp_path / "figure", SOURCE)
    root = ET.parse(tmp_path / "figure.svg").getroot()
    assert root.tag.endswith("svg")
    assert not {element.tag.rpartition("}")[2] for element in root.iter()} & {"b", "more", "script"}


def test_widths_are_those_of_a_journal(tmp_path):
    for name, width in (("roc", 84), ("forest", 174)):
        save(DRAWN[name](), tmp_path / name, SOURCE)
        found = re.search(r'<svg[^>]* width="([\d.]+)pt"', (tmp_path / f"{name}.svg").read_text())
        assert float(found[1]) == pytest.approx(width / 25.4 * 72, abs=0.1)


def test_roc_tells_auc_interval_and_patients():
    figure = DRAWN["roc"]()
    for piece in (LABELS["score"], "AUC 0.75", "95 % CI 0.61–0.89", "n = 40, 15 with the outcome"):
        assert piece in words(figure)
    axes = figure.axes[0]
    assert axes.get_aspect() == 1
    assert axes.get_xlim() == axes.get_ylim()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("1 − specificity", "Sensitivity")
    curve = axes.lines[-1]
    assert curve.get_xdata().tolist() == [0, 0.1, 1]
    assert curve.get_ydata().tolist() == [0, 0.6, 1]


def test_comparison_shows_every_score_even_one_that_starts_with_an_underscore():
    several = pd.concat([ASSESSED.assign(score=f"s{i}", label=f"_score {i}") for i in range(7)])
    curves = pd.concat([CURVES.assign(score=f"s{i}") for i in range(7)])
    figure = figures.roc_comparison(curves, several, SOURCE, confidence=0.9)
    for i in range(7):
        assert f"_score {i} 0.75 (0.61–0.89), n = 40" in words(figure)
    assert "AUC (90 % CI)" in words(figure)
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in figure.axes[0].lines[1:]}
    assert len(looks) == 7


def test_forest_plot_shows_terms_tests_and_arrows():
    figure = DRAWN["forest"]()
    text = words(figure)
    for piece in (
        "Group_ ",
        "Cost $5 < $10 (vs A)",
        "(per month)",
        "0.040",
        "0.004 (0–0.020)",
        "50,000 (3.00 to ∞)",
    ):
        assert piece in text
    assert "Intercept" not in text
    axes = figure.axes[1]
    assert axes.get_xscale() == "log"
    low, high = axes.get_xlim()
    markers = {
        (line.get_marker(), float(line.get_xdata()[0])) for line in axes.lines if len(line.get_xdata()) == 1
    }
    assert (">", high) in markers
    assert ("<", low) in markers
    assert ("|", 3.0) in markers
    drawn = np.concatenate([np.asarray(line.get_xdata(), dtype=float) for line in axes.lines])
    assert np.isfinite(drawn).all()


def test_bland_altman_draws_bias_limits_and_patients():
    figure = DRAWN["bland_altman"]()
    for piece in ("Bias 0.01", "Upper limit 0.30", "Lower limit −0.30", "n = 40", "reader a minus reader b"):
        assert piece in words(figure)
    points = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    expected = COHORT["vbq_a"] - COHORT["vbq_b"]
    np.testing.assert_allclose(np.sort(points.get_ydata()), np.sort(expected))


def test_score_by_outcome_draws_every_patient_once():
    figure = by_outcome()
    for piece in ("No $event$ n = 20", "Event_ n = 20", "Cut-off 3"):
        assert piece in words(figure)
    points = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    for group, line in enumerate(points):
        members = COHORT.loc[COHORT["outcome"] == group, "vbq_a"]
        np.testing.assert_allclose(np.sort(line.get_ydata()), np.sort(members))
        assert np.abs(line.get_xdata() - group).max() < 0.5


def test_equal_scores_stand_side_by_side():
    figure = by_outcome(pd.Series([2.0] * 40), cutoff=None)
    points = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert all(len(np.unique(line.get_xdata())) == 20 for line in points)
    assert "Cut-off" not in words(figure)


def test_an_outcome_that_nobody_has_leaves_its_column_empty():
    assert "Event_ n = 0" in words(by_outcome(outcome=pd.Series([0] * 40)))


def test_many_patients_keep_the_file_small(tmp_path):
    values = pd.Series(RANDOM.normal(size=6000))
    save(by_outcome(values, pd.Series([0, 1] * 3000)), tmp_path / "figure", SOURCE)
    assert (tmp_path / "figure.svg").stat().st_size < 600_000


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colors_differ_in_greyscale_and_show_on_white():
    values = [luminance(color) for color in style.COLORS]
    contrasts = [(second + 0.05) / (first + 0.05) for first, second in itertools.pairwise(values)]
    assert min(contrasts) > 1.3
    assert 1.05 / (values[-1] + 0.05) > 3  # WCAG's contrast for graphics


PLAN = {
    "outcome": {"variable": "outcome", "groups": {0: "No", 1: "Yes"}},
    "confidence": 0.95,
    "marker": {"name": "vbq"},
    "discrimination": {
        "scores": {
            "vbq": {"label": "VBQ", "variables": ["vbq"], "above": 3},
            "smoking": {"label": "Smoking", "variables": ["smoking"]},
            "both": {"label": "Both", "variables": ["vbq", "age"]},
        }
    },
}


TABLES = {
    "discrimination": ASSESSED.assign(score="vbq"),
    "roc": CURVES.assign(score="vbq"),
    "multivariable": TERMS,
    "agreement": pd.concat([LIMITS.head(1).assign(measure="icc", raters="vbq_a / vbq_b"), LIMITS]),
}


def drawn(tables, cohort=None):
    cohort = COHORT.assign(vbq=COHORT["vbq_a"]) if cohort is None else cohort
    return [name for name, _ in figures.draw_figures(cohort, tables, PLAN, CODEBOOK | extended({}), SOURCE)]


def test_each_table_has_its_figures():
    assert drawn(TABLES) == [
        *("roc_vbq", "roc_comparison", "vbq_by_outcome", "forest_odds_ratios", "bland_altman")
    ]
    assert drawn({}) == []


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("discrimination", {"roc_vbq", "roc_comparison", "vbq_by_outcome"}),
        ("roc", {"roc_vbq", "roc_comparison"}),
        ("multivariable", {"forest_odds_ratios"}),
        ("agreement", {"bland_altman"}),
    ],
)
def test_a_table_without_rows_has_no_figure(name, missing):
    left = drawn({**TABLES, name: TABLES[name].iloc[:0]})
    assert set(drawn(TABLES)) - set(left) == missing


def test_a_score_that_was_not_assessed_has_no_figure():
    other = {"discrimination": ASSESSED.assign(score="smoking"), "roc": CURVES.assign(score="smoking")}
    without_score = COHORT.drop(columns=["vbq_a", "vbq_b"])
    assert drawn(other, without_score) == ["roc_smoking", "roc_comparison"]


def test_limits_without_an_interval_are_drawn_without_a_band():
    bare = LIMITS.assign(conf_low="", conf_high="")
    figure = figures.bland_altman_plot(COHORT["vbq_a"], COHORT["vbq_b"], bare, "vbq", "A score", SOURCE)
    assert not figure.axes[0].patches
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    assert len(DRAWN["bland_altman"]().axes[0].patches) == 3


def test_the_forest_plots_header_stands_clear_of_its_rows():
    figure = DRAWN["forest"]()
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts), key=lambda box: -box.y0)
    gaps = [higher.y0 - lower.y1 for higher, lower in itertools.pairwise(boxes)]
    assert gaps[0] > 0.9 * gaps[1]


def test_three_readers_have_three_plots():
    cohort = COHORT.assign(vbq_c=COHORT["vbq_a"])
    parts = [LIMITS.assign(raters=f"vbq_{a} - vbq_{b}") for a, b in ("ab", "ac", "bc")]
    readers = LIMITS.head(1).assign(measure="icc", raters="vbq_a / vbq_b / vbq_c")
    table = pd.concat([readers, *parts])
    assert drawn({"agreement": table}, cohort) == [f"bland_altman_{pair}" for pair in ("a_b", "a_c", "b_c")]
