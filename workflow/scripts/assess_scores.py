"""Sensitivity, specificity, AUC and ROC curve of every score."""

from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.run import log_to, write_table
from vbq.study.discrimination import assess_scores, compare_scores, roc_curves, scores_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = pd.read_parquet(snakemake.input.cohort)
codebook = extended(snakemake.params.variables)
outcome, plan = snakemake.params.outcome["variable"], snakemake.params.plan
confidence = snakemake.params.confidence
scores, pairs = scores_of(plan, cohort.columns)

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
assessed = assess_scores(cohort, outcome, scores, codebook, confidence)
write_table(assessed, snakemake.output.scores, name, provenance)
compared = compare_scores(cohort, outcome, scores, pairs, codebook, confidence)
write_table(compared, snakemake.output.pairs, name, provenance)
write_table(roc_curves(cohort, outcome, scores, codebook), snakemake.output.curves, name, provenance)
