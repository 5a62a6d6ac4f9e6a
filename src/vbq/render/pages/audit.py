"""The page of an audit: what the printed figures of a paper say about each other."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from vbq.published.audit.finding import SEVERITIES
from vbq.render import numbers as text
from vbq.render.document import Document, Entry, Finding, Picture, Section, Table
from vbq.render.figures.audit import SHOWN_TESTS
from vbq.render.figures.pictures import picture_of
from vbq.render.writers.html import html_page

FILES = {
    "audit.csv": "every finding",
    "audit_checks.csv": "every check, with the number of comparisons made",
    "audit_p_values.csv": "p-values of counts by every test, beside the printed ones",
    "audit_joint_tables.csv": "every joint table of two scores, with its combined rule",
    "audit_implied.csv": "numbers that the paper does not print and its figures imply",
    "audit_figures/": "the figures as SVG, PDF and PNG with 300 dpi, with their data as CSV",
}
HEADINGS = {
    "contradiction": "Contradictions",
    "unexplained": "Unexplained",
    "convention": "Conventions",
    "note": "Notes",
}
SHARES = (
    *("ppv", "npv", "accuracy", "sensitivity", "specificity", "auc"),
    *("expected_sensitivity", "expected_specificity", "expected_auc", "auc_of_continuous_score"),
)


@dataclass(frozen=True)
class AuditResults:
    """All that the page of an audit is made from.

    `tables` are those of results/<paper>/audit*.csv by name, findings as "audit"; `checksums` those of the
    transcription's files; `figures` the SVG text by name.
    """

    title: str
    provenance: str
    source: str
    n_figures: int
    tables: Mapping[str, pd.DataFrame]
    checksums: Mapping[str, str]
    figures: Mapping[str, str]


def audit_page(results: AuditResults) -> str:
    """Return the page as HTML text."""
    findings = results.tables["audit"]
    document = Document(
        title=f"Audit of the printed figures of {results.title}",
        provenance=results.provenance,
        facts=_facts(results),
        findings=(Finding(verdict(findings), "contradiction"),),
        sections=(*_finding_sections(findings), *_evidence_sections(results)),
        reading=(
            "A printed number stands for every number that rounds to it, ties in either direction. The "
            "files beside this page have every digit. A finding's id stays the same from run to run; the "
            "comparison of a re-run with the publication cites it."
        ),
        files=FILES,
    )
    return html_page(document)


def verdict(findings: pd.DataFrame) -> str:
    """Say in one sentence how many findings of each severity there are."""
    counts = findings["severity"].value_counts()
    words = {
        "contradiction": ("contradiction", "contradictions"),
        "unexplained": ("figure that does not fit", "figures that do not fit"),
        "convention": ("finding on methods", "findings on methods"),
        "note": ("note", "notes"),
    }
    parts = []
    for severity, (one, many) in words.items():
        n = int(counts.get(severity, 0))
        parts.append(f"{n} {one if n == 1 else many}")
    return f"{text.listed(parts)}."


def _facts(results: AuditResults) -> dict[str, str]:
    checks = results.tables["audit_checks"]
    return {
        "Publication": results.source,
        "Printed figures": f"{results.n_figures} transcribed",
        "Comparisons": f"{int(checks['tested'].sum()):,} by {len(checks)} checks, without patient rows",
        "Input": "; ".join(f"{name} (SHA-256 {digest[:12]}…)" for name, digest in results.checksums.items()),
    }


def finding_entries(findings: pd.DataFrame, severity: str) -> tuple[Entry, ...]:
    """Return the findings of a severity, each with its evidence and what follows."""
    details = {"Evidence": "evidence", "What follows": "consequence", "Where": "location", "Id": "id"}
    return tuple(
        Entry(row["id"], row["finding"], {name: row[key] for name, key in details.items() if row[key]})
        for row in findings[findings["severity"] == severity].to_dict("records")
    )


def _finding_sections(findings: pd.DataFrame) -> list[Section]:
    sections = []
    for severity, meaning in SEVERITIES.items():
        entries = finding_entries(findings, severity)
        words = f"{meaning[:1].upper()}{meaning[1:]}." if entries else "None."
        sections.append(Section(severity, HEADINGS[severity], (words,), entries=entries))
    return sections


def _evidence_sections(results: AuditResults) -> list[Section]:
    tables = results.tables
    sections = []
    if len(tables["audit_p_values"]):
        caption = (
            "How far the p-value of each test lies from the printed one. In gray, what rounds to the "
            "printed p-value: a test inside reproduces it. The axis is linear up to 0.001 and logarithmic "
            "beyond."
        )
        sections.append(
            Section(
                "p-values",
                "P-values of counts, printed and recomputed",
                tables=(_p_value_table(tables["audit_p_values"]),),
                pictures=_pictures(results, "p_values", caption),
            )
        )
    if len(tables["audit_joint_tables"]):
        sections.append(_joint_section(results))
    if len(tables["audit_implied"]):
        words = "Ranges are those that the rounding of the printed figures leaves, under the method named."
        implied = _implied_table(tables["audit_implied"])
        sections.append(Section("implied", "Numbers that the paper does not print", (words,), (implied,)))
    sections.append(Section("checks", "What was tested", tables=(_checks_table(tables["audit_checks"]),)))
    return sections


def _pictures(results: AuditResults, prefix: str, caption: str) -> tuple[Picture, ...]:
    return tuple(
        picture_of(svg, name, caption, caption, folder="audit_figures")
        for name, svg in sorted(results.figures.items())
        if name.startswith(prefix)
    )


def _p_value_table(p_values: pd.DataFrame) -> Table:
    """Show printed and recomputed p-values; bold where a test's rounds to the printed one."""
    rows, strong = [], set()
    for i, row in enumerate(p_values.to_dict("records")):
        printed = row["printed"] if row["relation"] == "=" else f"<{row['printed']}"
        cells = [row["label"], row["counts"], printed]
        for k, test in enumerate(SHOWN_TESTS):
            p = text.number(row[f"p_{test}"])
            cells.append(text.fixed(p, 5) if p >= 0.0001 else text.p_value(p))
            if row[f"fits_{test}"] == "yes":
                strong.add((i, 3 + k))
        rows.append(cells)
    columns = ["Variable", "Counts, without vs with", "Printed p", *SHOWN_TESTS.values()]
    notes = (
        "Counts: (without the outcome) vs (with it). Bold: rounds to the printed p-value, or lies below the "
        "printed bound. Yates’ correction is of 2 × 2 tables; larger ones have Pearson’s test there.",
    )
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    return Table("P-values of the printed counts", frame, notes, strong=frozenset(strong))


def _joint_section(results: AuditResults) -> Section:
    tables = results.tables["audit_joint_tables"]
    rows = []
    keys = ["first", "margins_first", "second", "margins_second", "model"]
    for (first, margins_first, second, margins_second, model), part in tables.groupby(keys, sort=False):
        fits = part["fits_printed_auc"] == "yes"
        rows.append(
            [
                f"{first}: {margins_first}; {second}: {margins_second}",
                str(model),
                text.count(len(part)),
                text.interval(part["auc"].min(), part["auc"].max(), 3),
                text.count(int(fits.sum())),
            ]
        )
    columns = ["Margins", "Model", "Joint tables", "AUC, lowest–highest", "Give the printed AUC"]
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    caption = (
        "How many joint tables give which AUC of the combined score, for each pair of printed margins and "
        "each model. In gray, what rounds to the printed AUC."
    )
    words = (
        "A joint table says how many patients have both scores positive, one of them, or neither, without "
        "and with the outcome. Every one that has the printed margins was fitted by logistic regression."
    )
    table = Table("Joint tables that fit the printed margins", frame)
    pictures = _pictures(results, "combined_auc", caption)
    return Section("joint-tables", "The combined score", (words,), (table,), pictures)


def _implied_table(implied: pd.DataFrame) -> Table:
    rows = []
    for row in implied.to_dict("records"):
        low, high = text.number(row["low"]), text.number(row["high"])
        rows.append([row["label"], _range(row["quantity"], low, high), row["method"]])
    columns = ["Quantity", "Implied", "From"]
    return Table("Implied numbers", pd.DataFrame(rows, columns=columns, dtype=str))


def _range(quantity: str, low: float, high: float) -> str:
    """Write an implied range: shares as percent, "at most" where it has no lower end."""
    if quantity.startswith("risk") or (quantity in SHARES and "auc" not in quantity):
        ends = (text.fixed(100 * low, 1), text.fixed(100 * high, 1))
        return f"{ends[0]} %" if ends[0] == ends[1] else f"{ends[0]} to {ends[1]} %"
    decimals = 3 if "auc" in quantity or quantity in ("cutoff", "mean") else 2
    ends = (text.fixed(low, decimals), text.fixed(high, decimals))
    if quantity == "n":
        ends = (text.count(low), text.count(high))
    if quantity == "pooled_sd" and low <= 0:
        return f"at most {ends[1]}"
    if text.missing(high):
        return f"at least {ends[0]}"
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _checks_table(checks: pd.DataFrame) -> Table:
    columns = ["Check", "Comparisons", *HEADINGS.values()]
    rows = [
        [row["question"], text.count(row["tested"]), *(text.count(row[severity]) for severity in HEADINGS)]
        for row in checks.to_dict("records")
    ]
    return Table("Checks", pd.DataFrame(rows, columns=columns, dtype=str))
