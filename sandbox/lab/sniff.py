"""Sees what is sent to the lab on loopback, answered or not: attempts, datagrams and probes."""

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

ECHO, TIMESTAMP, MASK = 8, 13, 17  # the requests of ICMP
ASKS = {ECHO, TIMESTAMP, MASK}
SYN, RST, ACK = 0x02, 0x04, 0x10

# The kernel queues nothing but IPv4 packets on their way out (loopback shows each twice), and of
# these no answers: TCP with neither ACK nor RST (SYN, and the probes of nmap -sF, -sN and -sX),
# requests of ICMP, UDP, other protocols, and the first of a packet's fragments, which may be too
# short to tell.
FILTER: Program = (
    (0x20, 0, 0, 0xFFFFF000),  # load the protocol (Linux extension)
    (0x15, 0, 19, 0x0800),  # IPv4, else reject
    (0x20, 0, 0, 0xFFFFF004),  # load the packet type (Linux extension)
    (0x15, 0, 17, 4),  # outgoing, else reject
    (0x28, 0, 0, 6),  # load the fragment's flags and offset
    (0x45, 15, 0, 0x1FFF),  # reject what is not the first
    (0x45, 13, 0, 0x2000),  # accept the first of several
    (0x30, 0, 0, 9),  # load the IP protocol
    (0x15, 2, 0, socket.IPPROTO_TCP),
    (0x15, 5, 0, socket.IPPROTO_ICMP),
    (0x15, 9, 9, 0),  # accept all others
    (0xB1, 0, 0, 0),  # X = length of the IP header
    (0x50, 0, 0, 13),  # load the TCP flags at X + 13
    (0x45, 7, 0, ACK | RST),  # reject answers
    (0x15, 5, 5, 0),  # accept
    (0xB1, 0, 0, 0),
    (0x50, 0, 0, 0),  # load the type at X
    (0x15, 2, 0, ECHO),
    (0x15, 1, 0, TIMESTAMP),
    (0x15, 0, 1, MASK),  # accept, or reject
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
        address, head = socket.inet_ntoa(packet[16:20]), (packet[0] & 0x0F) * 4
        rest = packet[head:] + bytes(14)  # a fragment may be shorter than what it begins
        source, port = struct.unpack_from("!HH", rest)
        match packet[9]:
            case socket.IPPROTO_TCP:
                self._record.connection("tcp", address, port)
                if rest[13] & (SYN | RST | ACK) == SYN:
                    self._refuser.see(packet)
            case socket.IPPROTO_UDP:
                if source > 1023:  # below are the lab's own answers
                    self._record.connection("udp", address, port)
            case socket.IPPROTO_ICMP:
                if rest[0] in ASKS:
                    self._record.connection("icmp", address, 0)
            case number:
                self._record.connection("ip", address, number)
