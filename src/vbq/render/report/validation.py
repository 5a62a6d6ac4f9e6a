"""The part of a report that is an external validation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vbq.render import numbers as text
from vbq.render.document import Entry, Picture, Section, Table
from vbq.render.figures.pictures import picture_of
from vbq.render.report.sentences import Sentence, sentences
from vbq.render.tables import validation as display
from vbq.render.tables.validation import Validation

TOPICS = {
    "rules": "the rules under test",
    "comparability": "comparability",
    "precision": "precision, or what this sample can show",
    "missing": "missing data",
    "discrimination": "discrimination",
    "calibration": "calibration",
    "decision": "clinical use",
    "subgroups": "subgroups",
    "updating": "updating",
}
FILES = {
    "validation/sentences.csv": "every sentence of the validation, with the rows that it quotes",
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
    "validation/figures/": "every figure as SVG, PDF and PNG, with its data as CSV",
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
    """All that this part is made from.

    `figures` is SVG text by name, `development` title and provenance of the cohort that is compared with,
    empty where there is none.
    """

    validation: Validation
    figures: Mapping[str, str]
    development: str

    @property
    def level(self) -> str:
        """The confidence of the intervals, as text."""
        return text.confidence_level(self.validation.plan["confidence"])


def validation_sections(results: ValidationResults) -> tuple[Section, ...]:
    """Return the part of a cohort's report that validates rules made elsewhere."""
    validation, level = results.validation, results.level
    told = sentences(validation)
    tables = {  # each with the tidy table that it shows
        "rules": [("rules", display.rules_table(validation.tables["rules"]))],
        "comparability": [
            ("case_mix", display.case_mix_table(validation.tables["case_mix"], validation.codebook)),
            ("distributions", display.distribution_table(validation.tables["distributions"])),
        ],
        "precision": [("precision", display.precision_table(validation))],
        "missing": [("missingness", display.missing_table(validation.tables["missingness"]))],
        "discrimination": [
            ("performance", display.performance_table(validation, level)),
            ("pairs", display.pairs_table(validation, level)),
        ],
        "calibration": [("patterns", display.patterns_table(validation, level))],
        "decision": [("decision", display.decision_table(validation, level))],
        "subgroups": [
            ("subgroups", display.subgroups_table(validation, level)),
            ("subgroups", display.tests_table(validation)),
        ],
        "updating": [
            ("updating", display.updating_table(validation, level)),
            ("updated_rules", display.models_table(validation, level)),
        ],
    }
    return tuple(_section(results, topic, told, tables[topic]) for topic in TOPICS)


def validation_facts(results: ValidationResults) -> dict[str, str]:
    """Say which rules are validated, and what the cohort is compared with."""
    facts = {"Rules validated": "; ".join(results.validation.labels.values())}
    if results.development:
        facts["Compared with"] = results.development
    return facts


def _section(
    results: ValidationResults, topic: str, told: list[Sentence], tables: list[tuple[str, Table]]
) -> Section:
    entries = tuple(
        Entry(f"{topic}-{i}", sentence.sentence, {"Quotes": f"validation/{sentence.rows}"})
        for i, sentence in enumerate(told, 1)
        if sentence.topic == topic
    )
    shown = tuple(
        replace(table, sources=(f"validation/{name}",)) for name, table in tables if not table.frame.empty
    )
    text_of = (RECONSTRUCTED,) if topic == "comparability" and "reconstructed" in results.development else ()
    pictures = tuple(_pictures(results, topic))
    return Section(topic, f"External validation: {TOPICS[topic]}", text_of, shown, pictures, entries)


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
