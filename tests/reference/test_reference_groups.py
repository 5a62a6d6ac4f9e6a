"""A continuous variable across groups and on another one, against R and NIST StRD."""

import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, SHARED, data, values

from vbq.stats.groups import compare_groups, fit_linear, regress

VALUES = values("groups")
GROUPS = dict(list(data("groups").groupby("case")))
PAIRS = dict(list(data("pairs").groupby("case")))
NIST = SHARED / "nist_strd"

needs_nist = pytest.mark.skipif(not NIST.is_dir(), reason=f"no {NIST}: NIST StRD is not part of the project")


@pytest.mark.parametrize("case", GROUPS)
def test_groups_as_in_r(case):
    rows, expected = GROUPS[case], VALUES[case]
    result = compare_groups(rows["value"], rows["group"])
    assert_allclose(
        [result.p_ols, result.p_welch, result.p_rank],
        [expected["p_ols"], expected["p_welch"], expected["p_rank"]],
        rtol=CLOSED_FORM,
    )
    if result.statistic_name == "t":  # t.test subtracts the second mean from the first, lm the other way
        assert_allclose(
            [result.statistic, result.df, result.p_ols, result.p_welch],
            [-expected["t"], expected["df_residual"], expected["p_pooled_t"], expected["p_welch_t"]],
            rtol=CLOSED_FORM,
        )
    else:
        assert_allclose(
            [result.statistic, result.df_residual], [expected["f"], expected["df_residual"]], rtol=CLOSED_FORM
        )


@pytest.mark.parametrize("case", GROUPS)
def test_differences_from_the_first_group_as_in_r(case):
    """The last group is compared; R's intervals are of 90 %."""
    rows, expected = GROUPS[case], VALUES[case]
    design = pd.get_dummies(rows["group"].astype(str), dtype=float).iloc[:, 1:]
    last = fit_linear(design, rows["value"], 0.9).iloc[-1]
    names = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    in_r = [
        f"difference{end}" if end else "difference" for end in ("", "_error", "_t", "_p", "_low", "_high")
    ]
    assert_allclose([last[name] for name in names], [expected[name] for name in in_r], rtol=CLOSED_FORM)


@pytest.mark.parametrize("offset", [1e8, -(2.0**33)])
def test_an_outcome_far_from_zero_costs_no_digits(offset):
    """Whole numbers, which the offset leaves exact: R's values are those without it."""
    rows, expected = GROUPS["integers"], VALUES["integers"]
    design = pd.get_dummies(rows["group"].astype(str), dtype=float).iloc[:, 1:]
    last = fit_linear(design, rows["value"] + offset, 0.9).iloc[-1]
    found = [last[name] for name in ("estimate", "std_error", "statistic", "p_value", "conf_low")]
    in_r = [expected[f"difference{end}"] for end in ("", "_error", "_t", "_p", "_low")]
    assert_allclose(found, in_r, rtol=1e-12)
    pair, expected = PAIRS["tied"], VALUES["tied"]
    result = regress(pair["x"] + offset, pair["y"] + offset)
    names = ["slope", "std_error", "statistic", "p_value", "residual_sd", "r_squared"]
    assert_allclose([getattr(result, name) for name in names], [expected[n] for n in names], rtol=1e-12)


def test_welch_of_several_groups_has_no_p_value_where_one_is_constant():
    rows = pd.concat([GROUPS["three"], GROUPS["one_constant"].head(7).assign(group="d")])
    result = compare_groups(rows["value"], rows["group"])
    assert np.isnan(result.p_welch)
    assert result.p_ols > 0


@pytest.mark.parametrize("case", PAIRS)
def test_regression_as_in_r(case):
    result, expected = regress(PAIRS[case]["x"], PAIRS[case]["y"]), VALUES[case]
    assert_allclose(
        [getattr(result, name) for name in expected], list(expected.values()), rtol=CLOSED_FORM, atol=1e-14
    )


def nist_lines(name: str) -> tuple[str, np.ndarray]:
    """Return the header of a data set, with its certified values, and its data."""
    lines = (NIST / f"{name}.dat").read_text().splitlines()
    return "\n".join(lines[:60]), np.array([line.split() for line in lines[60:] if line.strip()], dtype=float)


@needs_nist
def test_certified_regression():
    header, rows = nist_lines("Norris")
    result = regress(rows[:, 1], rows[:, 0])
    (intercept, _), (slope, slope_error) = (
        map(float, re.search(rf"{name}\s+(-?\d\S+)\s+(\d\S+)", header).groups()) for name in ("B0", "B1")
    )
    residual_sd = float(re.search(r"Standard Deviation\s+(0\.\S+)", header)[1])
    r_squared = float(re.search(r"R-Squared\s+(\S+)", header)[1])
    assert_allclose([result.slope, result.r_squared], [slope, r_squared], rtol=1e-13)
    assert_allclose(
        [result.intercept, result.std_error, result.residual_sd],
        [intercept, slope_error, residual_sd],
        rtol=1e-11,
    )


def exact_f(groups: np.ndarray, response: np.ndarray) -> float:
    """Return F of a one-way analysis of variance in rational arithmetic."""
    samples = [[Fraction(value) for value in response[groups == group]] for group in np.unique(groups)]
    means = [sum(sample) / len(sample) for sample in samples]
    grand = sum(map(sum, samples)) / len(response)
    between = sum(len(sample) * (mean - grand) ** 2 for sample, mean in zip(samples, means, strict=True))
    within = sum((value - mean) ** 2 for sample, mean in zip(samples, means, strict=True) for value in sample)
    return float(between / within * Fraction(len(response) - len(samples), len(samples) - 1))


# The certified F is that of the decimal responses. As doubles, which is all that any program is given, those
# of SmLs04 (7 constant leading digits) and SmLs07 (13) are already off: their F in exact arithmetic differs
# from the certified one by 1e-10 and 4e-5.
@needs_nist
@pytest.mark.parametrize(
    ("name", "representation_error"), [("SmLs01", 1e-13), ("SmLs04", 2e-10), ("SmLs07", 4e-5)]
)
def test_certified_analysis_of_variance(name, representation_error):
    header, rows = nist_lines(name)
    certified = float(re.search(r"Between Treatment.*?(\S+)\n", header)[1])
    result = compare_groups(rows[:, 1], rows[:, 0])
    assert_allclose(result.statistic, exact_f(*rows.T), rtol=1e-12)
    assert_allclose(result.statistic, certified, rtol=representation_error)
