"""What every benchmark returns, and how a time is taken: the median of interleaved runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from sandbox.figure import Figure

__all__ = ["Figure", "medians", "peak_memory", "seconds"]


def medians(
    actions: Sequence[Callable[[], object]],
    runs: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Median seconds of each action. The actions take turns, after one round that is not counted,
    so that a machine whose speed drifts is slow for all of them."""
    taken: list[list[float]] = [[] for _ in actions]
    for turn in range(runs + 1):
        for times, action in zip(taken, actions, strict=True):
            spent = seconds(action, clock)
            if turn:
                times.append(spent)
    return [median(times) for times in taken]


def seconds(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long an action takes, once: by `time.process_time` in seconds of this process's threads,
    which others on the machine lengthen less."""
    begin = clock()
    action()
    return clock() - begin


def peak_memory() -> float:
    """The most memory that this process held, in MB. `getrusage` would count what its parent held
    when it was started, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
