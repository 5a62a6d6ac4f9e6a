"""Every check on the printed figures of a paper."""

from typing import TYPE_CHECKING

from vbq.checksums import unchanged
from vbq.codebook import extended
from vbq.errors import UserError
from vbq.published.audit.checks import audit
from vbq.published.paper import transcribe
from vbq.run import log_to, read_transcription, write_csv
from vbq.scores.marker import Marker, with_marker
from vbq.study.plan import contradictions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

log_to(snakemake.log[0])
name, described, plan = snakemake.wildcards.paper, snakemake.params.described, snakemake.params.plan
codebook = with_marker(extended(described.get("variables", {})), Marker(**plan.get("marker", {})))
if reasons := contradictions(plan, codebook):
    raise UserError("\n".join([f"{described['plan']} does not fit the codebook:", *reasons]))
with unchanged(snakemake.params.files):
    figures = read_transcription(snakemake.input.figures)
found = audit(transcribe(name, figures, described, plan, codebook))

for table, path in (
    (found.findings, snakemake.output.audit),
    (found.checks, snakemake.output.audit_checks),
    (found.p_values, snakemake.output.audit_p_values),
    (found.joint_tables, snakemake.output.audit_joint_tables),
    (found.implied, snakemake.output.audit_implied),
):
    write_csv(table.assign(paper=name, provenance=described["provenance"]), path)
