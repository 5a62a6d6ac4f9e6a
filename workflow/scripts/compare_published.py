"""Printed figures beside recomputed ones."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vbq.published.compare import compare, sentence, summary
from vbq.run import log_to, read_table, write_table

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
figures = pd.read_csv(snakemake.input.figures, dtype=str, keep_default_na=False)
readings = pd.read_csv(snakemake.input.readings, dtype=str, keep_default_na=False)
tables = {Path(path).stem: read_table(path) for path in snakemake.input.tables}

comparison = compare(figures, readings, tables)
write_table(comparison, snakemake.output.table, snakemake.wildcards.cohort, snakemake.params.provenance)
Path(snakemake.output.sentence).write_text(sentence(summary(comparison)) + "\n", encoding="utf-8")
