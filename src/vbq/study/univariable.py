"""Every variable against the outcome, one at a time (Table 1), and against a score (the supplements)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vbq.codebook import Variable
from vbq.stats.contingency import CHI_SQUARES, EXACT_TESTS, independence_tests
from vbq.stats.groups import compare_groups, fit_linear, regress
from vbq.stats.logistic import UNSOLVED
from vbq.study.design import Codebook, complete_rows, design_matrix, present_levels
from vbq.study.multivariable import COLUMNS as COEFFICIENT_COLUMNS
from vbq.study.multivariable import fit_outcome

CATEGORICAL_TESTS = (*CHI_SQUARES, *EXACT_TESTS)
CONTINUOUS_TESTS = ("ols", "welch", "mann_whitney")
COLUMNS = [
    *("variable", "label", "kind", "n", "n_missing"),
    *("test", "statistic_name", "statistic", "df", "df_residual", "p_value"),
    *(f"p_{test}" for test in (*CATEGORICAL_TESTS, *CONTINUOUS_TESTS)),
    *("rank_test", "monte_carlo_se"),
]
GROUP_COLUMNS = ["variable", "group", "level", "n", "n_group", "percent", "mean", "sd", "median", "q1", "q3"]
# Why the p-value of an odds ratio is another than the variable's
OF_LEVEL = "of this level alone, against its reference"
OF_ODDS_RATIO = "of the odds ratio, by the likelihood of the logistic regression"
OF_PENALIZED = "of the odds ratio, by Firth's penalized likelihood: the outcome is separated"
SAME_P = 1e-6  # relative; the regression is iterated
SCORE_EFFECT_COLUMNS = [
    *("variable", "level", "reference", "n"),
    *("estimate", "std_error", "conf_low", "conf_high", "conf_method", "statistic", "df", "p_value"),
]


def compare_by_outcome(
    cohort: pd.DataFrame,
    outcome: str,
    variables: Sequence[str],
    codebook: Codebook,
    categorical_test: str = "likelihood_ratio",
    continuous_test: str = "ols",
    exceptions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Test each variable for a difference between patients with and without a 0/1 outcome.

    `categorical_test` is one of `CATEGORICAL_TESTS`, `continuous_test` of `CONTINUOUS_TESTS` ("ols" is
    linear regression on the outcome, the same as the pooled t test); `exceptions` names another test
    for single variables. The named test gives `p_value`; all others stand beside it. Each variable is
    tested on the patients who have it. Yates' correction is of 2 x 2 tables: larger ones get Pearson's test,
    as by R's `chisq.test`, and `test` says so. `monte_carlo_se` is the standard error of exact tests whose
    tables were drawn, empty where all were counted.

    Returns one row per variable with `COLUMNS`. Raises ValueError for a test that is none of its kind.
    """
    rows = []
    for name in variables:
        variable, known = codebook[name], complete_rows(cohort, [name, outcome])
        test = named_test(variable, categorical_test, continuous_test, exceptions)
        if variable.is_categorical:
            result = _categorical(known[name], known[outcome], variable, test)
        else:
            result = _across_groups(known[name], known[outcome], test)
        rows.append(_describe(variable, len(known), len(cohort)) | result)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"df": "Int64", "df_residual": "Int64"})


def named_test(
    variable: Variable,
    categorical_test: str = "likelihood_ratio",
    continuous_test: str = "ols",
    exceptions: Mapping[str, str] | None = None,
) -> str:
    """Return the test that gives a variable's p-value; arguments as those of `compare_by_outcome`."""
    default = categorical_test if variable.is_categorical else continuous_test
    test = (exceptions or {}).get(variable.name, default)
    if test not in (CATEGORICAL_TESTS if variable.is_categorical else CONTINUOUS_TESTS):
        raise ValueError(f"{test} is not a test of {variable.name}, which is {variable.kind}")
    return test


def compare_by_score(
    cohort: pd.DataFrame, score: str, variables: Sequence[str], codebook: Codebook
) -> pd.DataFrame:
    """Test each variable for an association with a continuous score by linear regression of the score.

    On the levels of a categorical variable (analysis of variance), with Welch's test beside it, or on a
    continuous variable. The rank test, in `p_mann_whitney`, is the one that `rank_test` names.

    Returns one row per variable with `COLUMNS`.
    """
    rows = []
    for name in variables:
        variable, known = codebook[name], complete_rows(cohort, [name, score])
        if variable.is_categorical:
            result = _across_groups(known[score], known[name], "ols")
        else:
            fit = regress(known[name].to_numpy(dtype=float), known[score].to_numpy(dtype=float))
            result = {
                "test": "ols",
                "statistic_name": "t",
                "statistic": fit.statistic,
                "df": fit.df,
                "p_value": fit.p_value,
                "p_ols": fit.p_value,
                "p_mann_whitney": fit.p_spearman,
                "rank_test": "Spearman",
            }
        rows.append(_describe(variable, len(known), len(cohort)) | result)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"df": "Int64", "df_residual": "Int64"})


def _describe(variable: Variable, n: int, n_patients: int) -> dict[str, object]:
    return {
        "variable": variable.name,
        "label": variable.label,
        "kind": variable.kind,
        "n": n,
        "n_missing": n_patients - n,
    }


def _categorical(values: pd.Series, outcome: pd.Series, variable: Variable, test: str) -> dict[str, object]:
    counts = [
        [int(((values == level) & (outcome == group)).sum()) for group in (0, 1)] for level in variable.levels
    ]
    tests = independence_tests(counts)
    if test == "yates" and tests.df > 1:
        test = "pearson"
    p_values = {f"p_{name}": getattr(tests, f"p_{name}") for name in CATEGORICAL_TESTS}
    has_statistic = test in ("likelihood_ratio", "pearson")
    return {
        "test": test,
        "statistic_name": "chi-square" if has_statistic else "",
        "statistic": getattr(tests, test) if has_statistic else np.nan,
        "df": tests.df if has_statistic else np.nan,
        "p_value": p_values[f"p_{test}"],
        **p_values,
        "monte_carlo_se": tests.monte_carlo_se,
    }


def _across_groups(values: pd.Series, groups: pd.Series, test: str) -> dict[str, object]:
    tests = compare_groups(values.to_numpy(dtype=float), groups.to_numpy())
    p_values = {"p_ols": tests.p_ols, "p_welch": tests.p_welch, "p_mann_whitney": tests.p_rank}
    shown = test == "ols"
    return {
        "test": test,
        "statistic_name": tests.statistic_name if shown else "",
        "statistic": tests.statistic if shown else np.nan,
        "df": tests.df if shown else np.nan,
        "df_residual": tests.df_residual if shown else np.nan,
        "p_value": p_values[f"p_{test}"],
        **p_values,
        "rank_test": "Mann-Whitney" if tests.statistic_name == "t" else "Kruskal-Wallis",
    }


def effects_on_outcome(
    cohort: pd.DataFrame,
    outcome: str,
    variables: Sequence[str],
    codebook: Codebook,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the unadjusted odds ratio of each variable: the logistic regression on it alone.

    Each is fitted to the patients who have the variable. Returns the rows of `fit_outcome` for every
    variable, without the intercepts; a variable that does not vary has none. One whose regression floating
    point cannot solve has a row without numbers, and `p_method` says so.
    """
    found = []
    for name in variables:
        try:
            fit = fit_outcome(cohort, outcome, [name], codebook, confidence)
        except (ArithmeticError, ValueError):
            unsolved = {"term": name, "variable": name, "level": "", "reference": "", "p_method": UNSOLVED}
            fit = pd.DataFrame([unsolved], columns=COEFFICIENT_COLUMNS)
        if len(fit):
            found.append(fit[fit["variable"] != ""])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COEFFICIENT_COLUMNS)


def with_tests_beside(effects: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Say of each odds ratio whether its p-value is the variable's own, and if not, which it is and why.

    `effects` are of `effects_on_outcome`, `tests` of `compare_by_outcome` on the same patients. Added are
    `univariable_test` and `univariable_p`, by which variables are selected, and `second_test`, the reason for
    another p-value, empty where `p_value` is that of the variable (or there is none).
    """
    of_variable = tests.set_index("variable").loc[effects["variable"]]
    p_value, own = effects["p_value"].astype(float), of_variable["p_value"].to_numpy(dtype=float)
    is_level = effects["term"].str.contains("[", regex=False)
    is_penalized = effects["p_method"].astype(str).str.startswith("penalized")
    reason = np.select([is_level, is_penalized], [OF_LEVEL, OF_PENALIZED], OF_ODDS_RATIO)
    is_same = (np.isclose(p_value, own, rtol=SAME_P, atol=0) & ~is_level) | p_value.isna()
    return effects.assign(
        univariable_test=of_variable["test"].to_numpy(),
        univariable_p=own,
        second_test=np.where(is_same, "", reason),
    )


def effects_on_score(
    cohort: pd.DataFrame,
    score: str,
    variables: Sequence[str],
    codebook: Codebook,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate by how much a continuous score differs between levels of each variable, or changes per unit.

    Each is the linear regression of the score on the variable alone, in the patients who have both. Returns a
    row per coefficient with `SCORE_EFFECT_COLUMNS`; a variable that does not vary has none.
    """
    found = [pd.DataFrame(columns=SCORE_EFFECT_COLUMNS)]
    for name in variables:
        known = complete_rows(cohort, [name, score])
        design, _ = design_matrix(known, [name], codebook).independent()
        if design.matrix.empty:
            continue
        effects = fit_linear(design.matrix, known[score], confidence)
        found.append(
            effects.assign(
                variable=name,
                level=effects["column"].map(design.levels),
                reference=effects["column"].map(design.references),
                n=len(known),
                conf_method="t, linear regression",
            )[SCORE_EFFECT_COLUMNS]
        )
    return pd.concat(found[1:] or found, ignore_index=True)


def summarize_by_outcome(
    cohort: pd.DataFrame, outcome: str, variables: Sequence[str], codebook: Codebook
) -> pd.DataFrame:
    """Describe each variable in the patients without the outcome, with it, and in all.

    Returns one row per variable, level and group ("0", "1", "all"): n patients with the level of the
    `n_group` in whom the variable is known, and their percent; for a continuous variable (level "")
    mean, standard deviation, median and quartiles (R's type 7).
    """
    rows = []
    for name in variables:
        known = complete_rows(cohort, [name, outcome])
        for group in ("0", "1", "all"):
            members = known if group == "all" else known[known[outcome] == int(group)]
            rows += _summarize(members[name], codebook[name], group)
    return pd.DataFrame(rows, columns=GROUP_COLUMNS)


def _summarize(values: pd.Series, variable: Variable, group: str) -> list[dict[str, object]]:
    place = {"variable": variable.name, "group": group}
    n = len(values)
    if not variable.is_categorical:
        moments = _moments(values)
        return [{**place, "level": "", "n": n, "n_group": n, "percent": np.nan, **moments}]
    nothing = dict.fromkeys(("mean", "sd", "median", "q1", "q3"), np.nan)
    counts = {level: int((values == level).sum()) for level in variable.levels}
    return [
        {
            **place,
            "level": str(level),
            "n": count,
            "n_group": n,
            "percent": 100 * count / n if n else np.nan,
            **nothing,
        }
        for level, count in counts.items()
    ]


def _moments(values: pd.Series) -> dict[str, float]:
    x = values.to_numpy(dtype=float)
    if not len(x):
        return dict.fromkeys(("mean", "sd", "median", "q1", "q3"), np.nan)
    q1, median, q3 = np.quantile(x, [0.25, 0.5, 0.75])
    sd = x.std(ddof=1) if len(x) > 1 else np.nan
    return {"mean": x.mean(), "sd": sd, "median": median, "q1": q1, "q3": q3}


def summarize_score(
    cohort: pd.DataFrame, score: str, variables: Sequence[str], codebook: Codebook
) -> pd.DataFrame:
    """Describe a continuous score in each level of each categorical variable.

    Returns one row per variable and level that occurs: variable, level, n, mean, sd, median, q1, q3.
    """
    rows = []
    for name in variables:
        variable, known = codebook[name], complete_rows(cohort, [name, score])
        for level in present_levels(known[name], variable) if variable.is_categorical else []:
            values = known.loc[known[name] == level, score]
            rows.append({"variable": name, "level": str(level), "n": len(values), **_moments(values)})
    return pd.DataFrame(rows, columns=["variable", "level", "n", "mean", "sd", "median", "q1", "q3"])
