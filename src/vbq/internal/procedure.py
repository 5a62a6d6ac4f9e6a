"""The study's whole procedure on many weighted samples at once: cut-off, screening, selection, regressions.

A sample is n weights: how often each patient counts. With weights of 1 the procedure gives the study's own
results; with those of a resample what the study would have found in it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vbq.codebook import Variable
from vbq.scores.marker import Marker
from vbq.stats.batched import Ranking, fit_batch
from vbq.stats.contingency import CHI_SQUARES, EXACT_TESTS, chi_square_p_values, exact_tests, is_enumerable
from vbq.stats.cutoff import Rule, WeightedCurve, rules
from vbq.stats.digits import is_below, tie_nearly_equal
from vbq.stats.groups import location_p_values, rank_p_values
from vbq.stats.regressions import each_times
from vbq.study.design import Codebook, complete_rows, outcome_of
from vbq.study.discrimination import Score, is_fitted, risk_order, scores_of
from vbq.study.univariable import named_test

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MULTIVARIABLE = "multivariable"
FEW_DESIGNS = 16  # distinct ones, up to which the samples of each are fitted together
CONSTANT = 1e-12  # share of a sum of squares that is rounding
CUTOFFS_KEPT = 16  # of which the steps that depend on them are kept
RESAMPLED_STATES = 100_000  # ways to fill half of the levels, above which resamples have drawn tables,
RESAMPLED_DRAWS = 10_000  # so many


class Patterns:
    """The k patterns of n patients: those who say the same count together.

    `number` (n) is each patient's pattern, -1 of those who have none.
    """

    def __init__(self, number: NDArray[np.intp]) -> None:
        self._number = number
        self._order = np.argsort(number, kind="stable")[int((number < 0).sum()) :]
        self._begins = np.flatnonzero(np.diff(number[self._order], prepend=-1))

    def counts(self, weights: Array) -> Array:
        """Return how often each pattern counts in b x n samples (b x k)."""
        return np.add.reduceat(weights[:, self._order], self._begins, axis=1)

    def of_patients(self, values: Array) -> Array:
        """Return the values of b x k patterns for the patients (b x n), NaN for those who have none."""
        return np.where(self._number >= 0, values[:, self._number], np.nan)


@dataclass(frozen=True)
class Predictions:
    """What a model that was built in each of b samples says of patterns of patients.

    `linear_predictor` is b x k; without `patterns` each of the n patients is one. Who has the model's
    variables may differ from sample to sample: then `known` (b x n) says it. `is_risk` says whether the
    predictor is the logit of a risk. `separated` (b) marks the samples whose regression has Firth's penalty,
    `maxima` (b) says how many maxima of its likelihood were found.
    """

    linear_predictor: Array
    patterns: Patterns | None
    known: Mask | None
    is_risk: bool
    separated: Mask
    maxima: NDArray[np.int64]

    def counts(self, weights: Array) -> Array:
        """Return how often each pattern counts in b x n samples."""
        counts = weights if self.patterns is None else self.patterns.counts(weights)
        return counts if self.known is None else counts * self.known

    @cached_property
    def ranking(self) -> Ranking:
        """The order of the patterns in each sample; one for all samples where they share their score."""
        return Ranking(self.linear_predictor if self.is_risk else self.linear_predictor[:1])

    def of_patients(self) -> Array:
        """Return the linear predictor of each patient (b x n), NaN without the model's variables."""
        if self.patterns is not None:
            return self.patterns.of_patients(self.linear_predictor)
        return np.where(True if self.known is None else self.known, self.linear_predictor, np.nan)


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
        choices = ("categorical_test", "continuous_test", "exceptions")
        named = {key: univariable[key] for key in choices if key in univariable}
        exclude = plan.get("multivariable", {}).get("exclude", ())
        self.candidates = [
            name for name in univariable["variables"] if name in self.cohort and name not in exclude
        ]
        self._tests = {name: named_test(codebook[name], **named) for name in self.candidates}
        self._alpha = plan["alpha"] if "multivariable" in plan else None
        scores, pairs = scores_of(plan.get("discrimination", {"scores": {}}), self.cohort.columns)
        self.scores = [score for score in scores if self._is_assessable(score)]
        assessable = {score.name for score in self.scores}
        self.pairs = [pair for pair in pairs if assessable.issuperset(pair)]
        self._choose_cutoff = self._rule(plan.get("cutoff"))
        self._after: dict[float | None, _AfterCutoff] = {}

    def _is_assessable(self, score: Score) -> bool:
        """Whether patients with and without the outcome have a score's variables."""
        known = self.cohort[list(score.variables)].notna().all(axis=1).to_numpy()
        return len(np.unique(self.outcome[known])) == 2

    def _rule(self, cutoff: Mapping[str, Any] | None) -> Rule | None:
        """Return how the marker's cut-off is derived, None where the plan or its way gives none."""
        if cutoff is None or cutoff["score"] != self._marker.name or self._marker.name not in self.cohort:
            return None
        rule = rules(cutoff["sensitivity"])[cutoff["way"]]
        score = self.cohort[self._marker.name].to_numpy(dtype=float)
        known = np.isfinite(score)
        curve = WeightedCurve.of(self.outcome[known] == 1, score[known], np.ones((1, known.sum())))
        return None if np.isnan(rule(curve)).any() else rule

    @cached_property
    def patients(self) -> dict[str, tuple[int, int]]:
        """The patients in whom each model can be assessed, and those of them with the event, by its name."""
        everybody = np.ones((1, len(self.outcome)))
        built = next(self.build(everybody))
        return {
            name: (int(model.counts(everybody).sum()), int(model.counts(self.outcome[None]).sum()))
            for name, model in built.models.items()
        }

    @property
    def tests(self) -> dict[str, tuple[str, int]]:
        """The test of each candidate, and how many tables it draws in a resample, 0 where it counts all."""
        screens = self._with(None).screens
        return {name: (test, screens[name].draws) for name, test in self._tests.items()}

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
            chosen = np.where(np.isnan(chosen), np.inf, chosen)  # a sample of one outcome has none
            distinct, group = np.unique(chosen, return_inverse=True)
            cutoffs = [(float(value), np.flatnonzero(group == i)) for i, value in enumerate(distinct)]
        for cutoff, samples in cutoffs:
            yield self._with(cutoff).build(samples, weights[samples], of_events[samples])

    def _with(self, cutoff: float | None) -> "_AfterCutoff":
        """Return the steps after a cut-off; of those that do not depend on it there is one for all."""
        if (found := self._after.get(cutoff)) is not None:
            return found
        cohort, before = self.cohort, None
        if cutoff is not None:
            before, value = self._with(None), cohort[self._marker.name]
            high = (value > cutoff).astype("Int64").where(value.notna())
            cohort = cohort.assign(**{self._marker.high: high})

        def as_before(variables: Collection[str]) -> "_AfterCutoff | None":
            return None if self._marker.high in variables else before

        screens, models = {}, {}
        for name, test in self._tests.items():
            same = as_before([name])
            screens[name] = (
                same.screens[name]
                if same
                else _Screen(cohort[name], self._codebook[name], test, self.outcome)
            )
        for score in self.scores:
            same = as_before(score.variables)
            models[score.name] = (
                same.models[score.name] if same else _model(cohort, score, self._codebook, self.outcome)
            )
        same = as_before(self.candidates)
        everyone = np.ones(len(cohort))
        columns = (
            same.columns
            if same
            else _Columns(cohort, self.candidates, self._codebook, everyone, self.outcome)
        )
        made = _AfterCutoff(np.nan if cutoff is None else cutoff, self._alpha, screens, columns, models)
        if len(self._after) >= CUTOFFS_KEPT:
            self._after = {None: self._with(None)}
        self._after[cutoff] = made
        return made


@dataclass(frozen=True)
class _AfterCutoff:
    """The steps after the derivation of the cut-off, on a cohort with the dichotomous score that it makes."""

    cutoff: float
    alpha: float | None
    screens: Mapping[str, "_Screen"]
    columns: "_Columns"
    models: Mapping[str, "_FittedScore | _GivenScore"]

    def build(self, samples: NDArray[np.intp], weights: Array, events: Array) -> Built:
        """Carry the steps out in samples that have this cut-off."""
        others = weights - events
        p_values = np.empty((len(weights), len(self.screens)))
        for j, screen in enumerate(self.screens.values()):
            p_values[:, j] = screen.p_values(events, others)
        selected = np.zeros(p_values.shape, dtype=bool)
        models = {}
        if self.alpha is not None:
            selected = is_below(p_values, self.alpha)
            models[MULTIVARIABLE] = self.columns.fit(weights, events, selected)
        models |= {name: model.build(weights, events) for name, model in self.models.items()}
        cutoff = self.cutoff if np.isfinite(self.cutoff) else np.nan
        return Built(samples, np.full(len(weights), cutoff), p_values, selected, models)


class _Screen:
    """One variable and the test of its association with the outcome.

    `draws` says how many tables an exact test in a resample draws, 0 where it counts all of them.
    """

    def __init__(self, values: pd.Series, variable: Variable, test: str, outcome: Array) -> None:
        self._test, self._is_categorical = test, variable.is_categorical
        self._known = values.notna().to_numpy()
        known = values[self._known]
        if variable.is_categorical:
            self._moments = np.column_stack([(known == level).to_numpy(float) for level in variable.levels])
        else:
            numbers = known.to_numpy(dtype=float)
            centered = numbers - numbers.mean() if len(numbers) else numbers
            self._moments = np.column_stack([np.ones_like(centered), centered, centered**2])
        self._own = self._sums(outcome[None], 1 - outcome[None])[0]
        counts_all = test not in EXACT_TESTS or is_enumerable(self._own, RESAMPLED_STATES)
        self.draws = 0 if counts_all else RESAMPLED_DRAWS

    def _sums(self, events: Array, others: Array) -> Array:
        """Return the sums of the moments in b samples, without and with the event (b x moments x 2)."""
        each = (each_times(weights[:, self._known], self._moments) for weights in (others, events))
        return np.stack(list(each), axis=2)

    def p_values(self, events: Array, others: Array) -> Array:
        """Return the p-value in each of b samples (b x n weights of patients with and without the event)."""
        if self._test == "mann_whitney":
            return rank_p_values(self._moments[:, 1], others[:, self._known], events[:, self._known])
        summed = self._sums(events, others)
        if not self._is_categorical:
            return location_p_values(summed[:, 0], summed[:, 1], summed[:, 2], self._test)
        if self._test in CHI_SQUARES:
            p_values = chi_square_p_values(summed, self._test)
            if self._test == "yates":  # of 2 x 2 tables, as `compare_by_outcome` has it
                return np.where(np.isnan(p_values), chi_square_p_values(summed, "pearson"), p_values)
            return p_values
        # Exact tests take long, and resamples of few patients have many tables in common.
        tables, position = np.unique(np.round(summed).astype(int), axis=0, return_inverse=True)
        return np.array([self._exact(table) for table in tables])[position.reshape(-1)]

    def _exact(self, table: NDArray[np.int_]) -> float:
        """Return the exact p-value of a table of counts; NaN with fewer than two levels or outcomes."""
        if (table.sum(axis=1) > 0).sum() < 2 or (table.sum(axis=0) == 0).any():
            return float("nan")
        if self.draws and not np.array_equal(table, self._own):
            p_fisher, p_mid, _ = exact_tests(table, max_states=0, draws=self.draws)
        else:
            p_fisher, p_mid, _ = exact_tests(table)
        return p_fisher if self._test == "fisher" else p_mid


class _Columns:
    """Variables coded for regressions, of which each sample may have others.

    `totals` and `events` say how often each row of `cohort` counts in the sample itself, and with the event.
    """

    def __init__(
        self,
        cohort: pd.DataFrame,
        variables: Sequence[str],
        codebook: Codebook,
        totals: Array,
        events: Array,
    ) -> None:
        self._sample = (events[None], totals[None])
        self._starts: dict[bytes, Array] = {}
        self._known = np.column_stack(
            [cohort[name].notna().to_numpy() for name in variables] or [np.ones((len(cohort), 0), dtype=bool)]
        )
        columns, of_variable, is_level = [], [], []
        for j, name in enumerate(variables):
            variable, values = codebook[name], cohort[name]
            if not variable.is_categorical or variable.kind == "binary":
                numbers = values.to_numpy(dtype=float)
                known = numbers[np.isfinite(numbers)]
                center, spread = (known.mean(), known.std()) if len(known) else (0.0, 1.0)
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
        lp, separated, maxima = _fit(self._X, included, totals, with_event, self._start)
        return Predictions(lp, None, known, is_risk=True, separated=separated, maxima=maxima)

    def _start(self, design: Mask) -> Array:
        """Return the coefficients of a design in the sample itself, near which those of resamples lie."""
        key = design.tobytes()
        if key not in self._starts:
            X = np.column_stack([np.ones(len(self._X)), self._X])[:, design]
            self._starts[key] = fit_batch(X, *self._sample, finite=True).coefficients[0]
        return self._starts[key]

    def _included(self, totals: Array, selected: Mask) -> Mask:
        """Return which columns the design of each sample has (`study.design.design_matrix`).

        Those of a variable that is selected and not constant; of several levels those that occur, but for the
        first. Of columns that determine each other the fit takes the earlier ones.
        """
        sums, squares = each_times(totals, self._X), each_times(totals, self._X**2)
        spread = squares - sums**2 / np.maximum(totals.sum(axis=1, keepdims=True), 1)
        included = selected[:, self._of_variable] & (spread > CONSTANT * squares)
        for j in np.unique(self._of_variable[self._is_level]):
            of_variable = np.flatnonzero(self._of_variable == j)
            first = np.argmax(sums[:, of_variable] > 0, axis=1)
            included[np.arange(len(included)), of_variable[first]] = False
        return included


def _fit(
    X: Array, included: Mask, totals: Array, events: Array, start: Callable[[Mask], Array]
) -> tuple[Array, Mask, NDArray[np.int64]]:
    """Fit b regressions, each on an intercept and some columns of X (n x c); return their predictors (b x n).

    Also returned are which have Firth's penalty - finite estimates also for a sample with one outcome -
    and how many maxima were found of each (b).
    """
    X = np.column_stack([np.ones(len(X)), X])
    included = np.column_stack([np.ones(len(included), dtype=bool), included])
    lp, separated = np.empty(totals.shape), np.zeros(len(totals), dtype=bool)
    maxima = np.ones(len(totals), dtype=np.int64)
    designs, group = np.unique(included, axis=0, return_inverse=True)
    group = group.reshape(-1)
    if len(designs) <= FEW_DESIGNS:
        for i, design in enumerate(designs):
            of = np.flatnonzero(group == i)
            fits = fit_batch(X[:, design], events[of], totals[of], start=start(design), finite=True)
            lp[of] = each_times(fits.coefficients, X[:, design].T)
            separated[of], maxima[of] = fits.separated, fits.maxima
    else:
        width = included.sum(axis=1)
        for columns in np.unique(width):
            of = np.flatnonzero(width == columns)
            chosen = np.nonzero(included[of])[1].reshape(len(of), columns)
            own = np.ascontiguousarray(X.T[chosen].transpose(0, 2, 1))
            fits = fit_batch(own, events[of], totals[of], finite=True)
            lp[of] = (own @ fits.coefficients[:, :, None])[:, :, 0]
            separated[of], maxima[of] = fits.separated, fits.maxima
    return tie_nearly_equal(lp), separated, maxima


@dataclass(frozen=True)
class _FittedScore:
    """A score that a regression on its variables makes: the distinct patients, and their design."""

    columns: _Columns
    patterns: Patterns
    variables: int

    def build(self, weights: Array, events: Array) -> Predictions:
        """Fit the regression on all of its variables to the patients' weights in b samples (b x n each)."""
        selected = np.ones((len(weights), self.variables), dtype=bool)
        of_patterns, with_event = self.patterns.counts(weights), self.patterns.counts(events)
        found = self.columns.fit(of_patterns, with_event, selected)
        return Predictions(found.linear_predictor, self.patterns, None, True, found.separated, found.maxima)


@dataclass(frozen=True)
class _GivenScore:
    """A score that is what it is: the distinct values."""

    values: Array
    patterns: Patterns

    def build(self, weights: Array, _events: Array) -> Predictions:
        lp = np.broadcast_to(self.values, (len(weights), len(self.values)))
        one = np.ones(len(weights), dtype=np.int64)
        return Predictions(lp, self.patterns, None, False, np.zeros(len(weights), dtype=bool), one)


def _model(
    cohort: pd.DataFrame, score: Score, codebook: Codebook, outcome: Array
) -> _FittedScore | _GivenScore:
    """Return a score of the plan, on the distinct patients among those who have its variables.

    Whether a regression makes it, as one of three levels, is what it is in the cohort: a resample without one
    of the levels has a regression all the same.
    """
    names = list(score.variables)
    known = cohort[names].notna().all(axis=1).to_numpy()
    of_known = cohort[known]
    number = np.full(len(cohort), -1, dtype=np.intp)
    number[known] = of_known.groupby(names, sort=True, observed=True).ngroup().to_numpy()
    distinct = of_known.drop_duplicates(names).sort_values(names)
    patterns = Patterns(number)
    if not is_fitted(of_known, score, codebook):
        return _GivenScore(risk_order(distinct, "", score, codebook), patterns)
    totals, events = (patterns.counts(each[None])[0] for each in (np.ones(len(cohort)), outcome))
    return _FittedScore(_Columns(distinct, names, codebook, totals, events), patterns, len(names))
