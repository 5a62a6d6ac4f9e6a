"""The worked example of a transcription."""

from typing import TYPE_CHECKING

import yaml

from vbq.published.simulation.example import simulated_example
from vbq.run import log_to, write_csv, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
simulated, _ = simulated_example()
write_csv(simulated.figures, snakemake.output.figures)
for content, path in (
    (simulated.described, snakemake.output.paper),
    (simulated.plan, snakemake.output.plan),
):
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_whole(text, path)
