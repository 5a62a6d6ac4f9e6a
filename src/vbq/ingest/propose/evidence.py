"""What the cells of a column say: whether they can be a variable, in which unit, with which codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from vbq.codebook import SINS_COMPONENTS, Variable
from vbq.ingest.content import is_showable
from vbq.ingest.propose.spellings import is_word, levels_of
from vbq.ingest.propose.vocabulary import LEVELS, MISSING, MISSING_CATEGORY_CODES, MISSING_CODES
from vbq.ingest.suspicions import suspected_unit
from vbq.ingest.values import canonical_levels, in_digits, spelling, to_number

Grade = Literal["good", "open", "poor", "no"]
ASKED = "?"
WITH_COMMA = r"[+-]?\d+,\d+"
WITH_POINT = r"[+-]?\d*\.\d+"
THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+"
FEWEST = 20  # cells, from which on hardly any different ones tell something
PLAUSIBLE = 0.9
MOST_SPELLINGS = 60
DISTANT = 2.0  # times the highest plausible value


@dataclass(frozen=True)
class Evidence:
    """What the cells of a column say of it as one variable.

    `levels` are needed where the codebook does not know all spellings; "?" stands for a level that nobody
    but the site can tell. `unit` is what the values seem to be in, `multiply` the factor from it. `missing`
    are the cells that mean "no value", with their numbers; `remarks` what the reviewer should know.
    """

    grade: Grade
    reason: str
    levels: Mapping[str, object] | None = None
    multiply: float | None = None
    missing: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


NONE = Evidence("open", "it has no values")


def counted(cells: pd.Series) -> pd.Series:
    """Return how often each cell stands in a column, blank ones left out."""
    return cells[cells != ""].value_counts(sort=False)


def has_decimal_comma(columns: Mapping[str, pd.Series], is_text: bool) -> bool:
    """Whether the numbers of a sheet are written with a comma; in text, more of them than with a point."""
    commas = points = 0
    for counts in columns.values():
        cells = counts.index.astype("str")
        comma = cells.str.fullmatch(WITH_COMMA)
        if comma.any() and not cells[comma].str.fullmatch(THOUSANDS).all():
            commas += int(comma.sum())
        points += int(cells.str.fullmatch(WITH_POINT).sum())
    return commas > points if is_text else commas > 0


def is_missing_word(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return " ".join(cell.casefold().split()) in MISSING


def numbers_of(counts: pd.Series, decimal: str) -> pd.Series:
    """Return the number that each different cell is; NaN where it is none."""
    cells = pd.Series(counts.index.astype("str"), index=counts.index)
    return to_number(cells.str.replace(",", ".", regex=False) if decimal == "," else cells)


def evidence(
    counts: pd.Series,
    variable: Variable,
    decimal: str,
    unit: float | None,
    codes: Mapping[str, str],
    is_outcome: bool,
) -> Evidence:
    """Weigh a column as one variable. `unit` is the factor of the heading's unit, `codes` its legend."""
    if counts.empty:
        return NONE
    if variable.is_categorical:
        return _of_levels(counts, variable, decimal, codes, is_outcome)
    return _of_numbers(counts, variable, decimal, unit)


def _of_numbers(counts: pd.Series, variable: Variable, decimal: str, unit: float | None) -> Evidence:
    numbers = numbers_of(counts, decimal)
    factor = 1.0 if unit is None else unit
    codes = {
        str(cell): int(n)
        for (cell, n), number in zip(counts.items(), numbers, strict=True)
        if number in MISSING_CODES and _is_beyond(number * factor, variable)
    }
    words = {str(cell): int(n) for cell, n in counts.items() if is_missing_word(str(cell))}
    missing = {**words, **codes}
    told = counts.drop(index=list(missing))
    known = numbers.drop(index=list(missing)).dropna()
    n_text = int(told.drop(index=known.index).sum())
    values = pd.Series(np.repeat(known.to_numpy(), counts[known.index].to_numpy()))
    if told.empty:
        return Evidence("open", "it has no values", missing=missing)
    if values.empty or n_text > len(values):
        return Evidence("no", "its cells are no numbers")
    remarks = [f"{n_text} cells are no numbers"] if n_text else []
    if len(values) >= FEWEST and values.nunique() <= 2 and variable.unit not in ("fractures", "points"):
        return Evidence("poor", "it has two different values at most", missing=missing)
    suspected = suspected_unit(values * factor, variable, factor)
    if suspected is not None and unit is None:
        name, multiply = suspected
        return Evidence("good", f"values fit in {name}", None, multiply, missing, tuple(remarks))
    if suspected is not None:
        remarks.append(f"the heading has another unit than the values, which look like {suspected[0]}")
    in_unit = in_digits(values * factor)
    low, high = variable.plausible or (-np.inf, np.inf)
    fits = suspected is None and low <= in_unit.median() <= high
    is_rare = in_unit.between(low, high).mean() < PLAUSIBLE
    if variable.unit in ("fractures", "points") and (in_unit % 1 != 0).any():
        return Evidence("poor", "values are no whole numbers", None, None, missing, tuple(remarks))
    if is_rare:
        remarks.append(f"many values are not plausible as {variable.unit or 'such'}")
    grade: Grade = "good" if fits and not is_rare and not n_text else "open" if fits else "poor"
    reason = {"good": "values fit", "open": "most values fit", "poor": "values do not fit"}[grade]
    return Evidence(grade, reason, None, None if factor == 1 else factor, missing, tuple(remarks))


def _is_beyond(number: float, variable: Variable) -> bool:
    """Whether a number is impossible, or so far from plausible that a code is the better reading."""
    low, high = variable.possible or (-np.inf, np.inf)
    plausible = (variable.plausible or (low, high))[1]
    return not low <= number <= high or number > DISTANT * plausible


def _of_levels(
    counts: pd.Series, variable: Variable, decimal: str, codes: Mapping[str, str], is_outcome: bool
) -> Evidence:
    cells = {str(cell): int(n) for cell, n in counts.items()}
    if len(cells) > MOST_SPELLINGS:
        return Evidence("no", "it has too many different values")
    levels: dict[str, object] = {}
    missing: dict[str, int] = {}
    known = levels_of({codes.get(cell, cell) for cell in cells}, variable, is_outcome)
    for cell, n in cells.items():
        if (label := codes.get(cell, cell)) in known:
            levels[cell] = known[label]
        elif is_missing_word(codes.get(cell, cell)) or _is_code(cell, codes, variable):
            missing[cell] = n
    unknown = [cell for cell in cells if cell not in levels and cell not in missing]
    if len(unknown) > 2 * len(variable.levels) + 4:
        return Evidence("no", "it has too many different values")
    if not levels and not unknown:
        return Evidence("open", "it has no values", missing=missing)
    spelled = (each for of_level in LEVELS.get(variable.name, {}).values() for each in of_level)
    showable = (*variable.levels.values(), *spelled)
    hidden = [cell for cell in unknown if not is_showable(cell, showable)]
    in_words = any(is_word(codes.get(cell, cell)) for cell in levels)
    are_numbers = not any(map(is_word, unknown))
    remarks = [f"{len(hidden)} spellings are not shown here; vbq check names their rows"] if hidden else []
    order = {level: position for position, level in enumerate((*variable.levels, ASKED))}
    proposed = {cell: levels.get(cell, ASKED) for cell in cells if cell in levels or cell in unknown}
    proposed = {cell: level for cell, level in proposed.items() if cell not in hidden}
    proposed = dict(sorted(proposed.items(), key=lambda item: (order[item[1]], item[0])))
    if not levels and not are_numbers:
        grade: Grade = "no" if hidden else "poor"
        return Evidence(grade, "its spellings are not known", proposed, None, missing)
    if variable.name in SINS_COMPONENTS and unknown and are_numbers and not in_words:
        remarks.append("some points do not exist in the SINS; vbq check names their rows")
        return Evidence("open", "most values fit", None, None, missing, tuple(remarks))
    if unknown:
        return Evidence("open", "some spellings are not known", proposed, None, missing, tuple(remarks))
    own = canonical_levels(variable)
    is_canonical = not codes and all(own.get(spelling(cell, decimal)) == levels[cell] for cell in levels)
    needed = None if is_canonical else proposed
    if not in_words and variable.kind == "binary":
        return Evidence("open", "0 and 1, taken as no and yes", needed, None, missing, tuple(remarks))
    return Evidence("good", "values fit", needed, None, missing, tuple(remarks))


def _is_code(cell: str, codes: Mapping[str, str], variable: Variable) -> bool:
    """Whether a number, without a label of its own, is a customary code for "no value"."""
    number = to_number(pd.Series([cell])).iloc[0]
    return cell not in codes and number in MISSING_CATEGORY_CODES and number not in variable.levels
