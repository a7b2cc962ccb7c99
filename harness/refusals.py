"""Impossible tasks: how often an arm ran no tool where no tool can do what is asked.

They are no part of correctness, or an agent that never answers would score: their samples are
taken out of the stream before anything else is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from harness.columns import HELDOUT
from harness.statistics import Floats, estimate
from harness.study import BASE, Arm
from harness.types import GradedSample

Evaluation = tuple[str, int]  # arm, cycle
Cell = tuple[int, str]  # seed, task


class Refusals:
    """Counts the impossible tasks' samples while the others pass through."""

    def __init__(self) -> None:
        self.tasks: dict[str, str] = {}  # id -> family
        self._asked: dict[Evaluation, Counter[Cell]] = {}
        self._refused: dict[Evaluation, Counter[Cell]] = {}

    def apart(self, samples: Iterable[GradedSample]) -> Iterator[GradedSample]:
        """The samples of possible tasks; those of held-out impossible ones are counted."""
        for sample in samples:
            if sample.possible:
                yield sample
            elif sample.split == HELDOUT:
                self.tasks[sample.task] = sample.family
                evaluation, cell = (sample.arm, sample.cycle), (sample.seed, sample.task)
                self._asked.setdefault(evaluation, Counter())[cell] += 1
                self._refused.setdefault(evaluation, Counter())[cell] += sample.correct

    def rows(self, arms: Sequence[Arm]) -> list[dict[str, Any]]:
        """Samples that refused and samples drawn, before training and after the last cycle, and the
        change of the share, paired by task and seed."""
        rows = []
        for arm in arms if self.tasks else ():
            first, last = (BASE, 0), (arm.name, self._last(arm.name))
            change = self._shares(last) - self._shares(first)
            _, families = np.unique(list(self.tasks.values()), return_inverse=True)
            found = estimate(change, families).within(-1, 1)
            counts = {"before": self._count(first), "after": self._count(last)}
            rows.append({"arm": arm.name, **counts, "change": found.as_json()})
        return rows

    def _last(self, arm: str) -> int:
        return max((cycle for name, cycle in self._asked if name == arm), default=0)

    def _count(self, evaluation: Evaluation) -> dict[str, int]:
        return {
            "refused": self._refused.get(evaluation, Counter()).total(),
            "samples": self._asked.get(evaluation, Counter()).total(),
        }

    def _shares(self, evaluation: Evaluation) -> Floats:
        """The share of refusals in each (seed, task), NaN where nothing was asked."""
        seeds = sorted({seed for asked in self._asked.values() for seed, _ in asked})
        grid = np.full((len(seeds), len(self.tasks)), np.nan)
        asked = self._asked.get(evaluation, Counter())
        for i, seed in enumerate(seeds):
            for j, task in enumerate(self.tasks):
                if n := asked[seed, task]:
                    grid[i, j] = self._refused[evaluation][seed, task] / n
        return grid
