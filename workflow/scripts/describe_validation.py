"""What an external validation found, in sentences and figures."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vbq.codebook import extended
from vbq.render.figures.style import journal_style, save
from vbq.render.figures.validation import samples_of, validation_figures
from vbq.render.report.sentences import sentences, summary
from vbq.render.tables.validation import Validation
from vbq.run import log_to, read_rows, read_table, whole_folder, write_table, write_whole
from vbq.scores.marker import Marker, with_marker

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
spec, plan = snakemake.params.spec, snakemake.params.plan
marker = Marker(**plan.get("marker", {}))
codebook = with_marker(extended(spec.get("variables", {})), marker)
tables = {Path(path).stem: read_table(path) for path in snakemake.input.tables}
published = {name: rule.get("published", {}) for name, rule in snakemake.params.rules.items()}
validation = Validation(tables, plan, published, codebook)

source = f"{spec['title']}:\n{spec['provenance']}"
cohort = read_rows(snakemake.input.cohort)
development = read_rows(snakemake.input.development[0]) if snakemake.input.development else None
variables = list(dict.fromkeys(tables["rules"]["variable"]))
samples = samples_of(development, cohort, variables, plan["validation"]["subgroups"]["variables"], codebook)
with journal_style(), whole_folder(snakemake.output.figures) as folder:
    drawn = validation_figures(
        tables,
        samples,
        published,
        validation.labels,
        source,
        plan["confidence"],
        snakemake.params.development,
    )
    for drawing in drawn:
        save(drawing, folder, spec["provenance"], snakemake.params.tiff)

told = pd.DataFrame([asdict(sentence) for sentence in sentences(validation)])
write_table(told, snakemake.output.sentences, snakemake.wildcards.cohort, spec["provenance"])
write_whole(summary(validation) + "\n", snakemake.output.summary)
