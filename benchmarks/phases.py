"""Where the time of a cell goes: one process, the base model's evaluation and two cycles of V2 with
theirs, in seconds of the processor by what was asked for."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.judging import PROFILE
from benchmarks.measure import Figure
from harness.benchmark import Judge, start
from harness.cell import Bench, evaluate_base, open_policy, train_cycle
from harness.registry import open_suite
from harness.similarity import load_similarity

Spent = dict[str, float]  # what -> seconds
PHASES = {
    "generate": "commands drawn",
    "invert": "tasks reconstructed",
    "train": "training",
    "divergence": "KL from the base",
}


class Timed:
    """Whatever it holds, with a clock on its calls."""

    def __init__(self, held: Any, spent: Spent) -> None:
        self._held, self._spent = held, spent

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._held, name)
        return clocked(found, PHASES[name], self._spent) if name in PHASES else found

    def __call__(self, *texts: Any) -> Any:
        return clocked(self._held, "similarity", self._spent)(*texts)


def clocked(call: Callable[..., Any], what: str, spent: Spent) -> Callable[..., Any]:
    """A function that adds its seconds to `spent[what]`."""

    def timed(*args: Any) -> Any:
        begin = time.process_time()
        try:
            return call(*args)
        finally:
            spent[what] += time.process_time() - begin

    return timed


def measure() -> list[Figure]:
    import torch

    torch.set_num_threads(1)
    spent: Spent = defaultdict(float)
    with TemporaryDirectory() as folder:
        run = start("perf", PROFILE, Judge(None), Path(folder) / "run")
        for cell in ("base-0", "v2-0"):
            run.cell(cell).rewind()  # makes their folders
        base = prepared(run, "base-0", spent)
        begin = time.process_time()
        evaluate_base(base, run.cell("base-0"))
        v2 = replace(base, cell=run.manifest.cell("v2-0"))
        for cycle in range(1, PROFILE.cycles + 1):
            train_cycle(v2, run, cycle)
        whole = time.process_time() - begin
    spent["the rest"] = whole - sum(spent.values())
    return [
        Figure(what, seconds, "s", "all", seconds / whole)
        for what, seconds in sorted(spent.items(), key=lambda item: -item[1])
    ]


def prepared(run: Any, name: str, spent: Spent) -> Bench:
    """What a cell works with, its policy and its similarity timed."""
    cell = run.manifest.cell(name)
    policy = open_policy(run.manifest, cell, run.cell(name))
    suite = open_suite(PROFILE.suite)
    similarity: Any = Timed(load_similarity(), spent)
    timed: Any = Timed(policy, spent)
    return Bench(run.manifest, cell, suite, timed, similarity)
