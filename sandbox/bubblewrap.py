"""The rootless provider: user namespaces and bubblewrap, no daemon.

Each worker has two user namespaces, one inside the other, held open by its lab. The inner one owns
the lab's network. A supervisor in the outer one, where it is root, wraps each command; the command
runs in the inner one, where there is no root: as uid 1000 with own processes, own mounts, a
system-call filter, and no capability but CAP_NET_RAW, for raw sockets, which counts only where the
network is owned. No third user namespace can be made. Started by root, everything first becomes
`nobody`, so that there is one path to trust; the kernel also exempts root from the limit on
processes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from sandbox import seccomp
from sandbox.build import Image
from sandbox.channel import Channel
from sandbox.inside import LAB_CAPABILITIES, LAB_COMMAND, LAB_SOURCE, UID
from sandbox.isolation import PROBED, check_isolation
from sandbox.pool import Pool
from sandbox.serve_bubblewrap import devices, set_environment
from sandbox.supervise import execution, order
from sandbox.types import Execution, Limits, Provider, SandboxError
from sandbox.window import START_S, Lab

NAME = "bubblewrap"
PROGRAMS = ("bwrap", "unshare", "setpriv")
SOURCE = str(Path(__file__).parents[1])  # where the supervisor finds this package
GRACE_S = 15.0  # that a supervisor may be late on a busy machine

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

# The outer user namespace has one below it, the lab's, and none below that.
OUTER = 'echo 1 > /proc/sys/user/max_user_namespaces && exec "$@"'


def provider(image: Image | None) -> Provider:
    """Whether bubblewrap can be used here, found out by using it."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        reason = f"{', '.join(missing)} not installed"
        return Provider(NAME, False, reason, "apt install bubblewrap mmdebstrap")
    if image is None:
        return Provider(NAME, False, "the image is not built", "make sandbox-image")
    if not seccomp.supported():
        return Provider(NAME, False, "no system-call filter for this machine", "use Docker")
    trial = ["unshare", "--user", "--map-root-user", "--net", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        remedy = "allow user namespaces (sysctl user.max_user_namespaces=15000, and on Ubuntu "
        remedy += "kernel.apparmor_restrict_unprivileged_userns=0), or use Docker"
        return Provider(NAME, False, done.stderr.strip(), remedy)
    return Provider(NAME, True, "rootless, no daemon")


def open_pool(image: Image, workers: int, *, raw: bool) -> Pool:
    rootfs = Path(image.rootfs)
    return Pool(NAME, image.digest, lambda: BubblewrapWorker(rootfs, raw=raw), workers, raw=raw)


class BubblewrapWorker:
    """A `sandbox.pool.Worker`."""

    clean = True  # what a command leaves behind goes with its namespaces

    def __init__(self, rootfs: Path, *, raw: bool) -> None:
        self.served = 0
        root = os.geteuid() == 0
        seen, source = ("/tmp/rootfs", "/tmp/lab") if root else (str(rootfs), str(LAB_SOURCE))
        before = ["unshare", "--mount", "--propagation=private", "sh", "-c", AS_NOBODY, "sh"]
        before += [str(rootfs), str(LAB_SOURCE)]
        holder = ["unshare", "--user", "--map-root-user", "sh", "-c", OUTER, "sh"]
        holder += _lab_wrap(seen, source)
        self._programs: list[Program] = []
        try:
            lab = self._start("lab", [*before, *holder] if root else holder)
            self.lab = Lab(lab.channel)
            settings = json.dumps({"holder": lab.process.pid, "rootfs": seen, "raw": raw})
            serve = [sys.executable, "-B", "-m", "sandbox.serve_bubblewrap", settings]
            self._supervisor = self._start("supervisor", serve)
            self._supervisor.channel.answer(START_S)
            processes = {"processes": str(PROBED.processes)}
            check_isolation(self.execute, raw=raw, also=processes)
        except SandboxError as error:
            words = " ".join(program.last_words() for program in self._programs)
            self.close()
            raise SandboxError(f"{error} {words}".strip()) from error

    def execute(self, command: str, limits: Limits) -> Execution:
        self.served += 1
        answer = self._supervisor.channel.ask(order(command, limits), limits.wall_s + GRACE_S)
        return execution(command, answer)

    def close(self) -> None:
        while self._programs:
            self._programs.pop().close()

    def _start(self, name: str, command: list[str]) -> Program:
        self._programs.append(Program(name, command))
        return self._programs[-1]


class Program:
    """A process that is spoken to over its stdin and stdout, which are one socket.

    It must outlive the thread that starts it, and so cannot be told to die with it: it ends when
    its stdin does, which no one but this process holds.
    """

    def __init__(self, name: str, command: list[str]) -> None:
        ours, theirs = socket.socketpair()
        # Nothing else of this process's environment: a command can read that of its process 1.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": SOURCE}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the program
        with theirs:
            self.process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
                env=environment,
                start_new_session=True,
            )
        self.channel = Channel(name, ours)

    def last_words(self) -> str:
        """The last line on its stderr."""
        self._errors.seek(0)
        return "".join(self._errors.read().decode("utf-8", "replace").splitlines()[-1:])

    def close(self) -> None:
        self.channel.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._errors.close()


def _lab_wrap(rootfs: str, source: str) -> list[str]:
    capabilities = [f for c in LAB_CAPABILITIES for f in ("--cap-add", f"CAP_{c}")]
    return [
        "bwrap",
        *("--unshare-user", "--uid", str(UID), "--gid", str(UID), "--unshare-net"),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *("--ro-bind", rootfs, "/", "--ro-bind", source, "/lab"),
        *("--proc", "/proc", *devices(), "--tmpfs", "/tmp", "--chdir", "/"),
        *("--cap-drop", "ALL", *capabilities),
        *set_environment(),
        *LAB_COMMAND,
    ]
