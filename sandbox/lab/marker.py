"""Knows when the kernel has delivered all that was sent on loopback: it sends a packet after it.

Loopback queues what a CPU sends on that CPU, first in, first out, and delivers it in the sender's
own call, or a little later where there is too much. So once a frame that the lab sends from each
CPU is back, everything sent before is in the queue of the socket that it was sent to.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

ETH_P_EXPERIMENT = 0x88B5  # IEEE 802: for local experiments; no IP, so that no port is open for it
WORD_BYTES = 16
AGAIN_S = 0.02  # a full queue drops what comes; the next attempt finds room


class Marker:
    """Needs CAP_NET_RAW to be made, not to be used."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.bind(("lo", ETH_P_EXPERIMENT))

    def passes(self, seconds: float) -> bool:
        """Wait until all that was sent before is delivered; False if it takes longer than that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._pass():
                return True
        return False

    def _pass(self) -> bool:
        """Send one frame from each CPU, with words that no command can know, and await them."""
        self._forget()
        cpus = os.sched_getaffinity(0)
        sent = set()
        for cpu in cpus:
            os.sched_setaffinity(0, {cpu})
            sent.add(word := os.urandom(WORD_BYTES))
            self._socket.sendto(word, ("lo", ETH_P_EXPERIMENT))
        os.sched_setaffinity(0, cpus)
        self._socket.settimeout(AGAIN_S)
        with suppress(TimeoutError):
            while sent:
                sent.discard(self._socket.recv(WORD_BYTES + 1))
        return not sent

    def _forget(self) -> None:
        """A command can send such frames too, and leave the queue full."""
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
