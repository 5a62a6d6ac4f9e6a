"""What is in the figures and their files: words, numbers, provenance, the same bytes. Not how they look."""

import itertools
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from audited import audit_of_the_paper
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import Collection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image
from pypdf import PdfReader

from vbq.codebook import extended
from vbq.render.figures import audit as audit_figures
from vbq.render.figures import optimism as optimism_figures
from vbq.render.figures import study as figures
from vbq.render.figures import style
from vbq.render.figures.flow import flow_figure
from vbq.render.figures.style import Drawing, journal_style, save
from vbq.stats.rounded import Printed

PROVENANCE = "made up; not patient data"
SOURCE = f"A $study$ of <b>:\n{PROVENANCE}"
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
).assign(reference="a")
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
FLOW = pd.DataFrame(
    [
        ("rows in $cost$.csv", 60, 0, ""),
        ("adult", 60, 0, "younger than 18 years"),
        ("spinal_metastasis", 60, 0, "switched off in the cohort file"),
        ("no_infection", 51, 9, "an <b>infection</b>"),
        ("follow_up", 51, 0, "not assessed: no column for follow_up_months"),
        ("only_dose", 41, 10, "dose is not 1 or 2"),
        ("outcome known", 40, 1, "outcome missing"),
    ],
    columns=["step", "n", "excluded", "reason"],
)
INSTABILITY = pd.DataFrame(
    {"risk": [0.8, 0.2, 0.5], "low": [0.6, 0.1, 0.31], "median": [0.79, 0.22, 0.49], "high": [0.9, 0.3, 0.71]}
).assign(mape=[0.1, 0.05, 0.12])
PATHS = pd.DataFrame(
    [
        (name, alpha, share)
        for name, shares in {"dose": [0.1, 0.4], "group": [0.3, 0.7], "score": [0.05, 0.2]}.items()
        for alpha, share in zip([0.01, 0.05], shares, strict=True)
    ],
    columns=["variable", "alpha", "share"],
)
CUTOFFS = pd.DataFrame({"cutoff": [2.5, 3.0], "chosen": [0, 1], "share": [0.125, 0.875]})


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
    "flow": lambda: flow_figure(FLOW, CODEBOOK, dict(zip(GROUPS, (25, 15), strict=True)), SOURCE),
    "instability": lambda: optimism_figures.instability_figure(INSTABILITY, LABELS["score"], SOURCE),
    "paths": lambda: optimism_figures.paths_figure(PATHS, CODEBOOK, 0.05, SOURCE),
    "cutoffs": lambda: optimism_figures.cutoff_figure(CUTOFFS, SOURCE),
    "p_values": lambda: audit_figures.p_value_figure(
        audit_of_the_paper().p_values.replace({"label": {"Sex": "$ex"}}).query("relation == '='"), SOURCE
    ),
    "joint_tables": lambda: audit_figures.combined_auc_figure(
        audit_of_the_paper().joint_tables.assign(first="VBQ < $3"), Printed.parse("0.89"), SOURCE
    ),
}
WIDE = {"comparison", "forest", "flow", "paths", "p_values", "joint_tables"}


def figure_of(name):
    return DRAWN[name]()[0]


def words(figure):
    return " ".join(" ".join(text.get_text().split()) for text in figure.findobj(Text))


@pytest.fixture(autouse=True)
def _style():
    with journal_style():
        yield


@pytest.fixture(scope="module", params=DRAWN)
def saved(request, tmp_path_factory):
    """A drawing, and the folder that has all its files."""
    folder = tmp_path_factory.mktemp(request.param)
    with journal_style():
        drawing = Drawing(request.param, *DRAWN[request.param]())
        save(drawing, folder, PROVENANCE, tiff=True)
    return drawing, folder


def test_every_figure_says_where_its_rows_are_from(saved):
    drawing, folder = saved
    figure = figure_of(drawing.name)
    (head,) = (text for text in figure.texts if text.get_text() == SOURCE)
    assert head.get_visible()
    assert (head.get_fontsize(), head.get_color()) == (6.5, style.INK)
    figure.draw_without_rendering()
    box = head.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    others = [
        *(axes.get_tightbbox() for axes in figure.axes),
        *(it.get_window_extent() for it in figure.legends),
    ]
    assert box.y0 > max(other.y1 for other in others) - 0.1
    told = "A $study$ of <b>: made up; not patient data"
    svg = (folder / f"{drawing.name}.svg").read_text()
    assert told.replace("<", "&lt;").replace(">", "&gt;") in svg  # in the metadata
    assert f"<!-- {PROVENANCE} -->" in svg  # the line that is drawn, whose letters are paths
    assert told.encode() in (folder / f"{drawing.name}.png").read_bytes()
    with Image.open(folder / f"{drawing.name}.tiff") as pixels:
        assert pixels.tag_v2[270] == told
    pdf = PdfReader(folder / f"{drawing.name}.pdf")
    assert pdf.metadata.subject == told
    assert PROVENANCE in pdf.pages[0].extract_text().replace("\n", " ")
    rows = pd.read_csv(folder / f"{drawing.name}.csv")
    assert set(rows["provenance"]) == {PROVENANCE}


def test_the_same_run_makes_the_same_bytes(saved, tmp_path):
    drawing, folder = saved
    save(Drawing(drawing.name, *DRAWN[drawing.name]()), tmp_path, PROVENANCE, tiff=True)
    assert {path.suffix for path in folder.iterdir()} == {".svg", ".pdf", ".png", ".tiff", ".csv"}
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_another_process_makes_the_same_bytes(tmp_path):
    code = """
import sys, pathlib, test_figures as t
with t.journal_style():
    t.save(t.Drawing("flow", *t.DRAWN["flow"]()), pathlib.Path(sys.argv[1]), "", tiff=True)
"""
    for seed in "12":
        (tmp_path / seed).mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code, tmp_path / seed], env=environment, check=True)
    files = {path.name: path.read_bytes() for path in (tmp_path / "1").iterdir()}
    assert len(files) == 5
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "2").iterdir()}


def test_logs_are_not_filled_with_letters(tmp_path, caplog):
    caplog.set_level("INFO")
    save(Drawing("roc", *DRAWN["roc"]()), tmp_path, PROVENANCE)
    assert not caplog.records


def test_a_tiff_is_written_only_where_asked(tmp_path):
    save(Drawing("roc", *DRAWN["roc"]()), tmp_path, PROVENANCE)
    assert {path.name for path in tmp_path.iterdir()} == {"roc.svg", "roc.pdf", "roc.png", "roc.csv"}


def test_labels_are_neither_markup_nor_mathematics(saved):
    drawing, folder = saved
    assert not any(text.get_parse_math() for text in drawing.figure.findobj(Text))
    assert drawing.name == "cutoffs" or "$" in words(drawing.figure).replace("$study$", "")
    root = ET.parse(folder / f"{drawing.name}.svg").getroot()
    assert root.tag.endswith("svg")
    assert not {element.tag.rpartition("}")[2] for element in root.iter()} & {"b", "more", "script"}


def test_widths_are_those_of_a_journal(saved):
    drawing, folder = saved
    width = 174 if drawing.name in WIDE else 84
    found = re.search(r'<svg[^>]* width="([\d.]+)pt"', (folder / f"{drawing.name}.svg").read_text())
    assert float(found[1]) == pytest.approx(width / 25.4 * 72, abs=0.1)
    (page,) = PdfReader(folder / f"{drawing.name}.pdf").pages
    assert float(page.mediabox.width) == pytest.approx(width / 25.4 * 72, abs=0.1)
    for ending in ("png", "tiff"):
        with Image.open(folder / f"{drawing.name}.{ending}") as pixels:
            assert pixels.info["dpi"] == pytest.approx((300, 300), abs=0.01)
            assert pixels.width == pytest.approx(width / 25.4 * 300, abs=1)


def test_a_tiff_is_compressed_and_opaque_with_the_pixels_of_the_png(saved):
    drawing, folder = saved
    with (
        Image.open(folder / f"{drawing.name}.tiff") as tiff,
        Image.open(folder / f"{drawing.name}.png") as png,
    ):
        assert (tiff.mode, tiff.info["compression"]) == ("RGB", "tiff_lzw")
        assert np.array_equal(np.asarray(tiff), np.asarray(png.convert("RGB")))


def test_the_letters_of_a_pdf_are_in_it_as_a_truetype_font(saved):
    drawing, folder = saved
    pdf = PdfReader(folder / f"{drawing.name}.pdf")
    fonts = [font.get_object() for font in pdf.pages[0]["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        assert font["/Subtype"] == "/Type0"
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor
    assert "/CreationDate" not in pdf.metadata


def assert_nothing_is_cut_off(figure):
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert min(box.x0, box.y0, width - box.x1, height - box.y1) > -0.01


def test_nothing_is_cut_off(saved):
    assert_nothing_is_cut_off(figure_of(saved[0].name))


@pytest.mark.parametrize("name", DRAWN)
def test_a_long_provenance_makes_a_figure_higher(name, monkeypatch):
    usual = figure_of(name)
    monkeypatch.setitem(globals(), "SOURCE", f"{SOURCE} {40 * 'CAPITALS and more '}")
    longer = figure_of(name)
    assert_nothing_is_cut_off(longer)
    assert longer.get_figheight() > usual.get_figheight() + 0.1


def test_a_long_label_makes_a_figure_higher():
    label = "A long label of a score that somebody may have in a plan " * 3
    row = {**ASSESSED.iloc[0], "label": label}
    for figure, _ in (
        figures.roc_figure(CURVES, row, SOURCE),
        figures.roc_comparison(CURVES, pd.DataFrame([row]), SOURCE),
        figures.forest_plot(
            TERMS, CODEBOOK | extended({"dose": {"label": label, "kind": "continuous"}}), SOURCE
        ),
        optimism_figures.instability_figure(INSTABILITY, label, SOURCE),
        flow_figure(FLOW.assign(step=label, reason=label), CODEBOOK, {label: 25, "": 15}, SOURCE),
    ):
        assert_nothing_is_cut_off(figure)


def inked(figure):
    """Every number at which a line, a bar, a band or a point of a figure is."""
    found = [line.get_xydata().ravel() for line in figure.findobj(Line2D)]
    for bar in figure.findobj(Rectangle):
        (x, y), width, height = bar.get_xy(), bar.get_width(), bar.get_height()
        found.append([x, x + width / 2, x + width, y, y + height, height])
    found += [path.vertices.ravel() for part in figure.findobj(Collection) for path in part.get_paths()]
    return np.concatenate([np.asarray(numbers, dtype=float) for numbers in found])


def assert_inked(figure, data, columns):
    drawn = inked(figure)
    for name in columns:
        values = pd.to_numeric(data[name]).dropna().to_numpy(dtype=float)
        assert len(values), name
        assert not [value for value in values if not np.isclose(drawn, value, rtol=1e-9).any()], name


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("roc", ["fpr", "tpr"]),
        ("comparison", ["fpr", "tpr"]),
        ("bland_altman", ["mean", "difference", "conf_low", "conf_high"]),
        ("by_outcome", ["value"]),
        ("instability", ["risk", "low", "median", "high"]),
        ("paths", ["alpha", "share", "alpha_of_plan"]),
        ("cutoffs", ["cutoff", "percent_of_resamples"]),
        ("joint_tables", ["auc_low", "auc_high", "n_tables", "printed_low", "printed_high"]),
    ],
)
def test_the_data_are_what_is_drawn(name, columns):
    assert_inked(*DRAWN[name](), columns)


def test_the_data_of_the_p_values_give_the_differences_that_are_drawn():
    figure, data = DRAWN["p_values"]()
    difference = data["recomputed"] - data["printed"].astype(float)
    assert_inked(figure, data.assign(difference=difference), ["difference", "rounds_within"])


def test_the_data_of_the_forest_plot_are_those_of_the_table_even_where_an_interval_leaves_the_axis():
    figure, data = DRAWN["forest"]()
    assert data["label"].tolist() == [
        "Group_",
        "\u2003Cost $5 < $10 (vs A)",
        f"{LABELS['score']} (per month)",
    ]
    columns = ["odds_ratio", "odds_ratio_low", "odds_ratio_high", "p_value"]
    pd.testing.assert_frame_equal(data[columns], TERMS.loc[TERMS["variable"] != "", columns])
    low, high = figure.axes[1].get_xlim()
    ends = data[["odds_ratio_low", "odds_ratio_high"]]
    assert_inked(figure, ends.where((ends >= low) & (ends <= high)), ends.columns)


def test_the_bars_of_joint_tables_are_stacked():
    _, data = DRAWN["joint_tables"]()
    tables = audit_of_the_paper().joint_tables
    assert data["n_tables"].sum() == len(tables)
    assert (
        data.loc[data["fits_printed_auc"] == "yes", "n_tables"].sum()
        == (tables["fits_printed_auc"] == "yes").sum()
    )


def test_patients_are_not_in_the_order_of_the_rows(tmp_path):
    for name, sorted_by in (("bland_altman", "mean"), ("instability", "risk")):
        _, data = DRAWN[name]()
        assert data[sorted_by].dropna().is_monotonic_increasing
        assert "patient" not in data
    groups = by_outcome()[1].query("mark == 'patient'").groupby("group")["value"]
    assert all(values.is_monotonic_increasing for _, values in groups)


def test_files_have_whole_numbers_and_every_digit_and_no_formula(tmp_path):
    row = {**ASSESSED.iloc[0], "label": "=HYPERLINK(1)", "n": np.float64(40)}
    save(Drawing("roc", *figures.roc_figure(CURVES, row, SOURCE)), tmp_path, "@made up")
    lines = (tmp_path / "roc.csv").read_text().splitlines()
    assert lines[0] == "score,fpr,tpr,label,n,n_events,auc,auc_low,auc_high,provenance"
    assert lines[2] == "score,0.1,0.6,'=HYPERLINK(1),40,15,0.7512,0.614,0.8881,'@made up"


def test_roc_tells_auc_interval_and_patients():
    figure = figure_of("roc")
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
    figure, _ = figures.roc_comparison(curves, several, SOURCE, confidence=0.9)
    for i in range(7):
        assert f"_score {i} 0.75 (0.61–0.89), n = 40" in words(figure)
    assert "AUC (90 % CI)" in words(figure)
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in figure.axes[0].lines[1:]}
    assert len(looks) == 7


def test_forest_plot_shows_terms_tests_and_arrows():
    figure = figure_of("forest")
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
    figure = figure_of("bland_altman")
    for piece in ("Bias 0.01", "Upper limit 0.30", "Lower limit −0.30", "n = 40", "reader a minus reader b"):
        assert piece in words(figure)
    points = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    expected = COHORT["vbq_a"] - COHORT["vbq_b"]
    np.testing.assert_allclose(np.sort(points.get_ydata()), np.sort(expected))


def test_score_by_outcome_draws_every_patient_once():
    figure, _ = by_outcome()
    for piece in ("No $event$ n = 20", "Event_ n = 20", "Cut-off 3"):
        assert piece in words(figure)
    points = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    for group, line in enumerate(points):
        members = COHORT.loc[COHORT["outcome"] == group, "vbq_a"]
        np.testing.assert_allclose(np.sort(line.get_ydata()), np.sort(members))
        assert np.abs(line.get_xdata() - group).max() < 0.5


def test_equal_scores_stand_side_by_side():
    figure, _ = by_outcome(pd.Series([2.0] * 40), cutoff=None)
    points = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert all(len(np.unique(line.get_xdata())) == 20 for line in points)
    assert "Cut-off" not in words(figure)


def test_an_outcome_that_nobody_has_leaves_its_column_empty():
    assert "Event_ n = 0" in words(by_outcome(outcome=pd.Series([0] * 40))[0])


def test_many_unstable_risks_keep_the_file_small(tmp_path):
    risk = np.linspace(0.01, 0.99, 6000)
    many = pd.DataFrame({"risk": risk, "low": risk * 0.9, "median": risk, "high": risk * 1.01, "mape": 0.02})
    drawing = Drawing("many", *optimism_figures.instability_figure(many, LABELS["score"], SOURCE))
    save(drawing, tmp_path, "made up")
    assert (tmp_path / "many.svg").stat().st_size < 600_000


def test_many_patients_keep_the_file_small(tmp_path):
    values = pd.Series(RANDOM.normal(size=6000))
    drawing = Drawing("many", *by_outcome(values, pd.Series([0, 1] * 3000)))
    save(drawing, tmp_path, PROVENANCE)
    assert (tmp_path / "many.svg").stat().st_size < 600_000
    assert (tmp_path / "many.pdf").stat().st_size < 600_000


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
    "flow": FLOW,
    "discrimination": ASSESSED.assign(score="vbq"),
    "roc": CURVES.assign(score="vbq"),
    "multivariable": TERMS,
    "agreement": pd.concat([LIMITS.head(1).assign(measure="icc", raters="vbq_a / vbq_b"), LIMITS]),
}


def drawn(tables, cohort=None):
    cohort = COHORT.assign(vbq=COHORT["vbq_a"]) if cohort is None else cohort
    drawings = figures.draw_figures(cohort, tables, PLAN, CODEBOOK | extended({}), SOURCE)
    return [drawing.name for drawing in drawings]


def test_each_table_has_its_figures():
    assert drawn(TABLES) == [
        *("participant_flow", "roc_vbq", "roc_comparison", "vbq_by_outcome", "forest_odds_ratios"),
        "bland_altman",
    ]
    assert drawn({}) == []


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("flow", {"participant_flow"}),
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


@pytest.mark.parametrize(("shares", "is_drawn"), [([0.1, 0.9], True), ([0, 1], False), ([], False)])
def test_one_cutoff_of_all_resamples_is_no_figure(shares, is_drawn):
    tables = {
        "optimism_instability": INSTABILITY.assign(model="m").iloc[:0],
        "optimism_paths": PATHS.iloc[:0],
        "optimism_cutoff": CUTOFFS.iloc[: len(shares)].assign(share=shares),
    }
    drawings = optimism_figures.draw_optimism(tables, {}, CODEBOOK, 0.05, SOURCE)
    assert [drawing.name for drawing in drawings] == ["cutoff_resampled"] * is_drawn


def test_limits_without_an_interval_are_drawn_without_a_band():
    bare = LIMITS.assign(conf_low="", conf_high="")
    figure, _ = figures.bland_altman_plot(COHORT["vbq_a"], COHORT["vbq_b"], bare, "vbq", "A score", SOURCE)
    assert not figure.axes[0].patches
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    assert len(figure_of("bland_altman").axes[0].patches) == 3


def test_the_forest_plots_header_stands_clear_of_its_rows():
    figure = figure_of("forest")
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


def test_the_flow_folds_steps_that_left_nobody_out_and_says_what_was_not_applied():
    figure, data = DRAWN["flow"]()
    shown = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert [" ".join(text.split()) for text in shown] == [
        "Rows in $cost$.csv n = 60",
        "Nobody excluded: Age 18 or older "
        "Not applied: Diagnosis of spinal metastasis (switched off in the cohort file)",
        "9 excluded: an <b>infection</b>",
        "No infection at presentation n = 51",
        "Not applied: Follow-up of 6 months or longer (not assessed: no column for "
        "Follow-up since diagnosis of spinal metastasis)",
        "10 excluded: dose is not 1 or 2",
        "Only_dose n = 41",
        "1 excluded: outcome missing",
        "Outcome known n = 40",
        "No $event$ n = 25",
        "Event_ n = 15",
    ]
    assert data["kind"].tolist() == [
        *("step", "nobody_excluded", "not_applied", "step", "not_applied", "step", "step"),
        *("outcome_group", "outcome_group"),
    ]


def test_the_groups_of_the_flow_are_those_of_the_cohort():
    drawing = next(figures.draw_figures(COHORT.iloc[5:], {"flow": FLOW}, PLAN, CODEBOOK, SOURCE))
    groups = drawing.data[drawing.data["kind"] == "outcome_group"]
    assert dict(zip(groups["label"], groups["n"], strict=True)) == {"No": 15, "Yes": 20}


LETTERS = st.text("abcdWW  $<>&_^{}\\=%אבגعمر", max_size=150)
REASONS = st.one_of(
    LETTERS.map(lambda words: 6 * words),
    st.just("not assessed: no column for x"),
    st.just("switched off in the cohort file"),
)


@st.composite
def flows(draw):
    """A flow of up to 13 steps, and two groups of who is left."""
    left = draw(st.integers(0, 20_000))
    steps = [(f"rows in {draw(LETTERS)}", left, 0, "")]
    for _ in range(draw(st.integers(0, 12))):
        gone = draw(st.one_of(st.just(0), st.integers(0, left)))
        left -= gone
        steps.append((draw(LETTERS), left, gone, draw(REASONS)))
    first = draw(st.integers(0, left))
    groups = {f"without {draw(LETTERS)}": first, f"with {draw(LETTERS)}": left - first}
    return pd.DataFrame(steps, columns=FLOW.columns), groups


def assert_in_place(figure):
    """Words are in their boxes, which are apart from each other and below the lines at the top."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    texts = [text for text in axes.texts if text.get_text()]
    boxes = [box.get_window_extent() for box in axes.patches if isinstance(box, Rectangle)]
    assert len(boxes) == len(texts)
    for text, box in zip(texts, boxes, strict=True):
        words_box = text.get_window_extent()
        assert box.x0 <= words_box.x0
        assert words_box.x1 <= box.x1
        assert box.y0 <= words_box.y0
        assert words_box.y1 <= box.y1
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    head = figure.texts[0].get_window_extent()
    assert min(box.y0 for box in boxes) > 0
    assert max(box.y1 for box in boxes) < head.y0
    assert head.y1 < figure.bbox.y1


def test_a_long_reason_of_the_last_step_stays_in_the_figure():
    flow = FLOW.iloc[[0, -1]].assign(reason=["", 300 * "reason "])
    assert_in_place(flow_figure(flow, CODEBOOK, {"No": 25, "Yes": 15}, SOURCE)[0])


@settings(max_examples=60, deadline=None)
@given(flows())
def test_any_flow_adds_up_and_its_words_stay_in_their_boxes(drawn):
    flow, groups = drawn
    with journal_style():
        figure, data = flow_figure(flow, CODEBOOK, groups, SOURCE)
        assert_in_place(figure)
    steps = data[data["kind"] != "outcome_group"]
    assert len(steps) == len(flow)
    last = steps["n"].iloc[-1]
    assert steps["n"].iloc[0] - steps["excluded"].sum() == last
    assert data.loc[data["kind"] == "outcome_group", "n"].sum() == last

    told = [" ".join(text.get_text().split()) for text in figure.axes[0].texts if text.get_text()]
    shown = [int(text.rpartition("n = ")[2].replace(",", "")) for text in told if "n = " in text]
    assert shown == data.loc[data["kind"].isin(["step", "outcome_group"]), "n"].tolist()
    gone = [int(text.partition(" excluded")[0].replace(",", "")) for text in told if text[0].isdigit()]
    assert gone == steps.loc[steps["excluded"] > 0, "excluded"].tolist()
    assert sum(gone) == steps["excluded"].sum()
