"""Cut-offs of a continuous score, chosen in several ways, with bootstrap intervals."""

from typing import TYPE_CHECKING

import pandas as pd

from vbq.run import log_to, write_table
from vbq.stats.cutoff import choose_cutoffs, rules
from vbq.study.design import complete_rows, outcome_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
outcome, plan = snakemake.params.outcome["variable"], snakemake.params.plan
cohort = complete_rows(pd.read_parquet(snakemake.input.cohort), [outcome, plan["score"]])
table = choose_cutoffs(
    outcome_of(cohort, outcome),
    cohort[plan["score"]],
    rules(plan["sensitivity"]),
    replicates=snakemake.params.replicates,
    seed=snakemake.params.seed,
    confidence=snakemake.params.confidence,
)
table.insert(0, "score", plan["score"])
write_table(table, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
