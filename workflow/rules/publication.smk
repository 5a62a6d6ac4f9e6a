"""From tidy tables to what is read: the comparison with print, figures, the report.

Makes results/<cohort>/published.csv, published.txt, figures/, run.yaml, report.html, report.pdf, tables.docx,
checklist.csv, checklist.docx, reference.txt
"""


rule compare_published:
    """Hold every printed figure against the recomputed one, at its printed decimals."""
    input:
        tables=lambda wildcards: tables_of(wildcards.cohort),
        figures=lambda wildcards: transcription_of(wildcards.cohort)[0],
        readings=lambda wildcards: transcription_of(wildcards.cohort)[1],
        code=sources("compare_published.py"),
    output:
        table=reported("published"),
        sentence="results/{cohort}/published.txt",
    log:
        "results/{cohort}/logs/compare_published.log",
    params:
        provenance=from_cohort("provenance"),
        files=lambda wildcards: contents_of(transcription_of(wildcards.cohort)),
        code=version_of("compare_published.py"),
    script:
        "../scripts/compare_published.py"


rule draw_figures:
    """Draw the participant flow, ROC curves (Figures 2-4), forest plot, agreement, scores by outcome and optimism."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        tables=lambda wildcards: drawn_tables(wildcards.cohort),
        code=sources("draw_figures.py"),
    output:
        report(
            directory("results/{cohort}/figures"),
            patterns=["{figure}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            labels={"cohort": "{cohort}", "figure": "{figure}"},
        ),
    log:
        "results/{cohort}/logs/draw_figures.log",
    priority: 1  # the longest job, and what it needs, first
    params:
        title=from_cohort("title"),
        provenance=from_cohort("provenance"),
        variables=from_cohort("variables", {}),
        plan=lambda wildcards: PLANS[wildcards.cohort],
        tiff=config["tiff"],
        code=version_of("draw_figures.py"),
    script:
        "../scripts/draw_figures.py"


rule write_report:
    """Write the report, as a page and as a PDF, the tables for a manuscript and the TRIPOD+AI checklist."""
    input:
        cohort="results/{cohort}/cohort.parquet",
        tables=lambda wildcards: tables_of(wildcards.cohort),
        published=lambda wildcards: (
            [f"results/{wildcards.cohort}/published.csv"] if "published" in COHORTS[wildcards.cohort] else []
        ),
        figures="results/{cohort}/figures",
        validation=lambda wildcards: validation_of(wildcards.cohort),
        audit=lambda wildcards: audit_of(wildcards.cohort),
        record="results/{cohort}/run.yaml",
        code=sources("write_report.py"),
    output:
        page=report(
            "results/{cohort}/report.html",
            caption="../report/page.rst",
            category="Report",
            labels={"cohort": "{cohort}", "document": "page with every table and figure"},
        ),
        pdf=report(
            "results/{cohort}/report.pdf",
            caption="../report/page.rst",
            category="Report",
            labels={"cohort": "{cohort}", "document": "the same as PDF"},
        ),
        tables="results/{cohort}/tables.docx",
        checklist="results/{cohort}/checklist.docx",
        checklist_items=report(
            "results/{cohort}/checklist.csv",
            caption="../report/checklist.rst",
            category="Report",
            labels={"cohort": "{cohort}", "document": "TRIPOD+AI checklist"},
        ),
    log:
        "results/{cohort}/logs/write_report.log",
    params:
        spec=lambda wildcards: COHORTS[wildcards.cohort],
        plan=lambda wildcards: PLANS[wildcards.cohort],
        rules=lambda wildcards: RULES.get(wildcards.cohort, {}),
        development=lambda wildcards: development_of(wildcards.cohort),
        documents=lambda wildcards: documents_of(wildcards.cohort),
        code=version_of("write_report.py"),
    script:
        "../scripts/write_report.py"


rule record_run:
    """Record what was run: commit, configuration, checksums of input and results, versions, seed, duration."""
    input:
        files=lambda wildcards: files_beside_rows(wildcards.cohort),
        read=lambda wildcards: [f"results/{cohort}/ingest_files.csv" for cohort in rows_of(wildcards.cohort)],
        results=lambda wildcards: [*analyses_of(wildcards.cohort), *audit_of(wildcards.cohort)],
        code=sources("record_run.py"),
    output:
        record="results/{cohort}/run.yaml",
    log:
        "results/{cohort}/logs/record_run.log",
    params:
        seed=config["seed"],
        resamples=config["resamples"],
        spec=lambda wildcards: COHORTS[wildcards.cohort],
        plan=lambda wildcards: PLANS[wildcards.cohort],
        files=lambda wildcards: contents_of(files_beside_rows(wildcards.cohort)),
        code=version_of("record_run.py"),
    script:
        "../scripts/record_run.py"


rule compare_reference:
    """Say whether the tables agree with the reference results of the study, cell for cell."""
    input:
        made=tables_and_record,
        reference=lambda wildcards: reference_of(wildcards.cohort),
        code=sources("compare_reference.py"),
    output:
        sentence="results/{cohort}/reference.txt",
    log:
        "results/{cohort}/logs/compare_reference.log",
    params:
        code=version_of("compare_reference.py"),
        files=lambda wildcards: contents_of(reference_of(wildcards.cohort)),
        reference=f"{REFERENCE}/{{cohort}}",
    script:
        "../scripts/compare_reference.py"
