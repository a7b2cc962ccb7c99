"""How large a benchmark must be to find a change, from how much an earlier one varied.

The change measured on task i of family f with training seed s is taken as

    change + family_f + task_fi + seed_s + (seed, task)_si + noise / samples

and the variance of each part is estimated by analysis of variance. Formulas in docs/measures.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.compare import Pairs, by_task, change_of, draw_variance, pair
from harness.gate import BEARING
from harness.scorecard import Scorecard
from harness.statistics import Floats, Levels, crossed, detectable_change
from harness.statistics.intervals import cluster_totals, seed_variance
from harness.statistics.power import CONFIDENCE

SEEDS = (2, 3, 5, 8, 12, 20)
SAMPLES = (1, 2, 4, 8, 16)
MOST_TASKS = 20_000  # beyond it "no number of tasks" is the answer


@dataclass(frozen=True, slots=True)
class Parts:
    """Variances of the parts of a task's change, as shares squared; `families` is how many the
    suite has. `seed` is None where nothing was trained."""

    family: float
    task: float
    seed: float | None
    seed_task: float
    draw: float  # of one sample on each side
    families: int


@dataclass(frozen=True, slots=True)
class Size:
    """A design: tasks, evenly over the families, samples a task and side, training seeds."""

    tasks: int
    samples: int
    seeds: int

    @property
    def evaluated(self) -> int:
        """Samples drawn after training."""
        return self.tasks * self.samples * self.seeds


def parts(before: Scorecard, after: Scorecard) -> Parts:
    """The parts of the change between two evaluations.

    Without a training there is no change to take apart: there are only draws, and `plan_for`
    lets a quarter of the families bear the effect.
    """
    pairs = pair(before, after)
    draws = [draw_variance(card, pairs.tasks) for card in (before, after)]
    draw = float(np.mean(draws[0] + draws[1]))
    families = int(pairs.families.max()) + 1
    if not pairs.trained:
        return Parts(0.0, 0.0, None, 0.0, draw, families)
    return _parts_of_change(pairs, draw / pairs.samples, draw)


def _parts_of_change(pairs: Pairs, noise: float, draw: float) -> Parts:
    """`noise` is the sampling variance of one (seed, task) cell."""
    change = pairs.change[:, ~np.isnan(pairs.change).any(axis=0)]
    families = pairs.families[~np.isnan(pairs.change).any(axis=0)]
    n_seeds, n_tasks = change.shape
    names, codes, sizes = np.unique(families, return_inverse=True, return_counts=True)
    count = len(names)
    residual = change - change.mean(axis=1, keepdims=True) - change.mean(axis=0) + change.mean()
    of_residual = float(np.sum(residual**2)) / max((n_seeds - 1) * (n_tasks - 1), 1)
    seed_task = max(0.0, of_residual - noise) if n_seeds > 1 else 0.0
    means = by_task(change)
    family_means = np.bincount(codes, means) / sizes
    within = float(np.sum((means - family_means[codes]) ** 2)) / max(n_tasks - count, 1)
    between = float(np.sum(sizes * (family_means - means.mean()) ** 2)) / max(count - 1, 1)
    typical = (n_tasks - float(np.sum(sizes**2)) / n_tasks) / max(count - 1, 1)
    return Parts(
        family=max(0.0, between - within) / max(typical, 1.0),
        task=max(0.0, within - (seed_task + noise) / n_seeds),
        seed=_seed_part(change, codes, count),
        seed_task=seed_task,
        draw=draw,
        families=count,
    )


def _seed_part(change: Floats, codes: Any, count: int) -> float:
    """What trainings differ by; 0 with one seed, which cannot show it."""
    sums, _ = cluster_totals(change - change.mean(), codes, count)
    sizes = np.broadcast_to(np.bincount(codes, minlength=count), sums.shape).astype(np.float64)
    of_means, noise = seed_variance(sums, sizes)
    return max(0.0, of_means - noise) * len(change)


def detectable(found: Parts, size: Size, power: float) -> float:
    """The smallest change that a benchmark of this size finds, two-sided at .05, as a share."""
    families = min(found.families, size.tasks)
    cell = found.seed_task + found.draw / size.samples
    of_tasks = found.family / families + (found.task + cell / size.seeds) / size.tasks
    of_seeds = (found.seed or 0.0) / size.seeds
    noise = cell / (size.tasks * size.seeds)
    se, df = crossed(Levels(of_tasks, max(families, 2), of_seeds + noise, noise, size.seeds))
    return detectable_change(se, df, 1 - CONFIDENCE, power)


def tasks_needed(
    found: Parts, samples: int, seeds: int, effect: float, power: float
) -> Size | None:
    """The least number of tasks that finds the effect; None if no number does."""
    low, high = 1, MOST_TASKS
    if detectable(found, Size(high, samples, seeds), power) > effect:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if detectable(found, Size(middle, samples, seeds), power) > effect:
            low = middle
        else:
            high = middle
    return Size(high, samples, seeds)


def plan_for(before: Scorecard, after: Scorecard, effect: float, power: float) -> dict[str, Any]:
    """What it takes to find `effect` (a share) with `power`, as plain data for the report."""
    found = parts(before, after)
    if found.seed is None:
        found = replace(found, family=effect**2 * (1 - BEARING) / BEARING)
    pairs = pair(before, after)
    rows = [
        {
            "seeds": seeds,
            "tasks": [
                size.tasks if (size := tasks_needed(found, k, seeds, effect, power)) else None
                for k in SAMPLES
            ],
        }
        for seeds in ((1,) if found.seed is None else SEEDS)
    ]
    return {
        "policy": after.policy,
        "effect": effect,
        "power": power,
        "trained": found.seed is not None,
        "parts": {name: getattr(found, name) for name in Parts.__slots__},
        "one_seed": pairs.trained and len(pairs.change) < 2,
        "had": {"tasks": len(pairs.tasks), "samples": pairs.samples, "seeds": len(pairs.change)},
        "change": change_of(pairs).as_json(),
        "samples": list(SAMPLES),
        "rows": rows,
        "cheapest": _cheapest(rows),
    }


def _cheapest(rows: list[dict[str, Any]]) -> dict[str, int] | None:
    """The design with the fewest samples to draw and judge."""
    sizes = [
        Size(tasks, samples, row["seeds"])
        for row in rows
        for samples, tasks in zip(SAMPLES, row["tasks"], strict=True)
        if tasks is not None
    ]
    if not sizes:
        return None
    best = min(sizes, key=lambda size: (size.evaluated, size.seeds))
    return {name: getattr(best, name) for name in Size.__slots__}
