"""Printed figures beside recomputed ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.published.compare import compare, sentence, summary
from vbq.run import log_to, read_as_printed, read_table, write_table, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
figures = read_as_printed(snakemake.input.figures)
readings = read_as_printed(snakemake.input.readings)
tables = {Path(path).stem: read_table(path) for path in snakemake.input.tables}

comparison = compare(figures, readings, tables)
write_table(comparison, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
write_whole(sentence(summary(comparison)) + "\n", snakemake.output.sentence)
