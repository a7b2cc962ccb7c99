"""The record of a finished run as tables: samples, candidates, estimates.

Samples are joined with the task's prompt and with what the checker said of the answer. That is
one row for each distinct answer, so many that they are kept in a file and not in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.dataset.table import FLAG, REAL, TEXT, WHOLE, Column, Row, Table
from harness.plan import Cell
from harness.record import Run, read_rows
from harness.study import BASE
from reports.estimates import LABELS, NUMBERS, estimates

SPLITS = ("heldout", "calibration")
SAMPLE = (
    Column("arm", TEXT, "the trainer; base is the model before training"),
    Column("seed", WHOLE, "of the training"),
    Column("cycle", WHOLE, "after how many cycles of training; 0 is before"),
    Column("task", TEXT, "its id in the suite"),
    Column("family", TEXT, "of the task"),
    Column("tool", TEXT, "that the task is for"),
    Column("unseen", FLAG, "the family never occurs in train"),
    Column("possible", FLAG, "false: right is an answer that runs no tool"),
    Column("prompt", TEXT, "what the model was given"),
    Column("sample", WHOLE, "number of the draw, of several for the same task"),
    Column("text", TEXT, "what the model said"),
    Column("command", TEXT, "what was found in it"),
    Column("outcome", TEXT, "correct, wrong, unparseable, timeout or infrastructure error"),
    Column("correct", FLAG, "whether the outcome is correct"),
    Column("fault", TEXT, "the kind of mistake"),
    Column("level", TEXT, "the level that decided"),
    Column("reason", TEXT, "why, in words"),
    Column("static", TEXT, "status of the checker's verdict"),
    Column("observed", TEXT, "what the lab said: pass, fail, undecidable or not executed"),
)
CANDIDATE = (
    Column("arm", TEXT, "the trainer"),
    Column("seed", WHOLE, "of the training"),
    Column("cycle", WHOLE, "from 1"),
    Column("task", TEXT, "its id in the suite's train split"),
    Column("command", TEXT, "what the model said"),
    Column("accepted", FLAG, "whether it was trained on"),
)
ESTIMATE_KEYS = {
    "table": "of the report",
    **dict.fromkeys(LABELS, "whose estimate it is; null: of all"),
    "quantity": "what is estimated: shares and changes are fractions",
    "value": "the estimate",
    "low": "lower end of the 95% interval",
    "high": "upper end of it",
    "detectable": "the smallest change that this design finds in 80% of cases",
    "tasks": "that it rests on",
    "families": "of these tasks",
    "seeds": "of the training",
    "samples_per_task": "mean",
}
_WHOLE_NUMBERS = ("cycle", "tasks", "families", "seeds")
ESTIMATE = tuple(
    Column(name, WHOLE if name in _WHOLE_NUMBERS else REAL if name in NUMBERS else TEXT, about)
    for name, about in ESTIMATE_KEYS.items()
)


def tables(run: Run) -> list[Table]:
    """Every table of the run; those that have no row are left out when they are written."""
    sampled = (*SAMPLE, *(Column(name, REAL, "a proxy") for name in run.manifest.proxies))
    scored = (*CANDIDATE, *(Column(name, REAL, "the trainer's") for name in score_names(run)))
    return [
        *(Table("samples", split, sampled, partial(samples, run, split)) for split in SPLITS),
        Table("candidates", "train", scored, partial(candidates, run)),
        Table("estimates", "result", ESTIMATE, partial(estimated, run)),
    ]


def samples(run: Run, split: str) -> Iterator[Row]:
    """Every judged sample of a split, its scores in columns of their own."""
    prompts = {
        row["task"]: row["prompt"]
        for row in read_rows(run.file("tasks.jsonl"))
        if row["split"] == split
    }
    with TemporaryDirectory() as folder:
        answers = Answers(Path(folder) / "answers", run.file("verdicts.jsonl"), split)
        for row in read_rows(run.file("graded.jsonl")):
            if row["split"] == split:
                said = answers.of(row["task"], row["text"])
                correct = row["outcome"] == "correct"
                about = {"prompt": prompts.get(row["task"]), "correct": correct} | said
                yield row | about | row["proxies"]


class Answers:
    """What the checker said of each distinct answer of one split, on disk."""

    def __init__(self, path: Path, verdicts: Path, split: str) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("pragma synchronous = off")
        self._file.execute("create table said (task, text, command, level, reason, "
                           "primary key (task, text)) without rowid")  # fmt: skip
        self._file.execute("begin")
        self._file.executemany(
            "insert into said values (:task, :text, :command, :level, :reason)",
            (row for row in read_rows(verdicts) if row["split"] == split),
        )
        self._file.execute("commit")

    def of(self, task: str, text: str) -> Row:
        """Command, level and reason; nothing for an older run, which has no such file."""
        query = "select command, level, reason from said where task = ? and text = ?"
        found = self._file.execute(query, (task, text)).fetchone()
        return dict(zip(("command", "level", "reason"), found, strict=True)) if found else {}


def trained(run: Run) -> Iterator[Cell]:
    return (cell for cell in run.manifest.cells if cell.arm != BASE and not cell.shard)


def score_names(run: Run) -> list[str]:
    """The names under which trainers kept scores, which are theirs to choose."""
    found = {
        name: None
        for cell in trained(run)
        for cycle in run.cell(cell.name).cycles()
        for name in cycle["scores"]
    }
    return [name for name in found if name not in {column.name for column in CANDIDATE}]


def candidates(run: Run) -> Iterator[Row]:
    """What trainers generated, with their scores, and whether they trained on it."""
    for cell in trained(run):
        for row in read_rows(run.cell(cell.name).files["candidates"]):
            yield row["scores"] | row | {"arm": cell.arm, "seed": cell.seed}


def estimated(run: Run) -> Iterator[Row]:
    """Every estimate of the result, unrounded."""
    return estimates(run.result())
