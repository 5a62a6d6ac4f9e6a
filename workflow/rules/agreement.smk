"""How well two readers agree on the score.

Makes results/<cohort>/agreement.csv
"""


rule measure_agreement:
    """Estimate the ICC in all six forms, Bland-Altman limits and the measurement error between readers."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        code=sources("measure_agreement.py"),
    output:
        table=reported("agreement"),
    log:
        "results/{cohort}/logs/measure_agreement.log",
    priority: 1
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        marker=from_plan("marker", {}),
        confidence=from_plan("confidence"),
        code=version_of("measure_agreement.py"),
    script:
        "../scripts/measure_agreement.py"
