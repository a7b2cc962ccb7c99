"""Whether a suite can be believed: right answers pass, wrong and empty ones fail, splits are apart.

    check_suite(load_suite("recon")) -> []

A benchmark whose do-nothing answers pass, or whose test rows are in its training rows, measures
something else; so every row of a suite is put to the checker with answers known beforehand.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.checker import judge
from tasks.suite import Suite
from tasks.types import Split, Status, Task


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a suite; `task` is None when it concerns the whole."""

    task: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.task}: {self.text}" if self.task else self.text


def check_suite(suite: Suite) -> list[Problem]:
    """Everything that is wrong with a suite; empty if it is sound."""
    problems = list(_duplicates(suite))
    for split in suite.about.splits:
        tasks = suite.split(split)
        for task, following in zip(tasks, (*tasks[1:], *tasks[:1]), strict=True):
            others = [other for other in tasks if other.family == task.family] + [following]
            texts = (*_answers(task), *_empty_answers(task), *_foreign_answers(task, others))
            problems += [Problem(task.id, text) for text in texts]
    problems += _overlaps(suite)
    problems += _families(suite)
    return problems


def _duplicates(suite: Suite) -> Iterator[Problem]:
    seen: set[tuple[Split, str]] = set()
    for task in suite.tasks:
        if (task.split, task.id) in seen:
            yield Problem(task.id, f"the id occurs twice in {task.split}")
        seen.add((task.split, task.id))


def _answers(task: Task) -> Iterator[str]:
    for command in task.correct:
        verdict = judge(command, task)
        if verdict.status is not Status.PASS:
            yield f"correct answer {command!r} does not pass: {verdict.last.reason}"
    for wrong in task.wrong:
        verdict = judge(wrong.command, task)
        if verdict.status is Status.PASS:
            yield f"wrong answer {wrong.command!r} passes; declared: {wrong.fault}"
        elif verdict.fault is not wrong.fault:
            found = verdict.fault or verdict.status
            reason = verdict.last.reason
            yield f"wrong answer {wrong.command!r} is {found} ({reason}), declared: {wrong.fault}"


def _empty_answers(task: Task) -> Iterator[str]:
    for answer in ("", "true", task.tool, f"{task.tool} --help", task.prompt):
        if judge(answer, task).status is Status.PASS:
            yield f"the empty answer {answer!r} passes"


def _foreign_answers(task: Task, others: Sequence[Task]) -> Iterator[str]:
    for other in others:
        if other.id != task.id and judge(other.correct[0], task).status is Status.PASS:
            yield f"the answer {other.correct[0]!r} of {other.id} passes"


def _values(tasks: Sequence[Task]) -> set[str]:
    return {value for task in tasks for value in task.params.values()}


def _overlaps(suite: Suite) -> Iterator[Problem]:
    if suite.about.shared:
        return
    for a, b in itertools.combinations(suite.about.splits, 2):
        first, second = suite.split(a), suite.split(b)
        prompts = {task.prompt for task in first} & {task.prompt for task in second}
        for what, common in (
            ("prompts", prompts),
            ("parameter values", _values(first) & _values(second)),
        ):
            if common:
                sample = ", ".join(map(repr, sorted(common)[:3]))
                yield Problem(None, f"{a} and {b} share {len(common)} {what}: {sample}")


def _phrasing(task: Task) -> str:
    """The prompt with its parameter values taken out, longest first."""
    text = task.prompt
    for value in sorted(task.params.values(), key=len, reverse=True):
        text = text.replace(value, "_")
    return text


def _families(suite: Suite) -> Iterator[Problem]:
    phrasings: dict[str, set[str]] = defaultdict(set)
    for task in suite.tasks:
        if task.split == "heldout":
            phrasings[task.family].add(_phrasing(task))
    for family, found in sorted(phrasings.items()):
        if len(found) < suite.about.phrasings:
            least = suite.about.phrasings
            yield Problem(None, f"{family} has {len(found)} held-out phrasings of {least} promised")
    if "train" not in suite.about.splits:
        return
    trained = {task.family for task in suite.split("train")}
    for family in sorted(suite.unseen_families & trained):
        yield Problem(None, f"{family} is declared unseen, but occurs in train")
    for family in sorted(set(phrasings) - trained - suite.unseen_families):
        yield Problem(None, f"{family} is held out and not in train; declare it under `unseen`")
