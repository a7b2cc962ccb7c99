"""The supervisor of bubblewrap's provider: `python -m sandbox.serve_bubblewrap SETTINGS`.

It joins the namespaces of a worker's lab once, and wraps every command anew: fresh processes and
mounts each time. Nothing is reset, because nothing is used twice. What makes it warm is that while
a command runs, the sandbox of the next is made, with a shell in it that waits for its command line.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import seccomp
from sandbox.bystander import Bystander
from sandbox.capture import Capture
from sandbox.inside import ENVIRONMENT, HOSTNAME, UID, WORK, rlimits
from sandbox.raw import CAPABILITY, shell_line
from sandbox.supervise import HOST, TICK_S, Run, pump, reading, serve
from sandbox.types import Ending, Limits

DEVICE_BYTES = 1 << 20  # /dev/shm
# Not bwrap's own /dev, which needs a root that the inner user namespace has not.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
KILLED = 128 + signal.SIGKILL
MOST_FILES = 65_536  # in each folder that can be written
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Reads a line that ends with a NUL byte, byte by byte whatever the encoding, and becomes it.
WAIT = """IFS= LC_ALL=C read -r -d '' line || exit; exec bash -c "$line" </dev/null"""


@dataclass(slots=True)
class Prepared:
    """A sandbox whose shell waits for its command. `status` is bwrap's own report: JSON objects
    that come in pieces, on a descriptor that the command does not have."""

    process: subprocess.Popen[bytes]
    status: int
    limits: Limits
    report: bytes = field(default=b"")

    def reported(self, name: str) -> int | None:
        """A number of the report: "child-pid" comes first, "exit-code" last, if anything ran."""
        found = re.search(rb'"%s": *(\d+)' % name.encode(), self.report)
        return int(found[1]) if found else None

    def begin(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it died; its report will tell
            self.process.stdin.write(line + b"\0")
            self.process.stdin.close()

    def kill(self) -> None:
        """Kill all of it: when bwrap's process 1 dies, the kernel kills the rest."""
        with suppress(ProcessLookupError):
            os.kill(self.reported("child-pid") or self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self.process.__exit__(None, None, None)
        os.close(self.status)


class Bubblewrap:
    """A `sandbox.supervise.Runner`."""

    def __init__(self, rootfs: str, user: int, *, raw: bool) -> None:
        self._rootfs, self._raw = rootfs, raw
        self._user = user  # a descriptor of the inner user namespace
        self._next: Prepared | None = None
        self._bwrap = shutil.which("bwrap") or "bwrap"
        self._bystander = Bystander()

    def run(self, command: str, limits: Limits) -> Run:
        taken, line = self._take(limits), os.fsencode(shell_line(command, raw=self._raw))
        run = Run(Capture(limits.output_bytes))
        self._bystander.begin(line)
        taken.begin(line)
        self.prepare(limits)
        follow(taken, run, limits)
        run.heard = self._bystander.end()
        return run

    def prepare(self, limits: Limits) -> None:
        self._next = self._next or self._make(limits)

    def _take(self, limits: Limits) -> Prepared:
        """The sandbox that waits, or another one if it has other limits."""
        waiting, self._next = self._next, None
        if waiting and waiting.limits == limits:
            return waiting
        if waiting:
            waiting.process.kill()
            waiting.close()
        return self._make(limits)

    def _make(self, limits: Limits) -> Prepared:
        status, status_write = os.pipe()
        calls = seccomp.filter_fd()
        process = subprocess.Popen(
            [*self._wrap(limits, status_write, calls), *shell(limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={"PATH": os.environ["PATH"]},
            pass_fds=[status_write, self._user, calls],
            start_new_session=True,
        )
        os.close(status_write)
        os.close(calls)
        return Prepared(process, status, limits)

    def _wrap(self, limits: Limits, status: int, calls: int) -> list[str]:
        """The bwrap command line of a command's sandbox, ready for the command."""

        def tmpfs(path: str, size: int) -> tuple[str, ...]:
            return ("--size", str(size), "--tmpfs", path)

        return [
            self._bwrap,
            # Nothing is read from --block-fd here: bwrap closes it, as it does not close --userns.
            *("--userns", str(self._user), "--block-fd", str(self._user), "--seccomp", str(calls)),
            *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", HOSTNAME),
            *("--unshare-cgroup-try", "--new-session", "--die-with-parent"),
            *("--uid", str(UID), "--gid", str(UID)),
            *("--cap-drop", "ALL", *("--cap-add", f"CAP_{CAPABILITY}") * self._raw),
            *("--ro-bind", self._rootfs, "/", "--proc", "/proc", *devices()),
            *tmpfs("/dev/shm", DEVICE_BYTES),
            *("--remount-ro", "/dev"),
            *tmpfs("/tmp", limits.file_bytes),
            *tmpfs(WORK, limits.file_bytes),
            *("--chdir", WORK, "--json-status-fd", str(status)),
            *set_environment(),
        ]


def follow(sandbox: Prepared, run: Run, limits: Limits) -> None:
    """Read until stdout, stderr and the report have all ended.

    Nobody else holds them, so that by then the last process of the command is dead.
    """
    process = sandbox.process
    assert process.stdout is not None
    assert process.stderr is not None
    with reading(process.stdout.fileno(), process.stderr.fileno(), sandbox.status) as selector:
        while any(key.data != HOST for key in selector.get_map().values()):
            sandbox.report += pump(selector, run.capture)
            if not run.detail and run.seconds > TICK_S and over(sandbox, run, limits):
                sandbox.kill()
    sandbox.close()
    run.exit_code = sandbox.reported("exit-code")
    if run.ending is Ending.EXITED and run.detail:
        run.exit_code = KILLED
    elif run.ending is Ending.EXITED and run.exit_code is None:
        run.ending, run.detail = Ending.INFRASTRUCTURE, run.capture.stderr[-200:].strip()


def shell(limits: Limits) -> list[str]:
    """A shell under the limits, which waits for its command line. Whole paths: each folder of PATH
    would be one more call to be looked at."""
    values = rlimits(limits) | {"nproc": (limits.processes, limits.processes)}
    options = (f"--{name}={soft}:{hard}" for name, (soft, hard) in values.items())
    return ["/usr/bin/prlimit", *options, "/bin/bash", "-c", WAIT]


def devices() -> list[str]:
    binds = [("--dev-bind", f"/dev/{name}", f"/dev/{name}") for name in DEVICES]
    links = [("--symlink", f"/proc/self/fd{to}", f"/dev/{name}") for name, to in LINKS.items()]
    return ["--tmpfs", "/dev", *(word for group in (*binds, *links) for word in group)]


def set_environment() -> list[str]:
    """Arguments of bwrap."""
    pairs = [("--setenv", name, value) for name, value in ENVIRONMENT.items()]
    return ["--clearenv", *(word for pair in pairs for word in pair)]


def over(sandbox: Prepared, run: Run, limits: Limits) -> bool:
    """Whether a command is over a limit that is watched; `run` then says which."""
    if run.late(limits):
        return True
    first = sandbox.reported("child-pid")
    if first and memory(first) > limits.memory_bytes:
        run.detail = f"used more than {limits.memory_bytes >> 20} MiB of memory"
    elif first and files(first, limits) > MOST_FILES:
        run.detail = f"made more than {MOST_FILES} files"
    return bool(run.detail)


def files(pid: int, limits: Limits) -> int:
    """How many there are in the fullest folder; bwrap cannot limit that of a file system.

    What is larger is the host's: the process has not changed its root yet.
    """
    with suppress(OSError):
        found = [os.statvfs(f"/proc/{pid}/root{at}") for at in (WORK, "/tmp", "/dev/shm")]
        if all(at.f_blocks * at.f_frsize <= limits.file_bytes for at in found):
            return max(at.f_files - at.f_ffree for at in found)
    return 0


def memory(pid: int) -> int:
    """Resident bytes of a process and all below it; those that just ended count nothing."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return pages * PAGE_BYTES + sum(memory(int(child)) for child in children)


def join(holder: int) -> int:
    """Enter the namespaces of a worker's lab for good; a descriptor of the inner user namespace.

    Root also enters the mounts that were made for `nobody`, and takes that identity, which owns
    the user namespace; others have the owner's identity already.
    """
    root = os.geteuid() == 0
    if root:
        os.setgroups([])
    libc = ctypes.CDLL(None, use_errno=True)
    lab = int(Path(f"/proc/{holder}/task/{holder}/children").read_text())  # its only child
    inner = os.open(f"/proc/{lab}/ns/user", os.O_RDONLY)
    places = [f"{holder}/ns/mnt"] * root + [f"{holder}/ns/user", f"{lab}/ns/net"]
    for handle in [os.open(f"/proc/{place}", os.O_RDONLY) for place in places]:
        if libc.setns(handle, 0):
            raise OSError(ctypes.get_errno(), "a worker's namespaces could not be joined")
        os.close(handle)
    if root:
        os.setresgid(0, 0, 0)  # of the user namespace: `nobody` outside
        os.setresuid(0, 0, 0)
    return inner


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    inner = join(settings["holder"])
    serve(Bubblewrap(settings["rootfs"], inner, raw=settings["raw"]))
