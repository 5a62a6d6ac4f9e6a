"""Every combination of the optional parts of a plan goes from the patients to the report and the figures."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import vbq.internal.validate as validate_module
from vbq.codebook import extended
from vbq.errors import INSTEAD
from vbq.internal.procedure import Procedure
from vbq.internal.validate import validate_internally
from vbq.render.figures.optimism import draw_optimism
from vbq.render.figures.study import draw_figures
from vbq.render.report.checklist import checklist
from vbq.render.report.manuscript import manuscript
from vbq.render.report.report import report
from vbq.render.report.results import Results
from vbq.render.tables.optimism import sentence
from vbq.render.writers.html import html_page
from vbq.run import read_as_printed, read_table, write_table
from vbq.scores.marker import Marker, reader_columns, with_marker
from vbq.stats.agreement import COLUMNS as AGREEMENT_COLUMNS
from vbq.stats.agreement import agreement
from vbq.stats.cutoff import choose_cutoffs, rules
from vbq.study.discrimination import assess_scores, compare_scores, roc_curves, scores_of
from vbq.study.multivariable import fit_outcome, selected_variables
from vbq.study.univariable import (
    compare_by_outcome,
    compare_by_score,
    effects_on_outcome,
    effects_on_score,
    summarize_by_outcome,
    summarize_score,
    with_tests_beside,
)

OUTCOME = "fracture"
MARKER = Marker()
CODEBOOK = with_marker(extended({OUTCOME: {"label": "Fracture", "kind": "binary"}}), MARKER)
SCORES = {
    "vbq": {"label": "VBQ", "variables": ["vbq"], "above": 3},
    "albumin": {"label": "Albumin", "variables": ["albumin"], "higher_risk": "low"},
    "vbq_high": {"label": "High", "variables": ["vbq_high"], "positive_from": 1},
    "sins_category": {"label": "SINS", "variables": ["sins_category"]},
    "combined": {"label": "Both", "variables": ["vbq_high", "sins_category"]},
    "absent": {"label": "Absent", "variables": ["kps"]},
}
DISCRIMINATION = {
    "none": None,
    "one continuous": {"scores": {"vbq": SCORES["vbq"]}},
    "two continuous": {"scores": {n: SCORES[n] for n in ("vbq", "albumin")}, "pairs": [["vbq", "albumin"]]},
    "dichotomous": {"scores": {"vbq_high": SCORES["vbq_high"]}},
    "levels": {"scores": {"sins_category": SCORES["sins_category"]}, "pairs": []},
    "combined": {"scores": {"combined": SCORES["combined"]}},
    "absent": {"scores": {"absent": SCORES["absent"]}},
    "all": {"scores": SCORES, "pairs": [["combined", "vbq_high"], ["vbq", "absent"]]},
}
UNIVARIABLE = {
    "tested": {"variables": ["age", "smoking", "vbq_high"]},
    "with exceptions": {
        "variables": ["age", "smoking", "steroids", "vbq"],
        "exceptions": {"age": "welch", "smoking": "fisher"},
        "described": [OUTCOME, "sins_category"],
    },
    "absent": {"variables": ["kps"]},
}
MULTIVARIABLE = {"none": None, "all": {"exclude": []}, "nobody": {"exclude": ["age", "smoking", "steroids"]}}
CUTOFF = {"score": "vbq", "way": "mean_midpoint_rounded", "sensitivity": 0.9}
SUBANALYSES = {
    "by_score": {"title": "By score", "score": "vbq", "variables": ["smoking", "age"]},
    "by_absent": {"title": "By nothing", "score": "vbq", "variables": ["kps"]},
}


def patients(n=60):
    rng = np.random.default_rng(7)
    fracture = (np.arange(n) % 3 == 0).astype(int)
    vbq = rng.normal(2.7 + 0.5 * fracture, 0.5).round(2)
    return pd.DataFrame(
        {
            OUTCOME: fracture,
            "age": rng.integers(40, 85, n) + 12.0 * fracture,
            "smoking": rng.choice(["never", "former", "current"], n),
            "steroids": rng.integers(0, 2, n),
            "albumin": rng.normal(3.8 - 0.5 * fracture, 0.4).round(1),
            "sins_category": rng.choice(["stable", "potentially_unstable", "unstable"], n),
            "vbq": vbq,
            "vbq_high": (vbq > 3).astype(int),
            "vbq_a": vbq,
            "vbq_b": (vbq + rng.normal(0, 0.1, n)).round(2),
        }
    )


def plan_of(univariable, multivariable, discrimination, has_cutoff, has_agreement, has_subanalyses):
    """A plan with these parts, as `configuration.read_plan` returns it."""
    plan = {
        "title": "Plan",
        "source": "Source",
        "outcome": {"variable": OUTCOME, "groups": {0: "Without", 1: "With"}},
        "alpha": 0.05,
        "confidence": 0.95,
        "univariable": {"categorical_test": "likelihood_ratio", "continuous_test": "ols"}
        | UNIVARIABLE[univariable],
    }
    excluded = MULTIVARIABLE[multivariable]
    tested = plan["univariable"]["variables"]
    parts = {
        "multivariable": excluded and {"exclude": [n for n in excluded["exclude"] if n in tested]},
        "discrimination": DISCRIMINATION[discrimination],
        "cutoff": CUTOFF if has_cutoff else None,
        "agreement": has_agreement or None,
        "marker": {"name": "vbq"} if has_agreement else None,
        "subanalyses": SUBANALYSES if has_subanalyses else None,
    }
    return plan | {name: part for name, part in parts.items() if part is not None}


def tables_of(cohort, plan, folder):
    """What the scripts of the workflow make for a plan, written and read again."""
    univariable = plan["univariable"]
    tested = [name for name in univariable["variables"] if name in cohort]
    described = [name for name in univariable.get("described", []) if name in cohort]
    named = {key: univariable.get(key) for key in ("categorical_test", "continuous_test", "exceptions")}
    tests = compare_by_outcome(cohort, OUTCOME, tested, CODEBOOK, **named)
    made = {
        "flow": pd.DataFrame([("rows", 60, 0, "")], columns=["step", "n", "excluded", "reason"]),
        "univariable": tests,
        "univariable_effects": with_tests_beside(
            effects_on_outcome(cohort, OUTCOME, tested, CODEBOOK), tests
        ),
        "univariable_groups": summarize_by_outcome(cohort, OUTCOME, tested + described, CODEBOOK),
    }
    if "multivariable" in plan:
        selected = selected_variables(tests, plan["multivariable"]["exclude"], plan["alpha"])
        made["multivariable"] = fit_outcome(cohort, OUTCOME, selected, CODEBOOK)
    if "discrimination" in plan:
        scores, pairs = scores_of(plan["discrimination"], cohort.columns)
        made["discrimination"] = assess_scores(cohort, OUTCOME, scores, CODEBOOK)
        made["discrimination_pairs"] = compare_scores(cohort, OUTCOME, scores, pairs, CODEBOOK)
        made["roc"] = roc_curves(cohort, OUTCOME, scores, CODEBOOK)
    if "cutoff" in plan:
        made["cutoff"] = choose_cutoffs(cohort[OUTCOME], cohort["vbq"], rules(0.9), 10, 1)
        made["cutoff"].insert(0, "score", "vbq")
    if "agreement" in plan:
        readers = reader_columns(cohort.columns, MARKER, CODEBOOK)
        few = len(readers) < 2
        made["agreement"] = pd.DataFrame(columns=AGREEMENT_COLUMNS) if few else agreement(cohort[readers])
    for name, part in plan.get("subanalyses", {}).items():
        variables = [one for one in part["variables"] if one in cohort]
        made[name] = compare_by_score(cohort, "vbq", variables, CODEBOOK)
        made[f"{name}_effects"] = effects_on_score(cohort, "vbq", variables, CODEBOOK)
        made[f"{name}_groups"] = summarize_score(cohort, "vbq", variables, CODEBOOK)
    made |= validate_internally(Procedure(cohort, plan, CODEBOOK, MARKER), 4, 1, 0.95)
    assert isinstance(sentence(made["optimism"]), str)
    for name, table in made.items():
        write_table(table, str(folder / f"{name}.csv"), "cohort", "made up")
    return {name: read_table(folder / f"{name}.csv") for name in made}


COMBINATIONS = [
    *product(UNIVARIABLE, MULTIVARIABLE, DISCRIMINATION, [False], [False], [False]),
    *product(["tested"], ["none"], DISCRIMINATION, [True, False], [True, False], [True, False]),
]


@pytest.fixture(autouse=True)
def few_repetitions(monkeypatch):
    monkeypatch.setattr(validate_module, "REPETITIONS", 2)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("parts", dict.fromkeys(COMBINATIONS), ids=str)
def test_every_combination_has_a_report(tmp_path, caplog, parts):
    cohort, plan = patients(), plan_of(*parts)
    tables = tables_of(cohort, plan, tmp_path)
    tables["ingest"] = pd.DataFrame(
        columns=["file", "row", "column", "value", "rule", "severity", "action"], dtype=str
    )
    results = Results(
        spec={
            "title": "Title",
            "role": "development",
            "provenance": "made up",
            "plan": "config/plans/x.yaml",
            "patients": {"file": "patients.csv", "id": "id", "columns": {}},
        },
        plan=plan,
        codebook=CODEBOOK,
        tables=tables,
        group_sizes={"0": 40, "1": 20},
        figures={},
        rows={name: read_as_printed(tmp_path / f"{name}.csv") for name in tables if name != "ingest"},
    )
    document = report(results)
    assert "Table 1" in html_page(document) or parts[0] == "absent"
    assert INSTEAD not in html_page(document)
    manuscript(document)
    assert len(checklist(results))
    if parts[0] != "tested":  # the figures do not depend on it
        return
    labels = dict(zip(tables["optimism"]["model"], tables["optimism"]["label"], strict=True))
    drawn = [drawing.name for drawing in draw_figures(cohort, tables, plan, CODEBOOK, "source")]
    drawn += [drawing.name for drawing in draw_optimism(tables, labels, CODEBOOK, 0.05, "source")]
    assert "participant_flow" in drawn
    assert not any(record.levelname == "ERROR" for record in caplog.records)
