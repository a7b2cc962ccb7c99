"""The words of the sandbox: limits in, one execution with what the lab observed out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, Self


class SandboxError(Exception):
    """The sandbox cannot be used or broke: one sentence with the remedy. Never a wrong answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may use."""

    wall_s: float = 20.0
    cpu_s: int = 15
    memory_bytes: int = 1 << 30
    processes: int = 128
    output_bytes: int = 256 << 10  # each of stdout and stderr
    file_bytes: int = 16 << 20  # the work folder and each file in it


class Ending(StrEnum):
    """How an execution ended."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    INFRASTRUCTURE = "infrastructure error"


@dataclass(frozen=True, slots=True)
class Connection:
    """A TCP connection attempt, a UDP datagram, or another request or probe, to one address of the
    lab. Probes are packets that no connection begins with, as those of nmap -sF."""

    protocol: str  # "tcp", "udp", "icmp" (echo, timestamp, mask), or "ip": any other
    address: str
    port: int  # 0 of ICMP; of "ip" the number of the protocol
    name: str = ""  # the lab name that resolved to this address during the command, if any


@dataclass(frozen=True, slots=True)
class HttpRequest:
    address: str
    port: int
    host: str  # the Host header without its port
    method: str
    path: str  # without the query
    query: str
    headers: dict[str, str]  # lower-case names
    body: str
    tls: bool = False


@dataclass(frozen=True, slots=True)
class DnsQuery:
    name: str  # lower case, no trailing dot
    type: str  # "A", "MX", "AXFR" ...
    transport: str
    server: str  # the address asked
    port: int = 53


@dataclass(frozen=True, slots=True)
class Login:
    service: str  # "ftp", "http", "pop3" ...
    address: str
    port: int
    user: str
    password: str
    success: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What reached the lab while one command ran, recorded by the lab, out of reach of commands."""

    connections: tuple[Connection, ...] = ()
    http: tuple[HttpRequest, ...] = ()
    dns: tuple[DnsQuery, ...] = ()
    logins: tuple[Login, ...] = ()
    truncated: bool = False  # more arrived than was kept

    def as_json(self) -> dict[str, Any]:
        """The fields by name, each row a mapping of its own fields."""
        from dataclasses import asdict

        return asdict(self)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a command started, and the exit code of the process that it was started in;
    None if a signal ended that."""

    path: str  # of the file, as it was asked for
    argv: tuple[str, ...]
    exit_code: int | None


def as_programs(rows: Iterable[Mapping[str, Any]] | None) -> tuple[Program, ...] | None:
    """From plain data, as a supervisor sends it and the cache keeps it."""
    return (
        None
        if rows is None
        else tuple(Program(row["path"], tuple(row["argv"]), row["exit_code"]) for row in rows)
    )


@dataclass(frozen=True, slots=True)
class Execution:
    """One command, run once. `exit_code` is None unless `ending` is EXITED."""

    command: str
    ending: Ending
    exit_code: int | None
    stdout: str
    stderr: str
    truncated: bool
    duration_s: float
    observation: Observation = field(default_factory=Observation)
    detail: str = ""  # which limit was hit, or what broke
    programs: tuple[Program, ...] | None = None  # in the order of their start; None: not known
    unlisted: bool = False  # more were started than are kept
    cached: bool = False  # not run now: this is what it did before


class Sandbox(Protocol):
    """One provider, started: every `run` is fresh (work folder, processes, HOME), the lab stays up.

    `run` is thread-safe as far as `workers` commands at a time. It does not raise for what the
    command does; a broken provider is an Execution with ending INFRASTRUCTURE.
    """

    name: str  # "docker" or "bubblewrap"
    image: str  # digest of the image that commands see
    raw: bool  # whether commands have raw sockets

    def run(self, command: str, limits: Limits = ...) -> Execution: ...

    def run_many(self, commands: Iterable[str], limits: Limits = ...) -> Iterable[Execution]: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """Whether a provider can be used here, and if not, why and what to install."""

    name: str
    usable: bool
    reason: str
    remedy: str = ""
