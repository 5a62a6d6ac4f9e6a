"""The simulated site that ships with the project."""

from pathlib import Path

from project_copy import PROJECT, copy_project


def test_simulation_is_the_committed_site_byte_for_byte(tmp_path: Path):
    copy = copy_project(tmp_path)
    copy.snakemake("simulate_site")
    for name in ("patients.csv", "readings.csv"):
        simulated = copy.results("simulated_files") / name
        assert (
            simulated.read_bytes() == (PROJECT / "data" / "examples" / "simulated_site" / name).read_bytes()
        )
