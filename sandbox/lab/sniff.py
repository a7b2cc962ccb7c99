"""Sees every TCP connection attempt and UDP datagram on loopback, answered or not."""

from __future__ import annotations

import asyncio
import socket
import struct

from .firewall import Program, Refuser, attach
from .record import Record

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_STATISTICS = 263, 6
BUFFER_BYTES = 8 << 20  # as much as the kernel grants
SNAP_BYTES = 128  # headers are enough

# The kernel queues nothing but IPv4 packets on their way out (loopback shows each twice) that are
# UDP, or TCP with SYN alone.
FILTER: Program = (
    (0x20, 0, 0, 0xFFFFF000),  # load the protocol (Linux extension)
    (0x15, 0, 10, 0x0800),  # IPv4, else reject
    (0x20, 0, 0, 0xFFFFF004),  # load the packet type (Linux extension)
    (0x15, 0, 8, 4),  # outgoing, else reject
    (0x30, 0, 0, 9),  # load the IP protocol
    (0x15, 5, 0, socket.IPPROTO_UDP),  # accept, or go on
    (0x15, 0, 5, socket.IPPROTO_TCP),  # go on, or reject
    (0xB1, 0, 0, 0),  # X = length of the IP header
    (0x50, 0, 0, 13),  # load the TCP flags at X + 13
    (0x54, 0, 0, 0x12),  # SYN and ACK of them
    (0x15, 0, 1, 0x02),  # SYN alone, else reject
    (0x06, 0, 0, SNAP_BYTES),  # accept
    (0x06, 0, 0, 0),  # reject
)


class Sniffer:
    """Reads a raw packet socket into the record. Needs CAP_NET_RAW to open it, not to read it."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._refuser = Refuser()
        # Deaf (protocol 0) until the filter is on, so that nothing unfiltered is ever queued.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        attach(FILTER, self._socket)
        self._socket.bind(("lo", ETH_P_ALL))
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self.drain)

    def drain(self) -> None:
        """Read all that has arrived. Packets are queued here before the sender's call returns, so
        once a command is dead, one call sees everything it sent."""
        while True:
            try:
                packet = self._socket.recv(SNAP_BYTES)
            except BlockingIOError:
                break
            self._read(packet)
        _, dropped = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self._record.truncated |= dropped > 0

    def _read(self, packet: bytes) -> None:
        address = socket.inet_ntoa(packet[16:20])
        source, port = struct.unpack_from("!HH", packet, (packet[0] & 0x0F) * 4)
        match packet[9]:
            case socket.IPPROTO_TCP:
                self._record.connection("tcp", address, port)
                self._refuser.see(packet)
            case socket.IPPROTO_UDP if source > 1023:  # below are the lab's own answers
                self._record.connection("udp", address, port)
