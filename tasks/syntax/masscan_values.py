"""What masscan 1.3.2 takes as ports, addresses, rates and times (src/main-conf.c)."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

LAST_PORT = 65535
_PORT_PART = re.compile(r"(?:([A-Za-z]):)?(.*)", re.DOTALL)
_PORT_RANGE = re.compile(r"(\d*)(-?)(\d*)")
_PROTOCOLS = "TUSOI"
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[^\w\s]?[0-9A-Fa-f]{2}){5}")
_RATE = re.compile(r"[0-9]*(?:\.[0-9]*)?")
_SCALED = re.compile(r"(-*)([0-9]*)[\W_]*(\w?)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DAY = 86400
_BYTES = {unit: 1 << 10 * power for power, unit in enumerate("kmgtpe", 1)}
_SHARD = re.compile(r"(\d+)(?:[^\w\s]|_)+(\d+)")
_BITS = {4: 32, 6: 128}


def ports(text: str) -> str:
    """A list of ports and ranges with protocols; a part that is no number is passed over."""
    found = set()
    for part in text.split(","):
        match = _PORT_PART.fullmatch(part.strip())
        protocol, rest = match.groups() if match else (None, part)
        if protocol and protocol.upper() not in _PROTOCOLS:
            raise ValueError(f"{part!r}: {protocol}: is none of T:, U:, S:, O:, I:")
        number = _PORT_RANGE.match(rest)
        if not rest or not number or not number[0]:
            continue
        low = int(number[1] or 0) % (1 << 32)
        high = int(number[3] or LAST_PORT) % (1 << 32) if number[2] else low
        if low > high or high > LAST_PORT:
            raise ValueError(f"{part!r} is not a port from 0 to {LAST_PORT} or a range of them")
        span = f"{low}-{high}" if high > low else str(low)
        found.add(span if protocol in (None, "T", "t") else f"{protocol.upper()}:{span}")
    return ",".join(sorted(found))


def addresses(text: str) -> str:
    """Addresses, blocks and ranges, parted by commas or blanks."""
    first, *others = re.split(r"[,\s]+", text.lstrip()) if text else ("",)
    if text and not first:
        raise ValueError(f"{text!r} begins with no address")
    found = {_span(part) for part in (first, *others) if part}
    return ",".join(sorted(found))


def _span(text: str) -> str:
    plain = text.replace("[", "").replace("]", "")
    low, dash, high = plain.partition("-")
    address, slash, bits = low.partition("/")
    first = _address(address, text)
    if dash:
        last = _address(high, text)
        ends = sorted((int(first), int(last)))
        return f"{type(first)(ends[0])}-{type(first)(ends[1])}"
    if slash:
        width = _BITS[first.version]
        if not bits.isdecimal() or int(bits) > width:
            raise ValueError(f"{text!r}: /{bits} is not a prefix length up to {width}")
        mask = ((1 << width) - 1) ^ ((1 << (width - int(bits))) - 1)
        return f"{type(first)(int(first) & mask)}/{int(bits)}"
    return str(first)


def _address(text: str, whole: str) -> IPv4Address | IPv6Address:
    try:
        return IPv6Address(text) if ":" in text else IPv4Address(text)
    except AddressValueError:
        raise ValueError(
            f"{whole!r} is not an address, a block or a range of two addresses"
        ) from None


def source_port(text: str) -> str:
    """One port, or a range of a power of two; what follows it is passed over ("5x" is 5)."""
    match = re.fullmatch(r"(?:T:)?(\d*)(?:-(\d*))?(?:[^-,\d].*)?", text, re.DOTALL)
    if not (match and text) or text[0] not in "-T0123456789":
        raise ValueError(f"{text!r} is not a port")
    low = int(match[1] or 0) % (1 << 32)
    high = low if match[2] is None else int(match[2] or LAST_PORT) % (1 << 32)
    count = high - low + 1
    if high > LAST_PORT or count < 1 or count & (count - 1):
        raise ValueError(f"{text!r} is not a port, or a range of 2, 4, 8 ... ports")
    return str(low) if low == high else f"{low}-{high}"


def mac(text: str) -> str:
    """A hardware address; what follows it is passed over."""
    match = _MAC.match(text)
    if not match:
        raise ValueError(f"{text!r} is not a hardware address")
    return "-".join(re.findall("[0-9a-f]{2}", match[0].lower()))


def rate(text: str) -> str:
    """Packets a second."""
    if not _RATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    return f"{float(f'0{text}0'):g}" if "." in text else str(int(text or "0"))


def count(text: str, bits: int = 32) -> str:
    """A number of 0 or more; text that is none counts as 0."""
    match = re.match(r"-?\d+", text)
    number = int(match[0]) if match else 0
    return str(number % (1 << bits))


def shard(text: str) -> str:
    """Which of how many: 1/3."""
    match = _SHARD.match(text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"{text!r} is not of the form 1/3")
    return f"{int(match[1])}/{int(match[2])}"


def time(text: str) -> str:
    """When output is rotated: 5m, 2h; with a unit less than a day. With a dash before it, as long
    before the end of the day."""
    sign, digits, unit = _scaled(text)
    if not unit:
        return f"{int(digits or 0)}s"
    if unit not in _SECONDS:
        raise ValueError(f"{text!r} is not a time such as 30m or 2h")
    seconds = int(digits or 1) * _SECONDS[unit]
    if seconds >= _DAY:
        raise ValueError(f"{text} is not less than a day")
    return f"{_DAY - seconds if sign else seconds}s"


def size(text: str) -> str:
    """A size such as 5k, in bytes."""
    sign, digits, unit = _scaled(text)
    if (unit and unit not in _BYTES) or (sign and digits):
        raise ValueError(f"{text!r} is not a size such as 100 or 5k")
    return str(int(digits or bool(unit)) * _BYTES.get(unit, 1))


def _scaled(text: str) -> tuple[str, str, str]:
    """Sign, digits and unit: signs of other kinds before the unit, and all after it, do not
    matter."""
    match = _SCALED.match(text)
    assert match  # each part of it may be empty
    sign, digits, unit = match.groups()
    return sign, digits, unit.lower()
