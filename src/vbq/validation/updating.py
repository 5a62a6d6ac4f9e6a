"""The rules updated to a cohort: intercept, intercept and slope, refitted, and what the closed test chooses.

An updated rule is a linear predictor: coefficients of the constant, of the rule's own linear predictor, and
of its terms. All updates are made again in every resample, the closed testing procedure included.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from vbq.stats.batched import fit_batch, weighted_auc
from vbq.stats.digits import is_below
from vbq.stats.grouping import RESAMPLED_FROM, Patterns, patterns_of, resampled_counts
from vbq.stats.logistic import Likelihood, method_named, profile_interval
from vbq.stats.optimism import within_ranges
from vbq.stats.regressions import log_likelihoods
from vbq.stats.resampling import percentile_interval
from vbq.study.design import outcome_of
from vbq.validation.performance import Settings, complete, term_columns
from vbq.validation.rules import RANKS, WITH_RISKS, Codebook, Rule, predict

Array = NDArray[np.float64]

NONE, INTERCEPT, SLOPE, REFIT = "none", "intercept", "intercept and slope", "refit"
CLOSED_TEST = "closed test"
ZERO = 1e-12  # share of the linear predictor: an intercept nearer to 0 is the rounding of 0
FLAT = 1e-9  # a linear predictor that varies by less is constant
IN_THE_LARGE, SLOPE_INDEX = "calibration_in_the_large", "calibration_slope"
INDEXES = ("auc", "brier", IN_THE_LARGE, SLOPE_INDEX)
# What an update leaves as it is: a new intercept changes neither ranks nor slope.
UNCHANGED = {NONE: INDEXES, INTERCEPT: ("auc", SLOPE_INDEX)}
PERFECT = {IN_THE_LARGE: 0, SLOPE_INDEX: 1}  # what an update makes of them that estimates them
SHIFTED = "location-shifted percentile bootstrap"


@dataclass(frozen=True)
class Problem:
    """What a rule is updated from.

    Patients of whom the rule says the same are one pattern: `columns` is k patterns x (2 + q), the constant,
    the rule's linear predictor, and its q independent terms `names`; `patterns` has their patients and
    events, nearly equal ones together where more than 2,000 differ. `candidates` are the updates that differ
    from each other, the simplest first.
    """

    patterns: Patterns
    columns: Array
    names: tuple[str, ...]
    candidates: tuple[str, ...]

    @property
    def terms(self) -> Array:
        """The design of refitting: constant and terms (k x (1 + q))."""
        return np.column_stack([self.columns[:, 0], self.columns[:, 2:]])

    @property
    def df(self) -> dict[str, int]:
        """How many coefficients each update estimates."""
        of = {NONE: 0, INTERCEPT: 1, SLOPE: 2, REFIT: self.columns.shape[1] - 1}
        return {name: of[name] for name in self.candidates}

    @property
    def counts(self) -> tuple[Array, Array]:
        """The events and the patients of each pattern (1 x k each)."""
        return self.patterns.events[None], self.patterns.totals[None]


def problem_of(rule: Rule, known: pd.DataFrame, outcome: str, codebook: Codebook) -> Problem | None:
    """Return what a rule is updated from in patients who have its variables, None where that is impossible.

    It is where only one outcome occurs, the rule gives everyone the same risk, no risks, or someone a risk of
    0 or 1. Without a
    published intercept there is no rule as it stands; with one independent term, refitting is updating the
    slope.
    """
    y = outcome_of(known, outcome)
    if rule.basis == RANKS or not 0 < y.sum() < len(y):
        return None
    lp = predict(rule, known, codebook).linear_predictor
    if not np.isfinite(lp).all():
        return None
    terms = term_columns(rule, known)
    kept = np.ones((len(y), 1))
    names: list[str] = []
    for name in map(str, terms):
        column = terms[name].to_numpy()
        spread = column.std()
        grown = np.column_stack([kept, (column - column.mean()) / spread]) if spread > 0 else kept
        if np.linalg.matrix_rank(grown) > kept.shape[1]:
            kept, names = grown, [*names, name]
    if not names or np.ptp(lp) == 0:
        return None
    patterns = patterns_of(np.column_stack([lp, terms[names].to_numpy()]), y, RESAMPLED_FROM)
    columns = np.column_stack([np.ones(len(patterns.totals)), patterns.rows])
    candidates = [INTERCEPT, SLOPE] if len(names) == 1 else [INTERCEPT, SLOPE, REFIT]
    if rule.basis in WITH_RISKS:
        candidates.insert(0, NONE)
    return Problem(patterns, columns, tuple(names), tuple(candidates))


def update_models(problem: Problem, events: Array, totals: Array) -> tuple[dict[str, Array], Array]:
    """Fit every update to the counts of b samples (b x k).

    Returns the coefficients of each update on the problem's columns (b x (2 + q)), and the p-values of the
    closed test (b x candidates but the last): the likelihood ratio of the last candidate against each other
    one, the simplest first. Where the outcomes are separated, slopes are from Firth's penalized likelihood;
    the test is of the plain likelihoods.
    """
    Z = problem.columns
    found = {name: np.zeros((len(events), Z.shape[1])) for name in problem.candidates}
    value = {}
    for name, coefficients in found.items():
        if name in (NONE, INTERCEPT):
            coefficients[:, 1] = 1
        if name == NONE:
            value[name] = log_likelihoods(events, totals, coefficients @ Z.T)
            continue
        columns = {INTERCEPT: [0], SLOPE: [0, 1], REFIT: [0, *range(2, Z.shape[1])]}[name]
        fits = fit_batch(Z[:, columns], events, totals, coefficients[:, 1:2] * Z[:, 1], finite=True)
        coefficients[:, columns] = fits.coefficients
        value[name] = fits.log_likelihoods
    most = problem.candidates[-1]
    p_values = np.column_stack(
        [
            special.chdtrc(
                problem.df[most] - problem.df[name], np.maximum(2 * (value[most] - value[name]), 0)
            )
            for name in problem.candidates[:-1]
        ]
    )
    return found, p_values


def closed_test(p_values: Array, alpha: float) -> NDArray[np.intp]:
    """Return which candidate the procedure of Vergouwe et al. 2017 keeps in each of b samples.

    It is the first that the last one is not significantly better than, by the p-values of `update_models`.
    """
    kept = np.hstack([p_values >= alpha, np.ones((len(p_values), 1), dtype=bool)])
    return np.argmax(kept, axis=1)


def performance_of(eta: Array, events: Array, totals: Array) -> Array:
    """Return the indexes of b linear predictors (b x k) in the counts of b samples: b x `INDEXES`.

    NaN where a sample has one outcome only, and for the slope of a constant linear predictor.
    """
    size, n_events = totals.sum(axis=1), events.sum(axis=1)
    risk = special.expit(eta)
    brier = (events * (1 - risk) ** 2 + (totals - events) * risk**2).sum(axis=1) / size
    in_the_large = fit_batch(np.ones((eta.shape[1], 1)), events, totals, offset=eta).coefficients[:, 0]
    scale = np.maximum(np.abs(eta).max(axis=1), 1.0)
    in_the_large[np.abs(in_the_large) < ZERO * scale] = 0.0  # what an update has made perfect
    varies = np.ptp(eta, axis=1) > FLAT
    slope = np.full(len(eta), np.nan)
    X = np.stack([np.ones_like(eta[varies]), eta[varies]], axis=-1)
    fits = fit_batch(X, events[varies], totals[varies], start=(0, 1), finite=True)
    slope[varies] = fits.coefficients[:, 1]
    found = np.column_stack([weighted_auc(eta, events, totals - events), brier, in_the_large, slope])
    found[~((n_events > 0) & (n_events < size))] = np.nan
    return found


UPDATING_COLUMNS = [
    *("rule", "label", "update", "chosen", "measure", "n", "n_events", "apparent", "optimism", "corrected"),
    *("optimism_method", "conf_low", "conf_high", "conf_method", "beyond_range"),
    *("replicates", "share_chosen"),
]
MODEL_COLUMNS = [
    *("rule", "update", "chosen", "term", "estimate", "method"),
    *("conf_low", "conf_high", "conf_method", "n", "n_events"),
]
TEST_COLUMNS = ["rule", "update", "against", "df", "p_value", "p_method", "rejected", "chosen"]


def update_rules(
    cohort: pd.DataFrame,
    outcome: str,
    rules: Sequence[Rule],
    codebook: Codebook,
    alpha: float,
    settings: Settings,
    published: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Update every rule to the patients who have its variables, and validate each update internally.

    `published` has the performance of the rules as they are, in the same patients (`assess_rules`).

    Returns three tables. Performance, a row per rule, update and index (`UPDATING_COLUMNS`): apparent, the
    optimism that a bootstrap of all patients finds when each resample makes the update again, corrected, and
    the location-shifted bootstrap interval of the corrected index (Noma et al. 2021), both
    within the index's range (`within_ranges`). What an update leaves
    as it is has no optimism, and the estimate and interval that `published` has. Intercept 0 and slope 1 have
    no interval where an update makes them so: they do not vary in its own resample. `share_chosen` says how
    often the closed test chose an update. The updated rules, a row per coefficient (`MODEL_COLUMNS`): `term`
    is the intercept, the rule's `linear predictor`, or one of its terms; the profile-likelihood interval is
    that of the one update, whatever the closed test chose. The closed test, a row per comparison
    (`TEST_COLUMNS`).
    """
    performance: list[dict[str, object]] = []
    models: list[dict[str, object]] = []
    tests: list[dict[str, object]] = []
    for rule in rules:
        known = complete(cohort, outcome, [rule])
        problem = problem_of(rule, known, outcome, codebook)
        if problem is None:
            continue
        updated, p_values = update_models(problem, *problem.counts)
        chosen = problem.candidates[closed_test(p_values, alpha)[0]]
        counted = {"n": len(known), "n_events": int(problem.patterns.events.sum())}
        found, shares = _validated(problem, updated, alpha, settings)
        own = published[published["rule"] == rule.name].set_index("measure").reindex(INDEXES)
        indexes = {name: list(_indexes(name, *found[name], own, settings.confidence)) for name in updated}
        closed = [row["apparent"] for row in indexes[chosen]]
        indexes[CLOSED_TEST] = list(
            _indexes(CLOSED_TEST, np.array(closed), *found[CLOSED_TEST][1:], own, settings.confidence)
        )
        for name, rows in indexes.items():
            of_rule = {"rule": rule.name, "label": rule.label, "update": name, "chosen": _yes(name == chosen)}
            performance += [
                {
                    **of_rule,
                    **counted,
                    **row,
                    "replicates": settings.replicates,
                    "share_chosen": shares.get(name),
                }
                for row in rows
            ]
            if name in updated:
                estimated = _coefficients(problem, name, updated[name][0], settings.confidence)
                models += [{**of_rule, **coefficient, **counted} for coefficient in estimated]
        most = problem.candidates[-1]
        tests += [
            {
                "rule": rule.name,
                "update": name,
                "against": most,
                "df": problem.df[most] - problem.df[name],
                "p_value": p,
                "p_method": "likelihood ratio",
                "rejected": _yes(bool(is_below(p, alpha))),
                "chosen": _yes(name == chosen),
            }
            for name, p in zip(problem.candidates, p_values[0], strict=False)
        ]
    return (
        pd.DataFrame(performance, columns=UPDATING_COLUMNS),
        pd.DataFrame(models, columns=MODEL_COLUMNS),
        pd.DataFrame(tests, columns=TEST_COLUMNS),
    )


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"


def _coefficients(
    problem: Problem, update: str, coefficients: Array, confidence: float
) -> Iterator[dict[str, object]]:
    """Yield the coefficients of an update: term, estimate and its method, limits and theirs.

    An update estimates the first so many of them; the others are 1, as published.
    """
    refitted, n_free = update == REFIT, problem.df[update]
    names = ["(intercept)", *(problem.names if refitted else ["linear predictor"])]
    X = problem.terms if refitted else problem.columns[:, :2]
    values = np.append(coefficients[0], coefficients[2:]) if refitted else coefficients[:2].copy()
    free, patterns = X[:, :n_free], problem.patterns
    offset = X[:, n_free:].sum(axis=1)
    limits, method, conf_method = [(np.nan, np.nan)] * n_free, "", ""
    if n_free:
        likelihood = Likelihood(free, patterns.events, totals=patterns.totals, offset=offset).finite()
        best = likelihood.highest()
        method, conf_method = (
            method_named(f"{of} likelihood", likelihood.penalized, best.maxima)
            for of in ("maximum", "profile")
        )
        values[:n_free] = best.coefficients
        limits = [profile_interval(likelihood, best, j, confidence) for j in range(n_free)]
    for j, (name, value) in enumerate(zip(names, values, strict=True)):
        row = {
            "term": name,
            "estimate": float(value),
            "method": method if j < n_free else "as published",
        }
        if j < n_free:
            low, high = limits[j]
            row |= {"conf_low": low, "conf_high": high, "conf_method": conf_method}
        yield row


def _indexes(
    update: str, apparent: Array, resampled: Array, in_all: Array, own: pd.DataFrame, confidence: float
) -> Iterator[dict[str, object]]:
    """Yield each index of an update: apparent, optimism, corrected, limits, and the methods.

    `apparent` has its `INDEXES`, `resampled` and `in_all` those of b resamples' updates in the resample and
    in all patients, `own` the rows of the rule as it is.
    """
    lows, highs = percentile_interval(resampled, confidence)
    # A calibration slope is a ratio whose mean need not exist: an updated slope can be near zero.
    methods = {SLOPE_INDEX: ("median", np.nanmedian)}
    for i, measure in enumerate(INDEXES):
        if measure in UNCHANGED.get(update, ()):
            row = own.loc[measure]
            limits = {name: row[name] for name in ("conf_low", "conf_high", "conf_method")}
            same = {"apparent": row["estimate"], "optimism": 0.0, "corrected": row["estimate"]}
            how = "none: left as it is"
            yield {"measure": measure, **same, "optimism_method": how, **limits, "beyond_range": ""}
            continue
        how, average = methods.get(measure, ("mean", np.nanmean))
        optimism = float(average(resampled[:, i] - in_all[:, i]))
        value, low, high = apparent[i] - optimism, lows[i] - optimism, highs[i] - optimism
        method = SHIFTED
        if measure in PERFECT:
            method = f"none: {PERFECT[measure]} by construction of maximum likelihood"
        elif not low < value < high:
            method = "none: all resamples lie on one side of it"
        if method != SHIFTED:
            low = high = np.nan
        corrected = within_ranges([measure], *(np.array([each]) for each in (value, low, high)))
        if method == SHIFTED and np.isnan(corrected.low[0]):
            method = "none: the correction leaves the index's range"
        yield {
            "measure": measure,
            "apparent": apparent[i],
            "optimism": optimism,
            "corrected": corrected.value[0],
            "optimism_method": how,
            "conf_low": corrected.low[0],
            "conf_high": corrected.high[0],
            "conf_method": method,
            "beyond_range": corrected.beyond[0],
        }


def _validated(
    problem: Problem,
    updated: Mapping[str, Array],
    alpha: float,
    settings: Settings,
) -> tuple[dict[str, tuple[Array, Array, Array]], dict[str, float]]:
    """Return each update's `INDEXES`, and how often the closed test chose it.

    Those are the apparent ones, and those of b resamples' updates in the resample and in all patients (b x
    indexes). The closed test has no apparent ones of its own: they are those of what it chooses.
    """
    Z, everyone = problem.columns, problem.counts
    n = problem.patterns.totals.sum()
    first = {name: coefficients @ Z.T for name, coefficients in updated.items()}
    apparent = {name: performance_of(eta, *everyone)[0] for name, eta in first.items()}
    in_resample: dict[str, list[Array]] = {name: [] for name in [*updated, CLOSED_TEST]}
    in_all: dict[str, list[Array]] = {name: [] for name in in_resample}
    choices = []
    for events, totals in resampled_counts(problem.patterns, settings.replicates, settings.seed):
        mixed = (events.sum(axis=1) > 0) & (events.sum(axis=1) < n)
        events, totals = events[mixed], totals[mixed]
        observed = [np.repeat(counts, len(events), axis=0) for counts in everyone]
        again, p_values = update_models(problem, events, totals)
        for name, coefficients in again.items():
            eta = coefficients @ Z.T
            in_resample[name].append(performance_of(eta, events, totals))
            # Where nothing is estimated there is no optimism.
            in_all[name].append(in_resample[name][-1] if name == NONE else performance_of(eta, *observed))
        choices.append(closed_test(p_values, alpha))
        of_choice = choices[-1], np.arange(len(events))
        for of_update in (in_resample, in_all):
            of_update[CLOSED_TEST].append(np.stack([of_update[name][-1] for name in updated])[of_choice])
    counted = np.bincount(np.concatenate(choices), minlength=len(problem.candidates))
    found = {
        name: (
            apparent.get(name, np.empty(0)),
            np.concatenate(in_resample[name]),
            np.concatenate(in_all[name]),
        )
        for name in in_resample
    }
    return found, dict(zip(problem.candidates, counted / counted.sum(), strict=True))
