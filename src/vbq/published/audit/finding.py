"""What a check says: findings, and how many comparisons it made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from vbq.published.paper import Figure

Severity = Literal["contradiction", "unexplained", "convention", "note"]

# From what is proven to what is only worth knowing.
SEVERITIES: dict[Severity, str] = {
    "contradiction": "these figures cannot all be right: proven from the figures named, with nothing "
    "assumed beyond what the finding says",
    "unexplained": "these figures do not fit under the assumption named; another assumption may explain them",
    "convention": "which of several usual readings or methods the figures fit",
    "note": "worth knowing; nothing is wrong",
}
COLUMNS = ["id", "check", "location", "figures", "finding", "severity", "evidence", "consequence"]


@dataclass(frozen=True)
class Finding:
    """One finding.

    `id` is check.subject and stays the same from run to run; `evidence` has the numbers with which the
    finding can be redone by hand; `consequence` says what follows for the reader, if anything.
    """

    id: str
    figures: Sequence[Figure]
    finding: str
    severity: Severity
    evidence: str
    consequence: str = ""

    @property
    def check(self) -> str:
        """The name of the check that found it."""
        return self.id.partition(".")[0]


@dataclass
class Checked:
    """What one check has found, after so many comparisons."""

    findings: list[Finding] = field(default_factory=list)
    tested: int = 0

    def add(
        self,
        id_: str,
        figures: Iterable[Figure | None],
        finding: str,
        severity: Severity,
        evidence: str,
        consequence: str = "",
    ) -> None:
        """Add a finding about some figures, each once; those that are not printed (None) are left out."""
        printed = tuple({figure.id: figure for figure in figures if figure}.values())
        self.findings.append(Finding(id_, printed, finding, severity, evidence, consequence))


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return findings as rows with `COLUMNS`, the most severe first, else in the order of the checks."""
    order = list(SEVERITIES)
    rows = [
        {
            "id": found.id,
            "check": found.check,
            "location": "; ".join(dict.fromkeys(figure.location for figure in found.figures)),
            "figures": "; ".join(figure.id for figure in found.figures),
            "finding": found.finding,
            "severity": found.severity,
            "evidence": found.evidence,
            "consequence": found.consequence,
        }
        for found in sorted(findings, key=lambda found: order.index(found.severity))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
