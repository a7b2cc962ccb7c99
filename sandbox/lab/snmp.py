"""The lab's SNMP agent, versions 1 and 2c: the system group, read with the community "public".

Another community is written down and not answered, as the protocol has it (RFC 1157, 3901).
"""

from __future__ import annotations

from collections.abc import Iterator

from .record import Record

COMMUNITY = "public"
INTEGER, OCTETS, NULL, OID, SEQUENCE, TICKS = 0x02, 0x04, 0x05, 0x06, 0x30, 0x43
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
NO_SUCH_OBJECT, END_OF_VIEW = 0x80, 0x82
NO_SUCH_NAME, READ_ONLY, NOT_WRITABLE = 2, 4, 17
MOST_REPEATS = 16

Oid = tuple[int, ...]
Binding = tuple[Oid, bytes | None]  # an object and its value, encoded
SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def _number(value: int, tag: int = INTEGER) -> bytes:
    return _tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _oid(oid: Oid) -> bytes:
    content = bytearray([40 * oid[0] + oid[1]])
    for part in oid[2:]:
        sevens = [part & 0x7F]
        while part := part >> 7:
            sevens.insert(0, 0x80 | part & 0x7F)
        content += bytes(sevens)
    return _tlv(OID, bytes(content))


OBJECTS: dict[Oid, bytes] = {
    (*SYSTEM, 1, 0): _tlv(OCTETS, b"Linux router 6.1.0-37-amd64 #1 SMP Debian"),
    (*SYSTEM, 2, 0): _oid((1, 3, 6, 1, 4, 1, 8072, 3, 2, 10)),
    (*SYSTEM, 3, 0): _number(8_640_000, TICKS),  # a day, always
    (*SYSTEM, 4, 0): _tlv(OCTETS, b"noc@corp.lab"),
    (*SYSTEM, 5, 0): _tlv(OCTETS, b"router.corp.lab"),
    (*SYSTEM, 6, 0): _tlv(OCTETS, b"Rack 4"),
}


class _Reader:
    """Basic encoding rules, read from the front; ValueError for what is not."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self, *tags: int) -> bytes:
        """The content of the next element, which has one of these tags (of any, if none)."""
        return self.element(*tags)[1]

    def element(self, *tags: int) -> tuple[int, bytes]:
        tag, size = self._bytes(1)[0], self._bytes(1)[0]
        if size & 0x80:
            size = int.from_bytes(self._bytes(size & 0x7F), "big")
        if tags and tag not in tags:
            raise ValueError("not the element that was expected")
        return tag, self._bytes(size)

    def number(self) -> int:
        return int.from_bytes(self.take(INTEGER), "big", signed=True)

    def oid(self) -> Oid:
        content = self.take(OID)
        parts, value = [], 0
        for byte in content[1:]:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                parts.append(value)
                value = 0
        return (*divmod(content[0] if content else 0, 40), *parts)

    def _bytes(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise ValueError("the message is cut short")
        self._at += count
        return part


def answer(message: bytes, address: str, record: Record) -> bytes | None:
    """The reply to one datagram; None for a wrong community. ValueError if it is no SNMP."""
    outer = _Reader(_Reader(message).take(SEQUENCE))
    version, community = outer.number(), outer.take(OCTETS).decode("utf-8", "replace")
    kind, content = outer.element(GET, GET_NEXT, SET, GET_BULK)
    if version not in (0, 1):
        return None
    if not record.login("snmp", address, 161, ("", community), COMMUNITY):
        return None
    request = _Reader(content)
    number, _, repeats = request.number(), request.number(), request.number()
    asked = list(_bindings(_Reader(request.take(SEQUENCE))))
    found: list[Binding]
    if kind == GET_BULK:
        found = [pair for oid in asked for pair in _run(oid, min(repeats, MOST_REPEATS))]
    else:
        found = [_next(oid) if kind == GET_NEXT else (oid, OBJECTS.get(oid)) for oid in asked]
    failed = version == 0 and any(value is None for _, value in found)
    status = NO_SUCH_NAME if failed else 0
    if kind == SET:
        status = NOT_WRITABLE if version else READ_ONLY
    missing = _tlv(NO_SUCH_OBJECT if kind == GET else END_OF_VIEW, b"")
    empty = _tlv(NULL, b"") if status else missing
    rows = b"".join(_tlv(SEQUENCE, _oid(oid) + (value or empty)) for oid, value in found)
    reply = _number(number) + _number(status) + _number(int(status > 0)) + _tlv(SEQUENCE, rows)
    head = _number(version) + _tlv(OCTETS, community.encode())
    return _tlv(SEQUENCE, head + _tlv(RESPONSE, reply))


def _bindings(reader: _Reader) -> Iterator[Oid]:
    while reader.more():
        yield _Reader(reader.take(SEQUENCE)).oid()


def _next(oid: Oid) -> Binding:
    later = min((known for known in OBJECTS if known > oid), default=None)
    return (oid, None) if later is None else (later, OBJECTS[later])


def _run(oid: Oid, count: int) -> Iterator[Binding]:
    """As many objects as were asked for, each after the last, up to the end."""
    for _ in range(count):
        oid, value = _next(oid)
        yield oid, value
        if value is None:
            return
