"""One page with every table and figure."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.render.page import Results, report_page
from vbq.run import log_to, read_table
from vbq.scores.marker import Marker, definitions, with_marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

AS_TEXT = {"ingest", "published"}  # cells as the site and the publication have them

log_to(snakemake.log[0])
spec, plan = snakemake.params.spec, snakemake.params.plan
tables = {}
for path in map(Path, [*snakemake.input.tables, *snakemake.input.published]):
    as_text = path.stem in AS_TEXT
    tables[path.stem] = pd.read_csv(path, dtype=str, keep_default_na=False) if as_text else read_table(path)

cohort = pd.read_parquet(snakemake.input.cohort)
outcome = cohort[plan["outcome"]["variable"]]
marker = Marker(**plan.get("marker", {}))
results = Results(
    spec=spec,
    plan=plan,
    codebook=with_marker(extended(spec.get("variables", {})), marker),
    tables=tables,
    definitions=definitions(cohort, marker),
    group_sizes={group: int((outcome == int(group)).sum()) for group in ("0", "1")},
    figures={path.stem: path.read_text("utf-8") for path in Path(snakemake.input.figures).glob("*.svg")},
)
Path(snakemake.output.page).write_text(report_page(results), encoding="utf-8")
