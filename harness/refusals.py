"""Impossible tasks: how often an arm ran no tool where no tool can do what is asked.

They are no part of correctness, or an agent that never answers would score: their samples are
taken out of the stream before anything else is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.columns import HELDOUT
from harness.study import BASE, Arm
from harness.types import GradedSample

Evaluation = tuple[str, int]  # arm, cycle


class Refusals:
    """Counts the impossible tasks' samples while the others pass through."""

    def __init__(self) -> None:
        self.tasks: set[str] = set()
        self._asked: Counter[Evaluation] = Counter()
        self._refused: Counter[Evaluation] = Counter()

    def apart(self, samples: Iterable[GradedSample]) -> Iterator[GradedSample]:
        """The samples of possible tasks; those of held-out impossible ones are counted."""
        for sample in samples:
            if sample.possible:
                yield sample
            elif sample.split == HELDOUT:
                self.tasks.add(sample.task)
                self._asked[sample.arm, sample.cycle] += 1
                self._refused[sample.arm, sample.cycle] += sample.correct

    def rows(self, arms: Sequence[Arm]) -> list[dict[str, Any]]:
        """Samples that refused and samples drawn, before training and after the last cycle."""
        return [
            {
                "arm": arm.name,
                "before": self._count(BASE, 0),
                "after": self._count(arm.name, self._last(arm.name)),
            }
            for arm in arms
            if self.tasks
        ]

    def _last(self, arm: str) -> int:
        return max((cycle for name, cycle in self._asked if name == arm), default=0)

    def _count(self, arm: str, cycle: int) -> dict[str, int]:
        return {"refused": self._refused[arm, cycle], "samples": self._asked[arm, cycle]}
