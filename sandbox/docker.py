"""The Docker provider: two containers for each worker, one with the lab, one that runs commands.

The network is "none": a loopback device and nothing else, which the two share. Neither container
has more capabilities than its program needs, the lab gives its own up when it listens, and commands
have CAP_NET_RAW or none.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sandbox import engine
from sandbox.build import Image
from sandbox.channel import Channel
from sandbox.inside import HOSTNAME, LAB_CAPABILITIES, LAB_COMMAND, LAB_SOURCE, WORK
from sandbox.isolation import check_container, check_isolation
from sandbox.pool import Pool
from sandbox.raw import CAPABILITY
from sandbox.supervise import execution, order
from sandbox.types import Execution, Limits, Provider, SandboxError
from sandbox.window import START_S, Lab

NAME = "docker"
LABEL = "goodhart-bench.owner"  # the process that started a container
NAMESPACE = "goodhart-bench.namespace"  # where that process has its number
CPUS = 1_000_000_000  # one, in billionths
DEVICE_BYTES = 1 << 20  # /dev/shm
MOST_FILES = 65_536  # in each folder that can be written: what a supervisor deletes in a second
GRACE_S = 15.0  # that a supervisor may be late on a busy machine
SOURCE = "/opt/sandbox"  # where the supervisor finds this package
SUPERVISOR = ("python3", "-B", "-m", "sandbox.serve_container")  # in the folder above
SUPERVISOR_CAPABILITIES = (
    *("SETUID", "SETGID", "SETPCAP"),  # to become the user, with no capability left to gain
    *("KILL", "DAC_OVERRIDE", "FOWNER"),  # to end and delete what the user made
)
COMMON = {  # of every container, by the engine's names
    "Privileged": False,
    "PidMode": "",
    "UTSMode": "",
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges"],  # the default system-call filter, that is
}
KERNEL_DEFAULTS = {  # Docker would let a container ping and listen below 1024 without privilege
    "net.ipv4.ping_group_range": "1 0",
    "net.ipv4.ip_unprivileged_port_start": "1024",
}


def provider(image: Image | None) -> Provider:
    """Whether an engine answers that has the image."""
    try:
        engine.client()
    except SandboxError:
        return Provider(NAME, False, "no engine answers", "start Docker or set DOCKER_HOST")
    if image is None or not engine.has_image(image.docker):
        return Provider(NAME, False, "the engine has no image", "make sandbox-image")
    return Provider(NAME, True, f"engine {engine.client().version()['Version']}")


def open_pool(image: Image, workers: int, *, raw: bool) -> Pool:
    _remove_orphans()
    return Pool(NAME, image.digest, lambda: DockerWorker(image.docker, raw=raw), workers, raw=raw)


class DockerWorker:
    """A `sandbox.pool.Worker`."""

    def __init__(self, image: str, *, raw: bool = True) -> None:
        self.served, self.clean = 0, True
        self._image, self._raw = image, raw
        self._supervisor: Program | None = None
        self._limits: Limits | None = None  # of the supervisor's container
        self._lab = Program("lab", _create(image, LAB_COMMAND, **_lab_settings()))
        try:
            self.lab = Lab(self._lab.channel)
            self._lab.check({"NetworkMode": "none", "CapAdd": sorted(LAB_CAPABILITIES)})
            check_isolation(self.execute, raw=raw)
        except SandboxError:
            self.close()
            raise

    @property
    def network(self) -> str:
        """Id of the container whose network the commands share: the lab's."""
        return str(self._lab.container.id)

    def execute(self, command: str, limits: Limits) -> Execution:
        self.served += 1
        channel = self._supervised(limits).channel
        answer = channel.ask(order(command, limits), limits.wall_s + GRACE_S)
        self.clean = answer["clean"]
        return execution(command, answer)

    def close(self) -> None:
        for program in (self._supervisor, self._lab):
            if program:
                program.close()

    def _supervised(self, limits: Limits) -> Program:
        """The container that runs commands: another one if it has other limits."""
        if self._supervisor and self._limits != limits:
            self._supervisor.close()
            self._supervisor = None
        if not self._supervisor:
            settings = _supervisor_settings(limits, raw=self._raw)
            network = f"container:{self.network}"
            command = (*SUPERVISOR, json.dumps({"raw": self._raw}))
            container = _create(self._image, command, network_mode=network, **settings)
            self._supervisor, self._limits = Program("supervisor", container), limits
            self._supervisor.channel.answer(START_S)
            asked = _supervisor_limits(limits, raw=self._raw)
            self._supervisor.check(asked | {"NetworkMode": network})
        return self._supervisor


class Program:
    """The one program of a container, started, which is spoken to over its stdin and stdout."""

    def __init__(self, name: str, container: Any) -> None:
        self.container = container
        with _asking():
            self._stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
            self.channel = Channel(name, self._stream._sock, Frames())
            try:
                container.start()
            except BaseException:
                self.close()  # the socket is part of a cycle, and would stay open for long
                raise

    def check(self, asked: dict[str, Any]) -> None:
        """SandboxError if the engine runs it with other settings than were asked for."""
        with _asking():
            self.container.reload()
        check_container(self.container.attrs["HostConfig"], COMMON | asked)

    def close(self) -> None:
        from docker.errors import DockerException

        self.channel.close()
        with suppress(DockerException, OSError):
            self._stream.close()
            self.container.remove(force=True)


class Frames:
    """Takes the engine's frames off what a container writes: each has a head of eight bytes."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def __call__(self, end: socket.socket) -> bytes:
        """Whole frames' bytes, at least one; nothing at the end of the stream."""
        while not (found := self._whole()):
            if not (data := end.recv(1 << 16)):
                return b""
            self._kept += data
        return found

    def _whole(self) -> bytes:
        found = b""
        while len(self._kept) >= (end := 8 + int.from_bytes(self._kept[4:8], "big")) > 8:
            found += self._kept[8:end]
            del self._kept[:end]
        return found


def _lab_settings() -> dict[str, Any]:
    return {
        "working_dir": "/",
        "init": True,
        "network_mode": "none",
        "hostname": HOSTNAME,  # the other container has it too
        "dns": ["127.0.0.1"],
        "sysctls": KERNEL_DEFAULTS,
        "cap_add": list(LAB_CAPABILITIES),
        "tmpfs": {"/tmp": "size=1m"},
        "volumes": {str(LAB_SOURCE): {"bind": "/lab", "mode": "ro"}},
    }


def _supervisor_capabilities(*, raw: bool) -> list[str]:
    """Those that it needs itself, and the one that it passes on to commands."""
    return [*SUPERVISOR_CAPABILITIES, *[CAPABILITY] * raw]


def _supervisor_settings(limits: Limits, *, raw: bool) -> dict[str, Any]:
    folder = f"exec,size={limits.file_bytes},nr_inodes={MOST_FILES}"
    return {
        "working_dir": str(Path(SOURCE).parent),
        "cap_add": _supervisor_capabilities(raw=raw),
        "tmpfs": {WORK: folder, "/tmp": folder},
        "volumes": {str(Path(__file__).parent): {"bind": SOURCE, "mode": "ro"}},
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "pids_limit": limits.processes + 1,  # and the supervisor
        "nano_cpus": CPUS,
    }


def _supervisor_limits(limits: Limits, *, raw: bool) -> dict[str, Any]:
    """What the engine must say of the container. Not swap: some kernels cannot count it."""
    return {
        "CapAdd": sorted(_supervisor_capabilities(raw=raw)),
        "Memory": limits.memory_bytes,
        "PidsLimit": limits.processes + 1,
        "NanoCpus": CPUS,
    }


def _create(image: str, command: tuple[str, ...], **settings: Any) -> Any:
    """A container with the isolation that all have: no capabilities but `cap_add`, read-only."""
    from docker.types import LogConfig

    with _asking():
        return engine.client().containers.create(
            image,
            list(command),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            shm_size=DEVICE_BYTES,
            stdin_open=True,  # and closed by the engine when this process goes
            auto_remove=True,
            log_config=LogConfig(type="none"),  # a log of all output could fill a disk
            labels={LABEL: str(os.getpid()), NAMESPACE: _namespace()},
            **settings,
        )


@contextmanager
def _asking() -> Iterator[None]:
    """What goes wrong between here and the engine, as a SandboxError."""
    import requests
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, requests.RequestException) as error:
        raise SandboxError(f"Docker could not make a container ({error}).") from error


def _remove_orphans() -> None:
    """Remove what killed runs left behind: containers whose starter no longer lives. Only those
    from this namespace: on an engine that others share, nothing is known here of their starters."""
    from docker.errors import APIError

    containers = engine.client().containers
    ours = f"{NAMESPACE}={_namespace()}"
    for container in containers.list(all=True, ignore_removed=True, filters={"label": ours}):
        if not _lives(int(container.labels[LABEL])):
            with suppress(APIError):  # it may be on its way out already
                container.remove(force=True)


def _namespace() -> str:
    """The kernel that runs, and the namespace in it, that this process has its number in."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
