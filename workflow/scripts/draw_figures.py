"""Participant flow, ROC curves, forest plot, Bland-Altman plots, scores by outcome, internal validation."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.render.figures.optimism import draw_optimism
from vbq.render.figures.study import draw_figures
from vbq.render.figures.style import journal_style, save
from vbq.run import log_to, read_rows, read_table, whole_folder
from vbq.scores.marker import Marker, with_marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
cohort = read_rows(snakemake.input.cohort)
tables = {Path(path).stem: read_table(path) for path in snakemake.input.tables}
plan = snakemake.params.plan
codebook = with_marker(extended(snakemake.params.variables), Marker(**plan.get("marker", {})))
source = f"{snakemake.params.title}:\n{snakemake.params.provenance}"

with journal_style(), whole_folder(snakemake.output[0]) as folder:
    labels = dict(zip(tables["optimism"]["model"], tables["optimism"]["label"], strict=True))
    drawings = chain(
        draw_figures(cohort, tables, plan, codebook, source),
        draw_optimism(tables, labels, codebook, plan["alpha"], source),
    )
    for drawing in drawings:
        save(drawing, folder, snakemake.params.provenance, snakemake.params.tiff)
