"""The tasks of a suite as tables, one a split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

import pyarrow as pa

from harness.dataset.table import FLAG, TEXT, Column, Row, Table
from tasks.suite import Suite
from tasks.types import Split, Task

CONFIG = "tasks"
WRONG = pa.struct([("command", TEXT), ("fault", TEXT), ("mutator", TEXT)])
# What differs in shape from task to task is JSON: a struct would have every key of every task.
COLUMNS = (
    Column("id", TEXT, "unique within a split"),
    Column("family", TEXT, "tasks of one family ask for one thing in other words"),
    Column("tool", TEXT, "the command line that is asked for"),
    Column("possible", FLAG, "false: the tool cannot do it, and right is an answer that runs none"),
    Column("unseen", FLAG, "the family never occurs in train"),
    Column("prompt", TEXT, "what a model is given"),
    Column("params", TEXT, "JSON: the values in the prompt, by name"),
    Column("intent", TEXT, "JSON: what a right command must do, and may do"),
    Column("observe", TEXT, "JSON: what must be seen when it runs"),
    Column("correct", pa.list_(TEXT), "commands that are right"),
    Column("wrong", pa.list_(WRONG), "commands that are wrong: by whom, and the fault if declared"),
)


def tables(suite: Suite) -> list[Table]:
    """One table a split."""
    splits = suite.about.splits
    return [Table(CONFIG, split, COLUMNS, partial(rows, suite, split)) for split in splits]


def rows(suite: Suite, split: Split) -> Iterator[Row]:
    return (row(task, task.family in suite.unseen_families) for task in suite.split(split))


def row(task: Task, unseen: bool) -> Row:
    data = task.model_dump(mode="json", exclude_defaults=True)
    as_json = {
        name: json.dumps(data.get(name, empty), ensure_ascii=False)
        for name, empty in (("params", {}), ("intent", {}), ("observe", []))
    }
    plain = {name: getattr(task, name) for name in ("id", "family", "tool", "possible", "prompt")}
    wrong = [each.model_dump(mode="json") for each in task.wrong]
    return plain | as_json | {"unseen": unseen, "correct": list(task.correct), "wrong": wrong}
