"""A page that computes VBQ score, SINS and the risk of a published rule, for a reader with one patient's readings.

Makes results/<cohort>/calculator.html
"""


rule write_calculator:
    """Write a page that computes both scores and the combined rule's risk from what is typed into it."""
    input:
        code=sources("write_calculator.py"),
    output:
        page=report(
            "results/{cohort}/calculator.html",
            caption="../report/calculator.rst",
            category="Report",
            labels={"cohort": "{cohort}", "document": "risk page"},
        ),
    log:
        "results/{cohort}/logs/write_calculator.log",
    params:
        rule=lambda wildcards: CALCULATED[wildcards.cohort],
        variables=from_cohort("variables", {}),
        code=version_of("write_calculator.py"),
    script:
        "../scripts/write_calculator.py"
