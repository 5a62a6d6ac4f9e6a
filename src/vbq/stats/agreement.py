"""Agreement between raters: intraclass correlation, Bland-Altman limits, measurement error."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special, stats

COLUMNS = ["measure", "form", "raters", "estimate", "conf_low", "conf_high", "conf_method", "n", "k"]

# pingouin names the forms as McGraw and Wong (1996) do; tables name them as Shrout and Fleiss (1979).
ICC_FORMS = {
    "ICC(1,1)": "ICC1",
    "ICC(A,1)": "ICC2",
    "ICC(C,1)": "ICC3",
    "ICC(1,k)": "ICC1k",
    "ICC(A,k)": "ICC2k",
    "ICC(C,k)": "ICC3k",
}


def agreement(ratings: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return every measure of agreement of n subjects x k raters, one row each.

    Subjects that any rater left out are left out; `n` counts the others. Rows: the six forms of the
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

    Estimates and mean squares are pingouin's; limits are computed here from its unrounded F ratios,
    since it rounds its own to two decimals. Limits as in Shrout and Fleiss (1979) and McGraw and Wong
    (1996). Negative estimates stay negative. Replicates `psych::ICC(lmer = FALSE)` (absolute 1e-8).
    """
    import pingouin

    long = ratings.reset_index(drop=True).reset_index(names="subject")
    long = long.melt(id_vars="subject", var_name="rater", value_name="rating")
    fitted = pingouin.intraclass_corr(long, "subject", "rater", "rating").set_index("Type")
    n, k = ratings.shape
    f_one_way, f_two_way = fitted.loc["ICC(1,1)", "F"], fitted.loc["ICC(C,1)", "F"]
    single = {
        "ICC(1,1)": _limits_from_f(f_one_way, n - 1, n * (k - 1), k, confidence),
        "ICC(A,1)": _limits_of_absolute_agreement(f_one_way, f_two_way, n, k, confidence),
        "ICC(C,1)": _limits_from_f(f_two_way, n - 1, (n - 1) * (k - 1), k, confidence),
    }
    rows = []
    for name, form in ICC_FORMS.items():
        low, high = single[name.replace(",k)", ",1)")]
        if name.endswith(",k)"):  # Spearman-Brown
            low, high = (k * limit / (1 + (k - 1) * limit) for limit in (low, high))
        rows.append((form, fitted.loc[name, "ICC"], low, high))
    table = pd.DataFrame(rows, columns=["form", "estimate", "conf_low", "conf_high"])
    return table.assign(
        measure="icc", raters=" / ".join(map(str, ratings)), conf_method="F (Shrout and Fleiss 1979)"
    )


def _limits_from_f(f: float, df1: int, df2: int, k: int, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low = f / special.fdtri(df1, df2, 1 - tail)
    high = f * special.fdtri(df2, df1, 1 - tail)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _limits_of_absolute_agreement(
    f_one_way: float, f_two_way: float, n: int, k: int, confidence: float
) -> tuple[float, float]:
    """Limits of ICC(A,1); mean squares are in units of the mean square between subjects."""
    error = 1 / f_two_way
    raters = n / f_one_way - (n - 1) * error
    icc = (1 - error) / (1 + (k - 1) * error + k * (raters - error) / n)
    f_raters = raters / error
    total = n * (1 + (k - 1) * icc) - k * icc
    df = (k - 1) * (n - 1) * (k * icc * f_raters + total) ** 2
    df /= (n - 1) * (k * icc * f_raters) ** 2 + total**2
    quantile = 1 - (1 - confidence) / 2
    f_low, f_high = special.fdtri(n - 1, df, quantile), special.fdtri(df, n - 1, quantile)
    within = k * raters + (k * n - k - n) * error
    return n * (1 - f_low * error) / (f_low * within + n), n * (f_high - error) / (within + n * f_high)


def bland_altman(first: pd.Series, second: pd.Series, confidence: float = 0.95) -> pd.DataFrame:
    """Return bias and 95 % limits of agreement of two raters (first minus second), with intervals.

    The bias has a t interval, the limits exact intervals from the noncentral t distribution
    (Carkeet 2015). Both series have n ratings of the same subjects. Limits of agreement always cover
    95 % of differences; `confidence` is that of the intervals around them.
    """
    difference = (first - second).to_numpy(dtype=float)
    n, bias, sd = len(difference), float(difference.mean()), float(difference.std(ddof=1))
    tail, z = (1 - confidence) / 2, special.ndtri(0.975)
    margin = special.stdtrit(n - 1, 1 - tail) * sd / np.sqrt(n)
    near, far = (
        sd * float(stats.nct.ppf(p, n - 1, np.sqrt(n) * z)) / np.sqrt(n) if sd else 0.0
        for p in (tail, 1 - tail)
    )
    rows = [
        ("bias", bias, bias - margin, bias + margin, "t, of paired differences"),
        ("limit_low", bias - z * sd, bias - far, bias - near, "exact (Carkeet 2015)"),
        ("limit_high", bias + z * sd, bias + near, bias + far, "exact (Carkeet 2015)"),
    ]
    table = pd.DataFrame(rows, columns=["form", "estimate", "conf_low", "conf_high", "conf_method"])
    return table.assign(measure="bland_altman", raters=f"{first.name} - {second.name}")


def measurement_error(ratings: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return the standard error of measurement of n x k ratings, and the smallest detectable change.

    The standard error of measurement is the root of the mean square within subjects, so systematic
    differences between raters count as error; its interval is the chi-square one of that mean square.
    The smallest detectable change is 1.96 sqrt(2) times it (de Vet et al. 2006).
    """
    values = ratings.to_numpy(dtype=float)
    n, k = values.shape
    df = n * (k - 1)
    sum_of_squares = float(((values - values.mean(axis=1, keepdims=True)) ** 2).sum())
    tail = (1 - confidence) / 2
    sem = np.sqrt(sum_of_squares / np.array([df, special.chdtri(df, tail), special.chdtri(df, 1 - tail)]))
    change = special.ndtri(0.975) * np.sqrt(2) * sem
    rows = [("sem", *sem), ("smallest_detectable_change", *change)]
    table = pd.DataFrame(rows, columns=["form", "estimate", "conf_low", "conf_high"])
    raters = " / ".join(map(str, ratings))
    return table.assign(
        measure="measurement_error", raters=raters, conf_method="chi-square of the mean square"
    )
