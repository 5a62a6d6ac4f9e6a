"""What is suspected in rows of legal values, and what is not: false alarms cost an honest site its time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from vbq.codebook import VARIABLES, extended
from vbq.ingest.suspicions import (
    alike_ids,
    dates_among_ids,
    levels_apart,
    looks_like_date,
    mixed_units,
    plain_ids,
    readers_who_disagree,
    suspected_unit,
    twin_rows,
)
from vbq.scores.marker import Marker, score_readings

EXACT = 1e-12

HEIGHT = extended(
    {
        "height": {
            "label": "Height",
            "kind": "continuous",
            "unit": "cm",
            "possible": (50, 250),
            "plausible": (120, 220),
            "other_units": {"m": 100, "in": 2.54},
            "typical": (150, 185),
        }
    }
)["height"]
WITH_UNITS = {variable.name: variable for variable in [*VARIABLES.values(), HEIGHT] if variable.typical}
OTHER_UNITS = [(name, unit) for name, variable in WITH_UNITS.items() for unit in variable.other_units]

# Median and spread of real cohorts: a standard deviation, or that of the logarithm.
HONEST = {
    "age": ("normal", (48, 75), (8, 14)),
    "kps": ("normal", (60, 90), (8, 15)),
    "albumin": ("normal", (3, 4.4), (0.3, 0.5)),
    "alkaline_phosphatase": ("lognormal", (70, 200), (0.3, 0.6)),
    "calcium": ("normal", (8.8, 9.8), (0.3, 0.6)),
    "platelets": ("lognormal", (180, 300), (0.2, 0.4)),
    "radiation_dose": ("lognormal", (1600, 4000), (0.2, 0.4)),
    "systemic_treatment_months": ("lognormal", (8, 20), (0.4, 0.7)),
    "follow_up_months": ("lognormal", (12, 24), (0.3, 0.6)),
    "height": ("normal", (160, 176), (6, 10)),
}


def drawn(variable, center, spread, n, seed):
    """A cohort's values, to the instrument's step and within the possible range."""
    draw = np.random.default_rng(seed)
    if HONEST[variable.name][0] == "normal":
        values = draw.normal(center, spread, n)
    else:
        values = center * np.exp(draw.normal(0, spread, n))
    step = variable.step or 1
    return pd.Series(np.clip(np.round(values / step) * step, *variable.possible))


@st.composite
def honest_columns(draw, names=tuple(HONEST), smallest=20):
    """A variable, and values of it as a real cohort has them."""
    variable = WITH_UNITS[draw(st.sampled_from(names))]
    _, centers, spreads = HONEST[variable.name]
    center, spread = draw(st.floats(*centers)), draw(st.floats(*spreads))
    return variable, drawn(
        variable, center, spread, draw(st.integers(smallest, 300)), draw(st.integers(0, 9999))
    )


def column(*values):
    return pd.Series(values, dtype="float64")


# --- A column's unit


def test_every_variable_with_other_units_is_among_the_honest():
    assert set(WITH_UNITS) == set(HONEST)


@given(honest_columns())
def test_an_honest_column_is_in_no_other_unit(honest):
    variable, values = honest
    assert suspected_unit(values, variable) is None


@pytest.mark.parametrize("name", HONEST)
def test_small_honest_columns_are_not_doubted(name):
    variable = WITH_UNITS[name]
    _, centers, spreads = HONEST[name]
    doubted = [
        suspected_unit(drawn(variable, center, spreads[1], n, seed), variable) is not None
        for center in centers
        for n in (5, 10)
        for seed in range(50)
    ]
    assert sum(doubted) == 0


@given(honest_columns(["age", "kps", "albumin", "calcium", "height"]))
def test_plausible_values_are_not_mixed(honest):
    variable, values = honest
    low, high = variable.plausible
    assert mixed_units(values[values.between(low, high)], variable) is None


@settings(max_examples=300)
@given(honest_columns(), st.data())
def test_a_converted_column_is_told_with_its_factor(honest, data):
    variable, values = honest
    unit = data.draw(st.sampled_from(sorted(variable.other_units)))
    factor = variable.other_units[unit]
    converted = values / factor
    # 30 months are 2.5 years, which could be months as well: that cannot be told.
    assume(not variable.typical[0] <= converted.median() <= variable.typical[1])
    assume(variable.typical[0] < values.median() < variable.typical[1])
    assert suspected_unit(converted, variable) == (unit, factor)
    assert mixed_units(converted, variable) is None


@settings(max_examples=300)
@given(honest_columns(), st.data())
def test_a_factor_that_is_right_is_not_doubted(honest, data):
    variable, values = honest
    factor = variable.other_units[data.draw(st.sampled_from(sorted(variable.other_units)))]
    assert suspected_unit(values / factor * factor, variable, multiply=factor) is None


@settings(max_examples=300)
@given(honest_columns(), st.data())
def test_a_factor_too_many_is_told_with_the_own_unit(honest, data):
    variable, values = honest
    factor = variable.other_units[data.draw(st.sampled_from(sorted(variable.other_units)))]
    multiplied = values * factor
    assume(not variable.typical[0] <= multiplied.median() <= variable.typical[1])
    assume(variable.typical[0] < values.median() < variable.typical[1])
    assert suspected_unit(multiplied, variable, multiply=factor) == (variable.unit, 1.0)


ALBUMIN = column(2.9, 3.4, 3.8, 4.0, 4.1, 4.3, 4.6)
CALCIUM = column(8.4, 8.8, 9.1, 9.3, 9.6, 10.0, 11.9)  # mg/dL


@pytest.mark.parametrize(
    ("name", "values", "unit", "factor"),
    [
        ("albumin", [29, 34, 38, 40, 41, 43, 46], "g/L", 0.1),
        ("calcium", [2.1, 2.2, 2.28, 2.33, 2.4, 2.5, 2.9], "mmol/L", 4.0078),
        ("calcium", [4.2, 4.4, 4.6, 4.7, 4.8, 5.0, 5.9], "mEq/L", 2.0039),
        ("calcium", [84, 88, 91, 93, 96, 100, 119], "mg/L", 0.1),
        ("platelets", [95000, 151000, 204000, 245000, 312000], "1/µL", 0.001),
        ("platelets", [9.5, 15.1, 20.4, 24.5, 31.2], "10⁴/µL", 10),
        ("platelets", [0.95, 1.51, 2.04, 2.45, 3.12], "10⁵/µL", 100),
        ("age", [540, 690, 756, 820, 910], "months", 1 / 12),
        ("age", [16400, 21000, 23000, 25000, 27700], "days", 1 / 365.25),
        ("kps", [5, 7, 8, 8, 9, 10], "points out of 10", 10),
        ("kps", [0.5, 0.7, 0.8, 0.8, 0.9, 1.0], "fractions of 1", 100),
        ("alkaline_phosphatase", [0.9, 1.2, 1.5, 2.4, 6.1], "µkat/L", 60),
        ("radiation_dose", [0, 0, 16, 20, 24, 24, 27], "Gy", 100),
        ("follow_up_months", [0.5, 0.9, 1.2, 1.6, 2.8], "years", 12.0),
        ("follow_up_months", [190, 300, 420, 640, 1100], "days", 12 / 365.25),
        ("systemic_treatment_months", [0, 0.4, 0.9, 1.1, 1.9, 3], "years", 12.0),
        ("height", [1.52, 1.6, 1.67, 1.74, 1.88], "m", 100),
        ("height", [60, 63, 66, 68, 74], "in", 2.54),
    ],
)
def test_columns_in_another_unit(name, values, unit, factor):
    variable = WITH_UNITS[name]
    assert suspected_unit(column(*values), variable) == (unit, factor)
    assert suspected_unit(column(*values) * factor, variable, multiply=factor) is None


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("albumin", ALBUMIN),
        ("albumin", [1.8, 2.0, 2.1, 2.2, 2.4, 2.6]),  # very ill patients
        ("calcium", CALCIUM),
        ("calcium", [11.0, 11.6, 12.1, 12.9, 14.2]),  # all with hypercalcemia
        ("calcium", [5.9, 6.4, 6.8, 7.0, 7.4]),  # all with hypocalcemia, after denosumab
        ("platelets", [22, 35, 48, 60, 71, 88]),  # after chemotherapy
        ("platelets", [450, 520, 610, 700, 880]),
        ("age", [19, 22, 24, 26, 28, 29]),
        ("age", [85, 86, 88, 90, 91]),
        ("kps", [20, 30, 30, 30, 40]),
        ("kps", [100, 100, 100, 100, 100]),
        ("alkaline_phosphatase", [410, 620, 800, 1300, 2300]),
        ("radiation_dose", [0, 0, 0, 0, 0, 800, 800, 2400]),
        ("radiation_dose", [0, 0, 0, 0, 0, 0]),
        ("systemic_treatment_months", [0, 0, 0, 0, 0, 0, 0, 3, 7, 12, 2, 20]),
        ("follow_up_months", [60, 66, 72, 80, 88]),
        ("height", [140, 145, 148, 149, 149]),
        ("height", [186, 188, 191, 195, 201]),
    ],
)
def test_unusual_cohorts_are_not_doubted(name, values):
    assert suspected_unit(column(*values), WITH_UNITS[name]) is None


@pytest.mark.parametrize("name", sorted(set(VARIABLES) - set(WITH_UNITS)))
def test_variables_without_other_units_are_never_doubted(name):
    for values in ([0.001] * 9, [3.0] * 9, [1e6] * 9):
        assert suspected_unit(column(*values), VARIABLES[name]) is None
        assert mixed_units(column(*values), VARIABLES[name]) is None


def test_five_values_tell_a_unit_and_four_do_not():
    grams_per_liter = column(38, 39, 40, 41, 42)
    assert suspected_unit(grams_per_liter, VARIABLES["albumin"]) == ("g/L", 0.1)
    assert suspected_unit(grams_per_liter[:4], VARIABLES["albumin"]) is None
    assert mixed_units(grams_per_liter[:4], VARIABLES["albumin"]) is None  # none is left to differ from


@pytest.mark.parametrize("nothing", [0.0, np.nan, np.inf, -np.inf])
def test_unknown_values_and_zeros_tell_nothing(nothing):
    values = column(38, 39, 40, 41, *[nothing] * 20)
    assert suspected_unit(values, VARIABLES["albumin"]) is None
    values[24] = 42
    assert suspected_unit(values, VARIABLES["albumin"]) == ("g/L", 0.1)


def test_a_unit_leaves_a_tenth_of_the_values_for_other_errors():
    # In g/L, but for one or two values of ten.
    assert suspected_unit(column(*[40] * 9, 400), VARIABLES["albumin"]) == ("g/L", 0.1)
    assert suspected_unit(column(*[40] * 8, 400, 400), VARIABLES["albumin"]) is None


def test_neither_one_value_nor_plausible_ones_make_a_unit_fit():
    # One in g/dL among ten in g/L.
    assert suspected_unit(column(4, *[38] * 9), VARIABLES["albumin"]) == ("g/L", 0.1)
    # Each of 60 to 95 is plausible in cGy, but below what is ever given at once.
    assert suspected_unit(column(60, 60, 60, 60, 60), VARIABLES["radiation_dose"]) == ("Gy", 100)
    # Each is plausible in g/dL, the median is not typical, and none would be plausible in g/L.
    assert suspected_unit(column(1.6, 1.7, 1.8, 2, 2.2), VARIABLES["albumin"]) is None


def test_of_two_units_that_fit_none_is_told():
    two = extended(
        {
            "dose": {
                "label": "Dose",
                "kind": "continuous",
                "unit": "mg",
                "plausible": (1, 1000),
                "other_units": {"g": 1000, "grains": 64.8},
                "typical": (10, 500),
            }
        }
    )["dose"]
    assert suspected_unit(column(*[0.4] * 6), two) is None  # 400 mg or 26 mg
    assert suspected_unit(column(*[0.3] * 6), two) is None  # 300 mg or 19 mg
    assert suspected_unit(column(*[0.1] * 6), two) == ("g", 1000)  # 100 mg; 6 mg is not typical
    assert suspected_unit(column(*[7] * 6), two) == ("grains", 64.8)


def test_a_factor_near_that_of_a_unit_stands_for_it():
    # mmol/L times 4 is 7.99, below what is typical; times 4.0078 it is not, but that is the same unit.
    low = column(*[7.99] * 9)
    assert suspected_unit(low, VARIABLES["calcium"], multiply=4) is None
    assert suspected_unit(low, VARIABLES["calcium"], multiply=3.5) == ("mmol/L", 4.0078)


def test_a_wrong_factor_is_told_with_the_right_one():
    milligrams_per_liter = CALCIUM * 10
    wrong = milligrams_per_liter * 4.0078
    assert suspected_unit(wrong, VARIABLES["calcium"], multiply=4.0078) == ("mg/L", 0.1)


# --- Values in another unit


def test_a_value_in_another_unit():
    values = pd.Series([2.9, 3.4, 38, np.nan, 4.1, 0, 46, 4.4], index=range(12, 20))
    unit, mask = mixed_units(values, VARIABLES["albumin"])
    assert unit == "g/L"
    assert mask.to_dict() == {row: row in (14, 18) for row in range(12, 20)}
    assert suspected_unit(values, VARIABLES["albumin"]) is None


@given(honest_columns(["albumin", "age", "height"]), st.data())
def test_exactly_the_converted_values_are_told(honest, data):
    variable, values = honest
    values = values[values.between(*variable.plausible)]
    assume(len(values) >= 5)
    unit = data.draw(st.sampled_from(sorted(variable.other_units)))
    rows = data.draw(st.lists(st.sampled_from(list(values.index)), min_size=1, max_size=2, unique=True))
    converted = values.copy()
    converted[rows] /= variable.other_units[unit]
    told, mask = mixed_units(converted, variable)
    assert told == unit
    assert sorted(mask[mask].index) == sorted(rows)
    assert mask.index.equals(values.index)


def test_values_that_fit_no_unit_are_not_told():
    assert mixed_units(column(2.9, 3.4, 8, 0.9, 4.1), VARIABLES["albumin"]) is None
    assert mixed_units(ALBUMIN, VARIABLES["albumin"]) is None
    unit, mask = mixed_units(column(2.9, 3.4, 8, 41, 4.1), VARIABLES["albumin"])
    assert (unit, mask.tolist()) == ("g/L", [False, False, False, True, False])


@pytest.mark.parametrize(
    ("odd", "unit", "explained"),
    [
        ([2.4], "mmol/L", [True]),
        ([4.8], "mEq/L", [True]),
        ([2.4, 4.7, 4.8], "mEq/L", [False, True, True]),  # explains more
        ([2.4, 2.3, 4.8], "mmol/L", [True, True, False]),
        ([3.1], "mmol/L", [True]),  # 12.4 or 6.2 mg/dL: nearer to what is typical
        ([3.05, 4.8], "mEq/L", [True, True]),  # 6.1 and 9.6, the second is too much in mmol/L
        ([95], "mg/L", [True]),
    ],
)
def test_of_several_units_the_best_is_told(odd, unit, explained):
    told, mask = mixed_units(pd.concat([column(*odd), CALCIUM], ignore_index=True), VARIABLES["calcium"])
    assert told == unit
    assert mask.tolist() == explained + [False] * len(CALCIUM)


def test_a_column_half_in_another_unit_is_mixed():
    values = pd.concat([ALBUMIN, ALBUMIN * 10], ignore_index=True)
    assert suspected_unit(values, VARIABLES["albumin"]) is None
    unit, mask = mixed_units(values, VARIABLES["albumin"])
    assert (unit, mask.tolist()) == ("g/L", [False] * 7 + [True] * 7)


def test_values_that_a_factor_made_odd():
    # In g/L and multiplied by 0.1, but for one that was in g/dL already.
    values = column(29, 34, 38, 4.1, 43) * 0.1
    unit, mask = mixed_units(values, VARIABLES["albumin"], multiply=0.1)
    assert (unit, mask.tolist()) == ("g/dL", [False, False, False, True, False])
    assert mixed_units(column(29, 34, 38, 41, 43) * 0.1, VARIABLES["albumin"], multiply=0.1) is None


def test_no_dose_below_the_least_is_plausible():
    values = column(800, 1600, 24, 2400, 0, 3000)
    unit, mask = mixed_units(values, VARIABLES["radiation_dose"])
    assert (unit, mask.tolist()) == ("Gy", [False, False, True, False, False, False])
    assert mixed_units(column(800, 1600, 100, 2400), VARIABLES["radiation_dose"]) is None


# --- Ids in several spellings


def texts(*values):
    return pd.Series(values, dtype="str")


SEPARATORS = st.sampled_from([" ", "-", "_", ".", "/", " - ", "--", "\u00a0", "\u2013"])
WORDS = st.text("abcdpxyzéßü", min_size=1, max_size=3)


@st.composite
def ids_and_their_plain_form(draw, spellings=1):
    """The plain form of an id, and spellings of it."""
    tokens = draw(st.lists(st.one_of(WORDS, st.integers(0, 999)), min_size=1, max_size=4))
    plain = ""
    for token in tokens:
        between = "-" if plain and plain[-1].isdigit() and isinstance(token, int) else ""
        plain += between + (str(token) if isinstance(token, int) else token.casefold())
    written = []
    for _ in range(spellings):
        text = ""
        for token in tokens:
            shown = token
            if isinstance(token, int):
                shown = "0" * draw(st.integers(0, 3)) + str(token)
            elif draw(st.booleans()):
                shown = token.upper()
            must = text and text[-1].isdigit() and shown[0].isdigit()
            text += (draw(SEPARATORS) if must or draw(st.booleans()) else "") + shown
        written.append(text + draw(st.sampled_from(["", " ", ".", "\u200b", "  "])))
    # A spreadsheet's 12.0 is 12; tested below.
    assume(not any(pd.Series(written).str.fullmatch(r"\s*\d+\.0+\s*")))
    return plain, written


@given(ids_and_their_plain_form(spellings=3))
def test_spellings_of_an_id_have_one_plain_form(drawn):
    plain, spellings = drawn
    assert plain_ids(texts(*spellings)).tolist() == [plain] * 3


@given(st.lists(ids_and_their_plain_form(), min_size=1, max_size=8))
def test_plain_ids_are_plain(drawn):
    plain = plain_ids(texts(*[spellings[0] for _, spellings in drawn]))
    assert plain_ids(plain).tolist() == plain.tolist()


@given(st.lists(st.text(max_size=8), max_size=6))
@example(["", "\n", "\r", "\x85", "\u2028", "a\nb", "a b", "\x1f", "---", "\u200b"])
def test_each_id_keeps_its_place(ids):
    index = range(2, 2 + len(ids))
    together = plain_ids(pd.Series(ids, index=index, dtype="str"))
    assert list(together.index) == list(index)
    assert together.tolist() == [plain_ids(texts(one)).iloc[0] for one in ids]


@pytest.mark.parametrize(
    "spellings",
    [
        ["P-001", "p1", "P 01", "P001.", "P_1", "Ｐ００１", "P\u200b1", " p-1 ", "(P1)"],
        ["12", "12.0", "12.00", "012", " 12 ", "#12", "１２", "1\u200b2", "1\u00ad2"],
        ["1-12", "01/12", "1 12", "1_0012", "1.12"],
        ["Müller", "MÜLLER", "mu\u0308ller"],
        ["A0", "a-0", "A000"],
        ["0", "00", "0.0"],
    ],
)
def test_one_id_in_several_spellings(spellings):
    assert len(set(plain_ids(texts(*spellings)))) == 1


@pytest.mark.parametrize(
    "different",
    [
        ["1-12", "11-2", "112"],
        ["P1", "P10", "P100", "P01-0"],
        ["A", "A0", "A1"],
        ["12.0", "120", "12.5"],
        ["12-0", "12"],
        ["---", "-", "", "?", "."],
        ["Müller", "Muller"],
        ["P1A", "P1B", "PA1"],
        ["10", "1", "100"],
    ],
)
def test_different_ids_stay_apart(different):
    assert plain_ids(texts(*different)).nunique() == len(different)


def test_no_ids():
    assert plain_ids(texts()).tolist() == []
    assert plain_ids(pd.Series([None, "A"], index=[4, 9], dtype="str")).to_dict() == {4: "", 9: "a"}
    assert list(alike_ids(texts())) == ["row", "first_row"]
    assert alike_ids(texts()).empty


def test_ids_alike():
    ids = pd.Series(
        ["P-001", "P-002", "p1", None, "", "P2", "P-001", "p1", "P 1", "P-3", "---", "?"], range(2, 14)
    )
    found = alike_ids(ids.astype("str"))
    assert found.to_numpy().tolist() == [[4, 2], [7, 3], [10, 2]]
    assert list(found) == ["row", "first_row"]


@given(
    st.lists(st.sampled_from([*"aA1", "", "01", "1.0", "1-1", "11", "a-1", "A01", "a1", " a"]), max_size=12)
)
def test_alike_ids_are_those_of_an_earlier_row(ids):
    rows = pd.Series(ids, index=range(5, 5 + len(ids)), dtype="str")
    plain = plain_ids(rows)
    expected, seen = [], {}
    for row, spelled in rows.items():
        if spelled == "" or spelled in rows.loc[: row - 1].tolist():
            continue
        first = seen.setdefault(plain[row], row)
        if first < row:
            expected.append([row, first])
    found = alike_ids(rows)
    assert found.to_numpy().tolist() == expected
    assert (found["first_row"] < found["row"]).all()


# --- Dates


@pytest.mark.parametrize(
    "date",
    [
        *["2024-02-29", "2000-02-29", "2024/2/1", "2024.02.01", "2024-12-31", "1900-01-01", "2100-12-31"],
        *["2024-03-01 00:00:00", "2024-03-01T00:00:00Z", "2024-03-01 12:30", "2024-03-01T08:15:00.000"],
        *["29.02.2024", "2/1/2024", "12/31/2024", "31/12/2024", "01-02-2024", "1.2.2024 00:00"],
        *["1-Feb", "29-Feb", "31-Dec", "1-feb-24", "01FEB2024", "1 February 2024", "1-MAR-24", "3 sept."],
        *["Feb-01", "Feb 2001", "Sept. 2024", "dec-99"],
        *["1. März", "3. Mai", "24-Okt", "31.Dez", "1. Jänner", "Mai 2024", "Mrz-24", "30. Juni", "7-Dez-24"],
        *["01-mars", "1-févr.", "15 août 2023", "14 juil. 2024", "déc-24", "1-avr", "2-janv.-24"],
        *[" 1-Feb ", "１-Feb", "1. Ma\u0308rz"],
    ],
)
def test_dates(date):
    assert looks_like_date(date) is True


@pytest.mark.parametrize("date", ["01/02/24", "1/2/24", "29.02.24", "12/31/99", "31.12.99", "29/02/23"])
def test_dates_with_a_year_of_two_digits(date):
    assert looks_like_date(date) is True


@pytest.mark.parametrize(
    "text",
    [
        *["2023-02-29", "1900-02-29", "2100-02-29", "29.02.2023", "2024-13-01", "2024-04-31", "2024-00-10"],
        *["2024-01-00", "31.04.2024", "13/13/2024", "00/01/2024", "1899-12-31", "2101-01-01"],
        *["13/13/24", "31.06.24", "30/02/24", "0/1/24", "01-02-24", "01/02-24", "1.2.024"],
        *["30-Feb", "32-Jan", "0-Jan", "31-avr", "31. Juni", "31-Nov", "29-Feb-2023", "1-Foo", "Foo-01"],
        *["2024-01/02", "01-02-03", "01-02.2024", "1-2", "1.2", "1/2", "02/2024", "2024-02", "20240201"],
        *["45352", "2024", "Jan", "MAR1", "MAR-01", "DEC 24", "1-MAR", "1MAR", "1FEB24", "1Mar", "Mar1"],
        *["", "-", "P-001", "1st Feb", "A1", "Feb-2101", "Feb-1899", "1-Feb-1899", "45-99-2024"],
        *["2024-03-01 noon", "1.2.2024x", "x2024-03-01", "2024-03-01-7", "3-Mai-2024-1"],
    ],
)
def test_no_dates(text):
    assert looks_like_date(text) is False


GERMAN = [
    *["Januar", "Februar", "März", "April", "Mai", "Juni"],
    *["Juli", "August", "September", "Oktober", "November", "Dezember"],
]
FRENCH = [
    *["janvier", "février", "mars", "avril", "mai", "juin"],
    *["juillet", "août", "septembre", "octobre", "novembre", "décembre"],
]
ENGLISH = [str(word) for word in pd.date_range("2024-01-01", periods=12, freq="MS").month_name()]


@pytest.mark.parametrize("words", [ENGLISH, GERMAN, FRENCH])
@given(
    year=st.integers(1890, 2110),
    month=st.integers(1, 12),
    day=st.integers(0, 32),
    apart=st.sampled_from("-/ "),
)
@example(year=2023, month=2, day=29, apart="-")
@example(year=2024, month=2, day=29, apart="-")
@example(year=1900, month=2, day=29, apart="-")
@example(year=2100, month=12, day=31, apart="-")
@example(year=2101, month=1, day=1, apart="-")
@example(year=1899, month=12, day=31, apart="-")
def test_dates_are_days_of_the_calendar(words, year, month, day, apart):
    try:
        pd.Timestamp(year=year, month=month, day=day)
        is_day = 1900 <= year <= 2100
    except ValueError:
        is_day = False
    assert looks_like_date(f"{year}-{month:02}-{day:02}") is is_day
    assert looks_like_date(f"{year}.{month}.{day}") is is_day
    assert looks_like_date(f"{day}{apart}{words[month - 1]}{apart}{year}") is is_day
    assert looks_like_date(f"{day}{apart}{words[month - 1][:3].upper()}{apart}{year}") is (
        is_day and words[month - 1][:3].lower() not in ("jui", "aoû")  # juin or juillet; août has four
    )
    if day > 12:  # else the day may be the month
        assert looks_like_date(f"{day:02}.{month:02}.{year}") is is_day
        assert looks_like_date(f"{month:02}/{day:02}/{year}") is is_day


@given(
    st.sampled_from(
        ["MRN{:06}", "{}", "P-{:03}", "2024-{:03}", "24-{:04}", "{:08}", "S{}/24", "UKH_MAR_{:02}"]
    ),
    st.lists(st.integers(0, 99999), min_size=1, max_size=40, unique=True),
)
def test_honest_ids_are_no_dates(shape, numbers):
    ids = texts(*[shape.format(number) for number in numbers])
    assert not dates_among_ids(ids).any()


@pytest.mark.parametrize(
    "ids",
    [
        ["MAR-01", "MAR-02", "PAR-01"],
        ["DEC-01", "DEC-02"],
        ["Mar-01", "Lyo-01"],  # Lyo-01 has the shape of the other
        ["01-02-2024", "45-99-2024", "12-11-2024"],
        ["1-2-2024", "45-99-2024"],
        ["01-02-03", "02-03-04"],
        ["1/2/2024", "01/55/2024"],
        ["1-2", "1-3", "12-12"],
        ["20240201", "20240202"],
        ["45352", "45353"],
        [None, None],
        [],
    ],
)
def test_ids_that_look_like_dates_by_chance(ids):
    series = pd.Series(ids, index=range(2, 2 + len(ids)), dtype="str")
    assert dates_among_ids(series).tolist() == [False] * len(ids)


def test_ids_that_a_spreadsheet_damaged():
    # 1-2, 3-14, 12-1, MAR1, OCT31, 2-30, 13-14; the last two are no days and stay.
    ids = ["2-Jan", "14-Mar", "1-Dec", "1-Mar", "31-Oct", "2-30", "13-14", None, "2-Jan"]
    series = pd.Series(ids, index=range(2, 11), dtype="str")
    damaged = dates_among_ids(series)
    assert damaged.to_dict() == {row: row in (2, 3, 4, 5, 6, 10) for row in range(2, 11)}


@pytest.mark.parametrize(
    "as_date",
    ["{:%Y-%m-%d}", "{:%Y-%m-%d 00:00:00}", "{:%d.%m.%Y}", "{:%m/%d/%Y}", "{:%d-%b}", "{:%d-%b-%y}"],
)
def test_a_column_of_which_some_are_dates(as_date):
    # Center and patient, 1-1 to 3-40.
    ids, expected = [], []
    for center in range(1, 4):
        for patient in range(1, 41):
            valid = patient <= {1: 31, 2: 28, 3: 31}[center]
            expected.append(valid)
            day = pd.Timestamp(2023, center, patient) if valid else None
            ids.append(as_date.format(day) if valid else f"{center}-{patient}")
    assert dates_among_ids(texts(*ids)).tolist() == expected
    assert dates_among_ids(texts("P-1", "P-2", *ids)).tolist() == [False, False, *expected]


def test_one_shape_does_not_clear_another():
    # 45-99-2024 clears what has two digits and two and four, not the words.
    found = dates_among_ids(texts("45-99-2024", "01-02-2024", "1-Feb", "2024-02-01"))
    assert found.tolist() == [False, False, True, True]
    assert dates_among_ids(texts("Mar-01", "Ly-01")).tolist() == [True, False]
    # A number of one digit has the shape of one with two, one of three has not.
    assert dates_among_ids(texts("1-2-2024", "123-99-2024")).tolist() == [True, False]


# --- Twins


def cohort(seed, n=100):
    """Patients of whom each variable is drawn for itself, as coarse as real ones are."""
    draw = np.random.default_rng(seed)
    variables = {
        "age": draw.normal(62, 12, n).round(),
        "bmi": draw.normal(27, 5, n).round(1),
        "albumin": draw.normal(3.9, 0.5, n).round(1),
        "calcium": draw.normal(9.3, 0.6, n).round(1),
        "platelets": (230 * np.exp(draw.normal(0, 0.4, n))).round(),
        "kps": draw.choice([50.0, 60, 70, 80, 90, 100], n),
        "sex": draw.choice(["female", "male"], n),
        "new_vcf": pd.array(draw.binomial(1, 0.2, n), dtype="Int64"),
        "steroids": pd.array(draw.binomial(1, 0.3, n), dtype="Int64"),
        "denosumab": pd.array(draw.binomial(1, 0.4, n), dtype="Int64"),
    }
    return pd.DataFrame(variables, index=range(2, n + 2))


def rough_cohort(seed, n=300):
    """Patients of few and coarse variables: nearly always, two are alike."""
    draw = np.random.default_rng(seed)
    floats = {"age": draw.normal(62, 12, n).round(), "albumin": draw.normal(3.9, 0.5, n).round(1)}
    return pd.DataFrame(floats | {f"x{number}": draw.binomial(1, 0.3, n) for number in range(6)})


@given(st.integers(0, 9999), st.integers(60, 200), st.data())
def test_a_copied_patient_is_found(seed, n, data):
    variables = cohort(seed, n)
    first, copy = sorted(data.draw(st.lists(st.integers(2, n + 1), min_size=2, max_size=2, unique=True)))
    variables.loc[copy] = variables.loc[first]
    assert twin_rows(variables).to_numpy().tolist() == [[copy, first]]
    assert list(twin_rows(variables)) == ["row", "first_row"]


def test_a_patient_copied_twice():
    variables = cohort(3, 400)
    variables.loc[[50, 200]] = variables.loc[[7, 7]].to_numpy()
    assert twin_rows(variables).to_numpy().tolist() == [[50, 7], [200, 7]]


def test_independent_cohorts_have_no_twins():
    # At most one cohort in a hundred: 2 of 200.
    with_twins = sum(not twin_rows(cohort(seed)).empty for seed in range(200))
    assert with_twins <= 2


def test_patients_alike_by_chance_are_no_twins():
    alike = [rough_cohort(seed).duplicated().any() for seed in range(200)]
    assert sum(alike) > 150  # there is something to be mistaken for a twin
    with_twins = sum(not twin_rows(rough_cohort(seed)).empty for seed in range(200))
    assert with_twins <= 2


def unique_rows(n, floats=4, constants=4):
    """Rows that differ in every float; the constants are the same in all."""
    values = {f"float{number}": np.arange(n) * 1.5 + number for number in range(floats)}
    return pd.DataFrame(values | {f"constant{number}": np.ones(n, dtype=int) for number in range(constants)})


def test_how_rare_a_twin_must_be():
    # Of n rows, the two twins are a share of 2 / n in each of 4 floats: n² (2 / n)⁴ = 16 / n² < 1 / 100.
    for n, expected in ((39, []), (41, [[30, 5]])):
        rows = unique_rows(n)
        rows.loc[30] = rows.loc[5]
        assert twin_rows(rows).to_numpy().tolist() == expected


def test_missing_values_make_no_twin_rarer():
    for missing in ([5, 30], range(6, 30)):
        for n, expected in ((39, []), (41, [[30, 5]])):
            rows = unique_rows(n, constants=5)
            rows.loc[30] = rows.loc[5]
            rows["constant0"] = rows["constant0"].astype("Int64")
            rows.loc[list(missing), "constant0"] = pd.NA
            assert twin_rows(rows).to_numpy().tolist() == expected


def test_enough_must_be_filled():
    rows = unique_rows(200, floats=4, constants=5)
    rows.loc[30] = rows.loc[5]
    assert len(twin_rows(rows)) == 1
    rows.loc[[5, 30], "constant0"] = np.nan  # 8 of 9 are left
    rows["constant0"] = rows["constant0"].astype("Int64")
    assert twin_rows(rows).to_numpy().tolist() == [[30, 5]]
    rows["constant1"] = rows["constant1"].astype("Int64")
    rows.loc[[5, 30], "constant1"] = pd.NA
    assert twin_rows(rows).empty


def test_two_continuous_variables_must_be_filled():
    rows = unique_rows(200, floats=2, constants=5)
    names = [f"text{number}" for number in range(4)]  # as rare as the floats, but no measurements
    for name in names:
        rows[name] = [f"{name} {row}" for row in rows.index]
    rows.loc[30] = rows.loc[5]
    assert twin_rows(rows).to_numpy().tolist() == [[30, 5]]
    rows.loc[[5, 30], "float1"] = np.nan
    assert twin_rows(rows).empty


def test_the_same_values_must_be_missing():
    variables = cohort(1, 200)
    variables.loc[[10, 90], "albumin"] = np.nan
    variables.loc[90] = variables.loc[10]
    assert twin_rows(variables).to_numpy().tolist() == [[90, 10]]
    variables.loc[90, "bmi"] = np.nan
    assert twin_rows(variables).empty


def test_one_other_value_makes_another_patient():
    variables = cohort(1, 200)
    for name in variables:
        variables.loc[90] = variables.loc[10]
        others = variables.loc[variables[name] != variables.loc[10, name], name]
        variables.loc[90, name] = others.iloc[0]
        assert twin_rows(variables).empty, name


def test_no_patients_and_no_variables():
    assert twin_rows(cohort(1).iloc[:0]).empty
    assert twin_rows(cohort(1)[[]]).empty
    assert list(twin_rows(cohort(1))) == ["row", "first_row"]


# --- Readers


def two_readers(first, second, rows=None):
    """Scores as `score_readings` gives them."""
    rows = np.arange(len(first)) if rows is None else rows
    scores = np.round(np.concatenate([first, second]), 10)
    names = ["a"] * len(first) + ["b"] * len(second)
    return pd.DataFrame({"row": np.tile(rows, 2), "reader": names, "score": scores})


@given(st.integers(0, 9999), st.integers(10, 80), st.sampled_from([1.0, 1.96, 2.5]))
def test_limits_of_agreement(seed, n, k):
    draw = np.random.default_rng(seed)
    first = draw.uniform(2, 4, n).round(10)
    second = (first + draw.standard_t(3, n) * 0.2 + 0.1).round(10)
    rows = draw.permutation(n) + 2
    difference = first - second
    mean = sum(difference) / n
    deviation = (sum((difference - mean) ** 2) / (n - 1)) ** 0.5
    low, high = mean - k * deviation, mean + k * deviation
    expected = {
        row: one for row, one in sorted(zip(rows, difference, strict=True)) if one < low or one > high
    }
    found = readers_who_disagree(two_readers(first, second, rows), k)
    assert sorted(found["row"]) == list(expected)
    by_row = found.set_index("row").sort_index()
    assert_allclose(by_row["difference"], list(expected.values()), atol=EXACT)
    assert_allclose(found["low"], low, atol=EXACT)
    assert_allclose(found["high"], high, atol=EXACT)
    assert (found["reader_1"] == "a").all()
    assert (found["reader_2"] == "b").all()
    away = np.abs(difference - np.median(difference))
    gross = away > 3.5 * 1.4826 * np.median(away)
    assert by_row["gross"].tolist() == [bool(gross[list(rows).index(row)]) for row in expected]


SMALL = np.array([0.05, -0.05, 0.1, -0.1, 0.02, -0.02, 0.08, -0.08, 0.04, -0.04, 0.06, -0.06])


def test_one_blunder_is_gross():
    difference = np.append(SMALL, 1.5)
    found = readers_who_disagree(two_readers(3 + difference, np.full(13, 3.0)))
    [blunder] = found.to_dict("records")
    mean, deviation = difference.mean(), difference.std(ddof=1)
    assert (blunder["row"], blunder["reader_1"], blunder["reader_2"]) == (12, "a", "b")
    assert blunder["difference"] == pytest.approx(1.5, abs=EXACT)
    assert blunder["low"] == pytest.approx(mean - 1.96 * deviation, abs=EXACT)
    assert blunder["high"] == pytest.approx(mean + 1.96 * deviation, abs=EXACT)
    assert blunder["gross"]


def test_the_sign_is_that_of_the_first_minus_the_second():
    found = readers_who_disagree(two_readers(np.full(13, 3.0), 3 + np.append(SMALL, 1.5)))
    assert found["difference"].tolist() == pytest.approx([-1.5], abs=EXACT)
    assert found["gross"].tolist() == [True]


def test_beyond_the_limits_without_being_gross():
    # Median 0, median absolute deviation 0.1: gross beyond 3.5 times 0.14826, which is 0.51891.
    common = [0.1, -0.1] * 20
    for largest, gross in ((0.518, False), (0.52, True)):
        difference = np.array([*common, largest, -0.1, 0.0])
        found = readers_who_disagree(two_readers(3 + difference, np.full(43, 3.0)))
        assert found["row"].tolist() == [40]
        assert found["gross"].tolist() == [gross]


def test_where_most_readings_are_equal_the_mean_deviation_is_taken():
    # Of 20 differences 12 are 0. Gross beyond 3.5 times 1.2533 times (0.7 + x) / 20, which is x = 0.1967.
    others = [0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1]
    for largest, gross in ((0.196, False), (0.197, True)):
        difference = np.array([0.0] * 12 + others + [largest])
        found = readers_who_disagree(two_readers(3 + difference, np.full(20, 3.0)))
        assert found["row"].tolist() == [19]
        assert found["gross"].tolist() == [gross]


def test_a_constant_difference_is_as_good_as_none():
    # 3.3 - 3.2 is not 2.5 - 2.4 in floating point; no reading is gross for that.
    for seed in range(20):
        draw = np.random.default_rng(seed)
        second = draw.uniform(2, 4, 40).round(3)
        beside = np.concatenate([np.zeros(24), draw.normal(0, 0.3, 16).round(3)])
        shifted = readers_who_disagree(two_readers(second + 0.1 + beside, second))
        plain = readers_who_disagree(two_readers(3 + beside, np.full(40, 3.0)))
        assert shifted["row"].tolist() == plain["row"].tolist()
        assert shifted["gross"].tolist() == plain["gross"].tolist()


@given(st.floats(-1, 1), st.integers(10, 60), st.integers(0, 9999))
def test_a_constant_shift_is_no_disagreement(shift, n, seed):
    first = np.random.default_rng(seed).uniform(2, 4, n).round(3)
    assert readers_who_disagree(two_readers(first, first + shift)).empty


def test_readers_are_compared_from_ten_patients_in_common():
    for equal, found in ((9, 1), (8, 0)):
        difference = np.array([0.0] * equal + [1.0])
        scores = two_readers(3 + difference, np.full(equal + 1, 3.0))
        assert len(readers_who_disagree(scores)) == found
    # A missing score is not in common.
    scores = two_readers(3 + np.array([0.0] * 9 + [1.0]), np.full(10, 3.0))
    scores.loc[0, "score"] = np.nan
    assert readers_who_disagree(scores).empty
    columns = ["row", "reader_1", "reader_2", "difference", "low", "high", "gross"]
    assert list(readers_who_disagree(scores)) == columns


def test_each_pair_of_readers_has_its_own_limits():
    values = {"c": 3 + np.append(SMALL, 1.5), "a": np.full(13, 3.0), "b": np.full(13, 3.05)}
    scores = pd.concat(
        pd.DataFrame({"row": range(2, 15), "reader": reader, "score": score})
        for reader, score in values.items()
    )
    # A fourth reader read other patients.
    other = pd.DataFrame({"row": range(100, 120), "reader": "d", "score": np.linspace(1, 9, 20)})
    found = readers_who_disagree(pd.concat([scores, other]))
    assert found[["row", "reader_1", "reader_2"]].to_numpy().tolist() == [[14, "a", "c"], [14, "b", "c"]]
    assert found["difference"].tolist() == pytest.approx([-1.5, -1.45], abs=EXACT)
    assert found["high"].iloc[1] - found["high"].iloc[0] == pytest.approx(0.05, abs=EXACT)


def test_one_reader_has_none_to_disagree_with():
    one = pd.DataFrame({"row": range(20), "reader": "a", "score": np.linspace(1, 5, 20)})
    assert readers_who_disagree(one).empty
    assert readers_who_disagree(one[:0]).empty


def test_honest_readers_are_seldom_gross():
    # One normal difference in 2200 is beyond 3.5 standard deviations; these are estimated from 40 patients.
    gross = 0
    for seed in range(200):
        difference = np.random.default_rng(seed).normal(0, 0.2, 40)
        gross += int(readers_who_disagree(two_readers(3 + difference, np.full(40, 3.0)))["gross"].sum())
    assert gross <= 0.005 * 200 * 40


def test_scores_of_readings():
    draw = np.random.default_rng(5)
    level = np.repeat(draw.normal(250, 30, 12), 2)
    bone = {name: level + draw.normal(0, 3, 24) for name in ("L1", "L2", "L3", "L4")}
    readings = pd.DataFrame(
        {
            "row": np.repeat(np.arange(2, 14), 2),
            "reader": ["x", "y"] * 12,
            **bone,
            "csf": 80.0,
            "csf_level": "L3",
        }
    )
    readings.loc[8, "csf"] = 40.0  # patient 6 of reader x: twice the score
    found = readers_who_disagree(score_readings(readings, Marker()))
    assert found.loc[found["gross"], "row"].tolist() == [6]
    [difference] = found.loc[found["gross"], "difference"]
    medians = readings[["L1", "L2", "L3", "L4"]].median(axis=1)
    assert difference == pytest.approx(medians[8] / 40 - medians[9] / 80, abs=1e-9)


# --- Levels of a reading


def readings(*rows, levels=("L1", "L2", "L3", "L4")):
    """Rows of (patient's row, reader, level, level, ...), from line 2 of their file."""
    frame = pd.DataFrame(rows, columns=["row", "reader", *levels])
    frame.insert(0, "file_row", range(2, 2 + len(rows)))
    return frame


def apart(*rows, **named):
    return (
        levels_apart(readings(*rows, **named))[["file_row", "row", "reader", "level", "value", "ratio"]]
        .to_numpy(dtype=object)
        .tolist()
    )


def test_a_lost_decimal_mark():
    honest = (7, "a", 240.5, 251.2, 248.0, 260.1)
    assert apart(honest, (8, "a", 240.0, 2512.0, 248.0, 260.0)) == [[3, 8, "a", "L2", 2512.0, 2512 / 248]]
    assert apart((8, "a", 240.0, 250.0, 24.8, 260.0)) == [[2, 8, "a", "L3", 24.8, 24.8 / 250]]


@pytest.mark.parametrize("level", ["L1", "L2", "L3", "L4"])
@given(
    values=st.lists(st.floats(200, 299), min_size=4, max_size=4),
    factor=st.sampled_from([10, 100, 0.1, 0.01]),
    n=st.integers(1, 5),
)
def test_a_digit_too_many_or_too_few(level, values, factor, n):
    given_readings = readings(*[(row, "a", *values) for row in range(n)])
    given_readings.loc[n - 1, level] *= factor
    [found] = levels_apart(given_readings).to_dict("records")
    others = [value for name, value in zip(["L1", "L2", "L3", "L4"], values, strict=True) if name != level]
    assert (found["file_row"], found["row"], found["level"]) == (n + 1, n - 1, level)
    assert found["ratio"] == pytest.approx(found["value"] / np.median(others), rel=EXACT)


@given(st.lists(st.lists(st.floats(100, 299.9), min_size=4, max_size=4), min_size=1, max_size=20))
def test_levels_within_the_factor_are_not_doubted(rows):
    assert apart(*[(number, "a", *values) for number, values in enumerate(rows)]) == []


def test_the_factor_itself():
    assert [found[3:] for found in apart((1, "a", 100, 300, 100, 100))] == [["L2", 300.0, 3.0]]
    assert apart((1, "a", 100, 299, 100, 100)) == []
    assert [found[3:5] for found in apart((1, "a", 300, 100, 300, 300))] == [["L2", 100.0]]
    assert apart((1, "a", 299, 100, 299, 299)) == []
    # 0.3 / 0.1 is less than 3 in floating point.
    assert [found[3] for found in apart((1, "a", 0.1, 0.1, 0.3, 0.1))] == ["L3"]


def test_a_level_that_two_readers_saw_is_real():
    dark = [(4, "a", 250, 70, 240, 260), (4, "b", 255, 80, 250, 262)]
    assert apart(*dark) == []
    bright = [(4, "a", 250, 900, 240, 260), (4, "b", 255, 1000, 250, 262)]
    assert apart(*bright) == []
    # The other reader had nothing of it, or read another level, or another patient.
    assert [found[:4] for found in apart(dark[0], (4, "b", 255, 240, 250, 262))] == [[2, 4, "a", "L2"]]
    assert [found[:4] for found in apart(dark[0], (4, "b", 255, np.nan, 250, 262))] == [[2, 4, "a", "L2"]]
    assert [found[:4] for found in apart(dark[0], (5, "b", 255, 80, 250, 262))] == [
        [2, 4, "a", "L2"],
        [3, 5, "b", "L2"],
    ]
    assert [found[:4] for found in apart(dark[0])] == [[2, 4, "a", "L2"]]


@pytest.mark.parametrize(("other", "real"), [(40, True), (160, True), (39.9, False), (160.1, False)])
def test_how_near_the_other_reader_must_be(other, real):
    found = apart((4, "a", 480, 80, 480, 490), (4, "b", 480, other, 480, 485))
    assert (["a", "L2"] not in [[one[2], one[3]] for one in found]) is real


def test_two_odd_levels_cannot_be_told():
    assert apart((1, "a", 250, 25, 2500, 250)) == []
    assert apart((1, "a", 250, 2500, 2400, 250)) == []
    assert apart((1, "a", 250, 25, 26, 250)) == []
    assert apart((1, "a", 2000, 100, 100, 300)) == []
    assert [found[3:] for found in apart((1, "a", 2000, 100, 100, 299))] == [["L1", 2000.0, 20.0]]


def test_the_level_farther_from_the_others_is_told():
    # L1 is a third of the median of the others, L3 three times that of its own: none is farther.
    assert apart((1, "a", 100, 180, 420, np.nan)) == []
    # L1 at a ratio of 1 / 4.5, L3 at 3.1.
    [found] = apart((1, "a", 100, 290, 600, np.nan))
    assert found[3:] == ["L1", 100.0, 100 / 445]


def test_three_levels_are_enough_and_two_are_not():
    assert apart((1, "a", 250, 2500, np.nan, np.nan)) == []
    for other in np.linspace(20, 80, 50):  # whichever is farther away by rounding
        assert apart((1, "a", other, 290.5, np.nan, np.nan)) == []
    assert apart((1, "a", 250, np.nan, np.nan, np.nan)) == []
    assert apart((1, "a", *[np.nan] * 4)) == []
    assert [found[3:] for found in apart((1, "a", 250, 2500, np.nan, 250))] == [["L2", 2500.0, 10.0]]
    assert apart((1, "a", 250, 2500), levels=("L1", "L2")) == []


def test_other_levels_and_an_index_of_any_kind():
    given_readings = readings((1, "a", 25, 250, 240), (2, "b", 250, 250, 2400), levels=("T12", "L1", "L5"))
    given_readings.index = [7, 7]
    found = levels_apart(given_readings, levels=["T12", "L1", "L5", "S1"])
    assert found[["file_row", "level"]].to_numpy().tolist() == [[2, "T12"], [3, "L5"]]
    assert levels_apart(given_readings, levels=["L1", "L5"]).empty
    columns = ["file_row", "row", "reader", "level", "value", "ratio"]
    assert list(levels_apart(given_readings, levels=[])) == columns
    assert list(levels_apart(given_readings[:0], levels=["L1"])) == columns


def test_readings_come_in_the_order_of_the_file():
    found = apart(
        (1, "a", 250, 250, 250, 2500),
        (2, "a", 250, 250, 250, 250),
        (3, "a", 2500, 250, 250, 250),
        (4, "a", 250, 25, 250, 250),
    )
    assert [one[0] for one in found] == [2, 4, 5]
    assert [one[3] for one in found] == ["L4", "L1", "L2"]


def test_honest_readings_are_not_doubted():
    # Levels of a patient differ by some 15 %, the patients themselves more.
    draw = np.random.default_rng(1)
    patients = 250 * np.exp(draw.normal(0, 0.3, 5000))
    rows = [
        (number, "a", *(patient * np.exp(draw.normal(0, 0.15, 4)))) for number, patient in enumerate(patients)
    ]
    assert apart(*rows) == []
