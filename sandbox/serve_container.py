"""The supervisor of Docker's provider: `python3 -m sandbox.serve_container SETTINGS`, process 1 of
a container in which commands run one after another.

It is root with six capabilities, and CAP_NET_RAW if commands have that; a command is uid 1000 with
no other, so that it can neither signal nor trace the supervisor, nor open its descriptors. Its
process is there before its line is: forked and stripped of the rest once the one before is gone.
After each, every process but the supervisor is killed, and the few folders that can be written are
emptied. What cannot be undone makes the answer say that the container is not clean; the host then
throws it away.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.capture import Capture
from sandbox.inside import ENVIRONMENT, UID, WORK, rlimits
from sandbox.raw import NUMBER, shell_line
from sandbox.supervise import CHUNK, STDERR, STDOUT, Run, pump, reading, serve
from sandbox.types import Limits
from sandbox.watch import received, watch
from sandbox.witness import Witness

# All that a command can write to. They belong to root, so that it cannot change what they are.
FOLDERS = (WORK, "/tmp", "/dev/shm", "/dev/mqueue")
SHARED_MEMORY = ("msg", "sem", "shm")  # of System V, in /proc/sysvipc: one line is the heading
MEMORY_EVENTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
OOM_SCORE = "/proc/self/oom_score_adj"
PR_SET_DUMPABLE, PR_CAPBSET_DROP, LAST_CAPABILITY = 4, 24, 63
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, AMBIENT_RAISE = 8, 47, 2
libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A process that is the user's already, and becomes the command that is written to `line`."""

    pid: int
    line: int
    stdout: int
    stderr: int
    told: socket.socket  # what `sandbox.watch` hands over

    def begin(self, line: bytes) -> Witness | None:
        """Give it its line; the witness of what it starts, if the kernel can tell."""
        with self.told:
            listener = received(self.told)
        witness = None if listener is None else Witness(listener, UID)
        if witness:
            witness.begin(line)
        with os.fdopen(self.line, "wb") as written:  # a broken pipe ends this process: nothing ran
            written.write(line)
        return witness


@dataclass(frozen=True, slots=True)
class Ends:
    """The child's ends of the same."""

    line: int
    streams: tuple[int, int, int]
    told: socket.socket


class Container:
    """A `sandbox.supervise.Runner`."""

    def __init__(self, *, raw: bool) -> None:
        self._raw = raw
        for folder in FOLDERS:
            Path(folder).chmod(0o1777)  # the engine gives them the mode that the image has
        self._next: Waiting | None = None
        self._killed = out_of_memory()
        self._wake, wake_write = os.pipe()  # gets a byte for each process that ends
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    def prepare(self, limits: Limits) -> None:
        self._next = self._next or waiting(limits, raw=self._raw)

    def run(self, command: str, limits: Limits) -> Run:
        child, self._next = self._next or waiting(limits, raw=self._raw), None
        run = Run(Capture(limits.output_bytes))
        witness = child.begin(os.fsencode(shell_line(command, raw=self._raw)))
        with reading(child.stdout, child.stderr, self._wake, witness) as selector:
            while run.exit_code is None and not run.late(limits):
                if pump(selector, run.capture):
                    run.exit_code = reap(child.pid)
        kill_all()
        for descriptor, stream in ((child.stdout, STDOUT), (child.stderr, STDERR)):
            run.clean &= drain(descriptor, stream, run.capture)
            os.close(descriptor)
        if witness:
            run.heard = witness.heard()
            witness.close()
        killed, self._killed = self._killed, out_of_memory()
        if killed != self._killed:
            run.detail = run.detail or f"used more than {limits.memory_bytes >> 20} MiB of memory"
        run.clean &= emptied()
        return run


def waiting(limits: Limits, *, raw: bool) -> Waiting:
    (line, line_write), (stdout, stdout_write), (stderr, stderr_write) = (
        os.pipe(), os.pipe(), os.pipe(),
    )  # fmt: skip
    ours, told = socket.socketpair()
    pid = os.fork()
    if not pid:
        os.close(line_write)
        streams = (os.open(os.devnull, os.O_RDONLY), stdout_write, stderr_write)
        become(Ends(line, streams, told), limits, raw=raw)
    for descriptor in (line, stdout_write, stderr_write, told.detach()):
        os.close(descriptor)
    return Waiting(pid, line_write, stdout, stderr, ours)


def become(ends: Ends, limits: Limits, *, raw: bool) -> None:
    """In the child: give up everything, and become the command that is read. Never returns.

    Python opens everything so that it is closed here by the kernel, but for the streams.
    """
    try:
        os.setsid()
        for number, descriptor in enumerate(ends.streams):
            os.dup2(descriptor, number)
        Path(OOM_SCORE).write_text("1000")  # out of memory, it dies and not the supervisor
        for name, values in rlimits(limits).items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), values)
        drop_privileges((NUMBER,) if raw else ())
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        # Its supervisor may read its memory, as this user; nobody else is there who could.
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        os.chdir(WORK)
        watch(ends.told)
        with os.fdopen(ends.line, "rb") as lines:
            command = lines.read()
        os.execve("/bin/bash", [b"bash", b"-c", command], ENVIRONMENT)
    except OSError as error:
        os.write(2, f"bash: {error.strerror}\n".encode())
    finally:
        os._exit(126)


def drop_privileges(keep: tuple[int, ...]) -> None:
    """Become the user, with no capability in any set but `keep`, by their numbers (below 32)."""
    for capability in set(range(LAST_CAPABILITY + 1)) - set(keep):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for those the kernel has not
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    kept = sum(1 << capability for capability in keep)
    if libc.capset(header, struct.pack("6I", kept, kept, kept, 0, 0, 0)):
        raise OSError(ctypes.get_errno(), "the capabilities could not be dropped")
    for capability in keep:
        libc.prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, capability, 0, 0)


def reap(child: int) -> int | None:
    """Bury the dead, strays too, since this is process 1; the exit code of `child` if it is one."""
    found = None
    with suppress(ChildProcessError):
        while pid := (dead := os.waitpid(-1, os.WNOHANG))[0]:
            if pid == child:
                code = os.waitstatus_to_exitcode(dead[1])
                found = code if code >= 0 else 128 - code
    return found


def kill_all() -> None:
    """Kill every other process of the container at once and wait for the last.

    The kernel holds up new processes while it signals all (-1), so that none can slip through.
    """
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def drain(descriptor: int, stream: int, capture: Capture) -> bool:
    """Read what is left in a pipe; False if somebody still holds its other end."""
    os.set_blocking(descriptor, False)
    try:
        while data := os.read(descriptor, CHUNK):
            capture.add(stream, data)
    except BlockingIOError:
        return False
    return True


def emptied() -> bool:
    """Empty the folders; whether the container is now as it was before the command."""
    try:
        for entry in [entry for folder in FOLDERS for entry in os.scandir(folder)]:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                Path(entry.path).unlink()
        return not any(any(os.scandir(folder)) for folder in FOLDERS) and not shares()
    except (OSError, RecursionError):
        return False


def shares() -> int:
    """How many objects of System V (shared memory, semaphores, queues) there are."""
    files = (Path("/proc/sysvipc", kind) for kind in SHARED_MEMORY)
    return sum(len(file.read_text().splitlines()) - 1 for file in files)


def out_of_memory() -> str:
    """The kernel's count of processes that it killed in this container for want of memory."""
    for name in MEMORY_EVENTS:
        with suppress(OSError):
            return Path(name).read_text().partition("oom_kill ")[2].split("\n", 1)[0]
    return ""


if __name__ == "__main__":
    serve(Container(raw=json.loads(sys.argv[1])["raw"]))
