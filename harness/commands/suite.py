"""`goodhart-bench suite`: list and check task suites."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Task suites.", no_args_is_help=True)


@app.command("list")
def list_suites() -> None:
    """The suites that can be named, with their sizes."""
    from harness.registry import SUITES, open_suite

    for name in SUITES.places():
        suite = open_suite(name)
        sizes = ", ".join(f"{len(suite.split(split))} {split}" for split in suite.about.splits)
        print(f"{name} {suite.version}: {sizes}. {suite.description}")


@app.command("check")
def check(name: Annotated[str, typer.Argument(help="A suite by name, or its folder.")]) -> None:
    """Prove that right answers pass and wrong ones fail; exits with 1 if any does not."""
    from harness.registry import open_suite
    from tasks.soundness import check_suite

    suite = open_suite(name)
    problems = check_suite(suite)
    for problem in problems:
        print(problem)
    print(f"{suite.name} {suite.version}: {len(suite.tasks)} tasks, {len(problems)} problems")
    raise typer.Exit(1 if problems else 0)
