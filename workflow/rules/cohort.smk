"""From the files of a site to the scored cohort.

Makes results/<cohort>/cohort.parquet, flow.csv, ingest.csv, ingest_files.csv
"""


rule ingest_cohort:
    """Read and check the site's files, derive VBQ and SINS, apply the eligibility criteria."""
    input:
        files=raw_files,
        code=sources("ingest_cohort.py"),
    output:
        cohort="results/{cohort}/cohort.parquet",
        flow=reported("flow"),
        ingest="results/{cohort}/ingest.csv",
        files="results/{cohort}/ingest_files.csv",
    log:
        "results/{cohort}/logs/ingest_cohort.log",
    params:
        spec=lambda wildcards: COHORTS[wildcards.cohort],
        plan=lambda wildcards: PLANS[wildcards.cohort],
        files=lambda wildcards: contents_of(named_files(COHORTS[wildcards.cohort])),
        code=version_of("ingest_cohort.py"),
    script:
        "../scripts/ingest_cohort.py"
