"""The page of a validation: it can be written for any cohort, and says what its tables say."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.legend import Legend
from test_figures import assert_inked, assert_nothing_is_cut_off, words
from test_validation_rules import RULES, with_events, with_holes
from test_validation_whole import ALL, CERTAIN, LITTLE, QUICK_PLAN, validated

from vbq.codebook import VARIABLES
from vbq.render.document import Document
from vbq.render.figures.style import LIGHT, journal_style, save
from vbq.render.figures.validation import pattern_figure, samples_of, validation_figures
from vbq.render.report.sentences import sentences, summary
from vbq.render.report.validation import ValidationResults, validation_sections
from vbq.render.tables.validation import Validation
from vbq.render.writers.html import html_page
from vbq.run import read_table, write_table
from vbq.simulation.site import simulate_truth
from vbq.validation.rules import CERTAIN as CERTAIN_RISKS

PUBLISHED = {rule.name: rule.published for rule in ALL}


def told(cohort, development, folder, plan=QUICK_PLAN, tested=ALL):
    """A validation whose tables were written to files and read again, as the workflow does."""
    tables = {}
    for name, table in validated(cohort, development, plan, tested).items():
        path = str(folder / f"{name}.csv")
        write_table(table, path, "site", "simulated")
        tables[name] = read_table(path)
    return Validation(tables, plan, PUBLISHED, VARIABLES)


@pytest.mark.parametrize("name", [name for name in LITTLE if name != "nobody"])  # refused when it is read
def test_a_page_of_little(name, tmp_path):
    cohort = LITTLE[name]
    validation = told(cohort, None, tmp_path)
    samples = samples_of(
        None, cohort.assign(provenance="simulated"), ["vbq", "sins"], ["field_strength"], VARIABLES
    )
    with journal_style():
        drawn = validation_figures(
            validation.tables, samples, PUBLISHED, validation.labels, "simulated", QUICK_PLAN["confidence"]
        )
        for drawing in drawn:
            drawing.figure.draw_without_rendering()
            assert len(drawing.data)
    sections = validation_sections(ValidationResults(validation, {}, ""))
    page = html_page(Document("A site", "simulated", {}, (), sections, "", {}))
    assert "External validation: discrimination" in page
    words = [*(sentence.sentence for sentence in sentences(validation)), summary(validation)]
    assert all("nan" not in sentence.split() for sentence in words)
    assert f"{len(cohort)} patients" in summary(validation)


def test_a_page_of_a_rule_with_risks_of_0_and_1(tmp_path):
    cohort = with_holes(with_events(120, 40), ["vbq"]).assign(provenance="simulated")
    plan = copy.deepcopy(QUICK_PLAN)
    plan["validation"]["pairs"] = [["zero_one", "combined"]]
    validation = told(cohort, None, tmp_path, plan, [CERTAIN, RULES["combined"]])
    samples = samples_of(None, cohort, ["vbq", "sins"], ["field_strength"], VARIABLES)
    with journal_style():
        drawn = validation_figures(
            validation.tables, samples, PUBLISHED, validation.labels, "simulated", QUICK_PLAN["confidence"]
        )
        names = [drawing.name for drawing in drawn]
    assert {"auc", "calibration_patterns", "decision"} <= set(names)
    sections = validation_sections(ValidationResults(validation, {}, ""))
    page = html_page(Document("A site", "simulated", {}, (), sections, "", {}))
    assert CERTAIN_RISKS in page
    told_of_it = [
        found.sentence for found in sentences(validation) if found.sentence.startswith("Zero and one")
    ]
    assert any("observed over expected" in sentence for sentence in told_of_it)
    assert not any("nan" in sentence.split() for sentence in told_of_it)


INTERVAL = ["conf_low", "conf_high"]
INKED = {
    "predictors": ["percentile_5", "quartile_1", "median", "quartile_3", "percentile_95"],
    "auc": ["estimate", *INTERVAL],
    "calibration_patterns": ["risk", "risk_low", "risk_high", "observed", *INTERVAL],
    "calibration_continuous": ["risk", "observed", *INTERVAL],
    "decision": [
        *("threshold_percent", "net_benefit", "net_benefit_low", "net_benefit_high", "treat_all"),
        "treat_nobody",
    ],
    "subgroups": ["estimate", *INTERVAL],
    "missing": ["percent_missing"],
}


def test_the_data_of_the_figures_are_what_is_drawn(tmp_path):
    generator = np.random.default_rng(1)
    development = simulate_truth(150, generator).assign(provenance="made up")
    cohort = with_holes(simulate_truth(400, generator), ["vbq", "sins", "age"]).assign(provenance="simulated")
    validation = told(cohort, development, tmp_path)
    samples = samples_of(development, cohort, ["vbq", "sins"], ["field_strength"], VARIABLES)
    drawn = validation_figures(
        validation.tables,
        samples,
        PUBLISHED,
        validation.labels,
        "A site:\nsimulated",
        QUICK_PLAN["confidence"],
        "Another (made up)",
    )
    with journal_style():
        drawings = {drawing.name: drawing for drawing in drawn}
    assert list(drawings) == list(INKED)
    for name, columns in INKED.items():
        assert_inked(drawings[name].figure, drawings[name].data, columns)
        assert_nothing_is_cut_off(drawings[name].figure)
    assert set(drawings["auc"].data["analysis"]) == {"complete cases", "multiple imputation", "published"}
    cells = drawings["missing"].data.dropna(subset="combination")
    dark = [line for line in drawings["missing"].figure.axes[1].lines if line.get_color() != LIGHT]
    assert len(dark) == (cells["is_missing"] == "yes").sum()

    (legend,) = drawings["subgroups"].figure.findobj(Legend)
    assert [entry.get_text() for entry in legend.get_texts()] == ["AUC of all patients"]

    assert "A site: simulated Development: Another (made up)" in words(drawings["predictors"].figure)
    assert "Another" not in words(drawings["auc"].figure)
    for name in ("predictors", "auc"):
        save(drawings[name], tmp_path, "simulated")
    both = pd.read_csv(tmp_path / "predictors.csv")
    assert (both["provenance"] == "made up").equals(both["group"] == "Development")
    assert set(both["provenance"]) == {"made up", "simulated"}
    assert set(pd.read_csv(tmp_path / "auc.csv")["provenance"]) == {"simulated"}


SHARES = st.floats(0, 1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SHARES, SHARES, SHARES, SHARES), min_size=1, max_size=4))
def test_no_count_is_on_the_diagonal(patterns):
    risks = [risk for risk, *_ in patterns]
    low, observed, high = np.sort([interval for _, *interval in patterns], axis=1).T
    table = pd.DataFrame({"rule": list("abcd")[: len(risks)], "pattern": "", "n": 1000, "n_events": 100})
    table = table.assign(risk=risks, risk_low=risks, risk_high=risks)
    table = table.assign(observed=observed, conf_low=low, conf_high=high)
    with journal_style():
        figure, _ = pattern_figure(table, dict.fromkeys("abcd", "A rule"), "A site", 0.95)
        assert_nothing_is_cut_off(figure)
    for axes in figure.axes:
        (count,) = axes.texts
        assert count.get_text() == "100/1000"
        box = count.get_window_extent().transformed(axes.transData.inverted())
        assert box.y1 < box.x0 or box.y0 > box.x1
