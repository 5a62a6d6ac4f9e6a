"""How often the 95 % intervals of an external validation hold the truth: coverage in simulated cohorts.

Usage: python benchmarks/coverage.py [COHORTS [WORKERS]], how many cohorts of 105 patients (2000; a fifth as
many of the other sizes), and how many processes (as many as there are cores). Writes
docs/validation_coverage.csv and prints the table of docs/coverage.md.
"""

import re
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy import special

from vbq.codebook import VARIABLES
from vbq.simulation import site
from vbq.stats.batched import fit_batch
from vbq.stats.calibration import KNOTS, brier_score, spline_basis, weak_calibration
from vbq.stats.proportions import clopper_pearson_interval, ratio_of_proportions, wilson_interval
from vbq.stats.resampling import bootstrap_weights, percentile_interval
from vbq.stats.roc import areas_under_curves, auc_interval, newcombe_interval
from vbq.validation.calibration import calibration_by_pattern, calibration_curves
from vbq.validation.performance import (
    FEW_RISKS,
    Settings,
    assess_rules,
    compare_rules,
    risks,
)
from vbq.validation.rules import REESTIMATED, predict, rule_of
from vbq.validation.utility import decision_curves

PROJECT = Path(__file__).parents[1]
SEED = 20190901
OUTCOME = "new_vcf"
CONFIDENCE = 0.95
REPLICATES = 200  # of a bootstrap in a cohort; the workflow takes 2,000
SIZES = {105: 1.0, 50: 0.2, 500: 0.2}  # patients, and the share of the cohorts asked for
# Added to the log-odds of `site.risk`, so that so many percent have the event.
SHIFTS = {12: 0.0, 53: 2.524987}
CHUNKS, CHUNK = 20, 100_000  # patients of whom the true values are taken
THRESHOLD = 0.2  # of net benefit
POINTS = (0.1, 0.3, 0.5)  # risks at which the calibration curve is looked at
WINDOW = 0.05  # log-odds on either side of such a risk, of the patients who have it
EXPECTED = (93, 97)  # percent; coverage outside is in bold
NAMES = {
    "observed_expected": "observed over expected",
    "calibration_in_the_large_profile": "calibration in the large, second row",
    "above_all": "net benefit above treating all",
    "positive": "share of positives",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
}
WALD = {"identity": "Wald", "log": "Wald, log scale", "logit": "Wald, logit scale"}
Z = special.ndtri((1 + CONFIDENCE) / 2)
PLUS_MINUS = np.array([-Z, Z])

Key = tuple[str, str]  # rule and measure


def read_rules():
    """Return the four rules, and the continuous one with a risk of one half at the means of both scores."""
    found = []
    for path in sorted((PROJECT / "data" / "rules").glob("*.yaml")):
        found.append(rule_of(path.stem, yaml.safe_load(path.read_text()), VARIABLES))
    continuous = next(rule for rule in found if rule.name == "continuous")
    means = {"vbq": site.VBQ_MEAN, "sins": site.SINS_CENTER}
    intercept = -sum(term.log_odds * means[term.variable] for term in continuous.terms)
    return [*found, replace(continuous, name="continuous, with intercept", intercept=intercept)]


RULES = read_rules()
BY_NAME = {rule.name: rule for rule in RULES}
PAIRS = [("combined", "sins_from_7"), ("combined", "vbq_above_3"), ("vbq_above_3", "sins_from_7")]


@dataclass(frozen=True)
class Found:
    """An interval of a measure of a rule; `default` where the validation prints it."""

    rule: str
    measure: str
    interval: str
    default: bool
    estimate: float
    low: float
    high: float


def simulate(n: int, percent: int, number: int) -> pd.DataFrame:
    """Return cohort `number` of n patients, of whom about so many percent have the event.

    `true_risk` is the probability with which each patient's outcome was drawn.
    """
    generator = np.random.default_rng([SEED, n, percent, number])
    patients = site.simulate_truth(n, generator)[["vbq", "sins"]]
    at_site = special.logit(site.risk(patients["vbq"].to_numpy(), patients["sins"].to_numpy()))
    true_risk = special.expit(at_site + SHIFTS[percent])
    return patients.assign(true_risk=true_risk, **{OUTCOME: (generator.random(n) < true_risk).astype(int)})


def printed(cohort: pd.DataFrame, settings: Settings) -> Iterator[Found]:
    """Yield the intervals that the validation prints, and Wald's where a standard error is printed."""
    knots = 4 if min(cohort[OUTCOME].sum(), (1 - cohort[OUTCOME]).sum()) >= 100 else 3
    for row in assess_rules(cohort, OUTCOME, RULES, VARIABLES, settings).itertuples():
        if row.measure == "calibration_test":
            continue
        of_curve = row.measure in ("ici", "e50", "e90")
        measure = f"{row.measure}, {knots} knots" if of_curve else row.measure
        yield Found(row.rule, measure, row.conf_method, True, row.estimate, row.conf_low, row.conf_high)
        if row.measure in ("auc", "observed_expected") or row.measure.startswith("likelihood"):
            continue  # the default is Wald's on such a scale
        if row.conf_method.startswith("Wald"):
            continue  # as is that of calibration in the large
        to, back = {
            "identity": (np.positive, np.positive),
            "log": (np.log, np.exp),
            "logit": (special.logit, special.expit),
        }[row.scale]
        ends = back(to(row.estimate) + PLUS_MINUS * row.std_error)
        yield Found(row.rule, measure, WALD[row.scale], False, row.estimate, *ends)
    pairs = [(BY_NAME[first], BY_NAME[second]) for first, second in PAIRS]
    for row in compare_rules(cohort, OUTCOME, pairs, VARIABLES, CONFIDENCE).itertuples():
        name = f"{row.rule_1} - {row.rule_2}"
        yield Found(
            name, "auc_difference", row.conf_method, True, row.difference, row.conf_low, row.conf_high
        )
    for row in calibration_by_pattern(cohort, OUTCOME, RULES, VARIABLES, CONFIDENCE).itertuples():
        measure = f"observed_proportion: {row.pattern}"
        yield Found(row.rule, measure, row.conf_method, True, row.observed, row.conf_low, row.conf_high)
        wilson = wilson_interval(row.n_events, row.n, CONFIDENCE)
        yield Found(row.rule, measure, "Wilson", False, row.observed, *wilson)
    table = decision_curves(cohort, OUTCOME, RULES, VARIABLES, [THRESHOLD], CONFIDENCE)
    for row in table.to_dict("records"):
        for name in ("net_benefit", "above_all"):
            limits = row[f"{name}_low"], row[f"{name}_high"]
            yield Found(row["rule"], name, "Wald", True, row[name], *limits)


def curve_bands(cohort: pd.DataFrame, settings: Settings) -> Iterator[Found]:
    """Yield the band of each calibration curve at `POINTS`, where the curve reaches so far.

    It is of the limit of the spline and, as a second measure, of the risk that such patients truly have.
    """
    table = calibration_curves(cohort, OUTCOME, RULES, VARIABLES, settings)
    for rule, curve in table.groupby("rule", sort=False):
        for at in POINTS:
            if not curve["risk"].iloc[0] <= at <= curve["risk"].iloc[-1]:
                continue
            columns = [curve[name].to_numpy() for name in ("observed", "conf_low", "conf_high")]
            values = [np.interp(at, curve["risk"], column) for column in columns]
            for measure in (curve_measure(at, int(curve["knots"].iloc[0])), curve_measure(at)):
                yield Found(str(rule), measure, curve["conf_method"].iloc[0], True, *values)


def curve_measure(at: float, knots: int | None = None) -> str:
    """Name the curve's value at a risk: of the spline's limit, or the true one."""
    return f"curve at {at:.0%}, {'true risk' if knots is None else f'{knots} knots'}"


def alternatives(cohort: pd.DataFrame, settings: Settings) -> Iterator[Found]:
    """Yield the other intervals that were considered."""
    y, n = cohort[OUTCOME].to_numpy(dtype=float), len(cohort)
    m = int(y.sum())
    benefits = {}
    for rule in RULES:
        predictions = predict(rule, cohort, VARIABLES)
        if 0 < m < n:
            areas = areas_under_curves(y, predictions.linear_predictor)
            auc = float(areas.auc[0])
            plain = auc_interval(auc, float(areas.covariance[0, 0]), CONFIDENCE)
            yield Found(rule.name, "auc", "DeLong", False, auc, *plain)
            on_logit = auc_interval(auc, float(areas.covariance[0, 0]), CONFIDENCE, scale="logit")
            yield Found(rule.name, "auc", "DeLong, logit scale", False, auc, *on_logit)
            newcombe = newcombe_interval(auc, m, n - m, CONFIDENCE)
            yield Found(rule.name, "auc", "Newcombe (method 5)", False, auc, *newcombe)
        risk = risks(y, predictions)
        if 0 < m < n:
            yield from robust(rule.name, y, predictions.linear_predictor, predictions.basis != REESTIMATED)
        brier = brier_score(y, risk)
        on_logit = brier.std_error / (brier.score * (1 - brier.score))
        limits = special.expit(special.logit(brier.score) + PLUS_MINUS * on_logit)
        yield Found(rule.name, "brier", "Wald, logit scale", False, brier.score, *limits)
        treated = predictions.positive if predictions.positive is not None else risk >= THRESHOLD
        odds = THRESHOLD / (1 - THRESHOLD)
        benefits[rule.name, "net_benefit"] = treated * (y - (1 - y) * odds)
        benefits[rule.name, "above_all"] = ~treated * ((1 - y) * odds - y)
        if predictions.basis != REESTIMATED:
            ratio = m / risk.sum()
            limits = np.array(wilson_interval(m, n, CONFIDENCE)) / risk.mean()
            yield Found(rule.name, "observed_expected", "Wilson over the mean risk", False, ratio, *limits)
        if predictions.positive is None:
            continue
        tp, fp = (int(predictions.positive[y == value].sum()) for value in (1, 0))
        fn, tn = m - tp, n - m - fp
        for measure, one, other in (
            ("positive", tp + fp, fn + tn),
            ("sensitivity", tp, fn),
            ("specificity", tn, fp),
            ("ppv", tp, fp),
            ("npv", tn, fn),
        ):
            exact = clopper_pearson_interval(one, one + other, CONFIDENCE)
            yield Found(rule.name, measure, "Clopper-Pearson", False, np.nan, *exact)
        for sign, a, b in (("positive", tp, fp), ("negative", fn, tn)):
            ratio, low, high, _ = ratio_of_proportions((a + 0.5, m + 0.5), (b + 0.5, n - m + 0.5), CONFIDENCE)
            yield Found(rule.name, f"likelihood_ratio_{sign}", "Simel, 1/2 added", False, ratio, low, high)
    for (rule, measure), values in benefits.items():
        # Two patients more: half of one with each value, one with zero.
        values = np.append(values, {"net_benefit": [1, -odds], "above_all": [-1, odds]}[measure])
        weights = np.append(np.ones(n), [0.5, 0.5])
        mean, square = (weights @ values**power / (n + 2) for power in (1, 2))
        limits = mean + PLUS_MINUS * np.sqrt((square - mean**2) / (n + 2))
        yield Found(rule, measure, "Wald, 2 patients added", False, mean, *limits)
    means = np.column_stack(list(benefits.values()))
    weights = bootstrap_weights(np.zeros(n), settings.replicates, settings.seed)
    low, high = percentile_interval(np.concatenate([block @ means / n for block in weights]), CONFIDENCE)
    for (rule, measure), *limits in zip(benefits, low, high, strict=True):
        yield Found(rule, measure, "percentile bootstrap", False, np.nan, *limits)


def robust(rule: str, y, lp, given: bool) -> Iterator[Found]:
    """Yield intervals of calibration in the large and slope that hold where the model of each is wrong.

    Calibration in the large is estimated with a slope of 1, and the likelihood's width is right only where
    that is the slope. The sandwich variance is, whatever the slope.
    """
    weak = weak_calibration(y, lp, CONFIDENCE)
    ones, slope = np.ones_like(lp), weak.slope
    models = {"calibration_slope": (slope, weak.intercept_beside_slope + slope.estimate * lp, [ones, lp])}
    if given:
        in_the_large = weak.in_the_large
        models["calibration_in_the_large"] = in_the_large, in_the_large.estimate + lp, [ones]
    for measure, (coefficient, eta, columns) in models.items():
        estimate, X, risk = coefficient.estimate, np.column_stack(columns), special.expit(eta)
        if not np.isfinite(estimate):
            continue
        bread = np.linalg.inv((X.T * (risk * (1 - risk))) @ X)
        std_error = np.sqrt((bread @ (X.T * (y - risk) ** 2) @ X @ bread)[-1, -1])
        if measure == "calibration_slope":  # in the large, it is the default
            limits = estimate + PLUS_MINUS * std_error
            yield Found(rule, measure, "Wald, sandwich", False, estimate, *limits)
        outward = np.array([coefficient.low, coefficient.high]) - estimate
        widened = estimate + outward * std_error / coefficient.std_error
        yield Found(rule, measure, "profile, widened as the sandwich", False, estimate, *widened)


def intervals(number: int, n: int, percent: int) -> list[Found]:
    """Return every interval in a simulated cohort."""
    warnings.simplefilter("ignore", RuntimeWarning)  # log of a bootstrap distance of zero
    cohort, settings = simulate(n, percent, number), Settings(CONFIDENCE, REPLICATES, number)
    return [
        *printed(cohort, settings),
        *curve_bands(cohort, settings),
        *alternatives(cohort, settings),
    ]


def estimates(number: int, percent: int, patients: int) -> dict[Key, float]:
    """Return the value of every measure in a chunk of the very large sample."""
    warnings.simplefilter("ignore", RuntimeWarning)
    cohort = simulate(patients, percent, number)
    no_resamples = Settings(CONFIDENCE, 2, 0)
    curves = {}
    y, true_risk = cohort[OUTCOME].to_numpy(dtype=float), cohort["true_risk"].to_numpy()
    for rule in RULES:
        predictions = predict(rule, cohort, VARIABLES)
        if len(np.unique(predictions.linear_predictor)) > FEW_RISKS:
            for measure, value in limits_of_curve(y, risks(y, predictions), true_risk).items():
                curves[rule.name, measure] = value
    found = {(one.rule, one.measure): one.estimate for one in printed(cohort, no_resamples)}
    return {**found, **curves}


def limits_of_curve(y, risk, true_risk) -> dict[str, float]:
    """Return what a calibration curve tends to, with as many knots as a cohort's curve has, and the truth."""
    lp, found = special.logit(risk), {}
    points = special.logit(np.array(POINTS))
    center, scale = lp.mean(), lp.std()

    def design(at, knots):
        return np.column_stack(
            [np.ones_like(at), spline_basis((at - center) / scale, (knots - center) / scale)]
        )

    for number, quantiles in KNOTS.items():
        knots = np.quantile(lp, quantiles)
        X = design(lp, knots)
        coefficients = fit_batch(X, y[None], np.ones((1, len(y)))).coefficients[0]
        distances = np.abs(risk - special.expit(X @ coefficients))
        found[f"ici, {number} knots"] = distances.mean()
        found[f"e50, {number} knots"], found[f"e90, {number} knots"] = np.quantile(distances, [0.5, 0.9])
        curve = special.expit(design(points, knots) @ coefficients)
        found |= {curve_measure(at, number): value for at, value in zip(POINTS, curve, strict=True)}
    for at, point in zip(POINTS, points, strict=True):
        found[curve_measure(at)] = true_risk[np.abs(lp - point) < WINDOW].mean()
    return found


def truths(percent: int, pool, chunks: int = CHUNKS, patients: int = CHUNK) -> dict[Key, tuple[float, float]]:
    """Return the true value of every measure, the mean over all chunks, with its Monte Carlo error."""
    print(f"{percent} %: the truth, of {chunks * patients:,} patients", file=sys.stderr)
    one_chunk = partial(estimates, percent=percent, patients=patients)
    found = pool.map(one_chunk, range(chunks), chunksize=1)
    values = {key: [chunk[key] for chunk in found] for key in found[0]}
    return {key: (np.mean(each), np.std(each, ddof=1) / np.sqrt(chunks)) for key, each in values.items()}


def coverage(n: int, percent: int, cohorts: int, truth: dict[Key, tuple[float, float]], pool) -> pd.DataFrame:
    """Return how often each interval held the truth, a row per rule, measure and interval."""
    limits, names = defaultdict(list), defaultdict(Counter)
    simulated = pool.imap(partial(intervals, n=n, percent=percent), range(cohorts), chunksize=5)
    for number, found in enumerate(simulated, start=1):
        for one in found:
            key = one.rule, one.measure, one.default, "" if one.default else one.interval
            limits[key].append((one.low, one.high))
            names[key][one.interval] += 1
        if number % 100 == 0 or number == cohorts:
            print(f"\rn = {n}, {percent} %: {number} of {cohorts} cohorts", end="", file=sys.stderr)
    print(file=sys.stderr)
    rows = []
    for (rule, measure, default, interval), pairs in limits.items():
        low, high = np.array(pairs).T
        exists = np.isfinite(low) & np.isfinite(high)
        low, high, with_interval = low[exists], high[exists], int(exists.sum())
        value, error = truth[rule, measure]
        measured = high < value, low > value, (low <= value) & (value <= high), high - low
        below, above, covered, width = (each.mean() if with_interval else np.nan for each in measured)
        rows.append(
            {
                "n": n,
                "prevalence_percent": percent,
                "rule": rule,
                "measure": measure,
                "interval": interval or _joined(names[rule, measure, default, interval], cohorts),
                "default": "yes" if default else "no",
                "coverage": covered,
                "monte_carlo_se": np.sqrt(covered * (1 - covered) / max(with_interval, 1)),
                "share_below": below,
                "share_above": above,
                "mean_width": width,
                "cohorts": cohorts,
                "without_interval": cohorts - with_interval,
                "truth": value,
                "truth_monte_carlo_se": error,
            }
        )
    order = {key: place for place, key in enumerate(truth)}
    rows.sort(key=lambda row: (order[row["rule"], row["measure"]], row["default"] == "no"))
    return pd.DataFrame(rows)


def _joined(names: Counter, cohorts: int) -> str:
    """Join the names of an interval whose method depends on the cohort; not those rarer than one in 100."""
    kinds: dict[str, str] = {}
    for name, count in names.most_common():
        if name and (count >= cohorts / 100 or not kinds):
            kinds.setdefault(re.sub(r"\d+ replicates", "", name), name)
    return " or ".join(sorted(kinds.values()))


def simulate_all(cohorts: int, sizes: dict[int, float], workers: int | None = None) -> pd.DataFrame:
    """Return the coverage of every interval, at each size and prevalence."""
    with Pool(workers) as pool:
        truth = {percent: truths(percent, pool) for percent in SHIFTS}
        return pd.concat(
            [
                coverage(n, percent, round(share * cohorts), truth[percent], pool)
                for n, share in sizes.items()
                for percent in SHIFTS
            ],
            ignore_index=True,
        )


def summary(table: pd.DataFrame, n: int) -> str:
    """Return the coverage at one size: a line per measure and interval, the range over rules and patterns."""
    at = table[table["n"] == n]
    percents = list(at["prevalence_percent"].unique())
    measure = at["measure"].str.replace(r": .*|(?<=^ici|^e50|^e90), .*| at .*%", "", regex=True)
    measure = measure.str.replace(r", \d knots", ", limit of the spline", regex=True).replace(NAMES)
    at = at.assign(measure=measure.str.replace("_", " "))
    # The method of a default may depend on the cohort: the longest name has all of them.
    longest = at.groupby(["measure", "default"])["interval"].transform(lambda names: max(names, key=len))
    at["interval"] = at["interval"].where(at["default"] == "no", longest)
    lines = [
        "| measure | interval | " + " | ".join(f"{percent} %" for percent in percents) + " |",
        "|---|---|" + "---|" * len(percents),
    ]
    for (name, default, interval), rows in at.groupby(["measure", "default", "interval"], sort=False):
        cells = [_range(rows[rows["prevalence_percent"] == percent]) for percent in percents]
        mark = " (default)" if default == "yes" else ""
        lines.append(f"| {name} | {interval}{mark} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _range(rows: pd.DataFrame) -> str:
    ends = sorted({f"{100 * coverage:.1f}" for coverage in rows["coverage"]}, key=float)
    text = " to ".join(dict.fromkeys([ends[0], ends[-1]]))
    if float(ends[0]) < EXPECTED[0] or float(ends[-1]) > EXPECTED[1]:
        text = f"**{text}**"
    missing = rows["without_interval"].max()
    return f"{text}; {missing} without" if missing else text


def main(cohorts: int, workers: int | None = None) -> None:
    """Write the table and print it."""
    start = time.perf_counter()
    table = simulate_all(cohorts, SIZES, workers)
    table.to_csv(PROJECT / "docs" / "validation_coverage.csv", index=False, float_format="%.4g")
    print(table.to_string(float_format="{:.4g}".format))
    print("\n" + summary(table, 105))
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers or [2000]))
