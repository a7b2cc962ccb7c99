"""How the lab's TCP services run: one coroutine per connection, counted and always closed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .firewall import NOT_THE_TABLE, NOTHING, Program, attach
from .hosts import HOSTS
from .record import Record

EVERYWHERE = "0.0.0.0"
BACKLOG = 1024
LONGEST_LINE = 65_536
TLS_HANDSHAKE = b"\x16"
TABLE_PORTS = {port for host in HOSTS for port in host.ports("tcp")}
HANDSHAKE_S = 2.0  # after which a peer that speaks no TLS is shown the door


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
Protocol = Callable[[], asyncio.StreamReaderProtocol]


class Listener:
    """Starts services. `active` counts open connections: 0 means every byte has been read."""

    def __init__(self, record: Record) -> None:
        self.active = 0
        self._record = record
        self._kept: list[object] = []  # what must not be collected

    async def listen(
        self,
        service: Service,
        port: int,
        address: str = EVERYWHERE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Serve a port of one address, or of every address but those of the table."""

        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.StreamReaderProtocol:
            reader = asyncio.StreamReader(LONGEST_LINE)
            return asyncio.StreamReaderProtocol(reader, accept)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.active += 1
            try:
                local, port = writer.get_extra_info("sockname")
                over_tls = writer.get_extra_info("ssl_object") is not None
                await service(Peer(reader, writer, local, port, over_tls, self._record))
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                pass  # the peer went away, or sent what no service understands
            finally:
                self.active -= 1
                writer.close()

        listening = _bound(address, port, NOT_THE_TABLE if address == EVERYWHERE else None)
        if tls:
            listening.listen(BACKLOG)
            listening.setblocking(False)
            self._kept.append(loop.create_task(self._accept_tls(listening, protocol, tls)))
        else:
            self._kept.append(await loop.create_server(protocol, sock=listening, backlog=BACKLOG))

    async def _accept_tls(
        self, listening: socket.socket, protocol: Protocol, tls: ssl.SSLContext
    ) -> None:
        """Accept for good, one task each. Like nginx it also answers a plain request here, so that
        one which a command sent to the wrong port is seen."""
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError:  # the peer has gone, or a command has used up the open files
                await asyncio.sleep(0.01)
                continue
            task = loop.create_task(self._greet(connection, protocol, tls))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _greet(
        self, connection: socket.socket, protocol: Protocol, tls: ssl.SSLContext
    ) -> None:
        loop = asyncio.get_running_loop()
        self.active += 1
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                first = await _first_byte(connection)
            if first == TLS_HANDSHAKE:
                await loop.connect_accepted_socket(
                    protocol, connection, ssl=tls, ssl_handshake_timeout=HANDSHAKE_S
                )
            elif first:
                await loop.connect_accepted_socket(protocol, connection)
            else:
                connection.close()
        except OSError:  # TimeoutError and SSLError among them
            connection.close()
        finally:
            self.active -= 1

    def silence(self, address: str, port: int) -> None:
        """Let a port answer nothing: its listener is shown no packet."""
        silent = _bound(address, port, NOTHING)
        silent.listen()
        self._kept.append(silent)


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
