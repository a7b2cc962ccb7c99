"""The lab's DNS server: UDP and TCP, zone transfers allowed.

Every zone has the same shape: an address, two name servers, a mail server, a text record, and a
handful of hosts that a zone transfer lists.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .hosts import BY_ADDRESS, BY_NAME
from .names import address_of, zone_of
from .record import Record
from .serve import Peer

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16,
    "AAAA": 28, "SRV": 33, "NAPTR": 35, "DS": 43, "DNSKEY": 48, "SPF": 99, "AXFR": 252,
    "ANY": 255, "CAA": 257,
}  # fmt: skip
NUMBERS = {number: name for name, number in TYPES.items()}
HOSTS = ("admin", "api", "app", "dev", "ftp", "intranet", "mail", "ns1", "ns2", "vpn", "www")
IN, CHAOS, OPT, TTL_S = 1, 3, 41, 300
NOERROR, NXDOMAIN = 0, 3
AUTHORITATIVE_ANSWER = 0x8480  # QR, AA, RA
LONGEST_QUERY = 2048  # bytes; what claims to be longer is no DNS


@dataclass(frozen=True, slots=True)
class Query:
    """One question, as it came."""

    number: int
    flags: int
    name: str  # lower case, no trailing dot
    type: str
    raw: bytes  # the question section
    edns: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource record of the answer."""

    name: str
    type: str
    data: bytes
    class_: int = IN

    def packed(self, asked: str) -> bytes:
        """On the wire; the name asked for is a pointer to the question, as BIND has it."""
        name = b"\xc0\x0c" if self.name == asked else packed_name(self.name)
        head = struct.pack("!HHIH", TYPES[self.type], self.class_, TTL_S, len(self.data))
        return name + head + self.data


def parse(message: bytes) -> Query:
    """ValueError if it is not a query of one question."""
    try:
        number, flags, questions, _, _, extra = struct.unpack_from("!6H", message)
        labels, at = [], 12
        while length := message[at]:
            labels.append(message[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
        (kind,) = struct.unpack_from("!H", message, at + 1)
    except (struct.error, IndexError) as error:
        raise ValueError("not a DNS message") from error
    if flags & 0x8000 or questions != 1:
        raise ValueError("not a DNS query")
    name = ".".join(labels).lower()
    type_ = NUMBERS.get(kind, f"TYPE{kind}")
    return Query(number, flags, name, type_, message[12 : at + 5], extra > 0)


def answer(query: Query, record: Record) -> bytes:
    """The whole reply message, without length prefix."""
    found = list(_resources(query, record))
    code = NOERROR if found or address_of(query.name) else NXDOMAIN
    zone = zone_of(query.name)
    authority = [_soa(zone)] if address_of(zone) and not found else []
    header = struct.pack(
        "!6H",
        query.number,
        AUTHORITATIVE_ANSWER | (query.flags & 0x0100) | code,
        1,
        len(found),
        len(authority),
        int(query.edns),
    )
    opt = struct.pack("!BHHIH", 0, OPT, 4096, 0, 0) if query.edns else b""
    return header + query.raw + b"".join(r.packed(query.name) for r in found + authority) + opt


def packed_name(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def answer_udp(message: bytes, address: str, record: Record) -> bytes:
    """A `udp.Answer`."""
    query = parse(message)
    _note(query, record, "udp", address)
    return answer(query, record)


async def serve_tcp(peer: Peer) -> None:
    while head := await peer.reader.read(2):
        head += await peer.reader.readexactly(2 - len(head))
        size = int.from_bytes(head, "big")
        if size > LONGEST_QUERY:
            return
        query = parse(await peer.reader.readexactly(size))
        _note(query, peer.record, "tcp", peer.address)
        reply = answer(query, peer.record)
        await peer.say(len(reply).to_bytes(2, "big") + reply)


def _note(query: Query, record: Record, transport: str, server: str) -> None:
    record.dns(name=query.name, type=query.type, transport=transport, server=server, port=53)


def _resources(query: Query, record: Record) -> Iterator[Resource]:
    name, type_ = query.name, query.type
    if name.endswith(".in-addr.arpa"):
        yield from _reverse(name, type_, record)
        return
    if name == "version.bind":
        yield Resource(name, "TXT", _text("9.18.49-1~deb12u3-Debian"), CHAOS)
    address = address_of(name)
    if address is None:
        return
    if type_ in ("A", "AAAA", "ANY"):
        record.resolved(name, address)
    if type_ == "AXFR":
        yield from _zone(name)
        return
    yield from (r for r in _of_name(name, address) if type_ in (r.type, "ANY"))


def _of_name(name: str, address: str) -> Iterator[Resource]:
    """What a name has; only the top of a zone has more than addresses."""
    if name == zone_of(name):
        yield _soa(name)
        for server in ("ns1", "ns2"):
            yield Resource(name, "NS", packed_name(f"{server}.{name}"))
        yield Resource(name, "MX", struct.pack("!H", 10) + packed_name(f"mail.{name}"))
        yield Resource(name, "TXT", _text("v=spf1 mx -all"))
        yield Resource(name, "CAA", b"\0\x05issue" + f"ca.{name}".encode())
    packed = socket.inet_aton(address)
    yield Resource(name, "A", packed)
    yield Resource(name, "AAAA", bytes.fromhex("fd00") + bytes(10) + packed)


def _zone(zone: str) -> Iterator[Resource]:
    """A whole zone, between two copies of its SOA record (RFC 5936)."""
    if zone != zone_of(zone):
        return
    yield from _of_name(zone, str(address_of(zone)))
    fixed = [name for name in BY_NAME if zone_of(name) == zone != name]
    for name in fixed or [f"{host}.{zone}" for host in HOSTS]:
        yield Resource(name, "A", socket.inet_aton(str(address_of(name))))
    yield _soa(zone)


def _reverse(name: str, type_: str, record: Record) -> Iterator[Resource]:
    """A host of the table has its first name; another the one that the command itself asked for
    before, if any. A name made up for an address would end up in place of that address in the Host
    header of nikto."""
    address = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
    fixed = BY_ADDRESS[address].names[0] if address in BY_ADDRESS else None
    known = record.names.get(address, fixed)
    if known and type_ in ("PTR", "ANY"):
        yield Resource(name, "PTR", packed_name(known))


def _soa(zone: str) -> Resource:
    numbers = struct.pack("!5I", 2026010101, 7200, 3600, 1209600, TTL_S)
    return Resource(
        zone, "SOA", packed_name(f"ns1.{zone}") + packed_name(f"hostmaster.{zone}") + numbers
    )


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()
