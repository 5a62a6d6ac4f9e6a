"""The Spinal Instability Neoplastic Score (Fisher et al., Spine 2010;35:E1221): total and category."""

import numpy as np
import pandas as pd

from vbq.codebook import SINS_COMPONENTS

STABLE_MAX = 6
POTENTIALLY_UNSTABLE_MAX = 12
TOTAL_MAX = 18


def total(components: pd.DataFrame) -> pd.Series:
    """Return the sum of the six components (points), float64, missing where any component is missing.

    `components` has the columns of `SINS_COMPONENTS`, others are ignored. Raises KeyError if one is absent.
    """
    points = components[list(SINS_COMPONENTS)].astype("float64")
    return points.sum(axis="columns", skipna=False).rename("sins")


def category(total: pd.Series) -> pd.Series:
    """Return the category of each total: 0-6 stable, 7-12 potentially_unstable, 13-18 unstable.

    Missing totals stay missing. Raises ValueError for a total outside 0-18.
    """
    points = total.astype("float64")
    if ((points < 0) | (points > TOTAL_MAX)).any():
        raise ValueError("a SINS total lies between 0 and 18")
    names = np.select(
        [points <= STABLE_MAX, points <= POTENTIALLY_UNSTABLE_MAX],
        ["stable", "potentially_unstable"],
        "unstable",
    )
    return pd.Series(names, index=total.index, name="sins_category", dtype="str").where(points.notna())
