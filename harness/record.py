"""The run store: one folder a run, append-only while it runs, sealed when it is done.

::

    runs/20261121-174004-quick/
      manifest.json            the plan, written first
      cells/v1-0/samples.jsonl     what was sampled in evaluations
                 candidates.jsonl  what the trainer generated, scored and accepted
                 divergences.jsonl KL from the base along commands sampled at temperature 1
                 rescored.jsonl    the last commands scored by the base, and the base's by the last
                 cycles.jsonl      one line a finished cycle, written last: the commit
                 answers.jsonl     what a model behind lm-eval said, as it came
                 adapter-1/ ...    the adapter after each finished cycle, as peft saves it
      executions.jsonl         one line a command run in the sandbox
      graded.jsonl             samples joined with their verdicts
      verdicts.jsonl           one line a distinct answer: the level that decided, and why
      tasks.jsonl              what each evaluated task asks for
      result.json
      sealed.json              digests of all of the above, written last
      report.html ...          what people read; not sealed, since it can be made anew from the rest

A process killed at any moment leaves at most lines that no commit covers; they are cut off when
the run is resumed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.plan import FORMAT, Manifest
from tasks.errors import UserError

Row = dict[str, Any]
RUNS = Path("runs")
RESTORE = "restore the file from a copy, or start a new run."
FILES = ("samples", "candidates", "divergences", "rescored")  # of a cell, beside its commits


def read_rows(path: Path) -> Iterator[Row]:
    """The complete lines of a JSONL file; a torn last line is left out. A missing file is empty.
    UserError if another line is torn, which no writer leaves."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError:  # also of bytes that are no UTF-8
                raise UserError(f"{path}, line {number} is broken: {RESTORE}") from None


def as_line(row: Mapping[str, Any]) -> bytes:
    """A row as it stands in a JSONL file. Half a surrogate pair, which a model that is cut off can
    write, is no character: it becomes a question mark."""
    return json.dumps(row, ensure_ascii=False).encode(errors="replace") + b"\n"


def append_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Append rows and wait until they are on disk; the new size of the file in bytes."""
    with path.open("ab") as file:
        for row in rows:
            file.write(as_line(row))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def cut_torn_line(path: Path) -> None:
    """Remove what a killed writer left after the last line end."""
    if path.exists():
        whole = path.read_bytes().rfind(b"\n") + 1
        os.truncate(path, whole)


def write_whole(path: Path, content: str) -> None:
    """Write a file so that it is there completely or not at all."""
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a JSONL file so that it is there completely or not at all."""
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    append_rows(draft, rows)
    draft.replace(path)


@contextmanager
def lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold an advisory lock on a file; UserError with `refusal` if another process holds it."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(refusal) from None
        yield


def new_folder(profile_name: str) -> Path:
    """`RUNS/TIME-PROFILE`, made for one run alone: of those that start in the same second, the
    second has -2 behind its name, and so on."""
    RUNS.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{Path(profile_name).stem}"
    folder, count = RUNS / name, 1
    while True:
        try:
            folder.mkdir()
        except FileExistsError:
            count += 1
            folder = RUNS / f"{name}-{count}"
        else:
            return folder


class CellStore:
    """What one cell has done. A cycle counts once its line in `cycles.jsonl` is on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {name: folder / f"{name}.jsonl" for name in FILES}
        self.commits = folder / "cycles.jsonl"

    def cycles(self) -> list[Row]:
        """The finished cycles, in order."""
        return list(read_rows(self.commits))

    def samples(self) -> Iterator[Row]:
        return read_rows(self.files["samples"])

    def committed(self, start: int) -> tuple[list[Row], int]:
        """The samples of finished cycles from this byte of their file on, and the byte they end at:
        whatever lies beyond may yet be cut off."""
        cycles = self.cycles()
        end: int = cycles[-1]["bytes"]["samples"] if cycles else 0
        if end <= start:
            return [], start
        with self.files["samples"].open("rb") as file:
            file.seek(start)
            lines = file.read(end - start).splitlines()
        return [json.loads(line) for line in lines], end

    @property
    def answered(self) -> Path:
        """Where a model behind lm-eval has its answers, as they come."""
        return self.folder / "answers.jsonl"

    @property
    def answers(self) -> int:
        """How many of them there are."""
        return self.answered.read_bytes().count(b"\n") if self.answered.exists() else 0

    def divergences(self) -> Iterator[Row]:
        return read_rows(self.files["divergences"])

    def rescored(self) -> Iterator[Row]:
        return read_rows(self.files["rescored"])

    def adapter(self, cycle: int) -> Path:
        return self.folder / f"adapter-{cycle}"

    def rewind(self) -> int:
        """Forget whatever no finished cycle covers; the number of finished cycles."""
        self.folder.mkdir(parents=True, exist_ok=True)
        cut_torn_line(self.commits)
        cut_torn_line(self.answered)  # answers count as they come, but no half of one
        cycles = self.cycles()
        sizes = cycles[-1]["bytes"] if cycles else dict.fromkeys(self.files, 0)
        for name, path in self.files.items():
            path.touch()
            os.truncate(path, sizes[name])
        kept = {self.adapter(cycle["cycle"]) for cycle in cycles}
        for folder in self.folder.glob("adapter-*"):
            if folder not in kept:
                shutil.rmtree(folder)
        return len(cycles)

    def commit(self, cycle: Row, **rows: Iterable[Mapping[str, Any]]) -> None:
        """Append the rows of each file, then the cycle."""
        sizes = {name: append_rows(path, rows.get(name, ())) for name, path in self.files.items()}
        append_rows(self.commits, [cycle | {"bytes": sizes}])


class Run:
    """One run folder and its plan."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def create(cls, folder: Path | None, manifest: Manifest) -> Run:
        """A new run with its plan, in this folder or in a `new_folder`; UserError if the folder
        holds a run already."""
        folder = folder or new_folder(manifest.profile_name)
        folder.mkdir(parents=True, exist_ok=True)
        refusal = f"{folder} holds a run already; continue it with --resume {folder}."
        # Not the run's lock: who created the run a moment ago is about to take that.
        with lock(folder / ".manifest.lock", refusal):
            if (folder / "manifest.json").exists():
                raise UserError(refusal)
            write_whole(folder / "manifest.json", manifest.model_dump_json(indent=2))
        return cls(folder, manifest)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in a folder; UserError if there is none that this version can read."""
        path = folder / "manifest.json"
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"There is no run in {folder}: it has no manifest.json.") from None
        try:
            return cls(folder, Manifest.model_validate_json(content))
        except ValidationError as error:
            raise UserError(f"{path} {_why_unreadable(content, error)}") from error

    @classmethod
    def finished(cls, folder: Path) -> Run:
        """The run in a folder; UserError if it is not finished, or not as it was sealed."""
        run = cls.open(folder)
        if not run.is_sealed:
            raise UserError(f"{folder} is not finished. {run.how_to_resume}")
        run.check_seal()
        return run

    def cell(self, name: str) -> CellStore:
        return CellStore(self.folder / "cells" / name)

    def file(self, name: str) -> Path:
        return self.folder / name

    def lock(self) -> Any:
        """Hold the run: a second process that wants it is refused."""
        refusal = f"Another process is working on {self.folder}; wait for it or end it."
        return lock(self.file(".lock"), refusal)

    @property
    def how_to_resume(self) -> str:
        """The sentence for whoever is told that the run broke off."""
        return f"Go on with: goodhart-bench benchmark --resume {self.folder}"

    @property
    def is_sealed(self) -> bool:
        return self.file("sealed.json").exists()

    def result(self) -> Row:
        """The result of a finished run."""
        found: Row = json.loads(self.file("result.json").read_bytes())
        return found

    def seal(self, leave_out: Collection[str] = ()) -> None:
        """Write the digest of every file of the record, last of all; `leave_out` has the names of
        those that are made from it."""
        files = {
            str(path.relative_to(self.folder)): _sha256(path)
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and not path.name.startswith(".")
            and path.suffix != ".log"
            and path.name not in ("sealed.json", *leave_out)
        }
        write_whole(self.file("sealed.json"), json.dumps({"sha256": files}, indent=2))

    def check_seal(self) -> None:
        """UserError if the plan, a row or a number of a finished run is not what was sealed.
        Adapters are not looked at: they are large, and no number is read from them."""
        seal = self.file("sealed.json")
        try:
            sealed: dict[str, str] = json.loads(seal.read_bytes())["sha256"]
        except (ValueError, KeyError, TypeError):
            raise UserError(f"{seal} is broken: {RESTORE}") from None
        for name, digest in sealed.items():
            path = self.file(name)
            if path.suffix not in (".json", ".jsonl") or path.parent.name.startswith("adapter-"):
                continue
            if not path.exists():
                raise UserError(f"{path} is missing: {RESTORE}")
            if _sha256(path) != digest:
                raise UserError(f"{path} is not what it was when the run was sealed: {RESTORE}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _why_unreadable(content: bytes, error: ValidationError) -> str:
    """What is wrong with a manifest that does not validate, and the remedy."""
    try:
        found = json.loads(content)["format"]
    except (ValueError, KeyError, TypeError):
        return f"is broken: {RESTORE}"
    if found != FORMAT:
        return (
            f"was planned by another version (format {found}, here {FORMAT}): read it with that "
            "version, or start a new run."
        )
    key = ".".join(str(part) for part in error.errors()[0]["loc"])
    return f"was not written by this version: {key}. Read it with the one that wrote it."
