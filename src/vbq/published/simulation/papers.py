"""Tables of a simulated study, printed from patient rows as papers print them.

Nothing is real: variables, patients and effects are drawn. What papers differ in is drawn too: sizes, missing
values, decimals, the test of the counts, log-odds or odds ratios, Wald or profile intervals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from vbq.codebook import Variable, extended
from vbq.published.paper import COLUMNS, Paper, transcribe
from vbq.stats.contingency import conventional_p_value
from vbq.stats.digits import tie_nearly_equal
from vbq.stats.groups import compare_groups
from vbq.stats.logistic import LogisticFit, fit_logistic
from vbq.stats.roc import areas_under_curves

Array = NDArray[np.float64]

TESTS = ("likelihood_ratio", "pearson", "yates", "fisher", "pearson_fisher")
ALPHA = 0.05
LARGEST_MODEL = 6  # variables
PROVENANCE = "simulated to test the audit; not a publication, not patient data"


@dataclass
class SimulatedPaper:
    """A simulated paper and the truth behind it.

    `figures`, `described` and `plan` are the transcription, `codebook` has its variables; `rows` are the
    patients and `test` the convention that made the p-values of counts.
    """

    figures: pd.DataFrame
    described: dict[str, Any]
    plan: dict[str, Any]
    codebook: Mapping[str, Variable]
    rows: pd.DataFrame
    test: str

    def paper(self, figures: pd.DataFrame | None = None) -> Paper:
        """Transcribe the paper, or one with other figures."""
        used = self.figures if figures is None else figures
        return transcribe("simulated", used, self.described, self.plan, self.codebook)


@dataclass
class _Press:
    """Prints figures: the rows of figures.csv."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def set(
        self,
        id_: str,
        place: str,
        value: float,
        decimals: int,
        kind: str,
        address: tuple[str, str, str],
        scale: int = 1,
        bound: float | None = None,
    ) -> None:
        """Print a value, or that it lies below a bound."""
        is_bound = bound is not None and value < bound
        table, row, column = address
        self.rows.append(
            {
                "id": id_,
                "location": place,
                "quantity": id_.replace("_", " "),
                "printed": f"{bound:g}" if is_bound else f"{value * scale:.{decimals}f}",
                "relation": "<" if is_bound else "=",
                "unit": "",
                "kind": kind,
                "table": table,
                "row": row,
                "column": column,
                "scale": str(scale) if table else "",
                "note": "" if table else "not in the rows",
            }
        )


def simulate_paper(seed: int) -> SimulatedPaper:
    """Draw a study and print its tables; the same seed gives the same paper."""
    rng = np.random.default_rng(seed)
    rows, variables = _draw_patients(rng)
    test = str(rng.choice(TESTS))
    plan = _plan(variables, test)
    codebook = extended(variables)
    press, n = _Press(), len(rows)
    y = rows["event"].to_numpy()
    for group, size in (("0", int((y == 0).sum())), ("1", int(y.sum()))):
        address = ("univariable_groups", f"variable=total; level=; group={group}", "n")
        press.set(f"n_{group}", "Table 1, heading", size, 0, "group_size", address)
    press.set("n_all", "Table 1, title", n, 0, "group_size", ("discrimination", "score=marker", "n"))
    p_values = {}
    for name in plan["univariable"]["variables"]:
        printed = _print_counts if codebook[name].is_categorical else _print_means
        p_values[name] = printed(press, rows, codebook[name], test, rng)
    _print_model(press, rows, codebook, p_values, rng)
    _print_scores(press, rows, rng)
    _print_text(press, rows, rng)
    described = {
        "title": "A simulated study",
        "provenance": PROVENANCE,
        "plan": "plan.yaml",
        "sizes": {"without": "n_0", "with": "n_1", "all": "n_all"},
        "sums": [
            {"total": "n_all", "parts": ["n_0", "n_1"]},
            {"total": "n_screened", "parts": ["n_all", "n_excluded"]},
        ],
        "dichotomies": {
            "marker_high": {"of": "marker", "above": 3},
            "total_high": {"of": "total", "above": 6},
        },
        "variables": variables,
    }
    figures = pd.DataFrame(press.rows, columns=list(COLUMNS))
    return SimulatedPaper(figures, described, plan, codebook, rows, test)


def _draw_patients(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Draw patients, and the variables that describe them."""
    n = int(rng.integers(60, 400))
    y = (rng.random(n) < rng.uniform(0.25, 0.6)).astype(int)
    y[:20], y[20:40] = 0, 1
    rows = {"event": y.astype(float)}
    variables: dict[str, dict[str, Any]] = {"event": {"label": "Event", "kind": "binary"}}

    def effect() -> Array:
        return y * rng.choice([0.0, 0.0, rng.normal(0, 0.6)])

    for i in range(rng.integers(5, 12)):
        rows[f"factor_{i}"] = (rng.random(n) < special.expit(rng.normal(-0.8, 1) + effect())).astype(float)
        variables[f"factor_{i}"] = {"label": f"Factor {i}", "kind": "binary"}
    for i in range(rng.integers(1, 4)):
        k = int(rng.integers(3, 6))
        latent = rng.normal(size=n) + effect()
        edges = np.quantile(latent, np.sort(rng.uniform(0.1, 0.97, k - 1)))
        rows[f"grade_{i}"] = np.searchsorted(edges, latent).astype(float)
        levels = {level: f"Grade {level}" for level in range(k)}
        variables[f"grade_{i}"] = {"label": f"Grading {i}", "kind": "ordinal", "levels": levels}
    measures: dict[str, tuple[Array, float, list[float]]] = {
        "age": (rng.normal(62, 11, n) + 2 * effect(), 1, [0, 120]),
        "performance": (rng.normal(80, 13, n) + 8 * effect(), 10, [0, 100]),
        "laboratory": (rng.normal(4, 0.6, n) + 0.3 * effect(), 0.1, [0, 12]),
        "enzyme": (np.exp(rng.normal(4.5, 0.7, n) + 0.2 * effect()), 1, [0, 5000]),
        "marker": (rng.normal(2.6, 0.6, n) + y * rng.uniform(0.2, 0.9), 0.01, [0, 20]),
        "total": (rng.normal(5.5, 2.2, n) + y * rng.uniform(0.3, 2.2), 1, [0, 18]),
    }
    for name, (values, step, possible) in measures.items():
        stepped = np.clip(np.round(values / step) * step, possible[0], possible[1])
        rows[name] = np.round(stepped, 6)
        renamed = f"study_{name}" if name == "age" else name
        rows[renamed] = rows.pop(name)
        label = name.capitalize()
        variables[renamed] = {"label": label, "kind": "continuous", "step": step, "possible": possible}
    rows["marker_high"] = (rows["marker"] > 3).astype(float)
    rows["total_high"] = (rows["total"] > 6).astype(float)
    rows["several"] = ((y == 1) & (rng.random(n) < special.expit(2 * (rows["marker"] - 3)))).astype(float)
    for name in ("marker_high", "total_high", "several"):
        variables[name] = {"label": name.replace("_", " ").capitalize(), "kind": "binary"}
    frame = pd.DataFrame(rows)
    complete = {"event", "marker", "total", "marker_high", "total_high", "several"}
    for name in map(str, frame):
        if name not in complete and rng.random() < 0.2:
            frame.loc[rng.random(n) < rng.uniform(0.01, 0.06), name] = np.nan
    return frame, variables


def _plan(variables: Mapping[str, Any], test: str) -> dict[str, Any]:
    scores = {
        "marker": {"label": "Marker", "variables": ["marker"], "above": 3},
        "marker_high": {"label": "Marker > 3", "variables": ["marker_high"], "positive_from": 1},
        "total_high": {"label": "Total > 6", "variables": ["total_high"], "positive_from": 1},
        "combined": {"label": "Both", "variables": ["marker_high", "total_high"]},
    }
    return {
        "title": "A simulated study",
        "source": PROVENANCE,
        "outcome": {"variable": "event", "groups": {0: "No event", 1: "Event"}},
        "alpha": ALPHA,
        "confidence": 0.95,
        "univariable": {
            "categorical_test": test if test != "pearson_fisher" else "pearson",
            "continuous_test": "ols",
            "variables": [name for name in variables if name not in ("event", "several")],
        },
        "multivariable": {"exclude": ["marker_high", "total_high"]},
        "discrimination": {"scores": scores},
        "cutoff": {"score": "marker", "way": "mean_midpoint_rounded", "sensitivity": 0.9},
        "subanalyses": {
            "marker_by_number": {
                "title": "Marker by number of events",
                "score": "marker",
                "variables": ["several"],
            }
        },
    }


def _bound(rng: np.random.Generator) -> tuple[int, float]:
    """Return how p-values are printed: their decimals, and the bound below which they are not."""
    return (3, 0.001) if rng.random() < 0.8 else (2, 0.01)


def _print_counts(
    press: _Press, rows: pd.DataFrame, variable: Variable, test: str, rng: np.random.Generator
) -> float:
    known = rows.dropna(subset=[variable.name])
    table = np.array(
        [
            [int(((known[variable.name] == level) & (known["event"] == group)).sum()) for group in (0, 1)]
            for level in variable.levels
        ]
    )
    shown = list(variable.levels)[1:] if variable.kind == "binary" else list(variable.levels)
    place = f"Table 1, {variable.label}"
    for level in shown:
        for group in (0, 1):
            count, size = table[list(variable.levels).index(level), group], table[:, group].sum()
            row = f"variable={variable.name}; level={level}; group={group}"
            stem = f"{variable.name}_{level}_{group}"
            address = ("univariable_groups", row, "n")
            press.set(f"{stem}_n", place, count, 0, "count", address)
            if size:
                percent = ("univariable_groups", row, "percent")
                press.set(f"{stem}_pct", place, 100 * count / size, 1, "percent", percent)
    p = conventional_p_value(table, test)
    if np.isfinite(p):
        decimals, bound = _bound(rng)
        address = ("univariable", f"variable={variable.name}", "p_value")
        press.set(f"{variable.name}_p", place, p, decimals, "p_value", address, bound=bound)
    return p


def _print_means(
    press: _Press, rows: pd.DataFrame, variable: Variable, test: str, rng: np.random.Generator
) -> float:
    known = rows.dropna(subset=[variable.name])
    decimals = 2 if variable.name == "marker" else 1
    with_sd = rng.random() < 0.5 and len(known) == len(rows)
    place = f"Table 1, {variable.label}"
    for group in (0, 1):
        values = known.loc[known["event"] == group, variable.name]
        row = f"variable={variable.name}; level=; group={group}"
        address = ("univariable_groups", row, "mean")
        press.set(f"{variable.name}_{group}_mean", place, values.mean(), decimals, "mean", address)
        if with_sd:
            address = ("univariable_groups", row, "sd")
            press.set(f"{variable.name}_{group}_sd", place, values.std(), decimals, "sd", address)
    result = compare_groups(known[variable.name], known["event"])
    p = result.p_welch if with_sd and rng.random() < 0.3 else result.p_ols
    p_decimals, bound = _bound(rng)
    address = ("univariable", f"variable={variable.name}", "p_value")
    press.set(f"{variable.name}_p", place, p, p_decimals, "p_value", address, bound=bound)
    return p


def _print_model(
    press: _Press,
    rows: pd.DataFrame,
    codebook: Mapping[str, Variable],
    p_values: Mapping[str, float],
    rng: np.random.Generator,
) -> None:
    """Print the multivariable regression of what has p < alpha; nothing where it cannot be fitted plainly."""
    selected = [
        name for name, p in p_values.items() if p < ALPHA and name not in ("marker_high", "total_high")
    ]
    if not selected or len(selected) > LARGEST_MODEL:
        return
    known = rows.dropna(subset=selected)
    columns: dict[str, pd.Series] = {}
    terms: dict[str, list[str]] = {}
    for name in selected:
        if codebook[name].kind == "ordinal":
            present = [level for level in codebook[name].levels if (known[name] == level).any()]
            terms[name] = [f"{name}[{level}]" for level in present[1:]]
            columns |= {f"{name}[{level}]": (known[name] == level).astype(float) for level in present[1:]}
        else:
            terms[name], columns[name] = [name], known[name]
    design = pd.DataFrame(columns)
    if known["event"].nunique() < 2 or np.linalg.matrix_rank(design.assign(one=1.0)) <= design.shape[1]:
        return
    fit = fit_logistic(design, known["event"], terms)
    if fit.method == "Firth":
        return
    _print_terms(press, fit, terms, rng)


def _print_terms(
    press: _Press, fit: LogisticFit, terms: Mapping[str, list[str]], rng: np.random.Generator
) -> None:
    # Programs pair intervals and p-values freely: R prints Wald tests beside profile intervals.
    is_wald, is_wald_test, as_ratio = rng.random(3) < 0.5
    place = "Table 2, model"
    for row in fit.table.to_dict("records"):
        term, columns = row["term"], terms.get(row["term"], [])
        if not columns or (len(columns) > 1 and row["column"]):
            continue
        address = ("multivariable", f"term={term}")
        p = row["p_value"]
        if len(columns) == 1:
            low, high = row["conf_low"], row["conf_high"]
            if is_wald:
                half = special.ndtri(0.975) * row["std_error"]
                low, high = row["estimate"] - half, row["estimate"] + half
            if is_wald_test:
                p = 2 * special.ndtr(-abs(row["estimate"] / row["std_error"]))
            kinds = ("odds_ratio", "odds_ratio_low", "odds_ratio_high")
            for kind, column, value in zip(
                kinds if as_ratio else ("estimate", "conf_low", "conf_high"),
                ("estimate", "conf_low", "conf_high"),
                (row["estimate"], low, high),
                strict=True,
            ):
                printed = np.exp(value) if as_ratio else value
                press.set(f"model_{term}_{column}", f"{place} {term}", printed, 3, kind, (*address, column))
        press.set(f"model_{term}_p", f"{place} {term}", p, 3, "p_value", (*address, "p_value"), bound=0.001)


def _print_scores(press: _Press, rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Print sensitivity, specificity and AUC of both dichotomous scores and of their combination."""
    y = rows["event"].to_numpy()
    for score in ("marker_high", "total_high"):
        positive, place = rows[score].to_numpy() == 1, f"Table 3, {score}"
        tp, fp = int((positive & (y == 1)).sum()), int((positive & (y == 0)).sum())
        n0, n1 = int((y == 0).sum()), int(y.sum())
        values = {"sensitivity": tp / n1, "specificity": 1 - fp / n0, "auc": (tp / n1 + 1 - fp / n0) / 2}
        if rng.random() < 0.5 and 0 < tp + fp < n0 + n1:
            values |= {"ppv": tp / (tp + fp), "npv": (n0 - fp) / (n0 + n1 - tp - fp)}
        for name, value in values.items():
            scale, decimals = (1, 2) if name == "auc" else (100, 1)
            address = ("discrimination", f"score={score}", name)
            press.set(f"{score}_{name}", place, value, decimals, name, address, scale)
        correct = (tp + n0 - fp) / (n0 + n1)
        address = ("discrimination", f"score={score}", "accuracy")
        press.set(f"{score}_accuracy", "Conclusions", correct, 0, "accuracy", address, 100)
    design = rows[["marker_high", "total_high"]]
    if design.nunique().min() < 2 or np.linalg.matrix_rank(design.assign(one=1.0)) < 3:
        return
    fit = fit_logistic(design, y, {name: [name] for name in map(str, design)})
    auc = float(areas_under_curves(y, tie_nearly_equal(fit.linear_predictor)).auc[0])
    if fit.method != "Firth":
        address = ("discrimination", "score=combined", "auc")
        press.set("combined_auc", "Table 3, combined", auc, 2, "auc", address)


def _print_text(press: _Press, rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Print the flow, the subgroup's means, the cut-off, and again some of what the tables hold."""
    n, excluded = len(rows), int(rng.integers(5, 200))
    press.set("n_excluded", "Methods", excluded, 0, "count", ("", "", ""))
    press.set("n_screened", "Methods", n + excluded, 0, "count", ("", "", ""))
    means = rows.groupby("several")["marker"].mean()
    if len(means) == 2:
        for level, mean in means.items():
            row = f"variable=several; level={level:g}"
            address = ("marker_by_number_groups", row, "mean")
            press.set(f"several_{level:g}_mean", "Results, number", mean, 2, "mean", address)
    midpoint = rows.groupby("event")["marker"].mean().mean()
    address = ("cutoff", "score=marker; method=mean_midpoint_rounded", "cutoff")
    press.set("cutoff", "Results, scores", round(midpoint), 0, "cutoff", address)
    tables = [
        row for row in press.rows if row["location"].startswith("Table") and row["kind"] != "group_size"
    ]
    for i in rng.choice(len(tables), 8, replace=False):
        again = dict(tables[i])
        again["id"], again["location"] = f"text_{again['id']}", f"Results, text on {again['id']}"
        press.rows.append(again)
