import pytest

from vbq.codebook import VARIABLES
from vbq.scores.marker import Marker
from vbq.study.plan import absent_variables, contradictions


def plan(**changes):
    complete = {
        "outcome": {"variable": "new_vcf"},
        "univariable": {"variables": ["age", "steroids", "vbq", "sins_category"], "described": ["treatment"]},
        "multivariable": {"exclude": ["sins_category"]},
        "discrimination": {
            "scores": {
                "vbq": {"label": "VBQ", "variables": ["vbq"], "above": 3},
                "category": {"label": "SINS", "variables": ["sins_category"], "positive_from": "unstable"},
                "both": {"label": "Both", "variables": ["vbq", "sins_category"]},
            },
            "pairs": [["vbq", "both"]],
        },
        "cutoff": {"score": "vbq", "way": "youden", "sensitivity": 0.9},
        "subanalyses": {"by_age": {"title": "By age", "score": "vbq", "variables": ["age"]}},
    }
    return {**complete, **changes}


VBQ = Marker()
COLUMNS = ["age", "steroids", "vbq", "sins_category", "treatment"]


def test_a_sound_plan_has_no_contradiction():
    assert contradictions(plan(), VARIABLES) == []
    assert absent_variables(plan(), VBQ, VARIABLES, COLUMNS) == []


def test_every_place_that_names_an_absent_variable_is_told():
    assert absent_variables(plan(), VBQ, VARIABLES, ["steroids", "vbq", "treatment"]) == [
        ("age", "univariable.variables"),
        ("sins_category", "univariable.variables"),
        ("sins_category", "discrimination.scores.category"),
        ("sins_category", "discrimination.scores.both"),
        ("age", "subanalyses.by_age.variables"),
    ]


@pytest.mark.parametrize(("readers", "told"), [([], 1), (["vbq_a"], 1), (["vbq_a", "vbq_b"], 0)])
def test_agreement_needs_two_readers(readers, told):
    absent = absent_variables(plan(agreement=True), VBQ, VARIABLES, [*COLUMNS, *readers])
    assert absent == [("vbq of a second reader", "agreement")] * told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"univariable": {"variables": ["agee"]}}, "no variable agee in the codebook"),
        ({"cutoff": {"score": "bmii", "way": "youden", "sensitivity": 0.9}}, "cutoff: no variable bmii"),
        ({"cutoff": {"score": "steroids", "way": "youden", "sensitivity": 0.9}}, "steroids is binary"),
        ({"multivariable": {"exclude": ["bmi"]}}, "multivariable.exclude: bmi"),
        ({"univariable": {"variables": ["age", "new_vcf"]}}, "new_vcf is the outcome itself"),
        (
            {"subanalyses": {"flow": {"title": "x", "score": "vbq", "variables": ["age"]}}},
            "there is a table of this name",
        ),
        (
            {
                "discrimination": {
                    "scores": {"vbq": {"label": "VBQ", "variables": ["vbq"], "higher_risk": "low"}}
                }
            },
            "cut-offs are for high ones",
        ),
        ({"univariable": {"variables": ["age"], "exceptions": {"age": "pearson"}}}, "pearson is not a test"),
        ({"univariable": {"variables": ["age"], "exceptions": {"bmi": "ols"}}}, "bmi is not among"),
        (
            {"discrimination": {"scores": {"a": {"label": "a", "variables": ["steroids"], "above": 0}}}},
            "give `positive_from`",
        ),
        (
            {
                "discrimination": {
                    "scores": {"a": {"label": "a", "variables": ["steroids"], "positive_from": 2}}
                }
            },
            "has no level 2",
        ),
        (
            {"discrimination": {"scores": {"a": {"label": "a", "variables": ["age", "vbq"], "above": 3}}}},
            "without a cut-off",
        ),
        (
            {
                "discrimination": {
                    "scores": {"vbq": {"label": "VBQ", "variables": ["vbq"]}},
                    "pairs": [["vbq", "x"]],
                }
            },
            "no score x",
        ),
    ],
)
def test_each_contradiction_is_told(changes, told):
    reasons = contradictions(plan(**changes), VARIABLES)
    assert any(told in reason for reason in reasons), reasons


def test_all_contradictions_are_told_at_once():
    changes = {
        "multivariable": {"exclude": ["bmi"]},
        "cutoff": {"score": "steroids", "way": "youden", "sensitivity": 0.5},
    }
    assert len(contradictions(plan(**changes), VARIABLES)) == 2
