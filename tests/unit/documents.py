"""A table with all that a table can have, which the tests of Word and PDF write."""

import pandas as pd

from vbq.render.document import Table
from vbq.render.labels import INDENT

PROVENANCE = "reconstructed from published summary statistics; not patient data"
HEADS = pd.MultiIndex.from_tuples(
    [("Variable", ""), ("Group (n = 49)", "Printed"), ("Group (n = 49)", "Recomputed"), ("Test", "")]
)
ROWS = [
    ["Sex", "", "", "Welch"],
    [f"{INDENT}Female", "23 (46.9)", "24 (46.9)", ""],
    ["Age, years", "62.0 ≠", "62.1 (10.9)", "linear regression"],
]
TABLE = Table(
    "Characteristics of 105 patients",
    pd.DataFrame(ROWS, columns=HEADS),
    notes=("n: patients.", "Bold: p < 0.05."),
    groups=("All", "All", "Some"),
    strong=frozenset({(2, 2)}),
)


def frame(rows, columns):
    return pd.DataFrame(rows, columns=pd.Index(columns, dtype=object), dtype=object)
