"""Re-run and external validation of the vertebral bone quality (VBQ) score study.

`snakemake --list-rules` reads as a guide to the study; results/<cohort>/report.html is where to look.
"""

import shlex
import sys
from pathlib import Path

from snakemake.utils import min_version

from vbq.headlines import closing_words, not_made

min_version("9.27")
# Snakemake hands the path of Python to a shell as it stands (its issue 2645): a space would end it.
sys.executable = shlex.quote(sys.executable)


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/association.smk"
include: "workflow/rules/discrimination.smk"
include: "workflow/rules/agreement.smk"
include: "workflow/rules/internal.smk"
include: "workflow/rules/validation.smk"
include: "workflow/rules/publication.smk"
include: "workflow/rules/calculator.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/index.smk"
include: "workflow/rules/reconstruction.smk"


rule all:
    """Everything, for every cohort and every paper of the configuration."""
    default_target: True
    input:
        [results_of(cohort) for cohort in ASKED],
        audits(),
        "results/index.html",


onsuccess:
    for name, made in LISTED.items():
        print(
            closing_words(Path("results", name), made["provenance"], made["sentences"], made["documents"])
        )
    if Path("results", "index.html").is_file():
        print("What was made, and where it is: results/index.html")
    if any(not_made(Path("results", name)) for name in LISTED):
        raise SystemExit(
            "Not everything could be made; what is missing is named above and in the documents."
        )
