"""The paper and papers made from it, for the tests of the audit."""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from vbq.codebook import extended
from vbq.published.audit.checks import Audit, audit
from vbq.published.paper import transcribe

PROJECT = Path(__file__).parents[2]
PUBLISHED = PROJECT / "data" / "published"


@cache
def transcription(name: str = "ehresman2019"):
    """The text of figures.csv, the content of paper.yaml and the plan."""
    figures = pd.read_csv(PUBLISHED / name / "figures.csv", dtype=str, keep_default_na=False)
    described = yaml.safe_load((PUBLISHED / name / "paper.yaml").read_text())
    return figures, described, yaml.safe_load((PROJECT / described["plan"]).read_text())


def paper(name: str = "ehresman2019", figures: pd.DataFrame | None = None, **described):
    """A transcribed paper, with other figures or other entries of paper.yaml."""
    own, fields, plan = transcription(name)
    fields = {**fields, **described}
    return transcribe(
        name, own if figures is None else figures, fields, plan, extended(fields.get("variables", {}))
    )


def changed(changes: dict[str, dict[str, str]], name: str = "ehresman2019") -> pd.DataFrame:
    """The figures with some cells changed: id -> column -> text."""
    figures = transcription(name)[0].set_index("id", drop=False)
    for id_, cells in changes.items():
        for column, text in cells.items():
            figures.loc[id_, column] = text
    return figures.reset_index(drop=True)


@cache
def audit_of_the_paper() -> Audit:
    """The audit of Ehresman et al. 2019."""
    return audit(paper())


def findings_of(figures: pd.DataFrame) -> pd.DataFrame:
    """The findings on changed figures, by id."""
    return audit(paper(figures=figures)).findings.set_index("id")


def printing(number: str) -> dict[str, str]:
    """Print another number."""
    return {"printed": number}
