"""Which programs a command started, with what arguments, and how each ended: the kernel's word.

A command line says what is meant. In `false && nmap ...`, in a loop, behind xargs or timeout, only
the kernel knows what came of it. Nothing is put on PATH for that, so a command finds what it would
find without, and what is called by its whole path is seen as well. See `sandbox.watch`.

The exit status of what a signal ended is not known: it calls no exit.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sandbox.watch import CALLS

MOST_BYTES = 64 << 10  # of paths and arguments that are kept of a command
ROW_BYTES = 16  # what a program counts beside these
MOST_ARGUMENTS = 1024  # of one program
RECEIVE, SEND, GO_ON = 0xC0502100, 0xC0182101, 1
CALL = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif
ANSWER = struct.Struct("=QqiI")  # struct seccomp_notif_resp
POINTER_BYTES = 8
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ALONE = 3  # links of /proc/PID/task where a process has one thread
libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True, eq=False)
class Started:
    """One program; `before` is the image that its process had until then."""

    path: str
    argv: list[str]
    before: int
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a command started: rows for `sandbox.types.Program`, in the order of their start.
    `unlisted`: there was more, or what does not let itself be read."""

    programs: list[dict[str, Any]] | None = None  # None: not known
    unlisted: bool = False


class Witness:
    """Answers the kernel for one command, and keeps what it was told.

    A command begins with the shell that is given its line. If the listener is `shared` with what
    makes sandboxes, only what runs in the shell's process namespace is the command's. `reader` is
    the user as whom memory is read, where only that user may.
    """

    def __init__(self, listener: int, reader: int | None = None, *, shared: bool = False) -> None:
        self._listener, self._reader, self._shared = listener, reader, shared
        self._numbers = CALLS[platform.machine()]
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self.begin(None)

    def begin(self, line: bytes | None) -> None:
        """Forget everything, and look out for the shell with that line."""
        self._truncated = False
        self._shell = None if line is None else [b"bash", b"-c", line]
        self._home = 0  # the process namespace of the command, once its shell is there
        self._room = MOST_BYTES
        self._all: list[Started] = []
        self._now: dict[int, list[Started]] = {}  # process -> what it was and is, oldest first

    def fileno(self) -> int:
        return self._listener

    def answer(self) -> bool:
        """Look at one call, if there is one; False when nobody is left to make any."""
        events = self._poll.poll(0)
        if not events or not events[0][1] & select.POLLIN:
            return not events
        call = bytearray(CALL.size)
        with suppress(OSError):  # its process was killed meanwhile
            fcntl.ioctl(self._listener, RECEIVE, call)
            number, task, _, name, _, _, *arguments = CALL.unpack(call)
            try:
                self._look(task, name, arguments)
            finally:
                fcntl.ioctl(self._listener, SEND, ANSWER.pack(number, 0, 0, GO_ON))
        return True

    def heard(self) -> Heard:
        """What is known now; nothing if the shell was never seen."""
        if not self._home:
            return Heard()
        rows = [{"path": s.path, "argv": s.argv, "exit_code": s.exit_code} for s in self._all]
        return Heard(rows, self._truncated)

    def close(self) -> None:
        os.close(self._listener)

    def _look(self, task: int, name: int, arguments: list[int]) -> None:
        if not self._shell:
            return
        with self._reading():
            if name == self._numbers.exit_group:
                self._exit(task, arguments[0] & 0xFF)
            else:
                self._exec(task, *arguments[name == self._numbers.execveat :][:2])

    def _exit(self, task: int, code: int) -> None:
        process = _process(task, self._now)
        if process in self._now:
            self._settle(process, _image(task))
            for started in self._now.pop(process):
                started.exit_code = code

    def _exec(self, task: int, path: int, argv: int) -> None:
        home = _stat(task, "ns/pid").st_ino if self._shared else 1
        if not self._home:
            with suppress(ValueError), _memory(task) as memory:
                if _strings(memory, argv, MOST_BYTES << 2) == self._shell:
                    self._home = home
            return
        if home != self._home:
            return
        process, image = _process(task, self._now), _image(task)
        self._settle(process, image)
        try:
            with _memory(task) as memory:
                file = _string(memory, path, self._room)
                words = _strings(memory, argv, self._room - len(file))
        except (PermissionError, ValueError):  # it does not let itself be read, or is too long
            self._truncated = True
            return
        started = Started(_text(file), [_text(word) for word in words], image)
        self._room -= _size(started)
        self._all.append(started)
        self._now.setdefault(process, []).append(started)

    def _settle(self, process: int, image: int) -> None:
        """Forget what a process did not become: it would have another image. So it is with every
        folder of PATH in which execvp(3) does not find a program."""
        mine = self._now.get(process)
        if mine and mine[-1].before == image:
            failed = mine.pop()
            self._all.remove(failed)
            self._room += _size(failed)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """As the user whose memory is read."""
        if self._reader is None:
            yield
            return
        for change in (libc.setfsgid, libc.setfsuid):
            change(self._reader)
        try:
            yield
        finally:
            for change in (libc.setfsuid, libc.setfsgid):
                change(0)


def _process(task: int, known: dict[int, list[Started]]) -> int:
    """The process that a thread belongs to."""
    if task in known or _stat(task, "task").st_nlink == ALONE:
        return task
    return int(_read_proc(task, "status").partition(b"\nTgid:")[2].split(maxsplit=1)[0])


def _image(task: int) -> int:
    """A number for what a process has been since its last exec: the addresses that the kernel gave
    it then, which are random."""
    return hash(_read_proc(task, "auxv"))


def _stat(task: int, name: str) -> os.stat_result:
    return os.stat(f"/proc/{task}/{name}")  # noqa: PTH116 - a call waits for it


def _read_proc(task: int, name: str) -> bytes:
    file = os.open(f"/proc/{task}/{name}", os.O_RDONLY)
    try:
        return os.read(file, PAGE_BYTES)
    finally:
        os.close(file)


@contextmanager
def _memory(task: int) -> Iterator[int]:
    memory = os.open(f"/proc/{task}/mem", os.O_RDONLY)
    try:
        yield memory
    finally:
        os.close(memory)


def _strings(memory: int, at: int, most: int) -> list[bytes]:
    """The strings of an array of pointers. ValueError if they are longer than that together."""
    found: list[bytes] = []
    for number in range(MOST_ARGUMENTS):
        entry = _read(memory, at + POINTER_BYTES * number, POINTER_BYTES)
        pointer = int.from_bytes(entry, sys.byteorder)
        if not pointer:
            return found
        found.append(_string(memory, pointer, most))
        most -= len(found[-1]) + 1
    raise ValueError("too many arguments")


def _string(memory: int, at: int, most: int) -> bytes:
    """A string up to its NUL, read page by page. ValueError if it is longer than that."""
    found = b""
    while len(found) <= most:
        here = at + len(found)
        found += _read(memory, here, PAGE_BYTES - here % PAGE_BYTES)
        if (end := found.find(b"\0")) >= 0:
            return found[:end]
    raise ValueError("too long")


def _read(memory: int, at: int, size: int) -> bytes:
    """OSError if nothing can be read there; the kernel will find the same."""
    if at >= 1 << 63:
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
    if not (found := os.pread(memory, size, at)):
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
    return found


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")


def _size(started: Started) -> int:
    return ROW_BYTES + len(started.path) + sum(len(word) + 1 for word in started.argv)
