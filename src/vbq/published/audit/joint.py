"""Two dichotomous scores and their combination: which joint tables fit the printed margins and AUC."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from vbq.published.audit.accuracy import Margins, distinct_margins
from vbq.published.audit.finding import Checked
from vbq.published.audit.implied import Implied
from vbq.published.paper import Figure, Paper
from vbq.stats.joint import DESIGN, PATTERNS, CombinedRules, combined_rules, joint_tables
from vbq.stats.rounded import Range

MODELS = {False: "without interaction", True: "with interaction"}
MOST_TABLES = 200_000
CONFIDENCE = 0.95
COLUMNS = [
    *("score", "first", "second", "margins_first", "margins_second", "model"),
    *(f"{pattern}_{group}" for group in (0, 1) for pattern in PATTERNS),
    *("auc", "fits_printed_auc", "p_value", "accuracy", "is_separated"),
    *("intercept", "log_odds_first", "log_odds_second", "log_odds_interaction"),
    *(f"risk_{pattern}" for pattern in PATTERNS),
]


@dataclass(frozen=True)
class Feasible:
    """The joint tables that one pair of margins allows, and their combined rules by one model."""

    score: str
    labels: tuple[str, str]
    margins: tuple[Margins, Margins]
    interaction: bool
    tables: NDArray[np.int64]
    rules: CombinedRules
    fits: NDArray[np.bool_]
    auc: Figure | None

    @property
    def margins_in_words(self) -> tuple[str, str]:
        """Both margins: 42 of the patients with, 7 of those without the outcome, and where they stand."""
        first, second = (
            f"{margins.tp[0]} with and {margins.fp[0]} without the outcome ({margins.origin})"
            for margins in self.margins
        )
        return first, second


def feasible_tables(paper: Paper) -> list[Feasible]:
    """Enumerate the joint tables of every combination of two dichotomous scores, under each of their margins.

    Margins that the figures leave ambiguous, and pairs with more than `MOST_TABLES` tables, are left out.
    """
    found = []
    for score, first, second in _combinations(paper):
        auc = paper.find("discrimination", "auc", score=score)
        for a, b in product(distinct_margins(paper, first), distinct_margins(paper, second)):
            if not (a.is_one and b.is_one):
                continue
            sizes = np.array(paper.sizes)
            ends = [np.array([margins.fp[0], margins.tp[0]]) for margins in (a, b)]
            if (sizes < ends).any() or np.prod(np.minimum(*ends) + 1) > MOST_TABLES:
                continue
            tables = joint_tables(sizes, *ends)
            fields = paper.plan["discrimination"]["scores"]
            labels = (fields[first]["label"], fields[second]["label"])
            for interaction in MODELS:
                rules = combined_rules(tables, interaction)
                fits = np.array([auc.number.allows(value) if auc else False for value in rules.auc])
                found.append(Feasible(score, labels, (a, b), interaction, tables, rules, fits, auc))
    return found


def _combinations(paper: Paper) -> Iterator[tuple[str, str, str]]:
    """Yield each score that combines the variables of two dichotomous scores, and those scores."""
    fields = paper.plan.get("discrimination", {}).get("scores", {})
    of_variable = {
        entry["variables"][0]: name
        for name, entry in fields.items()
        if len(entry["variables"]) == 1 and paper.positive_levels(name)
    }
    for name, entry in fields.items():
        if len(entry["variables"]) == 2 and set(entry["variables"]) <= set(of_variable):
            first, second = (of_variable[variable] for variable in entry["variables"])
            yield name, first, second


def joint_feasibility(paper: Paper, feasible: Sequence[Feasible]) -> Checked:
    """Ask whether the printed AUC of the combined score is attainable, under which margins and tables."""
    checked = Checked(tested=sum(len(part.tables) for part in feasible))
    for score in dict.fromkeys(part.score for part in feasible):
        parts = [part for part in feasible if part.score == score and part.auc]
        auc = parts[0].auc if parts else None
        if auc is None:
            continue
        attained = any(part.fits.any() for part in parts)
        evidence = "; ".join(_span_in_words(part) for part in parts)
        figures = [auc, *(figure for part in parts for each in part.margins for figure in each.figures)]
        if not attained:
            checked.add(
                f"joint_feasibility.{score}",
                figures,
                f"{auc.quantity}: no joint table with the printed margins gives {auc.digits} by logistic "
                "regression, with or without interaction.",
                "contradiction",
                evidence,
                "The AUC or a margin is not right as printed, or the scores were combined in another way.",
            )
            continue
        several = len({part.margins_in_words for part in parts}) > 1
        checked.add(
            f"joint_feasibility.{score}",
            figures,
            f"{auc.quantity}: {auc.digits} is attainable"
            + (" under one of the conflicting margins" if several else " under the printed margins")
            + f": {_fitting_in_words(parts)}.",
            "note",
            evidence,
            "",
        )
        for part in parts:
            if several and not part.fits.any() and not part.interaction:
                _tell_excluded(checked, part, auc, parts)
    return checked


def _tell_excluded(checked: Checked, part: Feasible, auc: Figure, parts: Sequence[Feasible]) -> None:
    """Tell of margins that do not allow the printed AUC without interaction, while others do."""
    saturated = next(
        other for other in parts if other.margins == part.margins and other.interaction != part.interaction
    )
    conflicting = next(
        margins
        for i, margins in enumerate(part.margins)
        if len({other.margins[i].source for other in parts}) > 1
    )
    words = f"; with an interaction {int(saturated.fits.sum())} of {len(saturated.tables)} tables do"
    if saturated.fits.any():
        risks = saturated.rules.risks[saturated.fits]
        if (risks[:, 3] < np.maximum(risks[:, 1], risks[:, 2])).all():
            words += ", in all of which patients with both scores positive have a lower risk than with one"
    checked.add(
        f"joint_feasibility.{part.score}.{conflicting.origin.lower().replace(' ', '_')}",
        [auc, *part.margins[0].figures, *part.margins[1].figures],
        f"{auc.quantity}: with the counts of {conflicting.origin} no joint table gives {auc.digits} without "
        f"interaction (at most {part.rules.auc.max():.3f}){words}.",
        "unexplained" if saturated.fits.any() else "contradiction",
        _span_in_words(part),
        f"Printed AUC and the counts of {conflicting.origin} cannot both be right"
        + (
            ", unless the two scores were combined with such an interaction." if saturated.fits.any() else "."
        ),
    )


def _fitting_in_words(parts: Sequence[Feasible]) -> str:
    """Say how many tables fit, by margins and model."""
    return "; ".join(
        f"{int(part.fits.sum())} of {len(part.tables)} joint tables {MODELS[part.interaction]} "
        f"({', '.join(dict.fromkeys(margins.origin for margins in part.margins))})"
        for part in parts
    )


def _span_in_words(part: Feasible) -> str:
    first, second = part.margins_in_words
    auc = part.rules.auc
    words = (
        f"{part.labels[0]} {first}, {part.labels[1]} {second}, {MODELS[part.interaction]}: "
        f"{int(part.fits.sum())} of {len(part.tables)} tables fit, AUC {auc.min():.4f} to {auc.max():.4f}"
    )
    if part.fits.any() and part.fits.sum() <= 12:
        both = ", ".join(f"{b0}/{b1}" for b0, b1 in part.tables[part.fits][:, :, 3])
        words += f" (both positive, without/with the outcome: {both})"
    return words


def risk_intervals(part: Feasible, confidence: float = CONFIDENCE) -> NDArray[np.float64]:
    """Return both limits of the fitted risks of the joint tables that fit (m x 4 patterns x 2).

    Wald's interval on the logit scale, from the covariance of the coefficients of the model without
    interaction. Tables without finite coefficients are left out; NaN for a pattern that no patient has.
    Replicates `get_prediction` of statsmodels' GLM (absolute 1e-8).
    """
    chosen = part.fits & ~part.rules.is_separated
    risks = part.rules.risks[chosen]
    linear_predictor = part.rules.coefficients[chosen] @ DESIGN.T
    fitted = special.expit(linear_predictor)
    weights = part.tables[chosen].sum(axis=1) * fitted * (1 - fitted)
    covariance = np.linalg.inv(np.einsum("mk,ki,kj->mij", weights, DESIGN, DESIGN))
    half = special.ndtri((1 + confidence) / 2) * np.sqrt(
        np.einsum("ki,mij,kj->mk", DESIGN, covariance, DESIGN)
    )
    limits = special.expit(np.stack([linear_predictor - half, linear_predictor + half], axis=-1))
    return np.where(np.isnan(risks)[:, :, None], np.nan, limits)


def combined_rule(feasible: Sequence[Feasible]) -> tuple[Checked, list[Implied]]:
    """Give what the fitting tables leave for the combined rule: ranges of coefficients and of risks.

    The interval of a risk goes from the lowest lower to the highest upper limit over the tables, so that it
    has both uncertainties: which table it was, and the sampling of its patients.
    """
    checked, numbers = Checked(), []
    for part in feasible:
        if part.interaction or not part.fits.any() or part.auc is None:
            continue
        checked.tested += 1
        origins = ", ".join(dict.fromkeys(margins.origin for margins in part.margins))
        figures = [part.auc, *part.margins[0].figures, *part.margins[1].figures]
        method = (
            f"logistic regression {MODELS[False]} on the {int(part.fits.sum())} joint tables that fit the "
            f"printed margins ({origins}) and AUC"
        )
        names = {"neither": "neither positive", "both": "both positive"}
        names |= {"first": f"only {part.labels[0]}", "second": f"only {part.labels[1]}"}
        quantities = [
            *(
                (f"risk_{pattern}", names[pattern], values)
                for pattern, values in zip(PATTERNS, part.rules.risks[part.fits].T, strict=True)
            ),
            *(
                (quantity, label, values)
                for (quantity, label), values in zip(
                    (
                        ("intercept", "intercept"),
                        ("log_odds_first", f"log-odds of {part.labels[0]}"),
                        ("log_odds_second", f"log-odds of {part.labels[1]}"),
                    ),
                    part.rules.coefficients[part.fits].T,
                    strict=True,
                )
            ),
        ]
        words = []
        for quantity, label, values in quantities:
            known = values[np.isfinite(values)]
            if not len(known):
                continue
            found = Range(float(known.min()), float(known.max()))
            numbers.append(Implied(quantity, part.score, label, found, method, figures))
            shown = (
                f"{100 * found.low:.1f} to {100 * found.high:.1f} %"
                if quantity.startswith("risk")
                else f"{found.low:.2f} to {found.high:.2f}"
            )
            words.append(f"{label} {shown}")
        of_intervals = (
            f"lowest lower and highest upper limit of the {100 * CONFIDENCE:g} % intervals (Wald, on the "
            f"logit scale) of the fitted risk: {method}"
        )
        for pattern, limits in zip(PATTERNS, risk_intervals(part).swapaxes(0, 1), strict=True):
            if np.isfinite(limits).any():
                found = Range(float(np.nanmin(limits)), float(np.nanmax(limits)))
                label = f"{names[pattern]}: interval of the risk"
                numbers.append(
                    Implied(f"risk_interval_{pattern}", part.score, label, found, of_intervals, figures)
                )
        separated = int(part.rules.is_separated[part.fits].sum())
        checked.add(
            f"combined_rule.{part.score}",
            figures,
            f"The combined rule is not printed. The {int(part.fits.sum())} joint tables that fit leave these "
            f"risks and coefficients: {'; '.join(words)}.",
            "note",
            _span_in_words(part)
            + (f"; {separated} of them have no finite coefficients and are left out" if separated else ""),
            "These are risks in a sample in which the outcome is as frequent as here; elsewhere the "
            "intercept differs.",
        )
    return checked, numbers


def shares_correct(feasible: Sequence[Feasible]) -> dict[str, Range]:
    """Return what share of patients each combined rule can classify correctly at a risk of one half.

    Over the joint tables that fit the printed AUC without interaction.
    """
    found: dict[str, list[float]] = {}
    for part in feasible:
        if not part.interaction and part.fits.any():
            found.setdefault(part.score, []).extend(part.rules.accuracy[part.fits])
    return {score: Range(min(values), max(values)) for score, values in found.items()}


def joint_table_rows(feasible: Sequence[Feasible]) -> pd.DataFrame:
    """Return one row per joint table, margins and model, with `COLUMNS`."""
    parts = []
    for part in feasible:
        first, second = part.margins_in_words
        rules = part.rules
        frame = pd.DataFrame(
            {
                f"{pattern}_{group}": part.tables[:, group, k]
                for group in (0, 1)
                for k, pattern in enumerate(PATTERNS)
            }
        )
        frame = frame.assign(
            score=part.score,
            first=part.labels[0],
            second=part.labels[1],
            margins_first=first,
            margins_second=second,
            model=MODELS[part.interaction],
            auc=rules.auc,
            fits_printed_auc=np.where(part.fits, "yes", "no") if part.auc else "",
            p_value=rules.p_value,
            accuracy=rules.accuracy,
            is_separated=np.where(rules.is_separated, "yes", "no"),
            log_odds_interaction=rules.coefficients[:, 3] if part.interaction else np.nan,
        )
        for k, name in enumerate(("intercept", "log_odds_first", "log_odds_second")):
            frame[name] = rules.coefficients[:, k]
        for k, pattern in enumerate(PATTERNS):
            frame[f"risk_{pattern}"] = rules.risks[:, k]
        parts.append(frame[COLUMNS])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
