"""The host's end of a program in the sandbox: JSON lines over a socket, each with a time limit."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sandbox.types import SandboxError

CHUNK = 1 << 16

Read = Callable[[socket.socket], bytes]


def plain(end: socket.socket) -> bytes:
    """What has arrived; nothing at the end of the stream."""
    return end.recv(CHUNK)


class Channel:
    """Asks one program, such as the lab, and reads one line for each answer.

    `read` takes the bytes of the program's stdout from the socket. Raises SandboxError where the
    program does not answer in time or has ended; then it is to be closed.
    """

    def __init__(self, name: str, end: socket.socket, read: Read = plain) -> None:
        self._name, self._end, self._read = name, end, read
        self._kept = b""

    def ask(self, line: str, seconds: float) -> dict[str, Any]:
        """Send one line and wait for its answer."""
        try:
            self._end.settimeout(seconds)
            self._end.sendall(line.encode() + b"\n")
        except OSError as error:
            raise SandboxError(f"The {self._name} cannot be reached ({error}).") from error
        return self.answer(seconds)

    def answer(self, seconds: float) -> dict[str, Any]:
        """The next line."""
        end = time.monotonic() + seconds
        try:
            while b"\n" not in self._kept[-CHUNK:]:
                self._end.settimeout(max(0.001, end - time.monotonic()))
                if not (data := self._read(self._end)):
                    raise EOFError("it ended")
                self._kept += data
            line, _, self._kept = self._kept.partition(b"\n")
            found: dict[str, Any] = json.loads(line)
        except (EOFError, ValueError, OSError) as error:
            raise SandboxError(f"The {self._name} stopped answering ({error}).") from error
        return found

    def close(self) -> None:
        """End the conversation, and with it the program, whose stdin ends."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()
