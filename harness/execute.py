"""Run commands in the sandbox, each distinct one once, and keep what came of it in
`executions.jsonl`. A resumed run goes on with the commands that are not in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

from harness.record import Row, Run, append_rows, cut_torn_line, read_rows
from sandbox.types import Ending, Execution, Limits

if TYPE_CHECKING:
    from harness.meter import Report
    from sandbox.types import Sandbox

LIMITS = Limits(wall_s=30, output_bytes=16 << 10)
BATCH = 16  # executions between two writes to disk


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
    broken = execute(run, sandbox, left, report)
    execute(run, sandbox, broken, report)


def execute(run: Run, sandbox: Sandbox, commands: Sequence[str], report: Report) -> list[str]:
    """Run and record these commands; returns those that the sandbox, not the command, ended."""
    broken: list[str] = []
    results = iter(sandbox.run_many(commands, LIMITS))
    done = 0
    while batch := list(islice(results, BATCH)):
        append_rows(run.file("executions.jsonl"), map(as_row, batch))
        broken += [e.command for e in batch if e.ending is Ending.INFRASTRUCTURE]
        done += len(batch)
        report(done / len(commands), "")
    return broken


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
