"""How published rules do in a cohort they were not made from.

Makes results/<cohort>/validation/ (tables, sentences, figures), validation.txt
"""

VALIDATION_TABLES = [
    *("rules", "case_mix", "distributions", "membership", "precision", "missingness", "missing_patterns"),
    *("performance", "pairs", "terms", "patterns", "curves", "decision", "subgroups", "updating"),
    *("updated_rules", "closed_test"),
]


rule validate_rules:
    """Validate the plan's rules: comparability, precision, performance, clinical use, subgroups, updating."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        development=lambda wildcards: (
            [f"results/{DEVELOPMENT[wildcards.cohort]}/cohort.parquet"]
            if DEVELOPMENT[wildcards.cohort]
            else []
        ),
        fitted=lambda wildcards: [
            f"results/{cohort}/multivariable.csv" for cohort in fitted_to(wildcards.cohort)
        ],
        code=sources("validate_rules.py"),
    output:
        tables=[reported(f"validation/{table}") for table in VALIDATION_TABLES],
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
        code=version_of("validate_rules.py"),
    script:
        "../scripts/validate_rules.py"


rule describe_validation:
    """Say what an external validation found, and draw its figures."""
    input:
        tables=rules.validate_rules.output.tables,
        cohort="results/{cohort}/cohort.parquet",
        development=rules.validate_rules.input.development,
        code=sources("describe_validation.py"),
    output:
        sentences="results/{cohort}/validation/sentences.csv",
        summary="results/{cohort}/validation.txt",
        figures=report(
            directory("results/{cohort}/validation/figures"),
            patterns=["{figure}.svg"],
            caption="../report/validation.rst",
            category="Figures",
            labels={"cohort": "{cohort}", "figure": "{figure}"},
        ),
    log:
        "results/{cohort}/logs/describe_validation.log",
    params:
        spec=lambda wildcards: COHORTS[wildcards.cohort],
        plan=lambda wildcards: PLANS[wildcards.cohort],
        rules=lambda wildcards: RULES[wildcards.cohort],
        development=lambda wildcards: development_of(wildcards.cohort),
        tiff=config["tiff"],
        code=version_of("describe_validation.py"),
    script:
        "../scripts/describe_validation.py"
