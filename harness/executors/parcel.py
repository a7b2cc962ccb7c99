"""What travels between the run folder and a node that shares no file system with it.

Out goes what a cell needs: the plan, the rows of the cells it comes after, what it committed, and
the adapter to go on from. Back comes what it adds, a piece a commit. The run folder takes a piece
as a local cell writes it: adapter, rows, and last the line that makes them count.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.study import BASE

if TYPE_CHECKING:
    from harness.plan import Cell
    from harness.record import CellStore, Run

Files = dict[str, bytes]  # path within a folder -> content

COMMITS = "cycles.jsonl"
STREAMS = ("answers.jsonl", "cell.log")  # grow between commits, and count as they come


def pack(run: Run, cell: Cell) -> Files:
    """What a cell needs of the run folder, by path within it; what it had not committed is cut."""
    run.cell(cell.name).rewind()
    found = [run.file("manifest.json")]
    for name in (cell.name, *cell.after):
        found += run.cell(name).folder.glob("*.jsonl")
    if start := starting_adapter(run, cell):
        found += [path for path in start.iterdir() if path.is_file()]
    return {str(path.relative_to(run.folder)): path.read_bytes() for path in found}


def starting_adapter(run: Run, cell: Cell) -> Path | None:
    """The adapter that a cell begins with: its own of the last commit, or for a shard of an
    evaluation the one that is evaluated. None where nothing is trained yet."""
    owner = run.cell(cell.trained) if cell.shard else run.cell(cell.name)
    cycles = owner.cycles()
    folder = owner.adapter(cycles[-1]["cycle"]) if cycles else None
    return folder if cell.arm != BASE and folder and folder.is_dir() else None


def unpack(files: Files, folder: Path) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Growth:
    """What a cell's folder has grown by since the last look, in pieces for `add`."""

    def __init__(self, store: CellStore) -> None:
        self._store = store
        self._sent = {path.name: path.stat().st_size for path in store.folder.glob("*.jsonl")}
        self._commits = len(store.cycles())

    def pieces(self) -> Iterator[Files]:
        """One piece a commit, and one for what came of the streams."""
        if streamed := {name: more for name in STREAMS if (more := self._more(name))}:
            yield streamed
        for commit in self._store.cycles()[self._commits :]:
            sizes = {f"{name}.jsonl": size for name, size in commit["bytes"].items()}
            piece = {name: self._more(name, size) for name, size in sizes.items()}
            adapter = self._store.adapter(commit["cycle"])
            if adapter.is_dir():
                piece |= {f"{adapter.name}/{p.name}": p.read_bytes() for p in adapter.iterdir()}
            yield piece | {COMMITS: self._next_line()}
            self._commits += 1

    def _more(self, name: str, size: int | None = None) -> bytes:
        """A file's whole lines beyond what was sent, as far as `size`."""
        path, sent = self._store.folder / name, self._sent.get(name, 0)
        if not path.exists():
            return b""
        with path.open("rb") as file:
            file.seek(sent)
            found = file.read() if size is None else file.read(size - sent)
        found = found[: found.rfind(b"\n") + 1]
        self._sent[name] = sent + len(found)
        return found

    def _next_line(self) -> bytes:
        path = self._store.folder / COMMITS
        line = path.read_bytes().splitlines(keepends=True)[self._commits]
        self._sent[COMMITS] = self._sent.get(COMMITS, 0) + len(line)
        return line


def add(store: CellStore, piece: Files) -> None:
    """Take a piece into the run folder; the commit in it, if there is one, is written last."""
    adapter = {name: content for name, content in piece.items() if "/" in name}
    for folder in {name.partition("/")[0] for name in adapter}:
        shutil.rmtree(store.folder / folder, ignore_errors=True)  # of a try that did not commit
    unpack(adapter, store.folder)
    for name in sorted(piece.keys() - adapter.keys(), key=lambda name: name == COMMITS):
        with (store.folder / name).open("ab") as file:
            file.write(piece[name])
            file.flush()
            os.fsync(file.fileno())
