"""The TRIPOD+AI checklist, filled from a run where its results say something about an item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from vbq.printed import code_of
from vbq.render import numbers as text
from vbq.render.document import Section, Table
from vbq.render.labels import step_name
from vbq.render.report.methods import applied_criteria
from vbq.render.report.results import Results
from vbq.strict import read_yaml

ANSWERED, PARTLY, OPEN = "from the run", "in part from the run", "not available from the data"
COLUMNS = ("item", "topic", "asks", "status", "answer", "evidence")


@dataclass(frozen=True)
class Answer:
    """What a run says about an item: `rest` is what the team must add, `evidence` where it stands."""

    words: str
    evidence: str
    rest: str = ""


@cache
def items() -> dict[str, dict[str, str]]:
    """Return the items by number: topic, asks, for."""
    loaded = read_yaml(Path(__file__).with_name("tripod_ai.yaml")).content
    return {str(number): item for number, item in loaded.items()}


def checklist(results: Results) -> pd.DataFrame:
    """Return the items that apply, one a row, with the columns of `COLUMNS`.

    A cohort in which rules are validated answers the items on evaluation, every other those on development.
    """
    purpose = "development" if results.validation is None else "evaluation"
    rows = []
    for number, item in items().items():
        if item["for"] not in ("both", purpose):
            continue
        answer = ANSWERS[number](results) if number in ANSWERS else None
        if answer is None:
            cells = [OPEN, "The team writes this.", ""]
        else:
            status = PARTLY if answer.rest else ANSWERED
            cells = [status, " ".join(filter(None, [answer.words, answer.rest])), answer.evidence]
        rows.append([number, item["topic"], item["asks"], *cells])
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)


def checklist_section(filled: pd.DataFrame) -> Section:
    """Show the checklist."""
    n = {status: int((filled["status"] == status).sum()) for status in (ANSWERED, PARTLY, OPEN)}
    words = (
        f"TRIPOD+AI (Collins et al., BMJ 2024;385:e078378), items that apply here, in short: {n[ANSWERED]} "
        f"are answered by this run, {n[PARTLY]} in part, and {n[OPEN]} are for the team to write."
    )
    frame = filled.rename(columns=str.capitalize).rename(columns={"Asks": "What it asks"})
    table = Table("TRIPOD+AI checklist", frame)
    return Section("checklist", "TRIPOD+AI checklist", (words,), (table,))


def _objectives(results: Results) -> Answer:
    if results.validation:
        rules = text.listed(results.validation.validation.labels.values())
        return Answer(f"External validation of rules made elsewhere: {rules}.", "report.html#rules")
    return Answer("Development of a model, with internal validation.", "report.html#methods")


def _sources(results: Results) -> Answer:
    return Answer(
        f"Rows: {results.spec['provenance']}.",
        "run.yaml (checksums of the input)",
        "The team says why they are representative.",
    )


def _eligibility(results: Results) -> Answer:
    steps = "; ".join(step_name(row["step"]) for row in applied_criteria(results.tables["flow"]))
    return Answer(f"Applied in this order: {steps or 'none'}.", "report.html#flow, flow.csv")


def _treatments(results: Results) -> Answer | None:
    groups = results.tables["univariable_groups"]
    named = [name for name in ("treatment", "radiation_dose") if name in set(groups["variable"])]
    if not named:
        return None
    labels = text.listed(results.codebook[name].label for name in named)
    return Answer(f"By outcome group: {labels}.", "report.html#table-1", "The team describes the treatments.")


def _preparation(results: Results) -> Answer:
    n = len(results.tables["ingest"])
    return Answer(
        "Columns were mapped to a codebook by the cohort file, and checked against its levels and ranges; "
        f"{n} remark{'' if n == 1 else 's'} on the input.",
        "ingest.csv, run.yaml (cohort file)",
        "The team says whether that was the same in all groups.",
    )


def _outcome(results: Results) -> Answer:
    groups = text.listed(results.group_names.values())
    return Answer(
        f"{results.outcome.label} ({groups}); a yes or no, without the time to it.",
        "report.html (Outcome)",
        "The team defines it, and says how and when it was assessed.",
    )


def _named_candidates(results: Results) -> list[str]:
    """The variables that may enter the regression: those tested, but for those that the plan excludes."""
    excluded = results.plan.get("multivariable", {}).get("exclude", [])
    return [name for name in results.tables["univariable"]["variable"] if name not in excluded]


def _candidates(results: Results) -> Answer:
    return Answer(
        f"{len(_named_candidates(results))} candidates, named in the analysis plan.",
        f"{results.spec['plan']}, univariable.csv",
        "The team says why these, and when the plan was made.",
    )


def _predictors(results: Results) -> Answer:
    defined = [
        f"{results.codebook[name].label}: {words}."
        for name, words in results.definitions.items()
        if not results.codebook[name].is_categorical
    ]
    return Answer(
        " ".join([*defined, "Units, levels and ranges are in the codebook."]),
        "report.html#methods, src/vbq/codebook.py",
        "The team says when they were measured.",
    )


def _readers(results: Results) -> Answer | None:
    measured = results.table("agreement")
    if measured is None:
        return None
    first = measured.iloc[0]
    return Answer(
        f"{text.count(first['k'])} readers, agreement in {text.count(first['n'])} patients.",
        "report.html#agreement, agreement.csv",
        "The team names their training, and whether they knew the outcome.",
    )


def _sample_size(results: Results) -> Answer:
    events = f"{results.n_patients} patients, {results.group_sizes['1']} with the outcome"
    if results.validation:
        return Answer(
            f"{events}. Expected interval widths, and how many patients are needed, follow from number, "
            "prevalence and predictors alone.",
            "report.html#precision, validation/precision.csv",
            "The team says how the size was arrived at.",
        )
    return Answer(
        f"{events}, for {len(_named_candidates(results))} candidate predictors.",
        "report.html#limits",
        "The team says how the size was arrived at.",
    )


def _missing(results: Results) -> Answer:
    tests = results.tables["univariable"]
    n = int((pd.to_numeric(tests["n_missing"], errors="coerce") > 0).sum())
    words = (
        f"{n} of {len(tests)} variables {'has' if n == 1 else 'have'} missing values; each analysis has the "
        "patients in whom its variables are known."
    )
    if results.validation:
        return Answer(
            f"{words} The validation also has multiple imputation, where a rule's variable is missing.",
            "report.html#missing, validation/missingness.csv",
        )
    return Answer(words, "univariable.csv (n_missing)")


def _use_of_data(results: Results) -> Answer | None:
    if results.table("optimism") is None:
        return None
    return Answer(
        "All patients for development; internal validation by bootstrap of the whole procedure, no split.",
        "report.html#optimism",
    )


def _handling(results: Results) -> Answer:
    return Answer(
        "Continuous variables are linear and not transformed; categories are those of the codebook.",
        "report.html#methods",
    )


def _building(results: Results) -> Answer | None:
    if results.table("multivariable") is None:
        return None
    return Answer(
        f"Logistic regression on variables with p < {results.plan['alpha']:g} in univariable tests; every "
        "step is repeated in each resample.",
        "report.html#methods, report.html#optimism",
    )


def _clusters(results: Results) -> Answer | None:
    if results.validation is None:
        return None
    names = results.plan["validation"]["subgroups"]["variables"]
    labels = text.listed(results.codebook[name].label for name in names if name in results.codebook)
    return Answer(
        f"Performance in subgroups, with tests of difference: {labels}.",
        "report.html#subgroups, validation/subgroups.csv",
        "Centers are no variable of the study.",
    )


def _measures(results: Results) -> Answer | None:
    if results.validation:
        return Answer(
            "Discrimination, calibration, Brier score and net benefit, each with its method.",
            "report.html#methods, validation/performance.csv",
            "The team gives the reasons.",
        )
    if results.table("discrimination") is None:
        return None
    return Answer(
        "AUC, sensitivity, specificity and predictive values; after optimism also calibration and Brier "
        "score.",
        "report.html#table-3, report.html#optimism",
        "The team gives the reasons.",
    )


def _updating(results: Results) -> Answer:
    return Answer(
        "Intercept; intercept and slope; refit; a closed test between them.", "report.html#updating"
    )


def _predictions(results: Results) -> Answer:
    return Answer(
        "By the rules' files. What their source leaves out, such as an intercept, decides what can be "
        "tested.",
        "report.html#rules, validation/rules.csv",
    )


def _balance(results: Results) -> Answer:
    percent = text.fixed(100 * results.group_sizes["1"] / results.n_patients, 1)
    return Answer(
        f"{percent} % had the outcome; nobody was left out, repeated or weighted for that.",
        "report.html#methods",
    )


def _fairness(results: Results) -> Answer | None:
    if results.validation is None:
        return None
    return Answer(
        "Performance in subgroups of the plan.",
        "report.html#subgroups",
        "The team says which groups matter, and why.",
    )


def _output(results: Results) -> Answer | None:
    if results.table("cutoff") is None:
        return None
    return Answer(
        "A risk, and a dichotomous score whose cut-off was derived in these patients.",
        "report.html#cutoff, cutoff.csv",
    )


def _differences(results: Results) -> Answer | None:
    if results.validation is None or not results.validation.development:
        return None
    return Answer(
        "Case mix, and how well the cohorts can be told apart.",
        "report.html#comparability, validation/case_mix.csv",
        "The team compares setting, eligibility, outcome definition and the ways of measuring.",
    )


def _data_sharing(results: Results) -> Answer | None:
    if not results.are_reconstructed:
        return None
    return Answer(
        "The reconstructed rows ship with the project.",
        "run.yaml (checksums of the input)",
        "The patients' rows are not available.",
    )


def _code_sharing(results: Results) -> Answer | None:
    if not results.record:
        return None
    return Answer(
        f"The code of this run is commit {code_of(results.record)}.",
        "report.html#record, run.yaml",
        "The team says where it is available.",
    )


def _flow(results: Results) -> Answer:
    flow = results.tables["flow"]
    left_out = [
        f"{text.count(row['excluded'])} excluded ({row['reason']})"
        for row in flow.to_dict("records")
        if row["excluded"] > 0
    ]
    first = flow.iloc[0]
    read = text.count(first["n"] + first["excluded"])
    told = "; ".join(left_out) or "nobody was excluded"
    return Answer(
        f"{read} read; {told}; {results.n_patients} analyzed, {results.group_sizes['1']} with and "
        f"{results.group_sizes['0']} without the outcome.",
        "report.html#flow, flow.csv",
        "The team tells the length of follow-up.",
    )


def _characteristics(results: Results) -> Answer:
    return Answer("Every variable by outcome, with the patients in whom it is known.", "report.html#table-1")


def _numbers(results: Results) -> Answer:
    counted = ("univariable", "multivariable", "discrimination", "optimism")
    return Answer(
        "The number of patients stands in the rows of each analysis, that of events with regressions, scores "
        "and models.",
        ", ".join(f"{name}.csv" for name in counted if results.table(name) is not None),
    )


def _specification(results: Results) -> Answer | None:
    if results.table("multivariable") is None:
        return None
    return Answer("All coefficients with the intercept.", "report.html#table-2, multivariable.csv")


def _performance(results: Results) -> Answer | None:
    if results.validation:
        return Answer(
            "Every measure of every rule with its interval; AUC, sensitivity, specificity and observed over "
            "expected also in subgroups.",
            "report.html#discrimination, report.html#calibration, report.html#subgroups",
        )
    if results.table("discrimination") is None:
        return None
    return Answer(
        "With intervals, apparent and corrected.",
        "report.html#table-3, report.html#optimism",
        "The team adds key groups.",
    )


def _results_of_updating(results: Results) -> Answer:
    return Answer(
        "Updated rules with their coefficients, apparent and corrected.",
        "report.html#updating, validation/updated_rules.csv",
    )


def _limitations(results: Results) -> Answer:
    return Answer("Those of the analysis.", "report.html#limits", "The team adds those of the study.")


ANSWERS: Mapping[str, Callable[[Results], Answer | None]] = {
    "4": _objectives,
    "5a": _sources,
    "6b": _eligibility,
    "6c": _treatments,
    "7": _preparation,
    "8a": _outcome,
    "9a": _candidates,
    "9b": _predictors,
    "9c": _readers,
    "10": _sample_size,
    "11": _missing,
    "12a": _use_of_data,
    "12b": _handling,
    "12c": _building,
    "12d": _clusters,
    "12e": _measures,
    "12f": _updating,
    "12g": _predictions,
    "13": _balance,
    "14": _fairness,
    "15": _output,
    "16": _differences,
    "18e": _data_sharing,
    "18f": _code_sharing,
    "20a": _flow,
    "20b": _characteristics,
    "20c": _differences,
    "21": _numbers,
    "22": _specification,
    "23a": _performance,
    "23b": _clusters,
    "24": _results_of_updating,
    "26": _limitations,
}
