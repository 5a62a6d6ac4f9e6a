"""How the rules perform in subgroups, and whether they perform differently."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from vbq.stats.digits import in_full
from vbq.stats.grouping import patterns_of
from vbq.stats.groups import compare_groups
from vbq.stats.logistic import INTERCEPT, Likelihood, coefficient_table, independent
from vbq.study.design import outcome_of, present_levels
from vbq.validation.performance import Measure, Settings, assess, complete, likelihood_of, proportion
from vbq.validation.rules import Codebook, Rule, predict

Array = NDArray[np.float64]

SHOWN = ("auc", "positive", "sensitivity", "specificity", "observed_expected", "calibration_slope")
SUBGROUP_COLUMNS = [
    *("rule", "label", "subgroup", "subgroup_label", "level", "level_label", "n", "n_events"),
    *Measure.__dataclass_fields__,
]
Groups = Sequence[tuple[str, str, NDArray[np.bool_]]]


def subgroups_of(
    cohort: pd.DataFrame, variables: Sequence[str], split_at: Mapping[str, float], codebook: Codebook
) -> dict[str, Groups]:
    """Return the levels of each subgroup variable that occur: name, label and who has it.

    A variable of `split_at` is divided below and from a value. Variables that the cohort lacks, or that have
    one level only, are left out.
    """
    found: dict[str, Groups] = {}
    for name in variables:
        if name in cohort:
            variable = codebook[name]
            levels = present_levels(cohort[name], variable)
            found[name] = [
                (
                    str(level),
                    variable.levels[level],
                    (cohort[name] == level).to_numpy(dtype=bool, na_value=False),
                )
                for level in levels
            ]
    for name, value in split_at.items():
        if name in cohort:
            numbers = cohort[name].to_numpy(dtype=float, na_value=np.nan)
            unit = f" {codebook[name].unit}".rstrip()
            found[name] = [
                (f"<{in_full(value)}", f"< {in_full(value)}{unit}", numbers < value),
                (f">={in_full(value)}", f"≥ {in_full(value)}{unit}", numbers >= value),
            ]
    return {name: groups for name, groups in found.items() if sum(bool(who.any()) for *_, who in groups) > 1}


def assess_subgroups(
    cohort: pd.DataFrame,
    outcome: str,
    rules: Sequence[Rule],
    subgroups: Mapping[str, Groups],
    minimum: int,
    codebook: Codebook,
    settings: Settings,
) -> pd.DataFrame:
    """Assess every rule in every subgroup, and test whether subgroups differ.

    A subgroup with fewer than `minimum` patients with, or without, the outcome has its numbers but no
    estimate that depends on the outcome. Rows with an empty level are tests: `interaction` whether the rule's
    slope differs, `level_difference` whether the risk differs at the same prediction (both likelihood ratio),
    and `mean_<variable>` whether a variable of the rule differs (Welch). Returns `SUBGROUP_COLUMNS`.
    """
    rows: list[dict[str, object]] = []
    for rule in rules:
        for name, groups in subgroups.items():
            known = complete(cohort, outcome, [rule])
            if known.empty:
                continue
            positions = cohort.index.get_indexer(known.index)
            members = [(level, label, who[positions]) for level, label, who in groups]
            members = [group for group in members if group[2].any()]
            heading = {
                "rule": rule.name,
                "label": rule.label,
                "subgroup": name,
                "subgroup_label": codebook[name].label,
            }
            for level, label, who in members:
                part = known[who]
                y = outcome_of(part, outcome)
                counted = {"level": level, "level_label": label, "n": len(y), "n_events": int(y.sum())}
                for measure in _in_one(part, y, rule, minimum, codebook, settings):
                    rows.append({**heading, **counted, **asdict(measure)})
            for measure, n, events in _tests(
                known, outcome, rule, members, minimum, codebook, settings.confidence
            ):
                all_levels = {"level": "", "level_label": "", "n": n, "n_events": events}
                rows.append({**heading, **all_levels, **asdict(measure)})
    return pd.DataFrame(rows, columns=SUBGROUP_COLUMNS)


def _in_one(
    part: pd.DataFrame, y: Array, rule: Rule, minimum: int, codebook: Codebook, settings: Settings
) -> list[Measure]:
    found = [_mean(name, part[name].to_numpy(dtype=float), settings) for name in _continuous(rule, codebook)]
    predictions = predict(rule, part, codebook)
    few = min(int(y.sum()), int((1 - y).sum())) < minimum
    if few:
        if predictions.positive is not None:
            found.append(proportion("positive", int(predictions.positive.sum()), len(y), settings.confidence))
        note = f"not estimated: fewer than {minimum} patients with or without the outcome"
        return [*found, Measure("auc", np.nan, note=note)]
    assessed = assess(y, predictions, Settings(settings.confidence, 2, settings.seed))
    return found + [measure for measure in assessed if measure.measure in SHOWN]


def _continuous(rule: Rule, codebook: Codebook) -> list[str]:
    return [name for name in rule.variables if not codebook[name].is_categorical]


def _mean(name: str, values: Array, settings: Settings) -> Measure:
    n = len(values)
    std_error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    margin = stats.t.ppf((1 + settings.confidence) / 2, n - 1) * std_error if n > 1 else np.nan
    mean = float(values.mean())
    return Measure(f"mean_{name}", mean, mean - margin, mean + margin, "t", std_error=std_error)


def _tests(
    known: pd.DataFrame,
    outcome: str,
    rule: Rule,
    groups: Groups,
    minimum: int,
    codebook: Codebook,
    confidence: float,
) -> list[tuple[Measure, int, int]]:
    """Return the tests of one rule by one subgroup variable, each with its patients and events."""
    found = []
    inside = np.logical_or.reduce([who for *_, who in groups])
    y_all = outcome_of(known, outcome)
    if len(groups) > 1:
        for name in _continuous(rule, codebook):
            samples = [known.loc[who, name].to_numpy(dtype=float) for *_, who in groups]
            found.append((_welch(name, samples, confidence), int(inside.sum()), int(y_all[inside].sum())))
    enough = [
        (level, label, who)
        for level, label, who in groups
        if min(y_all[who].sum(), (1 - y_all[who]).sum()) >= minimum
    ]
    if len(enough) < 2:
        return found
    inside = np.logical_or.reduce([who for *_, who in enough])
    y = y_all[inside]
    lp = predict(rule, known[inside], codebook).linear_predictor
    if not np.isfinite(lp).all():
        return found
    lp = lp - lp.mean()
    indicators = np.column_stack([who[inside] for *_, who in enough[1:]]).astype(float)
    grouped = patterns_of(np.column_stack([lp, indicators]), y)
    k, q = len(grouped.totals), indicators.shape[1]
    both = np.column_stack([np.ones(k), grouped.rows])
    designs = {
        "level_difference": both,
        "interaction": np.column_stack([both, grouped.rows[:, :1] * grouped.rows[:, 1:]]),
    }
    for name, X in designs.items():
        if independent(X).all():
            tested = list(range(X.shape[1] - q, X.shape[1]))
            found.append((_tested(name, likelihood_of(X, grouped), tested, confidence), len(y), int(y.sum())))
    return found


def _tested(name: str, likelihood: Likelihood, columns: Sequence[int], confidence: float) -> Measure:
    """Test by likelihood ratio that the coefficients of some columns are zero; a single one is estimated."""
    p = likelihood.X.shape[1]
    names = [INTERCEPT, *(str(i) for i in range(1, p))]
    terms = {name: [names[i] for i in columns]}
    tested = coefficient_table(likelihood, likelihood.highest(), names, terms, confidence)
    row = tested[tested["term"] == name].iloc[0]
    measure = Measure(
        name,
        np.nan,
        statistic=float(row["statistic"]),
        df=float(row["df"]),
        p_value=float(row["p_value"]),
        p_method=str(row["p_method"]),
    )
    if len(columns) > 1:
        return measure
    return replace(
        measure,
        estimate=float(row["estimate"]),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        conf_method=str(row["conf_method"]),
        note="log-odds",
    )


def _welch(name: str, samples: Sequence[Array], confidence: float) -> Measure:
    labels = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    p_value = compare_groups(np.concatenate(samples), labels).p_welch
    difference, low, high, method = np.nan, np.nan, np.nan, ""
    if len(samples) == 2 and np.isfinite(p_value):
        difference = samples[1].mean() - samples[0].mean()
        # The mean of a constant group can be off its value by a rounding error, which is no variance.
        squared_errors = np.array([x.var(ddof=1) / len(x) if np.ptp(x) else 0.0 for x in samples])
        total, less_one = squared_errors.sum(), np.array([len(x) - 1 for x in samples])
        df = total**2 / (squared_errors**2 / less_one).sum()
        margin = stats.t.ppf((1 + confidence) / 2, df) * np.sqrt(total)
        low, high, method = difference - margin, difference + margin, "Welch's t"
    return Measure(
        f"mean_{name}",
        float(difference),
        float(low),
        float(high),
        method,
        p_value=p_value,
        p_method="Welch" if np.isfinite(p_value) else "",
        note="second level minus first" if method else "",
    )
