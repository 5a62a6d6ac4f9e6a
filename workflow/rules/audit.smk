"""What the printed figures of a paper say about each other. No patient rows are read.

Makes results/<paper>/audit.csv, audit_checks.csv, audit_p_values.csv, audit_joint_tables.csv, audit_implied.csv,
audit.txt, audit_figures/, audit.html
"""


rule audit_paper:
    """Hold the printed figures of a paper against each other."""
    input:
        figures=lambda wildcards: f"{PAPERS[wildcards.paper]}/figures.csv",
        code=sources("audit_paper.py"),
    output:
        audit="results/{paper}/audit.csv",
        audit_checks="results/{paper}/audit_checks.csv",
        audit_p_values="results/{paper}/audit_p_values.csv",
        audit_joint_tables="results/{paper}/audit_joint_tables.csv",
        audit_implied="results/{paper}/audit_implied.csv",
    log:
        "results/{paper}/logs/audit_paper.log",
    params:
        described=lambda wildcards: DESCRIBED[wildcards.paper],
        plan=lambda wildcards: PAPER_PLANS[wildcards.paper],
        files=lambda wildcards: contents_of([f"{PAPERS[wildcards.paper]}/figures.csv"]),
        code=version_of("audit_paper.py"),
    script:
        "../scripts/audit_paper.py"


rule write_audit:
    """Write the page of an audit, with its figures."""
    input:
        tables=rules.audit_paper.output,
        figures=lambda wildcards: f"{PAPERS[wildcards.paper]}/figures.csv",
        code=sources("write_audit.py"),
    output:
        page=report(
            "results/{paper}/audit.html",
            caption="../report/audit.rst",
            category="Report",
            labels={"cohort": "{paper}", "document": "audit of the printed figures"},
        ),
        sentence="results/{paper}/audit.txt",
        figures=directory("results/{paper}/audit_figures"),
    log:
        "results/{paper}/logs/write_audit.log",
    params:
        described=lambda wildcards: DESCRIBED[wildcards.paper],
        plan=lambda wildcards: PAPER_PLANS[wildcards.paper],
        tiff=config["tiff"],
        files=lambda wildcards: contents_of(
            f"{PAPERS[wildcards.paper]}/{name}" for name in ("figures.csv", "paper.yaml")
        ),
        code=version_of("write_audit.py"),
    script:
        "../scripts/write_audit.py"
