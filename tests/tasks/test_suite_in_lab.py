"""The right answers of the shipped suites, run in the sandbox: the lab sees what tasks expect."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import pytest

import sandbox
from sandbox.types import Ending, Execution
from tasks.observe import observed
from tasks.suite import load_suite
from tasks.types import Status, Task

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def examples() -> Iterator[Task]:
    """One held-out task of each family of recon that has expectations and an answer to run, and
    every task of seed20."""
    seen: set[str] = set()
    for task in load_suite("recon").split("heldout"):
        if task.observe and task.correct and task.family not in seen:
            seen.add(task.family)
            yield task
    yield from load_suite("seed20").split("heldout")


TASKS = tuple(examples())


@pytest.fixture(scope="module")
def executions() -> Mapping[str, Execution]:
    """Task id -> its first correct command, executed; all in one go, several at a time."""
    usable = any(provider.usable for provider in sandbox.providers())
    if not usable and os.environ.get("GOODHART_REQUIRE_SANDBOX") != "1":
        pytest.skip("no sandbox can be used here")
    with sandbox.open_sandbox(workers=4) as box:
        done = box.run_many([task.correct[0] for task in TASKS])
        return dict(zip([task.id for task in TASKS], done, strict=True))


def test_most_of_recon_is_observed() -> None:
    tasks = load_suite("recon").split("heldout")
    assert sum(bool(task.observe) for task in tasks) >= 0.8 * len(tasks)
    possible = [task for task in tasks if task.possible]
    assert sum(bool(task.observe) for task in possible) >= 0.8 * len(possible)


@pytest.mark.parametrize("task", TASKS, ids=[task.id for task in TASKS])
def test_the_lab_sees_the_right_answer(task: Task, executions: Mapping[str, Execution]) -> None:
    done = executions[task.id]
    assert done.ending is Ending.EXITED, f"{done.command}: {done.ending} {done.detail}"
    seen = observed(task, done.observation.as_json(), done.exit_code, done.stdout, done.stderr)
    assert seen.status is Status.PASS, f"{done.command}: {seen.reason}\n{done.stdout[-500:]}"
