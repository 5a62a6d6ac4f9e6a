"""Printed figures, looked up by the place in the results where they are recomputed."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Printed:
    """A printed number and half a unit of its last decimal."""

    value: float
    half_unit: float

    def contains(self, number: float) -> bool:
        """Whether a number rounds to the printed one."""
        return abs(number - self.value) < self.half_unit


class PrintedFigures:
    """The printed figures of one paper that are not known to contradict others.

    `figures` and `readings` are the tables of `data/published/<paper>`; figures that a reading of the
    paper rejects are left out. Of a figure printed twice, the one with more decimals counts.
    """

    def __init__(self, figures: pd.DataFrame, readings: pd.DataFrame) -> None:
        rejected = {name.strip() for names in readings["rejected"] for name in names.split(";")}
        usable = figures[
            (figures["relation"] == "=") & (figures["scale"] == "1") & ~figures["id"].isin(rejected)
        ]
        by_decimals = usable.sort_values("printed", key=lambda printed: printed.map(_decimals), kind="stable")
        places = by_decimals[["table", "row", "column"]].itertuples(index=False, name=None)
        self._digits: dict[tuple[str, ...], str] = dict(zip(places, by_decimals["printed"], strict=True))

    def __call__(self, table: str, row: str, column: str) -> Printed:
        """Return the figure printed for one cell of the results.

        Raises KeyError where the paper prints none.
        """
        digits = self._digits[(table, row, column)]
        return Printed(float(digits), 0.5 * 10.0 ** -_decimals(digits))

    def count(self, variable: str, level: object, group: int) -> int:
        """Return the printed number of patients with a level of a variable in an outcome group."""
        row = f"variable={variable}; level={level}; group={group}"
        return int(self("univariable_groups", row, "n").value)


def _decimals(digits: str) -> int:
    return len(digits.partition(".")[2])
