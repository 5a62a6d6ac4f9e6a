"""Printed estimates: odds ratios or log-odds, Wald or profile intervals, and what the odds ratio is then."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vbq.published.audit.finding import Checked
from vbq.published.audit.implied import Implied
from vbq.published.paper import RATIO_KINDS, Figure, Paper
from vbq.stats.rounded import Interval95, Range, interval_on

SCALES = {"log_odds": "log-odds", "odds_ratio": "odds ratio"}
FACTOR = 10  # Wald's and the likelihood-ratio p-value of one estimate differ less than this, mostly
BORDER = (0.01, 0.1)  # p-values between these may lie on either side of 0.05 by another method


@dataclass(frozen=True)
class PrintedEstimate:
    """An estimate with its interval as printed in one place, read on each scale (None where impossible).

    `named` is the scale that the paper names: odds_ratio, or log_odds for an estimate without a name.
    """

    term: str
    estimate: Figure
    low: Figure
    high: Figure
    p_value: Figure | None
    named: str
    readings: dict[str, Interval95 | None]

    @property
    def figures(self) -> list[Figure | None]:
        """All printed parts."""
        return [self.estimate, self.low, self.high, self.p_value]

    @property
    def place(self) -> str:
        """The part of the paper, as part of an id: table_2."""
        return self.estimate.location.partition(",")[0].lower().replace(" ", "_")

    def is_possible(self, scale: str) -> bool:
        """Whether interval and p-value can belong together on a scale: the same side of 0.05, or nearly."""
        reading = self.readings[scale]
        if reading is None:
            return False
        if self.p_value is None or math.isnan(reading.wald_p):
            return True
        printed, implied = self.p_value.number.value, reading.wald_p
        if self.p_value.number.is_bound:
            return reading.excludes_zero or implied < printed * FACTOR
        if BORDER[0] <= printed <= BORDER[1] and BORDER[0] / FACTOR <= implied <= BORDER[1] * FACTOR:
            return True
        return (printed < 0.05) == reading.excludes_zero

    @property
    def is_inside(self) -> bool:
        """Whether the estimate lies inside its interval."""
        return self.low.number.low <= self.estimate.number.high and (
            self.estimate.number.low <= self.high.number.high
        )


def printed_estimates(paper: Paper) -> list[PrintedEstimate]:
    """Return every estimate of the multivariable model that is printed with its interval, place by place."""
    places: dict[tuple[str, str], dict[str, Figure]] = {}
    for figure in paper.figures.values():
        if figure.table == "multivariable":
            parts = places.setdefault((figure.location, figure.selector["term"]), {})
            parts[RATIO_KINDS.get(figure.kind, figure.kind)] = figure
    found = []
    for (_, term), parts in places.items():
        if not {"estimate", "conf_low", "conf_high"} <= set(parts):
            continue
        estimate, low, high = parts["estimate"], parts["conf_low"], parts["conf_high"]
        readings = {scale: interval_on(scale, estimate.number, low.number, high.number) for scale in SCALES}
        named = "odds_ratio" if estimate.kind == "odds_ratio" else "log_odds"
        found.append(PrintedEstimate(term, estimate, low, high, parts.get("p_value"), named, readings))
    return found


def scales(paper: Paper) -> tuple[Checked, list[Implied]]:
    """Decide of every printed estimate whether it is an odds ratio or log-odds, and what made its interval.

    An odds ratio is compared with 1 and on the log scale, a log-odds with 0. A scale on which interval and
    p-value contradict each other is excluded. A Wald interval is symmetric on the log-odds scale.
    """
    checked, numbers = Checked(), []
    estimates = printed_estimates(paper)
    some_is_no_ratio = any(not item.is_possible("odds_ratio") for item in estimates)
    for item in estimates:
        checked.tested += 1
        subject = f"{item.term}.{item.place}"
        if not item.is_inside:
            checked.add(
                f"scale_of_estimate.{subject}",
                item.figures,
                f"{item.estimate.quantity}: {item.estimate.digits} does not lie in its interval, "
                f"{item.low.digits} to {item.high.digits}.",
                "contradiction",
                f"{item.low.digits} ≤ {item.estimate.digits} ≤ {item.high.digits} is false",
                "The estimate or a limit is not right as printed.",
            )
            continue
        possible = [scale for scale in SCALES if item.is_possible(scale)]
        _tell_scale(checked, item, possible, subject)
        scale = possible[0] if len(possible) == 1 else item.named
        if len(possible) == 2 and item.named == "odds_ratio" and some_is_no_ratio:
            scale = "log_odds"  # as the other estimates of the same model
        reading = item.readings[scale]
        if reading and item is _most_exact(estimates, item.term):
            _tell_interval(checked, item, reading, scale)
            if scale == "log_odds":
                numbers += _odds_ratios(item, paper)
    _tell_mixed(checked, estimates)
    return checked, numbers


def _tell_scale(checked: Checked, item: PrintedEstimate, possible: Sequence[str], subject: str) -> None:
    named = SCALES[item.named]
    evidence = "; ".join(
        f"as {SCALES[scale]}: {'excludes' if reading.excludes_zero else 'includes'} no effect, Wald p "
        f"{reading.wald_p:.2g}"
        if reading
        else f"as {SCALES[scale]}: impossible, a ratio is above 0"
        for scale, reading in item.readings.items()
    )
    printed = f"{item.estimate.digits} ({item.low.digits} to {item.high.digits})"
    if item.p_value:
        evidence += f"; printed p {item.p_value.text}"
        printed += f", p {item.p_value.text}"
    if item.named in possible:
        if len(possible) == 1 and item.named == "log_odds":
            checked.add(
                f"scale_of_estimate.{subject}",
                item.figures,
                f"{item.estimate.quantity}: {printed} fits as log-odds only; it is no odds ratio.",
                "convention",
                evidence,
                f"The odds ratio is {_ratio_words(item)}.",
            )
        return
    if possible:
        other = SCALES[possible[0]]
        checked.add(
            f"scale_of_estimate.{subject}",
            item.figures,
            f"{item.estimate.quantity}: {printed} cannot be as named, {named}; interval and p-value fit each "
            f"other as {other}.",
            "contradiction",
            evidence,
            f"Read as {other}, the odds ratio is {_ratio_words(item)}; the sentence in "
            f"“{item.estimate.location}” is affected."
            if possible[0] == "log_odds"
            else f"The sentence in “{item.estimate.location}” is affected.",
        )
        return
    checked.add(
        f"scale_of_estimate.{subject}",
        item.figures,
        f"{item.estimate.quantity}: {printed}: interval and p-value do not fit each other, neither as "
        "log-odds nor as odds ratio.",
        "unexplained",
        evidence,
        "A limit or the p-value is not right as printed, or they come from different methods.",
    )


def _tell_interval(checked: Checked, item: PrintedEstimate, reading: Interval95, scale: str) -> None:
    if math.isnan(reading.skew.low):
        return
    middle = (reading.high - reading.estimate) / (reading.estimate - reading.low)
    is_wald = reading.skew.allows(1)
    evidence = (
        f"as {SCALES[scale]}, on the log-odds scale: {reading.high - reading.estimate:.4g} above and "
        f"{reading.estimate - reading.low:.4g} below the estimate, ratio {middle:.3f} "
        f"({reading.skew.low:.3f} to {reading.skew.high:.3f} with rounding); a Wald interval has 1"
    )
    checked.add(
        f"interval_method.{item.term}",
        item.figures[:3],
        f"{item.estimate.quantity}: the interval is "
        + (
            "symmetric on the log-odds scale within rounding, as a Wald interval is."
            if is_wald
            else "not symmetric on the log-odds scale, so it is no Wald interval; a profile-likelihood "
            "interval is skewed like this."
        ),
        "convention",
        evidence,
    )


def _tell_mixed(checked: Checked, estimates: Sequence[PrintedEstimate]) -> None:
    """Tell of numbers printed as odds ratios in one place and without that name in another."""
    for item in estimates:
        others = [
            other
            for other in estimates
            if other.term == item.term
            and other.named == "log_odds"
            and other.low.number.value == item.low.number.value
            and other.high.number.value == item.high.number.value
        ]
        if item.named != "odds_ratio" or not others or not item.is_possible("odds_ratio"):
            continue
        proven = [other for other in estimates if not other.is_possible("odds_ratio")]
        words = "; ".join(
            dict.fromkeys(f"{other.estimate.quantity} {other.estimate.digits}" for other in proven)
        )
        checked.add(
            f"scale_of_estimate.{item.term}.named_twice",
            [item.estimate, item.low, item.high, others[0].estimate, others[0].low, others[0].high],
            f"{item.estimate.quantity}: {item.estimate.digits} ({item.low.digits} to {item.high.digits}) is "
            f"called an odds ratio in “{item.estimate.location}” and an estimate in "
            f"“{others[0].estimate.location}”.",
            "unexplained" if proven else "note",
            f"proven to be log-odds in the same model: {words}"
            if proven
            else "no estimate decides the scale",
            "If all estimates of the model are on one scale it is a log-odds, and the odds ratio "
            f"{_ratio_words(item)}; the sentence in “{item.estimate.location}” is affected."
            if proven
            else "",
        )


def _ratio_words(item: PrintedEstimate) -> str:
    values = [math.exp(figure.number.value) for figure in (item.estimate, item.low, item.high)]
    return f"{values[0]:.3g} ({values[1]:.3g} to {values[2]:.3g})"


def _odds_ratios(item: PrintedEstimate, paper: Paper) -> list[Implied]:
    """Exponentiate a printed log-odds and its limits."""
    variable = paper.codebook.get(item.term.partition("[")[0])
    label = variable.label if variable else item.term
    parts = {
        "odds_ratio": ("odds ratio", item.estimate),
        "odds_ratio_low": ("odds ratio, lower limit", item.low),
        "odds_ratio_high": ("odds ratio, upper limit", item.high),
    }
    return [
        Implied(
            quantity,
            item.term,
            f"{label}: {words}",
            Range(math.exp(figure.number.low), math.exp(figure.number.high)),
            "exponential of the printed log-odds",
            (figure,),
        )
        for quantity, (words, figure) in parts.items()
    ]


def _most_exact(estimates: Sequence[PrintedEstimate], term: str) -> PrintedEstimate:
    """Return the printing of a term's estimate with the most decimals."""
    printings = [item for item in estimates if item.term == term]
    return min(printings, key=lambda item: item.estimate.number.half_unit)
