"""How many tasks, samples and seeds it takes, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.format import points
from reports.table import Table
from reports.tables import draw

Plan = Mapping[str, Any]


def terminal(plan: Plan) -> str:
    """What varied, the table of designs, and the cheapest of them."""
    return "\n\n".join([_varied(plan), draw(designs(plan)), _cheapest(plan)])


def _varied(plan: Plan) -> str:
    had, parts = plan["had"], plan["parts"]
    names = {
        "family": "families",
        "task": "tasks of a family",
        "seed": "trainings",
        "seed_task": "trainings on one task",
        "draw": "single samples, both sides",
    }
    said = ", ".join(
        f"{label} {100 * parts[key] ** 0.5:.1f}"
        for key, label in names.items()
        if parts[key] is not None
    )
    text = (
        f"{plan['policy']}: {had['tasks']} tasks in {parts['families']} families, samples a task: "
        f"{had['samples']:g}, seeds: {had['seeds']}; change {points(plan['change'])} points.\n"
        f"Standard deviations in points: {said}."
    )
    if not plan["trained"]:
        text += (
            "\nNothing was trained: what families would differ by is not known. The effect is "
            "taken to be borne by a quarter of them."
        )
    if plan["one_seed"]:
        text += "\nOne seed: what trainings differ by is not known, and is left out."
    return text


def designs(plan: Plan) -> Table:
    header = ["seeds", *(f"{k} samples" if k > 1 else "1 sample" for k in plan["samples"])]
    rows = [
        [str(row["seeds"]), *("none" if n is None else f"{n:,}" for n in row["tasks"])]
        for row in plan["rows"]
    ]
    note = (
        "Tasks needed, evenly over the families of the earlier run, by training seeds and samples "
        "a task on each side; two-sided at .05. none: no number of tasks suffices."
    )
    effect, power = 100 * plan["effect"], plan["power"]
    return Table(f"To find {effect:g} points with a power of {power:.0%}", header, rows, note)


def _cheapest(plan: Plan) -> str:
    size = plan["cheapest"]
    if size is None:
        return "None of these finds it: take more seeds, more families, or a larger effect."
    total = size["tasks"] * size["samples"] * size["seeds"]
    more = "" if size["tasks"] <= plan["had"]["tasks"] else ", more tasks than the run had"
    return (
        f"Fewest samples: {size['tasks']:,} x {size['samples']} x {size['seeds']} (tasks x "
        f"samples x seeds), {total:,} in each evaluation{more}."
    )
