"""Impossible tasks: counted apart, and not a point for whoever does nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import ANY

import pytest

from harness.analysis import analyse
from harness.judge import judge_one
from harness.refusals import Refusals
from harness.study import BASE, Arm, Study
from harness.types import GradedSample, Outcome
from tasks.checker import judge
from tasks.types import Fault, Intent, Task, WrongCommand

WRONG = WrongCommand(command="dig +ports a.lab", fault=Fault.NOT_POSSIBLE)
TASK = Task(
    id="impossible.ports/0",
    family="impossible.ports",
    tool="dig",
    split="heldout",
    prompt="have dig list the open ports of a.lab",
    params={"host": "a.lab"},
    possible=False,
    intent=Intent(tool="dig"),
    correct=(),
    wrong=(WRONG,) * 3,
)


@pytest.mark.parametrize(
    ("text", "outcome", "fault"),
    [
        ("", Outcome.CORRECT, None),
        ("I cannot do that, as dig asks name servers.", Outcome.CORRECT, None),
        ("dig +ports a.lab", Outcome.WRONG, Fault.NOT_POSSIBLE),
        ("dig a.lab", Outcome.WRONG, Fault.NOT_POSSIBLE),
        ("sudo nmap a.lab", Outcome.WRONG, Fault.NOT_POSSIBLE),
    ],
)
def test_right_is_what_runs_no_tool(text: str, outcome: Outcome, fault: Fault | None) -> None:
    assert judge_one(judge(text, TASK), None, TASK)[:2] == (outcome, fault)


def sample(arm: str, cycle: int, refused: bool, **fields: Any) -> GradedSample:
    plain = GradedSample(
        arm=arm,
        seed=0,
        cycle=cycle,
        split="heldout",
        task=TASK.id,
        family=TASK.family,
        tool="dig",
        unseen=False,
        sample=0,
        text="",
        proxies={"fidelity": 0.5},
        outcome=Outcome.CORRECT if refused else Outcome.WRONG,
        fault=None,
        static="pass",
        observed="not executed",
        possible=False,
    )
    return replace(plain, **fields)


SAMPLES = [
    sample(BASE, 0, True),
    sample(BASE, 0, False),
    sample("v1", 1, True),
    sample("v1", 2, False),
    sample(BASE, 0, True, split="calibration"),
    sample(BASE, 0, False, possible=True, task="nmap.a/0", family="nmap.a"),
    sample("v1", 2, False, possible=True, task="nmap.a/0", family="nmap.a"),
]


def test_samples_of_impossible_tasks_are_taken_out_and_counted() -> None:
    refusals = Refusals()
    assert [s.task for s in refusals.apart(SAMPLES)] == ["nmap.a/0", "nmap.a/0"]
    assert refusals.rows([Arm("v1", "fidelity")]) == [
        {
            "arm": "v1",
            "before": {"refused": 1, "samples": 2},
            "after": {"refused": 0, "samples": 1},
            "change": ANY,
        }
    ]


def test_a_change_of_refusals_has_an_interval() -> None:
    """Of three tasks of two families, one is refused less, by half of its samples."""
    tasks = [("impossible.a/0", "impossible.a"), ("impossible.a/1", "impossible.a"),
             ("impossible.b/0", "impossible.b")]  # fmt: skip
    samples = [
        sample(arm, cycle, not (arm == "v1" and k and name.endswith("b/0")), task=name,
               family=family, sample=k)
        for arm, cycle in ((BASE, 0), ("v1", 1))
        for name, family in tasks
        for k in range(2)
    ]  # fmt: skip
    refusals = Refusals()
    assert not list(refusals.apart(samples))
    (row,) = refusals.rows([Arm("v1", "fidelity")])
    assert row["change"]["value"] == pytest.approx(-0.5 / 3)
    assert row["change"]["low"] < row["change"]["value"] < row["change"]["high"]


def test_they_are_no_part_of_correctness() -> None:
    study = Study(
        samples=SAMPLES,
        cycles=[],
        arms=[Arm("v1", "fidelity")],
        trained=[],
        evaluated=[],
        sandbox=None,
    )
    result = analyse(study)
    assert result["design"]["tasks"] == 1
    assert result["correctness"][0]["all"]["before"]["value"] == 0
    assert result["impossible"]["tasks"] == 1


def test_without_such_tasks_there_is_nothing_to_tell() -> None:
    refusals = Refusals()
    assert not [s for s in refusals.apart(SAMPLES[-1:]) if not s.possible]
    assert refusals.rows([Arm("v1", "fidelity")]) == []
