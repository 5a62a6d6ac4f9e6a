"""The record of a run, as a section of its report."""

import pandas as pd

from vbq.printed import code_of
from vbq.render import numbers as text
from vbq.render.document import Section, Table
from vbq.render.report.results import Results


def record(results: Results) -> Section | None:
    """Show what was run: commit, configuration, checksums of the input, versions, seed and duration."""
    run = results.record
    if not run:
        return None
    seconds = run["seconds"]
    longest = max(seconds, key=seconds.__getitem__, default="")
    rows = [
        ["Commit", code_of(run)],
        ["Cohort file", f"config/cohorts/{run['cohort']}.yaml"],
        ["Analysis plan", results.spec["plan"]],
        *([f"Input {path}", f"SHA-256 {digest}"] for path, digest in run["input_sha256"].items()),
        ["Results", f"{len(run['results_sha256'])} files, with their checksums in run.yaml"],
        ["Seed", str(run["seed"])],
        ["Resamples", text.count(run["resamples"])],
        *([name, version] for name, version in run["versions"].items()),
    ]
    if seconds:
        total = text.count(sum(seconds.values()))
        duration = f"{total} s of computing in {len(seconds)} steps, the longest {longest}"
        rows.append(["Duration", duration])
    frame = pd.DataFrame(rows, columns=["What", "Value"], dtype=str)
    words = (
        "run.yaml has this, and the cohort file and the plan in full. The same input, commit, versions and "
        "seed give the same tables on any number of cores.",
    )
    return Section("record", "Record of the run", words, (Table("What was run", frame),))
