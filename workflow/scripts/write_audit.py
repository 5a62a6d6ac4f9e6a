"""The page of an audit, with its figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.render.figures.audit import audit_figures
from vbq.render.figures.style import journal_style, save
from vbq.render.pages.audit import AuditResults, audit_page, verdict
from vbq.run import checksums, log_to, read_as_printed, read_table, write_whole
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
figures = read_as_printed(snakemake.input.transcription[0])
is_auc = (figures["kind"] == "auc") & figures["location"].str.startswith("Table")
aucs = {
    row["row"].removeprefix("score="): Printed.parse(row["printed"], "=", float(row["scale"]))
    for row in figures[is_auc].to_dict("records")
}

folder = Path(snakemake.output.figures)
folder.mkdir(parents=True, exist_ok=True)
source = f"{described['title']}:\n{described['provenance']}"
with journal_style():
    drawn = audit_figures(tables["audit_p_values"], tables["audit_joint_tables"], aucs, source)
    for drawing in drawn:
        save(drawing, folder, described["provenance"], snakemake.params.tiff)

results = AuditResults(
    title=described["title"],
    provenance=described["provenance"],
    source=snakemake.params.plan["source"],
    n_figures=len(figures),
    tables=tables,
    checksums=checksums(snakemake.input.transcription),
    figures={path.stem: path.read_text("utf-8") for path in folder.glob("*.svg")},
)
write_whole(audit_page(results), snakemake.output.page)
write_whole(verdict(tables["audit"]) + "\n", snakemake.output.sentence)
