"""Judge what the cells of a run have committed while others still work: commands mostly wait, and
would wait on idle cores if they were run when all cells are finished.

A head start, and no more: `judge_run` does what is left in the same way, and tells of what is
wrong. So an error ends it without a word; what a broken sandbox ended is tried again only there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from harness.errors import USER_ERRORS
from harness.execute import execute, executions
from harness.judge import by_key, lines_to_run, others_to_run, share_of_others
from harness.record import cut_torn_line

if TYPE_CHECKING:
    from harness.judge import Key, Verdicts
    from harness.record import Run
    from sandbox.types import Sandbox
    from tasks.suite import Suite
    from tasks.types import Verdict

LOOK_S = 1.0  # between two looks for commits


@contextmanager
def judging_ahead(run: Run, suite: Suite, sandbox: Sandbox | None) -> Iterator[Verdicts]:
    """Work in a thread for as long as this is open; yields the checker's verdicts, to be read when
    it is closed. By then the thread has ended: commands that run are waited for, the rest is left.
    """
    if sandbox is None:
        yield {}
        return
    ahead = Ahead(run, suite, sandbox)
    thread = Thread(target=ahead.work, name="judging ahead")
    thread.start()
    try:
        yield ahead.verdicts
    finally:
        ahead.over.set()
        thread.join()


class Ahead:
    """What the thread does, until `over` is set."""

    def __init__(self, run: Run, suite: Suite, sandbox: Sandbox) -> None:
        self.over = Event()
        self.verdicts: dict[tuple[Key, str], Verdict] = {}
        self._run, self._sandbox, self._tasks = run, sandbox, by_key(suite)
        self._share = share_of_others(run.manifest)
        self._read: Counter[str] = Counter()  # bytes of each cell's samples
        self._tried: set[str] = set()

    def work(self) -> None:
        with suppress(*USER_ERRORS):
            cut_torn_line(self._run.file("executions.jsonl"))
            self._tried |= executions(self._run).keys()
            while not self.over.wait(LOOK_S):
                found = self._check()
                lines = lines_to_run(found, self._tasks)
                lines |= others_to_run(found, self._tasks, self._share)
                if fresh := sorted(lines - self._tried):
                    self._execute(fresh)

    def _check(self) -> Verdicts:
        """The verdicts on answers that were not there before."""
        from tasks.checker import judge

        fresh = {answer for answer in self._committed() if answer not in self.verdicts}
        found = {}
        for key, text in fresh:
            if self.over.is_set():
                break
            found[key, text] = judge(text, self._tasks[key])
        self.verdicts |= found
        return found

    def _committed(self) -> Iterator[tuple[Key, str]]:
        """The answers of commits that were not looked at yet."""
        for cell in self._run.manifest.cells:
            rows, self._read[cell.name] = self._run.cell(cell.name).committed(self._read[cell.name])
            for row in rows:
                yield (row["split"], row["task"]), row["text"]

    def _execute(self, lines: list[str]) -> None:
        self._tried.update(lines)
        with closing(execute(self._run, self._sandbox, lines)) as executing:
            for _ in executing:
                if self.over.is_set():
                    return
