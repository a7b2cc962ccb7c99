"""Judge what was sampled: the checker decides first, then the lab. Outcomes:

- unparseable: no command could be extracted, or its shell line is broken or undecidable;
- wrong: any other level did not pass, or the lab saw that the task was not done. A command that
  the checker cannot decide (say, its target is a shell variable) was not shown to be right: it
  counts as wrong, its static status stays "undecidable";
- correct: the checker passed it, and the lab saw nothing against it or it was not executed;
- timeout, infrastructure error: right on paper, and the sandbox could not tell.

Every distinct command that passed is executed once; what the lab saw is held against each task.
A task that expects nothing of the lab has its commands judged on paper only: some would listen
until the time limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeGuard

from harness.execute import execute_all, executions
from harness.record import Row, Run, read_rows, write_rows
from harness.types import GradedSample, Outcome
from sandbox.types import Ending
from tasks.types import Fault, Level, LevelResult, Status, Verdict

if TYPE_CHECKING:
    from harness.meter import Report
    from sandbox.types import Sandbox
    from tasks.suite import Suite
    from tasks.types import Task

NOT_EXECUTED = "not executed"

Key = tuple[str, str]  # (split, task id): a suite may have a task in more than one split
Verdicts = Mapping[tuple[Key, str], Verdict]  # of each distinct answer to a task
Judged = tuple[Outcome, Fault | None, str]  # with what was observed


def judge_run(run: Run, suite: Suite, sandbox: Sandbox | None, report: Report) -> None:
    """Decide every sample of a run whose cells are finished; write `graded.jsonl`, and beside it
    `verdicts.jsonl` and `tasks.jsonl`, which say why and what was asked."""
    tasks: dict[Key, Task] = {(task.split, task.id): task for task in suite.tasks}
    verdicts = static_verdicts(run, tasks)
    if sandbox is not None:
        passed = {
            verdict.text
            for (key, _), verdict in verdicts.items()
            if verdict.status is Status.PASS and verdict.text and tasks[key].observe
        }
        execute_all(run, sandbox, passed, report)
    write_rows(run.file("tasks.jsonl"), asked(tasks))
    write_rows(run.file("verdicts.jsonl"), explained(verdicts, tasks, executions(run)))
    write_rows(run.file("graded.jsonl"), map(asdict, grade(run, suite, tasks, verdicts)))


def asked(tasks: Mapping[Key, Task]) -> Iterator[Row]:
    """What each evaluated task asks for: whoever reads the record needs no suite."""
    for (split, name), task in tasks.items():
        if split != "train":
            yield {"split": split, "task": name, "prompt": task.prompt}


def explained(
    verdicts: Verdicts, tasks: Mapping[Key, Task], known: Mapping[str, Row]
) -> Iterator[Row]:
    """Each distinct answer with its command and the level that decided: the first that did not
    pass, or the last of all."""
    for (key, text), verdict in sorted(verdicts.items(), key=lambda item: item[0]):
        execution, task = known.get(verdict.text or ""), tasks[key]
        seen = verdict.last
        if verdict.status is Status.PASS and task.observe and was_run(execution):
            seen = lab_said(task, execution)
        yield {
            "split": key[0],
            "task": key[1],
            "text": text,
            "command": verdict.text,
            "level": seen.level.value,
            "status": seen.status.value,
            "reason": seen.reason,
        }


def static_verdicts(run: Run, tasks: Mapping[Key, Task]) -> Verdicts:
    """The checker's verdict on every distinct answer to every task."""
    from tasks.checker import judge

    answers = {
        ((row["split"], row["task"]), row["text"])
        for cell in run.manifest.cells
        for row in run.cell(cell.name).samples()
    }
    return {(key, text): judge(text, tasks[key]) for key, text in answers}


def grade(
    run: Run, suite: Suite, tasks: Mapping[Key, Task], verdicts: Verdicts
) -> Iterator[GradedSample]:
    """Every sample of the run with its outcome, in the order of the plan."""
    known, unseen = executions(run), set(suite.unseen_families)
    for cell in run.manifest.cells:
        for row in run.cell(cell.name).samples():
            key = row["split"], row["task"]
            task, verdict = tasks[key], verdicts[key, row["text"]]
            outcome, fault, observed = judge_one(verdict, known.get(verdict.text or ""), task)
            yield GradedSample(
                arm=cell.arm,
                seed=cell.seed,
                cycle=row["cycle"],
                split=row["split"],
                task=task.id,
                family=task.family,
                tool=task.tool,
                unseen=task.family in unseen,
                possible=task.possible,
                sample=row["sample"],
                text=row["text"],
                proxies=row["proxies"],
                outcome=outcome,
                fault=fault.value if fault else None,
                static=verdict.status.value,
                observed=observed,
            )


def judge_one(verdict: Verdict, execution: Row | None, task: Task) -> Judged:
    """Outcome, fault and observed status of one answer; `execution` is None if it was not run."""
    if verdict.status is not Status.PASS:
        unreadable = verdict.last.level in (Level.EXTRACT, Level.SHELL)
        outcome = Outcome.UNPARSEABLE if unreadable else Outcome.WRONG
        return outcome, verdict.fault, NOT_EXECUTED
    if execution is None or not task.observe:
        return Outcome.CORRECT, None, NOT_EXECUTED
    if execution["ending"] == Ending.TIMEOUT:
        return Outcome.TIMEOUT, None, Status.UNDECIDABLE.value
    if execution["ending"] == Ending.INFRASTRUCTURE:
        return Outcome.INFRASTRUCTURE, None, Status.UNDECIDABLE.value
    seen = lab_said(task, execution)
    if seen.status is Status.FAIL:
        return Outcome.WRONG, Fault.NO_EFFECT, seen.status.value
    return Outcome.CORRECT, None, seen.status.value


def was_run(execution: Row | None) -> TypeGuard[Row]:
    """Whether a command was run to its end, in the sandbox and within its limits."""
    return execution is not None and execution["ending"] == Ending.EXITED


def lab_said(task: Task, execution: Row) -> LevelResult:
    """What the lab saw of a command that was run, held against what the task expects."""
    from tasks.observe import observed

    return observed(
        task,
        execution["observation"],
        execution["exit_code"],
        execution["stdout"],
        execution["stderr"],
    )


def graded(run: Run) -> Iterator[GradedSample]:
    """The judged samples of a run, as `judge_run` wrote them."""
    for row in read_rows(run.file("graded.jsonl")):
        yield GradedSample(**row | {"outcome": Outcome(row["outcome"])})
