"""The page that lists what was made, and where it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbq.headlines import DOCUMENTS, SENTENCES, attention, documents, told
from vbq.render.writers.html import from_template
from vbq.run import log_to, read_record, write_whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
results = Path(snakemake.output.page).parent
listed = snakemake.params.listed


def entry(name: str, made: dict[str, Any], is_earlier: bool) -> dict[str, Any]:
    """What the page says of a folder of results."""
    folder = results / name
    return {
        "name": name,
        "title": made["title"],
        "provenance": made["provenance"],
        "found": told(folder, made["sentences"]),
        "attention": attention(folder),
        "documents": documents(folder, made["documents"]),
        "earlier": is_earlier,
    }


entries = [entry(name, made, is_earlier=False) for name, made in listed.items()]
for record in sorted(results.glob("*/run.yaml")):
    name = record.parent.name
    if "report.html" not in listed.get(name, {}).get("documents", []):
        run = read_record(record)
        made = {"title": run["cohort_file"]["title"], "provenance": run["provenance"]}
        made |= {"sentences": SENTENCES, "documents": DOCUMENTS}
        entries.append(entry(name, made, is_earlier=True))
write_whole(from_template("index.html.jinja", entries=entries), snakemake.output.page)
