"""Rules under test: the files are what was printed, contradictions are refused, predictions are by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from audited import audit_of_the_paper, transcription
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from numpy.testing import assert_allclose
from scipy import special

from vbq.codebook import VARIABLES
from vbq.errors import UserError
from vbq.run import read_table, write_table
from vbq.scores.sins import category
from vbq.simulation.site import simulate_truth
from vbq.stats.logistic import fit_logistic
from vbq.study.design import design_matrix
from vbq.study.multivariable import fit_outcome
from vbq.validation.rules import (
    GIVEN,
    IMPLIED,
    RANKS,
    REESTIMATED,
    in_terms_of,
    predict,
    rule_of,
)

PROJECT = Path(__file__).parents[2]
CASES = PROJECT / "tests/cases"
PLAN = yaml.safe_load((PROJECT / "config/plans/ehresman2019.yaml").read_text(encoding="utf-8"))
SCHEMA = yaml.safe_load((PROJECT / "workflow/schemas/rule.schema.yaml").read_text(encoding="utf-8"))
DESCRIBED = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((PROJECT / "data/rules").glob("*.yaml"))
}
RULES = {name: rule_of(name, described, VARIABLES) for name, described in DESCRIBED.items()}
FIGURES = transcription()[0]
SCORES = {"vbq_above_3": "vbq_high", "sins_from_7": "sins_category", "combined": "combined"}


@st.composite
def cohorts(draw, smallest=25, largest=80):
    """Complete patients of whom some have the outcome and some have not, more often with higher scores."""
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    cohort = simulate_truth(draw(st.integers(smallest, largest)), generator)
    steepness = draw(st.sampled_from([0.0, 1.0, 3.0]))
    log_odds = draw(st.sampled_from([-1.0, 0.0])) + steepness * (cohort["vbq"] - cohort["vbq"].mean())
    outcome = (generator.random(len(cohort)) < special.expit(log_odds)).astype(int)
    assume(0 < outcome.sum() < len(cohort))
    return cohort.assign(new_vcf=outcome)


def with_holes(cohort, names, seed=1, share=0.2):
    """Return the cohort with values missing at random."""
    generator = np.random.default_rng(seed)
    return cohort.assign(**{name: cohort[name].mask(generator.random(len(cohort)) < share) for name in names})


def with_events(n, events, seed=1):
    """Return n patients of whom so many, drawn at random, have the outcome."""
    generator = np.random.default_rng(seed)
    outcome = generator.permutation(np.repeat([1, 0], [events, n - events]))
    return simulate_truth(n, generator).assign(new_vcf=outcome)


def described_case(case, name):
    """Return the rule file of a case."""
    return yaml.safe_load((CASES / case / f"{name}.yaml").read_text(encoding="utf-8"))


def rule_with(**changes):
    """Return a rule of one variable, or of what the changes say."""
    return rule_of("tested", {**ONE_CUTOFF, **changes}, VARIABLES)


ONE_CUTOFF = {
    "label": "Tested",
    "source": "nowhere",
    "outcome": "new_vcf",
    "needs": {"vbq": "a score"},
    "terms": [{"variable": "vbq", "above": 3}],
    "left_out": [],
}
VBQ = {"variable": "vbq", "log_odds": 1}
SMOKING = {"needs": {"smoking": "status"}}
CUTOFFS = [{"variable": "vbq", "above": 3}, {"variable": "sins", "above": 6}]
BOTH = {"needs": {"vbq": "a score", "sins": "a score"}, "terms": CUTOFFS, "risks_from": "nowhere"}
POSITIVE = ([], ["vbq"], ["sins"], ["vbq", "sins"])
RISKS = [{"positive": who, "risk": risk} for who, risk in zip(POSITIVE, (0.1, 0.3, 0.4, 0.7), strict=True)]


# --- The files


@pytest.mark.parametrize("name", DESCRIBED)
def test_files_follow_the_schema_and_are_accepted(name):
    Draft202012Validator(SCHEMA).validate(DESCRIBED[name])
    rule = RULES[name]
    assert (set(rule.needs), rule.outcome) == (set(rule.variables), PLAN["outcome"]["variable"])
    assert str(Path("data/rules") / f"{name}.yaml") in PLAN["validation"]["rules"]


def printed(score, column, table="discrimination"):
    """Every printed number of a score, as a fraction."""
    rows = FIGURES[(FIGURES["table"] == table) & (FIGURES["row"] == score) & (FIGURES["column"] == column)]
    return {
        float(number) / float(scale) for number, scale in zip(rows["printed"], rows["scale"], strict=True)
    }


@pytest.mark.parametrize("name", SCORES)
def test_published_numbers_are_the_printed_ones(name):
    row = f"score={SCORES[name]}"
    measures = {measure for measure in ("auc", "sensitivity", "specificity") if printed(row, measure)}
    assert set(RULES[name].published) == {"patients", "events", *measures}
    for measure in measures:
        assert_allclose(list(printed(row, measure)), RULES[name].published[measure], rtol=1e-12)


def test_patients_and_events_are_the_printed_ones():
    for rule in RULES.values():
        for column, name in (("n", "patients"), ("n_events", "events")):
            assert printed("score=vbq", column) == {rule.published[name]}


def test_coefficients_are_those_of_table_2():
    for term in RULES["continuous"].terms:
        estimates = FIGURES[(FIGURES["row"] == f"term={term.variable}") & (FIGURES["kind"] == "estimate")]
        assert [float(number) for number in estimates["printed"]] == [term.log_odds]


@pytest.mark.parametrize("name", ["vbq_above_3", "sins_from_7"])
def test_counts_of_patterns_give_the_printed_accuracy(name):
    published = RULES[name].published
    no, yes = DESCRIBED[name]["patterns"]
    assert [no["positive"], yes["positive"]] == [[], RULES[name].variables]
    assert no["patients"] + yes["patients"] == published["patients"]
    events = no["events"] + yes["events"]
    assert events == published["events"]
    assert round(yes["events"] / events, 3) == published["sensitivity"]
    others = published["patients"] - events
    assert round((no["patients"] - no["events"]) / others, 3) == published["specificity"]


def test_counts_of_the_sins_are_those_of_table_1():
    def patients(level, group):
        return sum(
            printed(f"variable=sins_category; level={level}; group={group}", "n", "univariable_groups")
        )

    no, yes = DESCRIBED["sins_from_7"]["patterns"]
    for pattern, levels in ((no, ["stable"]), (yes, ["potentially_unstable", "unstable"])):
        without, with_event = (sum(patients(level, group) for level in levels) for group in (0, 1))
        assert [pattern["events"], pattern["patients"]] == [with_event, without + with_event]


def test_ranges_of_the_combination_are_those_of_the_audit():
    found = audit_of_the_paper().implied
    ranges = found[found["subject"] == "combined"].set_index("quantity")[["low", "high"]]
    names = {(): "neither", ("vbq",): "first", ("sins",): "second", ("sins", "vbq"): "both"}
    assert PLAN["discrimination"]["scores"]["combined"]["variables"] == ["vbq_high", "sins_category"]
    for yes, risk in RULES["combined"].risks.items():
        positive = {term.variable for term in RULES["combined"].terms if term.name in yes}
        assert ranges.loc[f"risk_{names[tuple(sorted(positive))]}"].round(4).tolist() == [risk.low, risk.high]
        assert_allclose(risk.risk, (risk.low + risk.high) / 2, rtol=1e-12)


# --- Contradictions


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outcome": "fracture"}, "no variable fracture in the codebook"),
        ({"terms": [{"variable": "density", "above": 3}]}, "no variable density in the codebook"),
        ({"needs": {"vbq": "a score", "age": "in years"}}, "name different variables"),
        ({**SMOKING, "terms": [{"variable": "smoking", "log_odds": 1}], "intercept": 0}, "give the `level`"),
        ({**SMOKING, "terms": [{"variable": "smoking", "level": "rarely"}]}, "has no level rarely"),
        ({"terms": [{"variable": "vbq", "level": 3}]}, "vbq has no level 3"),
        ({"needs": {"ecog": "a grade"}, "terms": [{"variable": "ecog", "above": 1}]}, "not a cut-off"),
        ({"needs": {"ecog": "a grade"}, "terms": [{"variable": "ecog", "below": 1}]}, "not a cut-off"),
        (
            {**BOTH, "terms": [{"variable": "vbq", "log_odds": 1}, {"variable": "sins", "above": 6}]},
            "some terms have log-odds and some have none",
        ),
        (
            {
                "terms": [{"variable": "vbq", "above": 3, "log_odds": 1}],
                "intercept": 0,
                "patterns": RISKS[:2],
            },
            "a second time",
        ),
        ({"terms": [VBQ]}, "give the `intercept`, or null"),
        ({"intercept": 0}, "goes with log-odds, and the terms have none"),
        ({"terms": [{"variable": "vbq"}]}, "has to say `above`, `below` or `level`"),
        ({"terms": [{"variable": "vbq", end: 3} for end in ("above", "below")]}, "of the same variable"),
        (BOTH, "several terms without log-odds need `patterns`"),
        ({**BOTH, "patterns": RISKS[:3]}, "each of the 4 combinations of the terms once"),
        ({**BOTH, "patterns": [*RISKS[:3], RISKS[0]]}, "each of the 4 combinations of the terms once"),
        ({"patterns": [RISKS[0], RISKS[2]]}, "each of the 2 combinations of the terms once"),
        ({"patterns": [RISKS[0], {"positive": ["vbq"], "events": 3, "patients": 2}]}, "more events than"),
    ],
)
def test_contradictions_are_refused_by_name(changes, reason):
    with pytest.raises(UserError) as refused:
        rule_with(**changes)
    lines = str(refused.value).splitlines()
    assert all(line.startswith("rule tested: ") for line in lines)
    assert [reason in line for line in lines] == [True]


def test_what_the_contradictions_start_from_is_accepted():
    assert rule_with().basis == RANKS
    assert rule_with(patterns=RISKS[:2], risks_from="nowhere").basis == GIVEN
    assert rule_with(**BOTH, patterns=RISKS).basis == GIVEN
    assert rule_with(terms=[VBQ], intercept=None).basis == REESTIMATED
    assert rule_with(terms=[VBQ], intercept=0).basis == GIVEN


def test_all_contradictions_are_named_at_once():
    with pytest.raises(UserError) as refused:
        rule_with(terms=[{"variable": "smoking", "log_odds": 1}, {"variable": "vbq", "level": "high"}])
    assert len(str(refused.value).splitlines()) == 4


# --- Predictions


@given(st.lists(st.tuples(st.floats(0.5, 6), st.integers(0, 18)), min_size=1, max_size=8))
def test_rules_say_what_they_say_by_hand(patients):
    cohort = pd.DataFrame(patients, columns=["vbq", "sins"])
    found = {name: predict(rule, cohort, VARIABLES) for name, rule in RULES.items()}
    for i, (vbq, sins) in enumerate(patients):
        high, unstable = vbq > 3, sins >= 7
        assert found["vbq_above_3"].positive[i] == high
        assert found["sins_from_7"].positive[i] == unstable
        risks = [special.expit(found[name].linear_predictor[i]) for name in SCORES]
        between = {tuple(sorted(p["positive"])): p["between"] for p in DESCRIBED["combined"]["patterns"]}
        pattern = tuple(["sins"] * unstable + ["vbq"] * high)
        by_hand = [42 / 49 if high else 14 / 56, 36 / 45 if unstable else 20 / 60]
        assert_allclose(risks, [*by_hand, np.mean(between[pattern])], rtol=1e-9)
        lp = found["continuous"].linear_predictor[i]
        assert_allclose(lp, 3.051 * vbq + 0.879 * sins, rtol=1e-9)
    assert [found[name].basis for name in found] == [IMPLIED, REESTIMATED, GIVEN, GIVEN]
    assert found["continuous"].pattern is None


def test_the_cutoff_itself_is_not_above_it():
    scores = [np.nextafter(3.0, 0), 3.0, np.nextafter(3.0, 4)]
    cohort = pd.DataFrame({"vbq": scores, "sins": [6, 7, 8]})
    assert predict(RULES["vbq_above_3"], cohort, VARIABLES).positive.tolist() == [False, False, True]
    assert predict(RULES["sins_from_7"], cohort, VARIABLES).positive.tolist() == [False, True, True]
    below = rule_with(terms=[{"variable": "vbq", "below": 3}])
    assert predict(below, cohort, VARIABLES).positive.tolist() == [True, False, False]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "object"])
def test_a_level_is_found_whatever_holds_it(dtype):
    rule = rule_with(needs={"steroids": "use"}, terms=[{"variable": "steroids", "level": 1}])
    cohort = pd.DataFrame({"steroids": pd.Series([1, 0, 1]).astype(dtype)})
    assert predict(rule, cohort, VARIABLES).positive.tolist() == [True, False, True]


def test_patients_of_one_pattern_have_one_risk():
    levels = ["never", "former", "current"]
    terms = [{"variable": "smoking", "level": level, "log_odds": i} for i, level in enumerate(levels[1:], 1)]
    rule = rule_with(**SMOKING, terms=terms, intercept=-1)
    found = predict(rule, pd.DataFrame({"smoking": levels}), VARIABLES)
    assert_allclose(found.linear_predictor, [-1, 0, 1])
    assert len(set(found.pattern)) == len(levels)


@settings(max_examples=8)
@given(cohorts(60, 120), st.booleans())
def test_a_regression_is_the_rule_that_it_is(tmp_path_factory, cohort, written):
    generator = np.random.default_rng(len(cohort))
    smoking = generator.choice(["never", "former", "current"], len(cohort))
    ecog = generator.choice([0, 2, 3], len(cohort))
    cohort = cohort.assign(smoking=smoking, ecog=ecog, steroids=generator.integers(0, 2, len(cohort)))
    variables = ["vbq", "smoking", "steroids", "ecog", "field_strength"]
    table = fit_outcome(cohort, "new_vcf", variables, VARIABLES)
    if written:
        path = str(tmp_path_factory.mktemp("regression") / "multivariable.csv")
        write_table(table, path, "made", "simulated")
        table = read_table(path)
    described = {key: ONE_CUTOFF[key] for key in ("label", "source", "outcome", "needs", "left_out")}
    rule = rule_of("tested", {**described, "fitted_to": "made"}, VARIABLES, {"made": table})
    design, _ = design_matrix(cohort, variables, VARIABLES).independent()
    fit = fit_logistic(design.matrix, cohort["new_vcf"], design.terms)
    found = predict(rule, cohort, VARIABLES)
    assert found.basis == GIVEN
    assert_allclose(found.linear_predictor, fit.linear_predictor, rtol=1e-8, atol=1e-8)


def test_a_regression_without_coefficients_is_no_rule():
    empty = fit_outcome(with_events(20, 0), "new_vcf", ["vbq"], VARIABLES)
    described = {key: value for key, value in ONE_CUTOFF.items() if key != "terms"}
    with pytest.raises(UserError, match="rule tested: the regression that it is has no coefficients"):
        rule_of("tested", {**described, "fitted_to": "made"}, VARIABLES, {"made": empty})


CATEGORIES = {"vbq": "vbq_high", "sins": "sins_category"}


@settings(max_examples=25, deadline=None)
@given(cohorts(), st.sampled_from(["vbq_above_3", "sins_from_7", "combined"]))
def test_categories_do_for_a_rule_of_cutoffs(cohort, name):
    """A site that has the categories only gets the risks that its values would have given."""
    values = ["vbq", "sins"]
    known = cohort.dropna(subset=values)
    high = (known["vbq"] > 3).astype("Int64")
    known = known.assign(vbq_high=high, sins_category=category(known["sins"]))
    rule = in_terms_of(RULES[name], known.columns.difference(values))
    assert rule.variables == [CATEGORIES[variable] for variable in RULES[name].variables]
    assert set(rule.needs) == set(rule.variables)
    by_category, by_value = (predict(each, known, VARIABLES) for each in (rule, RULES[name]))
    np.testing.assert_array_equal(by_category.linear_predictor, by_value.linear_predictor)
    assert by_category.basis == by_value.basis


def test_a_rule_stays_as_it_is_where_its_variables_are_there_or_nothing_does_for_them():
    assert in_terms_of(RULES["combined"], ["vbq", "sins", "vbq_high", "sins_category"]) is RULES["combined"]
    assert in_terms_of(RULES["continuous"], ["vbq_high", "sins_category"]) is RULES["continuous"]
    half = in_terms_of(RULES["combined"], ["vbq", "sins_category"])
    assert half.variables == ["vbq", "sins_category"]


def test_what_does_for_a_term_must_be_in_the_codebook():
    with pytest.raises(UserError, match="sins_category has no level stabil"):
        rule_with(
            terms=[
                {
                    "variable": "vbq",
                    "above": 3,
                    "same_as": {"variable": "sins_category", "levels": ["stabil"]},
                }
            ]
        )
