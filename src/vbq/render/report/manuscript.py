"""The tables of a report as a journal wants them: numbered, each with the abbreviations that it uses."""

import re
from dataclasses import replace
from itertools import count

from vbq.render.document import Document, Section, Table

# The sections whose first table is one of the manuscript, with its number, and those of the supplement.
MAIN = {"table-1": "1", "table-2": "2", "table-3": "3"}
SUPPLEMENT = (
    *("flow", "cutoff", "agreement", "optimism", "subanalyses"),
    *("comparability", "discrimination", "calibration", "subgroups", "updating", "comparison"),
)
ABBREVIATIONS = {
    "ASIA": "American Spinal Injury Association",
    "AUC": "area under the receiver operating characteristic curve",
    "CCI": "Charlson Comorbidity Index",
    "CI": "confidence interval",
    "CSF": "cerebrospinal fluid",
    "df": "degrees of freedom",
    "DXA": "dual-energy x-ray absorptiometry",
    "ECOG": "Eastern Cooperative Oncology Group",
    "ICC": "intraclass correlation coefficient",
    "ICI": "integrated calibration index",
    "KPS": "Karnofsky Performance Scale",
    "MRI": "magnetic resonance imaging",
    "NPV": "negative predictive value",
    "NSAID": "nonsteroidal anti-inflammatory drug",
    "PPV": "positive predictive value",
    "ROC": "receiver operating characteristic",
    "ROI": "region of interest",
    "SBRT": "stereotactic body radiation therapy",
    "SD": "standard deviation",
    "SINS": "Spinal Instability Neoplastic Score",
    "VBQ": "vertebral bone quality",
    "VCF": "vertebral compression fracture",
    "χ²": "chi-square",
}


def manuscript(document: Document) -> list[Section]:
    """Return the sections of a report whose tables are those of a manuscript, and then of its supplement.

    Tables of the supplement are numbered in this order. Of the comparison with the publication, the last
    table, of every printed figure, is left out: what differs stands in the one before, where there is one.
    """
    sections = {section.anchor: section for section in document.sections}
    if "comparison" in sections:
        compared = sections.pop("comparison")
        if len(compared.tables) > 1:
            sections["comparison"] = replace(compared, tables=compared.tables[:-1])
    supplement = count(1)
    return [
        replace(
            section,
            title=re.sub(r"^Table \d+\. ", "", section.title),
            tables=tuple(
                _numbered(table, MAIN[anchor] if anchor in MAIN and i == 0 else f"S{next(supplement)}")
                for i, table in enumerate(section.tables)
            ),
        )
        for anchor in (*MAIN, *SUPPLEMENT)
        if (section := sections.get(anchor))
    ]


def _numbered(table: Table, number: str) -> Table:
    """Number a table, and explain its abbreviations."""
    words = "\n".join([table.caption, *table.groups, *table.notes, table.frame.to_csv(index=False)])
    # ICC2k is an ICC, AUCs are more than one AUC.
    used = [
        f"{short}, {long}"
        for short, long in ABBREVIATIONS.items()
        if re.search(rf"(?<!\w){short}(s|\dk?)?(?!\w)", words)
    ]
    explained = (f"Abbreviations: {'; '.join(used)}.",) if used else ()
    return replace(table, caption=f"Table {number}. {table.caption}", notes=(*table.notes, *explained))
