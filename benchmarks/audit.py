"""How often the audit raises a false alarm, and how often it finds an error: rates on simulated papers.

Usage: python benchmarks/audit.py [CLEAN [SPOILED]], how many papers (4000 and 300). Prints the tables of
docs/audit.md.
"""

import sys
import time
from collections import Counter
from multiprocessing import Pool

import numpy as np

from vbq.published.audit.checks import audit
from vbq.published.audit.finding import SEVERITIES
from vbq.published.simulation.errors import ERRORS, is_found, seed_error
from vbq.published.simulation.papers import simulate_paper
from vbq.stats.proportions import wilson_interval


def severities_of_clean(seed: int) -> set[str]:
    """The severities of the findings on a clean paper."""
    return set(audit(simulate_paper(seed).paper()).findings["severity"])


def errors_in(seed: int) -> dict[str, str]:
    """What becomes of one error of each kind in a paper: found, missed, or not detectable."""
    simulated = simulate_paper(seed)
    clean = audit(simulated.paper()).findings
    outcomes = {}
    for kind in ERRORS:
        seeded = seed_error(simulated, kind, np.random.default_rng([seed, 1]))
        if seeded is None:
            continue
        if not seeded.is_detectable:
            outcomes[kind] = "not detectable"
            continue
        spoiled = audit(simulated.paper(seeded.figures)).findings
        outcomes[kind] = "found" if is_found(clean, spoiled, seeded.altered) else "missed"
    return outcomes


def percent(successes: int, trials: int) -> str:
    """A share with its 95 % interval (Wilson)."""
    if not trials:
        return "-"
    low, high = wilson_interval(successes, trials)
    return f"{100 * successes / trials:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


def main(n_clean: int, n_spoiled: int) -> None:
    """Print both tables."""
    start = time.perf_counter()
    with Pool() as pool:
        clean = pool.map(severities_of_clean, range(n_clean), chunksize=20)
        spoiled = pool.map(errors_in, range(n_clean, n_clean + n_spoiled), chunksize=5)
    print(
        f"| {n_clean:,} clean papers with at least one finding | papers | share (95 % interval) "
        "|\n|---|---|---|"
    )
    for severity in list(SEVERITIES)[:2]:
        n = sum(severity in found for found in clean)
        print(f"| {severity} | {n} | {percent(n, n_clean)} |")
    print(
        f"\n| error seeded in {n_spoiled} papers | found | share (95 % interval) | not detectable "
        "|\n|---|---|---|---|"
    )
    for kind, seeder in ERRORS.items():
        counts = Counter(outcomes[kind] for outcomes in spoiled if kind in outcomes)
        detectable = counts["found"] + counts["missed"]
        words = (seeder.__doc__ or "").partition(". ")[0].rstrip(".")
        share = percent(counts["found"], detectable)
        print(f"| {words} | {counts['found']} of {detectable} | {share} | {counts['not detectable']} |")
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [4000, 300][len(numbers) :]))
