"""The report of one cohort, as a document that is written as a page, a PDF and Word tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vbq.errors import INSTEAD, part_of_a_document
from vbq.headlines import DOCUMENTS
from vbq.paths import named_files
from vbq.render import numbers as text
from vbq.render.comparison import DIFFERS
from vbq.render.document import Document, Finding
from vbq.render.labels import defined_scores
from vbq.render.report.findings import findings
from vbq.render.report.results import Results
from vbq.render.report.sections import NO_SECTION, report_sections
from vbq.render.report.validation import FILES as VALIDATION_FILES
from vbq.render.report.validation import validation_facts

PAGE = "report.html"  # which says nothing of itself
FEW = 10  # patients in an outcome group, below which estimates are worth little
FILES = {
    "cohort.parquet": "the patients in the analysis, with their scores",
    "flow.csv": "the participant flow",
    "ingest.csv": "remarks on the input",
    "univariable.csv": "every variable against the outcome, with all tests",
    "univariable_effects.csv": "the unadjusted odds ratio of every variable",
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


def report(results: Results) -> Document:
    """Return the report of a cohort."""
    sections = report_sections(results)
    return Document(
        title=results.spec["title"],
        provenance=results.spec["provenance"],
        facts=_facts(results),
        findings=_findings(results, [section.anchor for section in sections]),
        sections=sections,
        reading=_reading(results),
        files=_files(results),
        rows=results.rows,
    )


def _findings(results: Results, anchors: Sequence[str]) -> tuple[Finding, ...]:
    """Return what opens the page; where its section could not be made, it leads to what says so."""
    found = part_of_a_document("findings", lambda: findings(results), lambda: (Finding(INSTEAD, anchors[0]),))
    elsewhere = next((anchor for anchor in anchors if anchor.startswith(NO_SECTION)), "")
    return tuple(
        replace(finding, anchor=elsewhere) if elsewhere and finding.anchor not in anchors else finding
        for finding in found
    )


def _reading(results: Results) -> str:
    """Say how to read the page."""
    words = (
        f"Intervals in brackets are {results.level} confidence intervals, approximate where their table says "
        "so. Numbers are rounded here and nowhere else: the files beside this report have them with 12 "
        "significant digits, the test, the method of the interval and the number of patients."
    )
    if "published" in results.tables:
        words += (
            f" A number that the publication prints is in a column of its own, and {DIFFERS} marks "
            "one that does not reproduce."
        )
    return words


def _files(results: Results) -> dict[str, str]:
    """Say what is in each file beside the page."""
    described = dict(FILES)
    for name, plan in results.plan.get("subanalyses", {}).items():
        described[f"{name}.csv"] = plan["title"]
        described[f"{name}_effects.csv"] = f"{plan['title']}: differences and slopes"
        described[f"{name}_groups.csv"] = f"{plan['title']}: means"
    tables = {f"{name}.csv": table for name, table in results.tables.items()}
    found = {name: words for name, words in DOCUMENTS.items() if name in results.documents}
    found.pop(PAGE, None)
    found |= {
        file: f"{words} (no rows)" if file in tables and tables[file].empty else words
        for file, words in described.items()
        if file in tables or not file.endswith(".csv")
    }
    if "published" in results.spec:
        audit = f"../{Path(results.spec['published']).name}/audit.html"
        found[audit] = "what the printed figures say about each other, without patient rows"
    if results.validation:
        found |= VALIDATION_FILES
    found["figures/"] = DOCUMENTS["figures/"]
    found["run.yaml"] = "what was run: commit, configuration, checksums of input and results, versions, seed"
    return found


def _facts(results: Results) -> dict[str, str]:
    """What was run on which rows."""
    spec, plan, sizes, groups = results.spec, results.plan, results.group_sizes, results.group_names
    n = results.n_patients
    percent = text.fixed(100 * sizes["1"] / n, 1)
    return {
        "Rows": spec["provenance"],
        "Files": text.listed(named_files(spec)),
        "Patients": f"{n} in the analysis",
        "Outcome": f"{results.outcome.label}: {sizes['1']} with it ({groups['1']}; {percent} %), "
        f"{sizes['0']} without ({groups['0']})",
        **_caution(sizes),
        **defined_scores(results.definitions, results.codebook),
        "Analysis plan": f"{plan['title']} ({spec['plan']})",
        "Source": plan["source"],
        "Role of the cohort": spec["role"],
        **(validation_facts(results.validation) if results.validation else {}),
    }


def _caution(sizes: Mapping[str, int]) -> dict[str, str]:
    few = [
        f"{size} patient{'' if size == 1 else 's'} {words} the outcome"
        for size, words in ((sizes["1"], "with"), (sizes["0"], "without"))
        if size < FEW
    ]
    return {"Caution": f"{text.listed(few)}: every estimate below is very uncertain"} if few else {}
