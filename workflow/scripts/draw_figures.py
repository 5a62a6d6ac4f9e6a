"""Participant flow, ROC curves, forest plot, Bland-Altman plots, scores by outcome, internal validation."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.render.figures.optimism import draw_optimism
from vbq.render.figures.study import draw_figures
from vbq.render.figures.style import journal_style, save
from vbq.run import log_to, read_table
from vbq.scores.marker import Marker, with_marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = pd.read_parquet(snakemake.input.cohort)
tables = {Path(path).stem: read_table(path) for path in snakemake.input.tables}
plan = snakemake.params.plan
codebook = with_marker(extended(snakemake.params.variables), Marker(**plan.get("marker", {})))
source = f"{snakemake.params.title}:\n{snakemake.params.provenance}"

folder = Path(snakemake.output[0])
folder.mkdir(parents=True, exist_ok=True)
with journal_style():
    labels = dict(zip(tables["optimism"]["model"], tables["optimism"]["label"], strict=True))
    drawings = chain(
        draw_figures(cohort, tables, plan, codebook, source),
        draw_optimism(tables, labels, codebook, plan["alpha"], source),
    )
    for drawing in drawings:
        save(drawing, folder, snakemake.params.provenance, snakemake.params.tiff)
