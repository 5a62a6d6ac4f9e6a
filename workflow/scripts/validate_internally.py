"""Internal validation: the whole procedure repeated in resamples of the patients."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vbq.checksums import fingerprint
from vbq.codebook import extended
from vbq.internal.procedure import Procedure
from vbq.internal.validate import validate_internally
from vbq.render.tables.optimism import sentence
from vbq.run import log_to, read_rows, write_table, write_whole
from vbq.scores.marker import Marker, with_marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
params, name = snakemake.params, snakemake.wildcards.cohort
cohort = read_rows(snakemake.input.cohort)
marker = Marker(**params.plan.get("marker", {}))
codebook = with_marker(extended(params.variables), marker)
procedure = Procedure(cohort, params.plan, codebook, marker)


def tell(done: int, of: int) -> None:
    """Tell how far a long run is."""
    logging.info("%d of %d resamples", done, of)
    if done < of:
        print(f"{name}, internal validation: {done:,} of {of:,} resamples", file=sys.stderr, flush=True)


# What is kept of a run that was stopped goes on only with the same rows, plan, seed and code.
of_run = fingerprint([snakemake.input.cohort], params.code, params.plan, params.variables, params.seed)
kept = Path(snakemake.output.tables[0]).parent / f".resamples_{of_run}"

tables = validate_internally(
    procedure,
    params.replicates,
    params.seed,
    params.plan["confidence"],
    kept=kept,
    tell=tell,
)
for path in snakemake.output.tables:
    write_table(tables[Path(path).stem], path, name, params.provenance)
write_whole(sentence(tables["optimism"]), snakemake.output.sentence)
