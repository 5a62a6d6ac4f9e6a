"""How often the search for Firth's highest maximum misses it, beside searches from 200 random starts.

Usage: make benchmark-maxima (10 minutes), or `.venv/bin/python benchmarks/maxima.py [SAMPLES] [STARTS]`.

Separated samples are drawn as the tests draw them: 6 to 40 rows, 1 to 5 columns that are normal,
dichotomous, whole or skewed; half of the samples are resamples with weights. A search misses where another
one ends more than 1e-8 higher. Eigenvalues of second differences tell whether an estimate is a saddle.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from test_stats_maxima import LEVEL, by_brute_force, penalized, regressions_of, separated_samples

from vbq.stats.regressions import highest

STEP = 1e-4  # of second differences, in standard errors


def is_saddle(sample, regressions, beta):
    """Whether the likelihood, written out, bends upward in a direction of orthonormal coefficients."""
    _, y, weights = sample
    p = len(beta)
    covariance = np.linalg.inv(
        regressions.information(regressions.totals * regressions.at(beta[None]).variance)[0]
    )
    unit = STEP * np.linalg.cholesky(covariance)

    def value(a, b):
        return penalized(regressions.design.X, y, weights, beta + a + b)

    bends = np.empty((p, p))
    for i in range(p):
        for j in range(p):
            a, b = unit[:, i], unit[:, j]
            bends[i, j] = (value(a, b) - value(a, -b) - value(-a, b) + value(-a, -b)) / (4 * STEP**2)
    return np.linalg.eigvalsh(bends)[-1] > 1e-4


def main(samples=3000, starts=200):
    rng = np.random.default_rng(2)
    missed = better = saddles = several = 0
    for i, sample in enumerate(separated_samples(samples, seed=1), start=1):
        regressions = regressions_of(*sample)
        found = highest(regressions)
        brute = by_brute_force(regressions, starts, rng)
        missed += found.value[0] < brute - LEVEL
        better += found.value[0] > brute + LEVEL
        several += found.maxima[0] > 1
        saddles += is_saddle(sample, regressions, found.beta[0])
        if i % 500 == 0:
            print(f"{i:,} of {samples:,} samples", file=sys.stderr, flush=True)
    print(
        f"{samples:,} separated samples, {several:,} with several maxima: a lower one kept in {missed}, a "
        f"saddle in {saddles}; {starts} random starts alone kept a lower one in {better}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
