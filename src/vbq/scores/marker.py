"""The vertebral bone quality score, and scores like it, from region-of-interest (ROI) readings.

Ehresman et al. 2019, "Vertebral Bone Quality Score": the median of the mean signal intensities of L1 to L4,
over the mean signal intensity of the cerebrospinal fluid (CSF). A level that could not be read is left out.
Other definitions make other scores, with names of their own (`config/scores`).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from vbq.codebook import CSF_LEVELS, MARKER_LEVELS, NO_YES, VARIABLES, Variable
from vbq.errors import UserError
from vbq.stats.digits import in_full, to_digits

GIVEN = "as given by the site; its definition cannot be checked"


@dataclass(frozen=True)
class Marker:
    """The definition of a score, with the fields of `workflow/schemas/score.schema.yaml` and its name.

    `aggregate` reduces the readings at `levels` to one value, `reference` ("csf" or None) is what it is
    divided by, read at the first of `csf_levels` where it can be. Each reading is the `roi_statistic` of a
    region's pixels. `readers` says how readers become one score: "mean" (of those who have a score),
    "first" (the first of them, by label) or a reader's label. Above `cutoff`, strictly, the score is high.
    `unit` is that of a score without a reference. The defaults are VBQ's, without a cut-off.

    Raises ValueError where a field has another value.
    """

    name: str = "vbq"
    label: str = "VBQ score"
    source: str = ""
    levels: tuple[str, ...] = MARKER_LEVELS
    aggregate: Literal["median", "mean"] = "median"
    roi_statistic: Literal["mean", "median"] = "mean"
    reference: Literal["csf"] | None = "csf"
    csf_levels: tuple[str, ...] = CSF_LEVELS
    readers: str = "mean"
    cutoff: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        for field in ("levels", "csf_levels"):
            named = tuple(getattr(self, field))
            object.__setattr__(self, field, named)
            if not named or len(set(named)) < len(named):
                raise ValueError(f"{field}: a marker needs one level or more, each named once")
        for field in ("aggregate", "roi_statistic"):
            if getattr(self, field) not in ("median", "mean"):
                raise ValueError(f"{field} is 'median' or 'mean', not {getattr(self, field)!r}")
        if self.reference not in ("csf", None):
            raise ValueError(f"reference is 'csf' or None, not {self.reference!r}")

    @property
    def definition(self) -> str:
        """What the score is, in one phrase. Scores are the same where their definitions are."""
        levels, roi = ", ".join(self.levels), f"ROI {self.roi_statistic}"
        bone = f"{roi} of {levels}"
        if len(self.levels) > 1:
            bone = f"{self.aggregate} of the {roi}s of {levels}"
        if self.reference is None:
            return bone
        first, *others = self.csf_levels
        at = f"{first} (else {', '.join(others)})" if others else first
        return f"{bone} over the {roi} of the CSF at {at}"

    @property
    def variables(self) -> dict[str, Variable]:
        """The score, and whether it is high, as variables by name."""
        # Every ratio to the CSF has the range of the published one.
        score = VARIABLES["vbq"] if self.reference else Variable("", "", "continuous", self.unit)
        described = {self.name: replace(score, name=self.name, label=self.label)}
        if self.cutoff is not None:
            label = f"{self.label} > {in_full(self.cutoff)}"
            described[self.high] = Variable(self.high, label, "binary", levels=NO_YES)
        return described

    @property
    def high(self) -> str:
        """Name of the column that says whether the score is above the cut-off."""
        return f"{self.name}_high"

    @property
    def n_levels(self) -> str:
        """Name of the column that counts the levels used."""
        return f"{self.name}_n_levels"

    @property
    def csf_level(self) -> str:
        """Name of the column that names the CSF level used."""
        return f"{self.name}_csf_level"

    @property
    def definition_column(self) -> str:
        """Name of the column that has the score's definition."""
        return f"{self.name}_definition"

    @property
    def columns(self) -> set[str]:
        """Names of the columns that go with the score and are no reader's."""
        return {self.high, self.n_levels, self.csf_level, self.definition_column}


PUBLISHED = Marker()  # the score of the 2019 study, whose name no other score may have


def with_marker(codebook: Mapping[str, Variable], marker: Marker) -> dict[str, Variable]:
    """Return the codebook with the variables of a plan's marker, which describes itself.

    Raises UserError where another variable has one of their names.
    """
    own = marker.variables
    known = set(VARIABLES) if marker.name == PUBLISHED.name else set()
    if clash := sorted(({*own, *marker.columns} & set(codebook)) - known):
        raise UserError(
            f"{', '.join(clash)}: the plan's marker, {marker.name}, brings it, and the codebook or "
            "`variables` of the cohort file has it as well; rename one of them"
        )
    return {**codebook, **own}


def definitions(cohort: pd.DataFrame, marker: Marker) -> dict[str, str]:
    """Return the definitions that a cohort carries, by each variable that is a score or made from one.

    A score is the plan's marker, or the published one where the site gives it itself.
    """
    return {
        name: str(cohort[score.definition_column].iloc[0])
        for score in (PUBLISHED, marker)
        if score.definition_column in cohort
        for name in (score.name, score.high)
        if name in cohort
    }


def with_definitions(
    table: pd.DataFrame, variables: Iterable[Collection[str]], defined: Mapping[str, str]
) -> pd.DataFrame:
    """Return a table with the column `definition`: those of each row's variables, "" where there is none."""
    of_rows = [
        "; ".join(dict.fromkeys(defined[name] for name in names if name in defined)) for names in variables
    ]
    return table.assign(definition=pd.Series(of_rows, index=table.index, dtype="str"))


def reader_label(reader: str) -> str:
    """Return a reader's label as part of a column name: lower case, no accents, `_` between words."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", reader) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "_", plain.casefold()).strip("_")


def reader_columns(columns: Iterable[str], marker: Marker, codebook: Collection[str]) -> list[str]:
    """Return those of a cohort's columns that hold one reader's score, in their order."""
    others = {*marker.columns, *codebook}
    return [name for name in columns if name.startswith(f"{marker.name}_") and name not in others]


def above_cutoff(score: pd.Series, marker: Marker) -> pd.Series:
    """Return 1 where a score is strictly above the marker's cut-off, else 0 (Int64); missing stays missing.

    Raises ValueError if the marker has no cut-off.
    """
    if marker.cutoff is None:
        raise ValueError(f"{marker.name} has no cut-off")
    return (score > marker.cutoff).astype("Int64").where(score.notna()).rename(marker.high)


def score_readings(readings: pd.DataFrame, marker: Marker) -> pd.DataFrame:
    """Score each reading: aggregate of the levels available, over the CSF where the marker has a reference.

    `readings`: one row per patient and reader with `row` (the patient's), `reader`, signal intensities in a
    column per level (all positive) and, where the marker has a reference, `csf` and `csf_level`.

    Returns row, reader, score, n_levels, levels ("L1 L3 L4"), csf_level, sorted by row and reader. The score
    is missing if no level or no CSF was read. Raises ValueError if an intensity is not positive.
    """
    ordered = readings.sort_values(["row", "reader"], ignore_index=True)
    values = ordered.reindex(columns=list(marker.levels)).astype("float64")
    if (values <= 0).any(axis=None):
        raise ValueError("ROI intensities must be positive")
    score = values.median(axis="columns") if marker.aggregate == "median" else values.mean(axis="columns")
    csf_level = pd.Series(None, index=ordered.index, dtype="str")
    if marker.reference == "csf":
        csf = ordered["csf"].astype("float64")
        if (csf <= 0).any():
            raise ValueError("CSF intensities must be positive")
        score = score / csf
        csf_level = ordered["csf_level"].astype("str").where(csf.notna())
    available = values.notna().to_numpy()
    return pd.DataFrame(
        {
            "row": ordered["row"],
            "reader": ordered["reader"].astype("str"),
            "score": to_digits(score),
            "n_levels": available.sum(axis=1),
            "levels": _level_names(available, marker.levels),
            "csf_level": csf_level,
        }
    )


def _level_names(available: np.ndarray, levels: tuple[str, ...]) -> pd.Series:
    patterns, which = np.unique(available, axis=0, return_inverse=True)
    names = [" ".join(np.asarray(levels)[pattern]) for pattern in patterns]
    return pd.Series(np.asarray(names, dtype=object)[which], dtype="str")


def combine_readers(scores: pd.DataFrame, marker: Marker) -> pd.DataFrame:
    """Combine readers' scores (as from `score_readings`) into one row per patient.

    Returns row, <name>, <name>_<reader> for each labeled reader, <name>_n_levels (the fewest among the
    readers used) and, for a marker relative to the CSF, <name>_csf_level (the level used; where the readers
    used differ, joined as "L2/L3"), sorted by row. The readers used are those of `marker.readers` who have a
    score for the patient. Where none has one the score is missing and the last two columns tell what they
    did read.

    Raises ValueError if two readings have the same patient and reader, or if `marker.readers` names a
    reader who is not there.
    """
    labels = scores["reader"].map({label: reader_label(label) for label in scores["reader"].unique()})
    scores = scores.assign(reader=labels.astype("str")).sort_values(["row", "reader"], ignore_index=True)
    if scores.duplicated(["row", "reader"]).any():
        raise ValueError("a reader has two readings of one patient")
    candidates = scores
    if marker.readers not in ("mean", "first"):
        candidates = scores[scores["reader"] == reader_label(marker.readers)]
        if candidates.empty:
            raise ValueError(f"no reading by {marker.readers!r}, whom the marker names")
    scored = candidates[candidates["score"].notna()]
    if marker.readers == "first":
        scored = scored.drop_duplicates("row")
    used = pd.concat([scored, candidates[~candidates["row"].isin(scored["row"])]])
    rows = pd.Index(np.unique(scores["row"]), name="row")
    combined = scored.groupby("row")["score"].mean().reindex(rows).to_frame(marker.name)
    combined[marker.name] = to_digits(combined[marker.name])
    for label in sorted(filter(None, scores["reader"].unique())):
        of_reader = scores[scores["reader"] == label].set_index("row")
        combined[f"{marker.name}_{label}"] = of_reader["score"]
    combined[marker.n_levels] = used.groupby("row")["n_levels"].min().reindex(rows).astype("Int64")
    if marker.reference == "csf":
        combined[marker.csf_level] = _joined_levels(used, rows)
    return combined.reset_index()


def _joined_levels(used: pd.DataFrame, rows: pd.Index) -> pd.Series:
    distinct = used[["row", "csf_level"]].dropna().drop_duplicates().sort_values(["row", "csf_level"])
    joined = distinct.drop_duplicates("row").set_index("row")["csf_level"].astype(object)
    several = distinct[distinct["row"].duplicated(keep=False)]
    joined.update(several.groupby("row")["csf_level"].agg("/".join))
    return joined.reindex(rows).astype("str")
