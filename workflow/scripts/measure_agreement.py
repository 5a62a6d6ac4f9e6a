"""Agreement between the readers of the score."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.run import log_to, read_rows, write_table
from vbq.scores.marker import Marker, definitions, reader_columns, with_definitions, with_marker
from vbq.stats.agreement import COLUMNS, agreement

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = read_rows(snakemake.input.cohort)
marker = Marker(**snakemake.params.marker)
codebook = with_marker(extended(snakemake.params.variables), marker)
readers = reader_columns(cohort.columns, marker, codebook)
if len(readers) < 2 or len(cohort[readers].dropna()) < 3:
    logging.warning("fewer than two readers, or than three patients whom all of them read: no agreement")
    table = pd.DataFrame(columns=COLUMNS)
else:
    table = agreement(cohort[readers], snakemake.params.confidence)
table = with_definitions(table, [[marker.name]] * len(table), definitions(cohort, marker))
write_table(table, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
