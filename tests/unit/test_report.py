"""What a report says in words: findings, methods, limits, checklist and record are those of the run."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from test_page import FILLED, LARGER_PLAN, MULTIVARIABLE, NEEDED, results

from vbq.render.report import methods as prose
from vbq.render.report.checklist import ANSWERS, OPEN, checklist, items
from vbq.render.report.findings import findings
from vbq.render.report.report import report
from vbq.render.report.validation import ValidationResults

# The items of ../shared/reference that do not apply to an evaluation, and those that apply to nothing else.
DEVELOPMENT_ONLY = {"9a", "12a", "12b", "12c", "15", "22", "27a", "27b"}
EVALUATION_ONLY = {"12f", "12g", "20c", "24"}
OPTIMISM = pd.DataFrame(
    [
        ("m", "Model", "auc", 0.9, 0.8, 0.7, 0.85, "bootstrap", 20),
        ("m", "Model", "brier", 0.1, 0.2, "", "", "", 20),
    ],
    columns=[
        *("model", "label", "index", "apparent", "corrected", "corrected_low", "corrected_high"),
        *("corrected_method", "replicates"),
    ],
).assign(optimism=0.1, estimate_632_plus=0.8, positive="", beyond_range="")
REPLICATES = pd.DataFrame(
    {"label": ["Model"], "replicates": [20], "separated": [0], "without_variables": [0]}
)
INTERNAL = {
    "optimism": OPTIMISM,
    "optimism_replicates": REPLICATES,
    "optimism_instability": pd.DataFrame({"model": ["m"]}),
}


def filled(**more):
    return results({**FILLED, **INTERNAL, **more}, **LARGER_PLAN)


def words_of(made):
    return " ".join(finding.text for finding in findings(made))


def test_findings_lead_to_sections_that_are_there():
    document = report(filled())
    anchors = {section.anchor for section in document.sections}
    assert len(document.findings) >= 4
    assert {finding.anchor for finding in document.findings} <= anchors


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("multivariable", "odds_ratio", 4.44, "odds ratio 4.44 ("),
        ("multivariable", "p_value", 0.0123, "p = 0.012"),
        ("discrimination", "auc", 0.777, "0.78 (0.10–1.00)"),
        ("optimism", "corrected", 0.666, "corrected 0.67 ("),
    ],
)
def test_numbers_of_findings_are_those_of_the_rows(table, column, value, said):
    significant = {"multivariable": MULTIVARIABLE.assign(p_value=0.01)}
    before = filled(**significant)
    changed = before.tables[table].assign(**{column: value})
    assert said not in words_of(before)
    assert said in words_of(filled(**{**significant, table: changed}))


def test_findings_of_little_are_few():
    made = replace(results(NEEDED), audit=None)
    assert [finding.anchor for finding in findings(made)] == ["flow", "table-1"]


def test_methods_name_the_tests_of_the_plan():
    plan = {"categorical_test": "pearson", "continuous_test": "welch", "exceptions": {"risk": "fisher"}}
    made = results(FILLED, **LARGER_PLAN, univariable={**plan, "variables": ["risk"]})
    told = " ".join(prose.methods(made).text)
    assert "by the Pearson χ² test and continuous ones by Welch’s t, but for" in told
    assert "(Fisher’s exact, by the plan)" in told
    made = replace(made, tables={**made.tables, "univariable": FILLED["univariable"].assign(p_pearson=0.01)})
    assert "by the Pearson χ² test, p = 0.0100, it would have been selected" in " ".join(
        prose.methods(made).text
    )


def test_methods_name_the_criteria_that_were_applied():
    rows = [("rows in patients.csv", 9, 0, ""), ("adult", 7, 2, "younger than 18 years")]
    rows += [("follow_up", 7, 0, "switched off in the cohort file"), ("outcome known", 5, 2, "missing")]
    flow = pd.DataFrame(rows, columns=["step", "n", "excluded", "reason"])
    told = prose.methods(filled(flow=flow)).text[0]
    assert ": Age 18 or older. A patient in whom a criterion is not known stays. Patients" in told
    assert "Follow-up" not in told
    assert checklist(filled(flow=flow)).set_index("item").loc["6b", "answer"] == (
        "Applied in this order: Age 18 or older."
    )


def test_methods_tell_of_the_penalty_only_where_it_was_used():
    penalized = MULTIVARIABLE.assign(p_method="penalized (Firth) likelihood ratio")
    assert "Firth 1993" not in " ".join(prose.methods(filled()).text)
    made = filled(multivariable=penalized)
    assert "Firth 1993" in " ".join(prose.methods(made).text)
    assert any(entry.startswith("Firth D.") for entry in prose.references(made).text)


def test_every_reference_can_be_cited_and_every_citation_is_listed():
    source = Path(prose.__file__).read_text("utf-8").partition("\n}\n")[2]
    source = re.sub(r'"\s+f?"', "", source)  # adjacent literals are one
    listed = Path(prose.__file__).read_text("utf-8")
    for words in prose.REFERENCES:
        assert (
            words in source or any(words in cited for cited in prose.CITED.values()) or words in TABLES_CITE
        )
    for words in re.findall(r"[A-Z]\w+ (?:and \w+ )?(?:19|20)\d\d", source):
        assert words in listed.partition("\n}\n")[0] or words == "BMJ 2024", words


TABLES_CITE = {"Shrout and Fleiss 1979", "Carkeet 2015"}  # by the methods that they name


def test_limits_say_what_is_missing():
    univariable = FILLED["univariable"].assign(n_missing=0)
    assert "missing values. Outside" in " ".join(prose.limits(filled()).text)
    assert "missing values. Outside" not in " ".join(prose.limits(filled(univariable=univariable)).text)


def test_the_checklist_has_every_item_that_applies():
    assert len(items()) == 52
    numbers = set(checklist(filled())["item"])
    assert numbers == set(items()) - EVALUATION_ONLY
    assert {number for number, item in items().items() if item["for"] == "development"} == DEVELOPMENT_ONLY
    assert {number for number, item in items().items() if item["for"] == "evaluation"} == EVALUATION_ONLY


def test_the_checklist_says_where_the_team_must_write():
    made = checklist(filled()).set_index("item")
    for item in ("1", "2", "3a", "5b", "8b", "17", "18a", "18b", "18c", "18d", "19", "25", "27c"):
        assert item not in ANSWERS
        assert made.loc[item, "status"] == OPEN
        assert made.loc[item, "evidence"] == ""
    assert (made.loc[made["status"] != OPEN, "evidence"] != "").all()


def test_evidence_of_the_checklist_is_there():
    document = report(filled())
    anchors = {section.anchor for section in document.sections}
    evidence = " ".join(checklist(filled())["evidence"])
    assert set(re.findall(r"report\.html#([\w-]+)", evidence)) <= anchors
    assert set(re.findall(r"[\w/]+\.csv", evidence)) <= set(document.files)


def test_the_flow_of_the_checklist_adds_up():
    flow = pd.DataFrame(
        [("rows in patients.csv", 9, 0, ""), ("adult", 7, 2, "younger"), ("outcome known", 5, 2, "missing")],
        columns=["step", "n", "excluded", "reason"],
    )
    answer = checklist(filled(flow=flow)).set_index("item").loc["20a", "answer"]
    assert answer.startswith(
        "9 read; 2 excluded (younger); 2 excluded (missing); 5 analyzed, 2 with and 3 without"
    )


def test_a_validation_answers_the_items_on_evaluation():
    validation = ValidationResults(SimpleNamespace(labels={}), {}, "")
    made = replace(
        filled(),
        validation=validation,
        plan={**filled().plan, "validation": {"subgroups": {"variables": []}}},
    )
    numbers = set(checklist(made)["item"])
    assert numbers == set(items()) - DEVELOPMENT_ONLY


def test_the_record_has_what_was_run():
    document = report(filled())
    record = next(section for section in document.sections if section.anchor == "record")
    rows = dict(record.tables[0].frame.itertuples(index=False))
    assert rows["Commit"].startswith("abc")
    assert rows["Seed"] == "1"
    assert rows["Duration"] == "5 s of computing in 2 steps, the longest draw_figures"
    assert any(name.startswith("Input data/") for name in rows)
