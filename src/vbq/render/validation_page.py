"""The page of an external validation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vbq.render import numbers as text
from vbq.render import validation_tables as display
from vbq.render.document import Document, Entry, Finding, Section, Table
from vbq.render.html import html_page
from vbq.render.labels import defined_scores
from vbq.render.pictures import Picture, picture_of
from vbq.render.validation_sentences import Sentence, Validation, sentences, summary

SECTIONS = {
    "rules": "The rules under test",
    "comparability": "Comparability",
    "precision": "Precision: what this sample can show",
    "missing": "Missing data",
    "discrimination": "Discrimination",
    "calibration": "Calibration",
    "decision": "Clinical use",
    "subgroups": "Subgroups",
    "updating": "Updating",
}
FILES = {
    "validation/sentences.csv": "every sentence of this page, with the rows that it quotes",
    "validation/rules.csv": "the rules: what they need, what can be tested, what their source left out",
    "validation/case_mix.csv": "every variable in both cohorts, with standardized differences",
    "validation/distributions.csv": "scores and linear predictors in both cohorts",
    "validation/membership.csv": "how well the cohorts can be told apart",
    "validation/precision.csv": "expected interval widths, and the patients that the targets need",
    "validation/missingness.csv": "missing values by variable",
    "validation/missing_patterns.csv": "what is missing together",
    "validation/performance.csv": "every measure of every rule, with method and interval",
    "validation/pairs.csv": "differences between AUCs",
    "validation/terms.csv": "what each term of a rule adds, fitted here",
    "validation/patterns.csv": "calibration by pattern",
    "validation/curves.csv": "calibration curves",
    "validation/decision.csv": "decision curves",
    "validation/subgroups.csv": "performance in subgroups, and tests of interaction",
    "validation/updating.csv": "updated rules: performance, apparent and corrected",
    "validation/updated_rules.csv": "updated rules: coefficients",
    "validation/closed_test.csv": "the closed test of updates",
    "validation/figures/": "every figure as SVG and as PNG with 300 dpi",
    "report.html": "the analyses of the study in these patients",
}
RECONSTRUCTED = (
    "The rows of the other cohort are reconstructed from published summary statistics. Means and "
    "percentages are those printed; what depends on several variables at once - linear predictors, and "
    "how well the cohorts can be told apart - is a property of the reconstruction as well."
)
CAPTIONS = {
    "predictors": "Scores in both cohorts and in subgroups: median, quartiles, and the middle 90 %.",
    "auc": "AUC of each rule, and the published one.",
    "calibration_patterns": "Observed proportion by pattern, with its exact interval, by the rule's risk. "
    "On the dashed line both are the same; numbers are events and patients.",
    "decision": "Net benefit of treating by each rule, of treating all and of treating nobody.",
    "subgroups": "AUC in subgroups. The line is the AUC of all patients; numbers are events and patients.",
    "missing": "Missing values by variable, and which of the rules' variables are missing together.",
}


@dataclass(frozen=True)
class ValidationResults:
    """All that the page is made from.

    `figures` is SVG text by name, `spec` the cohort file, `definitions` what the cohort's scores are, by
    variable.
    """

    spec: Mapping[str, Any]
    validation: Validation
    figures: Mapping[str, str]
    development: str
    definitions: Mapping[str, str] = field(default_factory=dict)

    @property
    def level(self) -> str:
        """The confidence of the intervals, as text."""
        return text.confidence_level(self.validation.plan["confidence"])


def validation_page(results: ValidationResults) -> str:
    """Return the page as HTML text."""
    validation, spec = results.validation, results.spec
    told = sentences(validation)
    tables = {
        "rules": [display.rules_table(validation.tables["rules"])],
        "comparability": [
            display.case_mix_table(validation.tables["case_mix"], validation.codebook),
            display.distribution_table(validation.tables["distributions"]),
        ],
        "precision": [display.precision_table(validation)],
        "missing": [display.missing_table(validation.tables["missingness"])],
        "discrimination": [
            display.performance_table(validation, results.level),
            display.pairs_table(validation, results.level),
        ],
        "calibration": [display.patterns_table(validation, results.level)],
        "decision": [display.decision_table(validation, results.level)],
        "subgroups": [display.subgroups_table(validation, results.level), display.tests_table(validation)],
        "updating": [display.updating_table(validation, results.level), display.models_table(validation)],
    }
    document = Document(
        title=f"External validation: {spec['title']}",
        provenance=spec["provenance"],
        facts=_facts(results),
        findings=(Finding(summary(validation), "discrimination"),),
        sections=tuple(_section(results, topic, told, tables[topic]) for topic in SECTIONS),
        reading=(
            f"Intervals in brackets have a confidence of {results.level}. Every sentence names the rows "
            "that it quotes; the files have every digit, the method and the interval in the same row. A "
            "complete-case analysis of a rule has the patients with all of its variables, so that n "
            "differs between rules."
        ),
        files=FILES,
    )
    return html_page(document)


def _facts(results: ValidationResults) -> dict[str, str]:
    spec, plan = results.spec, results.validation.plan
    outcome = results.validation.codebook[plan["outcome"]["variable"]]
    facts = {
        "Rows": spec["provenance"],
        "Rules": "; ".join(results.validation.labels.values()),
        "Outcome": outcome.label,
        **defined_scores(results.definitions, results.validation.codebook),
        "Analysis plan": f"{plan['title']} ({spec['plan']})",
    }
    if results.development:
        facts["Compared with"] = results.development
    return facts


def _section(results: ValidationResults, topic: str, told: list[Sentence], tables: list[Table]) -> Section:
    entries = tuple(
        Entry(f"{topic}-{i}", sentence.sentence, {"Quotes": f"validation/{sentence.rows}"})
        for i, sentence in enumerate(told, 1)
        if sentence.topic == topic
    )
    shown = tuple(table for table in tables if not table.frame.empty)
    text_of = (RECONSTRUCTED,) if topic == "comparability" and "reconstructed" in results.development else ()
    pictures = tuple(_pictures(results, topic))
    return Section(topic, SECTIONS[topic], text_of, shown, pictures, entries)


def _pictures(results: ValidationResults, topic: str) -> list[Picture]:
    names = {
        "comparability": ["predictors"],
        "missing": ["missing"],
        "discrimination": ["auc"],
        "calibration": sorted(name for name in results.figures if name.startswith("calibration_")),
        "decision": ["decision"],
        "subgroups": ["subgroups"],
    }.get(topic, [])
    pictures = []
    for name in names:
        if name in results.figures:
            rule = name.removeprefix("calibration_")
            caption = CAPTIONS.get(name)
            if caption is None:
                caption = (
                    f"Calibration curve of {results.validation.labels[rule]}: restricted cubic spline with "
                    f"its pointwise {results.level} band."
                )
            alt = f"{caption} The numbers are those of the tables beside it."
            pictures.append(
                picture_of(results.figures[name], name, caption, alt, folder="validation/figures")
            )
    return pictures
