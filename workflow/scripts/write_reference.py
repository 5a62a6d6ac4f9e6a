"""The tables of a run, and the settings that they depend on, as the reference results of a cohort."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.comparing import write_reference
from vbq.run import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
write_reference(Path("results", snakemake.wildcards.cohort), Path(snakemake.output.folder))
