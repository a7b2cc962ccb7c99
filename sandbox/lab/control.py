"""The control channel: JSON lines on stdin and stdout, which no command can reach."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from selectors import BaseSelector
from typing import Any

from .marker import Marker
from .record import Record
from .router import Router
from .serve import Listener
from .sniff import Sniffer

PATIENCE_S = 1.0


class Window:
    """What is seen from one `begin` to the next `collect`. `selector` is the event loop's own."""

    def __init__(self, record: Record, listener: Listener, selector: BaseSelector) -> None:
        self._record, self._listener, self._selector = record, listener, selector
        self._sniffer, self._router, self._marker = Sniffer(record), Router(), Marker()

    def begin(self) -> dict[str, Any]:
        self._sniffer.drain()
        self._record.begin()
        return {"begun": True}

    async def collect(self) -> dict[str, Any]:
        """What was seen, and a new window. If it is not "settled", more of the same may be seen in
        that one: some connection would not end."""
        settled = await self._settled()
        self._sniffer.drain()
        seen = self._record.collect()
        self._record.begin()
        return {**seen, "settled": settled}

    async def _settled(self) -> bool:
        """Wait until all that a dead command had sent is read: it has been delivered, no socket has
        anything left to read, and its connections have all ended. False if that takes too long."""
        settled = self._marker.passes(PATIENCE_S)
        if self._router.rest():  # what it forwards now is behind the marker
            settled = self._marker.passes(PATIENCE_S)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._selector.select(0) or not self._listener.idle.is_set():
                    await asyncio.sleep(0)  # what can be read is read meanwhile
                    await self._listener.idle.wait()
        except TimeoutError:
            return False
        return settled


async def control(window: Window) -> None:
    """Answer "begin" and "collect" until stdin ends, which is the sign to stop."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    _answer({"ready": True})
    while order := (await reader.readline()).strip():
        _answer(window.begin() if order == b"begin" else await window.collect())


def _answer(message: dict[str, Any]) -> None:
    """Write a line to the end: stdout may be one socket with stdin, which asyncio let not block."""
    channel = sys.stdout.fileno()
    blocks = os.get_blocking(channel)
    os.set_blocking(channel, True)
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
    os.set_blocking(channel, blocks)
