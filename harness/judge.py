"""Judge what was sampled: the checker decides first, then the lab. Outcomes:

- unparseable: no command could be extracted, or its shell line is broken or undecidable;
- wrong: any other level did not pass, or the lab saw that the task was not done. A command that
  the checker cannot decide (say, its target is a shell variable) was not shown to be right: it
  counts as wrong, its static status stays "undecidable";
- correct: the checker passed it, and the lab saw nothing against it or it was not executed;
- timeout, infrastructure error: right on paper, and the sandbox could not tell.

Every distinct command that passed is executed once, most of them while cells still work
(`harness.ahead`); what the lab saw is held against each task.
A few that did not pass are run too, for the table of where the verdicts disagree.
A task without expectations has its commands judged on paper only: some would listen until the
time limit. A refusal, the right answer to what is not possible, is run as it is, as if somebody had
pasted it into a shell: it holds no tool that the checker knows, and must reach nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeGuard

from harness.execute import execute_all, executions
from harness.probes import probes
from harness.record import Row, Run, read_rows, write_rows
from harness.study import BASE
from harness.types import GradedSample, Outcome
from sandbox.types import Ending
from tasks.types import Fault, Level, LevelResult, Status, Verdict

if TYPE_CHECKING:
    from harness.meter import Report
    from harness.plan import Manifest
    from sandbox.types import Sandbox
    from tasks.suite import Suite
    from tasks.types import Task

NOT_EXECUTED = "not executed"
OTHERS = 150  # commands with valid flags and the wrong intent are run as if of so many samples
_NOBODYS = {Ending.TIMEOUT: Outcome.TIMEOUT, Ending.INFRASTRUCTURE: Outcome.INFRASTRUCTURE}

Key = tuple[str, str]  # (split, task id): a suite may have a task in more than one split
Verdicts = Mapping[tuple[Key, str], Verdict]  # of each distinct answer to a task
Judged = tuple[Outcome, Fault | None, str]  # with what was observed


def judge_run(
    run: Run,
    suite: Suite,
    sandbox: Sandbox | None,
    report: Report,
    known: Verdicts = MappingProxyType({}),
) -> None:
    """Decide every sample of a run whose cells are finished; write `graded.jsonl`, and beside it
    `verdicts.jsonl` and `tasks.jsonl`, which say why and what was asked. `known` verdicts are the
    checker's of before."""
    tasks = by_key(suite)
    verdicts = static_verdicts(run, tasks, known)
    if sandbox is not None:
        others = others_to_run(verdicts, tasks, share_of_others(run.manifest))
        lines = lines_to_run(verdicts, tasks) | others
        execute_all(run, sandbox, lines, report)
    write_rows(run.file("tasks.jsonl"), asked(tasks))
    write_rows(run.file("verdicts.jsonl"), explained(verdicts, tasks, executions(run)))
    write_rows(run.file("graded.jsonl"), map(asdict, grade(run, suite, tasks, verdicts)))


def by_key(suite: Suite) -> dict[Key, Task]:
    """The tasks of a suite as rows name them."""
    return {(task.split, task.id): task for task in suite.tasks}


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
        task, seen = tasks[key], verdict.last
        execution = known.get(line_to_run(text, verdict, task) or "")
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


def line_to_run(answer: str, verdict: Verdict, task: Task) -> str | None:
    """What is executed of an answer: its command, or all of a refusal; None if that is nothing, or
    no line that could be pasted into a shell, for a NUL character is in it."""
    line = verdict.text if task.possible else answer.strip()
    return line if line and "\0" not in line else None


def lines_to_run(verdicts: Verdicts, tasks: Mapping[Key, Task]) -> set[str]:
    """What is executed of the answers that passed."""
    return {
        line
        for (key, answer), verdict in verdicts.items()
        if verdict.status is Status.PASS and tasks[key].observe
        if (line := line_to_run(answer, verdict, tasks[key]))
    }


def others_to_run(verdicts: Verdicts, tasks: Mapping[Key, Task], share: float) -> set[str]:
    """Commands that their tools take and that do another thing than their task asks: a `share` of
    them. What is seen of them changes no outcome; it tells how often the lab alone would have
    passed them. Chosen by hash: which is known as soon as a command is drawn."""
    return {
        verdict.text
        for (key, _), verdict in verdicts.items()
        if verdict.last.level is Level.INTENT
        and verdict.status is Status.FAIL
        and tasks[key].possible
        and tasks[key].observe
        and key[0] == "heldout"
        and verdict.text
        and int.from_bytes(sha256(verdict.text.encode()).digest()[:8]) < share * 2**64
    }


def share_of_others(manifest: Manifest) -> float:
    """All of them where one evaluation has no more samples than OTHERS, fewer in larger runs: of
    1,519 in a benchmark whose evaluations have 2,538 samples, ninety."""
    profile = manifest.profile
    return OTHERS / max(OTHERS, profile.seeds * profile.samples * len(manifest.heldout))


def static_verdicts(
    run: Run, tasks: Mapping[Key, Task], known: Verdicts = MappingProxyType({})
) -> Verdicts:
    """The checker's verdict on every distinct answer to every task, unless it is `known`."""
    from tasks.checker import judge

    answers = {
        ((row["split"], row["task"]), row["text"])
        for cell in run.manifest.cells
        for row in run.cell(cell.name).samples()
    }
    return {(key, text): known.get((key, text)) or judge(text, tasks[key]) for key, text in answers}


def grade(
    run: Run, suite: Suite, tasks: Mapping[Key, Task], verdicts: Verdicts
) -> Iterator[GradedSample]:
    """Every sample of the run with its outcome, in the order of the plan."""
    known, unseen = executions(run), set(suite.unseen_families)
    probed = {(key, text): probes(tasks[key].prompt, text) for key, text in verdicts}
    forms = numbered_forms(verdicts)
    for cell in run.manifest.cells:
        for row in run.cell(cell.name).samples():
            key = row["split"], row["task"]
            task, verdict = tasks[key], verdicts[key, row["text"]]
            line = line_to_run(row["text"], verdict, task)
            outcome, fault, observed = judge_one(verdict, known.get(line or ""), task)
            yield GradedSample(
                arm=cell.arm if row["cycle"] else BASE,
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
                level=verdict.last.level.value,
                probes=probed[key, row["text"]] | entropy(row),
                form=forms[key, row["text"]],
            )


def entropy(row: Row) -> dict[str, float]:
    """The policy's entropy along a sample, in nats a token, where the record has it."""
    value = row.get("entropy")
    return {} if value is None else {"entropy": value}


def numbered_forms(verdicts: Verdicts) -> dict[tuple[Key, str], int]:
    """Each answer's canonical form as a number within its task; one that no tool takes is a form
    of its own text."""
    seen: dict[Key, dict[str, int]] = {}
    found = {}
    for key, text in sorted(verdicts):
        forms = seen.setdefault(key, {})
        form = verdicts[key, text].canonical or f"?{text.strip()}"
        found[key, text] = forms.setdefault(form, len(forms))
    return found


def judge_one(verdict: Verdict, execution: Row | None, task: Task) -> Judged:
    """Outcome, fault and observed status of one answer; `execution` is None if it was not run."""
    seen = lab_said(task, execution) if task.observe and was_run(execution) else None
    broke = _NOBODYS.get(execution["ending"]) if task.observe and execution else None
    status = seen.status.value if seen else Status.UNDECIDABLE.value if broke else NOT_EXECUTED
    if verdict.status is not Status.PASS:
        unreadable = verdict.last.level in (Level.EXTRACT, Level.SHELL)
        outcome = Outcome.UNPARSEABLE if unreadable else Outcome.WRONG
        return outcome, verdict.fault, status
    if broke:
        return broke, None, status
    if seen and seen.status is Status.FAIL:
        return Outcome.WRONG, seen.fault, status
    return Outcome.CORRECT, None, status


def was_run(execution: Row | None) -> TypeGuard[Row]:
    """Whether a command was run to its end, in the sandbox and within its limits."""
    return execution is not None and execution["ending"] == Ending.EXITED


def lab_said(task: Task, execution: Row) -> LevelResult:
    """What the lab saw of a command that was run, held against what the task expects. That its
    tool was never started explains what is missing, and decides nothing."""
    from harness.started import never_started
    from tasks.observe import observed

    seen = observed(
        task,
        execution["observation"],
        execution["exit_code"],
        execution["stdout"],
        execution["stderr"],
    )
    if seen.fault is Fault.NO_EFFECT and task.tool in never_started(execution):
        return replace(seen, reason=f"{seen.reason}: {task.tool} was never started")
    return seen


def first_answers_observed(
    tasks: Sequence[Task], sandbox: Sandbox
) -> Iterator[tuple[Task, LevelResult]]:
    """What the lab saw of each task's first right command, held against what the task expects."""
    from tasks.observe import observed

    for task, done in zip(tasks, sandbox.run_many([t.correct[0] for t in tasks]), strict=True):
        if done.ending is Ending.EXITED:
            seen = done.observation.as_json()
            yield task, observed(task, seen, done.exit_code, done.stdout, done.stderr)
        else:
            reason = f"{done.ending} {done.detail}".strip()
            yield task, LevelResult(Level.OBSERVE, Status.FAIL, reason)


def graded(run: Run) -> Iterator[GradedSample]:
    """The judged samples of a run, as `judge_run` wrote them."""
    for row in read_rows(run.file("graded.jsonl")):
        yield GradedSample(**row | {"outcome": Outcome(row["outcome"])})
