"""The page of an audit, with its figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.checksums import unchanged
from vbq.render.figures.audit import audit_figures
from vbq.render.figures.style import journal_style, save
from vbq.render.pages.audit import AuditResults, audit_page, verdict
from vbq.run import (
    log_to,
    read_as_printed,
    read_figures,
    read_table,
    read_transcription,
    whole_folder,
    write_whole,
)
from vbq.stats.rounded import Printed

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

AS_TEXT = {"audit", "audit_p_values"}  # cells as the publication prints them

log_to(snakemake.log[0])
described = snakemake.params.described
tables = {}
for path in map(Path, snakemake.input.tables):
    as_text = path.stem in AS_TEXT
    tables[path.stem] = read_as_printed(path) if as_text else read_table(path)
with unchanged(snakemake.params.files):
    figures = read_transcription(snakemake.input.figures)
is_auc = (figures["kind"] == "auc") & figures["location"].str.startswith("Table")
aucs = {
    row["row"].removeprefix("score="): Printed.parse(row["printed"], "=", float(row["scale"]))
    for row in figures[is_auc].to_dict("records")
}

source = f"{described['title']}:\n{described['provenance']}"
with journal_style(), whole_folder(snakemake.output.figures) as folder:
    drawn = audit_figures(tables["audit_p_values"], tables["audit_joint_tables"], aucs, source)
    for drawing in drawn:
        save(drawing, folder, described["provenance"], snakemake.params.tiff)

results = AuditResults(
    title=described["title"],
    provenance=described["provenance"],
    source=snakemake.params.plan["source"],
    n_figures=len(figures),
    tables=tables,
    checksums=snakemake.params.files,
    figures=read_figures(snakemake.output.figures),
)
write_whole(audit_page(results), snakemake.output.page)
write_whole(verdict(tables["audit"]) + "\n", snakemake.output.sentence)
