"""Sensitivity, specificity, AUC and ROC curve of every score."""

from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.run import log_to, read_rows, write_table
from vbq.scores.marker import Marker, definitions, with_definitions, with_marker
from vbq.study.discrimination import assess_scores, compare_scores, roc_curves, scores_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = read_rows(snakemake.input.cohort)
marker = Marker(**snakemake.params.marker)
codebook = with_marker(extended(snakemake.params.variables), marker)
outcome, plan = snakemake.params.outcome["variable"], snakemake.params.plan
confidence = snakemake.params.confidence
scores, pairs = scores_of(plan, cohort.columns)
variables = {score.name: score.variables for score in scores}
defined = definitions(cohort, marker)

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
assessed = assess_scores(cohort, outcome, scores, codebook, confidence)
assessed = with_definitions(assessed, [variables[score] for score in assessed["score"]], defined)
write_table(assessed, snakemake.output.scores, name, provenance)
compared = compare_scores(cohort, outcome, scores, pairs, codebook, confidence)
both = [
    variables[one] + variables[other]
    for one, other in zip(compared["score_1"], compared["score_2"], strict=True)
]
write_table(with_definitions(compared, both, defined), snakemake.output.pairs, name, provenance)
write_table(roc_curves(cohort, outcome, scores, codebook), snakemake.output.curves, name, provenance)
