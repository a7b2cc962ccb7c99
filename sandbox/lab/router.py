"""The router that masscan looks for: it has a network stack of its own, and sends frames.

Such a tool reads the kernel's table for the default router, asks its Ethernet address by ARP and
sends it every packet. On loopback nobody answers, so the lab does: it tells the address, and hands
the packets to the kernel, which takes them to the lab's services as any other. Other commands find
what they found without it: every address outside the lab stays unreachable.

No network is as silent as loopback, either: masscan 1.3.2 looks at its clock when a packet comes,
and would wait for ever. So once asked, the router tells its address until the command is over.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
from contextlib import suppress

from .firewall import Program, attach

ADDRESS = socket.inet_aton("192.0.2.1")  # RFC 5737: an address that nobody has
STATION = bytes.fromhex("020000000001")  # what loopback is called; masscan takes none for zeros
ROUTER = bytes.fromhex("0200000000fe")
SIOCSIFHWADDR, ARPHRD_LOOPBACK = 0x8924, 772
FRAME_BYTES = 1 << 16
CHATTER_S = 0.1
BROADCAST = b"\xff" * 6
ETH_P_ALL, IPV4, ARP = 0x0003, 0x0800, 0x0806
HARDWARE_AND_PROTOCOL = bytes.fromhex("000108000604")  # Ethernet, IPv4
REQUEST_OPERATION, REPLY_OPERATION = b"\0\1", b"\0\2"

# Frames on their way in (loopback shows each twice) that are for the router, and questions of ARP.
FILTER: Program = (
    (0x20, 0, 0, 0xFFFFF004),  # load the packet type (Linux extension)
    (0x15, 6, 0, 4),  # reject what goes out
    (0x28, 0, 0, 12),  # load the protocol
    (0x15, 3, 0, ARP),  # accept
    (0x15, 0, 3, IPV4),
    (0x20, 0, 0, 2),  # load the last four bytes of the frame's destination
    (0x15, 0, 1, int.from_bytes(ROUTER[2:])),
    (0x06, 0, 0, FRAME_BYTES),  # accept
    (0x06, 0, 0, 0),  # reject
)

# rtnetlink(7)
RTM_NEWROUTE, NLMSG_ERROR = 24, 2
REQUEST, ACKNOWLEDGE, CREATE, EXCLUSIVE = 0x1, 0x4, 0x400, 0x200
MAIN, STATIC, UNIVERSE = 254, 4, 0
UNICAST, THROW = 1, 9
ONLINK = 0x4
RTA_DST, RTA_OIF, RTA_GATEWAY = 1, 4, 5


def add_router() -> None:
    """Give loopback an Ethernet address and a default route. Needs CAP_NET_ADMIN.

    The kernel never takes that route: those beside it, which together cover all addresses, end
    every search as if there were none ("Network is unreachable").
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH6s8x", b"lo", ARPHRD_LOOPBACK, STATION)
        fcntl.ioctl(control, SIOCSIFHWADDR, request)
    for length in range(1, 9):
        prefix = struct.pack("!I", 1 << (32 - length))
        _add_route(THROW, length, {RTA_DST: prefix})
    loopback = struct.pack("=I", socket.if_nametoindex("lo"))
    _add_route(UNICAST, 0, {RTA_GATEWAY: ADDRESS, RTA_OIF: loopback})


def _add_route(kind: int, length: int, attributes: dict[int, bytes]) -> None:
    head = struct.pack(
        "=8BI",
        socket.AF_INET,
        length,
        0,
        0,
        MAIN,
        STATIC,
        UNIVERSE,
        kind,
        ONLINK * (kind == UNICAST),
    )
    body = head + b"".join(struct.pack("=HH4s", 8, key, value) for key, value in attributes.items())
    flags = REQUEST | ACKNOWLEDGE | CREATE | EXCLUSIVE
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(struct.pack("=IHHII", 16 + len(body), RTM_NEWROUTE, flags, 1, 0) + body)
        answer = kernel.recv(4096)
    error = -struct.unpack_from("=i", answer, 16)[0]
    if error:
        raise OSError(error, "the lab could not add a route")


class Router:
    """Answers and forwards. Needs CAP_NET_RAW to be made, not to be used."""

    def __init__(self) -> None:
        self._frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        attach(FILTER, self._frames)
        self._frames.bind(("lo", ETH_P_ALL))
        self._frames.setblocking(False)
        self._packets = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._frames, self.drain)
        self._chatter: asyncio.TimerHandle | None = None

    def drain(self) -> bool:
        """Answer and forward all that has arrived; False if nothing had."""
        came = False
        while True:
            try:
                frame = self._frames.recv(FRAME_BYTES)
            except BlockingIOError:
                return came
            came = True
            if frame[12:14] == ARP.to_bytes(2):
                self._hear(frame)
            else:
                self._forward(frame[14:])

    def rest(self) -> bool:
        """The command is over: deal with what it sent, and be silent; False if nothing was left."""
        came = self.drain()
        if self._chatter:
            self._chatter.cancel()
            self._chatter = None
        return came

    def _hear(self, frame: bytes) -> None:
        """Tell the asker which station has the router's address (RFC 826)."""
        operation, asker, wanted = frame[20:22], frame[22:32], frame[38:42]
        if operation == REQUEST_OPERATION and wanted == ADDRESS:
            self._say(frame[6:12], asker)
            if not self._chatter:
                self._go_on()

    def _go_on(self) -> None:
        self._say(BROADCAST, BROADCAST + ADDRESS)
        self._chatter = self._loop.call_later(CHATTER_S, self._go_on)

    def _say(self, station: bytes, listener: bytes) -> None:
        reply = HARDWARE_AND_PROTOCOL + REPLY_OPERATION + ROUTER + ADDRESS + listener
        self._frames.send(station + ROUTER + ARP.to_bytes(2) + reply)

    def _forward(self, packet: bytes) -> None:
        with suppress(OSError):  # outside the lab, or no packet at all: any router drops it
            self._packets.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
