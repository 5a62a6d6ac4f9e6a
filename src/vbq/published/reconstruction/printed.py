"""Printed figures, looked up by the place in the results where they are recomputed."""

import pandas as pd

from vbq.stats.rounded import Printed, decimals


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
        by_decimals = usable.sort_values("printed", key=lambda printed: printed.map(decimals), kind="stable")
        places = by_decimals[["table", "row", "column"]].itertuples(index=False, name=None)
        self._digits: dict[tuple[str, ...], str] = dict(zip(places, by_decimals["printed"], strict=True))

    def __call__(self, table: str, row: str, column: str) -> Printed:
        """Return the figure printed for one cell of the results.

        Raises KeyError where the paper prints none.
        """
        return Printed.parse(self._digits[(table, row, column)])

    def count(self, variable: str, level: object, group: int) -> int:
        """Return the printed number of patients with a level of a variable in an outcome group."""
        row = f"variable={variable}; level={level}; group={group}"
        return int(self("univariable_groups", row, "n").value)
