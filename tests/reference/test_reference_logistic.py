"""Logistic regression against R's glm, brglm2 and a profile refitted in R, and printed estimates."""

import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, ITERATIVE, SHARED, data, values

from vbq.stats.logistic import LogisticFit, fit_logistic

VALUES = values("logistic")
WHOLE_TERMS = {
    "cohort": {"smoking": ["smoking_former", "smoking_current"]},
    "birthwt": {"race": ["race_black", "race_other"]},
    "one_covariate": {},
    "endometrial": {},
    "separated": {},
    "level": {"level": ["level_mid", "level_high"]},
}
SEPARATED = {"endometrial", "separated", "level"}
MASS_SPLINE = 2e-3  # relative: confint interpolates the profile


def fitted(case: str) -> LogisticFit:
    rows = data(f"logistic_{case}")
    design = rows.drop(columns="event")
    together = [column for columns in WHOLE_TERMS[case].values() for column in columns]
    terms = {column: [column] for column in design if column not in together} | WHOLE_TERMS[case]
    return fit_logistic(design, rows["event"], terms)


@pytest.fixture(scope="module", params=WHOLE_TERMS)
def case(request):
    return request.param, fitted(request.param)


def test_method(case):
    name, fit = case
    assert fit.method == ("Firth" if name in SEPARATED else "maximum likelihood")


def test_coefficients(case):
    name, fit = case
    for row in fit.table[fit.table["column"] != ""].itertuples():
        expected = VALUES[f"{name}/{row.column}"]
        assert_allclose(
            [row.estimate, row.std_error, row.conf_low, row.conf_high, row.statistic, row.p_value],
            [expected[key] for key in ("estimate", "std_error", "low", "high", "statistic", "p_value")],
            rtol=ITERATIVE,
        )
        if name not in SEPARATED:
            assert_allclose(
                [row.conf_low, row.conf_high], [expected["mass_low"], expected["mass_high"]], rtol=MASS_SPLINE
            )


def test_whole_terms(case):
    name, fit = case
    table = fit.table[fit.table["column"] == ""].set_index("term")
    assert list(table.index) == list(WHOLE_TERMS[name])
    for term in WHOLE_TERMS[name]:
        expected = VALUES[f"{name}/{term}"]
        assert_allclose(table.loc[term, "statistic"], expected["statistic"], rtol=ITERATIVE)
        assert table.loc[term, "df"] == expected["df"]


def test_whole_model(case):
    name, fit = case
    expected = VALUES[name]
    assert_allclose(
        [fit.log_likelihood, fit.likelihood_ratio, fit.p_value],
        [expected["log_likelihood"], expected["likelihood_ratio"], expected["p_value"]],
        rtol=ITERATIVE,
    )


def test_whole_terms_as_drop1():
    table, expected = fitted("birthwt").table, VALUES["birthwt/drop1"]
    race = table[(table["term"] == "race") & (table["column"] == "")].iloc[0]
    weight = table[table["column"] == "lwt"].iloc[0]
    assert_allclose(
        [race["statistic"], race["p_value"], weight["statistic"]],
        [expected["race"], expected["race_p"], expected["lwt"]],
        rtol=ITERATIVE,
    )


def test_linear_predictor():
    rows, fit = data("logistic_cohort"), fitted("cohort")
    coefficients = [VALUES[f"cohort/{column}"]["estimate"] for column in rows.columns.drop("event")]
    expected = rows.drop(columns="event").to_numpy() @ coefficients + VALUES["cohort/(intercept)"]["estimate"]
    assert_allclose(fit.linear_predictor, expected, rtol=CLOSED_FORM, atol=CLOSED_FORM)


def test_printed_estimates_of_the_endometrial_cancer_study():
    """Heinze and Schemper (2002): Firth's estimates with profile penalized-likelihood intervals."""
    table = fitted("endometrial").table.set_index("column")
    printed = {"nv": (2.93, 0.61, 7.85), "pi": (-0.03, -0.12, 0.04), "eh": (-2.60, -4.37, -1.23)}
    for column, numbers in printed.items():
        assert_allclose(
            table.loc[column, ["estimate", "conf_low", "conf_high"]].to_list(), numbers, atol=0.005
        )


@pytest.mark.skipif(
    not (SHARED / "glow500").is_dir(), reason=f"no {SHARED / 'glow500'}: GLOW500 is not part of the project"
)
def test_glow500():
    """Hosmer, Lemeshow and Sturdivant, Applied Logistic Regression, 3rd ed.; printed to four decimals."""
    rows = pd.read_csv(SHARED / "glow500" / "glow500.tsv", sep="\t")
    design = rows[["AGE", "PRIORFRAC"]].assign(
        rater_2=(rows["RATERISK"] == 2).astype(float), rater_3=(rows["RATERISK"] == 3).astype(float)
    )
    terms = {"AGE": ["AGE"], "PRIORFRAC": ["PRIORFRAC"], "RATERISK": ["rater_2", "rater_3"]}
    fit = fit_logistic(design, rows["FRACTURE"], terms)
    table = fit.table[fit.table["column"] != ""]
    assert_allclose(table["estimate"], [-4.9906, 0.0459, 0.7002, 0.5486, 0.8658], rtol=0, atol=5e-5)
    assert_allclose(table["std_error"], [0.9027, 0.0124, 0.2412, 0.2750, 0.2862], rtol=0, atol=5e-5)
    assert_allclose(fit.log_likelihood, -259.4494, rtol=0, atol=5e-5)
