"""The lab's services on UDP: one function each, from a datagram to its answer."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from .hosts import serves
from .record import Record

IP_PKTINFO = 8
Answer = Callable[[bytes, str, Record], bytes | None]  # datagram, address that it was sent to


def serve_udp(port: int, answer: Answer, record: Record) -> None:
    """Answer on a port of every address, from the address that was asked; None is silence."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    server.bind(("0.0.0.0", port))
    server.setblocking(False)

    def read() -> None:
        message, ancillary, _, peer = server.recvmsg(4096, 256)
        asked = ancillary[0][2][8:12]  # ipi_addr of struct in_pktinfo
        address = socket.inet_ntoa(asked)
        try:
            reply = answer(message, address, record) if serves(address, "udp", port) else None
        except ValueError:  # not what the service understands
            return
        if reply is not None:
            source = struct.pack("I4s4s", 0, asked, bytes(4))
            server.sendmsg([reply], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, peer)

    asyncio.get_running_loop().add_reader(server, read)


def echo(message: bytes, _: str, __: Record) -> bytes:
    """RFC 862: what came goes back."""
    return message
