"""The vertebral bone quality score, and scores like it, from region-of-interest (ROI) readings.

Ehresman et al. 2019, "Vertebral Bone Quality Score": the median of the mean signal intensities of L1 to L4,
over the mean signal intensity of the cerebrospinal fluid (CSF). A level that could not be read is left out.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from vbq.codebook import MARKER_LEVELS

# Far beyond any reading; so that a ratio of exactly 3 is not 3.0000000000000004, and equal scores are tied.
SCORE_DECIMALS = 10


@dataclass(frozen=True)
class Marker:
    """The definition of a score.

    `aggregate` reduces the readings at `levels` to one value, `reference` ("csf" or None) is what it is
    divided by. `readers` says how readers become one score: "mean" (of those who have a score), "first"
    (the first of them, by label) or a reader's label. Above `cutoff`, strictly, the score is high. The
    defaults are VBQ's, without a cut-off.

    Raises ValueError where a field has another value.
    """

    name: str = "vbq"
    levels: tuple[str, ...] = MARKER_LEVELS
    aggregate: Literal["median", "mean"] = "median"
    reference: Literal["csf"] | None = "csf"
    readers: str = "mean"
    cutoff: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", tuple(self.levels))
        if not self.levels or len(set(self.levels)) < len(self.levels):
            raise ValueError("a marker needs one level or more, each named once")
        if self.aggregate not in ("median", "mean"):
            raise ValueError(f"aggregate is 'median' or 'mean', not {self.aggregate!r}")
        if self.reference not in ("csf", None):
            raise ValueError(f"reference is 'csf' or None, not {self.reference!r}")

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


def reader_label(reader: str) -> str:
    """Return a reader's label as part of a column name: lower case, no accents, `_` between words."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", reader) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "_", plain.casefold()).strip("_")


def reader_columns(columns: Iterable[str], marker: Marker, codebook: Collection[str]) -> list[str]:
    """Return those of a cohort's columns that hold one reader's score, in their order."""
    others = {marker.high, marker.n_levels, marker.csf_level, *codebook}
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
            "score": score.round(SCORE_DECIMALS),
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
    means = scored.groupby("row")["score"].mean().round(SCORE_DECIMALS)
    combined = means.reindex(rows).to_frame(marker.name)
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
