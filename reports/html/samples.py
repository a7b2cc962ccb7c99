"""The samples as the page carries them: columns and dictionaries, compressed.

A run of 100,000 samples takes about 2 MB in the page. A larger one shows whole tasks drawn by the
digest of their names, as many as fit; the page says how many of how many.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.html.lab import seen

Row = Mapping[str, Any]
Answer = tuple[str, str]  # task and text

MOST = 100_000
SPLIT = "heldout"


@dataclass(frozen=True)
class Record:
    """What a run says of its samples, as rows of its files; each is read once, in order."""

    samples: Iterable[Row] = ()  # graded.jsonl
    tasks: Iterable[Row] = ()  # split, task, prompt
    verdicts: Iterable[Row] = ()  # split, task, text, command, level, reason
    executions: Iterable[Row] = ()  # command, ending, exit_code, stdout, stderr, observation
    name: str = ""  # of the run


class Names:
    """Distinct values numbered as they come."""

    def __init__(self) -> None:
        self._of: dict[Any, int] = {}

    def __call__(self, value: Any) -> int:
        return self._of.setdefault(value, len(self._of))

    @property
    def list(self) -> list[Any]:
        return list(self._of)


@dataclass
class Pack:
    """Held-out samples column by column; `answers` numbers each distinct (task, text)."""

    arms: Names = field(default_factory=Names)
    outcomes: Names = field(default_factory=Names)
    faults: Names = field(default_factory=Names)
    proxies: Names = field(default_factory=Names)
    answers: Names = field(default_factory=Names)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, list[int]] = field(
        default_factory=lambda: {
            name: [] for name in ("arm", "seed", "cycle", "answer", "outcome", "fault")
        }
    )
    scores: list[list[float | None]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """One row of graded.jsonl."""
        self.tasks.setdefault(
            row["task"],
            {key: row[key] for key in ("tool", "family", "unseen")},
        )
        values = (
            self.arms(row["arm"]),
            row["seed"],
            row["cycle"],
            self.answers((row["task"], row["text"])),
            self.outcomes(row["outcome"]),
            self.faults(row["fault"]),
        )
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)
        for name, score in row["proxies"].items():
            at = self.proxies(name)
            if at == len(self.scores):
                self.scores.append([])
            missing = len(self.columns["arm"]) - 1 - len(self.scores[at])
            self.scores[at] += [None] * missing
            self.scores[at].append(round(score, 3))


def pack(record: Record, total: int) -> dict[str, Any]:
    """The page's data from a run of `total` samples, at most about MOST of them."""
    found, all_tasks = Pack(), set()
    share = min(1.0, MOST / max(total, 1))
    for row in record.samples:
        if row["split"] != SPLIT:
            continue
        all_tasks.add(row["task"])
        if is_drawn(row["task"], share):
            found.add(row)
    answers: list[Answer] = found.answers.list
    verdicts = _verdicts(record.verdicts, {answer: i for i, answer in enumerate(answers)})
    numbers = {task: i for i, task in enumerate(found.tasks)}
    prompts = {row["task"]: row["prompt"] for row in record.tasks if row["split"] == SPLIT}
    return {
        "all_tasks": len(all_tasks),
        "tasks": [
            {"id": task, "prompt": prompts.get(task, ""), **about}
            for task, about in found.tasks.items()
        ],
        "arms": found.arms.list,
        "outcomes": found.outcomes.list,
        "faults": found.faults.list,
        "proxies": found.proxies.list,
        "scores": found.scores,
        "columns": found.columns,
        "answers": {
            "task": [numbers[task] for task, _ in answers],
            "text": [text for _, text in answers],
            **verdicts,
        },
        **_lab(record.executions, verdicts["command"], [text for _, text in answers]),
    }


def is_drawn(task: str, share: float) -> bool:
    """Whether a task is among the share that is shown; always the same ones."""
    return zlib.crc32(task.encode()) < share * 2**32


def _verdicts(rows: Iterable[Row], answers: Mapping[Answer, int]) -> dict[str, list[Any]]:
    """Command (None: the text as it is), level and reason of each answer; null where unknown."""
    keys = ("command", "level", "reason")
    columns: dict[str, list[Any]] = {key: [None] * len(answers) for key in keys}
    for row in rows:
        at = answers.get((row["task"], row["text"]))
        if at is None or row["split"] != SPLIT:
            continue
        for key in keys:
            columns[key][at] = row[key] if row[key] != row["text"] else None
    return columns


def _lab(rows: Iterable[Row], commands: list[str | None], texts: list[str]) -> dict[str, Any]:
    """What came of the commands that were run, and for each answer which of these is its own."""
    lines: list[list[str]] = []
    own = [command or text for command, text in zip(commands, texts, strict=True)]
    numbers: dict[str, int] = dict.fromkeys(own, -1)
    for row in rows:
        if row["command"] in numbers:
            numbers[row["command"]] = len(lines)
            lines.append(seen(row))
    return {"lab": lines, "lab_of": [numbers[command] for command in own]}


def compressed(data: Mapping[str, Any]) -> str:
    """JSON, gzip, base64: what the browser undoes with its own decompressor."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()
