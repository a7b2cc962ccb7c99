"""A scorecard: how often one policy was right on each held-out task, and under what conditions.

It is read from a finished run, or from the file that `gate --update` keeps one in. A policy of a
run is named by its place:

    runs/A                           every arm after its last cycle, and the base model
    runs/A:v1   runs/A:v1@2          one arm after its last cycle, or after the second
    runs/A/cells/v1-0/adapter-3      one adapter: arm v1, seed 0, after cycle 3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.columns import HELDOUT, JUDGED
from harness.record import Run
from harness.study import BASE
from tasks.errors import UserError
from tasks.types import Record

if TYPE_CHECKING:
    from harness.types import GradedSample

ADAPTER = re.compile(r"(?P<run>.+)/cells/(?P<arm>.+)-(?P<seed>\d+)/adapter-(?P<cycle>\d+)/?")
NAMED = re.compile(r"(?P<run>.+?):(?P<arm>[^:@/]+)(?:@(?P<cycle>\d+))?")

Samples = Sequence["GradedSample"]


class Conditions(Record):
    """What must be the same on both sides, or a difference would not be the policy's."""

    suite: str  # name, version and digest
    specs: str
    image: str  # its digest; "" when nothing was executed
    temperature: float
    max_new_tokens: int

    @classmethod
    def of(cls, run: Run) -> Self:
        """The conditions of a run. Providers are interchangeable, images are not."""
        ingredients, profile = run.manifest.ingredients, run.manifest.profile
        return cls(
            suite=ingredients.suite,
            specs=ingredients.specs,
            image=ingredients.sandbox.partition(" ")[2],
            temperature=profile.temperature,
            max_new_tokens=profile.max_new_tokens,
        )


class TaskScore(Record):
    """One task: right samples and judged samples, both by position in the card's seeds."""

    family: str
    correct: tuple[int, ...]
    judged: tuple[int, ...]


class Scorecard(Record):
    """One policy on all its tasks. Impossible tasks are no part of it."""

    format: int = 1
    policy: str  # for people: the model, the arm and the cycle
    model: str  # digest
    trained: bool  # its seeds are trainings; of an untrained policy they are only draws
    conditions: Conditions
    seeds: tuple[int, ...]
    samples: int
    no_verdict: int  # of the samples: timeouts and infrastructure errors
    tasks: dict[str, TaskScore]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a run a policy is; None is: all arms, the last cycle, all seeds."""

    run: Path
    arm: str | None = None
    cycle: int | None = None
    seed: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that the user named, as in the examples above."""
        if Path(text, "manifest.json").is_file():
            return cls(Path(text))
        found = ADAPTER.fullmatch(text) or NAMED.fullmatch(text)
        if found is None:
            return cls(Path(text))
        parts = found.groupdict()
        cycle, seed = parts["cycle"], parts.get("seed")
        return cls(
            Path(parts["run"]),
            parts["arm"],
            int(cycle) if cycle else None,
            int(seed) if seed else None,
        )


@dataclass(frozen=True)
class Evaluated:
    """A policy's samples in a run: what its scorecard is made from."""

    run: Run
    arm: str
    cycle: int
    samples: Samples

    @property
    def policy(self) -> str:
        """The model, arm and cycle, for people."""
        name = self.run.manifest.profile.model.name
        return f"{name}, {self.arm} after cycle {self.cycle}" if self.cycle else name

    def scorecard(self) -> Scorecard:
        seeds = sorted({sample.seed for sample in self.samples})
        judged = [sample for sample in self.samples if sample.outcome in JUDGED]
        return Scorecard(
            policy=self.policy,
            model=self.run.manifest.ingredients.model,
            trained=self.cycle > 0,
            conditions=Conditions.of(self.run),
            seeds=tuple(seeds),
            samples=len(self.samples),
            no_verdict=len(self.samples) - len(judged),
            tasks=_task_scores(judged, seeds),
        )


def _task_scores(judged: Iterable[GradedSample], seeds: Sequence[int]) -> dict[str, TaskScore]:
    families: dict[str, str] = {}
    correct: dict[str, list[int]] = {}
    counts: dict[str, list[int]] = {}
    for sample in judged:
        families[sample.task] = sample.family
        position = seeds.index(sample.seed)
        correct.setdefault(sample.task, [0] * len(seeds))[position] += sample.correct
        counts.setdefault(sample.task, [0] * len(seeds))[position] += 1
    return {
        task: TaskScore(family=families[task], correct=tuple(correct[task]), judged=tuple(n))
        for task, n in sorted(counts.items())
    }


def evaluated(text: str) -> dict[str, Evaluated]:
    """The policies at a place, by arm; UserError if the run is not finished or has none there."""
    place = Place.parse(text)
    run = Run.finished(place.run)
    by_cycle = _by_arm_and_cycle(run, place.seed)
    last = {arm: max(cycles) for arm, cycles in by_cycle.items()}
    if place.arm is None:
        return {arm: Evaluated(run, arm, t, by_cycle[arm][t]) for arm, t in last.items()}
    cycles: Mapping[int, Samples] = by_cycle.get(place.arm, {})
    cycle = last.get(place.arm, 0) if place.cycle is None else place.cycle
    if cycle not in cycles:
        known = ", ".join(f"{arm} (cycles {_listed(by_cycle[arm])})" for arm in by_cycle)
        raise UserError(f"{text}: the run {place.run} has no such evaluation; it has {known}.")
    return {place.arm: Evaluated(run, place.arm, cycle, cycles[cycle])}


def one_evaluated(text: str) -> Evaluated:
    """The one policy at a place; the base model of a run in which no arm is named."""
    found = evaluated(text)
    return next(iter(found.values())) if len(found) == 1 else found[BASE]


def _by_arm_and_cycle(run: Run, seed: int | None) -> dict[str, dict[int, list[GradedSample]]]:
    from harness.judge import graded

    found: dict[str, dict[int, list[GradedSample]]] = {}
    for sample in graded(run):
        if sample.split == HELDOUT and sample.possible and seed in (None, sample.seed):
            found.setdefault(sample.arm, {}).setdefault(sample.cycle, []).append(sample)
    order = [BASE, *(arm.name for arm in run.manifest.arms)]
    return {arm: found[arm] for arm in order if arm in found}


def _listed(cycles: Iterable[int]) -> str:
    return ", ".join(str(cycle) for cycle in sorted(cycles))
