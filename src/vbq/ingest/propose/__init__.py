"""Files of an unknown site -> a proposed cohort file, for a person to review.

`vocabulary` has the words, `words` and `names` tell what a heading means, `spellings` and `evidence` what the
cells under it do; `views` are the tables in the files, `ids`, `columns` and `rois` what their columns are,
`sections` which table is what; `cohort_file` and `summary` write it. Nothing is decided silently: whatever
is proposed says how sure it is and why, and what cannot be told is asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vbq.codebook import VARIABLES, Variable
from vbq.configuration import read_plan
from vbq.errors import UserError
from vbq.ingest.propose.cohort_file import text_of
from vbq.ingest.propose.sections import Study, sections_of
from vbq.ingest.propose.summary import lines_of
from vbq.ingest.propose.views import look
from vbq.scores.marker import Marker, with_marker
from vbq.strict import parse_yaml

NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Proposed:
    """A proposed cohort file and what to tell the one who reviews it, line by line."""

    text: str
    lines: tuple[str, ...]


def propose_cohort_file(name: str, files: Sequence[str], plan: str) -> Proposed:
    """Propose a cohort file for the tables in files, which may be folders, for an analysis plan.

    Raises UserError where the name is not in lower_snake_case, the plan or a file cannot be read, or no file
    has patients.
    """
    wrong = [] if NAME.fullmatch(name) else [f"{name!r} is no name in lower_snake_case, such as site_a"]
    study, asked = None, {}
    try:
        asked = read_plan(plan)
        study = _study(asked)
    except UserError as error:
        wrong.append(str(error))
    try:
        looked = look(files)
    except UserError as error:
        raise UserError("\n".join([*wrong, str(error)])) from None
    if wrong or study is None:
        raise UserError("\n".join(wrong))
    sections, remarks = sections_of(looked.views, study)
    if not sections:
        found = "; ".join(view.label for view in looked.views)
        raise UserError(
            f"no table has a row per patient, with an id and variables of the study, in: {found}. Give the "
            "file of the patients; its first row should hold the headings"
        )
    text = text_of(name, plan, sections, study)
    parse_yaml(text.encode(), "the proposal")
    return Proposed(text, lines_of(sections, [*looked.remarks, *remarks], asked, study))


def _study(plan: dict) -> Study:
    marker = Marker(**plan["marker"]) if "marker" in plan else Marker()
    outcome = plan["outcome"]["variable"]
    codebook = with_marker(VARIABLES, marker)
    if outcome not in codebook:
        label = outcome.replace("_", " ").capitalize()
        model = VARIABLES["new_vcf"]
        codebook = {
            outcome: Variable(outcome, label, "binary", levels=model.levels, aliases=model.aliases),
            **codebook,
        }
    return Study(codebook, marker, outcome)
