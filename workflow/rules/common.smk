"""Configuration, and the helpers that rules share. No rules here."""

import os
import re
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

from vbq import configuration
from vbq.checksums import checksum, fingerprint, unchanged
from vbq.errors import UserError
from vbq.headlines import SENTENCES
from vbq.internal import TABLES as OPTIMISM_TABLES
from vbq.lock import begin_run
from vbq.paths import ABSENT, files_of, is_template, named_files, unusable

if workflow.is_main_process and (in_the_way := begin_run()):
    print(in_the_way, file=sys.stderr)

PROJECT = Path(workflow.basedir)
TEMPLATES = "src/vbq/render/templates"
PAGE_TEMPLATES = [
    f"{TEMPLATES}/{name}" for name in ("base.html.jinja", "page.html.jinja", "page.css", "page.js")
]
SHIPPED = {  # files that ship, by the folder in results/ where they are made again
    "reconstruction": ["data/ehresman2019/patients.csv", "data/ehresman2019/roi_readings.csv"],
    "simulated_paper": [
        f"data/published/simulated_example/{name}" for name in ("figures.csv", "paper.yaml", "plan.yaml")
    ],
    "simulated_files": [f"data/examples/simulated_site/{name}" for name in ("patients.csv", "readings.csv")],
}
REFERENCE = "data/reference"
MADE_FILES = {*SHIPPED, "reference"}
TEMPLATES_OF = {
    "write_audit.py": PAGE_TEMPLATES,
    "write_calculator.py": [
        f"{TEMPLATES}/{name}"
        for name in ("base.html.jinja", "page.css", "calculator.html.jinja", "calculator.js")
    ],
    "write_index.py": [f"{TEMPLATES}/{name}" for name in ("base.html.jinja", "index.html.jinja", "page.css")],
    "write_report.py": [*PAGE_TEMPLATES, f"{TEMPLATES}/report.typ", "src/vbq/render/report/tripod_ai.yaml"],
}


@cache
def checksum_at_start(path):
    """The checksum that a file has when the run begins; what is read later must be the same."""
    return checksum(path)


def contents_of(files):
    """The contents of files as a parameter of a rule, which makes it run again for another content.

    Dates alone would miss a file that is older than the results, as an unpacked one may be.
    """
    return {file: checksum_at_start(file) for file in files}


def read_config(path, schema):
    """Read a YAML file and hold it against its schema."""
    try:
        with unchanged(contents_of([path])):
            return configuration.read_config(path, schema)
    except UserError as error:
        raise WorkflowError(str(error)) from None


SCORES = {}  # the definitions of the plans' markers by name: two plans mean the same score by a name


def read_plan(path):
    """Read an analysis plan, with the definition of its marker in place of the marker's file."""
    try:
        plan = configuration.read_plan(path)
        if marker := plan.get("marker"):
            known, other = SCORES.setdefault(marker["name"], (marker, path))
            configuration.refuse_another_score(marker, known, f"the plans {other} and {path}")
    except UserError as error:
        raise WorkflowError(str(error)) from None
    return plan


def cohort_files(paths):
    """The cohort files by the name of the cohort, which is that of the file and of the results' folder."""
    files = {Path(path).stem: path for path in paths}
    if len(files) < len(paths) or set(files) & MADE_FILES:
        raise WorkflowError(
            "config: each cohort file needs a name of its own, and none may be called "
            f"{' or '.join(sorted(MADE_FILES))}: {', '.join(paths)}"
        )
    return files


def read_settings():
    """The run's configuration: config/config.yaml, then the files and entries of the command line.

    Read here, not by `configfile:`, whose reader takes the last of two equal keys and computes expressions.
    """
    given = workflow.config_settings
    files = [*([] if given.replace_workflow_config else ["config/config.yaml"]), *given.configfiles]
    try:
        return {"tiff": False} | configuration.read_settings(files, given.config, "config.schema.yaml")
    except UserError as error:
        raise WorkflowError(str(error)) from None


config.clear()
config.update(read_settings())
COHORTS = {
    name: read_config(path, "cohort.schema.yaml") for name, path in cohort_files(config["cohorts"]).items()
}


def refuse_unusable(files):
    """Stop where the rows' files cannot be opened, be they one per patient, whose names are told to nobody.

    Of a pipe or a device Snakemake would take a checksum without end.
    """
    try:
        reasons = {(file, unusable(found.path)) for file in files for found in files_of(file, Path())}
    except UserError as error:
        raise WorkflowError(str(error)) from None
    if wrong := sorted(f"{file}: {why}" for file, why in reasons if why not in (None, ABSENT)):
        raise WorkflowError("\n".join(wrong))


refuse_unusable({file for cohort in COHORTS.values() for file in named_files(cohort)})
PLANS = {name: read_plan(cohort["plan"]) for name, cohort in COHORTS.items()}
ASKED = list(COHORTS)  # those whose results `rule all` makes
VALIDATED = [
    name for name, cohort in COHORTS.items() if cohort["role"] == "validation" and "validation" in PLANS[name]
]


def read_development(cohort):
    """Read the cohort that a validation compares with, where the configuration does not list it; its name."""
    path = PLANS[cohort]["validation"].get("development")
    if path is None:
        return None
    name = Path(path).stem
    if name not in COHORTS:
        COHORTS[name] = read_config(path, "cohort.schema.yaml")
        PLANS[name] = read_plan(COHORTS[name]["plan"])
    return name


def read_rules(cohort):
    """The files of the rules that are validated in a cohort, by name."""
    paths = PLANS[cohort]["validation"]["rules"]
    rules = {Path(path).stem: read_config(path, "rule.schema.yaml") for path in paths}
    if len(rules) < len(paths):
        raise WorkflowError(f"{COHORTS[cohort]['plan']}: two rules have the same name: {', '.join(paths)}")
    for name, described in rules.items():
        if described.get("fitted_to", cohort) not in COHORTS:
            raise WorkflowError(f"{name}.yaml: the configuration lists no cohort {described['fitted_to']}")
    return rules


DEVELOPMENT = {cohort: read_development(cohort) for cohort in VALIDATED}
RULES = {cohort: read_rules(cohort) for cohort in VALIDATED}


def calculated_rule(plan):
    """The rule of a plan with a risk for each combination of VBQ score and SINS, None where there is none."""
    for path in plan.get("validation", {}).get("rules", []):
        described = read_config(path, "rule.schema.yaml")
        variables = {term["variable"] for term in described.get("terms", [])}
        if "patterns" in described and variables == {"vbq", "sins"}:
            return described
    return None


CALCULATED = {
    cohort: calculated for cohort, plan in PLANS.items() if (calculated := calculated_rule(plan)) is not None
}


def paper_folders(paths, cohorts):
    """The folders of transcribed papers by name: those listed, and those that cohorts are compared with."""
    used = dict.fromkeys([*paths, *(cohort["published"] for cohort in cohorts if "published" in cohort)])
    folders = {Path(path).name: path for path in used}
    if len(folders) < len(used):
        raise WorkflowError(f"config: two papers have the same name: {', '.join(used)}")
    return folders


PAPERS = paper_folders(config.get("papers", []), COHORTS.values())
DESCRIBED = {name: read_config(f"{path}/paper.yaml", "paper.schema.yaml") for name, path in PAPERS.items()}
PAPER_PLANS = {name: read_plan(paper["plan"]) for name, paper in DESCRIBED.items()}


wildcard_constraints:
    cohort="|".join(COHORTS),
    paper="|".join(PAPERS) or "none",
    subanalysis="|".join({name for plan in PLANS.values() for name in plan.get("subanalyses", {})}) or "none",


def from_cohort(key, default=None):
    """An entry of the cohort file, as a parameter of a rule."""
    return lambda wildcards: COHORTS[wildcards.cohort].get(key, default)


def from_plan(key, default=None):
    """An entry of the cohort's analysis plan, as a parameter of a rule."""
    return lambda wildcards: PLANS[wildcards.cohort].get(key, default)


def raw_files(wildcards):
    """The single files that the cohort file names; names of files per patient hold ids, and are not told."""
    return [file for file in named_files(COHORTS[wildcards.cohort]) if not is_template(file)]


def transcription_of(cohort):
    """The figures and the readings of the publication that a cohort is compared with."""
    published = COHORTS[cohort].get("published")
    return [f"{published}/{name}" for name in ("figures.csv", "readings.csv")] if published else []


def files_beside_rows(cohort):
    """The files beside the rows that results depend on: transcription and rules."""
    rules = PLANS[cohort]["validation"]["rules"] if cohort in VALIDATED else []
    return [*transcription_of(cohort), *rules]


def rows_of(cohort):
    """The cohorts whose rows the results of a cohort depend on."""
    return [cohort] if DEVELOPMENT.get(cohort) is None else [cohort, DEVELOPMENT[cohort]]


def tables_of(cohort):
    """The tidy tables that a cohort's plan asks for."""
    plan = PLANS[cohort]
    names = ["flow", "ingest", "univariable", "univariable_effects", "univariable_groups"]
    if "multivariable" in plan:
        names.append("multivariable")
    if "discrimination" in plan:
        names += ["discrimination", "discrimination_pairs", "roc"]
    if "cutoff" in plan:
        names.append("cutoff")
    if plan.get("agreement"):
        names.append("agreement")
    names += OPTIMISM_TABLES
    for name in plan.get("subanalyses", {}):
        names += [name, f"{name}_effects", f"{name}_groups"]
    return [f"results/{cohort}/{name}.csv" for name in names]


def drawn_tables(cohort):
    """Those of the tables that figures show."""
    drawn = ("flow", "multivariable", "discrimination", "roc", "agreement", *OPTIMISM_TABLES)
    return [table for table in tables_of(cohort) if Path(table).stem in drawn]


def analyses_of(cohort):
    """Every table and figure of a cohort: what its documents are made from."""
    names = ["cohort.parquet", "optimism.txt", "figures"]
    if "published" in COHORTS[cohort]:
        names.append("published.csv")
    return tables_of(cohort) + [f"results/{cohort}/{name}" for name in names] + validation_of(cohort)


def validation_of(cohort):
    """The tables, sentences and figures of a cohort's external validation."""
    if cohort not in VALIDATED:
        return []
    tables = [f"{table}.csv" for table in VALIDATION_TABLES]
    return [f"results/{cohort}/validation/{name}" for name in [*tables, "sentences.csv", "figures"]]


def audit_of(cohort):
    """The findings about the publication that a cohort is compared with."""
    published = COHORTS[cohort].get("published")
    return [f"results/{Path(published).name}/audit.csv"] if published else []


def reference_of(cohort):
    """The files of the reference results that a cohort's are held against, if the project has them."""
    return sorted(str(path) for path in Path(REFERENCE, cohort).rglob("*") if path.is_file())


def tables_and_record(wildcards):
    """What a cohort's results are compared by: every tidy table of its folder, the audit's too, and its record."""
    audited = audit_page_of(wildcards.cohort)
    return [*analyses_of(wildcards.cohort), *audited, f"results/{wildcards.cohort}/run.yaml"]


def audit_page_of(cohort):
    """The page of a paper's audit whose folder is that of a cohort."""
    published = COHORTS[cohort].get("published")
    return [f"results/{cohort}/audit.html"] if published and Path(published).name == cohort else []


def documents_of(cohort):
    """What is written for the readers of a cohort."""
    names = ["report.html", "report.pdf", "tables.docx", "checklist.csv", "checklist.docx"]
    if cohort in CALCULATED:
        names.append("calculator.html")
    return [f"results/{cohort}/{name}" for name in names]


def results_of(cohort):
    """Everything that is made for a cohort."""
    reference = [f"results/{cohort}/reference.txt"] if reference_of(cohort) else []
    return [*analyses_of(cohort), f"results/{cohort}/run.yaml", *reference, *documents_of(cohort)]


def listing_of(cohort):
    """What the index and the terminal say of a cohort: its sentences, and what there is to open."""
    published, audited = COHORTS[cohort].get("published"), audit_page_of(cohort)
    told = ["validation.txt"] if cohort in VALIDATED else []
    told += ["published.txt", "optimism.txt"] if published else ["optimism.txt"]
    told += AUDIT["sentences"] if audited else []
    told += ["reference.txt"] if reference_of(cohort) else []
    figures = ["figures/", "validation/figures/"] if cohort in VALIDATED else ["figures/"]
    return {
        "title": COHORTS[cohort]["title"],
        "provenance": COHORTS[cohort]["provenance"],
        "sentences": {name: SENTENCES[name] for name in told},
        "documents": [
            *(Path(file).name for file in documents_of(cohort)),
            *(AUDIT["documents"] if audited else []),
            *figures,
        ],
    }


AUDIT = {
    "sentences": {"audit.txt": SENTENCES["audit.txt"]},
    "documents": ["audit.html"],
}
# Every folder of results by its name; that of a paper may be that of a cohort.
LISTED = {
    **{
        name: {"title": paper["title"], "provenance": paper["provenance"], **AUDIT}
        for name, paper in DESCRIBED.items()
    },
    **{cohort: listing_of(cohort) for cohort in ASKED},
}


def reported(table):
    """A tidy table of a cohort that Snakemake's report shows."""
    return report(
        f"results/{{cohort}}/{table}.csv",
        caption="../report/table.rst",
        category="Tables",
        labels={"cohort": "{cohort}", "table": table},
    )


def development_of(cohort):
    """Title and provenance of the cohort that a validation compares with; empty where there is none."""
    name = DEVELOPMENT.get(cohort)
    return "" if name is None else f"{COHORTS[name]['title']} ({COHORTS[name]['provenance']})"


def fitted_to(cohort):
    """The cohorts whose regressions are rules that are validated in a cohort."""
    described = RULES[cohort].values()
    return list(dict.fromkeys(content["fitted_to"] for content in described if "fitted_to" in content))


def audits():
    """The page of every paper's audit."""
    return [f"results/{paper}/audit.html" for paper in PAPERS]


# Faster than a parser, which would take a third of a run with nothing to do.
IMPORT = re.compile(r"^[ \t]*(?:from (vbq[\w.]*) import (\([^)]*\)|.*)|import (vbq[\w.]*))", re.MULTILINE)


@cache
def _imported(path):
    """Package files in the import statements of one source file."""
    names = []
    for package, imported, module in IMPORT.findall(path.read_text(encoding="utf-8")):
        names += [package or module, *(f"{package}.{name}" for name in re.findall(r"\w+", imported))]
    stems = [PROJECT.joinpath("src", *name.split(".")) for name in names]
    files = [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]
    return [file for file in files if file.is_file()]


def sources(script):
    """A script with its templates and the package files that it runs, found by following its imports.

    Snakemake runs a job again when its script changes, not when a module changes that the script
    imports, or a template. These files, as inputs, make it do so.
    """
    start = PROJECT / "workflow" / "scripts" / script
    found, queue = {start, *TEMPLATES_OF.get(script, [])}, [start]
    while queue:
        new = set(_imported(queue.pop())) - found
        found |= new
        queue += new
    return sorted(os.path.relpath(path) for path in found)  # so that a moved folder is the same


def version_of(script):
    """What stands for the contents of a script's sources as a parameter of its rule."""
    return fingerprint([], *contents_of(sources(script)).values())
