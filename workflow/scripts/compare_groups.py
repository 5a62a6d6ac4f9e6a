"""Every variable of the plan against the outcome, one at a time."""

from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.run import log_to, write_table
from vbq.study.univariable import compare_by_outcome, summarize_by_outcome

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = pd.read_parquet(snakemake.input.cohort)
codebook = extended(snakemake.params.variables)
outcome, plan = snakemake.params.outcome["variable"], snakemake.params.plan
tested = [variable for variable in plan["variables"] if variable in cohort]
described = [variable for variable in plan.get("described", []) if variable in cohort]

tests = compare_by_outcome(
    cohort,
    outcome,
    tested,
    codebook,
    categorical_test=plan["categorical_test"],
    continuous_test=plan["continuous_test"],
    exceptions=plan.get("exceptions"),
)
groups = summarize_by_outcome(cohort, outcome, tested + described, codebook)

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
write_table(tests, snakemake.output.tests, name, provenance)
write_table(groups, snakemake.output.groups, name, provenance)
