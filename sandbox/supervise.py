"""Follows one bubblewrap process to its end: output, limits, and the death of all it started."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.capture import Capture
from sandbox.types import Ending, Execution, Limits

TICK_S = 0.1  # how often the limits are looked at
CHUNK = 1 << 16
KILLED = 128 + signal.SIGKILL
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Run:
    """What became of the process. `report` is bwrap's own, which the command cannot write to."""

    capture: Capture
    report: bytes = b""  # JSON objects, but written in pieces
    ending: Ending = Ending.EXITED
    detail: str = ""
    duration_s: float = 0.0

    def reported(self, name: str) -> int | None:
        """A number of the report: "child-pid" comes first, "exit-code" last, if anything ran."""
        found = re.search(rb'"%s": *(\d+)' % name.encode(), self.report)
        return int(found[1]) if found else None

    def execution(self, command: str) -> Execution:
        code = self.reported("exit-code")
        ending, detail = self.ending, self.detail
        if ending is Ending.EXITED and detail:
            code = KILLED
        elif ending is Ending.EXITED and code is None:
            ending, detail = Ending.INFRASTRUCTURE, self.capture.stderr[-200:].strip()
        return Execution(
            command=command,
            ending=ending,
            exit_code=code if ending is Ending.EXITED else None,
            stdout=self.capture.stdout,
            stderr=self.capture.stderr,
            truncated=self.capture.truncated,
            duration_s=self.duration_s,
            detail=detail,
        )


def supervise(process: subprocess.Popen[bytes], status: IO[bytes], limits: Limits) -> Run:
    """Read until stdout, stderr and `status` (of --json-status-fd) have all ended.

    bwrap's process 1 is the parent of last resort of everything in the command's process
    namespace; when it dies the kernel kills the rest, and only then does bwrap end.
    """
    started = time.monotonic()
    run = Run(Capture(limits.output_bytes))
    with selectors.DefaultSelector() as selector:
        for pipe, stream in ((process.stdout, 1), (process.stderr, 2), (status, 0)):
            assert pipe is not None
            selector.register(pipe, selectors.EVENT_READ, stream)
        while selector.get_map():
            for key, _ in selector.select(TICK_S):
                data = os.read(key.fd, CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.data:
                    run.capture.add(key.data, data)
                else:
                    run.report += data
            _enforce(limits, time.monotonic() - started, run, process)
    process.wait()
    run.duration_s = time.monotonic() - started
    return run


def _enforce(limits: Limits, elapsed: float, run: Run, process: subprocess.Popen[bytes]) -> None:
    """Kill a command that is over a limit. Most are done before the first look."""
    if run.detail or elapsed < TICK_S:
        return
    first = run.reported("child-pid") or process.pid
    if elapsed > limits.wall_s:
        run.ending, run.detail = Ending.TIMEOUT, f"ran longer than {limits.wall_s:g} s"
    elif _memory(first) > limits.memory_bytes:
        run.detail = f"used more than {limits.memory_bytes >> 20} MiB of memory"
    if run.detail:
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)


def _memory(pid: int) -> int:
    """Resident bytes of a process and all below it; those that just ended count nothing."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return pages * PAGE_BYTES + sum(_memory(int(child)) for child in children)
