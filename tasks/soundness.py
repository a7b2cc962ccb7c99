"""Whether a suite can be believed: right answers pass, wrong and empty ones fail, splits are apart.

    examine(load_suite("recon")).problems  -> []

A benchmark whose do-nothing answers pass, or whose test rows are in its training rows, measures
something else; so every row of a suite is put to the checker with answers known beforehand.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tasks.checker import judge
from tasks.mutators import mutants, siblings_of
from tasks.nulls import nulls
from tasks.parsers import parser_for
from tasks.sound import Count, Figures, SoundRecord, checker_digest, shortfalls
from tasks.suite import Suite
from tasks.types import Split, Status, Task
from tasks.variants import variants

FEW = 64  # tasks for which starting processes is not worth while
SHOWN = 3  # survivors of a mutator that are named
_DASH_WORD = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a suite; `task` is None when it concerns the whole."""

    task: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.task}: {self.text}" if self.task else self.text


@dataclass(frozen=True, slots=True)
class Findings:
    """What examining a suite found. It is sound if there are no problems."""

    problems: Sequence[Problem]
    figures: Figures
    survivors: Mapping[str, Sequence[str]]  # mutator -> mutants that the checker passed

    def record(self, suite: Suite) -> SoundRecord:
        """What is kept with the suite."""
        return SoundRecord(
            rows=suite.digest,
            checker=checker_digest(),
            problems=tuple(map(str, self.problems[:SHOWN])),
            figures=self.figures,
        )


@dataclass
class Tally:
    """The answers to one task or several: tried and as they should be, by name."""

    problems: list[Problem] = field(default_factory=list)
    tried: Counter[tuple[str, str]] = field(default_factory=Counter)  # (part, name)
    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    survivors: list[tuple[str, str]] = field(default_factory=list)

    def note(self, part: str, name: str, is_right: bool) -> bool:
        self.tried[part, name] += 1
        self.right[part, name] += is_right
        return is_right

    def add(self, other: Tally) -> None:
        self.problems += other.problems
        self.tried += other.tried
        self.right += other.right
        self.survivors += other.survivors

    def of(self, part: str) -> dict[str, Count]:
        return {
            name: Count(tried=tried, right=self.right[each, name])
            for (each, name), tried in sorted(self.tried.items())
            if each == part
        }


def examine(suite: Suite) -> Findings:
    """Everything that is wrong with a suite, and the figures that its thresholds are about."""
    tally = Tally([*_duplicates(suite), *_overlaps(suite), *_families(suite), *_leaks(suite)])
    for found in _answers(suite):
        tally.add(found)
    survivors: dict[str, list[str]] = defaultdict(list)
    for mutator, command in tally.survivors:
        survivors[mutator].append(command)
    figures = _figures(suite, tally)
    short = [Problem(None, text) for text in shortfalls(figures, suite.thresholds)]
    return Findings((*tally.problems, *short), figures, survivors)


def _figures(suite: Suite, tally: Tally) -> Figures:
    possible = [task for task in suite.tasks if task.possible]
    return Figures(
        tasks=len(suite.tasks),
        correct=tally.of("correct").get("", Count()),
        variants=tally.of("variant"),
        null=tally.of("null"),
        wrong=tally.of("wrong").get("", Count()),
        mutators=tally.of("mutant"),
        negatives=min((len(task.wrong) for task in possible), default=0),
        makers=min((len({w.mutator for w in task.wrong}) for task in possible), default=0),
    )


def _answers(suite: Suite) -> Iterable[Tally]:
    """Every answer that is known beforehand, put to the checker."""
    work: list[tuple[Task, Sequence[Task], Sequence[Task]]] = []
    for split in suite.about.splits:
        tasks = suite.split(split)
        by_family = defaultdict(list)
        for task in tasks:
            by_family[task.family].append(task)
        for task, following in zip(tasks, (*tasks[1:], *tasks[:1]), strict=True):
            work.append((task, siblings_of(task, tasks), [*by_family[task.family], following]))
    if len(work) <= FEW:
        return map(_judged, work)
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        return list(pool.map(_judged, work, chunksize=16))


def _judged(work: tuple[Task, Sequence[Task], Sequence[Task]]) -> Tally:
    task, siblings, others = work
    tally = Tally()
    for text in (*_right(task, tally), *_wrong(task, tally), *_null(task, others, tally)):
        tally.problems.append(Problem(task.id, text))
    for name, commands in mutants(task, siblings).items():
        for command in commands:
            if not tally.note("mutant", name, not _passes(command, task)):
                tally.survivors.append((name, f"{task.id}: {command}"))
    return tally


def _passes(answer: str, task: Task) -> bool:
    return judge(answer, task).status is Status.PASS


def _right(task: Task, tally: Tally) -> Iterator[str]:
    for command in task.correct:
        verdict = judge(command, task)
        if not tally.note("correct", "", verdict.status is Status.PASS):
            yield f"correct answer {command!r} does not pass: {verdict.last.reason}"
    for name, commands in variants(task).items():
        for command in commands:
            verdict = judge(command, task)
            if not tally.note("variant", name, verdict.status is Status.PASS):
                yield f"variant ({name}) {command!r} does not pass: {verdict.last.reason}"


def _wrong(task: Task, tally: Tally) -> Iterator[str]:
    for wrong in task.wrong:
        verdict = judge(wrong.command, task)
        declared = wrong.fault or wrong.mutator
        if not tally.note("wrong", "", verdict.status is not Status.PASS):
            yield f"wrong answer {wrong.command!r} passes; declared: {declared}"
        elif wrong.fault and verdict.fault is not wrong.fault:
            found = verdict.fault or verdict.status
            reason = verdict.last.reason
            yield f"wrong answer {wrong.command!r} is {found} ({reason}), declared: {declared}"


def _null(task: Task, others: Sequence[Task], tally: Tally) -> Iterator[str]:
    for kind, answers in nulls(task, others).items():
        for answer in answers:
            if not tally.note("null", kind, not _passes(answer, task)):
                yield f"the empty answer {answer!r} passes ({kind})"


def _duplicates(suite: Suite) -> Iterator[Problem]:
    ids: set[tuple[Split, str]] = set()
    prompts: set[tuple[Split, str]] = set()
    for task in suite.tasks:
        if (task.split, task.id) in ids:
            yield Problem(task.id, f"the id occurs twice in {task.split}")
        if (task.split, task.prompt) in prompts:
            yield Problem(task.id, f"the prompt occurs twice in {task.split}")
        ids.add((task.split, task.id))
        prompts.add((task.split, task.prompt))


def _leaks(suite: Suite) -> Iterator[Problem]:
    """Prompts that say how the tool spells an option, which only the model should know."""
    for task in suite.tasks:
        text = _phrasing(task)
        for word in sorted(set(_DASH_WORD.findall(text)) | _names_said(task, text)):
            if word not in suite.about.plain:
                yield Problem(
                    task.id,
                    f"the prompt has {word!r}, an option's name; say it otherwise, or add it to "
                    "`plain` in suite.yaml if it is plain English",
                )


def _names_said(task: Task, text: str) -> set[str]:
    """The long option names of the tool that occur in the text and are no English: "top-ports",
    "http2". One word of letters is taken for English; a prompt must say "port" somehow."""
    grammar = parser_for(task.tool).scope(task.intent.subcommand)
    names = {word for word in grammar.words if len(word) > 3 and not word.isalpha()}
    return names & set(re.findall(r"[\w-]+", text))


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
        if task.split == "train" and not task.possible:
            yield Problem(task.id, "an impossible task has no place in train")
    for family, found in sorted(phrasings.items()):
        if len(found) < suite.about.phrasings:
            least = suite.about.phrasings
            yield Problem(None, f"{family} has {len(found)} held-out phrasings of {least} promised")
    if "train" not in suite.about.splits:
        return
    trained = {task.family for task in suite.split("train")}
    asked = {task.family for task in suite.tasks if task.possible and task.split == "heldout"}
    for family in sorted(suite.unseen_families & trained):
        yield Problem(None, f"{family} is declared unseen, but occurs in train")
    for family in sorted(asked - trained - suite.unseen_families):
        yield Problem(None, f"{family} is held out and not in train; declare it under `unseen`")
