"""How the lab's TCP services run: one coroutine per connection, counted and always closed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from .record import Record

LONGEST_LINE = 65_536
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
        return self.record.login(service, self.address, self.port, user, password)


Service = Callable[[Peer], Awaitable[None]]


class Listener:
    """Starts services. `active` counts open connections: 0 means every byte has been read."""

    def __init__(self, record: Record) -> None:
        self.active = 0
        self._record = record
        self._servers: list[asyncio.Server] = []

    async def listen(
        self, service: Service, ports: Iterable[int], tls: ssl.SSLContext | None = None
    ) -> None:
        """Serve every local address on each port."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.active += 1
            try:
                address, port = writer.get_extra_info("sockname")
                await service(Peer(reader, writer, address, port, tls is not None, self._record))
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                pass  # the peer went away, or sent what no service understands
            finally:
                self.active -= 1
                writer.close()

        for port in ports:
            self._servers.append(
                await asyncio.start_server(
                    accept,
                    "0.0.0.0",
                    port,
                    ssl=tls,
                    ssl_handshake_timeout=HANDSHAKE_S if tls else None,
                    limit=LONGEST_LINE,
                    backlog=1024,
                )
            )
