"""What both providers share: workers, each with a lab of its own, taken in turn by commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import Protocol, Self

from sandbox.types import Ending, Execution, Limits, SandboxError
from sandbox.window import Lab

DEFAULT_LIMITS = Limits()


class Worker(Protocol):
    """One lab with its network, and the means to run a command inside that network."""

    lab: Lab

    def execute(self, command: str, limits: Limits) -> Execution:
        """Run to the end, all processes dead; the observation is not filled in yet."""

    def close(self) -> None: ...


class Pool:
    """A `sandbox.types.Sandbox`: `start` makes one worker, and again for each that broke."""

    def __init__(self, name: str, image: str, start: Callable[[], Worker], workers: int) -> None:
        self.name, self.image = name, image
        self._start = start
        self._workers = workers
        self._closed = False
        self._free: SimpleQueue[Worker | None] = SimpleQueue()
        with ThreadPoolExecutor(workers) as threads:
            starting = [threads.submit(start) for _ in range(workers)]
        for future in starting:
            self._free.put(None if future.exception() else future.result())
        if failed := [f.exception() for f in starting if f.exception()]:
            self.close()
            raise failed[0] or SandboxError("A sandbox worker did not start.")

    def run(self, command: str, limits: Limits = DEFAULT_LIMITS) -> Execution:
        """Run one command in a fresh sandbox and tell what it did and what the lab saw."""
        if self._closed:
            raise SandboxError("The sandbox is closed: open another.")
        worker = self._free.get()
        try:
            worker = worker or self._start()
            worker.lab.begin()
            execution = worker.execute(command, limits)
            return replace(execution, observation=worker.lab.collect())
        except (SandboxError, OSError) as error:
            if worker:
                worker.close()
            worker = None  # the next command starts a new one
            return _broken(command, str(error))
        finally:
            self._free.put(worker)

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
