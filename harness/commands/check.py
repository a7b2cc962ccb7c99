"""`goodhart-bench check`: what the checker says of one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tasks.suite import Suite
    from tasks.types import Task


def check(
    command: Annotated[str, typer.Argument(help="A command line, or a model's answer with one.")],
    suite: Annotated[str, typer.Option(help="The suite that --task belongs to.")] = "recon",
    task: Annotated[
        str | None, typer.Option(help="Also judge the command against this task's intent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check one command, level by level; exits with 1 unless every level passed."""
    import json

    from rich.console import Console

    import tasks.checker
    from harness.registry import open_suite
    from tasks.types import Status
    from tasks.types import as_json as verdict_json

    if task is None:
        verdict = tasks.checker.check(command)
    else:
        verdict = tasks.checker.judge(command, find_task(open_suite(suite), task))
    if as_json:
        print(json.dumps(verdict_json(verdict), indent=2, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        for level in verdict.levels:
            console.print(f"{level.level:<10} {level.status:<12} {level.reason}", markup=False)
        if verdict.canonical:
            console.print(f"{'canonical':<23} {verdict.canonical}", markup=False)
    raise typer.Exit(0 if verdict.status is Status.PASS else 1)


def find_task(suite: Suite, id: str) -> Task:
    """The task of that id; UserError with the nearest ids if there is none."""
    from difflib import get_close_matches

    from tasks.errors import UserError

    tasks = {task.id: task for task in suite.tasks}
    if id not in tasks:
        near = ", ".join(get_close_matches(id, tasks, n=3, cutoff=0)) or "none"
        raise UserError(f"Suite {suite.name} has no task {id!r}; the nearest ids are: {near}.")
    return tasks[id]
