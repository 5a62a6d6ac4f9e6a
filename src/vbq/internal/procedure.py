"""The study's whole procedure on many weighted samples at once: cut-off, screening, selection, regressions.

A sample is n weights: how often each patient counts. With weights of 1 the procedure gives the study's own
results; with those of a resample what the study would have found in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.codebook import Variable
from vbq.scores.marker import Marker
from vbq.stats.batched import fit_batch_finite
from vbq.stats.contingency import CHI_SQUARES, chi_square_p_values, independence_tests
from vbq.stats.cutoff import Rule, WeightedCurve, rules
from vbq.stats.groups import location_p_values, rank_p_values
from vbq.stats.roc import tie_nearly_equal
from vbq.study.design import Codebook, complete_rows, outcome_of
from vbq.study.discrimination import Score, is_fitted, risk_order, scores_of
from vbq.study.multivariable import is_selected
from vbq.study.univariable import named_test

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MULTIVARIABLE = "multivariable"
FEW_DESIGNS = 16  # distinct ones, up to which the samples of each are fitted together
CONSTANT = 1e-12  # share of a sum of squares that is rounding
DETERMINED = 1e-10  # share of a column's sum of squares that earlier columns leave of it
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Predictions:
    """What a model that was built in each of b samples says of k patterns of patients.

    `linear_predictor` is b x k; `members` (n x k) has a 1 where a patient has a pattern, None where each of
    the n patients is a pattern. Patients without the model's variables have none; where that differs from
    sample to sample, `known` (b x k) says who has them. `is_risk` says whether the predictor is the logit of
    a risk. `separated` (b) marks the samples whose regression has Firth's penalty.
    """

    linear_predictor: Array
    members: Array | None
    known: Mask | None
    is_risk: bool
    separated: Mask

    def counts(self, weights: Array) -> Array:
        """Return how often each pattern counts in b x n samples."""
        counts = weights if self.members is None else weights @ self.members
        return counts if self.known is None else counts * self.known

    def of_patients(self) -> Array:
        """Return the linear predictor of each patient (b x n), NaN without the model's variables."""
        if self.members is None:
            return np.where(True if self.known is None else self.known, self.linear_predictor, np.nan)
        has_pattern = self.members.any(axis=1)
        return np.where(has_pattern, self.linear_predictor[:, self.members.argmax(axis=1)], np.nan)


@dataclass(frozen=True)
class Built:
    """What the procedure made of some samples: `samples` has their numbers (b).

    `cutoff` (b) is NaN where the plan derives none. `p_values` and `selected` are b x candidates. `models`
    has the multivariable regression, where the plan has one, and each score of the plan.
    """

    samples: NDArray[np.intp]
    cutoff: Array
    p_values: Array
    selected: Mask
    models: Mapping[str, Predictions]


class Procedure:
    """The procedure of an analysis plan, on the n patients of a cohort whose outcome is known."""

    def __init__(
        self, cohort: pd.DataFrame, plan: Mapping[str, Any], codebook: Codebook, marker: Marker
    ) -> None:
        name = plan["outcome"]["variable"]
        self.cohort = complete_rows(cohort, [name]).reset_index(drop=True)
        self.outcome = outcome_of(self.cohort, name)
        self._codebook, self._marker = codebook, marker
        univariable = plan["univariable"]
        named = {key: univariable.get(key) for key in ("categorical_test", "continuous_test", "exceptions")}
        exclude = plan.get("multivariable", {}).get("exclude", ())
        self.candidates = [
            name for name in univariable["variables"] if name in self.cohort and name not in exclude
        ]
        self._tests = [named_test(codebook[name], **named) for name in self.candidates]
        self._alpha = plan["alpha"] if "multivariable" in plan else None
        discrimination = plan.get("discrimination", {"scores": {}})
        self.scores, self.pairs = scores_of(discrimination, self.cohort.columns)
        self._choose_cutoff = self._rule(plan.get("cutoff"))
        self._after: dict[float | None, _AfterCutoff] = {}

    def _rule(self, cutoff: Mapping[str, Any] | None) -> Rule | None:
        """Return how the marker's cut-off is derived, None where plan or cohort has no such cut-off."""
        if cutoff is None or cutoff["score"] != self._marker.name or self._marker.name not in self.cohort:
            return None
        return rules(cutoff["sensitivity"])[cutoff["way"]]

    def build(self, weights: Array, events: Array | None = None) -> Iterator[Built]:
        """Carry the procedure out in b samples (b x n weights); yield those of one cut-off together.

        `events` are the weights of the patients with the event, where samples have outcomes of their own.
        """
        of_events = weights * self.outcome if events is None else events
        cutoffs: list[tuple[float | None, NDArray[np.intp]]] = [(None, np.arange(len(weights)))]
        if self._choose_cutoff is not None:
            score = self.cohort[self._marker.name].to_numpy(dtype=float)
            known = np.isfinite(score)
            others = weights - of_events
            chosen = self._choose_cutoff(WeightedCurve(score[known], of_events[:, known], others[:, known]))
            distinct, group = np.unique(chosen, return_inverse=True)
            cutoffs = [(float(value), np.flatnonzero(group == i)) for i, value in enumerate(distinct)]
        for cutoff, samples in cutoffs:
            yield self._with(cutoff).build(samples, weights[samples], of_events[samples])

    def _with(self, cutoff: float | None) -> "_AfterCutoff":
        if cutoff not in self._after:
            cohort = self.cohort
            if cutoff is not None:
                value = cohort[self._marker.name]
                high = (value > cutoff).astype("Int64").where(value.notna())
                cohort = cohort.assign(**{self._marker.high: high})
            self._after[cutoff] = _AfterCutoff(
                cohort,
                cutoff,
                self.candidates,
                self._tests,
                self._alpha,
                self.scores,
                self._codebook,
            )
        return self._after[cutoff]


class _AfterCutoff:
    """The steps after the derivation of the cut-off, on a cohort with the dichotomous score that it makes."""

    def __init__(
        self,
        cohort: pd.DataFrame,
        cutoff: float | None,
        candidates: Sequence[str],
        tests: Sequence[str],
        alpha: float | None,
        scores: Sequence[Score],
        codebook: Codebook,
    ) -> None:
        self._cutoff, self._alpha = cutoff, alpha
        self._screens = [
            _Screen(cohort[name], codebook[name], test) for name, test in zip(candidates, tests, strict=True)
        ]
        self._columns = _Columns(cohort, candidates, codebook)
        self._models = {score.name: _model(cohort, score, codebook) for score in scores}

    def build(self, samples: NDArray[np.intp], weights: Array, events: Array) -> Built:
        others = weights - events
        p_values = np.empty((len(weights), len(self._screens)))
        for j, screen in enumerate(self._screens):
            p_values[:, j] = screen.p_values(events, others)
        selected = np.zeros(p_values.shape, dtype=bool)
        models = {}
        if self._alpha is not None:
            selected = is_selected(p_values, self._alpha)
            models[MULTIVARIABLE] = self._columns.fit(weights, events, selected)
        models |= {name: model.build(weights, events) for name, model in self._models.items()}
        cutoff = np.full(len(weights), np.nan if self._cutoff is None else self._cutoff)
        return Built(samples, cutoff, p_values, selected, models)


class _Screen:
    """One variable and the test of its association with the outcome."""

    def __init__(self, values: pd.Series, variable: Variable, test: str) -> None:
        self._test, self._is_categorical = test, variable.is_categorical
        self._known = values.notna().to_numpy()
        known = values[self._known]
        if variable.is_categorical:
            self._moments = np.column_stack([(known == level).to_numpy(float) for level in variable.levels])
        else:
            numbers = known.to_numpy(dtype=float)
            centered = numbers - numbers.mean() if len(numbers) else numbers
            self._moments = np.column_stack([np.ones_like(centered), centered, centered**2])

    def p_values(self, events: Array, others: Array) -> Array:
        """Return the p-value in each of b samples (b x n weights of patients with and without the event)."""
        first, second = others[:, self._known], events[:, self._known]
        if self._test == "mann_whitney":
            return rank_p_values(self._moments[:, 1], first, second)
        summed = np.stack([first @ self._moments, second @ self._moments], axis=2)
        if not self._is_categorical:
            return location_p_values(summed[:, 0], summed[:, 1], summed[:, 2], self._test)
        if self._test in CHI_SQUARES:
            return chi_square_p_values(summed, self._test)
        # Exact tests take long, and resamples of few patients have many tables in common.
        tables, position = np.unique(np.round(summed).astype(int), axis=0, return_inverse=True)
        exact = [getattr(independence_tests(table), f"p_{self._test}") for table in tables]
        return np.asarray(exact)[position.reshape(-1)]


class _Columns:
    """Variables coded for regressions, of which each sample may have others."""

    def __init__(self, cohort: pd.DataFrame, variables: Sequence[str], codebook: Codebook) -> None:
        self._known = np.column_stack(
            [cohort[name].notna().to_numpy() for name in variables] or [np.ones((len(cohort), 0), dtype=bool)]
        )
        columns, of_variable, is_level = [], [], []
        for j, name in enumerate(variables):
            variable, values = codebook[name], cohort[name]
            if not variable.is_categorical or variable.kind == "binary":
                numbers = values.to_numpy(dtype=float)
                center, spread = np.nanmean(numbers), np.nanstd(numbers)
                columns.append(np.nan_to_num((numbers - center) / (spread or 1)))
                of_variable.append(j)
                is_level.append(False)
                continue
            for level in variable.levels:
                columns.append((values == level).fillna(False).to_numpy(dtype=float))
                of_variable.append(j)
                is_level.append(True)
        self._X = np.column_stack(columns or [np.ones((len(cohort), 0))])
        self._of_variable, self._is_level = np.array(of_variable, dtype=int), np.array(is_level, dtype=bool)

    def fit(self, weights: Array, events: Array, selected: Mask) -> Predictions:
        """Fit the regression on the selected variables (b x v) in the patients who have all of them."""
        known = (selected.astype(float) @ ~self._known.T) == 0
        totals, with_event = weights * known, events * known
        included = self._included(totals, selected)
        lp, separated = _fit(self._X, included, totals, with_event)
        return Predictions(lp, None, known, is_risk=True, separated=separated)

    def _included(self, totals: Array, selected: Mask) -> Mask:
        """Return which columns the design of each sample has (`study.design.design_matrix`).

        Those of a variable that is selected and not constant; of several levels those that occur, but for the
        first; of columns that determine each other the earlier ones.
        """
        sums = totals @ self._X
        squares = totals @ self._X**2
        spread = squares - sums**2 / np.maximum(totals.sum(axis=1, keepdims=True), 1)
        included = selected[:, self._of_variable] & (spread > CONSTANT * squares)
        for j in np.unique(self._of_variable[self._is_level]):
            of_variable = np.flatnonzero(self._of_variable == j)
            first = np.argmax(sums[:, of_variable] > 0, axis=1)
            included[np.arange(len(included)), of_variable[first]] = False
        return _independent(self._X, included, totals)


def _independent(X: Array, included: Mask, totals: Array) -> Mask:
    """Leave out columns of X (n x c) that, in the sample, the intercept and earlier columns determine.

    By Gram and Schmidt's steps on each sample's products of columns (b x c x c).
    """
    with_intercept = np.column_stack([np.ones(len(X)), X])
    c = with_intercept.shape[1]
    products = np.zeros((len(totals), c, c))
    for begin in range(0, len(X), ROWS_AT_ONCE):
        rows = with_intercept[begin : begin + ROWS_AT_ONCE]
        pairs = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), c * c)
        products += (totals[:, begin : begin + ROWS_AT_ONCE] @ pairs).reshape(-1, c, c)
    kept = np.column_stack([np.ones(len(included), dtype=bool), included])
    width = kept.sum(axis=1)
    for columns in np.unique(width):
        of = np.flatnonzero(width == columns)
        chosen = np.nonzero(kept[of])[1].reshape(len(of), columns)
        own = products[of[:, None, None], chosen[:, :, None], chosen[:, None, :]]
        size = np.einsum("bjj->bj", own).copy()
        for j in range(columns):
            left = own[:, j, j]
            stays = left > DETERMINED * size[:, j]
            kept[of, chosen[:, j]] = stays
            factor = np.where(stays[:, None], own[:, j, :] / np.where(left > 0, left, 1)[:, None], 0.0)
            own -= factor[:, :, None] * own[:, j, None, :]
    return kept[:, 1:]


def _fit(X: Array, included: Mask, totals: Array, events: Array) -> tuple[Array, Mask]:
    """Fit b regressions, each on an intercept and some columns of X (n x c); return their predictors (b x n).

    Also returned is which have Firth's penalty; it makes the regression finite of a sample with one outcome.
    """
    X = np.column_stack([np.ones(len(X)), X])
    included = np.column_stack([np.ones(len(included), dtype=bool), included])
    lp, separated = np.empty(totals.shape), np.zeros(len(totals), dtype=bool)
    designs, group = np.unique(included, axis=0, return_inverse=True)
    group = group.reshape(-1)
    if len(designs) <= FEW_DESIGNS:
        for i, design in enumerate(designs):
            of = np.flatnonzero(group == i)
            beta, separated[of] = fit_batch_finite(X[:, design], events[of], totals[of])
            lp[of] = beta @ X[:, design].T
    else:
        width = included.sum(axis=1)
        for columns in np.unique(width):
            of = np.flatnonzero(width == columns)
            chosen = np.nonzero(included[of])[1].reshape(len(of), columns)
            own = np.ascontiguousarray(X.T[chosen].transpose(0, 2, 1))
            beta, separated[of] = fit_batch_finite(own, events[of], totals[of])
            lp[of] = (own @ beta[:, :, None])[:, :, 0]
    return tie_nearly_equal(lp), separated


@dataclass(frozen=True)
class _FittedScore:
    """A score that a regression on its variables makes: the distinct patients, and their design."""

    columns: _Columns
    members: Array
    variables: int

    def build(self, weights: Array, events: Array) -> Predictions:
        selected = np.ones((len(weights), self.variables), dtype=bool)
        found = self.columns.fit(weights @ self.members, events @ self.members, selected)
        return Predictions(
            found.linear_predictor, self.members, None, is_risk=True, separated=found.separated
        )


@dataclass(frozen=True)
class _GivenScore:
    """A score that is what it is: the distinct values."""

    values: Array
    members: Array

    def build(self, weights: Array, events: Array) -> Predictions:
        lp = np.broadcast_to(self.values, (len(weights), len(self.values)))
        return Predictions(
            lp, self.members, None, is_risk=False, separated=np.zeros(len(weights), dtype=bool)
        )


def _model(cohort: pd.DataFrame, score: Score, codebook: Codebook) -> "_FittedScore | _GivenScore":
    """Return a score of the plan, on the distinct patients among those who have its variables."""
    known = cohort[list(score.variables)].notna().all(axis=1).to_numpy()
    of_known = cohort[known]
    pattern = of_known.groupby(list(score.variables), sort=True, observed=True).ngroup().to_numpy()
    members = np.zeros((len(cohort), pattern.max(initial=-1) + 1))
    members[np.flatnonzero(known), pattern] = 1
    distinct = of_known.drop_duplicates(list(score.variables)).sort_values(list(score.variables))
    if is_fitted(of_known, score, codebook):
        return _FittedScore(_Columns(distinct, score.variables, codebook), members, len(score.variables))
    return _GivenScore(risk_order(distinct, "", score, codebook), members)
