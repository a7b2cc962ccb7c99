"""What training and evaluation share: prompts and parameter values. Shown before any table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.types import Task

EXAMPLES = 10


def overlap(trained: Sequence[Task], evaluated: Sequence[Task]) -> dict[str, Any]:
    """Counts, and up to ten examples each, of prompts and parameter values on both sides.

    Prompts are compared without regard to case and spacing, values as they are written.
    """
    prompts = [
        {" ".join(task.prompt.casefold().split()) for task in side} for side in (trained, evaluated)
    ]
    values = [
        {value for task in side for value in task.params.values()} for side in (trained, evaluated)
    ]
    return {
        "trained_tasks": len({task.id for task in trained}),
        "evaluated_tasks": len({task.id for task in evaluated}),
        "prompts": _shared(*prompts),
        "values": _shared(*values),
    }


def _shared(trained: set[str], evaluated: set[str]) -> dict[str, Any]:
    both = sorted(trained & evaluated)
    return {
        "trained": len(trained),
        "evaluated": len(evaluated),
        "shared": len(both),
        "examples": both[:EXAMPLES],
    }
