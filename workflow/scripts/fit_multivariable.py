"""Multivariable logistic regression on the variables that univariable screening selects."""

import logging
from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.run import log_to, read_rows, read_table, write_table
from vbq.scores.marker import Marker, definitions, with_definitions, with_marker
from vbq.study.multivariable import fit_outcome, selected_variables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
alpha, excluded = snakemake.params.alpha, snakemake.params.plan["exclude"]
selected = selected_variables(read_table(snakemake.input.univariable), excluded, alpha)
logging.info("selected at p < %s: %s", alpha, ", ".join(selected) or "none")

cohort = read_rows(snakemake.input.cohort)
marker = Marker(**snakemake.params.marker)
codebook = with_marker(extended(snakemake.params.variables), marker)
outcome = snakemake.params.outcome["variable"]
table = fit_outcome(cohort, outcome, selected, codebook, snakemake.params.confidence)
table = with_definitions(table, [[variable] for variable in table["variable"]], definitions(cohort, marker))
write_table(table, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
