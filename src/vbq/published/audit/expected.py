"""What the printed means imply: the size of a subgroup, the cut-off, expected sensitivity and AUC."""

import math
from collections.abc import Sequence

from vbq.published.audit.accuracy import distinct_margins
from vbq.published.audit.finding import Checked
from vbq.published.audit.implied import Implied
from vbq.published.paper import Figure, Paper
from vbq.stats.digits import in_full
from vbq.stats.rounded import (
    Range,
    normal_auc,
    normal_sensitivity,
    pooled_sd,
    rounded_as_printed,
    sd_from_share,
    size_of_part,
    whole_numbers,
)


def subgroup_sizes(paper: Paper) -> tuple[Checked, list[Implied]]:
    """Compute the size of a subgroup from three means: of the subgroup, of the others, and of all.

    The mean of all is that of the outcome groups, weighted by their sizes.
    """
    checked = Checked()
    numbers: list[Implied] = []
    n = sum(paper.sizes)
    for table, subanalysis in paper.plan.get("subanalyses", {}).items():
        score = subanalysis["score"]
        groups = _group_means(paper, score)
        for name in subanalysis["variables"]:
            levels = [str(level) for level in paper.codebook[name].levels]
            if groups is None or len(levels) != 2:
                continue
            rest, part = (
                paper.find(f"{table}_groups", "mean", variable=name, level=level) for level in levels
            )
            if part is None or rest is None:
                continue
            checked.tested += 1
            overall = _overall(groups, paper.sizes)
            found = size_of_part(overall, part.number, rest.number, n)
            figures = [*groups, part, rest]
            is_possible = found.low <= found.high
            least = max(math.ceil(found.low - 1e-9), 1) if is_possible else n
            most = min(math.floor(found.high + 1e-9), n - 1) if is_possible else 0
            evidence = (
                f"mean of all {overall.low:.4f} to {overall.high:.4f}; {n} × (mean of all − {rest.digits}) / "
                f"({part.digits} − {rest.digits}) = "
                + (f"{found.low:.1f} to {found.high:.1f}" if is_possible else "impossible")
            )
            label = paper.codebook[name].levels[_key(paper, name, levels[1])]
            label = f"{paper.codebook[name].label}: {label}"
            if least > most:
                checked.add(
                    f"subgroup_size.{name}",
                    figures,
                    f"{label}: no number of patients gives the three printed means.",
                    "contradiction",
                    evidence,
                    "One of the means is not right as printed, or they are of different patients.",
                )
                continue
            whole = Range(least, most)
            method = "the three printed means"
            numbers.append(Implied("n", name, label, whole, method, figures))
            checked.add(
                f"subgroup_size.{name}",
                figures,
                f"{label}: the paper does not print how many; its means imply {whole.low:g} to "
                f"{whole.high:g} of {n} patients.",
                "note",
                evidence,
            )
    return checked, numbers


def _key(paper: Paper, name: str, level: str) -> object:
    return next(key for key in paper.codebook[name].levels if str(key) == level)


def cutoffs(paper: Paper) -> tuple[Checked, list[Implied]]:
    """Hold the printed cut-off against the paper's rule: the midpoint of the group means, rounded."""
    checked = Checked()
    numbers: list[Implied] = []
    score = paper.plan.get("cutoff", {}).get("score")
    groups = _group_means(paper, score) if score else None
    if groups is None:
        return checked, numbers
    low = (groups[0].number.low + groups[1].number.low) / 2
    midpoint = Range(low, (groups[0].number.high + groups[1].number.high) / 2)
    overall, label = _overall(groups, paper.sizes), paper.codebook[score].label
    numbers.append(
        Implied("cutoff", score, f"{label}: midpoint of the group means", midpoint, "two means", groups)
    )
    numbers.append(Implied("mean", score, f"{label}: mean of all patients", overall, "two means", groups))
    printed = paper.find("cutoff", "cutoff", score=score, method="mean_midpoint_rounded")
    if printed:
        checked.tested += 1
        whole = whole_numbers(midpoint)
        agrees = printed.number.value in whole
        checked.add(
            f"cutoff.{score}",
            [printed, *groups],
            f"The midpoint of the printed means, {midpoint.low:.3f} to {midpoint.high:.3f}, rounds to "
            f"{' or '.join(map(str, whole))}; the printed cut-off is {printed.digits}.",
            "note" if agrees else "unexplained",
            f"({groups[0].digits} + {groups[1].digits}) / 2; the mean of all patients is {overall.low:.3f} "
            f"to {overall.high:.3f} and rounds to {rounded_as_printed(overall.low, 0)}",
            "" if agrees else "The cut-off was chosen in another way, or a figure is not right as printed.",
        )
    return checked, numbers


def performance(paper: Paper) -> tuple[Checked, list[Implied]]:
    """Compute sensitivity, specificity and AUC that means and implied standard deviation let expect.

    The score is taken to be normal in each group, with the pooled standard deviation that means and
    p-value imply (a bound on it where the p-value is one). Besides, the standard deviations with which the
    printed shares lie above the cut-off, and the AUC of the continuous score that they imply.
    """
    checked = Checked()
    numbers: list[Implied] = []
    for name, dichotomy in paper.dichotomies.items():
        groups, p_value = _group_means(paper, dichotomy.of), paper.p_value(dichotomy.of)
        if groups is None or p_value is None:
            continue
        label = paper.codebook[dichotomy.of].label
        cutoff = dichotomy.above + (paper.codebook[dichotomy.of].step or 0) / 2
        sd = pooled_sd((groups[0].number, groups[1].number), p_value.number, paper.sizes)
        means = (groups[0].number.value, groups[1].number.value)
        expected = _expected(means, sd, cutoff)
        figures = [*groups, p_value]
        method = f"normal in each group, pooled standard deviation {_span(sd)} from means and p-value"
        for quantity, found in expected.items():
            what = f"{label} > {in_full(dichotomy.above)}: expected {quantity}"
            if quantity == "auc":
                what = f"{label}: expected AUC"
            numbers.append(Implied(f"expected_{quantity}", name, what, found, method, figures))
        _compare(checked, paper, name, label, expected, figures)
        for margins in distinct_margins(paper, name):
            if margins.is_one:
                shares = (margins.fp[0] / paper.sizes[0], margins.tp[0] / paper.sizes[1])
                sds = tuple(sd_from_share(m, cutoff, share) for m, share in zip(means, shares, strict=True))
                if all(map(math.isfinite, sds)):
                    auc = normal_auc(means, (sds[0], sds[1]))
                    numbers.append(
                        Implied(
                            "auc_of_continuous_score",
                            dichotomy.of,
                            f"{label}: AUC, from the shares above the cut-off",
                            Range(auc, auc),
                            f"normal in each group, standard deviations {sds[0]:.3g} and {sds[1]:.3g} from "
                            f"means and the counts of {margins.origin}",
                            [*groups, *margins.figures],
                        )
                    )
    return checked, numbers


def _compare(
    checked: Checked,
    paper: Paper,
    name: str,
    label: str,
    expected: dict[str, Range],
    figures: Sequence[Figure],
) -> None:
    """Say how the printed performance of a dichotomous score compares with what its means let expect."""
    words = []
    printed_figures = []
    for quantity, found in expected.items():
        printed = paper.find("discrimination", quantity, score=name)
        if quantity == "auc" or printed is None:
            continue
        checked.tested += 1
        printed_figures.append(printed)
        words.append(f"{quantity} {_share(found)}, printed {printed.digits}")
    if words:
        auc = expected["auc"]
        checked.add(
            f"expected_performance.{name}",
            [*figures, *printed_figures],
            f"{label}: with normal scores, means and p-value let expect {'; '.join(words)}. The AUC of the "
            f"continuous score, which the paper does not print, would be {_share(auc)}.",
            "note",
            f"means {figures[0].digits} and {figures[1].digits}, p {figures[2].text}",
            "An expectation under normality, no test of the printed figures.",
        )


def _expected(means: tuple[float, float], sd: Range, cutoff: float) -> dict[str, Range]:
    ends = [max(sd.low, 1e-9), sd.high if math.isfinite(sd.high) else 1e9]
    per_quantity = {
        "sensitivity": [normal_sensitivity(means[1], end, cutoff) for end in ends],
        "specificity": [1 - normal_sensitivity(means[0], end, cutoff) for end in ends],
        "auc": [normal_auc(means, (end, end)) for end in ends],
    }
    return {quantity: Range(min(found), max(found)) for quantity, found in per_quantity.items()}


def _group_means(paper: Paper, variable: str) -> tuple[Figure, Figure] | None:
    first, second = (paper.cell("mean", variable, "", group) for group in ("0", "1"))
    return (first, second) if first and second else None


def _overall(groups: tuple[Figure, Figure], sizes: tuple[int, int]) -> Range:
    """The mean of all patients, from those of the outcome groups."""

    def weighted(first: float, second: float) -> float:
        return (sizes[0] * first + sizes[1] * second) / sum(sizes)

    a, b = (figure.number for figure in groups)
    return Range(weighted(a.low, b.low), weighted(a.high, b.high))


def _share(found: Range) -> str:
    return f"at least {found.low:.3f}" if found.high > 0.9995 else f"{found.low:.3f} to {found.high:.3f}"


def _span(sd: Range) -> str:
    return f"at most {sd.high:.3g}" if sd.low <= 0 else f"{sd.low:.3g} to {sd.high:.3g}"
