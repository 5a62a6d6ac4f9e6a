"""What a run found and what needs attention, from the files that it wrote."""

import csv
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from vbq.errors import NOT_MADE

# What is made for a cohort or a paper, in the order in which one would look at it.
DOCUMENTS = {
    "report.html": "every table and figure, methods, limits and the record of the run, on one page",
    "report.pdf": "the report as a PDF with vector figures",
    "tables.docx": "the tables for a manuscript, for Word",
    "checklist.docx": "the TRIPOD+AI checklist, filled from the run",
    "checklist.csv": "its items, one a row",
    "calculator.html": "the published rule for one patient, with its uncertainty",
    "audit.html": "what the printed figures of the paper say about each other",
    "figures/": "every figure as SVG, PDF and PNG with 300 dpi, with its data as CSV",
    "validation/figures/": "the figures of the external validation",
}


SENTENCES = {  # what a run says it found, each with the words before it
    "validation.txt": "External validation: ",
    "published.txt": "",
    "optimism.txt": "",
    "audit.txt": "The printed figures by themselves: ",
    "reference.txt": "",
}


def told(folder: Path, sentences: Mapping[str, str]) -> list[str]:
    """Return the sentences that a run wrote, of those files that it made.

    `sentences` has the words before each sentence by the file's name.
    """
    found = {name: folder / name for name in sentences if (folder / name).is_file()}
    return [
        f"{sentences[name]}{words}"
        for name, path in found.items()
        if (words := path.read_text("utf-8").strip())
    ]


def attention(folder: Path) -> list[str]:
    """Return what somebody should look at: warnings about the input, and those of the analyses.

    No value of the input is told, only how many rows there are of each rule.
    """
    rules: Counter[str] = Counter()
    if (folder / "ingest.csv").is_file():
        with (folder / "ingest.csv").open(encoding="utf-8", newline="") as file:
            rules.update(row["rule"] for row in csv.DictReader(file) if row["severity"] == "warning")
    remarks = [f"{rule}: {n} in ingest.csv" for rule, n in rules.most_common()]
    warnings = []
    remarks += [f"{part} could not be made: logs/{log}" for part, log in not_made(folder)]
    for log in sorted((folder / "logs").glob("*.log")):
        n = sum(line.startswith(("WARNING", "ERROR")) for line in log.read_text("utf-8").splitlines())
        if n:
            warnings.append(f"warnings of the analyses: {n} in logs/{log.name}")
    return [*remarks, *warnings]


def not_made(folder: Path) -> list[tuple[str, str]]:
    """Return the parts of documents that an error cost, each with the name of the log that has it."""
    return [
        (line.partition(NOT_MADE)[2], log.name)
        for log in sorted((folder / "logs").glob("*.log"))
        for line in log.read_text("utf-8").splitlines()
        if line.startswith(f"ERROR: {NOT_MADE}")
    ]


def documents(folder: Path, names: Collection[str]) -> dict[str, str]:
    """Return which of the documents that a run makes are in a folder of results, each with what it is."""
    return {name: words for name, words in DOCUMENTS.items() if name in names and (folder / name).exists()}


def closing_words(folder: Path, provenance: str, sentences: Mapping[str, str], names: Collection[str]) -> str:
    """Say on a few lines what was found in a folder of results, what to look at, and what to open."""
    lines = [f"{folder.name}: {provenance}", *told(folder, sentences)]
    if looked_at := attention(folder):
        lines.append(f"To look at: {'; '.join(looked_at)}")
    first, *others = documents(folder, names) or [""]
    opened = f"Open {folder / first}" + (f"; beside it {', '.join(others)}" if others else "")
    lines.append(opened if first else f"No document was asked for; what was made is in {folder}")
    return "\n  ".join(lines)
