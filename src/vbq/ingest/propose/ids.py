"""Which column has the patients' ids."""

import pandas as pd

from vbq.ingest.content import identifying_content
from vbq.ingest.identifying import looks_identifying
from vbq.ingest.propose.evidence import ASKED
from vbq.ingest.propose.names import EXACT, named
from vbq.ingest.propose.views import ADMINISTRATIVE, OWN_SHARE, Ids, View, share_of_ids

LEAST = 0.75
UNIQUE = 0.95  # of the cells
NOT_UNIQUE = 0.5
AFTER_PSEUDONYM = 0.2


def id_of(view: View, ids: Ids | None) -> tuple[str, str]:
    """Return the heading of a view's ids and the reason; "?" where it cannot be told.

    `ids` are those of the patients, with which a column is compared; without them, those of the patients
    themselves are looked for.
    """
    headings = [heading for heading in view.counts if not ADMINISTRATIVE.fullmatch(heading)]
    if ids is not None:
        shares = {heading: share_of_ids(view.frame[heading], ids) for heading in headings}
        best = max(headings, key=lambda heading: (shares[heading], _named(view, heading)), default=None)
        if best is not None and shares[best] >= OWN_SHARE:
            return best, "sure: its cells are ids of the patients"
    else:
        scores = {heading: _score(view, heading) for heading in headings}
        best = max(headings, key=lambda heading: scores[heading], default=None)
        if best is not None and scores[best] >= LEAST:
            return best, "likely: heading and values fit"
        best = next((heading for heading in headings if _may_be_ids(view, heading)), None)
        if best is not None:
            return best, "a guess: no two rows have the same"
    if view.viewer is not None:
        return (
            ASKED,
            "FILL IN: it has no ids; add a column of them, or name one file per patient after the id",
        )
    return ASKED, "FILL IN: the heading of the patient's id"


def _named(view: View, heading: str) -> float:
    found = named(view.texts.get(heading, (heading,)), ("id", "record_number"))
    scores = {role: how.score for role, how in found.items()}
    # A pseudonym beside a record number is the better one.
    return max(scores.get("id", 0.0), scores.get("record_number", 0.0) - AFTER_PSEUDONYM)


def _score(view: View, heading: str) -> float:
    if view.is_redcap and heading == view.sheet.headings[0]:
        return EXACT  # REDCap's first field is the record's id
    cells = view.frame[heading]
    repeats = view.event is None and cells[cells != ""].nunique() < UNIQUE * len(cells)
    return _named(view, heading) - NOT_UNIQUE * repeats


def _may_be_ids(view: View, heading: str) -> bool:
    """Whether a column without a telling heading has another cell in each row, no measurement and no name."""
    counts = view.counts[heading]
    numbers = pd.to_numeric(pd.Series(counts.index.astype("str")), errors="coerce")
    return (
        len(counts) == len(view.frame)
        and not (numbers % 1 > 0).any()
        and not looks_identifying(heading)
        and identifying_content(view.frame[heading]) is None
    )
