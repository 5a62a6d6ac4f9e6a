"""A published rule under test, and what it says of patients.

A rule is given by coefficients, or by the risk of every combination of yes-or-no terms, or is one cut-off
without any risk. What its source left out decides what can be tested (TRIPOD+AI item 12g).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from vbq.codebook import Variable
from vbq.errors import UserError
from vbq.stats.digits import in_full, tie_nearly_equal

Array = NDArray[np.float64]
Codebook = Mapping[str, Variable]

GIVEN = "risks of the rule"
IMPLIED = "risks implied by what was printed, not printed themselves"
WITH_RISKS = (GIVEN, IMPLIED)
REESTIMATED = "intercept re-estimated in these patients"
RANKS = "ranks only"
CERTAIN = (
    "calibration in the large, slope, curve and updating where a patient has a combination of which the rule "
    "gives a risk of 0 or 1: its logit is infinite"
)
FEW_RISKS = 10  # distinct risks, up to which calibration is assessed by risk pattern


@dataclass(frozen=True)
class Term:
    """A variable, or whether it lies above or below a value or is one of some levels; log-odds where known.

    `same_as` is a term of another variable that says the same, for cohorts that have only that one.
    """

    variable: str
    above: float | None = None
    below: float | None = None
    levels: tuple[str | int, ...] = ()
    log_odds: float | None = None
    same_as: "Term | None" = None

    @property
    def name(self) -> str:
        """The term's name: its variable, and the condition."""
        if self.levels:
            return f"{self.variable}[{'|'.join(map(str, self.levels))}]"
        if self.above is not None:
            return f"{self.variable}>{in_full(self.above)}"
        return self.variable if self.below is None else f"{self.variable}<{in_full(self.below)}"

    @property
    def is_yes_or_no(self) -> bool:
        """Whether the term is a condition, not the variable's value."""
        return not (self.above is None and self.below is None and not self.levels)

    def values(self, cohort: pd.DataFrame) -> Array:
        """Return the term in n patients: the variable's value, or 1 for yes and 0 for no."""
        values = cohort[self.variable]
        if self.levels:
            written = float if pd.api.types.is_numeric_dtype(values) else str
            return np.asarray(values.astype(written).isin(map(written, self.levels)), dtype=float)
        numbers: Array = values.to_numpy(dtype=float)
        if self.above is not None:
            return np.asarray(numbers > self.above, dtype=float)
        return numbers if self.below is None else np.asarray(numbers < self.below, dtype=float)

    def label(self, codebook: Codebook) -> str:
        """Name the term."""
        variable = codebook[self.variable]
        if self.levels:
            if variable.kind == "binary" and list(map(str, self.levels)) == ["1"]:
                return variable.label
            levels = " or ".join(str(variable.levels.get(level, level)) for level in self.levels)
            return f"{variable.label}: {levels}"
        if self.above is not None:
            return f"{variable.label} > {in_full(self.above)}"
        return variable.label if self.below is None else f"{variable.label} < {in_full(self.below)}"


@dataclass(frozen=True)
class PatternRisk:
    """The risk of a combination of terms, with the range in which it lies where that is all that is known."""

    risk: float
    low: float
    high: float


@dataclass(frozen=True)
class Rule:
    """A rule under test. `risks` has the risk of each combination, by the names of the terms that hold."""

    name: str
    label: str
    source: str
    outcome: str
    needs: Mapping[str, str]
    terms: tuple[Term, ...]
    intercept: float | None
    risks: Mapping[frozenset[str], PatternRisk]
    risks_from: str
    published: Mapping[str, float]
    left_out: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        """The variables that a patient must have."""
        return list(dict.fromkeys(term.variable for term in self.terms))

    @property
    def basis(self) -> str:
        """What the risks of this rule rest on in a validation."""
        if self.has_log_odds:
            return REESTIMATED if self.intercept is None else GIVEN
        if not self.risks:
            return RANKS
        return GIVEN if all(risk.low == risk.high for risk in self.risks.values()) else IMPLIED

    @property
    def has_log_odds(self) -> bool:
        """Whether the rule is given by coefficients."""
        return self.terms[0].log_odds is not None

    @property
    def is_certain(self) -> bool:
        """Whether a combination of terms has a risk of 0 or 1."""
        return any(given.risk in (0, 1) for given in self.risks.values())

    @property
    def is_dichotomous(self) -> bool:
        """Whether the rule calls patients positive or negative, and nothing else."""
        return len(self.terms) == 1 and self.terms[0].is_yes_or_no


@dataclass(frozen=True)
class Predictions:
    """What a rule says of n patients.

    `linear_predictor` ranks them, higher meaning a higher risk; where `basis` is one of WITH_RISKS it is
    the logit of the risk, infinite where that is 0 or 1, and where it is REESTIMATED the same without its
    intercept. `pattern` names each patient's combination of yes-or-no terms, None where a term is no such
    thing. `positive` is whom a dichotomous rule calls positive.
    """

    linear_predictor: Array
    basis: str
    pattern: NDArray[np.str_] | None
    positive: NDArray[np.bool_] | None


def rule_of(
    name: str,
    described: Mapping[str, Any],
    codebook: Codebook,
    fitted: Mapping[str, pd.DataFrame] | None = None,
) -> Rule:
    """Return the rule that a file describes (`workflow/schemas/rule.schema.yaml`).

    `fitted` has the tables of multivariable regressions by cohort, for rules that are one of them.

    Raises UserError with everything that contradicts itself.
    """
    terms: tuple[Term, ...]
    intercept: float | None
    if "fitted_to" in described:
        terms, intercept = _fitted_terms((fitted or {})[described["fitted_to"]], name)
    else:
        terms = tuple(map(_term, described["terms"]))
        intercept = described.get("intercept")
    problems = _contradictions(described, terms, codebook)
    if problems:
        raise UserError("\n".join(f"rule {name}: {problem}" for problem in problems))
    return Rule(
        name=name,
        label=described["label"],
        source=described["source"],
        outcome=described["outcome"],
        needs=described["needs"],
        terms=terms,
        intercept=intercept,
        risks={
            frozenset(term.name for term in terms if term.variable in pattern["positive"]): _pattern_risk(
                pattern
            )
            for pattern in described.get("patterns", [])
        },
        risks_from=described.get("risks_from", ""),
        published=described.get("published", {}),
        left_out=tuple(described["left_out"]),
    )


def _term(described: Mapping[str, Any]) -> Term:
    fields = dict(described)
    levels = (fields.pop("level"),) if "level" in fields else tuple(fields.pop("levels", ()))
    same_as = _term(fields.pop("same_as")) if "same_as" in fields else None
    return Term(**fields, levels=levels, same_as=same_as)


def _pattern_risk(pattern: Mapping[str, Any]) -> PatternRisk:
    if "between" in pattern:
        low, high = pattern["between"]
        return PatternRisk((low + high) / 2, low, high)
    risk = pattern.get("risk", pattern.get("events", 0) / pattern.get("patients", 1))
    return PatternRisk(risk, risk, risk)


def _fitted_terms(multivariable: pd.DataFrame, name: str) -> tuple[tuple[Term, ...], float]:
    """Return the terms of a multivariable regression, and its intercept."""
    rows = [row for row in multivariable.to_dict("records") if np.isfinite(_number(row["estimate"]))]
    if not rows:
        raise UserError(f"rule {name}: the regression that it is has no coefficients")
    intercept = next(float(row["estimate"]) for row in rows if row["variable"] == "")
    terms = []
    for row in rows:
        if row["variable"] != "":
            level = row["level"] if isinstance(row["level"], str) else f"{_number(row['level']):g}"
            terms.append(
                Term(
                    row["variable"],
                    levels=(level,) if level not in ("", "nan") else (),
                    log_odds=float(row["estimate"]),
                )
            )
    return tuple(terms), intercept


def _number(cell: Any) -> float:
    return float("nan") if cell == "" else float(cell)


def _contradictions(described: Mapping[str, Any], terms: Sequence[Term], codebook: Codebook) -> list[str]:
    """Return what in a rule's file cannot be, a sentence each."""
    same = [term.same_as for term in terms if term.same_as is not None]
    unknown = [
        f"no variable {name} in the codebook; correct it, or describe it under `variables` in the cohort file"
        for name in dict.fromkeys([described["outcome"], *(term.variable for term in (*terms, *same))])
        if name not in codebook
    ]
    if unknown:
        return unknown
    found = []
    used = {term.variable for term in terms}
    if set(described["needs"]) != used and "fitted_to" not in described:
        found.append("`needs` and `terms` name different variables")
    for term in (*terms, *same):
        variable = codebook[term.variable]
        if variable.is_categorical and variable.kind != "binary" and not term.is_yes_or_no:
            found.append(f"{term.variable} is {variable.kind}; give the `level` that counts")
        known = {str(level) for level in variable.levels}
        found += [f"{term.variable} has no level {level}" for level in term.levels if str(level) not in known]
        if variable.is_categorical and (term.above is not None or term.below is not None):
            found.append(f"{term.variable} is {variable.kind}; give a `level`, not a cut-off")
    with_log_odds = [term.log_odds is not None for term in terms]
    if any(with_log_odds) != all(with_log_odds):
        found.append("some terms have log-odds and some have none")
    elif all(with_log_odds):
        if "patterns" in described:
            found.append("the terms have log-odds: `patterns` would say their risks a second time")
        if "intercept" not in described and "fitted_to" not in described:
            found.append("give the `intercept`, or null where it was not printed")
    else:
        found += _pattern_contradictions(described, terms)
    return found


def _pattern_contradictions(described: Mapping[str, Any], terms: Sequence[Term]) -> list[str]:
    if "intercept" in described:
        return ["an `intercept` goes with log-odds, and the terms have none"]
    if not all(term.is_yes_or_no for term in terms):
        return ["a term without log-odds has to say `above`, `below` or `level`"]
    if len({term.variable for term in terms}) < len(terms):
        return ["two terms without log-odds are of the same variable"]
    if "patterns" not in described:
        return [] if len(terms) == 1 else ["several terms without log-odds need `patterns` with their risks"]
    given = [frozenset(pattern["positive"]) for pattern in described["patterns"]]
    variables = {term.variable for term in terms}
    if len(given) != 2 ** len(terms) or len(set(given)) < len(given) or not set().union(*given) <= variables:
        return [f"`patterns` has to have each of the {2 ** len(terms)} combinations of the terms once"]
    risks = [_pattern_risk(pattern).risk for pattern in described["patterns"]]
    if any(pattern.get("events", 0) > pattern.get("patients", np.inf) for pattern in described["patterns"]):
        return ["a pattern has more events than patients"]
    found = []
    if any(low > high for low, high in (pattern.get("between", (0, 1)) for pattern in described["patterns"])):
        found.append("the first of `between` is the lower risk")
    by_pattern = dict(zip(given, risks, strict=True))
    if any(fewer < more and by_pattern[fewer] > by_pattern[more] for fewer in given for more in given):
        found.append("a further yes lowers the risk; turn the term round (`above` or `below`)")
    return found


def in_terms_of(rule: Rule, columns: Collection[str]) -> Rule:
    """Return a rule with `same_as` in place of the terms whose variable a cohort lacks, if it has that."""
    replaced = {
        term.name: replace(term.same_as, log_odds=term.log_odds)
        for term in rule.terms
        if term.variable not in columns and term.same_as is not None and term.same_as.variable in columns
    }
    if not replaced:
        return rule
    variables = {term.variable: replaced[term.name].variable for term in rule.terms if term.name in replaced}
    return replace(
        rule,
        terms=tuple(replaced.get(term.name, term) for term in rule.terms),
        needs={variables.get(name, name): definition for name, definition in rule.needs.items()},
        risks={
            frozenset(replaced[name].name if name in replaced else name for name in yes): risk
            for yes, risk in rule.risks.items()
        },
    )


def can_be_applied(rule: Rule, columns: Collection[str]) -> bool:
    """Whether a cohort has every variable of a rule."""
    return set(rule.variables) <= set(columns)


def predict(rule: Rule, cohort: pd.DataFrame, codebook: Codebook) -> Predictions:
    """Apply a rule to n patients who have all its variables."""
    values = [term.values(cohort) for term in rule.terms]
    yes_or_no = all(term.is_yes_or_no for term in rule.terms)
    pattern = _pattern_names(rule, values, codebook) if yes_or_no else None
    positive = values[0] == 1 if rule.is_dichotomous else None
    if rule.has_log_odds:
        coefficients = [term.log_odds or 0.0 for term in rule.terms]
        lp = np.asarray(sum(c * x for c, x in zip(coefficients, values, strict=True)), dtype=float)
        return Predictions(tie_nearly_equal(lp + (rule.intercept or 0.0)), rule.basis, pattern, positive)
    if not rule.risks:
        return Predictions(values[0], RANKS, pattern, positive)
    risk = np.full(len(cohort), np.nan)
    for yes, of_pattern in rule.risks.items():
        risk[_has_pattern(rule, values, yes)] = of_pattern.risk
    return Predictions(special.logit(risk), rule.basis, pattern, positive)


def _has_pattern(rule: Rule, values: Sequence[Array], yes: Collection[str]) -> NDArray[np.bool_]:
    matches = [value == (term.name in yes) for term, value in zip(rule.terms, values, strict=True)]
    return np.asarray(np.logical_and.reduce(matches))


def pattern_name(rule: Rule, yes: Collection[str], codebook: Codebook) -> str:
    """Name a combination of yes-or-no terms."""
    positive = [term.label(codebook) for term in rule.terms if term.name in yes]
    if not positive:
        return "neither" if len(rule.terms) == 2 else "no" if rule.is_dichotomous else "none"
    if len(positive) == len(rule.terms):
        return "yes" if rule.is_dichotomous else "both" if len(rule.terms) == 2 else "all"
    return f"only {' and '.join(positive)}"


def _pattern_names(rule: Rule, values: Sequence[Array], codebook: Codebook) -> NDArray[np.str_]:
    terms = [term.name for term in rule.terms]
    names = [
        pattern_name(rule, {name for i, name in enumerate(terms) if code >> i & 1}, codebook)
        for code in range(2 ** len(terms))
    ]
    codes = sum(value.astype(int) << i for i, value in enumerate(values))
    return np.array(names, dtype=np.str_)[codes]


RULE_COLUMNS = [
    *("rule", "label", "source", "variable", "definition", "n", "n_events", "published_patients"),
    *("published_events", "basis", "tested", "not_tested", "risks_from", "left_out"),
]


def rules_table(rules: Sequence[Rule], cohort: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Say of every rule what it needs, who has it, what can be tested with it and what cannot, and why.

    Returns one row per rule and variable with `RULE_COLUMNS`; n and n_events are the patients who have all
    of the rule's variables.
    """
    rows = []
    for rule in rules:
        tested, not_tested = _what_can_be_tested(rule, cohort.columns)
        known = cohort.reindex(columns=[outcome, *rule.variables]).dropna()
        rows += [
            {
                "rule": rule.name,
                "label": rule.label,
                "source": rule.source,
                "variable": variable,
                "definition": rule.needs.get(variable, ""),
                "n": len(known),
                "n_events": int(known[outcome].sum()),
                "published_patients": rule.published.get("patients"),
                "published_events": rule.published.get("events"),
                "basis": rule.basis,
                "tested": "; ".join(tested),
                "not_tested": "; ".join(not_tested),
                "risks_from": rule.risks_from,
                "left_out": " ".join(rule.left_out),
            }
            for variable in rule.variables
        ]
    return pd.DataFrame(rows, columns=RULE_COLUMNS)


def _what_can_be_tested(rule: Rule, columns: Collection[str]) -> tuple[list[str], list[str]]:
    missing = [name for name in rule.variables if name not in columns]
    if missing:
        return [], [f"anything: the cohort has no {' and no '.join(missing)}"]
    tested = ["discrimination (AUC)"]
    if rule.is_dichotomous:
        tested.append("the published cut-off (sensitivity, specificity, predictive values)")
    if rule.basis == RANKS:
        return tested, ["calibration and net benefit by risk: the rule gives no risks"]
    if rule.basis in WITH_RISKS:
        return [
            *tested,
            "observed over expected events",
            "calibration in the large",
            "calibration slope",
            "overall performance",
            "net benefit",
        ], [CERTAIN] if rule.is_certain else []
    return (
        [*tested, "calibration slope"],
        [
            "calibration in the large and observed over expected events: the intercept was not printed, and "
            "re-estimated here both are perfect by construction",
            "Brier score, calibration curve and net benefit: shown after re-estimating the intercept, they "
            "are no test of the published rule",
        ],
    )
