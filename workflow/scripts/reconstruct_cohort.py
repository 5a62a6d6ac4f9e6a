"""Synthetic patients and readings that reproduce the printed figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.published.reconstruction.cohort import reconstruct
from vbq.run import log_to, read_as_printed
from vbq.strict import read_yaml

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
patients, readings = reconstruct(
    read_as_printed(snakemake.input.figures),
    read_as_printed(snakemake.input.readings),
    read_yaml(Path(snakemake.input.assumptions)).content,
)
patients.to_csv(snakemake.output.patients, index=False, lineterminator="\n")
readings.to_csv(snakemake.output.readings, index=False, lineterminator="\n")
