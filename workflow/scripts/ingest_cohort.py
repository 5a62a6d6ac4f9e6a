"""The site's files, read, checked, scored and narrowed to the eligible patients."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vbq.checksums import unchanged
from vbq.codebook import extended
from vbq.errors import UserError
from vbq.ingest.cohort import read_cohort
from vbq.run import log_to, write_table, write_whole
from vbq.scores.marker import Marker, with_marker
from vbq.study.plan import absent_variables, contradictions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
spec, plan = snakemake.params.spec, snakemake.params.plan
marker = Marker(**plan.get("marker", {}))
codebook = with_marker(extended(spec.get("variables", {})), marker)
with unchanged(snakemake.params.files):
    ingested = read_cohort(spec, codebook, marker, Path(), outcome=plan["outcome"]["variable"])
if reasons := contradictions(plan, codebook):
    raise UserError("\n".join([f"{spec['plan']} cannot be carried out:", *reasons]))

absent = pd.DataFrame(
    [
        (spec["plan"], variable, "in the plan, not in the cohort", "warning", f"left out: {where}")
        for variable, where in absent_variables(plan, marker, codebook, ingested.cohort.columns)
    ],
    columns=["file", "column", "rule", "severity", "action"],
)
problems = pd.concat([ingested.problems, absent], ignore_index=True).astype({"row": "Int64"})
name, provenance = snakemake.wildcards.cohort, spec["provenance"]
cohort = ingested.cohort.assign(cohort=name, provenance=provenance)
write_whole(cohort.to_parquet(index=False), snakemake.output.cohort)
write_table(ingested.flow, snakemake.output.flow, name, provenance)
write_table(problems, snakemake.output.ingest, name, provenance)
files = pd.DataFrame(snakemake.params.files.items(), columns=["file", "sha256"])
write_table(files, snakemake.output.files, name, provenance)
logging.info("%d patients in the analysis, %d remarks", len(ingested.cohort), len(problems))
