"""Executions are kept, not repeated, and a broken sandbox is tried once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.benchmark import Judge, start
from harness.execute import execute_all, executions
from harness.profile import load_profile
from harness.record import Run
from sandbox.types import Ending, Execution, Limits


class Flaky:
    """A sandbox that breaks `breaks` times on commands that begin with "flaky"."""

    def __init__(self, breaks: int) -> None:
        self.breaks = breaks
        self.ran: list[str] = []

    def run_many(self, commands: Iterable[str], limits: Limits) -> Iterator[Execution]:
        for command in commands:
            self.ran.append(command)
            broke = command.startswith("flaky") and self.ran.count(command) <= self.breaks
            ending = Ending.INFRASTRUCTURE if broke else Ending.EXITED
            yield Execution(command, ending, None if broke else 0, "", "", False, 0.1)


@pytest.fixture
def run(tiny_profile: Path, tmp_path: Path) -> Run:
    return start("tiny", load_profile(str(tiny_profile)), Judge(None, ""), tmp_path / "run")


def execute(run: Run, sandbox: Any, *commands: str) -> dict[str, str]:
    execute_all(run, sandbox, commands, lambda share, note: None)
    return {command: row["ending"] for command, row in executions(run).items()}


def test_each_distinct_command_runs_once(run: Run) -> None:
    sandbox = Flaky(0)
    assert execute(run, sandbox, "b", "a", "b") == {"a": "exited", "b": "exited"}
    execute(run, sandbox, "a", "b", "c")
    assert sandbox.ran == ["a", "b", "c"]


def test_what_broke_is_tried_once_more(run: Run) -> None:
    assert execute(run, Flaky(1), "a", "flaky") == {"a": "exited", "flaky": "exited"}


def test_what_breaks_twice_is_an_infrastructure_error_and_tried_again_on_resume(run: Run) -> None:
    assert execute(run, Flaky(2), "flaky")["flaky"] == "infrastructure error"
    assert execute(run, Flaky(0), "flaky")["flaky"] == "exited"


def test_a_torn_execution_is_run_again(run: Run) -> None:
    execute(run, Flaky(0), "a")
    with run.file("executions.jsonl").open("a") as file:
        file.write('{"command": "b", "end')
    sandbox = Flaky(0)
    assert set(execute(run, sandbox, "a", "b")) == {"a", "b"}
    assert sandbox.ran == ["b"]
