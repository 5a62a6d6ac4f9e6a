"""Reading and checking one cohort without analyzing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vbq.checksums import checksums, unchanged
from vbq.codebook import extended
from vbq.configuration import read_config, read_plan
from vbq.errors import UserError
from vbq.ingest.cohort import examine_cohort
from vbq.paths import named_files
from vbq.problems import COHORT_FILE, InputError, lines_of_warnings
from vbq.render.pages.check import Check, check_page, verdict
from vbq.run import write_csv, write_whole
from vbq.scores.marker import Marker, with_marker
from vbq.study.discrimination import scores_of
from vbq.study.plan import absent_variables, contradictions
from vbq.validation.rules import CERTAIN, Codebook, Rule, rule_of


@dataclass(frozen=True)
class Checked:
    """What a check found: a line per problem, the verdict in a sentence, and the page that says more."""

    lines: tuple[str, ...]
    verdict: str
    page: Path
    has_errors: bool


def check_cohort(file: Path, results: Path) -> Checked:
    """Check the cohort of a cohort file; write check.html and check.csv into its folder of `results`.

    Raises UserError where the cohort file or its plan cannot be used.
    """
    spec = read_config(file, "cohort.schema.yaml")
    plan = read_plan(spec["plan"])
    marker = Marker(**plan["marker"]) if "marker" in plan else Marker()
    codebook = with_marker(extended(spec.get("variables", {})), marker)
    if reasons := contradictions(plan, codebook):
        raise UserError("\n".join([f"{spec['plan']} cannot be carried out:", *reasons]))
    named = plan.get("validation", {}).get("rules", []) if spec["role"] == "validation" else []
    rules = _rules(named, codebook)
    outcome = plan["outcome"]["variable"]
    with unchanged(checksums(named_files(spec))):
        examined = examine_cohort(spec, codebook, marker, Path(), outcome)
    missed: list[tuple[str, str]] = []
    if examined.scored is not None:
        columns = examined.scored.columns
        missed = absent_variables(plan, marker, codebook, columns)
        if "discrimination" in plan and not scores_of(plan["discrimination"], columns)[0]:
            action = (
                "none of the plan's scores can be made of the mapped columns: nothing can be discriminated"
            )
            examined.problems.add(COHORT_FILE, "no score", action, severity="warning")
    for path, rule in rules.items():
        if rule.is_certain:
            action = f"the rule is validated, but for {CERTAIN}"
            examined.problems.add(path, "a risk of 0 or 1", action, column="patterns", severity="warning")
    problems = examined.problems.sorted()
    folder = results / file.stem
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(examined.problems.table(), str(folder / "check.csv"))
    page = folder / "check.html"
    write_whole(check_page(Check(str(file), spec, codebook, examined, missed, outcome)), page)
    has_errors = examined.ingested is None
    lines = str(InputError(problems)).splitlines() if has_errors else lines_of_warnings(problems)
    return Checked(tuple(lines), verdict(examined, outcome), page, has_errors)


def _rules(paths: Sequence[str], codebook: Codebook) -> dict[str, Rule]:
    """Return the rules that a plan names, but for those that are fitted to a cohort.

    Raises UserError with everything that contradicts itself in any of them.
    """
    found, wrong = {}, []
    for path in paths:
        described = read_config(path, "rule.schema.yaml")
        try:
            if "fitted_to" not in described:
                found[path] = rule_of(Path(path).stem, described, codebook)
        except UserError as error:
            wrong.append(str(error))
    if wrong:
        raise UserError("\n".join(wrong))
    return found
