"""Numbers that the paper does not print, and that its figures imply."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from vbq.published.paper import Figure
from vbq.stats.rounded import Range

COLUMNS = ["quantity", "subject", "label", "low", "high", "method", "figures"]


@dataclass(frozen=True)
class Implied:
    """A number that printed figures imply, with the range that their rounding leaves."""

    quantity: str
    subject: str
    label: str
    range: Range
    method: str
    figures: Sequence[Figure]


def implied_table(numbers: Sequence[Implied]) -> pd.DataFrame:
    """Return one row per implied number, with `COLUMNS`; an end without a limit is empty."""
    rows = [
        {
            "quantity": number.quantity,
            "subject": number.subject,
            "label": number.label,
            "low": _finite(number.range.low),
            "high": _finite(number.range.high),
            "method": number.method,
            "figures": "; ".join(figure.id for figure in number.figures),
        }
        for number in numbers
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _finite(end: float) -> float:
    return end if math.isfinite(end) else math.nan
