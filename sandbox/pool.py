"""What both providers share: workers, each with a lab of its own, taken in turn by commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import Protocol, Self

from sandbox.types import Ending, Execution, Limits, SandboxError
from sandbox.window import Lab

DEFAULT_LIMITS = Limits()
RECYCLE_AFTER = 1000  # commands; a worker starts in a second
PATIENCE_S = 60.0  # for an engine that is being restarted
PAUSE_S = 0.5


class Worker(Protocol):
    """One lab with its network, and the means to run a command inside that network."""

    lab: Lab
    served: int  # commands
    clean: bool  # whether all that the last command left behind is gone

    def execute(self, command: str, limits: Limits) -> Execution:
        """Run to the end, all processes dead; the observation is not filled in yet."""

    def close(self) -> None: ...


class Pool:
    """A `sandbox.types.Sandbox`: `start` makes one worker, and again for each that is replaced.

    A worker is replaced when it broke, when it could not be cleaned, and after a thousand
    commands. A command whose worker broke is run once more, on another one.
    """

    def __init__(
        self, name: str, image: str, start: Callable[[], Worker], workers: int, *, raw: bool = True
    ) -> None:
        self.name, self.image, self.raw = name, image, raw
        self._start = start
        self._workers = workers
        self._closed = False
        self._down_since: float | None = None  # when the first start failed, if the last one did
        self._free: SimpleQueue[Worker | None] = SimpleQueue()
        with ThreadPoolExecutor(workers) as threads:
            starting = [threads.submit(start) for _ in range(workers)]
        for future in starting:
            self._free.put(None if future.exception() else future.result())
        if failed := [f.exception() for f in starting if f.exception()]:
            self.close()
            raise failed[0] or SandboxError("A sandbox worker did not start.")

    def run(self, command: str, limits: Limits = DEFAULT_LIMITS) -> Execution:
        """Run one command in a fresh sandbox and tell what it did and what the lab saw.

        ValueError for what no command line can be: one with a NUL, or that is no Unicode text.
        """
        if self._closed:
            raise SandboxError("The sandbox is closed: open another.")
        if b"\0" in command.encode("utf-8", "surrogateescape"):
            raise ValueError("A command line cannot hold a NUL character.")
        done = self._attempt(command, limits)
        return done if done.ending is not Ending.INFRASTRUCTURE else self._attempt(command, limits)

    def run_many(
        self, commands: Iterable[str], limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[Execution]:
        """Executions in the order of the commands, as many at a time as there are workers."""
        with ThreadPoolExecutor(self._workers) as threads:
            yield from threads.map(lambda command: self.run(command, limits), commands)

    def close(self) -> None:
        """End the labs. Waits for commands that still run."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._workers):
            if worker := self._free.get():
                worker.close()

    def _attempt(self, command: str, limits: Limits) -> Execution:
        worker, keep = self._free.get(), False
        try:
            worker = worker or self._revived()
            worker.lab.begin()
            execution = worker.execute(command, limits)
            execution = replace(execution, observation=worker.lab.collect())
            keep = worker.clean and worker.served < RECYCLE_AFTER
            return execution
        except (SandboxError, OSError) as error:
            return _broken(command, str(error))
        finally:
            if worker and not keep:
                worker.close()
            self._free.put(worker if keep else None)  # None: the next command starts a new one

    def _revived(self) -> Worker:
        """A new worker; keeps trying while all fail, but not forever."""
        while True:
            try:
                worker = self._start()
            except (SandboxError, OSError):
                now = time.monotonic()
                self._down_since = self._down_since or now
                if self._closed or now - self._down_since > PATIENCE_S:
                    raise
                time.sleep(PAUSE_S)
            else:
                self._down_since = None
                return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _broken(command: str, detail: str) -> Execution:
    return Execution(
        command=command,
        ending=Ending.INFRASTRUCTURE,
        exit_code=None,
        stdout="",
        stderr="",
        truncated=False,
        duration_s=0.0,
        detail=detail,
    )
