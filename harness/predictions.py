"""Answers that were made elsewhere, as a JSON Lines file, one answer a row::

    {"task": "nmap.port-check/heldout-0", "text": "nmap -p 22 10.4.7.9", "sample": 0}

`task` is the id of a held-out task, `text` all that the model said, and `sample` its number among
the answers to the task; without it they are counted in the order of the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from harness.evaluate import Sample
from harness.model import Model
from harness.plan import Request, make_manifest
from harness.record import Run
from tasks.errors import UserError
from tasks.suite import explain
from tasks.types import Record

if TYPE_CHECKING:
    from tasks.suite import Suite
    from tasks.types import Task


class Prediction(Record):
    """One row of the file."""

    task: str
    text: str
    sample: Annotated[int, Field(ge=0)] | None = None


def model_of(file: Path) -> Model:
    """What stands for the model: the file, by its name and digest."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    return Model(name=file.name, backend="predictions", args={"sha256": digest})


def read_predictions(file: Path, suite: Suite) -> list[Sample]:
    """The rows of the file as samples of the suite's held-out tasks; UserError names the first line
    that is wrong."""
    tasks = {task.id: task for task in suite.split("heldout")}
    counted: Counter[str] = Counter()
    seen: dict[tuple[str, int], int] = {}
    found = []
    for number, row in rows(file):
        where = f"{file}, line {number}"
        if row.task not in tasks:
            raise UserError(f"{where}: {unknown_task(row.task, suite, tasks)}")
        sample = counted[row.task] if row.sample is None else row.sample
        counted[row.task] += 1
        if (row.task, sample) in seen:
            earlier = seen[row.task, sample]
            raise UserError(f"{where}: sample {sample} of {row.task} is on line {earlier} already.")
        seen[row.task, sample] = number
        found.append(Sample(0, "heldout", row.task, sample, row.text, 0, {}))
    if not found:
        raise UserError(f"{file} holds no predictions.")
    order = {name: place for place, name in enumerate(tasks)}
    return sorted(found, key=lambda sample: (order[sample.task], sample.sample))


def rows(file: Path) -> Iterator[tuple[int, Prediction]]:
    """The rows with their line numbers; empty lines are none."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise UserError(f"{file} cannot be read: it is no text in UTF-8.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, Prediction.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            raise UserError(f"{file}, line {number}: not JSON: {error.msg}.") from None
        except ValidationError as error:
            raise UserError(f"{file}, line {number}: {explain(error)}.") from None


def unknown_task(name: str, suite: Suite, tasks: Mapping[str, Task]) -> str:
    near = get_close_matches(name, tasks, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{suite.name} has no held-out task {name!r}{hint}"


def plan_scoring(
    folder: Path | None, request: Request, suite: Suite, samples: Sequence[Sample]
) -> Run:
    """A run in which these samples are the evaluation: what is left to do is to judge them."""
    per_task = Counter(sample.task for sample in samples)
    most = max(per_task.values())
    profile = request.profile.model_copy(update={"samples": most, "seeds": 1, "trainers": ()})
    manifest = make_manifest(replace(request, profile=profile), suite)
    run = Run.create(folder, manifest.model_copy(update={"heldout": tuple(per_task), "light": ()}))
    store = run.cell(manifest.cells[0].name)
    store.rewind()
    store.commit({"cycle": 0}, samples=(sample.as_json() for sample in samples))
    return run
