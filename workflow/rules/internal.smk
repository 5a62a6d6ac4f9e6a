"""What is left of the apparent performance when the whole procedure is repeated in resamples.

Makes results/<cohort>/optimism*.csv, optimism.txt
"""


rule validate_internally:
    """Correct for the optimism of screening, selection, regression, cut-off and combined score."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        code=sources("validate_internally.py"),
    output:
        tables=[reported(table) for table in OPTIMISM_TABLES],
        sentence="results/{cohort}/optimism.txt",
    log:
        "results/{cohort}/logs/validate_internally.log",
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        plan=lambda wildcards: PLANS[wildcards.cohort],
        replicates=config["resamples"],
        seed=config["seed"],
        code=version_of("validate_internally.py"),
    script:
        "../scripts/validate_internally.py"
