"""Makes the kernel tell of every program that a command starts and of every exit: a second
system-call filter, under which execve and exit wait until a supervisor lets them go on
(seccomp_unotify(2)). What is told is read by `sandbox.witness`.

    watch(told)            # in the child, before it becomes the command
    received(ours)         # in the supervisor: a descriptor; None where the kernel cannot do it
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import struct
from dataclasses import dataclass

from sandbox.seccomp import (
    ALLOW,
    ARCHITECTURE,
    EQUAL,
    GREATER,
    KILL,
    LOAD,
    MACHINES,
    NUMBER,
    RETURN,
)

NOTIFY = 0x7FC00000  # SECCOMP_RET_USER_NOTIF
LAST = 0x3FFFFFFF  # numbers above it are calls of x86_64 by another name
SET_FILTER, NEW_LISTENER = 1, 0x8
KILLABLE = 0x20  # of Linux 5.19: a call that is being looked at is not interrupted by signals
PR_SET_NO_NEW_PRIVS = 38
libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Calls:
    """System-call numbers of one architecture, from its unistd.h."""

    seccomp: int
    execve: int
    execveat: int
    exit_group: int


CALLS = {"x86_64": Calls(317, 59, 322, 231), "aarch64": Calls(277, 221, 281, 94)}


def program(machine: str) -> bytes:
    """The filter as the kernel takes it: an array of struct sock_filter."""
    calls = CALLS[machine]
    code = (
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, MACHINES[machine].audit),
        (RETURN, 0, 0, KILL),  # 32-bit calls have other numbers
        (LOAD, 0, 0, NUMBER),
        (GREATER, 0, 1, LAST),
        (RETURN, 0, 0, KILL),
        (EQUAL, 2, 0, calls.execve),
        (EQUAL, 1, 0, calls.execveat),
        (EQUAL, 0, 1, calls.exit_group),
        (RETURN, 0, 0, NOTIFY),
        (RETURN, 0, 0, ALLOW),
    )
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def watch(told: socket.socket) -> bool:
    """Put this process and all that come of it under the filter, and hand its other end over.

    From then on it can neither call exec nor exit unless somebody answers. False where the kernel
    cannot do it: then nothing changes.
    """
    listener = _listener()
    socket.send_fds(told, [b"!"], [] if listener is None else [listener])
    if listener is not None:
        os.close(listener)
    return listener is not None


def received(ours: socket.socket) -> int | None:
    """What `watch` handed over."""
    listeners = socket.recv_fds(ours, 1, 1)[1]
    return listeners[0] if listeners else None


def _listener() -> int | None:
    machine = platform.machine()
    if machine not in CALLS:
        return None
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    code = program(machine)
    kept = ctypes.create_string_buffer(code, len(code))
    pointer = struct.pack("HP", len(code) // 8, ctypes.addressof(kept))
    for flags in (NEW_LISTENER | KILLABLE, NEW_LISTENER):
        found = libc.syscall(CALLS[machine].seccomp, SET_FILTER, flags, pointer)
        if found >= 0:
            return int(found)
    return None
