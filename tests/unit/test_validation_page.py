"""The page of a validation: it can be written for any cohort, and says what its tables say."""

import pytest
from test_validation_whole import ALL, LITTLE, QUICK_PLAN, validated

from vbq.codebook import VARIABLES
from vbq.render.style import journal_style
from vbq.render.validation_figures import samples_of, validation_figures
from vbq.render.validation_page import ValidationResults, validation_page
from vbq.render.validation_sentences import Validation, sentences, summary
from vbq.run import read_table, write_table

PUBLISHED = {rule.name: rule.published for rule in ALL}
SPEC = {"title": "A <b>site</b> & Co", "provenance": "simulated", "plan": "plan.yaml"}


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
        for _, figure in drawn:
            figure.draw_without_rendering()
    page = validation_page(ValidationResults(SPEC, validation, {}, ""))
    assert "A &lt;b&gt;site&lt;/b&gt; &amp; Co" in page
    assert "<b>site" not in page
    words = [*(sentence.sentence for sentence in sentences(validation)), summary(validation)]
    assert all("nan" not in sentence.split() for sentence in words)
    assert f"{len(cohort)} patients" in summary(validation)
