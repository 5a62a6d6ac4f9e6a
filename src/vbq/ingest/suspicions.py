"""What is probably wrong in a site's rows although each cell is a legal value.

Plain values in, what is suspected out; what to say of it is the caller's matter. Each check would rather miss
an error than doubt an honest site.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from vbq.codebook import MARKER_LEVELS, Variable
from vbq.stats.digits import is_below, to_digits

# A column's unit
FEWEST_VALUES = 5  # that a column's unit is told from
MOST = 0.9  # of the values, which a column in one unit leaves for other errors

# Twins
FEWEST_FILLED = 8
FEWEST_CONTINUOUS = 2
BY_CHANCE = 0.01  # pairs of patients that are alike by chance, expected in the whole cohort

# Readers
FEWEST_IN_COMMON = 10
FEWEST_COPIED = 5  # patients whom two readers read
COPIED = 0.9  # of their readings, the same in every value
LIMITS = 1.96
GROSS = 3.5  # robust standard deviations
ROUNDING = 1e-9  # far below any difference of scores

# Levels of one reading
FACTOR = 3.0
ALIKE = 2.0  # between two readers of one vertebral body

YEARS = range(1900, 2101)
MONTHS = (  # in English, German and French, without accents
    "jan january januar janner janv janvier",
    "feb february februar fev fevr fevrier",
    "mar march marz mrz mars",
    "apr april avr avril",
    "may mai",
    "jun june juni juin",
    "jul july juli juil juillet",
    "aug august aout",
    "sep sept september septembre",
    "oct october octobre okt oktober",
    "nov november novembre",
    "dec december decembre dez dezember",
)
MONTH_OF = {word: number for number, words in enumerate(MONTHS, 1) for word in words.split()}
TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|\+00:00)?)?"
# 2024-02-01, with or without a time
YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){TIME}")
# 01.02.2024, 2/1/2024, 01/02/24; 01-02-03 is more often an id
YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})(?:([-/.])(?P<second>\d{{1,2}})\2(?P<year>\d{{4}}){TIME}"
    r"|(?P<apart>[/.])(?P<second_short>\d{1,2})(?P=apart)\d{2})"
)
# 1-Feb, 01. Feb, 1-Feb-24, 01FEB2024
DAY_AND_WORD = re.compile(
    r"(?P<day>\d{1,2})(?P<apart>\. ?|[-/ ])?(?P<word>[^\W\d_]{3,9})\.?(?:[-/ ]?(?P<year>\d{4}|\d{2}))?"
)
# Feb-01, Feb 2001
WORD_AND_YEAR = re.compile(r"(?P<word>[^\W\d_]{3,9})\.?[-/ ](?P<year>\d{4}|\d{2})")

INVISIBLE = re.compile("[\x1f\u00ad\u200b-\u200f\u2060\ufeff]")
WHOLE_AS_DECIMAL = re.compile(r"^[^\S\n]*(\d+)\.0+[^\S\n]*$", re.MULTILINE)
BETWEEN_NUMBERS = re.compile(r"(?<=\d)(?:[^\w\n]|_)+(?=\d)")
PUNCTUATION = re.compile("(?:[^\\w\n\x1f]|_)+")
LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def suspected_unit(values: pd.Series, variable: Variable, multiply: float = 1.0) -> tuple[str, float] | None:
    """Return the other unit that a whole column seems to be in, and the factor from it to the codebook's.

    `values` are numbers that were multiplied by `multiply` to be in the variable's unit, before those out of
    its possible range are taken out. In that unit they do not fit (their median is not typical, or most are
    not plausible), and in exactly one other they do. Where a factor was applied, the variable's own unit is
    another too, with the factor 1. Zeros say nothing of a unit.
    """
    known = _measured(values)
    if variable.typical is None or len(known) < FEWEST_VALUES or _fits(known, variable, 0.5):
        return None
    fitting = [
        (unit, factor)
        for unit, factor in _units_beside(variable, multiply).items()
        if _fits(known / multiply * factor, variable, MOST)
    ]
    return fitting[0] if len(fitting) == 1 else None


def mixed_units(values: pd.Series, variable: Variable, multiply: float = 1.0) -> tuple[str, pd.Series] | None:
    """Return another unit that some of a column's values seem to be in, and which (a mask).

    They are those that are not plausible as they are but would be in that unit; of several units, the one
    that explains most of them, then the one with the most typical median. None where the whole column is in
    another unit. Parameters as of `suspected_unit`.
    """
    known = _measured(values)
    if variable.typical is None or suspected_unit(values, variable, multiply):
        return None
    odd = known[~_is_plausible(known, variable)]
    center = np.log(variable.typical).mean()
    best: tuple[int, float, str] | None = None
    masks = {}
    for unit, factor in _units_beside(variable, multiply).items():
        converted = odd / multiply * factor
        explained = _is_plausible(converted, variable)
        masks[unit] = pd.Series(values.index.isin(odd.index[explained]), index=values.index)
        if explained.any():
            off = abs(float(np.log(converted[explained].median()) - center))
            best = max(best or (0, 0.0, ""), (int(explained.sum()), -off, unit))
    if best is None or best[0] == len(known):
        return None
    return best[2], masks[best[2]]


def _measured(values: pd.Series) -> pd.Series:
    """Return the values that are known and not zero."""
    known = values.astype("float64")
    return known[np.isfinite(known) & (known != 0)]


def _units_beside(variable: Variable, multiply: float) -> dict[str, float]:
    """Return the factor of each unit that a column may be in, except that which `multiply` stands for."""
    units = {variable.unit: 1.0, **variable.other_units}
    return {unit: factor for unit, factor in units.items() if not np.isclose(factor, multiply, rtol=0.02)}


def _is_plausible(known: pd.Series, variable: Variable) -> pd.Series:
    low, high = variable.plausible or (-np.inf, np.inf)
    return known.between(low if variable.least is None else max(low, variable.least), high)


def _fits(known: pd.Series, variable: Variable, share: float) -> bool:
    low, high = variable.typical or (-np.inf, np.inf)
    typical = low <= known.median() <= high
    return bool(typical and _is_plausible(known, variable).mean() >= share)


def plain_ids(ids: pd.Series) -> pd.Series:
    """Return ids as they are told apart by: without case, width, punctuation, spaces and leading zeros.

    P-001, p1, "P 01" and "P001." are one id. So are 12 and 12.0, as spreadsheets make of it. Numbers with
    something between them stay apart: 1-12 is not 11-2. An id of punctuation alone stays as it is.
    """
    # One long text, a line each: a million ids take as many steps as one.
    originals = ids.astype("str").fillna("")
    text = "\n".join(originals.str.replace(r"[\n\r]", " ", regex=True))
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())
    text = WHOLE_AS_DECIMAL.sub(r"\1", text)
    text = PUNCTUATION.sub("", BETWEEN_NUMBERS.sub("\x1f", text))
    text = LEADING_ZEROS.sub("", text).replace("\x1f", "-")
    plain = pd.Series(text.split("\n") if len(ids) else [], index=ids.index, dtype="str")
    return plain.where(plain != "", originals)


def alike_ids(ids: pd.Series) -> pd.DataFrame:
    """Return rows whose id differs from that of an earlier row in its spelling only (`plain_ids`).

    `ids` has the file's rows as its index. Columns: row, first_row. Of rows with the very same id only the
    first counts. Empty ids are left out.
    """
    known = ids[ids.notna() & (ids != "")]
    spelled = known[~known.duplicated()]
    plain = plain_ids(spelled)
    return _with_first(plain[plain.duplicated(keep=False)].to_frame())


def _with_first(alike: pd.DataFrame) -> pd.DataFrame:
    """Return row and first_row of each row whose values an earlier row has too."""
    rows = alike.index.to_series().reset_index(drop=True)
    if alike.empty:
        return pd.DataFrame({"row": rows, "first_row": rows})
    group = alike.groupby(list(alike), sort=False, dropna=False).ngroup().to_numpy()
    pairs = pd.DataFrame({"row": rows, "first_row": rows.groupby(group).transform("first")})
    return pairs[pd.Series(group).duplicated()].reset_index(drop=True)


def dates_among_ids(ids: pd.Series) -> pd.Series:
    """Return which ids look like dates, as spreadsheets make of 1-2 or MAR1 (a mask).

    Plain numbers, which a date may be too, are honest ids. So is what looks like a date by chance: where
    another id of the same shape is no date, as 45-99-2024 beside 01-02-2024, these are not dates. A month in
    capitals needs a day and a year (01FEB2024): MAR-01 is more often patient 1 of Marseille.
    """
    unique = pd.Series(ids[ids.notna()].unique(), dtype="str")
    is_date = unique.map(looks_like_date).astype(bool)
    dates = unique[is_date]
    if dates.empty:
        return pd.Series(False, index=ids.index)
    honest = set(unique[~is_date].map(_shape))
    return ids.isin(dates[~dates.map(_shape).isin(honest)])


def looks_like_date(text: str) -> bool:
    """Whether a cell is a date of 1900 to 2100 as spreadsheets write it, the month in digits or as a word."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text.strip()) if not unicodedata.combining(c))
    if match := YEAR_FIRST.fullmatch(text):
        return _is_day(int(match["day"]), int(match["month"]), int(match["year"]))
    if match := YEAR_LAST.fullmatch(text):
        first, second = int(match["first"]), int(match["second"] or match["second_short"])
        year = _year(match["year"])
        return _is_day(first, second, year) or _is_day(second, first, year)
    if match := DAY_AND_WORD.fullmatch(text):
        word, digits = match["word"], match["year"] or ""
        if (word.isupper() and not digits) or (not match["apart"] and len(digits) < 4):
            return False
        return _is_day(int(match["day"]), _month(word), _year(digits))
    if match := WORD_AND_YEAR.fullmatch(text):
        return not match["word"].isupper() and _is_day(1, _month(match["word"]), _year(match["year"]))
    return False


def _month(word: str) -> int:
    return MONTH_OF.get(word.casefold(), 0)


def _year(digits: str | None) -> int:
    """Return a year of four digits; a leap year, which has every day, where there are fewer."""
    return int(digits) if digits and len(digits) == 4 else 2000


def _is_day(day: int, month: int, year: int) -> bool:
    return year in YEARS and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _shape(text: str) -> str:
    """Return an id with each letter as `a`, each number as nines, two or, if it is longer, as many."""
    letters = re.sub(r"[^\W\d_]", "a", text.strip())
    return re.sub(r"\d+", lambda digits: "9" * max(2, len(digits[0])), letters)


def twin_rows(variables: pd.DataFrame) -> pd.DataFrame:
    """Return rows that are an earlier row's twin, the same in every variable: probably the same patient.

    `variables` has the file's rows as its index and canonical values, continuous ones as floats. Columns:
    row, first_row. The rows have the same values missing, and enough filled.

    Patients can be alike by chance where variables are few or coarse. If variables were independent, some
    n p of n rows would be like this one, where p is the product of the shares of rows with each of its
    values. That could happen to any of the n, so a row is a twin only where n² p is below `BY_CHANCE`: at
    most one cohort in a hundred has a false one. Both twins count among those shares, so in a very small
    cohort nothing is rare enough.
    """
    codes = pd.DataFrame(
        {name: pd.factorize(variables[name])[0] for name in variables}, index=variables.index
    )
    floats = [name for name in variables if pd.api.types.is_float_dtype(variables[name])]
    filled = codes >= 0
    enough = filled.sum(axis=1).ge(FEWEST_FILLED) & filled[floats].sum(axis=1).ge(FEWEST_CONTINUOUS)
    candidates = codes[enough]
    candidates = candidates[candidates.duplicated(keep=False)]
    pairs = 2 * np.log(len(variables)) if len(variables) else 0.0
    log_pairs = pd.Series(pairs, index=candidates.index)
    for name in candidates:
        known = codes[name].to_numpy()[filled[name]]
        shares = np.append(np.bincount(known) / max(len(known), 1), 1.0)  # -1, a missing value, is the last
        log_pairs += np.log(shares[candidates[name]])
    return _with_first(candidates[log_pairs < np.log(BY_CHANCE)])


def readers_who_disagree(scores: pd.DataFrame, k: float = LIMITS) -> pd.DataFrame:
    """Return patients whose scores by two readers differ beyond the readers' limits of agreement.

    `scores` are as from `vbq.scores.marker.score_readings`. Returns row, reader_1, reader_2, difference
    (first minus second), low, high, gross, for each pair of readers who scored `FEWEST_IN_COMMON` patients.

    The limits are Bland and Altman's, mean ± k standard deviations of the differences. They are the ones
    that readers know, but leave out some 5 % of any patients, and a blunder widens them. `gross` marks those
    who are also more than `GROSS` robust standard deviations from the median difference, which does not
    depend on blunders: Iglewicz and Hoaglin's rule (1993), with 1.4826 times the median absolute deviation
    or, where that is 0, 1.2533 times the mean one. Each of these is worth a second look, the others only as
    many as they are.
    """
    columns = ["row", "reader_1", "reader_2", "difference", "low", "high", "gross"]
    by_reader = {str(reader): of_one.set_index("row")["score"] for reader, of_one in scores.groupby("reader")}
    found = []
    for first, second in combinations(by_reader, 2):
        difference = (by_reader[first] - by_reader[second]).dropna()
        difference[:] = to_digits(difference)
        if len(difference) < FEWEST_IN_COMMON:
            continue
        mean, margin = float(difference.mean()), k * float(difference.std())
        low, high = mean - margin, mean + margin
        away = (difference - difference.median()).abs()
        robust_sd = 1.4826 * away.median() or 1.2533 * away.mean()
        beyond = (difference < low - ROUNDING) | (difference > high + ROUNDING)
        found.append(
            pd.DataFrame(
                {
                    "row": difference.index[beyond],
                    "reader_1": first,
                    "reader_2": second,
                    "difference": difference[beyond].to_numpy(),
                    "low": low,
                    "high": high,
                    "gross": (away > GROSS * robust_sd)[beyond].to_numpy(),
                }
            )
        )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def copied_readers(readings: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """Return pairs of readers whose readings are the same in every value in `COPIED` of their patients.

    Two people who measure by themselves do not agree to the last digit in nearly every patient: one is
    probably a copy of the other. `readings` have row (the patient's), reader and the columns `values`.
    Returns reader_1, reader_2, n_same, n (patients whom both read), for pairs with `FEWEST_COPIED` or more.
    """
    by_reader = {
        str(reader): of_one.set_index("row")[list(values)].astype("float64").fillna(-np.inf)
        for reader, of_one in readings.groupby("reader")
    }
    found = []
    for first, second in combinations(by_reader, 2):
        both = by_reader[first].index.intersection(by_reader[second].index)
        same = by_reader[first].loc[both].eq(by_reader[second].loc[both]).all(axis=1)
        if len(both) >= FEWEST_COPIED and same.mean() >= COPIED:
            found.append((first, second, int(same.sum()), len(both)))
    return pd.DataFrame(found, columns=["reader_1", "reader_2", "n_same", "n"])


def levels_apart(readings: pd.DataFrame, levels: Sequence[str] = MARKER_LEVELS) -> pd.DataFrame:
    """Return single levels `FACTOR` times as bright, or as dark, as the others of their reading, or more.

    A digit or the decimal mark is probably lost there. `readings`: file_row, row (the patient's), reader and
    a column per level, as from `vbq.ingest.readings`. Returns file_row, row, reader, level, value, ratio (to
    the median of the reading's other levels).

    The others are two or more, and agree within the factor: else it cannot be told which is wrong. Where
    another reader of the patient has about the same value, the vertebral body is so (a metastasis, say).
    """
    present = [level for level in levels if level in readings]
    readings = readings.reset_index(drop=True)
    values = readings[present].astype("float64")
    ratios = pd.DataFrame(np.nan, index=values.index, columns=present)
    for level in present:
        others = values.drop(columns=level)
        agree = (others.count(axis=1) >= 2) & is_below(others.max(axis=1) / others.min(axis=1), FACTOR)
        ratios[level] = (values[level] / others.median(axis=1)).where(agree)
    away = ratios.where(ratios >= 1, 1 / ratios).fillna(1)
    away[:] = to_digits(away)
    farthest = (away >= FACTOR) & away.eq(away.max(axis=1), axis=0)
    farthest &= (farthest.sum(axis=1) == 1).to_numpy()[:, None]
    found = []
    for level in present:
        odd = readings.index[farthest[level]]
        odd = odd[~_read_alike(readings, level, odd)]
        part = readings.loc[odd, ["file_row", "row", "reader"]]
        found.append(part.assign(level=level, value=values.loc[odd, level], ratio=ratios.loc[odd, level]))
    columns = ["file_row", "row", "reader", "level", "value", "ratio"]
    apart = pd.concat(found) if found else pd.DataFrame(columns=columns)
    return apart.sort_index(kind="stable").reset_index(drop=True)


def _read_alike(readings: pd.DataFrame, level: str, odd: pd.Index) -> np.ndarray:
    """Return which of the readings `odd` have another reader's that is about the same at a level."""
    values = readings[["row", level]].dropna()
    doubted = values.loc[odd].reset_index()
    both = doubted.merge(values.reset_index(), on="row", suffixes=("", "_other"))
    both = both[both["index"] != both["index_other"]]
    near = both[f"{level}_other"].div(both[level]).between(1 / ALIKE, ALIKE)
    return odd.isin(both.loc[near, "index"])
