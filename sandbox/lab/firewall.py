"""What makes a host of the table offer its own services only, on ports that all others serve.

A service listens on all addresses at once, so the kernel would accept a connection to any host.
A filter on those listeners drops what is meant for the table's network before it is answered:
that port is filtered. `Refuser` then answers for the kernel where it is to be closed instead.
"""

from __future__ import annotations

import ctypes
import socket
import struct

from .hosts import NETWORK, serves

SO_ATTACH_FILTER = 26
Program = tuple[tuple[int, int, int, int], ...]  # classic BPF: code, jump if true, if false, value

NOT_THE_TABLE: Program = (
    (0x20, 0, 0, 0xFFF00010),  # load the destination address (network header + 16)
    (0x54, 0, 0, int(NETWORK.netmask)),
    (0x15, 0, 1, int(NETWORK.network_address)),
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # accept
)
NOTHING: Program = ((0x06, 0, 0, 0),)
RST_ACK = 0x14


def attach(program: Program, to: socket.socket) -> None:
    """Let the kernel show a socket only the packets that a program accepts."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    pointer = struct.pack("HP", len(program), ctypes.addressof(code))
    to.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointer)


class Refuser:
    """Answers a connection attempt with a reset. Needs CAP_NET_RAW to be made, not to be used."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def see(self, packet: bytes) -> None:
        """`packet` is a TCP SYN from its IP header on."""
        at = (packet[0] & 0x0F) * 4
        peer, address = packet[12:16], packet[16:20]
        source, port, sequence = struct.unpack_from("!HHI", packet, at)
        if serves(socket.inet_ntoa(address), "tcp", port):
            return
        reset = _segment(
            address, peer, struct.pack("!HHII", port, source, 0, (sequence + 1) % (1 << 32))
        )
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(reset), 0, 0, 64, 6, 0, address, peer)
        self._socket.sendto(head + reset, (socket.inet_ntoa(peer), 0))


def _segment(source: bytes, target: bytes, numbers: bytes) -> bytes:
    """A TCP reset with its checksum (RFC 9293, 3.1), from its ports and sequence numbers on."""
    rest = struct.pack("!BBH", 5 << 4, RST_ACK, 0)
    pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20)
    total = sum(struct.unpack("!16H", pseudo + numbers + rest + bytes(4)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return numbers + rest + struct.pack("!HH", ~total & 0xFFFF, 0)
