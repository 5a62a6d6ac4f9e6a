"""Files made again, held against those that ship."""

from typing import TYPE_CHECKING

from vbq.published.shipped import compare_with_shipped
from vbq.run import log_to, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
said = compare_with_shipped(snakemake.input.made, snakemake.input.shipped)
write_whole(f"{said}\n", snakemake.output[0])
