"""Two dichotomous scores together, against R's glm and pROC and joint tables counted in R."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import CLOSED_FORM, ITERATIVE, data, values

from vbq.stats.joint import PATTERNS, combined_rules, joint_tables

VALUES = values("joint")
TABLES = {case: rows[[*PATTERNS]].to_numpy() for case, rows in data("joint_tables").groupby("case")}
MARGINS = {row.case: row for row in data("joint_margins").itertuples()}
EQUAL = 1e-10  # absolute: counted pairs and patients

both_models = pytest.mark.parametrize("interaction", [False, True], ids=["additive", "interaction"])


def expected_of(case: str, interaction: bool) -> dict[str, float]:
    return VALUES[f"{case}/interaction" if interaction else case]


@both_models
@pytest.mark.parametrize("case", TABLES)
def test_as_in_r(case, interaction):
    expected = expected_of(case, interaction)
    # All tables at once: a fit must not depend on those beside it.
    found = combined_rules([*TABLES.values()], interaction)
    at = [*TABLES].index(case)
    separated = bool(expected["has_no_estimate"])
    assert found.is_separated[at] == separated
    coefficients = [expected[f"coefficients_{i}"] for i in range(1, 5 if interaction else 4)]
    assert_allclose(found.coefficients[at], coefficients, rtol=CLOSED_FORM, atol=CLOSED_FORM)
    risks = [expected[f"risks_{i}"] for i in range(1, 5)]
    assert_allclose(found.risks[at], risks, rtol=0, atol=ITERATIVE if separated else CLOSED_FORM)
    assert_allclose(
        [found.auc[at], found.accuracy[at]], [expected["auc"], expected["accuracy"]], rtol=0, atol=EQUAL
    )
    if expected["rank"] == len(coefficients):
        assert_allclose(found.p_value[at], expected["p_value"], rtol=ITERATIVE if separated else CLOSED_FORM)


def test_p_value_of_an_interaction_without_patients():
    found = combined_rules([TABLES["empty_pattern"]], interaction=True)
    assert_allclose(found.p_value[0], VALUES["empty_pattern/interaction"]["p_value"], rtol=ITERATIVE)


@both_models
def test_every_table_of_the_margins_of_a_paper(interaction):
    expected = expected_of("every", interaction)
    found = combined_rules(joint_tables((49, 56), (7, 42), (9, 36)), interaction)
    for name in ("auc", "accuracy"):
        numbers = getattr(found, name)
        assert_allclose(
            [numbers.min(), numbers.max(), numbers.sum() / 120],
            [expected[f"{name}_low"], expected[f"{name}_high"], expected[f"{name}_sum"] / 120],
            rtol=0,
            atol=EQUAL,
        )


@pytest.mark.parametrize("case", MARGINS)
def test_number_of_tables(case):
    row = MARGINS[case]
    tables = joint_tables((row.n_0, row.n_1), (row.first_0, row.first_1), (row.second_0, row.second_1))
    assert len(np.unique(tables, axis=0)) == len(tables) == VALUES[case]["tables"]
