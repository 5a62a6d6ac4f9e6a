"""The codebook agrees with itself, and a cohort file can add to it but not change it."""

import pytest

from vbq.codebook import CRITERIA, SINS_COMPONENTS, VARIABLES, extended
from vbq.errors import UserError


def test_a_cohort_file_cannot_redefine_a_variable():
    with pytest.raises(UserError, match="age"):
        extended({"age": {"label": "Age", "kind": "continuous"}})


def test_a_binary_variable_of_a_cohort_file_is_no_and_yes():
    variable = extended({"relapse": {"label": "Relapse", "kind": "binary"}})["relapse"]
    assert dict(variable.levels) == {0: "No", 1: "Yes"}
    assert variable.aliases["yes"] == 1


def test_aliases_lead_to_levels_and_ranges_are_nested():
    for variable in VARIABLES.values():
        assert set(variable.aliases.values()) <= set(variable.levels), variable.name
        assert bool(variable.levels) == variable.is_categorical, variable.name
        if variable.plausible:
            (least, most), (low, high) = variable.possible, variable.plausible
            assert least <= low < high <= most, variable.name


def test_sins_components_reach_0_and_18_in_all():
    points = [list(VARIABLES[name].levels) for name in SINS_COMPONENTS]
    assert sum(map(min, points)) == 0
    assert sum(map(max, points)) == 18


def test_criteria_are_about_variables_of_the_codebook():
    assert {criterion.variable for criterion in CRITERIA} <= set(VARIABLES)
