"""Cut-offs of a continuous score, chosen in several ways, with bootstrap intervals."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from vbq.run import log_to, read_rows, write_table
from vbq.scores.marker import Marker, definitions, with_definitions
from vbq.stats.cutoff import COLUMNS, choose_cutoffs, rules
from vbq.study.design import complete_rows, outcome_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
outcome, plan = snakemake.params.outcome["variable"], snakemake.params.plan
cohort = read_rows(snakemake.input.cohort)
known = complete_rows(cohort.reindex(columns=[outcome, plan["score"]]), [outcome, plan["score"]])
if known[outcome].nunique() < 2:
    logging.warning("nobody with, or nobody without, the outcome has the score: no cut-off")
    table = pd.DataFrame(columns=COLUMNS)
else:
    table = choose_cutoffs(
        outcome_of(known, outcome),
        known[plan["score"]],
        rules(plan["sensitivity"]),
        replicates=snakemake.params.replicates,
        seed=snakemake.params.seed,
        confidence=snakemake.params.confidence,
    )
table.insert(0, "score", plan["score"])
defined = definitions(cohort, Marker(**snakemake.params.marker))
table = with_definitions(table, [[plan["score"]]] * len(table), defined)
write_table(table, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
