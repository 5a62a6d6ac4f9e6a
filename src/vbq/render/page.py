"""The report of one cohort.

A section is a function from `Results` to a `Section`, or to None where there is nothing to show: the plan
did not ask for it, or the cohort lacks what it needs. `SECTIONS` is their order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.paths import named_files
from vbq.published.compare import sentence, summary
from vbq.render import numbers as text
from vbq.render import optimism as internal
from vbq.render import score_tables
from vbq.render import tables as display
from vbq.render.comparison import DIFFERS, Printed, comparison_table, disagreements_table, printed_figures
from vbq.render.document import Document, Finding, Section
from vbq.render.html import html_page
from vbq.render.labels import defined_scores, term_label
from vbq.render.pictures import Picture, picture_of

FEW = 10  # patients in an outcome group, below which estimates are worth little
FILES = {
    "cohort.parquet": "the patients in the analysis, with their scores",
    "flow.csv": "the participant flow",
    "ingest.csv": "remarks on the input",
    "univariable.csv": "every variable against the outcome, with all tests",
    "univariable_groups.csv": "every variable in each outcome group",
    "multivariable.csv": "the logistic regression",
    "discrimination.csv": "sensitivity, specificity and AUC of the scores",
    "discrimination_pairs.csv": "differences between AUCs",
    "roc.csv": "every point of the ROC curves",
    "cutoff.csv": "cut-offs",
    "agreement.csv": "agreement between readers",
    "optimism.csv": "every index of every model: apparent, optimism, corrected",
    "optimism_selection.csv": "how often resamples select each variable",
    "optimism_paths.csv": "the same at other levels of significance",
    "optimism_cutoff.csv": "the cut-offs that resamples choose",
    "optimism_instability.csv": "each patient's risk in the resamples",
    "optimism_replicates.csv": "what became of the resamples",
    "optimism_differences.csv": "differences between AUCs, bootstrapped",
    "optimism_other_ways.csv": "cross-validation and permutation test",
    "published.csv": "every printed figure beside the recomputed one",
}


@dataclass(frozen=True)
class Results:
    """All that the report of a cohort is made from.

    `spec` is its cohort file and `plan` its analysis plan; `tables` has the tidy tables by name
    (`published` and `ingest` as text), `group_sizes` the patients without ("0") and with ("1") the
    outcome, `figures` the SVG text by name, `definitions` what the cohort's scores are, by variable.
    """

    spec: Mapping[str, Any]
    plan: Mapping[str, Any]
    codebook: Mapping[str, Variable]
    tables: Mapping[str, pd.DataFrame]
    group_sizes: Mapping[str, int]
    figures: Mapping[str, str]
    definitions: Mapping[str, str] = field(default_factory=dict)

    @property
    def level(self) -> str:
        """The confidence of the intervals, as text."""
        return text.confidence_level(self.plan["confidence"])

    @property
    def n_patients(self) -> int:
        """The patients in the analysis."""
        return sum(self.group_sizes.values())

    @property
    def is_validated(self) -> bool:
        """Whether rules made elsewhere are validated in this cohort."""
        return self.spec["role"] == "validation" and "validation" in self.plan

    @property
    def are_reconstructed(self) -> bool:
        """Whether the rows are made from a publication's summary statistics, as the cohort file says."""
        return str(self.spec["provenance"]).startswith("reconstructed")

    def rows(self, name: str) -> pd.DataFrame | None:
        """A tidy table, or None where the plan did not ask for it or the cohort gave it no rows."""
        table = self.tables.get(name)
        return None if table is None or table.empty else table

    def printed(self, part: str) -> Printed:
        """What a part of the publication prints, by address; nothing without a publication."""
        if "published" not in self.tables:
            return {}
        return printed_figures(self.tables["published"], part)


def report_page(results: Results) -> str:
    """Return the page as HTML text."""
    published = results.tables.get("published")
    document = Document(
        title=results.spec["title"],
        provenance=results.spec["provenance"],
        facts=_facts(results),
        findings=() if published is None else (Finding(sentence(summary(published)), "comparison"),),
        sections=tuple(section for make in SECTIONS if (section := make(results))),
        reading=_reading(results),
        files=_files(results),
    )
    return html_page(document)


def _reading(results: Results) -> str:
    """Say how to read the page."""
    words = (
        f"Intervals in brackets have a confidence of {results.level}. Numbers are rounded here and nowhere "
        "else: the files beside this page have every digit, one statistic a column, with the test, the "
        "method of the interval and the number of patients in the same row."
    )
    if "published" in results.tables:
        words += (
            f" Where the publication prints a number it stands in a column of its own, and {DIFFERS} marks "
            "one that does not reproduce."
        )
    return words


def _files(results: Results) -> dict[str, str]:
    """Say what is in each file beside the page."""
    described = dict(FILES)
    for name, plan in results.plan.get("subanalyses", {}).items():
        described[f"{name}.csv"] = plan["title"]
        described[f"{name}_groups.csv"] = f"{plan['title']}: means"
    tables = {f"{name}.csv": table for name, table in results.tables.items()}
    found = {
        file: f"{words} (no rows)" if file in tables and tables[file].empty else words
        for file, words in described.items()
        if file in tables or not file.endswith(".csv")
    }
    if "published" in results.spec:
        audit = f"../{Path(results.spec['published']).name}/audit.html"
        found[audit] = "what the printed figures say about each other, without patient rows"
    if results.is_validated:
        found["validation.html"] = "the external validation of the published rules in these patients"
    found["figures/"] = "every figure as SVG and as PNG with 300 dpi"
    found["run.yaml"] = "what was run: commit, configuration, checksums of the input, versions, seed"
    return found


def _facts(results: Results) -> dict[str, str]:
    """What was run on which rows."""
    spec, plan, sizes = results.spec, results.plan, results.group_sizes
    outcome, groups = results.codebook[plan["outcome"]["variable"]], _group_names(plan)
    n = results.n_patients
    percent = text.fixed(100 * sizes["1"] / n, 1)
    return {
        "Rows": spec["provenance"],
        "Files": text.listed(named_files(spec)),
        "Patients": f"{n} in the analysis",
        "Outcome": f"{outcome.label}: {sizes['1']} with it ({groups['1']}; {percent} %), "
        f"{sizes['0']} without ({groups['0']})",
        **_caution(sizes),
        **defined_scores(results.definitions, results.codebook),
        "Analysis plan": f"{plan['title']} ({spec['plan']})",
        "Source": plan["source"],
        "Role of the cohort": spec["role"],
    }


def _caution(sizes: Mapping[str, int]) -> dict[str, str]:
    few = [
        f"{size} patient{'' if size == 1 else 's'} {words} the outcome"
        for size, words in ((sizes["1"], "with"), (sizes["0"], "without"))
        if size < FEW
    ]
    return {"Caution": f"{text.listed(few)}: every estimate below is very uncertain"} if few else {}


def _group_names(plan: Mapping[str, Any]) -> dict[str, str]:
    return {str(group): str(name) for group, name in plan["outcome"]["groups"].items()}


def picture(results: Results, name: str, caption: str, alt: str, number: str = "") -> list[Picture]:
    """Return a figure, or nothing where it was not drawn."""
    if name not in results.figures:
        return []
    return [picture_of(results.figures[name], name, caption, alt, number)]


def participant_flow(results: Results) -> Section:
    """Who was left after each step."""
    table = display.flow_table(results.tables["flow"], results.codebook)
    return Section("flow", "Participant flow", tables=(table,))


def characteristics(results: Results) -> Section | None:
    """Table 1: every variable by outcome."""
    plan, groups = results.plan, results.rows("univariable_groups")
    if groups is None:
        return None
    table = display.characteristics_table(
        results.tables["univariable"],
        groups,
        results.codebook,
        plan["outcome"]["variable"],
        _group_names(plan),
        results.group_sizes,
        plan["alpha"],
        results.printed("Table 1"),
    )
    if table.frame.empty:
        return None
    return Section("table-1", "Table 1. Variables by outcome", tables=(table,))


def multivariable(results: Results) -> Section | None:
    """Table 2 with its forest plot."""
    fitted = results.tables.get("multivariable")
    if fitted is None:
        return None
    title = "Table 2. Multivariable regression"
    if fitted.empty:
        nothing = (
            f"No variable that may enter the regression had p < {results.plan['alpha']:g} in the univariable "
            "step, so there is none."
        )
        return Section("table-2", title, (nothing,))
    plan = results.plan
    table = display.multivariable_table(
        fitted,
        results.codebook,
        results.n_patients,
        plan["alpha"],
        plan["confidence"],
        results.printed("Table 2"),
    )
    selected = [results.codebook[name].label for name in dict.fromkeys(fitted["variable"]) if name]
    words = [f"Variables with p < {plan['alpha']:g} in the univariable step: {text.listed(selected)}."]
    if display.uses_penalty(fitted["p_method"]).any():
        words.append(
            "The outcome is separated by these variables: some combination of them tells patients with it "
            "from those without it, in whole or in part, so that maximum-likelihood estimates are infinite. "
            "Firth’s penalized likelihood was used for every number of the table."
        )
    caption = (
        f"Odds ratios of the multivariable regression, each with its {results.level} confidence interval."
    )
    odds_ratios = [
        f"{term_label(row, fitted, results.codebook).strip()} {display.ratio_with_interval(row)}"
        for row in fitted.to_dict("records")
        if not text.missing(row["odds_ratio"])
    ]
    alt = f"Forest plot of odds ratios with {results.level} confidence intervals: {'; '.join(odds_ratios)}."
    pictures = picture(results, "forest_odds_ratios", caption, alt)
    return Section("table-2", title, tuple(words), (table,), tuple(pictures))


def discrimination(results: Results) -> Section | None:
    """Table 3 with the ROC curves and the scores by outcome."""
    assessed, plan, codebook = results.rows("discrimination"), results.plan, results.codebook
    if assessed is None:
        return None
    alpha, confidence, scores = plan["alpha"], plan["confidence"], plan["discrimination"]["scores"]
    tables = [
        score_tables.discrimination_table(
            assessed,
            scores,
            codebook,
            results.n_patients,
            alpha,
            confidence,
            results.printed("Table 3"),
        ),
        score_tables.classification_table(assessed, scores, codebook, confidence),
    ]
    pairs = results.rows("discrimination_pairs")
    if pairs is not None:
        tables.append(score_tables.auc_differences_table(pairs, assessed, alpha, confidence))
    combined = any(len(scores[name]["variables"]) > 1 for name in assessed["score"])
    words = (
        "Scores of several variables are combined by logistic regression in these same patients: their AUC "
        "is apparent, and tends to be too high.",
    )
    return Section(
        "table-3",
        "Table 3. Discrimination",
        text=words if combined else (),
        tables=tuple(table for table in tables if not table.frame.empty),
        pictures=(*_roc_pictures(results, assessed), *_outcome_pictures(results)),
    )


def _roc_pictures(results: Results, assessed: pd.DataFrame) -> list[Picture]:
    rows = {row["score"]: row for row in assessed.to_dict("records")}
    aucs = {
        score: f"{row['label']} {text.estimate(row['auc'], row['auc_low'], row['auc_high'], 2)}"
        for score, row in rows.items()
    }
    pictures = []
    for number, score in results.plan.get("figures", {}).items():
        if score not in rows:
            continue
        caption = (
            f"ROC curve of {rows[score]['label']}; AUC with its {results.level} confidence interval, "
            f"{text.count(rows[score]['n'])} patients."
        )
        alt = f"ROC curve, sensitivity against 1 − specificity. AUC of {aucs[score]}."
        pictures += picture(results, f"roc_{score}", caption, alt, number)
    caption = f"ROC curves of all scores; AUC with its {results.level} confidence interval."
    alt = f"ROC curves of {len(rows)} scores in one plot. AUC: {'; '.join(aucs.values())}."
    return pictures + picture(results, "roc_comparison", caption, alt)


def _outcome_pictures(results: Results) -> list[Picture]:
    groups = _group_names(results.plan)
    pictures = {}
    for score in results.plan["discrimination"]["scores"].values():
        variable = results.codebook[score["variables"][0]]
        caption = (
            f"{variable.label} by outcome ({groups['0']}, {groups['1']}): every patient, median and quartiles"
        )
        caption += "; the dashed line is the cut-off." if "above" in score else "."
        if results.are_reconstructed:
            caption += " The spread of points within a group is the reconstruction’s, not the patients’."
        alt = f"{variable.label} of every patient in two columns, {groups['0']} and {groups['1']}."
        if len(score["variables"]) == 1:
            pictures[variable.name] = picture(results, f"{variable.name}_by_outcome", caption, alt)
    return [drawn for found in pictures.values() for drawn in found]


def cutoffs(results: Results) -> Section | None:
    """The ways to choose a cut-off."""
    chosen = results.rows("cutoff")
    if chosen is None:
        return None
    table = score_tables.cutoff_table(chosen, results.codebook, results.plan["confidence"])
    return Section("cutoff", "Cut-off", tables=(table,))


def optimism(results: Results) -> Section | None:
    """What is left of the apparent performance, and how much depends on the sample."""
    corrected, plan = results.rows("optimism"), results.plan
    if corrected is None:
        return None
    tables = [internal.optimism_table(corrected, plan["confidence"])]
    if (selection := results.rows("optimism_selection")) is not None and "multivariable" in plan:
        tables.append(internal.selection_table(selection, results.codebook))
    if (chosen := results.rows("optimism_cutoff")) is not None:
        tables.append(internal.cutoff_table(chosen))
    if (differences := results.rows("optimism_differences")) is not None:
        tables.append(internal.differences_table(differences, corrected, plan["confidence"]))
    if (others := results.rows("optimism_other_ways")) is not None:
        tables.append(internal.other_ways_table(others))
    words = [
        internal.sentence(corrected),
        "The performance above is apparent: cut-off, variables and coefficients were chosen in the patients "
        "in whom they are assessed. Here everything is repeated in each resample: the derivation of the "
        "cut-off, the univariable screening, the selection, the regression and the combined score.",
        *internal.replicates_words(results.tables["optimism_replicates"]),
    ]
    if results.are_reconstructed:
        words.append(
            "The rows are reconstructed. What depends on more than the printed tables, such as the "
            "regression and how often a variable is selected, is a property of the reconstruction, not of "
            "the patients."
        )
    labels = dict(zip(corrected["model"], corrected["label"], strict=True))
    pictures = []
    for model in results.tables["optimism_instability"]["model"].unique():
        caption = (
            f"Instability of the risks by {labels[model]}: each patient’s risk from all patients against the "
            "risks from resamples (median and middle 95 %)."
        )
        pictures += picture(results, f"instability_{model}", caption, caption)
    caption = (
        "Stability paths: how often resamples select each variable, by the level of significance of the "
        "univariable step."
    )
    pictures += picture(results, "stability_paths", caption, f"{caption} The values are in the table.")
    caption = "How often resamples choose each cut-off."
    pictures += picture(results, "cutoff_resampled", caption, f"{caption} The values are in the table.")
    title = "Internal validation: after optimism"
    shown = tuple(table for table in tables if not table.frame.empty)
    return Section("optimism", title, tuple(filter(None, words)), shown, tuple(pictures))


def agreement(results: Results) -> Section | None:
    """Agreement between readers, with the Bland-Altman plots."""
    measured = results.rows("agreement")
    if measured is None:
        return None
    table = display.agreement_table(measured, results.plan["marker"]["name"], results.plan["confidence"])
    pictures = []
    for name in sorted(name for name in results.figures if name.startswith("bland_altman")):
        caption = (
            "Bland-Altman plot: difference between two readers against their mean, with bias and 95 % "
            f"limits of agreement; bands are their {results.level} confidence intervals."
        )
        pictures += picture(results, name, caption, f"{caption} The values are those of the table.")
    return Section("agreement", "Agreement between readers", tables=(table,), pictures=tuple(pictures))


def subanalyses(results: Results) -> Section | None:
    """The tables of a score by other variables."""
    tables = tuple(
        display.subanalysis_table(
            tests,
            results.tables[f"{name}_groups"],
            results.codebook,
            plan["title"],
            plan["score"],
            results.plan["alpha"],
        )
        for name, plan in results.plan.get("subanalyses", {}).items()
        if (tests := results.rows(name)) is not None
    )
    caution = (
        "The rows are reconstructed. What the publication does not print is a property of the "
        "reconstruction and says nothing about the patients: here that is everything with no printed figure "
        "in the comparison below."
    )
    words = (caution,) if results.are_reconstructed else ()
    return Section("subanalyses", "Subanalyses", words, tables) if tables else None


def comparison(results: Results) -> Section | None:
    """Every printed figure beside the recomputed one."""
    published = results.tables.get("published")
    if published is None:
        return None
    differing = disagreements_table(published)
    tables = (() if differing.frame.empty else (differing,)) + (comparison_table(published),)
    words = (
        sentence(summary(published)),
        "A recomputed figure agrees where it rounds to the printed one at the printed decimals, or lies on "
        "the printed side of a bound.",
    )
    return Section("comparison", "Comparison with the publication", words, tables)


def remarks(results: Results) -> Section | None:
    """What was noticed about the input."""
    found = results.tables["ingest"]
    if found.empty:
        return None
    return Section("remarks", "Remarks on the input", tables=(display.remarks_table(found),))


SECTIONS: Sequence[Callable[[Results], Section | None]] = (
    participant_flow,
    characteristics,
    multivariable,
    discrimination,
    cutoffs,
    optimism,
    agreement,
    subanalyses,
    comparison,
    remarks,
)
