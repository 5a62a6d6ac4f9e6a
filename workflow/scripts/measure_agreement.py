"""Agreement between the readers of the score."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.run import log_to, write_table
from vbq.scores.marker import Marker, reader_columns
from vbq.stats.agreement import COLUMNS, agreement

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = pd.read_parquet(snakemake.input.cohort)
marker = Marker(**snakemake.params.marker)
readers = reader_columns(cohort.columns, marker, extended(snakemake.params.variables))
if len(readers) < 2 or len(cohort[readers].dropna()) < 3:
    logging.warning("fewer than two readers, or than three patients whom all of them read: no agreement")
    table = pd.DataFrame(columns=COLUMNS)
else:
    table = agreement(cohort[readers], snakemake.params.confidence)
write_table(table, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
