"""How well the scores tell patients with new fractures from those without.

Makes results/<cohort>/discrimination.csv, discrimination_pairs.csv, roc.csv, cutoff.csv
"""


rule assess_scores:
    """Estimate sensitivity, specificity and AUC of every score, and compare the AUCs (Table 3)."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        code=sources("assess_scores.py"),
    output:
        scores=reported("discrimination"),
        pairs=reported("discrimination_pairs"),
        curves="results/{cohort}/roc.csv",
    log:
        "results/{cohort}/logs/assess_scores.log",
    priority: 1
    params:
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        marker=from_plan("marker", {}),
        outcome=from_plan("outcome"),
        plan=from_plan("discrimination"),
        confidence=from_plan("confidence"),
        code=version_of("assess_scores.py"),
    script:
        "../scripts/assess_scores.py"


rule choose_cutoff:
    """Choose a cut-off in the paper's way and in others, with bootstrap intervals."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        code=sources("choose_cutoff.py"),
    output:
        table=reported("cutoff"),
    log:
        "results/{cohort}/logs/choose_cutoff.log",
    params:
        provenance=from_cohort("provenance"),
        marker=from_plan("marker", {}),
        outcome=from_plan("outcome"),
        plan=from_plan("cutoff"),
        confidence=from_plan("confidence"),
        replicates=config["resamples"],
        seed=config["seed"],
        code=version_of("choose_cutoff.py"),
    script:
        "../scripts/choose_cutoff.py"
