"""The way into the results.

Makes results/index.html
"""


rule write_index:
    """List every cohort and paper: what was found, what needs attention, and what to open."""
    input:
        cohorts=[results_of(cohort) for cohort in ASKED],
        audits=audits(),
        code=sources("write_index.py"),
    output:
        page="results/index.html",
    log:
        "results/logs/write_index.log",
    params:
        listed=LISTED,
        code=version_of("write_index.py"),
    script:
        "../scripts/write_index.py"
