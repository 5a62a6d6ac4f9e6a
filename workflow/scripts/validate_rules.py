"""External validation of the plan's rules."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.run import log_to, read_rows, read_table, write_table
from vbq.scores.marker import Marker, definitions, with_marker
from vbq.validation.rules import in_terms_of, rule_of
from vbq.validation.validate import validate

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = read_rows(snakemake.input.cohort)
development = read_rows(snakemake.input.development[0]) if snakemake.input.development else None
marker = Marker(**snakemake.params.plan.get("marker", {}))
codebook = with_marker(extended(snakemake.params.variables), marker)
regressions = [read_table(path) for path in snakemake.input.fitted]
fitted = dict(zip(snakemake.params.fitted_to, regressions, strict=True))
rules = [
    in_terms_of(rule_of(name, rule, codebook, fitted), cohort.columns)
    for name, rule in snakemake.params.rules.items()
]
tables = validate(
    cohort,
    development,
    rules,
    snakemake.params.plan,
    codebook,
    replicates=snakemake.params.replicates,
    seed=snakemake.params.seed,
)

# What the variables of the rules are here and in the other cohort, beside what the rules mean by them.
for column, patients in (("cohort_definition", cohort), ("development_definition", development)):
    defined = {} if patients is None else definitions(patients, marker)
    tables["rules"][column] = [defined.get(variable, "") for variable in tables["rules"]["variable"]]

name, provenance = snakemake.wildcards.cohort, snakemake.params.provenance
for path in snakemake.output.tables:
    write_table(tables[Path(path).stem], path, name, provenance)
