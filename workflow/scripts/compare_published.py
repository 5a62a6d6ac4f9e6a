"""Printed figures beside recomputed ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.checksums import unchanged
from vbq.published.compare import compare, sentence, summary
from vbq.run import log_to, read_table, read_transcription, write_table, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
with unchanged(snakemake.params.files):
    figures = read_transcription(snakemake.input.figures)
    readings = read_transcription(snakemake.input.readings)
tables = {Path(path).stem: read_table(path) for path in snakemake.input.tables}

comparison = compare(figures, readings, tables)
write_table(comparison, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
write_whole(sentence(summary(comparison)) + "\n", snakemake.output.sentence)
