"""Agreement between raters: intraclass correlation, Bland-Altman limits, measurement error."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

COLUMNS = ["measure", "form", "raters", "estimate", "conf_low", "conf_high", "conf_method", "n", "k"]

# pingouin names the forms as McGraw and Wong (1996) do; tables name them as Shrout and Fleiss (1979).
ICC_FORMS = {
    "ICC1": "ICC(1,1)",
    "ICC2": "ICC(A,1)",
    "ICC3": "ICC(C,1)",
    "ICC1k": "ICC(1,k)",
    "ICC2k": "ICC(A,k)",
    "ICC3k": "ICC(C,k)",
}
F_LIMITS = "F (Shrout and Fleiss 1979)"
OPEN = f"{F_LIMITS}; the lower limit is open"
UNDEFINED = "none: not defined for these ratings"
ALL_EQUAL = "none: the differences do not vary"
ROUNDING = 1e-14  # share of the largest rating that a difference may be by rounding alone


def agreement(ratings: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return every measure of agreement of n subjects x k raters, one row each.

    Subjects without a rating by every rater are left out; `n` counts the others. Rows: the six forms of the
    ICC, Bland-Altman bias and limits for each pair of raters, standard error of measurement and
    smallest detectable change. Columns: `COLUMNS`.

    Raises ValueError with fewer than two raters or three complete subjects.
    """
    complete = ratings.dropna()
    n, k = complete.shape
    if k < 2 or n < 3:
        raise ValueError(f"agreement needs two raters and three subjects that all rated; here {k} and {n}")
    pairs = [bland_altman(complete[a], complete[b], confidence) for a, b in combinations(complete, 2)]
    parts = [intraclass_correlations(complete, confidence), *pairs, measurement_error(complete, confidence)]
    return pd.concat(parts, ignore_index=True).assign(n=n, k=k)[COLUMNS]


def intraclass_correlations(ratings: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return the six intraclass correlations of n subjects x k raters without missing ratings.

    Estimates are pingouin's, except where a mean square is zero, by which it would divide. Limits are
    computed as in Shrout and Fleiss (1979) and McGraw and Wong (1996), since pingouin rounds its own.
    Negative estimates stay negative. Estimates and limits for the average of raters follow from those for a
    single rater by the Spearman-Brown formula, which goes to minus infinity where the latter go to
    -1 / (k - 1): beyond that a lower limit is open (minus infinity), an estimate or upper limit does not
    exist, and `conf_method` says so.

    Replicates `psych::ICC(lmer = FALSE)` (absolute 1e-8) wherever its limits are in order, and with perfect
    agreement, where estimate and limits are 1.
    """
    n, k = ratings.shape
    mean_squares = _mean_squares(ratings)
    single = _single_rater(*mean_squares, n, k, confidence)
    if min(mean_squares) > 0:
        for form, estimate in _by_pingouin(ratings).items():
            single[form] = (estimate, *single[form][1:])
    rows = []
    for form in ICC_FORMS:
        estimate, low, high = single[form.removesuffix("k")]
        if form.endswith("k"):
            estimate, low, high = (_of_average(value, k) for value in (estimate, low, high))
            low = -np.inf if np.isnan(low) and np.isfinite(high) else low
        if not np.isfinite([estimate, high]).all():
            estimate, low, high = (estimate if np.isfinite(estimate) else np.nan), np.nan, np.nan
        how = UNDEFINED if np.isnan(low) else F_LIMITS if np.isfinite(low) else OPEN
        rows.append((form, estimate, low, high, how))
    table = pd.DataFrame(rows, columns=["form", "estimate", "conf_low", "conf_high", "conf_method"])
    return table.assign(measure="icc", raters=" / ".join(map(str, ratings)))


def _by_pingouin(ratings: pd.DataFrame) -> dict[str, float]:
    """Return the three intraclass correlations of a single rater."""
    import pingouin

    long = ratings.reset_index(drop=True).reset_index(names="subject")
    long = long.melt(id_vars="subject", var_name="rater", value_name="rating")
    with np.errstate(divide="ignore", invalid="ignore"):  # in its limits
        fitted = pingouin.intraclass_corr(long, "subject", "rater", "rating").set_index("Type")["ICC"]
    return {form: float(fitted[ICC_FORMS[form]]) for form in ("ICC1", "ICC2", "ICC3")}


def _mean_squares(ratings: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return the mean squares between subjects, within them, between raters, and of the rest.

    What is within rounding of zero is zero.
    """
    values = ratings.to_numpy(dtype=float)
    n, k = values.shape
    values = values - values.mean()
    subjects, raters = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    rest = values - subjects - raters

    def mean_square(part: NDArray[np.float64], copies: int, df: int) -> float:
        """Return the mean square of deviations that stand for so many ratings each."""
        rounding = ROUNDING * np.abs(ratings.to_numpy(dtype=float)).max()
        return float(copies * (np.where(np.abs(part) > rounding, part, 0.0) ** 2).sum() / df)

    return (
        mean_square(subjects, k, n - 1),
        mean_square(values - subjects, 1, n * (k - 1)),
        mean_square(raters, n, k - 1),
        mean_square(rest, 1, (n - 1) * (k - 1)),
    )


def _single_rater(
    subjects: float, within: float, raters: float, rest: float, n: int, k: int, confidence: float
) -> dict[str, tuple[float, float, float]]:
    """Return estimate and limits of ICC1, ICC2 and ICC3 by mean squares; NaN where they are 0 / 0."""
    spread = subjects + (k - 1) * rest + k * (raters - rest) / n
    return {
        "ICC1": _from_f(subjects, within, n - 1, n * (k - 1), k, confidence),
        "ICC2": (
            _ratio(subjects - rest, spread),
            *_limits_of_absolute_agreement(subjects, raters, rest, n, k, confidence),
        ),
        "ICC3": _from_f(subjects, rest, n - 1, (n - 1) * (k - 1), k, confidence),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _from_f(
    subjects: float, error: float, df1: int, df2: int, k: int, confidence: float
) -> tuple[float, float, float]:
    """Return an ICC and its limits from the F ratio of two mean squares; with F = 0 it has no limits."""
    tail = (1 - confidence) / 2
    errors = (error, error * special.fdtri(df1, df2, 1 - tail), error / special.fdtri(df2, df1, 1 - tail))
    icc, low, high = (_ratio(subjects - each, subjects + (k - 1) * each) for each in errors)
    return (icc, low, high) if subjects else (icc, float("nan"), float("nan"))


def _limits_of_absolute_agreement(
    subjects: float, raters: float, rest: float, n: int, k: int, confidence: float
) -> tuple[float, float]:
    """Return the limits of ICC2 (McGraw and Wong 1996); NaN where it has none."""
    if not subjects:
        return float("nan"), float("nan")
    if not raters and not rest:
        return 1.0, 1.0
    icc = (subjects - rest) / (subjects + (k - 1) * rest + k * (raters - rest) / n)
    of_raters, of_rest = k * icc * raters, (n * (1 + (k - 1) * icc) - k * icc) * rest
    df = (k - 1) * (n - 1) * (of_raters + of_rest) ** 2 / ((n - 1) * of_raters**2 + of_rest**2)
    quantile = 1 - (1 - confidence) / 2
    f_low, f_high = special.fdtri(n - 1, df, quantile), special.fdtri(df, n - 1, quantile)
    if not (1 <= f_low < np.inf and f_high >= 1):  # hardly any df: the interval would not hold its estimate
        return float("nan"), float("nan")
    within = k * raters + (k * n - k - n) * rest
    low = n * (subjects - f_low * rest) / (f_low * within + n * subjects)
    return float(low), float(n * (f_high * subjects - rest) / (within + n * f_high * subjects))


def _of_average(icc: float, k: int) -> float:
    """Return the ICC of the average of k raters from that of one; NaN where it is -1 / (k - 1) or less."""
    share = 1 + (k - 1) * icc
    return k * icc / share if share > k * ROUNDING else float("nan")


def bland_altman(first: pd.Series, second: pd.Series, confidence: float = 0.95) -> pd.DataFrame:
    """Return bias and 95 % limits of agreement of two raters (first minus second), with intervals.

    The bias has a t interval, the limits exact intervals from the noncentral t distribution
    (Carkeet 2015). Both series have n ratings of the same subjects. Limits of agreement always cover
    95 % of differences; `confidence` is that of the intervals around them. Differences that are all the same
    have none.
    """
    difference = (first - second).to_numpy(dtype=float)
    n, bias, sd = len(difference), float(difference.mean()), float(difference.std(ddof=1))
    if np.ptp(difference) <= 2 * ROUNDING * max(first.abs().max(), second.abs().max()):
        sd = 0.0
    tail, z = (1 - confidence) / 2, special.ndtri(0.975)
    margin = special.stdtrit(n - 1, 1 - tail) * sd / np.sqrt(n) if sd else float("nan")
    near, far = (
        sd * float(stats.nct.ppf(p, n - 1, np.sqrt(n) * z)) / np.sqrt(n) if sd else float("nan")
        for p in (tail, 1 - tail)
    )
    of_bias, of_limits = ("t, of paired differences", "exact (Carkeet 2015)") if sd else [ALL_EQUAL] * 2
    rows = [
        ("bias", bias, bias - margin, bias + margin, of_bias),
        ("limit_low", bias - z * sd, bias - far, bias - near, of_limits),
        ("limit_high", bias + z * sd, bias + near, bias + far, of_limits),
    ]
    table = pd.DataFrame(rows, columns=["form", "estimate", "conf_low", "conf_high", "conf_method"])
    return table.assign(measure="bland_altman", raters=f"{first.name} - {second.name}")


def measurement_error(ratings: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return the standard error of measurement of n x k ratings, and the smallest detectable change.

    The standard error of measurement is the root of the mean square within subjects, so systematic
    differences between raters count as error; its interval is the chi-square one of that mean square.
    The smallest detectable change is 1.96 sqrt(2) times it (de Vet et al. 2006). Where the
    raters never differ both are 0, without an interval: that no error was seen does not prove its absence.
    """
    n, k = ratings.shape
    df = n * (k - 1)
    within = _mean_squares(ratings)[1]
    tail = (1 - confidence) / 2
    quantiles = [special.chdtri(df, tail), special.chdtri(df, 1 - tail)] if within else [np.nan, np.nan]
    sem = np.sqrt(df * within / np.array([df, *quantiles]))
    change = special.ndtri(0.975) * np.sqrt(2) * sem
    rows = [("sem", *sem), ("smallest_detectable_change", *change)]
    table = pd.DataFrame(rows, columns=["form", "estimate", "conf_low", "conf_high"])
    return table.assign(
        measure="measurement_error",
        raters=" / ".join(map(str, ratings)),
        conf_method="chi-square of the mean square" if within else ALL_EQUAL,
    )
