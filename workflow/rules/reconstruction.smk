"""The cohort that ships with the project, rebuilt from the printed figures.

Not a part of `rule all`: data/ehresman2019 is committed. Makes results/reconstruction/
"""


rule reconstruct_cohort:
    """Rebuild the synthetic patients of data/ehresman2019 from the printed figures and a seed."""
    input:
        figures="data/published/ehresman2019/figures.csv",
        readings="data/published/ehresman2019/readings.csv",
        assumptions="data/published/ehresman2019/reconstruction.yaml",
        code=sources("reconstruct_cohort.py"),
    output:
        patients="results/reconstruction/patients.csv",
        readings="results/reconstruction/roi_readings.csv",
    log:
        "results/reconstruction/logs/reconstruct_cohort.log",
    script:
        "../scripts/reconstruct_cohort.py"
