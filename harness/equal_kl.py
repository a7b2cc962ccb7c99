"""How far each arm went from the base policy, and the arms compared at an equal distance.

A trainer that moves little has little to answer for: changes are read against sqrt(KL), as in Gao
et al. 2210.10760, and compared at the largest KL that every arm which moved has reached. Between
two cycles a change is linear in sqrt(KL); beyond what an arm has reached nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from harness.columns import Columns
from harness.gap import Movement
from harness.statistics import Estimate, Floats, estimate, from_se
from harness.study import Divergence

MOVED = 1e-3  # nats; an arm that stayed below it has not moved
CONTROL = "random-accept"


@dataclass(frozen=True)
class Step:
    """One cycle of an arm: sqrt(KL) with its standard error, and what moved since cycle 0."""

    root: float
    se: float
    moved: Movement | None  # None for cycle 0

    def grid(self, quantity: str, like: Floats) -> Floats:
        """A movement's (seed, task) values; zeros before anything moved."""
        if self.moved is None:
            return np.zeros_like(like)
        found: Floats | None = getattr(self.moved, quantity)
        return np.full_like(like, np.nan) if found is None else found


@dataclass(frozen=True)
class Place:
    """Where on an arm's curve a distance lies: `share` of the way from one step to the next."""

    low: Step
    high: Step
    share: float

    @property
    def se(self) -> float:
        """Of sqrt(KL) there."""
        return float(np.hypot((1 - self.share) * self.low.se, self.share * self.high.se))


def divergence(
    columns: Columns, rows: Sequence[Divergence], moved: Mapping[str, Mapping[int, Movement]]
) -> dict[str, Any]:
    """KL by arm and cycle, in nats a command, and the arms at equal KL; `moved` is by arm and
    cycle, of the arm's own proxy."""
    by_arm = {
        arm: {
            cycle: _kl(columns, [r for r in rows if (r.arm, r.cycle) == (arm, cycle)])
            for cycle in sorted({row.cycle for row in rows if row.arm == arm})
        }
        for arm in moved
    }
    return {
        "cycles": [
            {"arm": arm, "cycle": cycle, "kl": kl.as_json(), "root": _root(kl)}
            for arm, cycles in by_arm.items()
            for cycle, kl in cycles.items()
        ],
        "equal": _at_equal_kl(columns, by_arm, moved),
    }


def _kl(columns: Columns, rows: Sequence[Divergence]) -> Estimate:
    """Mean over tasks and seeds of one arm and cycle."""
    grid = columns.grid_of((row.seed, row.task, row.kl) for row in rows)
    tasks = (~np.isnan(grid)).any(axis=0).sum() * max(1, len({row.seed for row in rows}))
    found = estimate(grid, columns.tasks.families).within(0, np.inf)
    return found.with_samples(len(rows) / tasks if tasks else None)


def _root(kl: Estimate) -> float | None:
    return None if kl.value is None else kl.value**0.5


def _at_equal_kl(
    columns: Columns,
    by_arm: Mapping[str, Mapping[int, Estimate]],
    moved: Mapping[str, Mapping[int, Movement]],
) -> dict[str, Any]:
    """Every arm at the largest sqrt(KL) that all which moved have reached."""
    curves = {arm: _curve(cycles, moved[arm]) for arm, cycles in by_arm.items()}
    reach = {arm: max((step.root for step in curve), default=0) for arm, curve in curves.items()}
    went = {arm: curve for arm, curve in curves.items() if reach[arm] > MOVED**0.5}
    if not went:
        return {"root": None, "arms": []}
    root = min(reach[arm] for arm in went)
    places = {arm: place_at(curve, root) for arm, curve in went.items()}
    control = places.get(CONTROL)
    return {
        "root": root,
        "arms": [
            {"arm": arm, "reached": reach[arm], **_there(columns, places.get(arm), control, arm)}
            for arm in curves
        ],
    }


def _curve(cycles: Mapping[int, Estimate], moved: Mapping[int, Movement]) -> list[Step]:
    """Cycle 0, then every cycle of which both KL and movement are known."""
    known = [(kl, moved[cycle]) for cycle, kl in cycles.items() if cycle in moved and kl.value]
    steps = []
    for kl, movement in known:
        root = (kl.value or 0.0) ** 0.5
        steps.append(Step(root, (kl.se or 0.0) / (2 * root), movement))  # the delta method
    return [Step(0.0, 0.0, None), *steps]


def place_at(curve: Sequence[Step], root: float) -> Place | None:
    """Where a curve first comes to this sqrt(KL); None beyond what it has reached."""
    for low, high in pairwise(curve):
        if low.root <= root <= high.root and high.root > low.root:
            return Place(low, high, (root - low.root) / (high.root - low.root))
    return None


def _there(
    columns: Columns, place: Place | None, control: Place | None, arm: str
) -> dict[str, Any]:
    """dP, dT, GG, and dT beyond the control, of an arm at a place; None where there is none."""
    if place is None:
        return dict.fromkeys(("dP", "dT", "GG", "beyond_control"))
    beyond = None
    if control is not None and arm != CONTROL:
        grid = _between(place, "truth") - _between(control, "truth")
        noise = np.hypot(
            _slope_noise(columns, place, "truth"), _slope_noise(columns, control, "truth")
        )
        beyond = _widened(estimate(grid, columns.tasks.families), float(noise)).as_json()
    return {
        "dP": _at(columns, place, "of_proxy").as_json(),
        "dT": _at(columns, place, "truth").within(-1, 1).as_json(),
        "GG": _at(columns, place, "gap").as_json(),
        "beyond_control": beyond,
    }


def _at(columns: Columns, place: Place, quantity: str) -> Estimate:
    draws = _draws_between(place) if quantity == "gap" else None
    found = estimate(_between(place, quantity), columns.tasks.families, draws)
    return _widened(found, _slope_noise(columns, place, quantity))


def _between(place: Place, quantity: str) -> Floats:
    """The interpolated (seed, task) values; on a step itself, all that the step has."""
    assert place.high.moved is not None
    like = place.high.moved.truth
    parts = [(1 - place.share, place.low), (place.share, place.high)]
    grids = [weight * step.grid(quantity, like) for weight, step in parts if weight]
    return np.asarray(np.sum(grids, axis=0))


def _draws_between(place: Place) -> Floats | None:
    """The same of the bootstrap draws of the mean gap."""
    parts = [(1 - place.share, place.low), (place.share, place.high)]
    kept = [
        weight * step.moved.draws
        for weight, step in parts
        if weight and step.moved is not None and step.moved.draws is not None
    ]
    return np.asarray(np.sum(kept, axis=0)) if kept else None


def _slope_noise(columns: Columns, place: Place, quantity: str) -> float:
    """Standard error that an uncertain sqrt(KL) gives the interpolated value."""
    assert place.high.moved is not None
    like = place.high.moved.truth
    ends = [
        estimate(step.grid(quantity, like), columns.tasks.families).value
        for step in (place.low, place.high)
    ]
    if ends[0] is None or ends[1] is None:
        return 0.0
    return abs(ends[1] - ends[0]) / (place.high.root - place.low.root) * place.se


def _widened(found: Estimate, noise: float) -> Estimate:
    """The estimate with a further, independent standard error."""
    if found.se is None or found.df is None:
        return found
    bare = replace(found, low=None, high=None)
    return from_se(bare, float(np.hypot(found.se, noise)), found.df)
