"""Workers: replaced when broken, worn or unclean; no provider is needed for that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from sandbox import pool
from sandbox.pool import Pool, Worker
from sandbox.types import Ending, Execution, Limits, Observation, SandboxError


class Lab:
    def begin(self) -> None: ...

    def collect(self) -> Observation:
        return Observation()


@dataclass
class Fake:
    """A worker that breaks at the command "break", and cannot be cleaned after "dirty"."""

    breaks: tuple[str, ...] = ("break",)
    lab: Lab = field(default_factory=Lab)
    served: int = 0
    clean: bool = True
    closed: bool = False

    def execute(self, command: str, limits: Limits) -> Execution:
        self.served += 1
        self.clean = command != "dirty"
        if command in self.breaks:
            raise SandboxError("it broke")
        return Execution(command, Ending.EXITED, 0, "", "", False, 0.0)

    def close(self) -> None:
        self.closed = True


class Factory:
    """Makes workers and remembers them; `failures` starts fail first."""

    def __init__(self, *, failures: int = 0, cured: bool = False) -> None:
        self.made: list[Fake] = []
        self.failures, self.cured = failures, cured

    def __call__(self) -> Worker:
        if self.made and self.failures:
            self.failures -= 1
            raise SandboxError("no engine answers")
        self.made.append(Fake(() if self.cured and self.made else ("break",)))
        return cast(Worker, self.made[-1])


def test_a_broken_worker_is_closed_and_its_command_run_again() -> None:
    make = Factory(cured=True)
    with Pool("fake", "image", make, 1) as box:
        assert box.run("break").ending is Ending.EXITED
    assert [worker.closed for worker in make.made] == [True, True]
    assert make.made[0].served == make.made[1].served == 1


def test_a_command_that_breaks_two_workers_is_an_infrastructure_error() -> None:
    make = Factory()
    with Pool("fake", "image", make, 1) as box:
        done = box.run("break")
        assert (done.ending, done.exit_code, done.detail) == (
            Ending.INFRASTRUCTURE, None, "it broke",
        )  # fmt: skip
        assert box.run("true").ending is Ending.EXITED
    assert len(make.made) == 3


def test_an_unclean_worker_serves_no_other_command() -> None:
    make = Factory()
    with Pool("fake", "image", make, 1) as box:
        assert box.run("dirty").ending is Ending.EXITED
        box.run("true")
    assert [worker.served for worker in make.made] == [1, 1]
    assert all(worker.closed for worker in make.made)


def test_a_worn_worker_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RECYCLE_AFTER", 3)
    make = Factory()
    with Pool("fake", "image", make, 1) as box:
        done = list(box.run_many(["true"] * 7))
    assert [execution.ending for execution in done] == [Ending.EXITED] * 7
    assert [worker.served for worker in make.made] == [3, 3, 1]


def test_an_engine_that_is_down_for_a_while_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PAUSE_S", 0.0)
    make = Factory(failures=5, cured=True)
    with Pool("fake", "image", make, 1) as box:
        assert box.run("break").ending is Ending.EXITED


def test_an_engine_that_stays_down_is_an_infrastructure_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "PAUSE_S", 0.0)
    monkeypatch.setattr(pool, "PATIENCE_S", 0.0)
    make = Factory(failures=1000)
    with Pool("fake", "image", make, 1) as box:
        done = box.run("break")
    assert (done.ending, done.detail) == (Ending.INFRASTRUCTURE, "no engine answers")


@pytest.mark.parametrize("command", ["echo a\0b", "echo \ud800"])
def test_what_is_no_command_line_is_refused(command: str) -> None:
    with Pool("fake", "image", Factory(), 1) as box, pytest.raises(ValueError, match=r"NUL|encode"):
        box.run(command)
