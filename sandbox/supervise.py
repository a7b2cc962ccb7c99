"""What both supervisors share: the loop that serves the host, and how a command's output is read.

A supervisor is a process that stays beside a worker's lab and runs its commands, one at a time:
`serve_bubblewrap` or `serve_container`. It reads one order a line from its stdin and answers by a
line on its stdout, two descriptors that no command is ever given.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from sandbox.capture import Capture
from sandbox.types import Ending, Execution, Limits, SandboxError, as_programs
from sandbox.witness import Heard, Witness

TICK_S = 0.1  # how often the limits are looked at
CHUNK = 1 << 16
STDOUT, STDERR, NEWS, HOST = 1, 2, 3, 4  # what a file descriptor that is read stands for


@dataclass(slots=True)
class Run:
    """One command on its way to an answer. Not `clean`: something of it may be left behind."""

    capture: Capture
    ending: Ending = Ending.EXITED
    exit_code: int | None = None
    detail: str = ""
    clean: bool = True
    heard: Heard = field(default_factory=Heard)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def late(self, limits: Limits) -> bool:
        """Whether the time is up; if so, the run is marked as timed out."""
        if self.seconds <= limits.wall_s:
            return False
        self.ending, self.detail = Ending.TIMEOUT, f"ran longer than {limits.wall_s:g} s"
        return True

    def answer(self) -> dict[str, Any]:
        return {
            "ending": self.ending,
            "exit_code": self.exit_code if self.ending is Ending.EXITED else None,
            "stdout": self.capture.stdout,
            "stderr": self.capture.stderr,
            "truncated": self.capture.truncated,
            "duration_s": self.seconds,
            "detail": self.detail,
            **asdict(self.heard),
            "clean": self.clean,
        }


class Runner(Protocol):
    def run(self, command: str, limits: Limits) -> Run:
        """Run to the end, all processes dead."""

    def prepare(self, limits: Limits) -> None:
        """Make what the next command needs, if it is not there yet; nobody waits for it."""


def serve(runner: Runner) -> None:
    """Answer every order until stdin ends, which is the sign to stop."""
    _say({"ready": True})
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        limits = Limits(**order["limits"])
        run = runner.run(order["command"], limits)
        if run.exit_code == 128 + signal.SIGXCPU and not run.detail:  # the shell's word for it
            run.detail = f"used more than {limits.cpu_s} s of processor time"
        _say(run.answer())
        runner.prepare(limits)


def order(command: str, limits: Limits) -> str:
    """The line that asks a supervisor for a command."""
    return json.dumps({"command": command, "limits": asdict(limits)})


def execution(command: str, answer: dict[str, Any]) -> Execution:
    """A supervisor's answer as the host has it. SandboxError if the command was never run."""
    fields = {name: value for name, value in answer.items() if name != "clean"}
    fields |= {"ending": Ending(answer["ending"]), "programs": as_programs(answer["programs"])}
    done = Execution(command=command, **fields)
    if done.ending is Ending.INFRASTRUCTURE:
        raise SandboxError(f"The command could not be started ({done.detail}).")
    return done


def reading(
    stdout: int, stderr: int, news: int, witness: Witness | None = None
) -> selectors.BaseSelector:
    """A selector for both outputs, for news of the end, for the death of the host, and for calls
    that wait to be looked at."""
    selector = selectors.DefaultSelector()
    for descriptor, kind in ((stdout, STDOUT), (stderr, STDERR), (news, NEWS), (0, HOST)):
        selector.register(descriptor, selectors.EVENT_READ, kind)
    if witness:
        selector.register(witness, selectors.EVENT_READ)
    return selector


def pump(selector: selectors.BaseSelector, capture: Capture) -> bytes:
    """Read what comes within a tick; returns the news. Pipes that ended are not read again.

    The host sends nothing while a command runs, so that its descriptor can only tell that it is
    gone; then the supervisor ends, and every process of the command with it.
    """
    news = b""
    for key, _ in selector.select(TICK_S):
        if key.data == HOST:
            sys.exit(1)
        if isinstance(key.fileobj, Witness):
            if not key.fileobj.answer():
                selector.unregister(key.fileobj)
        elif not (data := os.read(key.fd, CHUNK)):
            selector.unregister(key.fileobj)
        elif key.data == NEWS:
            news += data
        else:
            capture.add(key.data, data)
    return news


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
