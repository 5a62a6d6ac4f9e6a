"""Agreement against psych::ICC, R's noncentral t, and printed values."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference_values import CLOSED_FORM, SHARED, data, values

from vbq.stats.agreement import bland_altman, intraclass_correlations, measurement_error

VALUES = values("agreement")
COLUMNS = ["estimate", "conf_low", "conf_high"]
FORMS = ["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
ICC_REFERENCE = SHARED / "icc_reference"

needs_icc_reference = pytest.mark.skipif(
    not ICC_REFERENCE.is_dir(), reason=f"no {ICC_REFERENCE}: the ratings are not part of the project"
)


VARYING = ["shrout_fleiss", "three_raters", "two_raters", "noise", "disagreeing", "unrelated"]
CONSTANT = ["copied", "shifted"]  # differences, which R's t.test refuses


@pytest.fixture(params=VARYING)
def case(request):
    return request.param, data(f"ratings_{request.param}")


def compare(table: pd.DataFrame, case: str) -> None:
    assert not table.empty
    for row in table.set_index("form")[COLUMNS].itertuples():
        expected = VALUES[f"{case}/{row.Index}"]
        assert_allclose(row[1:], [expected["estimate"], expected["low"], expected["high"]], rtol=CLOSED_FORM)


@pytest.mark.parametrize("name", VARYING + CONSTANT)
def test_intraclass_correlations(name):
    table = intraclass_correlations(data(f"ratings_{name}"))
    assert sorted(table["form"]) == sorted(FORMS)
    compare(table, name)
    is_open = table["conf_method"].str.endswith("; the lower limit is open")
    assert_array_equal(is_open, np.isneginf(table["conf_low"]))
    assert table.loc[is_open, "form"].tolist() == (["ICC2k"] if name == "disagreeing" else [])


@pytest.mark.parametrize("name", CONSTANT)
def test_differences_that_do_not_vary_have_no_interval(name):
    ratings = data(f"ratings_{name}")
    table = bland_altman(ratings["a"], ratings["b"])
    if name == "copied":
        table = pd.concat([table, measurement_error(ratings)])
    assert_allclose(table["estimate"], 0.0 if name == "copied" else -0.5, rtol=1e-14)
    assert table[["conf_low", "conf_high"]].isna().all(axis=None)
    assert set(table["conf_method"]) == {"none: the differences do not vary"}


def test_limits_of_agreement(case):
    name, ratings = case
    compare(bland_altman(ratings.iloc[:, 0], ratings.iloc[:, 1]), name)


def test_measurement_error(case):
    name, ratings = case
    compare(measurement_error(ratings), name)


@needs_icc_reference
@pytest.mark.parametrize(
    ("file", "printed"),
    [
        ("shrout_fleiss_1979", [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]),  # Shrout and Fleiss 1979, Table 4
        ("pingouin_icc_wine", [0.73, 0.73, 0.73, 0.91, 0.91, 0.92]),
    ],
)
def test_printed_intraclass_correlations(file, printed):
    ratings = pd.read_csv(ICC_REFERENCE / f"{file}.csv")
    if "Judge" in ratings:
        ratings = ratings.pivot_table(index="Wine", columns="Judge", values="Scores")
    else:
        ratings = ratings.set_index("target")
    estimates = intraclass_correlations(ratings).set_index("form")["estimate"]
    assert_allclose(estimates[FORMS], printed, rtol=0, atol=0.005)
