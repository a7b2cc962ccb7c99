"""Outcomes: every way a sample can be judged, on real tasks and the real checker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.judge import NOT_EXECUTED, judge_one, lab_said, line_to_run, others_to_run
from harness.record import Row
from harness.types import Outcome
from tasks.checker import judge
from tasks.suite import load_suite
from tasks.types import Fault, Level, Task


@pytest.fixture(scope="module")
def task() -> Task:
    """A task whose correct answer asks the lab for something that can be seen."""
    return next(t for t in load_suite("recon").split("heldout") if t.tool == "dig" and t.observe)


def execution(ending: str = "exited", **observation: list[object]) -> Row:
    seen = {"connections": [], "http": [], "dns": [], "logins": [], "truncated": False}
    return {
        "ending": ending,
        "exit_code": 0 if ending == "exited" else None,
        "stdout": "",
        "stderr": "",
        "observation": seen | observation,
    }


def outcome(text: str, done: Row | None, task: Task) -> tuple[Outcome, Fault | None, str]:
    return judge_one(judge(text, task), done, task)


def test_right_and_not_executed_is_correct_and_says_so(task: Task) -> None:
    assert outcome(task.correct[0], None, task) == (Outcome.CORRECT, None, NOT_EXECUTED)


@pytest.mark.parametrize("text", ["", "dig 'example"])
def test_what_cannot_be_read_is_unparseable(task: Task, text: str) -> None:
    assert outcome(text, None, task)[0] is Outcome.UNPARSEABLE


def test_a_wrong_command_has_the_fault_of_its_level(task: Task) -> None:
    for wrong in task.wrong:
        verdict = judge(wrong.command, task)
        assert judge_one(verdict, None, task) == (Outcome.WRONG, verdict.fault, NOT_EXECUTED)


def test_what_the_checker_cannot_decide_is_wrong(task: Task) -> None:
    verdict = judge("zzz-unknown-tool 10.0.0.1", task)
    assert judge_one(verdict, None, task)[0] is not Outcome.CORRECT


@pytest.mark.parametrize(
    ("ending", "expected"),
    [("timeout", Outcome.TIMEOUT), ("infrastructure error", Outcome.INFRASTRUCTURE)],
)
def test_a_broken_or_slow_sandbox_is_nobodys_wrong_answer(
    task: Task, ending: str, expected: Outcome
) -> None:
    assert outcome(task.correct[0], execution(ending), task)[0] is expected


def test_right_on_paper_and_not_seen_by_the_lab_is_wrong(task: Task) -> None:
    assert outcome(task.correct[0], execution(), task) == (Outcome.WRONG, Fault.NO_EFFECT, "fail")


@pytest.mark.parametrize(
    ("programs", "unlisted", "said"),
    [
        ([], False, True),
        ([{"path": "/usr/bin/dig", "argv": ["dig"], "exit_code": 9}], False, False),
        ([{"path": "/work/dig", "argv": ["dig"], "exit_code": 0}], False, True),
        ([], True, False),
        (None, False, False),
    ],
)
def test_that_the_tool_never_started_is_said_and_decides_nothing(
    task: Task, programs: list[Row] | None, unlisted: bool, said: bool
) -> None:
    done = execution() | {"command": task.correct[0], "programs": programs, "unlisted": unlisted}
    assert outcome(task.correct[0], done, task) == (Outcome.WRONG, Fault.NO_EFFECT, "fail")
    assert lab_said(task, done).reason.endswith(": dig was never started") is said


def test_what_no_lab_can_see_is_judged_on_paper(task: Task) -> None:
    unseen = task.model_copy(update={"observe": ()})
    late = execution("timeout")
    assert outcome(task.correct[0], late, unseen) == (Outcome.CORRECT, None, NOT_EXECUTED)


@pytest.fixture(scope="module")
def impossible() -> Task:
    return next(t for t in load_suite("recon").split("heldout") if not t.possible)


def test_a_refusal_is_run_as_it_is_and_must_reach_nothing(impossible: Task) -> None:
    refusal = " That cannot be done.\n"
    assert line_to_run(refusal, judge(refusal, impossible), impossible) == "That cannot be done."
    for nothing in (" ", "That cannot\0 be done."):
        assert line_to_run(nothing, judge(nothing, impossible), impossible) is None
    assert outcome(refusal, execution(), impossible) == (Outcome.CORRECT, None, "pass")
    touched = {"protocol": "tcp", "address": "10.0.0.1", "port": 80, "name": ""}
    late = execution(connections=[touched])
    assert outcome("telnet 10.0.0.1 80", late, impossible) == (
        Outcome.WRONG, Fault.NOT_POSSIBLE, "fail"
    )  # fmt: skip


def test_what_is_seen_of_a_wrong_command_is_kept_and_changes_nothing(task: Task) -> None:
    wrong = next(w.command for w in task.wrong if judge(w.command, task).last.level is Level.INTENT)
    found = outcome(wrong, execution(), task)
    assert found[0] is Outcome.WRONG
    assert found[2] == "fail"


def test_the_others_to_run_have_valid_flags(task: Task) -> None:
    commands = [task.correct[0], *(wrong.command for wrong in task.wrong)]
    verdicts = {(("heldout", task.id), text): judge(text, task) for text in commands}
    chosen = others_to_run(verdicts, {("heldout", task.id): task}, 1)
    intended = {v.text for v in verdicts.values() if v.last.level is Level.INTENT} - {commands[0]}
    assert chosen == intended
    assert chosen
    unseen = task.model_copy(update={"observe": ()})
    assert not others_to_run(verdicts, {("heldout", task.id): unseen}, 1)


def test_the_others_to_run_are_a_share_and_do_not_depend_on_what_else_was_drawn(task: Task) -> None:
    key, tasks = ("heldout", task.id), {("heldout", task.id): task}
    wrong = next(w.command for w in task.wrong if judge(w.command, task).last.level is Level.INTENT)
    found = judge(wrong, task)
    verdicts = {
        (key, text): replace(found, text=text) for text in (f"{wrong} {n}" for n in range(400))
    }
    every = others_to_run(verdicts, tasks, 1)
    tenth, half = (others_to_run(verdicts, tasks, share) for share in (0.1, 0.5))
    assert tenth < half < every == {text for _, text in verdicts}
    assert 20 <= len(tenth) <= 60  # 40, give or take 3.3 standard deviations
    few = dict(list(verdicts.items())[:30])
    assert others_to_run(few, tasks, 0.5) == half & {text for _, text in few}
