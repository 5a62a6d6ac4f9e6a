"""How published rules do in a cohort they were not made from.

Makes results/<cohort>/validation/ (tables and figures), validation.html
"""


rule validate_rules:
    """Validate the plan's rules: comparability, precision, performance, clinical use, subgroups, updating."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        development=lambda wildcards: (
            [f"results/{DEVELOPMENT[wildcards.cohort]}/cohort.parquet"] if DEVELOPMENT[wildcards.cohort] else []
        ),
        fitted=lambda wildcards: [
            f"results/{cohort}/multivariable.csv" for cohort in fitted_to(wildcards.cohort)
        ],
        code=sources("validate_rules.py"),
    output:
        tables=directory("results/{cohort}/validation"),
    log:
        "results/{cohort}/logs/validate_rules.log",
    priority: 2  # the longest job first
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        plan=lambda wildcards: PLANS[wildcards.cohort],
        rules=lambda wildcards: RULES[wildcards.cohort],
        fitted_to=lambda wildcards: fitted_to(wildcards.cohort),
        replicates=config["resamples"],
        seed=config["seed"],
    script:
        "../scripts/validate_rules.py"
