"""The way into the results.

Makes results/index.html
"""


rule write_index:
    """List every cohort and paper: what was found, what needs attention, and what to open."""
    input:
        cohorts=[results_of(cohort) for cohort in ASKED],
        audits=audits(),
        templates=[f"{TEMPLATES}/{name}" for name in ("base.html.jinja", "index.html.jinja", "page.css")],
        code=sources("write_index.py"),
    output:
        page="results/index.html",
    log:
        "results/logs/write_index.log",
    params:
        listed=LISTED,
    script:
        "../scripts/write_index.py"
