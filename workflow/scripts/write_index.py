"""The page that lists what was made, and where it is."""

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from vbq.headlines import DOCUMENTS, SENTENCES, attention, documents, told
from vbq.render.writers.html import from_template
from vbq.run import log_to, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
results = Path(snakemake.output.page).parent
made_now = dict(snakemake.params.results)
earlier = {}
for record in sorted(results.glob("*/run.yaml")):
    name = record.parent.name
    if "report.html" not in made_now.get(name, {}).get("documents", []):
        run = yaml.safe_load(record.read_text("utf-8"))
        about = {"title": run["cohort_file"]["title"], "provenance": run["provenance"]}
        earlier[name] = about | {"sentences": SENTENCES, "documents": DOCUMENTS}
entries = [
    {
        "name": name,
        "title": made["title"],
        "provenance": made["provenance"],
        "found": told(results / name, made["sentences"]),
        "attention": attention(results / name),
        "documents": documents(results / name, made["documents"]),
        "earlier": made is earlier.get(name),
    }
    for name, made in [*made_now.items(), *earlier.items()]
]
write_whole(from_template("index.html.jinja", entries=entries), snakemake.output.page)
