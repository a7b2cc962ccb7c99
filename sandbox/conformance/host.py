"""The host's side of the check: what listens for an escape, and what must not change."""

from __future__ import annotations

import secrets
import selectors
import socket
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

KERNEL = ("hostname", "core_pattern", "modprobe", "panic", "pid_max", "threads-max")
NETWORK = ("ipv4/ip_forward", "ipv4/conf/all/accept_local", "ipv4/ip_unprivileged_port_start")


class Host:
    """Listens on TCP, UDP and an abstract Unix socket, and keeps a file that no command may change.

    `words` fills the braces of an attack's command: {addresses}, {tcp}, {udp}, {unix}, {file} and
    {mark}, which is found in the name of every process that the attack leaves behind.
    """

    def __init__(self) -> None:
        self.mark = f"mark{secrets.token_hex(6)}"
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory())
            self._file = Path(folder, "kept")
            self._file.write_text(self.mark)
            self._sockets = [opened.enter_context(found) for found in self._listeners()]
            self._selector = opened.enter_context(selectors.DefaultSelector())
            for found in self._sockets:
                self._selector.register(found, selectors.EVENT_READ)
            self._opened = opened.pop_all()
        self.words = {
            "addresses": " ".join(_addresses()),
            "tcp": str(self._sockets[0].getsockname()[1]),
            "udp": str(self._sockets[1].getsockname()[1]),
            "unix": self.mark,
            "file": str(self._file),
            "mark": self.mark,
        }

    def heard(self) -> str:
        """What reached a listener, "" for nothing; it is heard once."""
        found = [key.fileobj for key, _ in self._selector.select(0)]
        names = []
        for listener in found:
            assert isinstance(listener, socket.socket)
            names.append(f"{listener.family.name} {listener.type.name}")
            with suppress(OSError):
                if listener.type is socket.SOCK_DGRAM:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
        return ", ".join(names)

    def state(self) -> dict[str, str]:
        """What a command could change if it got out; the same before and after."""
        kernel = {name: _read(Path("/proc/sys/kernel", name)) for name in KERNEL}
        network = {name: _read(Path("/proc/sys/net", name)) for name in NETWORK}
        file = {"file": _read(self._file), "folder": _names(self._file.parent)}
        return kernel | network | file | {"devices": _names(Path("/sys/class/net"))}

    def left_running(self) -> bool:
        """Whether a process of an attack still lives."""
        return any(self.mark in _read(path) for path in Path("/proc").glob("[0-9]*/cmdline"))

    def _listeners(self) -> tuple[socket.socket, ...]:
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        unix = socket.socket(socket.AF_UNIX)
        tcp.bind(("", 0))
        udp.bind(("", 0))
        unix.bind(f"\0{self.mark}")
        tcp.listen()
        unix.listen()
        return tcp, udp, unix

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()


def _addresses() -> set[str]:
    """The host's own addresses, and some that a machine can usually reach."""
    found = {"1.1.1.1", "169.254.169.254", "172.17.0.1", "192.168.0.1"}
    with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.connect(("1.1.1.1", 53))  # sends nothing
        found.add(probe.getsockname()[0])
    with suppress(OSError):
        found |= {str(row[4][0]) for row in socket.getaddrinfo(socket.gethostname(), None)}
    return found


def _names(folder: Path) -> str:
    return " ".join(sorted(path.name for path in folder.iterdir()))


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace").strip()
    return ""
