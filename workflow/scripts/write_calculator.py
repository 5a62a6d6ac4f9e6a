"""A page that computes both scores and a rule's risk."""

from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.render.pages.calculator import calculator_page
from vbq.run import log_to, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
codebook = extended(snakemake.params.variables)
write_whole(calculator_page(snakemake.params.rule, codebook), snakemake.output.page)
