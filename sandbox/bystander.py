"""A process beside a supervisor that lets its calls go on, and keeps what commands started.

The supervisor puts itself under the filter once, and with it all that it starts; so its own calls
wait as well, and another process must answer: one that is forked before, and ends with it.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import traceback
from dataclasses import asdict

from sandbox.channel import CHUNK, Channel
from sandbox.watch import received, watch
from sandbox.witness import Heard, Witness

ANSWER_S = 10.0


class Bystander:
    """The supervisor's end of it. Makes this process and all its children to come be watched."""

    def __init__(self) -> None:
        self._end, theirs = socket.socketpair()
        if not os.fork():
            self._end.close()
            try:
                stand_by(theirs)
            except BaseException:
                traceback.print_exc()
            os._exit(0)
        theirs.close()
        self._works = watch(self._end)
        self._channel = Channel("witness", self._end)

    def begin(self, line: bytes) -> None:
        """Tell of a command's line, before its shell gets it."""
        if self._works:
            self._end.sendall(json.dumps(os.fsdecode(line)).encode() + b"\n")

    def end(self) -> Heard:
        """What was started, now that all processes of the command are dead."""
        return Heard(**self._channel.ask("null", ANSWER_S)) if self._works else Heard()


def stand_by(end: socket.socket) -> None:
    """Answer the kernel, and orders: the line of a command that begins, or null when it is dead."""
    listener = received(end)
    if listener is None:
        return
    witness, orders = Witness(listener, shared=True), b""
    with selectors.DefaultSelector() as selector:
        for found in (end, witness):
            selector.register(found, selectors.EVENT_READ)
        while True:
            # An order was sent before the calls that it is about, and so is read before them.
            ready = {key.fileobj for key, _ in selector.select()}
            if end in ready:
                if not (data := end.recv(CHUNK)):
                    return
                orders += data
                while b"\n" in orders:
                    order, _, orders = orders.partition(b"\n")
                    obey(order, witness, end)
            if witness in ready and not witness.answer():
                return  # the supervisor is gone


def obey(order: bytes, witness: Witness, end: socket.socket) -> None:
    line = json.loads(order)
    if line is None:
        end.sendall(json.dumps(asdict(witness.heard())).encode() + b"\n")
    else:
        witness.begin(os.fsencode(line))
