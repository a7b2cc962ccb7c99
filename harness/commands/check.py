"""`goodhart-bench check`: what the checker says of a command, or of many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tasks.suite import Suite
    from tasks.types import Command, Task, Verdict


def check(
    command: Annotated[
        str | None, typer.Argument(help="A command line, or a model's answer with one.")
    ] = None,
    suite: Annotated[str, typer.Option(help="The suite that --task belongs to.")] = "recon",
    task: Annotated[
        str | None, typer.Option(help="Also judge the command against this task's intent.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Read commands from a file, one a line; - is the standard input."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check one command, level by level; exits with 1 unless every level passed.

    With --file there is one verdict a line, and the exit status is 1 unless every command passed.
    """
    import json

    import tasks.checker
    from harness.registry import open_suite
    from tasks.errors import UserError
    from tasks.types import Status
    from tasks.types import as_json as verdict_json

    if (command is None) == (file is None):
        raise UserError("Give either a COMMAND to check or --file FILE with one command a line.")
    wanted = find_task(open_suite(suite), task) if task is not None else None
    is_passed = True
    for line in [command] if command is not None else _lines(file or Path("-")):
        verdict = tasks.checker.judge(line, wanted) if wanted else tasks.checker.check(line)
        is_passed = is_passed and verdict.status is Status.PASS
        if as_json:
            data = {"command": line} | verdict_json(verdict)
            print(json.dumps(data, indent=2 if file is None else None, ensure_ascii=False))
        elif file is None:
            _show(verdict)
        else:
            fault = f" ({verdict.fault})" if verdict.fault else ""
            print(f"{verdict.status:<12} {line}  # {verdict.last.reason}{fault}")
    raise typer.Exit(0 if is_passed else 1)


def _lines(file: Path) -> Iterator[str]:
    """The commands of a file; empty lines are none."""
    import sys

    from tasks.errors import UserError

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UserError(f"{file} cannot be read: {reason}.") from None
    yield from (line for line in text.split("\n") if line.strip())


def _show(verdict: Verdict) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for command in verdict.commands:
        for line in _described(command):
            console.print(line, markup=False)
    for level in verdict.levels:
        fault = f" ({level.fault})" if level.fault else ""
        console.print(f"{level.level:<10} {level.status:<12} {level.reason}{fault}", markup=False)
    if verdict.canonical:
        console.print(f"{'canonical':<23} {verdict.canonical}", markup=False)


def _described(command: Command) -> Iterator[str]:
    """The tool, and each argument: what was written, its canonical name, its value."""
    yield f"{command.tool} {command.subcommand or ''}".rstrip()
    for argument in command.arguments:
        value = "" if argument.value is None else f" = {argument.value}"
        yield f"    {argument.spelled:<24} {argument.name}{value}"


def find_task(suite: Suite, id: str) -> Task:
    """The task of that id; UserError with the nearest ids if there is none."""
    from difflib import get_close_matches

    from tasks.errors import UserError

    tasks = {task.id: task for task in suite.tasks}
    if id not in tasks:
        near = ", ".join(get_close_matches(id, tasks, n=3, cutoff=0)) or "none"
        raise UserError(f"Suite {suite.name} has no task {id!r}; the nearest ids are: {near}.")
    return tasks[id]
