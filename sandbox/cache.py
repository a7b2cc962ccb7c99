"""Executions that need not be repeated: what a command did in the same image and lab before.

    executions.sqlite    key -> the execution as JSON, beside the images

The key covers everything that an execution depends on: provider, image, raw sockets or none, this
package with its lab, limits and command, and the versions of those who will judge it. What the
sandbox and not the command ended is not kept, nor what ran into a limit: another machine, or
another time, may differ.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Self

from sandbox.build import image_home
from sandbox.pool import DEFAULT_LIMITS
from sandbox.types import Ending, Execution, Limits, Sandbox, SandboxError, as_programs
from sandbox.window import observation

MOST_ROWS = 200_000  # older ones are forgotten when the cache is opened
BUSY_S = 60.0  # to wait for another process that writes
TABLE = "CREATE TABLE IF NOT EXISTS executions (key BLOB PRIMARY KEY, row TEXT NOT NULL)"
FORGET = """DELETE FROM executions
WHERE rowid <= (SELECT max(rowid) FROM executions) - ?"""


class Cache:
    """A table on disk that several processes and threads may use at a time."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        with self._reported():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._table = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            # Not a write-ahead log: processes that switch a new file to it at the same time are
            # refused at once, whatever the timeout (30 of 150 times with six of them). Without
            # it a row costs a millisecond, and an execution a hundred.
            self._table.execute("PRAGMA synchronous = normal")
            self._table.execute(TABLE)
            self._table.execute(FORGET, (MOST_ROWS,))

    def get(self, key: bytes) -> dict[str, Any] | None:
        with self._reported(), self._lock:
            found = self._table.execute("SELECT row FROM executions WHERE key = ?", (key,))
            row = found.fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, key: bytes, row: dict[str, Any]) -> None:
        with self._reported(), self._lock:
            values = (key, json.dumps(row))
            self._table.execute("INSERT OR REPLACE INTO executions VALUES (?, ?)", values)

    def close(self) -> None:
        self._table.close()

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise SandboxError(
                f"The cache {self._path} cannot be used ({error}): delete it, or go without it "
                "with --no-cache."
            ) from error


class CachedSandbox:
    """A `sandbox.types.Sandbox` that runs what the cache does not know. `versions` are those of
    whatever reads the executions: another one of them makes all be run again."""

    def __init__(self, inner: Sandbox, versions: str, path: Path | None = None) -> None:
        self.name, self.image, self.raw = inner.name, inner.image, inner.raw
        self._inner, self._versions = inner, versions
        self._cache = Cache(path or image_home() / "executions.sqlite")

    def run(self, command: str, limits: Limits = DEFAULT_LIMITS) -> Execution:
        return self._known(command, limits) or self._keep(self._inner.run(command, limits), limits)

    def run_many(
        self, commands: Iterable[str], limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[Execution]:
        """Executions in the order of the commands; those that are not known as many at a time as
        the sandbox runs."""
        asked = list(commands)
        known = {command for command in asked if self._known(command, limits)}
        fresh = iter(self._inner.run_many((c for c in asked if c not in known), limits))
        for command in asked:
            if command in known:
                yield self.run(command, limits)
            else:
                yield self._keep(next(fresh), limits)

    def close(self) -> None:
        self._cache.close()
        self._inner.close()

    def _known(self, command: str, limits: Limits) -> Execution | None:
        row = self._cache.get(self._key(command, limits))
        if row is None:
            return None
        row |= {
            "ending": Ending(row["ending"]),
            "observation": observation(row["observation"]),
            "programs": as_programs(row["programs"]),
        }
        return Execution(**row | {"cached": True})

    def _keep(self, done: Execution, limits: Limits) -> Execution:
        if done.ending is Ending.EXITED and not done.detail:
            self._cache.put(self._key(done.command, limits), asdict(done))
        return done

    def _key(self, command: str, limits: Limits) -> bytes:
        where = (self.name, self.image, self.raw, code_version())
        parts = (*where, self._versions, asdict(limits), command)
        return hashlib.sha256(json.dumps(parts).encode()).digest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@cache
def code_version() -> str:
    """Hex digest of this package: the lab, and how commands are run."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".json")):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
