"""Every variable of the plan against the outcome, one at a time."""

from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.run import log_to, read_rows, write_table
from vbq.scores.marker import Marker, definitions, with_definitions, with_marker
from vbq.study.univariable import (
    compare_by_outcome,
    effects_on_outcome,
    summarize_by_outcome,
    with_tests_beside,
)

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = read_rows(snakemake.input.cohort)
marker = Marker(**snakemake.params.marker)
codebook = with_marker(extended(snakemake.params.variables), marker)
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
effects = effects_on_outcome(cohort, outcome, tested, codebook, snakemake.params.confidence)
effects = with_tests_beside(effects, tests)
groups = summarize_by_outcome(cohort, outcome, tested + described, codebook)

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
defined = definitions(cohort, marker)
made = snakemake.output
for table, path in ((tests, made.tests), (effects, made.effects), (groups, made.groups)):
    of_rows = [[variable] for variable in table["variable"]]
    write_table(with_definitions(table, of_rows, defined), path, name, provenance)
