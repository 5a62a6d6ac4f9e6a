"""The site's files, read, checked, scored and narrowed to the eligible patients."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.ingest.cohort import read_cohort
from vbq.run import log_to, write_table
from vbq.scores.marker import Marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
spec = snakemake.params.spec
ingested = read_cohort(
    spec,
    extended(spec.get("variables", {})),
    Marker(**snakemake.params.marker),
    Path(),
    outcome=snakemake.params.outcome["variable"],
)
ingested.cohort.to_parquet(snakemake.output.cohort, index=False)
name, provenance = snakemake.wildcards.cohort, spec["provenance"]
write_table(ingested.flow, snakemake.output.flow, name, provenance)
write_table(ingested.problems, snakemake.output.ingest, name, provenance)
logging.info("%d patients in the analysis, %d remarks", len(ingested.cohort), len(ingested.problems))
