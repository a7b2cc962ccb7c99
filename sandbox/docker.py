"""The Docker provider: each command a fresh container that shares the network of a lab's.

The network is "none": a loopback device and nothing else. Only the lab's container has any
capability, and the lab gives those up when it listens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sandbox import engine
from sandbox.build import Image
from sandbox.capture import Capture
from sandbox.inside import ENVIRONMENT, LAB_CAPABILITIES, LAB_COMMAND, LAB_SOURCE, UID, WORK, argv
from sandbox.isolation import check_isolation
from sandbox.pool import Pool
from sandbox.types import Ending, Execution, Limits, Provider, SandboxError
from sandbox.window import Lab

NAME = "docker"
LABEL = "goodhart-bench.owner"  # the process that started a container
CPUS = 1_000_000_000  # one, in billionths
DEVICE_BYTES = 1 << 20  # /dev/shm
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


def open_pool(image: Image, workers: int) -> Pool:
    _remove_orphans()
    return Pool(NAME, image.digest, lambda: DockerWorker(image.docker), workers)


class DockerWorker:
    """A `sandbox.pool.Worker`."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._holder = _create(
            image,
            list(LAB_COMMAND),
            working_dir="/",
            network_mode="none",
            dns=["127.0.0.1"],
            sysctls=KERNEL_DEFAULTS,
            cap_add=list(LAB_CAPABILITIES),
            tmpfs={"/tmp": "size=1m"},
            volumes={str(LAB_SOURCE): {"bind": "/lab", "mode": "ro"}},
            stdin_open=True,  # and closed by the engine when this process goes
            auto_remove=True,
        )
        self._stream = self._holder.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
        self._holder.start()
        try:
            self.lab = Lab(self._send, _lines(self._stream), self._kill)
            check_isolation(self.execute)
        except SandboxError:
            self.close()
            raise

    def execute(self, command: str, limits: Limits) -> Execution:
        from docker.errors import DockerException

        try:
            return self._run(command, limits)
        except DockerException as error:
            raise SandboxError(f"Docker could not run a command ({error}).") from error

    def close(self) -> None:
        from docker.errors import DockerException

        with suppress(DockerException, OSError):
            self._stream.close()
            self._holder.remove(force=True)

    def _kill(self) -> None:
        from docker.errors import DockerException

        with suppress(DockerException):
            self._holder.kill()

    def _send(self, line: bytes) -> None:
        self._stream._sock.sendall(line)

    def _run(self, command: str, limits: Limits) -> Execution:
        container = _create(
            self._image,
            argv(command, limits),
            working_dir=WORK,
            network_mode=f"container:{self._holder.id}",
            user=f"{UID}:{UID}",
            environment=ENVIRONMENT,
            tmpfs=dict.fromkeys((WORK, "/tmp"), f"size={limits.file_bytes},uid={UID},gid={UID}"),
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            pids_limit=limits.processes,
            nano_cpus=CPUS,
        )
        try:
            return self._watch(container, command, limits)
        finally:
            container.remove(force=True)

    def _watch(self, container: Any, command: str, limits: Limits) -> Execution:
        capture, expired = Capture(limits.output_bytes), False
        stream = container.attach_socket(params={"stdout": 1, "stderr": 1, "stream": 1})
        started = time.monotonic()
        container.start()
        end = time.monotonic() + limits.wall_s
        try:
            for kind, data in _frames(stream, end):
                capture.add(kind, data)
        except TimeoutError:
            expired = True
        if not expired:
            expired = not _ended(container, end)
        if expired:
            container.kill()
        code = int(container.wait()["StatusCode"])
        stream.close()
        return Execution(
            command=command,
            ending=Ending.TIMEOUT if expired else Ending.EXITED,
            exit_code=None if expired else code,
            stdout=capture.stdout,
            stderr=capture.stderr,
            truncated=capture.truncated,
            duration_s=time.monotonic() - started,
            detail=f"ran longer than {limits.wall_s:g} s" if expired else "",
        )


def _create(image: str, command: list[str], **settings: Any) -> Any:
    """A container with the isolation that all have: no capabilities but `cap_add`, read-only."""
    from docker.errors import DockerException
    from docker.types import LogConfig

    try:
        return engine.client().containers.create(
            image,
            command,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            init=True,
            shm_size=DEVICE_BYTES,
            log_config=LogConfig(type="none"),  # a log of all output could fill a disk
            labels={LABEL: str(os.getpid())},
            **settings,
        )
    except DockerException as error:
        raise SandboxError(f"Docker could not make a container ({error}).") from error


def _ended(container: Any, end: float) -> bool:
    """Whether it ends in time. Its output can end before: a command may close its streams."""
    import requests

    try:
        container.wait(timeout=max(0.1, end - time.monotonic()))
    except requests.exceptions.RequestException:
        return False
    return True


def _frames(stream: Any, end: float | None = None) -> Iterator[tuple[int, bytes]]:
    """(1 for stdout or 2 for stderr, data) until the stream ends; TimeoutError at `end`.

    The engine sends both streams in one, in frames with a head of eight bytes.
    """
    while head := _read(stream, 8, end):
        yield head[0], _read(stream, int.from_bytes(head[4:], "big"), end)


def _read(stream: Any, size: int, end: float | None) -> bytes:
    """Exactly `size` bytes, or none at the end of the stream."""
    socket, data = stream._sock, b""
    while len(data) < size:
        socket.settimeout(None if end is None else max(0.001, end - time.monotonic()))
        part = socket.recv(size - len(data))
        if not part:
            return b""
        data += part
    return data


def _lines(stream: Any) -> Iterator[bytes]:
    kept = b""
    for _, data in _frames(stream):
        *lines, kept = (kept + data).split(b"\n")
        yield from lines


def _remove_orphans() -> None:
    """Remove what killed runs left behind: containers whose starter no longer lives."""
    from docker.errors import APIError

    containers = engine.client().containers
    for container in containers.list(all=True, ignore_removed=True, filters={"label": LABEL}):
        if not _lives(int(container.labels[LABEL])):
            with suppress(APIError):  # it may be on its way out already
                container.remove(force=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
