"""What must hold of any two dichotomous scores: their joint tables, and their combined rules."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from vbq.stats.digits import tie_nearly_equal
from vbq.stats.joint import DESIGN, INTERACTION, PATTERNS, auc_of_patterns, combined_rules, joint_tables
from vbq.stats.logistic import fit_logistic, is_separated
from vbq.stats.roc import areas_under_curves

SAME = 1e-12
FITTED = 1e-8
INFINITE = 1e-6  # risks that approach 0 or 1

quick = settings(max_examples=40, deadline=None)
slow = settings(max_examples=15, deadline=None)  # several fits in each example

both_models = pytest.mark.parametrize("interaction", [False, True], ids=["additive", "interaction"])


@st.composite
def tables(draw, smallest=0, largest=8):
    """A joint table with patients in both groups."""
    counts = st.lists(st.integers(smallest, largest), min_size=4, max_size=4)
    table = np.array([draw(counts), draw(counts)])
    assume((table.sum(axis=1) > 0).all())
    return table


def rows_of(table):
    """Outcome, and pattern number, of every patient."""
    outcome, pattern = (index.ravel() for index in np.indices((2, 4)))
    return np.repeat(outcome, table.ravel()), np.repeat(pattern, table.ravel())


def design(interaction: bool):
    return np.hstack([DESIGN, INTERACTION]) if interaction else DESIGN


# --- Joint tables


@quick
@given(tables())
def test_joint_tables_are_those_with_the_margins(table):
    sizes, first, second = table.sum(axis=1), table[:, [1, 3]].sum(axis=1), table[:, [2, 3]].sum(axis=1)
    found = joint_tables(sizes, first, second)
    assert (found >= 0).all()
    assert_array_equal(found.sum(axis=2), np.broadcast_to(sizes, (len(found), 2)))
    assert_array_equal(found[:, :, [1, 3]].sum(axis=2), np.broadcast_to(first, (len(found), 2)))
    assert_array_equal(found[:, :, [2, 3]].sum(axis=2), np.broadcast_to(second, (len(found), 2)))
    assert (found == table).all(axis=(1, 2)).sum() == 1
    both = [range(max(0, a + b - n), min(a, b) + 1) for n, a, b in zip(sizes, first, second, strict=True)]
    assert [tuple(t[:, 3]) for t in found] == [(x, y) for x in both[0] for y in both[1]]


def test_joint_tables_of_a_paper():
    found = joint_tables((49, 56), (7, 42), (9, 36))
    assert len(found) == 8 * 15
    assert found[:, 0, 3].max() == 7
    assert (found[:, 1, 3].min(), found[:, 1, 3].max()) == (22, 36)


@pytest.mark.parametrize(("first", "second"), [((6, 0), (0, 0)), ((0, 0), (0, 5)), ((-1, 0), (0, 0))])
def test_margins_must_lie_within_their_group(first, second):
    with pytest.raises(ValueError, match="margin"):
        joint_tables((5, 4), first, second)


# --- Combined rules


@both_models
@quick
@given(tables(largest=4))
def test_separation_is_that_of_the_rows(interaction, table):
    outcome, pattern = rows_of(table)
    X = design(interaction)[pattern]
    assume(np.linalg.matrix_rank(X) == X.shape[1])
    assert combined_rules([table], interaction).is_separated[0] == is_separated(X, outcome)


@both_models
@slow
@given(table=tables())
def test_rules_are_logistic_regressions_of_the_rows(interaction, table):
    outcome, pattern = rows_of(table)
    found = combined_rules([table], interaction)
    assume(not found.is_separated[0])
    names = ["first", "second", *(["interaction"] if interaction else [])]
    frame = pd.DataFrame(design(interaction)[pattern, 1:], columns=names)
    fit = fit_logistic(frame, outcome, {name: [name] for name in names})
    assert fit.method == "maximum likelihood"
    estimates = fit.table["estimate"].to_numpy()
    assert_allclose(found.coefficients[0], estimates, rtol=FITTED, atol=FITTED)
    assert_allclose(found.p_value[0], fit.p_value, rtol=FITTED)
    risks = 1 / (1 + np.exp(-fit.linear_predictor))
    assert_allclose(found.risks[0][pattern], risks, atol=FITTED)
    areas = areas_under_curves(outcome, tie_nearly_equal(fit.linear_predictor))
    assert_allclose(found.auc, areas.auc, atol=SAME)
    assert_allclose(found.accuracy[0], ((risks >= 0.5 - FITTED) == outcome).mean(), atol=SAME)


@both_models
@quick
@given(tables())
def test_auc_and_accuracy_are_those_of_the_risks(interaction, table):
    """Separated or not: infinite linear predictors of one sign are ties."""
    outcome, pattern = rows_of(table)
    found = combined_rules([table], interaction)
    risks = found.risks[0][pattern].round(6)
    assert_array_equal(np.isnan(found.risks[0]), table.sum(axis=0) == 0)
    assert_allclose(found.auc, areas_under_curves(outcome, risks).auc, atol=SAME)
    assert_allclose(found.accuracy[0], ((risks >= 0.5) == outcome).mean(), atol=SAME)
    assert np.isnan(found.coefficients).all() == found.is_separated[0]


@quick
@given(tables())
def test_risks_with_interaction_are_the_shares(table):
    present = table.sum(axis=0) > 0
    risks = combined_rules([table], interaction=True).risks[0]
    assert_allclose(risks[present], (table[1] / table.sum(axis=0).clip(1))[present], atol=INFINITE)


@both_models
@quick
@given(tables())
def test_fitted_risks_keep_the_margins(interaction, table):
    """The score equations: expected and observed events agree in all, and where each score is positive."""
    risks = np.nan_to_num(combined_rules([table], interaction).risks[0])
    X = design(interaction)
    assert_allclose((table.sum(axis=0) * risks) @ X, table[1] @ X, atol=100 * INFINITE)


@both_models
@quick
@given(table=tables(smallest=1), times=st.integers(2, 5))
def test_relabeled_swapped_and_replicated_tables(interaction, table, times):
    swapped = table[:, [0, 2, 1, 3]]
    found = combined_rules([table, table[::-1], swapped, table * times], interaction)
    expected = found.coefficients[0]
    order = [0, 2, 1, *([3] if interaction else [])]
    assert_allclose(found.coefficients[1], -expected, atol=FITTED)
    assert_allclose(found.coefficients[2], expected[order], atol=FITTED)
    assert_allclose(found.coefficients[3], expected, atol=FITTED)
    assert_allclose(found.auc, found.auc[0], atol=SAME)
    assert found.p_value[3] <= found.p_value[0] + SAME


@both_models
@quick
@given(several=st.lists(tables(), min_size=2, max_size=6))
def test_tables_do_not_see_each_other(interaction, several):
    together = combined_rules(several, interaction)
    for at, table in enumerate(several):
        alone = combined_rules([table], interaction)
        for name in ("coefficients", "risks", "is_separated", "auc", "accuracy", "p_value"):
            assert_allclose(getattr(together, name)[at], getattr(alone, name)[0], rtol=FITTED, atol=INFINITE)


def test_small_risk_is_not_separation():
    """Additive log-odds multiply: 1/600 with either score and 600 with both leave 1/600³ with neither."""
    table = np.array([[0, 600, 600, 1], [1, 1, 1, 600]])
    outcome, pattern = rows_of(table)
    assert not is_separated(DESIGN[pattern], outcome)
    assert not combined_rules([table]).is_separated[0]


@both_models
def test_no_table(interaction):
    found = combined_rules(np.zeros((0, 2, 4)), interaction)
    assert found.risks.shape == (0, len(PATTERNS))
    assert len(found.auc) == 0


# --- Areas under curves of patterns


@quick
@given(tables(), st.lists(st.integers(-3, 3), min_size=4, max_size=4))
def test_auc_of_patterns_is_that_of_the_rows(table, order):
    outcome, pattern = rows_of(table)
    score = np.array(order, dtype=float)
    expected = areas_under_curves(outcome, score[pattern]).auc
    assert_allclose(auc_of_patterns(table[None], score[None]), expected, atol=SAME)
    assert_allclose(auc_of_patterns(table[None], -score[None]), 1 - expected, atol=SAME)


@both_models
def test_what_is_zero_but_for_rounding_is_zero(interaction):
    tables = joint_tables((49, 56), (10, 40), (9, 30))
    rules = combined_rules(tables, interaction)
    for numbers in (rules.coefficients, rules.risks, 1 - rules.risks):
        assert not ((numbers != 0) & (np.abs(numbers) < SAME)).any()
    assert (rules.risks == 0).any()  # of separated tables
    no_effect = combined_rules(np.array([[[10, 5, 20, 10], [20, 10, 10, 5]]]), interaction)
    assert no_effect.coefficients[0, 1] == 0
    assert_allclose(no_effect.coefficients[0, 2], -2 * np.log(2), rtol=SAME)
