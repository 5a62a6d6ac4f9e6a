"""The page that lists what was made, and where it is."""

from pathlib import Path
from typing import TYPE_CHECKING

from vbq.headlines import attention, documents, told
from vbq.render.writers.html import from_template
from vbq.run import log_to, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
results = Path(snakemake.output.page).parent
entries = [
    {
        "name": name,
        "title": made["title"],
        "provenance": made["provenance"],
        "found": told(results / name, made["sentences"]),
        "attention": attention(results / name),
        "documents": documents(results / name, made["documents"]),
    }
    for name, made in snakemake.params.results.items()
]
write_whole(from_template("index.html.jinja", entries=entries), snakemake.output.page)
