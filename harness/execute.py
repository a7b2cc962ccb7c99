"""Run commands in the sandbox, each distinct one once, and keep what came of it in
`executions.jsonl`. A resumed run goes on with the commands that are not in it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.record import Row, Run, as_line, cut_torn_line, read_rows
from sandbox.types import Ending, Execution, Limits

if TYPE_CHECKING:
    from harness.meter import Report
    from sandbox.types import Sandbox

LIMITS = Limits(wall_s=30, output_bytes=16 << 10)


def executions(run: Run) -> dict[str, Row]:
    """Command -> what came of it the last time it was run."""
    return {row["command"]: row for row in read_rows(run.file("executions.jsonl"))}


def execute_all(run: Run, sandbox: Sandbox, commands: Iterable[str], report: Report) -> None:
    """Run the commands that have no result yet. What a broken sandbox ended is tried once more;
    if it breaks again the command's result is "infrastructure error"."""
    cut_torn_line(run.file("executions.jsonl"))
    known = executions(run)
    left = sorted(
        command
        for command in set(commands)
        if command not in known or known[command]["ending"] == Ending.INFRASTRUCTURE
    )
    for _ in range(2):
        broken = []
        for number, done in enumerate(execute(run, sandbox, left), 1):
            if done.ending is Ending.INFRASTRUCTURE:
                broken.append(done.command)
            report(number / len(left), "")
        left = broken


def execute(run: Run, sandbox: Sandbox, commands: Sequence[str]) -> Generator[Execution]:
    """Run these commands and record each as it comes, which a killed process leaves on record."""
    with run.file("executions.jsonl").open("ab") as file:
        for done in sandbox.run_many(commands, LIMITS):
            file.write(as_line(as_row(done)))
            file.flush()
            yield done
        os.fsync(file.fileno())


def as_row(execution: Execution) -> Row:
    """One line of `executions.jsonl`."""
    return {
        "command": execution.command,
        "ending": execution.ending.value,
        "exit_code": execution.exit_code,
        "stdout": execution.stdout,
        "stderr": execution.stderr,
        "truncated": execution.truncated,
        "duration_s": round(execution.duration_s, 3),
        "observation": execution.observation.as_json(),
        "detail": execution.detail,
        "programs": execution.programs and [asdict(program) for program in execution.programs],
        "unlisted": execution.unlisted,
        "cached": execution.cached,
    }
