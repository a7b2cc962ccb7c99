"""Graded samples as columns: one pass over the stream, then everything is array arithmetic.

Tasks, families, seeds and samples are put in a fixed order, so that the numbers do not depend on
the order in which cells happened to finish.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.statistics import Estimate, Floats, Ints, estimate
from harness.study import BASE
from harness.types import GradedSample, Outcome
from tasks.types import Level, Status

HELDOUT, CALIBRATION = "heldout", "calibration"
OUTCOMES = tuple(Outcome)
SEEN = {Status.PASS.value: 1, Status.FAIL.value: 0}
JUDGED = (Outcome.CORRECT, Outcome.WRONG, Outcome.UNPARSEABLE)
Bools = NDArray[np.bool_]
Rows = Ints  # positions of samples
Evaluation = tuple[str, str, int]  # split, arm, cycle
Name = TypeVar("Name", str, int, Evaluation)


@dataclass(frozen=True)
class TaskTable:
    """What is known of each evaluated task; every sequence has one entry per task code."""

    names: tuple[str, ...]
    tools: tuple[str, ...]
    families: Ints
    unseen: Bools
    n_families: int

    def of_tool(self, tool: str) -> Bools:
        return np.array([name == tool for name in self.tools], np.bool_)


@dataclass(frozen=True)
class Columns:
    """Samples by column; every array has one entry per sample, and `tasks` explains task codes."""

    tasks: TaskTable
    seeds: tuple[int, ...]
    task: Ints
    seed: Ints  # position in `seeds`
    outcome: Ints  # position in OUTCOMES
    fault: Ints  # position in `faults`, -1 for none
    flag_valid: Bools  # the tool takes the command, whatever it does
    intent_correct: Bools  # the static verdict is a pass
    seen: Ints  # 1 if the effect was observed, 0 if it was missing, -1 if nobody can tell
    faults: tuple[str, ...]
    form: Ints  # number of the canonical form within the task, -1 where it is not known
    proxies: Mapping[str, Floats]  # NaN where a sample has no such score
    probes: Mapping[str, Floats]  # likewise; see harness.probes
    groups: Mapping[Evaluation, Rows] = field(repr=False)

    @cached_property
    def correct(self) -> Bools:
        return np.equal(self.outcome, OUTCOMES.index(Outcome.CORRECT))

    @cached_property
    def judged(self) -> Bools:
        """Correct, wrong or unparseable: the sample has a verdict."""
        return np.isin(self.outcome, [OUTCOMES.index(outcome) for outcome in JUDGED])

    def all_rows(self, split: str, arm: str, cycle: int) -> Rows:
        """Every sample of one evaluation, judged or not; empty if there was none."""
        return self.groups.get((split, arm, cycle), np.empty(0, np.int64))

    def before(self, arm: str) -> Rows:
        """Every held-out sample an arm started from: its own of cycle 0, or the base model's."""
        own = self.all_rows(HELDOUT, arm, 0)
        return own if len(own) else self.all_rows(HELDOUT, BASE, 0)

    def after(self, arm: str, cycle: int) -> Rows:
        return self.all_rows(HELDOUT, arm, cycle)

    def cycles(self, arm: str) -> list[int]:
        """The cycles after which an arm was evaluated, in order."""
        return sorted(c for split, a, c in self.groups if (split, a) == (HELDOUT, arm) and c > 0)

    def cells(self, rows: Rows) -> Ints:
        """The flat (seed, task) position of each of `rows`."""
        return np.asarray(self.seed[rows] * len(self.tasks.names) + self.task[rows])

    def grid(self, rows: Rows, values: NDArray[np.bool_] | Floats) -> Floats:
        """Mean of `values`, one per row, in each (seed, task) cell; NaN where there is none."""
        shape = len(self.seeds), len(self.tasks.names)
        size = shape[0] * shape[1]
        cells = self.cells(rows)
        counts = np.bincount(cells, minlength=size)
        sums = np.bincount(cells, weights=values, minlength=size)
        means = np.full(size, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means.reshape(shape)

    def truth(self, rows: Rows) -> Floats:
        """Share correct of the judged samples of each (seed, task)."""
        rows = rows[self.judged[rows]]
        return self.grid(rows, self.correct[rows])

    def estimate(self, grid: Floats, rows: Rows, tasks: Bools | None = None) -> Estimate:
        """Mean of a (seed, task) grid made from `rows`, over all tasks or those of a mask."""
        if tasks is None:
            tasks = np.ones(len(self.tasks.names), np.bool_)
        found = estimate(grid[:, tasks], self.tasks.families[tasks])
        return found.with_samples(self.samples_per_task(rows))

    def grid_of(self, rows: Iterable[tuple[int, str, float]]) -> Floats:
        """Mean of values given as (seed, task, value) in each (seed, task) cell, NaN where there is
        none. Seeds and tasks that have no sample are left out."""
        seeds = {seed: code for code, seed in enumerate(self.seeds)}
        tasks = {name: code for code, name in enumerate(self.tasks.names)}
        shape = len(seeds), len(tasks)
        sums, counts = np.zeros(shape), np.zeros(shape)
        for seed, task, value in rows:
            if seed in seeds and task in tasks:
                sums[seeds[seed], tasks[task]] += value
                counts[seeds[seed], tasks[task]] += 1
        means = np.full(shape, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means

    def samples_per_task(self, rows: Rows) -> float | None:
        """Median number of samples in the (seed, task) cells that have any."""
        counts = np.bincount(self.cells(rows))
        return float(np.median(counts[counts > 0])) if len(rows) else None


class Codes(Generic[Name]):
    """Names numbered as they come; `ranked` renumbers them in sorted order."""

    def __init__(self) -> None:
        self.of: dict[Name, int] = {}

    def __call__(self, name: Name) -> int:
        return self.of.setdefault(name, len(self.of))

    def ranked(self, codes: Ints) -> tuple[tuple[Name, ...], Ints]:
        names = tuple(sorted(self.of))
        rank = np.empty(len(names) + 1, np.int64)
        rank[[self.of[name] for name in names]] = np.arange(len(names))
        rank[-1] = -1  # code -1 stays -1
        return names, rank[codes]


def columns(samples: Iterable[GradedSample]) -> Columns:
    """Read the stream once; no later step loops over samples."""
    tasks, seeds, faults = Codes[str](), Codes[int](), Codes[str]()
    evaluations = Codes[Evaluation]()
    outcome_code = {outcome: i for i, outcome in enumerate(OUTCOMES)}
    described: dict[str, tuple[str, str, bool]] = {}
    table = array("q")  # ten integers a sample
    proxies, probes = Floating(), Floating()
    for n, sample in enumerate(samples):
        described.setdefault(sample.task, (sample.tool, sample.family, sample.unseen))
        table.extend(
            (
                evaluations((sample.split, sample.arm, sample.cycle)),
                seeds(sample.seed),
                tasks(sample.task),
                sample.sample,
                outcome_code[sample.outcome],
                -1 if sample.fault is None else faults(sample.fault),
                sample.level == Level.INTENT,
                sample.static == Status.PASS,
                SEEN.get(sample.observed, -1),
                sample.form,
            )
        )
        proxies.add(n, sample.proxies)
        probes.add(n, sample.probes)
    codes = np.frombuffer(table, np.int64).reshape(-1, 10)
    evaluation_names, evaluation = evaluations.ranked(codes[:, 0])
    seed_names, seed = seeds.ranked(codes[:, 1])
    task_names, task = tasks.ranked(codes[:, 2])
    fault_names, fault = faults.ranked(codes[:, 5])
    order = np.lexsort((codes[:, 3], task, seed, evaluation))
    ends = np.cumsum(np.bincount(evaluation, minlength=len(evaluation_names)))
    groups = np.split(np.arange(len(order)), ends[:-1]) if evaluation_names else []
    return Columns(
        tasks=_task_table(task_names, described),
        seeds=seed_names,
        task=task[order],
        seed=seed[order],
        outcome=codes[order, 4],
        fault=fault[order],
        faults=fault_names,
        flag_valid=codes[order, 6] == 1,
        intent_correct=codes[order, 7] == 1,
        seen=codes[order, 8],
        form=codes[order, 9],
        proxies=proxies.arrays(order),
        probes=probes.arrays(order),
        groups=dict(zip(evaluation_names, groups, strict=True)),
    )


class Floating:
    """Named numbers of samples, as they come; NaN for samples that have none of a name."""

    def __init__(self) -> None:
        self._columns: dict[str, array[float]] = {}

    def add(self, n: int, values: Mapping[str, float]) -> None:
        """The values of the n-th sample, counted from 0."""
        for name, value in values.items():
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = array("d")
            if len(column) < n:
                column.extend([np.nan] * (n - len(column)))
            column.append(value)

    def arrays(self, order: Ints) -> dict[str, Floats]:
        """Every column whole, its samples in this order."""
        found = {}
        for name, column in self._columns.items():
            rest = np.full(len(order) - len(column), np.nan)
            found[name] = np.concatenate([np.frombuffer(column), rest])[order]
        return found


def _task_table(
    names: tuple[str, ...], described: Mapping[str, tuple[str, str, bool]]
) -> TaskTable:
    families = sorted({described[name][1] for name in names})
    return TaskTable(
        names=names,
        tools=tuple(described[name][0] for name in names),
        families=np.array([families.index(described[name][1]) for name in names], np.int64),
        unseen=np.array([described[name][2] for name in names], np.bool_),
        n_families=len(families),
    )
