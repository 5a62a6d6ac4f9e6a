"""The same quantity printed in several places, and definitions given twice."""

import re
from itertools import combinations

from vbq.published.audit.finding import Checked, Severity
from vbq.published.paper import Figure, Paper


def repeated_figures(paper: Paper) -> Checked:
    """Hold all printings of a quantity against each other, each at its own decimals."""
    checked = Checked()
    for printings in paper.by_address.values():
        conflicts: list[tuple[Figure, Figure]] = []
        inequalities: list[tuple[Figure, Figure]] = []
        for a, b in combinations(printings, 2):
            checked.tested += 1
            if a.number.is_bound != b.number.is_bound and a.number.value == b.number.value:
                inequalities.append((a, b))
            elif not (a.number.is_bound and b.number.is_bound) and not _agree(a, b):
                conflicts.append((a, b))
        if conflicts:
            _tell(checked, conflicts[0], "contradiction")
        elif inequalities:
            _tell(checked, inequalities[0], "convention")
    return checked


def _agree(a: Figure, b: Figure) -> bool:
    if a.number.half_unit == b.number.half_unit and a.relation == b.relation:
        return a.number.value == b.number.value
    equality, other = (b, a) if a.number.is_bound else (a, b)
    return other.number.meets(equality.number.low, equality.number.high)


def _tell(checked: Checked, pair: tuple[Figure, Figure], severity: Severity) -> None:
    a, b = pair
    subject = ".".join([a.table, *a.selector.values(), a.column]).replace("..", ".")
    places = f"{a.text} in “{a.location}” and {b.text} in “{b.location}”"
    if severity == "convention":
        checked.add(
            f"repeated.{subject}",
            pair,
            f"{a.quantity}: {places}. An equality and an inequality at the same number cannot both be meant.",
            severity,
            f"{a.text}; {b.text}",
            "The equality is the one that recomputation can test.",
        )
        return
    checked.add(
        f"repeated.{subject}",
        pair,
        f"{a.quantity}: {places}.",
        severity,
        f"no number is printed as {a.text} and as {b.text}",
        "One of the two places is not right as printed, or they are not the same quantity.",
    )


def repeated_definitions(paper: Paper) -> Checked:
    """Hold what the paper says of one thing in several places against each other."""
    checked = Checked()
    for quantity, places in paper.definitions.items():
        checked.tested += 1
        if len(set(places.values())) > 1:
            words = "; ".join(f"{said} in “{location}”" for location, said in places.items())
            checked.add(
                f"definition.{re.sub('[^a-z0-9]+', '_', quantity.lower()).strip('_')}",
                [],
                f"{quantity}: {words}.",
                "contradiction",
                words,
                "Only one of them can be the definition that was used.",
            )
    return checked
