"""How much work something takes, whatever the machine and whatever else runs on it."""

import time
from collections.abc import Callable


def effort(work: Callable[[], object]) -> float:
    """Return the processor time of a piece of work, in times that a loop of a million steps takes here."""
    taken = _processor_time(work)
    return taken / min(_processor_time(_million_steps) for _ in range(3))


def _processor_time(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _million_steps() -> int:
    total = 0
    for i in range(1_000_000):
        total += i & 7
    return total
