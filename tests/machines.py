"""Run the numerical tests as other processors compute them: `make test-machines`.

One processor stands for others: OpenBLAS is told which kernels to take, numpy and the C library which
instructions to do without, and the number of threads changes. Before the tests, a process of its own says
whether OpenBLAS really obeys. What this processor cannot stand for is left out, and named.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]
NUMERICAL = [
    "tests/reference",
    "tests/unit/test_stats_*.py",
    "tests/unit/test_internal_*.py",
    "tests/unit/test_validation_[!pw]*.py",  # not of pages, nor of whole validations
    "tests/unit/test_validation_performance.py",
    "tests/unit/test_study.py",
]
WITHOUT_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"
WITHOUT_AVX2 = f"X86_V3 {WITHOUT_AVX512}"
C_WITHOUT_AVX2 = "glibc.cpu.hwcaps=-AVX2,-FMA"


class Machine(NamedTuple):
    """What stands for a processor: instructions that it needs, kernels that OpenBLAS reports, environment."""

    needs: str
    kernels: str
    environment: dict[str, str]

    def lacking(self) -> list[str]:
        """Return the instructions that this processor lacks; all, where the system does not tell."""
        told = Path("/proc/cpuinfo")
        lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
        flags = next((line for line in lines if line.startswith("flags")), "")
        return sorted({*self.needs.split()} - {*flags.split()})


MACHINES = {
    "AVX-512, one thread": Machine(
        "avx512f avx512dq avx512bw avx512vl avx512cd",
        "SkylakeX",
        {"OPENBLAS_CORETYPE": "SkylakeX", "OPENBLAS_NUM_THREADS": "1"},
    ),
    "AVX2, two threads": Machine(
        "avx2 fma",
        "Haswell",
        {
            "OPENBLAS_CORETYPE": "Haswell",
            "OPENBLAS_NUM_THREADS": "2",
            "NPY_DISABLE_CPU_FEATURES": WITHOUT_AVX512,
        },
    ),
    "AVX, one thread": Machine(
        "avx",
        "Sandybridge",
        {
            "OPENBLAS_CORETYPE": "Sandybridge",
            "OPENBLAS_NUM_THREADS": "1",
            "NPY_DISABLE_CPU_FEATURES": WITHOUT_AVX2,
            "GLIBC_TUNABLES": C_WITHOUT_AVX2,
        },
    ),
    "SSE4, two threads": Machine(
        "sse4_2",
        "Nehalem",
        {
            "OPENBLAS_CORETYPE": "Nehalem",
            "OPENBLAS_NUM_THREADS": "2",
            "NPY_DISABLE_CPU_FEATURES": WITHOUT_AVX2,
            "GLIBC_TUNABLES": C_WITHOUT_AVX2,
        },
    ),
    "SSE3, one thread": Machine(
        "pni",
        "Katmai",  # what OpenBLAS 0.3 calls its Prescott kernels
        {
            "OPENBLAS_CORETYPE": "Prescott",
            "OPENBLAS_NUM_THREADS": "1",
            "NPY_DISABLE_CPU_FEATURES": WITHOUT_AVX2,
            "GLIBC_TUNABLES": C_WITHOUT_AVX2,
        },
    ),
}
KERNELS = """
import warnings; warnings.simplefilter("ignore")  # of instructions that this processor lacks in any case
import numpy, scipy.linalg, threadpoolctl
print(*{library["architecture"] for library in threadpoolctl.threadpool_info()})
"""


def main(options: list[str]) -> int:
    """Run the numerical tests once for each machine, with options of pytest.

    Return 1 if a test fails, or if nothing could be emulated, else 0.
    """
    wrong, run = [], 0
    for name, machine in MACHINES.items():
        if lacking := machine.lacking():
            say(f"{name}: left out, this processor has no {', '.join(lacking)}")
            continue
        environment = {**os.environ, **machine.environment}
        command = [sys.executable, "-c", KERNELS]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        say(f"{name}: OpenBLAS computes with its kernels for {told.stdout.strip()}")
        if told.stdout.strip() != machine.kernels:
            wrong.append(f"{name}: OpenBLAS does not compute with its kernels for {machine.kernels}")
            continue
        run += 1
        tests = [str(path) for pattern in NUMERICAL for path in sorted(PROJECT.glob(pattern))]
        # Tests that compare this processor with all machines run in `make test`.
        pytest = [sys.executable, "-m", "pytest", "-k", "not any_machine", *options, *tests]
        if subprocess.run(pytest, cwd=PROJECT, env=environment, check=False).returncode:
            wrong.append(f"{name}: tests fail")
    say("\n".join([f"{run} of {len(MACHINES)} machines emulated, {len(wrong)} of them wrong", *wrong]))
    return 1 if wrong or not run else 0


def say(words: str) -> None:
    """Print before the tests do."""
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
