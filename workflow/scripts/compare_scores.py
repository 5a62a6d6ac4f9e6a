"""A continuous score against other variables."""

from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.run import log_to, write_table
from vbq.study.univariable import compare_by_score, summarize_score

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = pd.read_parquet(snakemake.input.cohort)
codebook = extended(snakemake.params.variables)
score = snakemake.params.plan["score"]
variables = [name for name in snakemake.params.plan["variables"] if {name, score} <= set(cohort)]

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
tests = compare_by_score(cohort, score, variables, codebook)
write_table(tests, snakemake.output.tests, name, provenance)
groups = summarize_score(cohort, score, variables, codebook)
write_table(groups, snakemake.output.groups, name, provenance)
