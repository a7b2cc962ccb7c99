"""The control channel: JSON lines on stdin and stdout, which no command can reach."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from .record import Record
from .router import Router
from .serve import Listener
from .sniff import Sniffer

QUIET_CHECKS = 3  # one millisecond apart
PATIENCE_S = 1.0


async def control(record: Record, listener: Listener, sniffer: Sniffer, router: Router) -> None:
    """Answer "begin" and "collect" until stdin ends, which is the sign to stop."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    _answer({"ready": True})
    while order := (await reader.readline()).strip():
        sniffer.drain()
        if order == b"begin":
            record.begin()
            _answer({"begun": True})
        else:
            await _settle(record, listener)
            router.rest()
            sniffer.drain()
            _answer(record.collect())


async def _settle(record: Record, listener: Listener) -> None:
    """Wait until all that a dead command had sent is read: its connections have all ended."""
    clock = asyncio.get_running_loop().time
    end, quiet = clock() + PATIENCE_S, 0
    while quiet < QUIET_CHECKS and clock() < end:
        before = record.changes
        await asyncio.sleep(0.001)
        quiet = 0 if listener.active or record.changes != before else quiet + 1


def _answer(message: dict[str, Any]) -> None:
    """Write a line to the end: stdout may be one socket with stdin, which asyncio let not block."""
    channel = sys.stdout.fileno()
    blocks = os.get_blocking(channel)
    os.set_blocking(channel, True)
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
    os.set_blocking(channel, blocks)
