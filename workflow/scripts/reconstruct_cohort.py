"""Synthetic patients and readings that reproduce the printed figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.checksums import unchanged
from vbq.published.reconstruction.cohort import reconstruct
from vbq.run import log_to, read_transcription, write_whole
from vbq.strict import read_yaml

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
with unchanged(snakemake.params.files):
    read = (
        read_transcription(snakemake.input.figures),
        read_transcription(snakemake.input.readings),
        read_yaml(Path(snakemake.input.assumptions)).content,
    )
patients, readings = reconstruct(*read)
for rows, path in ((patients, snakemake.output.patients), (readings, snakemake.output.readings)):
    write_whole(rows.to_csv(index=False, lineterminator="\n"), path)
