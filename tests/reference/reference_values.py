"""Reads what the R scripts beside it wrote."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
SHARED = FOLDER.parents[2] / "shared" / "data"

# The tolerances that the statistics promise.
CLOSED_FORM = 1e-8  # relative
ITERATIVE = 1e-6  # relative
DELONG = 1e-10  # absolute


def values(name: str) -> dict[str, dict[str, float]]:
    """Return the values of one script: case -> quantity -> value."""
    table = pd.read_csv(FOLDER / "values" / f"{name}.csv", dtype={"case": str})
    return {
        case: dict(zip(rows["quantity"], rows["value"], strict=True)) for case, rows in table.groupby("case")
    }


def data(name: str) -> pd.DataFrame:
    """Return a data file that the scripts analyzed."""
    return pd.read_csv(FOLDER / "data" / f"{name}.csv")
