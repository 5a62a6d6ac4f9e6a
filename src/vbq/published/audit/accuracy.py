"""Sensitivity, specificity, AUC: the counts they imply, and whether they fit each other and Table 1."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from vbq.published.audit.finding import Checked
from vbq.published.audit.implied import Implied
from vbq.published.paper import Figure, Paper
from vbq.stats.rounded import Range, attainable_counts


@dataclass(frozen=True)
class Margins:
    """How many patients a dichotomous score calls positive, with (`tp`) and without (`fp`) the outcome.

    Each has the numbers that the figures allow; `source` says which figures, `origin` where they stand.
    """

    score: str
    source: str
    origin: str
    tp: Sequence[int]
    fp: Sequence[int]
    figures: Sequence[Figure]

    @property
    def is_one(self) -> bool:
        """Whether the figures allow one table only."""
        return len(self.tp) == len(self.fp) == 1

    def same(self, other: "Margins") -> bool:
        """Whether some counts are allowed by both."""
        return bool(set(self.tp) & set(other.tp)) and bool(set(self.fp) & set(other.fp))


def margins_of(paper: Paper, score: str) -> list[Margins]:
    """Return what the counts by level, and sensitivity with specificity, imply for a dichotomous score."""
    found = []
    positive = paper.positive_levels(score)
    if positive:
        variable, levels = positive
        cells = [[paper.cell("n", variable.name, level, group) for level in levels] for group in ("0", "1")]
        if all(figure for row in cells for figure in row):
            figures = [figure for row in cells for figure in row if figure]
            fp, tp = (sum(int(figure.number.value) for figure in row if figure) for row in cells)
            origin = figures[0].location.partition(",")[0]
            found.append(Margins(score, "counts", origin, [tp], [fp], figures))
    sensitivity = paper.find("discrimination", "sensitivity", score=score)
    specificity = paper.find("discrimination", "specificity", score=score)
    if sensitivity and specificity:
        n0, n1 = paper.sizes
        tp_range = list(attainable_counts(sensitivity.number, n1))
        fp_range = [n0 - tn for tn in attainable_counts(specificity.number, n0)]
        if tp_range and fp_range:
            origin = sensitivity.location.partition(",")[0]
            source = "sensitivity and specificity"
            found.append(Margins(score, source, origin, tp_range, fp_range, [sensitivity, specificity]))
    return found


def distinct_margins(paper: Paper, score: str) -> list[Margins]:
    """Return the margins of a score, those that the same counts explain once."""
    distinct: list[Margins] = []
    for margins in margins_of(paper, score):
        if not any(margins.same(other) for other in distinct):
            distinct.append(margins)
    return distinct


def scores(paper: Paper) -> list[str]:
    """The scores of which the paper prints some measure of discrimination."""
    return list(
        dict.fromkeys(
            figure.selector["score"]
            for figure in paper.figures.values()
            if figure.table == "discrimination" and "score" in figure.selector
        )
    )


def _rates(paper: Paper, tp: int, fp: int) -> dict[str, float]:
    n0, n1 = paper.sizes
    tn = n0 - fp
    rates = {"sensitivity": tp / n1, "specificity": tn / n0, "accuracy": (tp + tn) / (n0 + n1)}
    rates["auc"] = (rates["sensitivity"] + rates["specificity"]) / 2
    if tp + fp:
        rates["ppv"] = tp / (tp + fp)
    if n0 + n1 - tp - fp:
        rates["npv"] = tn / (n0 + n1 - tp - fp)
    return rates


def _allowed(paper: Paper, margins: Margins) -> dict[str, Range]:
    """The range of each rate over all counts that the figures allow."""
    tables = [_rates(paper, tp, fp) for tp in margins.tp for fp in margins.fp]
    names = set.intersection(*(set(table) for table in tables))
    return {
        name: Range(min(table[name] for table in tables), max(table[name] for table in tables))
        for name in tables[0]
        if name in names
    }


def implied_counts(paper: Paper) -> Checked:
    """Ask of every printed sensitivity and specificity which whole number of patients gives it."""
    checked = Checked()
    for score in scores(paper):
        for name, group in (("sensitivity", "1"), ("specificity", "0")):
            figure = paper.find("discrimination", name, score=score)
            if figure is None:
                continue
            checked.tested += 1
            size = paper.size(group)
            if not attainable_counts(figure.number, size):
                checked.add(
                    f"implied_counts.{score}.{name}",
                    [figure, paper.size_figures[group]],
                    f"{figure.quantity}: {figure.digits} is no whole number of {size} patients.",
                    "unexplained",
                    f"{figure.number.value:g} × {size} = {figure.number.value * size:.2f}",
                    "Values are missing, or the figure is not right as printed.",
                )
    return checked


def auc_of_dichotomy(paper: Paper) -> Checked:
    """Hold the AUC of a dichotomous score against (sensitivity + specificity) / 2, which it equals."""
    checked = Checked()
    for score in scores(paper):
        auc = paper.find("discrimination", "auc", score=score)
        if auc is None or paper.positive_levels(score) is None:
            continue
        for margins in margins_of(paper, score):
            checked.tested += 1
            expected = _allowed(paper, margins)["auc"]
            if not auc.number.meets(expected.low, expected.high):
                checked.add(
                    f"auc_of_dichotomy.{score}.{margins.source.replace(' ', '_')}",
                    [auc, *margins.figures],
                    f"{auc.quantity}: {auc.digits} is not half the sum of sensitivity and specificity that "
                    f"{margins.source} in {margins.origin} give, {expected.low:.3f}.",
                    "contradiction",
                    f"{_counts(paper, margins)}: AUC = (sensitivity + specificity) / 2 = {expected.low:.4f}"
                    + ("" if expected.low == expected.high else f" to {expected.high:.4f}"),
                    "The AUC of a score with two values is nothing else. One of these figures is not right "
                    "as printed, or they are of different scores or patients.",
                )
    return checked


def margins_and_thresholds(paper: Paper) -> Checked:
    """Hold the counts of a score in one place against its sensitivity and specificity in another.

    Where they differ: can two thresholds of one score explain both? With the threshold raised, sensitivity
    cannot rise and specificity cannot fall.
    """
    checked = Checked()
    for score in scores(paper):
        known = margins_of(paper, score)
        for a, b in combinations(known, 2):
            checked.tested += 1
            if a.same(b):
                continue
            figures = [*a.figures, *b.figures]
            checked.add(
                f"margins.{score}",
                figures,
                f"{_label(paper, score)}: {a.source} in {a.origin} ({_counts(paper, a)}) and {b.source} in "
                f"{b.origin} ({_counts(paper, b)}) are not the same counts.",
                "contradiction",
                f"{_rates_in_words(paper, a)}; {_rates_in_words(paper, b)}",
                "Either place can be right, not both.",
            )
            checked.tested += 1
            if _dominates(a, b) or _dominates(b, a):
                worse, better = (a, b) if _dominates(b, a) else (b, a)
                checked.add(
                    f"thresholds.{score}",
                    figures,
                    f"{_label(paper, score)}: no two thresholds of one score give both. {worse.origin} has "
                    "the lower sensitivity and the lower specificity.",
                    "contradiction",
                    f"{_rates_in_words(paper, worse)}; {_rates_in_words(paper, better)}",
                    "A second cut-off does not explain the difference; different patients, readers or a "
                    "misprint would.",
                )
    return checked


def _dominates(better: Margins, worse: Margins) -> bool:
    """Whether one has more true and fewer false positives than the other, for all counts allowed."""
    return min(better.tp) > max(worse.tp) and max(better.fp) < min(worse.fp)


def predictive_values(paper: Paper) -> tuple[Checked, list[Implied]]:
    """Compute what the paper does not print of a dichotomous score, and check what it does."""
    checked, numbers = Checked(), []
    for score in scores(paper):
        for margins in distinct_margins(paper, score):
            rates = _allowed(paper, margins)
            for name, found in rates.items():
                printed = paper.find("discrimination", name, score=score)
                if printed is None or printed.kind != name:
                    numbers.append(
                        Implied(
                            name,
                            score,
                            f"{_label(paper, score)}: {name}",
                            found,
                            f"{margins.source} in {margins.origin}: {_counts(paper, margins)}",
                            margins.figures,
                        )
                    )
                elif name in ("ppv", "npv"):
                    checked.tested += 1
                    if not printed.number.meets(found.low, found.high):
                        checked.add(
                            f"predictive_values.{score}.{name}.{margins.source.replace(' ', '_')}",
                            [printed, *margins.figures],
                            f"{printed.quantity}: {printed.digits} is not the {_percent(found)} % that "
                            f"{margins.source} in {margins.origin} give.",
                            "contradiction",
                            f"{_counts(paper, margins)}: {found.low:.4f}",
                            "One of these figures is not right as printed, or the value is of another "
                            "prevalence.",
                        )
    return checked, numbers


def accuracies(paper: Paper, shares_correct: Mapping[str, Range]) -> Checked:
    """Ask of every number called an accuracy which quantity of its score it is (of any, where none is named).

    `shares_correct` has the proportion that a combined score can classify correctly.
    """
    checked = Checked()
    for figure in paper.figures.values():
        if figure.kind != "accuracy":
            continue
        checked.tested += 1
        named = figure.selector.get("score")
        candidates = [
            (words, found)
            for score in ([named] if named else scores(paper))
            for words, found in _candidates(paper, score, shares_correct)
        ]
        matches = [words for words, found in candidates if figure.number.meets(found.low, found.high)]
        others = [words for words, _ in candidates if words not in matches]
        is_proportion = any(words.startswith("the proportion") for words in matches)
        finding = f"{figure.quantity}: the “accuracy” of {figure.digits} fits "
        finding += "; ".join(matches) if matches else "no quantity of the score"
        checked.add(
            f"accuracy.{figure.id}",
            [figure],
            f"{finding}.",
            "convention" if matches else "unexplained",
            f"not fitting: {'; '.join(others)}" if others else "nothing else of this score is printed",
            ""
            if is_proportion or not matches
            else "It is no proportion of patients classified correctly that the figures show. An AUC of 0.5 "
            "is chance.",
        )
    return checked


def _candidates(paper: Paper, score: str, shares_correct: Mapping[str, Range]) -> Iterator[tuple[str, Range]]:
    """Yield what an accuracy of a score may be, in words with its value, and the range of each."""
    label = _label(paper, score)
    auc = paper.find("discrimination", "auc", score=score)
    if auc and auc.kind == "auc":
        yield f"the AUC of {label} ({auc.digits})", auc.number
    words = {
        "accuracy": "the proportion classified correctly",
        "sensitivity": "the sensitivity",
        "specificity": "the specificity",
        "ppv": "the positive predictive value",
        "npv": "the negative predictive value",
    }
    if score in shares_correct:
        share = shares_correct[score]
        yield f"{words['accuracy']} of {label} ({_percent(share)} %, at a risk of one half)", share
    for margins in distinct_margins(paper, score):
        rates = _allowed(paper, margins)
        for name, quantity in words.items():
            if name in rates:
                yield f"{quantity} of {label} ({_percent(rates[name])} %, {margins.origin})", rates[name]


def _label(paper: Paper, score: str) -> str:
    fields: Mapping[str, str] = paper.plan.get("discrimination", {}).get("scores", {}).get(score, {})
    return fields.get("label", score)


def _counts(paper: Paper, margins: Margins) -> str:
    n0, n1 = paper.sizes
    tp, fp = (
        str(counts[0]) if len(counts) == 1 else f"{min(counts)}-{max(counts)}"
        for counts in (margins.tp, margins.fp)
    )
    return f"{tp} of {n1} and {fp} of {n0}"


def _rates_in_words(paper: Paper, margins: Margins) -> str:
    rates = _allowed(paper, margins)
    return (
        f"{margins.origin}: {_counts(paper, margins)}, sensitivity {_percent(rates['sensitivity'])} %, "
        f"specificity {_percent(rates['specificity'])} %"
    )


def _percent(found: Range) -> str:
    low, high = f"{100 * found.low:.1f}", f"{100 * found.high:.1f}"
    return low if low == high else f"{low} to {high}"
