"""The host's end of a lab: opens an observation window and collects what was seen in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from sandbox.types import Connection, DnsQuery, HttpRequest, Login, Observation, SandboxError

START_S = 30.0  # an idle machine takes half a second
ANSWER_S = 15.0


class Lab:
    """One running lab. `send` writes to its stdin, `lines` are those of its stdout, `kill` ends it.

    Raises SandboxError where the lab does not answer in time; then it is dead.
    """

    def __init__(
        self, send: Callable[[bytes], None], lines: Iterator[bytes], kill: Callable[[], None]
    ) -> None:
        self._send, self._lines, self._kill = send, lines, kill
        with self._patience(START_S):
            self._answer()

    def begin(self) -> None:
        """Forget everything; what is seen from now on belongs to one command."""
        with self._patience(ANSWER_S):
            self._send(b"begin\n")
            self._answer()

    def collect(self) -> Observation:
        """What was seen since `begin`. Call it when the command's last process is dead."""
        with self._patience(ANSWER_S):
            self._send(b"collect\n")
            seen = self._answer()
        return Observation(
            connections=tuple(Connection(**row) for row in seen["connections"]),
            http=tuple(HttpRequest(**row) for row in seen["http"]),
            dns=tuple(DnsQuery(**row) for row in seen["dns"]),
            logins=tuple(Login(**row) for row in seen["logins"]),
            truncated=seen["truncated"],
        )

    def _answer(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(next(self._lines))
        except (StopIteration, ValueError, OSError) as error:
            raise SandboxError(
                f"The lab stopped answering ({str(error) or 'it ended'})."
            ) from error
        return answer

    @contextmanager
    def _patience(self, seconds: float) -> Iterator[None]:
        """Kill a lab that hangs: its output then ends, and so does the waiting for it."""
        timer = Timer(seconds, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except OSError as error:
            raise SandboxError(f"The lab cannot be reached ({error}).") from error
        finally:
            timer.cancel()
