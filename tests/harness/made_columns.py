"""Evaluations made up as columns, fast enough for hundreds of simulated runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.columns import OUTCOMES, Columns, Evaluation, TaskTable
from harness.statistics import Floats
from harness.types import Outcome

RIGHT, WRONG = OUTCOMES.index(Outcome.CORRECT), OUTCOMES.index(Outcome.WRONG)


@dataclass(frozen=True)
class Made:
    """One evaluation: what was right and what the proxies said, all (seeds, tasks, samples)."""

    right: np.ndarray
    proxies: Mapping[str, Floats] = field(default_factory=dict)
    probes: Mapping[str, Floats] = field(default_factory=dict)
    form: np.ndarray | None = None


def made_columns(families: Sequence[int], evaluations: Mapping[Evaluation, Made]) -> Columns:
    """Columns of these evaluations, all on the same tasks; a task's family is its number in
    `families`."""
    seeds, tasks, k = next(iter(evaluations.values())).right.shape
    size = seeds * tasks * k
    seed, task = (each.ravel() for each in np.indices((seeds, tasks, k))[:2])
    every = list(evaluations.values())
    right = np.concatenate([each.right.ravel() for each in every]).astype(bool)
    n = len(right)

    def floats(kind: str) -> dict[str, Floats]:
        names = {name for each in every for name in getattr(each, kind)}
        nothing = np.full(size, np.nan)
        return {
            name: np.concatenate([np.ravel(getattr(e, kind).get(name, nothing)) for e in every])
            for name in sorted(names)
        }

    unknown = np.full(size, -1)
    forms = [unknown if each.form is None else each.form.ravel() for each in every]
    return Columns(
        tasks=TaskTable(
            names=tuple(f"t{i:04d}" for i in range(tasks)),
            tools=("nmap",) * tasks,
            families=np.asarray(families, np.int64),
            unseen=np.zeros(tasks, np.bool_),
            n_families=int(max(families)) + 1,
        ),
        seeds=tuple(range(seeds)),
        task=np.tile(task, len(every)),
        seed=np.tile(seed, len(every)),
        outcome=np.where(right, RIGHT, WRONG),
        fault=np.full(n, -1),
        flag_valid=right,
        intent_correct=right,
        seen=np.full(n, -1),
        faults=(),
        form=np.concatenate(forms),
        proxies=floats("proxies"),
        probes=floats("probes"),
        groups={name: np.arange(size) + i * size for i, name in enumerate(evaluations)},
    )
