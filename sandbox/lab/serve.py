"""How the lab's TCP services run: one coroutine per connection, counted and always closed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from .firewall import NOT_THE_TABLE, NOTHING, Program, attach
from .hosts import HOSTS
from .record import Record

EVERYWHERE = "0.0.0.0"
BACKLOG = 1024
LONGEST_LINE = 65_536
TLS_HANDSHAKE = b"\x16"
TABLE_PORTS = {port for host in HOSTS for port in host.ports("tcp")}
HANDSHAKE_S = 2.0  # after which a peer that speaks no TLS is shown the door
PAUSE_S = 0.01  # of a listener that cannot accept


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection: its streams, and the lab's own address and port that it was made to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str
    port: int
    tls: bool
    record: Record

    async def line(self) -> str:
        """The next line without its end; ConnectionError when there is none."""
        raw = await self.reader.readline()
        if not raw:
            raise ConnectionError
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    async def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    def login(self, service: str, user: str, password: str) -> bool:
        """Note an attempt and say whether it succeeds. hydra writes an empty password as ""."""
        password = "" if password == '""' else password
        return self.record.login(service, self.address, self.port, (user, password))


Service = Callable[[Peer], Awaitable[None]]


class Listener:
    """Starts services. `idle` is set while no connection is open: every byte has been read."""

    def __init__(self, record: Record) -> None:
        self.idle = asyncio.Event()
        self.idle.set()
        self._record = record
        self._open: set[asyncio.Task[None]] = set()  # one for each connection
        self._kept: list[socket.socket] = []  # what must not be collected

    def listen(
        self,
        service: Service,
        port: int,
        address: str = EVERYWHERE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Serve a port of one address, or of every address but those of the table."""
        listening = _bound(address, port, NOT_THE_TABLE if address == EVERYWHERE else None)
        listening.listen(BACKLOG)
        listening.setblocking(False)
        self._accept_from(listening, service, tls)

    def _accept_from(
        self, listening: socket.socket, service: Service, tls: ssl.SSLContext | None
    ) -> None:
        """Take connections for good. Each is either still to be accepted or counted already."""
        loop = asyncio.get_running_loop()

        def accept() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:  # the peer has gone, or a command has used up the open files
                loop.remove_reader(listening)
                loop.call_later(PAUSE_S, loop.add_reader, listening, accept)
                return
            connection.setblocking(False)
            task = loop.create_task(self._serve(connection, service, tls))
            self._open.add(task)
            self.idle.clear()
            task.add_done_callback(self._end)

        loop.add_reader(listening, accept)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        if not self._open:
            self.idle.set()

    async def _serve(
        self, connection: socket.socket, service: Service, tls: ssl.SSLContext | None
    ) -> None:
        """One connection, to its end."""
        try:
            streams = await _streams(connection, tls)
        except OSError:  # TimeoutError and SSLError among them
            connection.close()
            return
        reader, writer = streams
        try:
            address, port = writer.get_extra_info("sockname")
            over_tls = writer.get_extra_info("ssl_object") is not None
            await service(Peer(reader, writer, address, port, over_tls, self._record))
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # the peer went away, or sent what no service understands
        finally:
            writer.close()

    def silence(self, address: str, port: int) -> None:
        """Let a port answer nothing: its listener is shown no packet."""
        silent = _bound(address, port, NOTHING)
        silent.listen()
        self._kept.append(silent)


async def _streams(
    connection: socket.socket, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """What a service reads and writes; OSError if the peer does not come as far. Like nginx a TLS
    port also answers a plain request, so that one which was sent to the wrong port is seen."""
    more: dict[str, Any] = {}
    if tls:
        async with asyncio.timeout(HANDSHAKE_S):
            first = await _first_byte(connection)
        if not first:
            raise ConnectionError
        if first == TLS_HANDSHAKE:
            more = {"ssl": tls, "ssl_handshake_timeout": HANDSHAKE_S}
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(LONGEST_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, **more)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _first_byte(connection: socket.socket) -> bytes:
    """What a peer says first, left to be read again; nothing if it has gone."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


def _bound(address: str, port: int, program: Program | None) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # One listener for all addresses and one for a single address: a command that listened there
    # too, which it may above 1023 only, would take no one's connections but its own.
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(port in TABLE_PORTS))
    if program:
        attach(program, found)
    found.bind((address, port))
    return found
