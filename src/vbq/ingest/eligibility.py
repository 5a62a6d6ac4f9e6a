"""Who is analyzed: the study's criteria, `only` of the cohort file, then a known outcome, with the flow."""

from collections.abc import Mapping, Sequence

import pandas as pd

from vbq.codebook import CRITERIA, Criterion
from vbq.problems import Problems
from vbq.stats.digits import in_full


def select_patients(
    cohort: pd.DataFrame,
    switches: Mapping[str, bool],
    only: Mapping[str, Sequence[object]],
    outcome: str,
    file: str,
    problems: Problems,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply the criteria in their order, keep `only` some patients, leave out those of unknown outcome.

    `cohort` has `row` and canonical variables. A criterion applies unless `switches` says false; `only` has
    the values that stay, by variable. Returns the patients left, and the flow: step, n (left after it),
    excluded, reason. A patient whose criterion's variable is missing stays, with a warning; one whose
    variable of `only` is missing does not. Each patient left out is listed in `problems`.
    """
    steps = [(f"rows in {file}", len(cohort), 0, "")]
    for criterion in CRITERIA:
        before = len(cohort)
        if not switches.get(criterion.name, True):
            reason = "switched off in the cohort file"
        elif criterion.variable not in cohort:
            reason = f"not assessed: no column for {criterion.variable}"
        else:
            reason = criterion.reason
            cohort = _apply(criterion, cohort, file, problems)
        steps.append((criterion.name, len(cohort), before - len(cohort), reason))
    for name, values in only.items():
        before = len(cohort)
        cohort = _keep(name, values, cohort, file, problems)
        reason = f"{name} is not {' or '.join(map(str, values))}"
        steps.append((f"only_{name}", len(cohort), before - len(cohort), reason))
    known = cohort[outcome].notna()
    for row in cohort.loc[~known, "row"]:
        action = "the patient is left out of the analysis"
        problems.add(file, "outcome missing", action, row=int(row), column=outcome, severity="warning")
    steps.append(("outcome known", int(known.sum()), int((~known).sum()), f"{outcome} missing"))
    flow = pd.DataFrame(steps, columns=["step", "n", "excluded", "reason"])
    return cohort[known].reset_index(drop=True), flow.astype({"step": "str", "reason": "str"})


def _keep(
    name: str, values: Sequence[object], cohort: pd.DataFrame, file: str, problems: Problems
) -> pd.DataFrame:
    stays = cohort[name].isin(list(values)).to_numpy(dtype=bool)
    for row, value in zip(cohort.loc[~stays, "row"], cohort.loc[~stays, name], strict=True):
        problems.add(
            file,
            f"not among `only: {name}`",
            "the patient is left out of the analysis",
            row=int(row),
            column=name,
            value="" if pd.isna(value) else str(value),
            severity="note",
        )
    return cohort[stays]


def _apply(criterion: Criterion, cohort: pd.DataFrame, file: str, problems: Problems) -> pd.DataFrame:
    values = cohort[criterion.variable].astype("float64")
    meets = values.between(criterion.low, criterion.high)
    for row in cohort.loc[values.isna(), "row"]:
        problems.add(
            file,
            f"criterion {criterion.name} not assessable",
            "the value is missing: the patient is kept",
            row=int(row),
            column=criterion.variable,
            severity="warning",
        )
    leaves = values.notna() & ~meets
    for row, value in zip(cohort.loc[leaves, "row"], values[leaves], strict=True):
        problems.add(
            file,
            f"criterion {criterion.name} not met",
            f"{criterion.reason}: the patient is left out of the analysis",
            row=int(row),
            column=criterion.variable,
            value=in_full(value),
            severity="note",
        )
    return cohort[~leaves]
