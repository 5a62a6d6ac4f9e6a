"""The cohort, the simulated paper, the simulated site and the reference results that ship with the project.

Not a part of `rule all`: all are committed under data/. Makes results/reconstruction/, results/simulated_paper/,
results/simulated_files/{patients,readings}.csv, and in each folder comparison.txt;
results/reference/<cohort>/. Nothing here writes to data/.
"""

RECONSTRUCTED_FROM = {
    name: f"data/published/ehresman2019/{file}"
    for name, file in {
        "figures": "figures.csv",
        "readings": "readings.csv",
        "assumptions": "reconstruction.yaml",
    }.items()
}


rule reconstruct_cohort:
    """Rebuild the synthetic patients of data/ehresman2019 from the printed figures and a seed."""
    input:
        **RECONSTRUCTED_FROM,
        code=sources("reconstruct_cohort.py"),
    output:
        patients="results/reconstruction/patients.csv",
        readings="results/reconstruction/roi_readings.csv",
    log:
        "results/reconstruction/logs/reconstruct_cohort.log",
    params:
        files=contents_of(RECONSTRUCTED_FROM.values()),
        code=version_of("reconstruct_cohort.py"),
    script:
        "../scripts/reconstruct_cohort.py"


rule simulate_example:
    """Simulate the paper of data/published/simulated_example, the worked example of a transcription."""
    input:
        code=sources("simulate_example.py"),
    output:
        figures="results/simulated_paper/figures.csv",
        paper="results/simulated_paper/paper.yaml",
        plan="results/simulated_paper/plan.yaml",
    log:
        "results/simulated_paper/logs/simulate_example.log",
    params:
        code=version_of("simulate_example.py"),
    script:
        "../scripts/simulate_example.py"


rule simulate_site:
    """Simulate the external site of data/examples/simulated_site, the worked example of a validation."""
    input:
        code=sources("simulate_site.py"),
    output:
        patients="results/simulated_files/patients.csv",
        readings="results/simulated_files/readings.csv",
    log:
        "results/simulated_files/logs/simulate_site.log",
    params:
        code=version_of("simulate_site.py"),
    script:
        "../scripts/simulate_site.py"


rule compare_shipped:
    """Hold the files made again against those that ship; stop, and say how much differs, where some do."""
    input:
        made=lambda wildcards: [
            f"results/{wildcards.made}/{Path(file).name}" for file in SHIPPED[wildcards.made]
        ],
        shipped=lambda wildcards: SHIPPED[wildcards.made],
        code=sources("compare_shipped.py"),
    output:
        "results/{made}/comparison.txt",
    log:
        "results/{made}/logs/compare_shipped.log",
    wildcard_constraints:
        made="|".join(SHIPPED),
    params:
        files=lambda wildcards: contents_of(SHIPPED[wildcards.made]),
        code=version_of("compare_shipped.py"),
    script:
        "../scripts/compare_shipped.py"


rule write_reference:
    """Take the tables of a run, and the settings that they depend on, as the reference results of a cohort."""
    input:
        made=tables_and_record,
        code=sources("write_reference.py"),
    output:
        folder=directory("results/reference/{cohort}"),
    log:
        "results/{cohort}/logs/write_reference.log",
    params:
        code=version_of("write_reference.py"),
    script:
        "../scripts/write_reference.py"
