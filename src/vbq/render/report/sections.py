"""The sections of a cohort's report.

A section is a function from `Results` to a `Section`, or to None where there is nothing to show: the plan
did not ask for it, or the cohort lacks what it needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from vbq.errors import INSTEAD, part_of_a_document
from vbq.published.compare import sentence, summary
from vbq.render import numbers as text
from vbq.render.comparison import comparison_table, disagreements_table
from vbq.render.document import Picture, Section
from vbq.render.figures.pictures import picture_of
from vbq.render.labels import term_label
from vbq.render.pages.audit import finding_entries
from vbq.render.pages.audit import verdict as verdict_of_audit
from vbq.render.report.checklist import checklist, checklist_section
from vbq.render.report.methods import limits, methods, references
from vbq.render.report.record import record
from vbq.render.report.results import Results
from vbq.render.report.validation import validation_sections
from vbq.render.tables import optimism as internal
from vbq.render.tables import scores as score_tables
from vbq.render.tables import study as display

NO_SECTION = "not-made-"  # before the name of a section that could not be made, as its anchor


def picture(results: Results, name: str, caption: str, alt: str, number: str = "") -> list[Picture]:
    """Return a figure, or nothing where it was not drawn."""
    if name not in results.figures:
        return []
    return [picture_of(results.figures[name], name, caption, alt, number)]


def participant_flow(results: Results) -> Section:
    """Who was left after each step."""
    flow = results.tables["flow"]
    table = display.flow_table(flow, results.codebook)
    left = [f"{step}: {n} left" for step, n in zip(table.frame["Step"], table.frame["Left"], strict=True)]
    alt = f"Diagram of the participant flow. {'; '.join(left)}."
    pictures = picture(results, "participant_flow", "Participants, from the rows read to the analysis.", alt)
    words = (
        "The rows begin with the patients whom the publication includes. Whom it screened and left out has "
        "no row here, so that no criterion excludes anybody."
    )
    text_of = (words,) if results.are_reconstructed else ()
    return Section("flow", "Participant flow", text_of, (table,), tuple(pictures))


def characteristics(results: Results) -> Section | None:
    """Table 1: every variable by outcome."""
    plan, groups = results.plan, results.table("univariable_groups")
    if groups is None:
        return None
    table = display.characteristics_table(
        results.tables["univariable"],
        groups,
        results.codebook,
        plan["outcome"]["variable"],
        results.group_names,
        results.group_sizes,
        plan["alpha"],
        results.printed("Table 1"),
    )
    if table.frame.empty:
        return None
    tables, words = [table], []
    effects = results.table("univariable_effects")
    if effects is not None:
        tables.append(display.effects_table(effects, results.codebook, plan["alpha"], plan["confidence"]))
        if results.are_reconstructed:
            words.append(
                "Unadjusted odds ratios of continuous variables depend on the spread within the groups, "
                "which is the reconstruction’s where the publication prints means alone."
            )
    return Section("table-1", "Table 1. Variables by outcome", tuple(words), tuple(tables))


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
    excluded = [
        results.codebook[name].label
        for name in results.tables["univariable"]["variable"]
        if name in plan["multivariable"]["exclude"]
    ]
    words = [
        f"Variables with p < {plan['alpha']:g} in the univariable step: {text.listed(selected)}."
        + (f" No candidates, by the plan: {text.listed(excluded)}." if excluded else "")
    ]
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
    assessed, plan, codebook = results.table("discrimination"), results.plan, results.codebook
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
    pairs = results.table("discrimination_pairs")
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
    groups = results.group_names
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
    chosen = results.table("cutoff")
    if chosen is None:
        return None
    table = score_tables.cutoff_table(chosen, results.codebook, results.plan["confidence"])
    return Section("cutoff", "Cut-off", tables=(table,))


def optimism(results: Results) -> Section | None:
    """What is left of the apparent performance, and how much depends on the sample."""
    corrected, plan = results.table("optimism"), results.plan
    if corrected is None:
        return None
    tables = [internal.optimism_table(corrected, plan["confidence"])]
    if (selection := results.table("optimism_selection")) is not None and "multivariable" in plan:
        tables.append(internal.selection_table(selection, results.codebook))
    if (chosen := results.table("optimism_cutoff")) is not None:
        tables.append(internal.cutoff_table(chosen))
    if (differences := results.table("optimism_differences")) is not None:
        tables.append(internal.differences_table(differences, corrected, plan["confidence"]))
    if (others := results.table("optimism_other_ways")) is not None:
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
    measured = results.table("agreement")
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
        replace(
            display.subanalysis_table(
                tests,
                results.tables[f"{name}_effects"],
                results.tables[f"{name}_groups"],
                results.codebook,
                plan["title"],
                plan["score"],
                results.plan["alpha"],
                results.plan["confidence"],
            ),
            sources=(name, f"{name}_effects", f"{name}_groups"),
        )
        for name, plan in results.plan.get("subanalyses", {}).items()
        if (tests := results.table(name)) is not None
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


def audit(results: Results) -> Section | None:
    """What the printed figures say about each other, without patient rows."""
    found = results.audit
    if found is None:
        return None
    words = (
        f"The printed figures by themselves: {verdict_of_audit(found)} Below are those that contradict each "
        "other or do not fit; audit.html has all of them, with what each follows from.",
    )
    entries = (*finding_entries(found, "contradiction"), *finding_entries(found, "unexplained"))
    return Section("audit", "Audit of the printed figures", words, entries=entries)


def tripod_ai(results: Results) -> Section:
    """The reporting checklist, as far as the run fills it."""
    return checklist_section(checklist(results))


STUDY: Sequence[Callable[[Results], Section | None]] = (
    participant_flow,
    characteristics,
    multivariable,
    discrimination,
    cutoffs,
    agreement,
    optimism,
    subanalyses,
    comparison,
    audit,
)
AROUND: Sequence[Callable[[Results], Section | None]] = (
    methods,
    limits,
    references,
    tripod_ai,
    remarks,
    record,
)


def report_sections(results: Results) -> tuple[Section, ...]:
    """Return every section that has something to show: the study, the validation, methods and limits."""
    validated = results.validation
    validation = (
        part_of_a_document(
            "validation", lambda: validation_sections(validated), lambda: (_not_made("validation"),)
        )
        if validated
        else ()
    )
    study, around = ([_made(make, results) for make in makers] for makers in (STUDY, AROUND))
    return tuple(section for section in [*study, *validation, *around] if section is not None)


def _made(make: Callable[[Results], Section | None], results: Results) -> Section | None:
    name = make.__name__
    return part_of_a_document(name, lambda: make(results), lambda: _not_made(name))


def _not_made(name: str) -> Section:
    return Section(f"{NO_SECTION}{name}", name.replace("_", " ").capitalize(), (INSTEAD,))
