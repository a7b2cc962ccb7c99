"""Both providers on the same commands: what counts as a difference, and that it can be resumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.identity import Comparison, commands, difference, verdict
from sandbox.types import Connection, Ending, Execution, Limits, Observation

SEEN = (Connection("tcp", "10.1.2.3", 80), Connection("tcp", "10.1.2.3", 22))
ONE = Execution("nmap", Ending.EXITED, 0, "a", "", False, 0.1, Observation(connections=SEEN))


TASKS = dict(zip("abc", commands(3).values(), strict=True))


def apart(*all_done: Execution) -> str:
    task = TASKS["a"]
    return difference([{"box": f"box{n}", **verdict(e, task)} for n, e in enumerate(all_done)])


def test_order_and_output_are_no_difference() -> None:
    other = replace(ONE, stdout="b", observation=Observation(connections=SEEN[::-1]))
    assert apart(ONE, other, ONE) == ""


def test_ending_exit_code_and_what_the_lab_saw_are() -> None:
    late = replace(ONE, ending=Ending.TIMEOUT, exit_code=None)
    assert apart(ONE, late) == "exited 0 (box0) or timeout (box1)"
    assert apart(ONE, ONE, replace(ONE, exit_code=1)) == (
        "exited 0 (box0) or exited 0 (box1) or exited 1 (box2)"
    )
    less = replace(ONE, observation=Observation(connections=SEEN[:1]))
    assert apart(ONE, less) == "connections differ"


def test_commands_are_the_same_each_time_and_distinct() -> None:
    drawn = commands(60)
    assert drawn == commands(60)
    assert len(drawn) == 60
    assert sum(command in task.correct for command, task in drawn.items()) == 30


class Box:
    """Tells of every command the same, but of those in `odd`."""

    def __init__(self, name: str, odd: tuple[str, ...] = ()) -> None:
        self.name, self.odd = name, odd
        self.ran: list[str] = []

    def run(self, command: str, limits: Limits) -> Execution:
        self.ran.append(command)
        return replace(ONE, command=command, exit_code=int(command in self.odd))

    def run_many(self, lines: Iterable[str], limits: Limits) -> Iterator[Execution]:
        return (self.run(command, limits) for command in lines)


def compared(kept: Path, turns: int, *boxes: Any) -> Comparison:
    made = Comparison(boxes, TASKS, turns, kept)
    made.run(lambda share, note: None)
    return made


def test_a_difference_is_found_and_tried_alone(tmp_path: Path) -> None:
    one, other = Box("one"), Box("other", odd=("b",))
    found = compared(tmp_path / "kept", 1, one, other)
    assert [command for command, _ in found.apart()] == ["b"]
    assert found.again("b") == "exited 0 (one) or exited 1 (other)"
    other.odd = ()
    assert found.again("b") == ""
    assert found.ended(Ending.EXITED) == 6
    assert found.ended(Ending.TIMEOUT) == 0


def test_what_is_kept_is_not_run_again(tmp_path: Path) -> None:
    compared(tmp_path / "kept", 1, Box("one"))
    with (tmp_path / "kept").open("a") as kept:
        kept.write('{"box": "one", "turn": 2, "comm')  # it was killed there
    one, other = Box("one"), Box("other")
    found = compared(tmp_path / "kept", 2, one, other)
    assert one.ran == ["a", "b", "c"]
    assert other.ran == ["a", "b", "c"] * 2
    assert len(found.known) == 12
    assert not list(found.apart())
