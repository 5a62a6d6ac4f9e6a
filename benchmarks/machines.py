"""Both shipped cohorts on other machines, as environment variables emulate them, beside this one.

Usage: make benchmark-machines, or `.venv/bin/python benchmarks/machines.py [--resamples N] [NAME ...]` for
some of the machines, or sooner. Each runs everything anew in a copy of the project. What is printed is what
`vbq compare` says of its results and those of the first, and at last of the first and the reference results.
Exit status 1 where one differs.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vbq.comparing import compare_folders, lines_of

PROJECT = Path(__file__).parents[1]
COPIED = ["Snakefile", "config", "data", "profiles", "src", "workflow"]
COHORTS = '["config/cohorts/ehresman2019.yaml","config/cohorts/simulated_site.yaml"]'
NO_AVX512, NO_AVX2 = "X86_V4 AVX512_ICL AVX512_SPR", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
NO_FMA = "glibc.cpu.hwcaps=-AVX2,-FMA"
THIS = "this"
MACHINES = {
    THIS: {},
    **{
        name: {"OPENBLAS_CORETYPE": name}
        for name in ("Haswell", "SkylakeX", "Zen", "Prescott", "Sandybridge")
    },
    **{f"threads_{n}": {"OPENBLAS_NUM_THREADS": n} for n in ("1", "2")},
    "numpy_without_avx512": {"NPY_DISABLE_CPU_FEATURES": NO_AVX512},
    "numpy_without_avx2": {"NPY_DISABLE_CPU_FEATURES": NO_AVX2},
    "libc_without_fma": {"GLIBC_TUNABLES": NO_FMA},
    "oldest": {
        "OPENBLAS_CORETYPE": "Prescott",
        "OPENBLAS_NUM_THREADS": "1",
        "NPY_DISABLE_CPU_FEATURES": NO_AVX2,
        "GLIBC_TUNABLES": NO_FMA,
    },
}


def run(copy: Path, machine: str, resamples: int | None) -> tuple[Path, float]:
    """Run both cohorts in a copy of the project; return where the results are, and the seconds it took."""
    settings = [f"cohorts={COHORTS}", *([f"resamples={resamples}"] if resamples else [])]
    command = [sys.executable, "-m", "snakemake", "--quiet", "all", "--configfile", "config/config.yaml"]
    environment = {**os.environ, **MACHINES[machine], "PYTHONPATH": str(copy / "src")}
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "--config", *settings],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{machine}: the run failed\n{done.stdout}{done.stderr}")
    seconds = time.perf_counter() - start
    kept = copy.parent / machine
    (copy / "results").rename(kept)
    shutil.rmtree(copy / ".snakemake")
    return kept, seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MACHINES)}; all if none")
    parser.add_argument("--resamples", type=int)
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(MACHINES):
        parser.error(f"no such machine: {', '.join(sorted(unknown))}")
    differ = False
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")
        copy.mkdir()
        for name in COPIED:
            (shutil.copytree if (PROJECT / name).is_dir() else shutil.copy)(PROJECT / name, copy / name)
        first, seconds = run(copy, THIS, asked.resamples)
        print(f"{THIS}: {seconds:.0f} s", flush=True)
        for machine in asked.names or MACHINES:
            if machine != THIS:
                made, seconds = run(copy, machine, asked.resamples)
                comparison = compare_folders(first, made)
                differ |= not comparison.agrees
                print("\n  ".join([f"{machine}: {seconds:.0f} s", *lines_of(comparison)]), flush=True)
        for reference in sorted((PROJECT / "data" / "reference").glob("*")):
            comparison = compare_folders(first / reference.name, reference)
            differ |= not comparison.agrees
            print("\n  ".join([f"{THIS} and the reference {reference.name}:", *lines_of(comparison)]))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
