"""The page of a check: what is wrong with a site's files, and what they hold, before anything is analyzed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vbq.codebook import Variable
from vbq.ingest.cohort import Examined
from vbq.paths import SECTIONS
from vbq.problems import Problem, Severity, alike
from vbq.render import numbers as text
from vbq.render.document import Document, Entry, Finding, Section, Table
from vbq.render.labels import level_label
from vbq.render.tables.study import flow_table
from vbq.render.writers.html import html_page

ROWS_NAMED = 20
VALUES_SHOWN = 5
ENTRIES_SHOWN = 200
KINDS: Mapping[Severity, tuple[str, str, str]] = {
    "error": (
        "correct",
        "To correct",
        "Nothing is analyzed until these are corrected, in the files or in the cohort file.",
    ),
    "warning": (
        "check",
        "To look at",
        "The cohort can be analyzed as it is. Are these values what was meant?",
    ),
    "note": ("notes", "Notes: what was not read, and what else was noticed", ""),
}
FILES = {
    "check.csv": "every problem, a row each: file, row, column, value, rule, severity, action",
}


@dataclass(frozen=True)
class Check:
    """All that the page is made from.

    `spec` is the cohort file, whose path is `file`. `missed` has each variable or score that the plan names
    and the cohort lacks, with the place of the plan that does without it; `outcome` is the plan's.
    """

    file: str
    spec: Mapping[str, Any]
    codebook: Mapping[str, Variable]
    examined: Examined
    missed: Sequence[tuple[str, str]]
    outcome: str


def check_page(check: Check) -> str:
    """Return the page as HTML text."""
    problems = check.examined.problems.sorted()
    sections = [_problems(problems, severity) for severity in ("error", "warning")]
    sections += [_flow(check), _variables(check), _missed(check), _problems(problems, "note")]
    document = Document(
        title=f"Check of {check.spec['title']}",
        provenance=check.spec["provenance"],
        facts=_facts(check),
        findings=(
            Finding(
                verdict(check.examined, check.outcome),
                "correct" if check.examined.problems.any_error() else "flow",
            ),
        ),
        sections=tuple(section for section in sections if section is not None),
        reading=(
            "Rows count from the first row of a file, headings included; cases of SPSS, Stata, SAS and "
            "Parquet files count from 1. Values that may identify a person are withheld: look them up by "
            "their row and column. Files of a folder are counted in alphabetical order."
        ),
        files=FILES,
    )
    return html_page(document)


def verdict(examined: Examined, outcome: str) -> str:
    """Say in a sentence whether a cohort can be analyzed; `outcome` is the name of the plan's outcome."""
    found = examined.problems.sorted()
    errors, warnings = (
        len(alike([problem for problem in found if problem.severity == severity]))
        for severity in ("error", "warning")
    )
    look = f"{_counted(warnings, 'thing')} to look at" if warnings else "nothing else to look at"
    if examined.ingested is None:
        return f"Not ready: {_counted(errors, 'thing')} to correct, {look}."
    flow = examined.ingested.flow
    read, kept = int(flow["n"].iloc[0]), int(flow["n"].iloc[-1])
    with_outcome = int(examined.ingested.cohort[outcome].sum())
    share = text.fixed(100 * with_outcome / kept, 1)
    return (
        f"Ready: {_counted(read, 'patient')} read, {kept} kept ({with_outcome} with the outcome, {share} %), "
        f"{read - kept} left out; {look}."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _facts(check: Check) -> dict[str, str]:
    rows = check.examined.rows
    sections = {name: check.spec[name]["file"] for name in SECTIONS if name in check.spec}
    read = {
        f"File of {name}": f"{file}: {_counted(rows[name], 'row')}"
        if name in rows
        else f"{file}: cannot be read"
        for name, file in sections.items()
    }
    return {"Cohort file": check.file, **read, "Analysis plan": check.spec["plan"]}


def _problems(problems: Sequence[Problem], severity: Severity) -> Section | None:
    """Show the problems of one severity; those that are alike stand together."""
    groups = alike([problem for problem in problems if problem.severity == severity])
    if not groups:
        return None
    anchor, title, words = KINDS[severity]
    entries = [_entry(f"{anchor}-{number}", group) for number, group in enumerate(groups[:ENTRIES_SHOWN], 1)]
    rest = len(groups) - len(entries)
    more = (f"{rest} more stand in check.csv.",) if rest else ()
    return Section(anchor, title, text=tuple(filter(None, (words, *more))), entries=tuple(entries))


def _entry(anchor: str, group: Sequence[Problem]) -> Entry:
    first = group[0]
    rows = list(dict.fromkeys(problem.row for problem in group if problem.row is not None))
    named = ", ".join(map(str, rows[:ROWS_NAMED])) + (", …" if len(rows) > ROWS_NAMED else "")
    values = list(dict.fromkeys(problem.value for problem in group if problem.value))
    shown = ", ".join(values[:VALUES_SHOWN]) + (", …" if len(values) > VALUES_SHOWN else "")
    details = {
        "File": first.file,
        "Row" if len(rows) == 1 else f"{len(rows)} rows": named,
        "Value" if len(values) == 1 else "Values": shown,
        "What to do" if first.severity == "error" else "Note": first.action,
    }
    where = f"{first.column}: " if first.column else ""
    return Entry(anchor, f"{where}{first.rule}", {name: words for name, words in details.items() if words})


def _flow(check: Check) -> Section | None:
    if check.examined.ingested is None:
        return None
    return Section("flow", "Who is kept", tables=(flow_table(check.examined.ingested.flow, check.codebook),))


def _variables(check: Check) -> Section | None:
    """Show what each column holds, of all patients that were read."""
    values = check.examined.scored
    if values is None:
        return None
    known = [name for name in check.codebook if name in values]
    rows = [_variable(check.codebook[name], values[name]) for name in known]
    columns = ["Variable", "Known", "Missing (%)", "Values", "Expected"]
    frame = pd.DataFrame(rows, columns=columns, dtype=str)
    note = (
        "Of continuous variables the lowest value, the median and the highest; of others the patients with "
        "each value. Values outside the expected range are listed above; look at medians, too: a wrong unit "
        "or a wrong column shows in them. Values that are refused count as missing here."
    )
    return Section("variables", "What the columns hold", tables=(Table("Variables", frame, (note,)),))


def _variable(variable: Variable, values: pd.Series) -> list[str]:
    known = values.dropna()
    missing = len(values) - len(known)
    label = (
        f"{variable.label} ({variable.unit})"
        if variable.unit and not variable.is_categorical
        else variable.label
    )
    if known.empty:
        held, expected = text.NONE, ""
    elif variable.is_categorical:
        counts = known.value_counts()
        held = ", ".join(
            f"{level_label(variable, level)} {counts.get(level, 0)}" for level in variable.levels
        )
        expected = ""
    else:
        held = " / ".join(f"{value:.4g}" for value in (known.min(), known.median(), known.max()))
        expected = "{:g} to {:g}".format(*variable.plausible) if variable.plausible else ""
    return [
        label,
        str(len(known)),
        text.count_percent(missing, 100 * missing / max(len(values), 1)),
        held,
        expected,
    ]


def _missed(check: Check) -> Section | None:
    """Say what the plan asks for and the cohort lacks."""
    if not check.missed:
        return None
    rows = [
        [check.codebook[name].label if name in check.codebook else name, name, where]
        for name, where in check.missed
    ]
    frame = pd.DataFrame(rows, columns=["Variable", "Name", "Left out of"], dtype=str)
    words = "Everything else in the plan is done. Map these if the site has them."
    return Section(
        "missed", "What these rows cannot give", (words,), (Table("In the plan, not in the cohort", frame),)
    )
