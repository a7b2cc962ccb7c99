"""A trainer that does not declare `needs` cannot reach truth from what it is handed."""

from __future__ import annotations

import gc
import types
from pathlib import Path
from typing import Any

import pytest

from harness.cell import Bench, context, draw_prompts
from harness.plan import plan_arms, plan_cells
from harness.policy import CausalPolicy
from harness.profile import load_profile
from harness.registry import TRAINERS
from harness.similarity import load_similarity
from tasks.suite import Suite, load_suite
from tasks.types import Intent, Task

TRUTH = (Task, Intent, Suite)


def reachable(root: object) -> list[object]:
    """Every object that can be got at from `root` by attributes, items and closures.

    Not followed are modules, classes and the globals of functions: what any Python code could
    import for itself is not handed to it.
    """
    found: dict[int, object] = {}
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in found or isinstance(item, types.ModuleType | type):
            continue
        found[id(item)] = item
        if isinstance(item, types.FunctionType):
            waiting += [*(item.__closure__ or ()), *(item.__defaults__ or ())]
        else:
            waiting += gc.get_referents(item)
    return list(found.values())


@pytest.fixture(scope="module")
def policy(tiny_model: Path) -> CausalPolicy:
    return CausalPolicy.load(str(tiny_model))


def handed(name: str, policy: CausalPolicy) -> tuple[Any, Any]:
    """What the referee hands a trainer for a cycle."""
    arms = plan_arms([name])
    cell = next(cell for cell in plan_cells(arms, 1) if cell.arm == name)
    manifest: Any = types.SimpleNamespace(profile=load_profile("quick"))
    bench = Bench(manifest, cell, load_suite("recon"), policy, load_similarity())
    v1 = types.SimpleNamespace(cycles=lambda: [{"acceptance": 0.5}])
    run: Any = types.SimpleNamespace(cell=lambda name: v1)
    return draw_prompts(bench, 1), context(bench, run, TRAINERS.load(name)().needs, 1)


@pytest.mark.parametrize("name", ["v1", "v2", "random-accept", "no-train"])
def test_truth_is_out_of_reach(name: str, policy: CausalPolicy) -> None:
    assert not [item for item in reachable(handed(name, policy)) if isinstance(item, TRUTH)]


def test_the_search_finds_truth_where_it_is_handed_out(policy: CausalPolicy) -> None:
    assert [item for item in reachable(handed("oracle", policy)) if isinstance(item, Task)]
