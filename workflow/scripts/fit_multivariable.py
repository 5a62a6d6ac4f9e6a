"""Multivariable logistic regression on the variables that univariable screening selects."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.run import log_to, write_table
from vbq.study.multivariable import fit_outcome, selected_variables
from vbq.study.univariable import compare_by_outcome

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = pd.read_parquet(snakemake.input.cohort)
codebook = extended(snakemake.params.variables)
outcome, screening = snakemake.params.outcome["variable"], snakemake.params.screening

excluded = snakemake.params.plan["exclude"]
candidates = [name for name in screening["variables"] if name in cohort and name not in excluded]
tests = compare_by_outcome(
    cohort,
    outcome,
    candidates,
    codebook,
    categorical_test=screening["categorical_test"],
    continuous_test=screening["continuous_test"],
    exceptions=screening.get("exceptions"),
)
selected = selected_variables(tests, candidates, snakemake.params.alpha)
logging.info("selected at p < %s: %s", snakemake.params.alpha, ", ".join(selected) or "none")
table = fit_outcome(cohort, outcome, selected, codebook, snakemake.params.confidence)
write_table(table, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
