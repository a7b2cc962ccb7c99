"""Keeps the first bytes of a command's output and throws the rest away, but says so."""

from __future__ import annotations


class Capture:
    """Output of one command: stream 1 is stdout, 2 is stderr; `limit` bytes of each are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = {1: bytearray(), 2: bytearray()}
        self.truncated = False

    def add(self, stream: int, data: bytes) -> None:
        kept = self._kept[stream]
        room = self._limit - len(kept)
        kept += data[:room]
        self.truncated |= len(data) > room

    @property
    def stdout(self) -> str:
        return self._kept[1].decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        return self._kept[2].decode("utf-8", "replace")
