"""Files made again, beside those that ship."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from vbq.errors import UserError
from vbq.run import read_as_printed


def compare_with_shipped(made: Iterable[str], shipped: Iterable[str]) -> str:
    """Return the sentence that files made again are those that ship, byte for byte.

    Raises UserError where one is not; its text says how much differs, and what replaces the shipped files.
    """
    pairs = [(Path(one), Path(other)) for one, other in zip(made, shipped, strict=True)]
    differing = [(one, other) for one, other in pairs if one.read_bytes() != other.read_bytes()]
    if not differing:
        return f"Made again, byte for byte: {', '.join(str(other) for _, other in pairs)}"
    lines = [f"{one} is not {other}: {_difference(one, other)}" for one, other in differing]
    lines += ["Nothing was overwritten. To ship the files just made in place of the others:"]
    lines += [f"  cp {one} {other}" for one, other in pairs]
    raise UserError("\n".join(lines))


def _difference(one: Path, other: Path) -> str:
    """Say how much of two files differs. Their rows are taken in their order, and no cell is shown."""
    if one.suffix != ".csv":
        return "other bytes"
    tables = read_as_printed(one), read_as_printed(other)
    shapes = [f"{len(table)} rows of {len(table.columns)} columns" for table in tables]
    if list(tables[0]) != list(tables[1]) or shapes[0] != shapes[1]:
        return f"{shapes[0]}, not {shapes[1]}, or columns of other names"
    differs = tables[0] != tables[1]
    if not differs.to_numpy().any():
        return "the same cells, other bytes"
    text = f"{differs.to_numpy().sum()} of {differs.size} cells differ (rows: {differs.any(axis=1).sum()})"
    numbers = [table.apply(pd.to_numeric, errors="coerce") for table in tables]
    changes = (numbers[0] - numbers[1]).abs().max()
    if changes.max() > 0:
        text += f", numbers by {changes.max():.6g} at most, in {changes.idxmax()}"
    return text
