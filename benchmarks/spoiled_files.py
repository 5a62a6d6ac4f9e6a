"""Good files in many forms, and files spoiled in every way that sites do: what the reader makes of them.

Usage: python benchmarks/spoiled_files.py [CASES [WORKERS]] (10000, and as many as there are cores). Half of
the cases are good and have to give the same cohort; each of the others has one damage, and has to be refused
where it is. Prints how to repeat what failed, and a line per form and per damage; ends with status 1 if
anything failed.
"""

import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from spoiled.cases import GOOD, Result, run
from spoiled.damages import DAMAGES

MOST_MEMORY = 1000  # MB
MOST_SECONDS = 60  # without an answer: not even the case's own alarm could stop it


def plan(cases: int) -> list[tuple[str, int]]:
    """Return the kind and seed of each case: half good, the others of all kinds by their weight."""
    weights = sum(damage.weight for damage in DAMAGES.values())
    spoiled = [
        (kind, seed)
        for kind, damage in DAMAGES.items()
        for seed in range(max(1, round(cases / 2 * damage.weight / weights)))
    ]
    return [*spoiled, *((GOOD, seed) for seed in range(cases - len(spoiled)))]


def run_case(case: tuple[str, int]) -> tuple[Result, float]:
    """Run a case; return what became of it, and the most memory (MB) that this process had so far."""
    result = run(*case)
    return result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(title: str, results: Iterable[tuple[str, Result]]) -> None:
    """Print a line per name: cases, read the same, refused at the right place, failed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, result in results:
        counts[name][result.outcome] += 1
    print(
        f"\n| {title} | cases | read the same | refused at the right place | failed |\n|---|---|---|---|---|"
    )
    for name, count in counts.items():
        print(f"| {name} | {count.total()} | {count['same']} | {count['refused']} | {count['failed']} |")


def main(cases: int, workers: int | None = None) -> int:
    """Run all cases, print the tables and return the exit status."""
    start = time.perf_counter()
    planned, results, memory = plan(cases), [], 0.0
    with Pool(workers) as pool:
        answers = pool.imap_unordered(run_case, planned)
        for _ in planned:
            try:
                result, peak = answers.next(timeout=MOST_SECONDS)
            except TimeoutError:
                done = {(result.kind, result.seed) for result in results}
                first = next(case for case in planned if case not in done)
                print(f"no answer for {MOST_SECONDS} s; the first case without one is run{first}")
                return 1
            results.append(result)
            memory = max(memory, peak)
            if result.outcome == "failed":
                print(f"spoiled.cases.run({result.kind!r}, {result.seed}): {result.why}", flush=True)
    results.sort(
        key=lambda result: planned.index((result.kind, result.seed)) if cases < 1000 else result.seed
    )
    good = [result for result in results if result.kind == GOOD]
    table(
        "form of a good site", [(feature, result) for result in good for feature in sorted(result.features)]
    )
    table("damage", [(kind, result) for kind in DAMAGES for result in results if result.kind == kind])
    slowest = max(results, key=lambda result: result.seconds)
    print(f"\nslowest: {slowest.seconds:.1f} s, spoiled.cases.run({slowest.kind!r}, {slowest.seed})")
    print(f"peak memory: {memory:.0f} MB of {MOST_MEMORY}")
    counts = Counter(result.outcome for result in results)
    seconds = time.perf_counter() - start
    print(
        f"{len(results):,} cases: {counts['same']:,} read the same, "
        f"{counts['refused']:,} refused at the right place, {counts['failed']:,} failed; {seconds:.0f} s"
    )
    return int(counts["failed"] > 0 or memory > MOST_MEMORY)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(numbers or [10_000])))
