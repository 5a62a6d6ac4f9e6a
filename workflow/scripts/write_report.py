"""The report as a page and a PDF, the tables for a manuscript, and the checklist."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vbq.codebook import extended
from vbq.render.report.checklist import checklist, checklist_section
from vbq.render.report.manuscript import manuscript
from vbq.render.report.report import report
from vbq.render.report.results import Results
from vbq.render.report.validation import ValidationResults
from vbq.render.tables.validation import Validation
from vbq.render.writers.html import html_page
from vbq.render.writers.pdf import pdf_document
from vbq.render.writers.word import word_document
from vbq.run import (
    log_to,
    read_as_printed,
    read_figures,
    read_record,
    read_rows,
    read_table,
    write_table,
    write_whole,
)
from vbq.scores.marker import Marker, definitions, with_marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

AS_TEXT = {"ingest", "published"}  # cells as the site and the publication have them


log_to(snakemake.log[0])
params, inputs, outputs = snakemake.params, snakemake.input, snakemake.output
spec, plan = params.spec, params.plan
folder = Path(outputs.page).parent
marker = Marker(**plan.get("marker", {}))
codebook = with_marker(extended(spec.get("variables", {})), marker)

paths = [*map(Path, [*inputs.tables, *inputs.published])]
validated = [path for path in map(Path, inputs.validation) if path.suffix == ".csv"]
tables = {path.stem: read_as_printed(path) if path.stem in AS_TEXT else read_table(path) for path in paths}
rows = {
    path.relative_to(folder).with_suffix("").as_posix(): read_as_printed(path)
    for path in [*paths, *validated]
}

validation = None
if validated:
    of_rules = {path.stem: read_table(path) for path in validated}
    published = {name: rule.get("published", {}) for name, rule in params.rules.items()}
    figures = read_figures(folder / "validation" / "figures")
    validation = ValidationResults(
        Validation(of_rules, plan, published, codebook), figures, params.development
    )

cohort = read_rows(inputs.cohort)
outcome = cohort[plan["outcome"]["variable"]]
results = Results(
    spec=spec,
    plan=plan,
    codebook=codebook,
    tables=tables,
    group_sizes={group: int((outcome == int(group)).sum()) for group in ("0", "1")},
    figures=read_figures(inputs.figures),
    definitions=definitions(cohort, marker),
    rows=rows,
    documents=[Path(file).name for file in params.documents],
    record=read_record(inputs.record),
    audit=read_as_printed(inputs.audit[0]) if inputs.audit else None,
    validation=validation,
)
document = report(results)
write_whole(html_page(document), outputs.page)
timeless = report(replace(results, record={**results.record, "seconds": {}}))
write_whole(pdf_document(timeless, folder), outputs.pdf)  # the same results, the same bytes

write_whole(word_document(document.title, document.provenance, manuscript(document)), outputs.tables)
filled = checklist(results)
title = f"TRIPOD+AI checklist: {document.title}"
write_whole(word_document(title, document.provenance, [checklist_section(filled)]), outputs.checklist)
write_table(filled, outputs.checklist_items, snakemake.wildcards.cohort, document.provenance)
