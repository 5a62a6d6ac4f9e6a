"""Levels and labels that look like numbers or formulas are on the pages as the user wrote them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbq.codebook import extended
from vbq.render.tables import study as tables
from vbq.run import FORMULA, read_as_printed, read_table, write_csv, write_table
from vbq.study.multivariable import fit_outcome
from vbq.study.univariable import (
    compare_by_outcome,
    compare_by_score,
    effects_on_outcome,
    effects_on_score,
    summarize_by_outcome,
    summarize_score,
    with_tests_beside,
)

ODD = {
    "leading_zeros": ["01", "02", "03"],
    "decimals": ["1.0", "1.50", "2"],
    "exponents": ["1e3", "1E5", "1000"],
    "pluses": ["0", "+", "++", "+++"],
    "formulas": ["=1+1", "@SUM(A1)", "-a", "'=1+1"],
    "signs": ["-1", "+1", "1"],
    "words_for_nothing": ["NA", "nan", "None", "inf"],
}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("01.e+-=@'aN", min_size=1, max_size=4), min_size=1, max_size=6))
def test_texts_survive_a_table(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("texts") / "table.csv"
    table = pd.DataFrame({"level": texts, "estimate": 1.5})
    write_csv(table, str(path))
    assert read_table(path)["level"].tolist() == texts
    assert read_table(path)["estimate"].tolist() == [1.5] * len(texts)
    assert read_as_printed(path)["level"].tolist() == texts
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert not raw["level"].map(lambda cell: bool(FORMULA.match(cell))).any()


def study_of(levels, folder):
    """Every table of the study that has levels, as the pages read them."""
    n = 30 * len(levels)
    rng = np.random.default_rng(3)
    cohort = pd.DataFrame(
        {
            "fracture": rng.integers(0, 2, n),
            "ihc": np.resize(levels, n),
            "vbq": rng.normal(3, 0.5, n),
        }
    )
    labels = {level: f"Label {level}" for level in levels}
    codebook = extended(
        {
            "fracture": {"label": "Fracture", "kind": "binary"},
            "ihc": {"label": "Staining", "kind": "nominal", "levels": labels},
        }
    )
    tests = compare_by_outcome(cohort, "fracture", ["ihc"], codebook)
    made = {
        "univariable": tests,
        "univariable_effects": with_tests_beside(
            effects_on_outcome(cohort, "fracture", ["ihc"], codebook), tests
        ),
        "univariable_groups": summarize_by_outcome(cohort, "fracture", ["ihc"], codebook),
        "multivariable": fit_outcome(cohort, "fracture", ["ihc"], codebook),
        "by_score": compare_by_score(cohort, "vbq", ["ihc"], codebook),
        "by_score_effects": effects_on_score(cohort, "vbq", ["ihc"], codebook),
        "by_score_groups": summarize_score(cohort, "vbq", ["ihc"], codebook),
    }
    for name, table in made.items():
        write_table(table, str(folder / f"{name}.csv"), "cohort", "made up")
    return {name: read_table(folder / f"{name}.csv") for name in made}, codebook


@pytest.mark.parametrize("name", ODD)
def test_levels_are_on_the_pages_as_given(tmp_path, name):
    levels = ODD[name]
    read, codebook = study_of(levels, tmp_path)
    labels = [f"Label {level}" for level in levels]
    shown = tables.characteristics_table(
        read["univariable"],
        read["univariable_groups"],
        codebook,
        "fracture",
        {"0": "Without", "1": "With"},
        {"0": 10, "1": 10},
        0.05,
        {},
    ).frame
    assert [cell.strip() for cell in shown["Variable"]] == ["Staining", *labels]
    against = [f"{label} (vs {labels[0]})" for label in labels[1:]]
    shown = tables.effects_table(read["univariable_effects"], codebook, 0.05, 0.95).frame
    assert [cell.strip() for cell in shown["Variable"]] == ["Staining", *against]
    shown = tables.multivariable_table(read["multivariable"], codebook, 10, 0.05, 0.95, {}).frame
    assert [cell.strip() for cell in shown["Variable"]] == ["Staining", *against, "Intercept"]
    by_score = [read[name] for name in ("by_score", "by_score_effects", "by_score_groups")]
    shown = tables.subanalysis_table(*by_score, codebook, "Title", "vbq", 0.05, 0.95).frame
    assert [cell.strip() for cell in shown["Variable"]] == ["Staining", *labels]
    differences = shown.iloc[:, 3].tolist()
    assert differences[1] == "reference"
    assert all("to" in cell or "–" in cell for cell in differences[2:])
