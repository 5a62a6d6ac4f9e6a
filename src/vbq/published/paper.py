"""A publication's printed figures, looked up by what they are of.

`transcribe` turns the files of `data/published/<paper>` into a `Paper`, or tells every problem of the
transcription at once. docs/transcribing.md describes the form.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.problems import Problems
from vbq.published.compare import RELATIONS, parse_selector
from vbq.stats.rounded import Printed

COLUMNS = (
    *("id", "location", "quantity", "printed", "relation", "unit", "kind"),
    *("table", "row", "column", "scale", "note"),
)
ALL = "all"  # the group of all patients
GROUPS = ("0", "1")
GROUP_OF_SIZE = {"without": "0", "with": "1", "all": ALL}  # the keys of `sizes` in paper.yaml
RATIO_KINDS = {
    "odds_ratio": "estimate",
    "odds_ratio_low": "conf_low",
    "odds_ratio_high": "conf_high",
}
UNIT_INTERVAL = (0.0, 1.0)
# The kinds of figures, each with the numbers that can be, in the unit of the results.
KINDS: Mapping[str, tuple[float, float]] = {
    "group_size": (1, math.inf),
    "count": (0, math.inf),
    "percent": (0, 100),
    "mean": (-math.inf, math.inf),
    "sd": (0, math.inf),
    "p_value": UNIT_INTERVAL,
    **dict.fromkeys(("estimate", "conf_low", "conf_high", *RATIO_KINDS), (-math.inf, math.inf)),
    **dict.fromkeys(("sensitivity", "specificity", "ppv", "npv", "accuracy", "auc"), UNIT_INTERVAL),
    "icc": (-1, 1),
    "cutoff": (-math.inf, math.inf),
}
WHOLE = ("group_size", "count")
# What the row of an address must name, by its table.
SELECTED_BY: Mapping[str, frozenset[str]] = {
    "univariable": frozenset({"variable"}),
    "univariable_groups": frozenset({"variable", "level", "group"}),
    "univariable_effects": frozenset({"term"}),
    "multivariable": frozenset({"term"}),
    "discrimination": frozenset({"score"}),
}

Address = tuple[str, frozenset[tuple[str, str]], str]


@dataclass(frozen=True)
class Figure:
    """One printed figure. `number` is in the unit of the results, `digits` what stands in the paper."""

    id: str
    location: str
    quantity: str
    digits: str
    relation: str
    kind: str
    table: str
    selector: Mapping[str, str]
    column: str
    number: Printed

    @property
    def text(self) -> str:
        """The figure as it is printed."""
        return self.digits if self.relation == "=" else f"{self.relation}{self.digits}"

    @property
    def address(self) -> Address:
        """Where in the results the figure is recomputed."""
        return self.table, frozenset(self.selector.items()), self.column


@dataclass(frozen=True)
class Dichotomy:
    """A score that says whether a continuous one (`of`) lies above a cut-off."""

    of: str
    above: float


@dataclass(frozen=True)
class Paper:
    """The printed figures of a publication, and what it says they are.

    `plan` is the analysis plan that the publication followed. `size_figures` print the sizes of the outcome
    groups ("0", "1") and of both ("all"). `sums` are (total, parts); `definitions` what is said in several
    places about something that is no figure: quantity, then what is said by location.
    """

    name: str
    title: str
    provenance: str
    plan: Mapping[str, Any]
    codebook: Mapping[str, Variable]
    figures: Mapping[str, Figure]
    size_figures: Mapping[str, Figure]
    sums: Sequence[tuple[Figure, Sequence[Figure]]]
    definitions: Mapping[str, Mapping[str, str]]
    dichotomies: Mapping[str, Dichotomy]

    @cached_property
    def by_address(self) -> Mapping[Address, Sequence[Figure]]:
        """All printings of each quantity, the plainest first.

        Equalities before bounds, the quantity's own name before "accuracy", more decimals before fewer, and
        tables before text.
        """
        found: dict[Address, list[Figure]] = {}
        for figure in self.figures.values():
            if figure.table:
                found.setdefault(figure.address, []).append(figure)
        for printings in found.values():
            printings.sort(
                key=lambda figure: (
                    figure.number.is_bound,
                    figure.kind == "accuracy",
                    figure.number.half_unit,
                    not figure.location.startswith("Table"),
                )
            )
        return found

    def printings(self, table: str, column: str, **selector: str) -> Sequence[Figure]:
        """All figures printed for one cell of the results, the plainest one first."""
        return self.by_address.get((table, frozenset(selector.items()), column), ())

    def find(self, table: str, column: str, **selector: str) -> Figure | None:
        """The plainest figure printed for one cell of the results."""
        printings = self.printings(table, column, **selector)
        return printings[0] if printings else None

    def cell(self, column: str, variable: str, level: str, group: str) -> Figure | None:
        """What is printed of a variable, level and group."""
        return self.find("univariable_groups", column, variable=variable, level=level, group=group)

    def p_value(self, variable: str) -> Figure | None:
        """The p-value printed for a variable by outcome."""
        return self.find("univariable", "p_value", variable=variable)

    def size(self, group: str) -> int:
        """The number of patients of a group."""
        return int(self.size_figures[group].number.value)

    @property
    def sizes(self) -> tuple[int, int]:
        """The number of patients without and with the outcome."""
        return self.size("0"), self.size("1")

    @property
    def alpha(self) -> float:
        """The publication's level of significance."""
        return float(self.plan["alpha"])

    def group_label(self, group: str) -> str:
        """The publication's name of a group."""
        names = {str(key): str(label) for key, label in self.plan["outcome"]["groups"].items()}
        return names.get(group, "all patients")

    @cached_property
    def variables(self) -> Sequence[Variable]:
        """The variables of which some figure is printed by outcome, in the paper's order."""
        names = dict.fromkeys(
            figure.selector["variable"]
            for figure in self.figures.values()
            if figure.table in ("univariable", "univariable_groups")
        )
        return [self.codebook[name] for name in names]

    def positive_levels(self, score: str) -> tuple[Variable, Sequence[str]] | None:
        """A dichotomous score's variable, and those of its levels that are positive."""
        fields = self.plan.get("discrimination", {}).get("scores", {}).get(score)
        if not fields or "positive_from" not in fields:
            return None
        variable = self.codebook[fields["variables"][0]]
        levels = [str(level) for level in variable.levels]
        return variable, levels[levels.index(str(fields["positive_from"])) :]


def transcribe(
    name: str,
    figures: pd.DataFrame,
    described: Mapping[str, Any],
    plan: Mapping[str, Any],
    codebook: Mapping[str, Variable],
) -> Paper:
    """Return a paper from its transcription.

    `figures` is the text of figures.csv (all columns `COLUMNS`, empty cells ""), `described` the content of
    paper.yaml, which follows `workflow/schemas/paper.schema.yaml`.

    Raises InputError listing every problem, each with file, row, column, value and what to do.
    """
    problems = Problems()
    file = f"{name}/figures.csv"
    absent = [column for column in COLUMNS if column not in figures]
    if absent:
        problems.add(file, "columns are absent", f"add {', '.join(absent)}", row=1)
    problems.raise_errors()

    read = [
        _figure(row, cells, file, codebook, described["sizes"], problems)
        for row, cells in enumerate(figures[list(COLUMNS)].to_dict("records"), 2)
    ]
    for row, repeated in enumerate(figures["id"].duplicated(), 2):
        if repeated:
            problems.add(file, "stands twice", "give each figure an id of its own", row=row, column="id")
    known = {figure.id: figure for figure in read if figure}
    problems.raise_errors()
    dichotomies = {score: Dichotomy(**fields) for score, fields in described.get("dichotomies", {}).items()}
    for score, dichotomy in dichotomies.items():
        if dichotomy.of not in codebook:
            problems.add(
                f"{name}/paper.yaml",
                "names no variable of the codebook",
                "correct it, or describe it under `variables`",
                column=f"dichotomies.{score}",
                value=dichotomy.of,
            )
    paper = Paper(
        name=name,
        title=described["title"],
        provenance=described["provenance"],
        plan=plan,
        codebook=codebook,
        figures=known,
        size_figures=_sizes(name, described["sizes"], known, problems),
        sums=_sums(name, described.get("sums", []), known, problems),
        definitions=described.get("definitions", {}),
        dichotomies=dichotomies,
    )
    problems.raise_errors()
    return paper


def _figure(
    row: int,
    cells: Mapping[Any, str],
    file: str,
    codebook: Mapping[str, Variable],
    sizes: Mapping[str, str],
    problems: Problems,
) -> Figure | None:
    """Read one row of figures.csv; None, with a problem told, where that is not possible."""

    def tell(column: str, rule: str, action: str) -> None:
        problems.add(file, rule, action, row=row, column=column, value=cells[column])

    before = len(problems.sorted())
    for column in ("id", "location", "quantity"):
        if not cells[column].strip():
            tell(column, "is empty", "say which figure this is, and where it stands")
    if cells["relation"] not in RELATIONS:
        tell("relation", "is not known", f"write {' or '.join(RELATIONS)}")
    if not re.fullmatch(r"-?\d+(\.\d+)?", cells["printed"]):
        tell("printed", "is no number", "write the digits as printed, with a decimal point and nothing else")
    if cells["kind"] not in KINDS:
        tell("kind", "is no kind of figure", f"write one of {', '.join(KINDS)}")
    scale = cells["scale"] or "1"
    if not re.fullmatch(r"\d+(\.\d+)?", scale) or float(scale) <= 0:
        tell("scale", "is no positive number", "write 100 where a fraction is printed as a percent, else 1")
    address = [bool(cells[column]) for column in ("table", "row", "column")]
    if any(address) and not all(address):
        tell("row", "is half an address", "fill table, row and column, or none of them")
    selector = parse_selector(cells["row"]) if cells["row"] else {}
    if lacking := SELECTED_BY.get(cells["table"], frozenset()) - set(selector):
        tell(
            "row", f"does not name {', '.join(sorted(lacking))}", f"complete the address in {cells['table']}"
        )
    for problem in _selector_problems(selector, codebook, sizes):
        tell("row", *problem)
    if len(problems.sorted()) > before:
        return None
    number = Printed.parse(cells["printed"], cells["relation"], float(scale))
    low, high = KINDS[cells["kind"]]
    if not low <= number.value <= high:
        tell("printed", f"is not between {low:g} and {high:g}", f"correct it: it is a {cells['kind']}")
        return None
    if cells["kind"] in WHOLE and not number.value.is_integer():
        tell("printed", "is no whole number", f"correct it: it is a {cells['kind']}")
        return None
    return Figure(
        id=cells["id"],
        location=cells["location"],
        quantity=cells["quantity"],
        digits=cells["printed"],
        relation=cells["relation"],
        kind=cells["kind"],
        table=cells["table"],
        selector=selector,
        column=cells["column"],
        number=number,
    )


def _selector_problems(
    selector: Mapping[str, str], codebook: Mapping[str, Variable], sizes: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a row's address: the rule it breaks, and what to do."""
    name, group = selector.get("variable"), selector.get("group")
    if name is not None and name not in codebook:
        yield f"names no variable of the codebook: {name}", "correct it, or describe it under `variables`"
    elif name is not None and selector.get("level"):
        levels = [str(level) for level in codebook[name].levels]
        if selector["level"] not in levels:
            yield f"{name} has no level {selector['level']}", f"write one of {', '.join(levels)}"
    if group is not None and group not in {GROUP_OF_SIZE[key] for key in sizes}:
        yield f"names a group without a size: {group}", "say under `sizes` which figure prints its size"


def _sizes(
    name: str, sizes: Mapping[str, str], known: Mapping[str, Figure], problems: Problems
) -> dict[str, Figure]:
    file, found = f"{name}/paper.yaml", {}
    for group, id_ in sizes.items():
        figure = known.get(id_)
        if figure is None or figure.kind not in WHOLE or figure.number.value < 1:
            problems.add(
                file,
                "names no group_size or count of figures.csv, of one patient or more",
                "write the id of the figure that prints the size of this group",
                column=f"sizes.{group}",
                value=str(id_),
            )
        else:
            found[GROUP_OF_SIZE[group]] = figure
    return found


def _sums(
    name: str, sums: Sequence[Mapping[str, Any]], known: Mapping[str, Figure], problems: Problems
) -> list[tuple[Figure, list[Figure]]]:
    found = []
    for i, entry in enumerate(sums, 1):
        unknown = [id_ for id_ in (entry["total"], *entry["parts"]) if id_ not in known]
        for id_ in unknown:
            problems.add(
                f"{name}/paper.yaml",
                "is no id of figures.csv",
                "correct it",
                column=f"sums.{i}",
                value=id_,
            )
        if not unknown:
            found.append((known[entry["total"]], [known[id_] for id_ in entry["parts"]]))
    return found
