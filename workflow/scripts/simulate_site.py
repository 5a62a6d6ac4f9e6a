"""The simulated external site: patients and readings."""

from typing import TYPE_CHECKING

from vbq.run import log_to, write_whole
from vbq.simulation.site import N_PATIENTS, SEED, simulate_site

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
patients, readings = simulate_site(N_PATIENTS, SEED)
for table, path in ((patients, snakemake.output.patients), (readings, snakemake.output.readings)):
    text = table.to_csv(sep=";", decimal=",", na_rep="k. A.", index=False, lineterminator="\n")
    write_whole(text, path)
