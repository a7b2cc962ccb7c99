"""The rootless provider: user namespaces and bubblewrap, no daemon.

Each worker is a pair of namespaces, user and network, held open by its lab. A command joins both
and is then wrapped once more: own processes, own mounts, no capabilities, its own user namespace
in which it may not make another. Started by root, everything first becomes `nobody`, so that
there is one path to trust; the kernel also exempts root from the limit on processes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from sandbox.build import Image
from sandbox.inside import ENVIRONMENT, LAB_CAPABILITIES, LAB_COMMAND, LAB_SOURCE, UID, WORK, argv
from sandbox.isolation import check_isolation
from sandbox.pool import Pool
from sandbox.supervise import supervise
from sandbox.types import Execution, Limits, Provider, SandboxError
from sandbox.window import Lab

NAME = "bubblewrap"
PROGRAMS = ("bwrap", "unshare", "nsenter", "setpriv")
DEVICE_BYTES = 1 << 20  # /dev/shm

# Root's home is closed to `nobody`, so the tree is first mounted where it can be seen, in a mount
# namespace that the worker's commands join too. Both folders are opened before anything is mounted:
# they may lie under /tmp.
AS_NOBODY = """
exec 3< "$1" 4< "$2" &&
mount -t tmpfs none /tmp && mkdir /tmp/rootfs /tmp/lab &&
mount --no-canonicalize --bind /proc/self/fd/3 /tmp/rootfs &&
mount --no-canonicalize --bind /proc/self/fd/4 /tmp/lab &&
exec 3<&- 4<&- || exit
shift 2
exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"
"""


def provider(image: Image | None) -> Provider:
    """Whether bubblewrap can be used here, found out by using it."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        reason = f"{', '.join(missing)} not installed"
        return Provider(NAME, False, reason, "apt install bubblewrap mmdebstrap")
    if image is None:
        return Provider(NAME, False, "the image is not built", "make sandbox-image")
    trial = ["unshare", "--user", "--map-root-user", "--net", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        remedy = "allow user namespaces (sysctl user.max_user_namespaces=15000, and on Ubuntu "
        remedy += "kernel.apparmor_restrict_unprivileged_userns=0), or use Docker"
        return Provider(NAME, False, done.stderr.strip(), remedy)
    return Provider(NAME, True, "rootless, no daemon")


def open_pool(image: Image, workers: int) -> Pool:
    return Pool(NAME, image.digest, lambda: BubblewrapWorker(Path(image.rootfs)), workers)


class BubblewrapWorker:
    """A `sandbox.pool.Worker`."""

    def __init__(self, rootfs: Path) -> None:
        self._root = os.geteuid() == 0
        self._rootfs, source = (
            ("/tmp/rootfs", "/tmp/lab") if self._root else (str(rootfs), str(LAB_SOURCE))
        )
        before = ["unshare", "--mount", "--propagation=private", "sh", "-c", AS_NOBODY, "sh"]
        before += [str(rootfs), str(LAB_SOURCE)]
        holder = ["unshare", "--user", "--map-root-user", "--net", *self._lab_wrap(source)]
        # The lab must outlive the thread that starts it, so no --die-with-parent: it ends when
        # its stdin does, which no one but this process holds.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the lab
        self._holder = subprocess.Popen(
            [*before, *holder] if self._root else holder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        try:
            self.lab = Lab(self._send, iter(_opened(self._holder.stdout)), self._kill)
            check_isolation(self.execute)
        except SandboxError as error:
            self.close()
            raise SandboxError(f"{error} {self._last_words()}".strip()) from error

    def execute(self, command: str, limits: Limits) -> Execution:
        status_read, status_write = os.pipe()
        with os.fdopen(status_read, "rb", buffering=0) as status:
            try:
                process = subprocess.Popen(
                    [*self._join(), *self._wrap(limits, status_write), *argv(command, limits)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=[status_write],
                    start_new_session=True,
                )
            finally:
                os.close(status_write)
            with process:
                return supervise(process, status, limits).execution(command)

    def close(self) -> None:
        with suppress(OSError):
            _opened(self._holder.stdin).close()
        try:
            self._holder.wait(2)
        except subprocess.TimeoutExpired:
            self._kill()
            self._holder.wait()
        _opened(self._holder.stdout).close()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._holder.pid, signal.SIGKILL)

    def _last_words(self) -> str:
        """The last line on the lab's stderr."""
        self._errors.seek(0)
        return "".join(self._errors.read().decode("utf-8", "replace").splitlines()[-1:])

    def _send(self, line: bytes) -> None:
        stdin = _opened(self._holder.stdin)
        stdin.write(line)
        stdin.flush()

    def _lab_wrap(self, source: str) -> list[str]:
        capabilities = [f for c in LAB_CAPABILITIES for f in ("--cap-add", f"CAP_{c}")]
        return [
            "bwrap",
            *("--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *("--ro-bind", self._rootfs, "/", "--ro-bind", source, "/lab"),
            *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/"),
            *("--cap-drop", "ALL", *capabilities),
            *_environment(),
            *LAB_COMMAND,
        ]

    def _join(self) -> list[str]:
        # Root takes the identity of the namespace's owner; others have it already.
        identity = ["--mount"] if self._root else ["--preserve-credentials"]
        return ["nsenter", "--target", str(self._holder.pid), "--user", "--net", *identity, "--"]

    def _wrap(self, limits: Limits, status: int) -> list[str]:
        def tmpfs(path: str, size: int) -> tuple[str, ...]:
            return ("--size", str(size), "--tmpfs", path)

        return [
            "bwrap",
            *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
            *("--unshare-cgroup-try", "--disable-userns", "--new-session", "--die-with-parent"),
            *("--uid", str(UID), "--gid", str(UID), "--cap-drop", "ALL"),
            *("--ro-bind", self._rootfs, "/", "--proc", "/proc", "--dev", "/dev"),
            *tmpfs("/dev/shm", DEVICE_BYTES),
            *("--remount-ro", "/dev"),
            *tmpfs("/tmp", limits.file_bytes),
            *tmpfs(WORK, limits.file_bytes),
            *("--chdir", WORK, "--json-status-fd", str(status)),
            *_environment(),
        ]


def _environment() -> list[str]:
    pairs = [("--setenv", name, value) for name, value in ENVIRONMENT.items()]
    return ["--clearenv", *(word for pair in pairs for word in pair)]


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # every pipe of this module was asked for
    return pipe
