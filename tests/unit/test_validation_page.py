"""The page of a validation: it can be written for any cohort, and says what its tables say."""

import numpy as np
import pytest
from test_figures import assert_inked, assert_nothing_is_cut_off
from test_validation_rules import with_holes
from test_validation_whole import ALL, LITTLE, QUICK_PLAN, validated

from vbq.codebook import VARIABLES
from vbq.render.document import Document
from vbq.render.figures.style import LIGHT, journal_style
from vbq.render.figures.validation import samples_of, validation_figures
from vbq.render.report.sentences import sentences, summary
from vbq.render.report.validation import ValidationResults, validation_sections
from vbq.render.tables.validation import Validation
from vbq.render.writers.html import html_page
from vbq.run import read_table, write_table
from vbq.simulation.site import simulate_truth

PUBLISHED = {rule.name: rule.published for rule in ALL}


def told(cohort, development, folder):
    """A validation whose tables were written to files and read again, as the workflow does."""
    tables = {}
    for name, table in validated(cohort, development).items():
        path = str(folder / f"{name}.csv")
        write_table(table, path, "site", "simulated")
        tables[name] = read_table(path, text=["level"])
    return Validation(tables, QUICK_PLAN, PUBLISHED, VARIABLES)


@pytest.mark.parametrize("name", [name for name in LITTLE if name != "nobody"])  # refused when it is read
def test_a_page_of_little(name, tmp_path):
    cohort = LITTLE[name]
    validation = told(cohort, None, tmp_path)
    samples = samples_of(None, cohort, ["vbq", "sins"], ["field_strength"], VARIABLES)
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
    development = simulate_truth(150, generator)
    cohort = with_holes(simulate_truth(400, generator), ["vbq", "sins", "age"])
    validation = told(cohort, development, tmp_path)
    samples = samples_of(development, cohort, ["vbq", "sins"], ["field_strength"], VARIABLES)
    drawn = validation_figures(
        validation.tables, samples, PUBLISHED, validation.labels, "simulated", QUICK_PLAN["confidence"]
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
