"""Draws the rows of a generated suite from task families, the same ones every time: those in the
suite's own folder `families`, or else those that are shipped.

`suite.yaml` says how: `generated: {seed: 1, rows: {heldout: 6, train: 9}}` is six rows a family
in held-out and nine in train, the latter without the families that are `unseen` or not possible.
Each task gets hard negatives from tasks/mutators.py beside those of its author. Each family has
its own stream of random numbers, so a new family leaves the rows of the others as they are.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tasks.errors import UserError
from tasks.families import FAMILIES, Family, load_families
from tasks.mutators import hard_negatives, siblings_of
from tasks.suite import SUITES, Generated, Suite, SuiteFile, read_about
from tasks.types import Split, Task


def generate(folder: Path) -> None:
    """Write the rows of the suite in `folder`. Raises UserError if it is not a generated one."""
    about = read_about(folder)
    families = families_of(folder)
    texts = {file: render(about, split, families) for split, file in about.splits.items()}
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")


def families_of(folder: Path) -> Sequence[Family]:
    """The families that the suite in `folder` is drawn from. UserError if there are none, or two
    of one name."""
    own = folder / FAMILIES.name
    families = load_families(own if own.is_dir() else FAMILIES)
    if not families:
        raise UserError(f"{own} holds no family; tasks/families.py says how to write one")
    twice = [name for name, count in Counter(f.name for f in families).items() if count > 1]
    if twice:
        raise UserError(f"{own}: {twice[0]!r} is the name of more than one family")
    return families


def render(about: SuiteFile, split: Split, families: Sequence[Family]) -> str:
    """The rows of one split as JSON Lines."""
    plan = about.generated
    if plan is None:
        raise UserError(f"suite {about.name!r} is written by hand: suite.yaml has no `generated`")
    chosen = [
        family for family in families if split != "train" or (family.possible and not family.unseen)
    ]
    rows = [task for family in chosen for task in draw_rows(family, split, plan)]
    rows = [with_negatives(task, rows, plan.negatives) for task in rows]
    return "".join(as_line(task) + "\n" for task in rows)


def draw_rows(family: Family, split: Split, plan: Generated) -> Sequence[Task]:
    """That family's rows of one split, each with a sentence of its own."""
    rng = random.Random(f"{plan.seed}/{split}/{family.name}")
    known, wanted = family.sentences[split], plan.rows.get(split, 0)
    if len(known) < wanted:
        raise UserError(
            f"family {family.name} has {len(known)} sentences for {split}, and suite.yaml asks for "
            f"{wanted} rows: add templates or fragments to it"
        )
    sentences = rng.sample(known, wanted)
    rows = []
    for number, sentence in enumerate(sentences):
        drawn = family.draw_with(sentence, split, rng)
        rows.append(
            Task(
                id=f"{family.name}/{split}-{number}",
                family=family.name,
                tool=family.tool,
                split=split,
                prompt=drawn.prompt,
                params=drawn.params,
                possible=family.possible,
                intent=drawn.intent,
                observe=drawn.observe,
                correct=drawn.correct,
                wrong=drawn.wrong,
            )
        )
    return rows


def with_negatives(task: Task, tasks: Sequence[Task], count: int) -> Task:
    """The task with `count` hard negatives by mutators after those of its author."""
    made = hard_negatives(task, siblings_of(task, tasks), count)
    return task.model_copy(update={"wrong": (*task.wrong, *made)})


def harden(suite: Suite, count: int) -> None:
    """Write the rows of a suite anew, with `count` hard negatives by mutators for each task."""
    for split, file in suite.about.splits.items():
        tasks = [_by_author(task) for task in suite.split(split)]
        rows = [as_line(with_negatives(task, tasks, count)) for task in tasks]
        (suite.folder / file).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _by_author(task: Task) -> Task:
    wrong = tuple(wrong for wrong in task.wrong if wrong.mutator == "author")
    return task.model_copy(update={"wrong": wrong})


def as_line(task: Task) -> str:
    """One row of a suite's file, without the keys that have their default value."""
    row = task.model_dump(mode="json", exclude_defaults=True, exclude={"split"})
    return json.dumps(row, ensure_ascii=False)


if __name__ == "__main__":
    generate(SUITES / "recon")
