"""The record that a suite is sound: `sound.json` beside its rows, written by `suite check`.

Putting every row to the checker takes most of a minute, too long for every start. So the figures
are kept with the digests of what they were measured on, and a suite is loaded only if its rows and
the checker are still those, and the figures reach the suite's thresholds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError

from tasks.errors import UserError
from tasks.types import Record

RECORD = "sound.json"
TASKS = Path(__file__).parent
# What stands beside the checker and decides nothing.
_ELSEWHERE = frozenset({"agreement", "proposal", "families", "suites", "probes"})
_NO_PART = frozenset({"interview.py", "verify.py", "families.py", "pools.py", "generate.py",
                      "datasheet.py", "observe.py"})  # fmt: skip


class Thresholds(Record):
    """What a suite must reach to be loaded."""

    passed: float = 1.0  # share of right commands, and of their variants, that the checker passes
    null: int = 0  # empty answers that pass
    killed: float = 0.98  # share of each mutator's mutants that fail
    negatives: int = 3  # wrong commands of each task
    mutators: int = 1  # makers of them, the author being one


class Count(Record):
    """How many were tried, and how many of them had the verdict that they must have."""

    tried: int = 0
    right: int = 0

    @property
    def share(self) -> float:
        return self.right / self.tried if self.tried else 1.0


class Figures(Record):
    """What `suite check` measures."""

    tasks: int = 0
    correct: Count = Count()
    variants: dict[str, Count] = Field(default_factory=dict)  # by maker
    null: dict[str, Count] = Field(default_factory=dict)  # by kind of empty answer
    wrong: Count = Count()  # the hard negatives of the rows
    mutators: dict[str, Count] = Field(default_factory=dict)  # every mutant, by mutator
    negatives: int = 0  # of the task that has the fewest
    makers: int = 0  # of the task that has the fewest


class SoundRecord(Record):
    """The content of `sound.json`."""

    rows: str
    checker: str
    problems: tuple[str, ...]  # the first few
    figures: Figures


def shortfalls(figures: Figures, thresholds: Thresholds) -> Iterator[str]:
    """Each threshold that the figures do not reach, in words."""
    for name, count in {"right commands": figures.correct, **_named("variant", figures.variants)
                        }.items():  # fmt: skip
        if count.share < thresholds.passed:
            yield f"{name}: {count.right} of {count.tried} pass, at least {thresholds.passed:.1%}"
    for name, count in figures.null.items():
        if count.tried - count.right > thresholds.null:
            yield f"{count.tried - count.right} empty answers pass ({name})"
    for name, count in figures.mutators.items():
        if count.share < thresholds.killed:
            wanted = f"at least {thresholds.killed:.1%}"
            yield f"mutator {name}: {count.right} of {count.tried} killed, {wanted}"
    if figures.negatives < thresholds.negatives:
        yield f"a task has {figures.negatives} wrong commands, at least {thresholds.negatives}"
    if figures.makers < thresholds.mutators:
        yield f"a task's are of {figures.makers} mutators, at least {thresholds.mutators}"


def _named(kind: str, counts: Mapping[str, Count]) -> Mapping[str, Count]:
    return {f"{kind} {name}": count for name, count in counts.items()}


def write_record(folder: Path, record: SoundRecord) -> None:
    """Keep the record with the suite. UserError if the folder cannot be written."""
    try:
        (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder / RECORD} cannot be written: {error.strerror}") from None


def require_sound(folder: Path, rows: str, thresholds: Thresholds) -> None:
    """UserError unless the suite in `folder`, its rows of that digest, was shown to be sound."""
    name = folder.name if folder.parent == TASKS / "suites" else folder
    remedy = f"run: goodhart-bench suite check {name}"
    record = read_record(folder)
    if record is None:
        raise UserError(f"suite {name} was never shown to be sound; {remedy}")
    if record.rows != rows:
        raise UserError(f"suite {name} has changed since it was shown to be sound; {remedy}")
    if record.checker != checker_digest():
        raise UserError(f"the checker or a spec has changed since suite {name} was shown to be "
                        f"sound; {remedy}")  # fmt: skip
    faults = (*record.problems, *shortfalls(record.figures, thresholds))
    if faults:
        raise UserError(f"suite {name} is not sound: {faults[0]}; for the rest {remedy}")


def read_record(folder: Path) -> SoundRecord | None:
    """The record of a suite; None if it has none that can be read."""
    try:
        return SoundRecord.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


@cache
def checker_digest() -> str:
    """SHA-256 of the code and specs that verdicts depend on."""
    digest = hashlib.sha256()
    code = (
        path
        for path in TASKS.rglob("*.py")
        if path.name not in _NO_PART and path.relative_to(TASKS).parts[0] not in _ELSEWHERE
    )
    for path in sorted((*code, *(TASKS / "specs").glob("*.yaml"))):
        digest.update(f"{path.relative_to(TASKS).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
