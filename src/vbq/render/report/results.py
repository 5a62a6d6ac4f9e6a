"""What the documents of one cohort are made from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.render import numbers as text
from vbq.render.comparison import Printed, printed_figures
from vbq.render.report.validation import ValidationResults


@dataclass(frozen=True)
class Results:
    """All that the report of a cohort is made from.

    `spec` is its cohort file and `plan` its analysis plan; `tables` has the tidy tables by name
    (`published` and `ingest` as text), `rows` their text by the name under which tables cite them,
    `group_sizes` the patients without ("0") and with ("1") the outcome, `figures` the SVG text by name,
    `definitions` what the cohort's scores are, by variable. `documents` are the names of what is written,
    `record` is run.yaml. `audit` has the findings about the publication that the cohort is compared with,
    `validation` what validates rules made elsewhere, each where the cohort has it.
    """

    spec: Mapping[str, Any]
    plan: Mapping[str, Any]
    codebook: Mapping[str, Variable]
    tables: Mapping[str, pd.DataFrame]
    group_sizes: Mapping[str, int]
    figures: Mapping[str, str]
    definitions: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    documents: Collection[str] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    audit: pd.DataFrame | None = None
    validation: ValidationResults | None = None

    @property
    def level(self) -> str:
        """The confidence of the intervals, as text."""
        return text.confidence_level(self.plan["confidence"])

    @property
    def n_patients(self) -> int:
        """The patients in the analysis."""
        return sum(self.group_sizes.values())

    @property
    def group_names(self) -> dict[str, str]:
        """The names of the patients without ("0") and with ("1") the outcome."""
        return {str(group): str(name) for group, name in self.plan["outcome"]["groups"].items()}

    @property
    def outcome(self) -> Variable:
        """The variable that everything is compared by."""
        return self.codebook[self.plan["outcome"]["variable"]]

    @property
    def are_reconstructed(self) -> bool:
        """Whether the rows are made from a publication's summary statistics, as the cohort file says."""
        return str(self.spec["provenance"]).startswith("reconstructed")

    def table(self, name: str) -> pd.DataFrame | None:
        """A tidy table, or None where the plan did not ask for it or the cohort gave it no rows."""
        table = self.tables.get(name)
        return None if table is None or table.empty else table

    def printed(self, part: str) -> Printed:
        """What a part of the publication prints, by address; nothing without a publication."""
        if "published" not in self.tables:
            return {}
        return printed_figures(self.tables["published"], part)
