"""Which variables go with new fractures, and which with the score.

Makes results/<cohort>/univariable.csv, univariable_effects.csv, univariable_groups.csv, multivariable.csv and the
subanalyses
"""


rule compare_groups:
    """Test every variable of the plan against the outcome, one at a time (Table 1)."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        code=sources("compare_groups.py"),
    output:
        tests=reported("univariable"),
        effects=reported("univariable_effects"),
        groups="results/{cohort}/univariable_groups.csv",
    log:
        "results/{cohort}/logs/compare_groups.log",
    priority: 1
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        marker=from_plan("marker", {}),
        outcome=from_plan("outcome"),
        plan=from_plan("univariable"),
        confidence=from_plan("confidence"),
        code=version_of("compare_groups.py"),
    script:
        "../scripts/compare_groups.py"


rule fit_multivariable:
    """Fit the logistic regression of the outcome on the variables that screening selects (Table 2)."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        univariable="results/{cohort}/univariable.csv",
        code=sources("fit_multivariable.py"),
    output:
        table=reported("multivariable"),
    log:
        "results/{cohort}/logs/fit_multivariable.log",
    priority: 1
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        marker=from_plan("marker", {}),
        outcome=from_plan("outcome"),
        plan=from_plan("multivariable"),
        alpha=from_plan("alpha"),
        confidence=from_plan("confidence"),
        code=version_of("fit_multivariable.py"),
    script:
        "../scripts/fit_multivariable.py"


rule compare_scores:
    """Test a continuous score against other variables (Supplemental Tables 1 and 2, number of fractures)."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        code=sources("compare_scores.py"),
    output:
        tests=reported("{subanalysis}"),
        effects=reported("{subanalysis}_effects"),
        groups="results/{cohort}/{subanalysis}_groups.csv",
    log:
        "results/{cohort}/logs/compare_scores_{subanalysis}.log",
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        marker=from_plan("marker", {}),
        plan=lambda wildcards: PLANS[wildcards.cohort]["subanalyses"][wildcards.subanalysis],
        confidence=from_plan("confidence"),
        code=version_of("compare_scores.py"),
    script:
        "../scripts/compare_scores.py"
