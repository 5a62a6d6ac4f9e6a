"""A continuous score against other variables."""

from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.run import log_to, read_rows, write_table
from vbq.scores.marker import Marker, definitions, with_definitions, with_marker
from vbq.study.univariable import compare_by_score, effects_on_score, summarize_score

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = read_rows(snakemake.input.cohort)
marker = Marker(**snakemake.params.marker)
codebook = with_marker(extended(snakemake.params.variables), marker)
score = snakemake.params.plan["score"]
variables = [name for name in snakemake.params.plan["variables"] if {name, score} <= set(cohort)]

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
defined = definitions(cohort, marker)
tests = compare_by_score(cohort, score, variables, codebook)
effects = effects_on_score(cohort, score, variables, codebook, snakemake.params.confidence)
groups = summarize_score(cohort, score, variables, codebook)
made = snakemake.output
for table, path in ((tests, made.tests), (effects, made.effects), (groups, made.groups)):
    write_table(with_definitions(table, [[score]] * len(table), defined), path, name, provenance)
