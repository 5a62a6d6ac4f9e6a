"""The tables of a run beside the reference results of the study."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.checksums import unchanged
from vbq.comparing import compare_folders, reference_sentence
from vbq.run import log_to, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
made, reference = Path(snakemake.output.sentence).parent, Path(snakemake.params.reference)
with unchanged(snakemake.params.files):
    comparison = compare_folders(made, reference)
write_whole(reference_sentence(comparison, made, reference) + "\n", snakemake.output.sentence)
