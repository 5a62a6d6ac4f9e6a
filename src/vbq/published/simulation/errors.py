"""One error of each kind, seeded in a simulated paper, and whether it could be seen at all.

Whether an error is detectable is decided from the patients and by brute force, without the audit's own code:
it is detectable where no patients could have given the altered figures together with those that they are tied
to. Each kind says which figures these are. An error that leaves the figures possible is not counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from vbq.published.simulation.papers import SimulatedPaper

BIG_P, SMALL_P = 0.2, 0.01  # a p-value that no usual test gives beside an interval that says the opposite


@dataclass(frozen=True)
class Seeded:
    """A paper's figures with one error: the ids of the altered figures, and whether it is detectable."""

    figures: pd.DataFrame
    altered: frozenset[str]
    is_detectable: bool


class _Figures:
    """The figures of a paper, to be changed; prints as the paper does."""

    def __init__(self, sim: SimulatedPaper) -> None:
        self.table = sim.figures.copy()
        self.table.index = pd.Index(self.table["id"])
        self.altered: set[str] = set()

    def ids(self, pattern: str) -> list[str]:
        return [id_ for id_ in self.table.index if pd.Series([id_]).str.fullmatch(pattern).item()]

    def text(self, id_: str) -> str:
        return str(self.table.loc[id_, "printed"])

    def value(self, id_: str) -> float:
        return float(self.text(id_))

    def decimals(self, id_: str) -> int:
        return len(self.text(id_).partition(".")[2])

    def set(self, id_: str, value: float) -> None:
        """Print another value, at the decimals of the old one."""
        self.table.loc[id_, "printed"] = f"{value:.{self.decimals(id_)}f}"
        self.altered.add(id_)

    def shift(self, id_: str, by: float, largest: float = np.inf) -> bool:
        """Print a value off by so much; not where it would lie below 0 or above `largest`."""
        new = self.value(id_) + by
        if not 0 <= new <= largest:
            return False
        self.set(id_, new)
        return True

    def is_equality(self, id_: str) -> bool:
        return bool(self.table.loc[id_, "relation"] == "=")

    def seeded(self, is_detectable: bool) -> Seeded:
        return Seeded(self.table.reset_index(drop=True), frozenset(self.altered), is_detectable)


Seeder = Callable[[SimulatedPaper, _Figures, np.random.Generator], bool | None]
ERRORS: dict[str, Seeder] = {}


def seed_error(sim: SimulatedPaper, kind: str, rng: np.random.Generator) -> Seeded | None:
    """Put one error of a kind (`ERRORS`) into a paper; None where it has no figure for it."""
    figures = _Figures(sim)
    is_detectable = ERRORS[kind](sim, figures, rng)
    return None if is_detectable is None else figures.seeded(is_detectable)


def _kind(seeder: Seeder) -> Seeder:
    ERRORS[seeder.__name__.removeprefix("_")] = seeder
    return seeder


def _complete(sim: SimulatedPaper, prefix: str) -> list[str]:
    """The variables of a kind without missing values."""
    return [name for name in map(str, sim.rows) if name.startswith(prefix) and sim.rows[name].notna().all()]


def _sizes(sim: SimulatedPaper) -> dict[str, int]:
    counts = sim.rows["event"].value_counts()
    return {"0": int(counts[0]), "1": int(counts[1])}


def _choose(rng: np.random.Generator, options: list[str]) -> str | None:
    return str(rng.choice(options)) if options else None


@_kind
def _count(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """A count is off by one to three, its percentage is not. Tied to percentage and group size."""
    id_ = _choose(rng, [f"{name}_1_{group}_n" for name in _complete(sim, "factor") for group in "01"])
    if id_ is None:
        return None
    size = _sizes(sim)[id_[-3]]
    if not figures.shift(id_, rng.choice([-3, -2, -1, 1, 2, 3]), size):
        return None
    return f"{100 * figures.value(id_) / size:.1f}" != figures.text(id_.removesuffix("n") + "pct")


@_kind
def _percentage(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """A percentage has a wrong digit. Tied to its count and group size."""
    id_ = _choose(rng, [f"{name}_1_{group}_pct" for name in _complete(sim, "factor") for group in "01"])
    if id_ is None:
        return None
    return figures.shift(id_, rng.choice([-10, -1, -0.3, 0.3, 1, 10]), 100) or None


@_kind
def _level(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """One level has a patient too many or too few, percentage included. Tied to levels and group size."""
    name = _choose(rng, _complete(sim, "grade"))
    if name is None:
        return None
    group = str(rng.choice(["0", "1"]))
    id_ = str(rng.choice(figures.ids(rf"{name}_\d+_{group}_n")))
    if not figures.shift(id_, rng.choice([-1, 1])):
        return None
    figures.set(id_.removesuffix("n") + "pct", 100 * figures.value(id_) / _sizes(sim)[group])
    return True


@_kind
def _flow(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """A number of the participant flow is off. Tied to the total."""
    figures.set("n_screened", figures.value("n_screened") + rng.choice([-10, -1, 1, 10]))
    return True


def _exact_p_values(sim: SimulatedPaper, figures: _Figures) -> list[str]:
    """The p-values of counts without missing values that are printed, and not only as a bound."""
    ids = [f"{name}_p" for name in _complete(sim, "factor")]
    return [id_ for id_ in ids if id_ in figures.table.index and figures.is_equality(id_)]


@_kind
def _p_value(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The p-value of counts has a wrong digit. Tied to the counts, under the table's test."""
    id_ = _choose(rng, _exact_p_values(sim, figures))
    if id_ is None:
        return None
    return figures.shift(id_, rng.choice([-0.3, -0.1, -0.03, 0.03, 0.1, 0.3]), 1) or None


@_kind
def _other_test(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """One p-value is of another test than the table's. Tied to the counts and to the other rows."""
    id_ = _choose(rng, _exact_p_values(sim, figures))
    if id_ is None:
        return None
    table = pd.crosstab(sim.rows[id_.removesuffix("_p")], sim.rows["event"]).to_numpy()
    new = stats.fisher_exact(table)[1] if sim.test != "fisher" else stats.chi2_contingency(table)[1]
    old = figures.text(id_)
    figures.set(id_, min(float(new), 1.0))
    return figures.text(id_) != old


@_kind
def _attainable_mean(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """A mean of a score in steps of ten is off by 0.1 to 0.3. Tied to the group size and the step of ten."""
    if not _complete(sim, "performance"):
        return None
    group = str(rng.choice(["0", "1"]))
    id_ = f"performance_{group}_mean"
    figures.set(id_, figures.value(id_) + rng.choice([-0.3, -0.2, -0.1, 0.1, 0.2, 0.3]))
    n = _sizes(sim)[group]
    means = np.arange(0, 10 * n + 1) * 10 / n
    return bool((np.abs(means - figures.value(id_)) > 0.05 + 1e-9).all())


@_kind
def _mean(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """Digits of a mean are transposed, no SD is printed. Tied to p-value, other mean and possible values.

    The largest p-value of a t test with these means is that of values at both ends of what is possible.
    """
    options = [
        f"{name}_{group}_mean"
        for name, group in product(("study_age", "laboratory", "total"), "01")
        if f"{name}_0_sd" not in figures.table.index and sim.rows[name].notna().all()
    ]
    id_ = _choose(rng, options)
    if id_ is None:
        return None
    name = id_.removesuffix("_mean")[:-2]
    low, high = sim.codebook[name].possible or (0, 0)
    digits = figures.text(id_)
    figures.table.loc[id_, "printed"] = (
        digits[::-1] if len(digits) == 3 else digits[1] + digits[0] + digits[2:]
    )
    figures.altered.add(id_)
    p_id, means = f"{name}_p", [figures.value(f"{name}_{group}_mean") for group in "01"]
    if not all(low <= mean <= high for mean in means) or not figures.is_equality(p_id):
        return None
    sizes = list(_sizes(sim).values())
    squares = sum(n * (high - m) * (m - low) for n, m in zip(sizes, means, strict=True))
    widest = np.sqrt(squares / (sum(sizes) - 2) * sum(1 / n for n in sizes))
    gap = max(abs(means[0] - means[1]) - 0.1, 0)
    largest = 2 * stats.t.sf(gap / widest, sum(sizes) - 2) if widest else 0.0
    return bool(largest < figures.value(p_id) - 0.5 * 10.0 ** -figures.decimals(p_id))


@_kind
def _p_value_of_means(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The p-value of means with SDs is wrong. Tied to means and SDs, anywhere within their rounding."""
    names = [
        name
        for name in ("study_age", "laboratory", "total", "marker")
        if f"{name}_0_sd" in figures.table.index
    ]
    id_ = _choose(rng, [f"{name}_p" for name in names if figures.is_equality(f"{name}_p")])
    if id_ is None:
        return None
    new = figures.value(id_) + rng.choice([-0.4, -0.2, 0.2, 0.4])
    if not 0 <= new <= 1:
        return None
    figures.set(id_, new)
    name, sizes = id_.removesuffix("_p"), list(_sizes(sim).values())
    half = 0.5 * 10.0 ** -figures.decimals(f"{name}_0_mean")
    printed = [figures.value(f"{name}_{group}_{what}") for what in ("mean", "sd") for group in "01"]
    corners = np.array(list(product((-half, half), repeat=4)))
    drawn = np.vstack([corners, np.zeros(4), rng.uniform(-half, half, (200, 4))]) + printed
    drawn[:, 2:] = drawn[:, 2:].clip(1e-9)
    p = np.concatenate(
        [
            stats.ttest_ind_from_stats(
                *drawn.T[[0, 2]], sizes[0], *drawn.T[[1, 3]], sizes[1], equal_var=equal
            )[1]
            for equal in (True, False)
        ]
    )
    near = 0.5 * 10.0 ** -figures.decimals(id_)
    return bool(new < p.min() - near or new > p.max() + near)


def _model_terms(figures: _Figures) -> list[str]:
    return [id_.removesuffix("_estimate") for id_ in figures.ids("model_.*_estimate")]


@_kind
def _scale(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """Log-odds are called odds ratios, or the reverse. Tied to interval and p-value of the term."""
    stem = _choose(rng, _model_terms(figures))
    if stem is None:
        return None
    pairs = {"estimate": "odds_ratio", "conf_low": "odds_ratio_low", "conf_high": "odds_ratio_high"}
    was_ratio = figures.table.loc[f"{stem}_estimate", "kind"] == "odds_ratio"
    for column, kind in pairs.items():
        figures.table.loc[f"{stem}_{column}", "kind"] = column if was_ratio else kind
        figures.altered.add(f"{stem}_{column}")
    low, high, p = (figures.value(f"{stem}_{part}") for part in ("conf_low", "conf_high", "p"))
    if was_ratio:
        return bool(p > BIG_P)  # an interval above 0 excludes it
    return bool(low <= 0 or (low < 1 < high and p < SMALL_P) or (not low < 1 < high and p > BIG_P))


@_kind
def _limit(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """An estimate and a limit of its interval change places. Tied to each other."""
    stem = _choose(rng, _model_terms(figures))
    if stem is None:
        return None
    ids = (f"{stem}_estimate", f"{stem}_{rng.choice(['conf_low', 'conf_high'])}")
    values = [figures.value(id_) for id_ in ids]
    figures.set(ids[0], values[1])
    figures.set(ids[1], values[0])
    return values[0] != values[1]


@_kind
def _sensitivity(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """Sensitivity or specificity is wrong. Tied to the counts of the score by outcome."""
    id_ = str(rng.choice(["marker_high_", "total_high_"])) + str(rng.choice(["sensitivity", "specificity"]))
    return figures.shift(id_, rng.choice([-7, -3, -2, 2, 3, 7]), 100) or None


@_kind
def _counts_of_score(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """Counts of a score, with percentages, are not those of its sensitivity. Tied to each other."""
    score = str(rng.choice(["marker_high", "total_high"]))
    for group, size in _sizes(sim).items():
        id_ = f"{score}_1_{group}_n"
        if not figures.shift(id_, rng.choice([-3, -2, 2, 3]), size):
            return None
        figures.set(id_.removesuffix("n") + "pct", 100 * figures.value(id_) / size)
    return True


@_kind
def _auc(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The AUC of a dichotomous score is wrong. Tied to sensitivity and specificity."""
    id_ = str(rng.choice(["marker_high_auc", "total_high_auc"]))
    new = figures.value(id_) + rng.choice([-0.1, -0.05, -0.02, 0.02, 0.05, 0.1])
    figures.set(id_, new)
    return True


@_kind
def _predictive_value(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """A predictive value is wrong. Tied to the counts of the score."""
    id_ = _choose(rng, figures.ids("(marker|total)_high_[pn]pv"))
    if id_ is None:
        return None
    return figures.shift(id_, rng.choice([-7, -3, -2, 2, 3, 7]), 100) or None


@_kind
def _combined_auc(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The AUC of the combined score is too large. Tied to the margins of both scores.

    Detectable where it is above what the best ranking of the four patterns gives in any joint table.
    """
    if "combined_auc" not in figures.table.index:
        return None
    new = figures.value("combined_auc") + rng.uniform(0.05, 0.25)
    if new > 1:
        return None
    figures.set("combined_auc", new)
    sizes = [*_sizes(sim).values()]
    margins = [
        [
            int(sim.rows.loc[sim.rows["event"] == group, score].sum())
            for score in ("marker_high", "total_high")
        ]
        for group in (0, 1)
    ]
    both = [range(max(0, a + b - n), min(a, b) + 1) for n, (a, b) in zip(sizes, margins, strict=True)]
    best = 0.0
    for x0, x1 in product(*both):
        others, events = (
            np.array([n - a - b + x, a - x, b - x, x])
            for n, (a, b), x in zip(sizes, margins, (x0, x1), strict=True)
        )
        order = np.argsort(events / np.maximum(others, 1e-12), kind="stable")
        ranked_others, ranked_events = others[order], events[order]
        wins = (ranked_events * (np.cumsum(ranked_others) - ranked_others / 2)).sum()
        best = max(best, wins / (sizes[0] * sizes[1]))
    return bool(figures.value("combined_auc") - 0.005 > best + 1e-9)


@_kind
def _repeated(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """A number in the text is not that of the table. Tied to the table."""
    id_ = _choose(rng, [id_ for id_ in figures.ids("text_.*") if figures.is_equality(id_)])
    if id_ is None:
        return None
    unit = 10.0 ** -figures.decimals(id_)
    new = figures.value(id_) + unit * rng.choice([2, 5, 10])
    figures.set(id_, new)
    kind = figures.table.loc[id_, "kind"]
    limit = 100 if kind in ("percent", "sensitivity", "specificity", "ppv", "npv") else 1
    return None if new > limit and kind not in ("count", "mean", "sd", "estimate", "odds_ratio") else True


@_kind
def _subgroup(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The mean of a subgroup, of the others, is wrong. Tied to the means of the outcome groups.

    Detectable where no number of patients gives all means, tried one by one.
    """
    if "several_1_mean" not in figures.table.index:
        return None
    figures.set("several_0_mean", figures.value("several_0_mean") + rng.choice([-1, -0.5, 0.5, 1]))
    n0, n1 = _sizes(sim).values()
    groups = [figures.value(f"marker_{group}_mean") for group in "01"]
    overall = (n0 * groups[0] + n1 * groups[1]) / (n0 + n1)
    k = np.arange(1, n0 + n1)
    part, rest = figures.value("several_1_mean"), figures.value("several_0_mean")
    mixed = (k * part + (n0 + n1 - k) * rest) / (n0 + n1)
    return bool((np.abs(mixed - overall) > 0.01 + 1e-9).all())


@_kind
def _accuracy(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """An "accuracy" is wrong. Tied to all rates of the score: detectable where it is none of them."""
    score = str(rng.choice(["marker_high", "total_high"]))
    new = figures.value(f"{score}_accuracy") + rng.choice([-12, -8, 8, 12])
    if not 0 <= new <= 100:
        return None
    figures.set(f"{score}_accuracy", new)
    y, positive = sim.rows["event"] == 1, sim.rows[score] == 1
    rates = [
        (positive == y).mean(),
        positive[y].mean(),
        (~positive[~y]).mean(),
        y[positive].mean(),
        (~y[~positive]).mean(),
        (positive[y].mean() + (~positive[~y]).mean()) / 2,
    ]
    return not any(abs(100 * rate - new) <= 1.01 for rate in rates)


@_kind
def _selection(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The model holds a variable that the printed rule does not select. Tied to its p-value by outcome."""
    options = [
        id_.removesuffix("_p")
        for id_ in figures.ids(r"factor_\d+_p")
        if figures.is_equality(id_) and figures.value(id_) > 0.06
    ]
    name = _choose(rng, options)
    if name is None or not figures.ids("model_.*"):
        return None
    row = figures.table.loc[f"{name}_p"].copy()
    row["id"], row["location"] = f"model_{name}_p", f"Table 2, model {name}"
    row["table"], row["row"], row["printed"], row["relation"] = "multivariable", f"term={name}", "0.020", "="
    figures.table.loc[row["id"]] = row
    figures.altered.add(str(row["id"]))
    return True


@_kind
def _cutoff(sim: SimulatedPaper, figures: _Figures, rng: np.random.Generator) -> bool | None:
    """The cut-off is not that of the paper's rule. Tied to the group means of the marker."""
    figures.set("cutoff", figures.value("cutoff") + rng.choice([-1, 1]))
    return True


def is_found(clean: pd.DataFrame, spoiled: pd.DataFrame, altered: frozenset[str]) -> bool:
    """Whether findings of a spoiled paper speak of the altered figures, and none of the clean one did.

    A finding counts where it is more than a note, cites an altered figure, and is not, with the same
    severity, among the findings of the clean paper.
    """
    known = set(zip(clean["id"], clean["severity"], strict=True))
    return any(
        row["severity"] != "note"
        and (row["id"], row["severity"]) not in known
        and altered & set(row["figures"].split("; "))
        for row in spoiled.to_dict("records")
    )
