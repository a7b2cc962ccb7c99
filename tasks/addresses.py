"""Ports and hosts as sets, so that two spellings of the same ones are equal.

    port_set("443,80")  == port_set("80,443")
    host_set("10.0.0.0/30") == host_set("10.0.0.0-3") == host_set("10.0.0.0 10.0.0.1,2,3")

The syntax is nmap's (https://nmap.org/book/man-target-specification.html), which includes the
simpler ones of the other tools.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from functools import lru_cache

LAST_PORT = 65535
_LAST_V4 = (1 << 32) - 1
_MOST_RANGES = 4096  # an octet expression that needs more is refused rather than expanded

_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_OCTETS = re.compile(r"([0-9,*-]+)\.([0-9,*-]+)\.([0-9,*-]+)\.([0-9,*-]+)")
_PORT_PART = re.compile(r"\[?(?:(\d*)(-)(\d*)|(\d+))\]?")
# The commonest services that have the same name in /etc/services and nmap-services.
_SERVICE_NAMES = """
ftp ftp-data ssh telnet smtp domain http https pop3 imap imaps pop3s mysql redis ldap ntp snmp tftp
http-alt http-proxy https-alt ms-wbt-server microsoft-ds netbios-ssn netbios-ns rpcbind nfs vnc
postgresql ms-sql-s smtps submission kerberos-sec
"""
_SERVICES = frozenset(_SERVICE_NAMES.split())

Ranges = tuple[tuple[int, int], ...]  # sorted, disjoint, not adjacent, both ends included


def merge(ranges: list[tuple[int, int]]) -> Ranges:
    """The same numbers in as few ranges as possible, sorted."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


@lru_cache(maxsize=65536)
def port_set(text: str) -> frozenset[tuple[str, int, int]]:
    """The ports of "22,80-90,U:53,http" as (protocol or service name, first, last).

    The protocol is "" unless a prefix (T:, U:, S:, P:) was given, which holds until the next one.
    A service name stands for itself, as (name, -1, -1). Raises ValueError.
    """
    protocol = ""
    ranges: dict[str, list[tuple[int, int]]] = {}
    names: set[tuple[str, int, int]] = set()
    for written in text.split(","):
        prefix, colon, part = written.strip().rpartition(":")
        if colon:
            if prefix not in ("T", "U", "S", "P"):
                raise ValueError(f"{prefix}: is no protocol prefix (T:, U: or S:)")
            protocol = prefix
        if part.rstrip("*") in _SERVICES:
            names.add((part, -1, -1))
        else:
            ranges.setdefault(protocol, []).append(_port_range(part))
    spans = {(p, low, high) for p, parts in ranges.items() for low, high in merge(parts)}
    return frozenset(spans | names)


def _port_range(part: str) -> tuple[int, int]:
    match = _PORT_PART.fullmatch(part)
    if part == "*":
        return 0, LAST_PORT
    if not match:
        raise ValueError(f"{part!r} is not a port, a port range or a known service")
    first, dash, last, single = match.groups()
    low, high = (int(first or 1), int(last or LAST_PORT)) if dash else (int(single), int(single))
    if high > LAST_PORT:
        raise ValueError(f"port {high} is above {LAST_PORT}")
    if low > high:
        raise ValueError(f"the port range {part} runs backwards")
    return low, high


def port_text(text: str) -> str:
    """The canonical spelling of a port list. Raises ValueError."""
    parts = []
    for protocol, low, high in sorted(port_set(text)):
        span = str(low) if low == high else f"{low}-{high}"
        parts.append(protocol if low < 0 else f"{protocol}:{span}".lstrip(":"))
    return ",".join(parts)


@lru_cache(maxsize=65536)
def host_set(text: str) -> tuple[Ranges, frozenset[str]]:
    """The hosts of a list separated by blanks: IPv4 ranges, and names and IPv6 in lower case.

    Understands addresses, CIDR blocks, octet lists and ranges ("10.0.0-1.1,3-5"). A name with a
    CIDR suffix stays a name. Raises ValueError.
    """
    ranges: list[tuple[int, int]] = []
    names: set[str] = set()
    for part in text.split():
        found = _octet_ranges(part) if part[:1].isdigit() or part[:1] in "*-," else None
        if found is None:
            names.add(_name(part))
        else:
            ranges += found
    if not ranges and not names:
        raise ValueError("names no host")
    return merge(ranges), frozenset(names)


def _octet_ranges(part: str) -> list[tuple[int, int]] | None:
    """The IPv4 ranges of an address expression; None if it is a name."""
    address, slash, bits = part.partition("/")
    match = _OCTETS.fullmatch(address)
    if not match:
        return None
    octets = [_octet(text) for text in match.groups()]
    if not slash:
        return _spans(octets)
    if not bits.isdigit() or int(bits) > 32:
        raise ValueError(f"/{bits} is not a netmask from /0 to /32")
    mask = (_LAST_V4 << (32 - int(bits))) & _LAST_V4
    return [(low & mask, high | (_LAST_V4 ^ mask)) for low, high in _spans(octets)]


def _octet(text: str) -> list[tuple[int, int]]:
    ranges = []
    for part in text.split(","):
        low, dash, high = ("0", "-", "255") if part == "*" else part.partition("-")
        is_number = (low + high).isdigit() or (dash and not low + high)
        if not is_number or not (low or dash):
            raise ValueError(f"{text!r} is not an octet")
        first, last = int(low or 0), int(high or 255) if dash else int(low)
        if first > last or last > 255:
            raise ValueError(f"{part!r} is not an octet from 0 to 255")
        ranges.append((first, last))
    return list(merge(ranges))


def _spans(octets: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """The address ranges of four lists of octet ranges."""
    *leading, last = octets
    heads = [[n for low, high in part for n in range(low, high + 1)] for part in leading]
    if len(heads[0]) * len(heads[1]) * len(heads[2]) * len(last) > _MOST_RANGES:
        return _whole_blocks(octets)
    return [
        (base + low, base + high)
        for a, b, c in itertools.product(*heads)
        for base in [(a << 24) + (b << 16) + (c << 8)]
        for low, high in last
    ]


def _whole_blocks(octets: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """As `_spans` for large blocks such as 10.*.*.*, where trailing octets are complete."""
    kept = len(octets)
    while kept > 1 and octets[kept - 1] == [(0, 255)]:
        kept -= 1
    width = 8 * (4 - kept)
    heads = [[n for low, high in part for n in range(low, high + 1)] for part in octets[: kept - 1]]
    if len(octets[kept - 1]) * len(list(itertools.product(*heads))) > _MOST_RANGES:
        raise ValueError("describes too many separate address ranges")
    bases = [
        sum(n << 8 * (3 - i) for i, n in enumerate(head)) for head in itertools.product(*heads)
    ]
    shift = 8 * (4 - kept)
    return [
        (base + (low << shift), base + (high << shift) + (1 << width) - 1)
        for base in bases
        for low, high in octets[kept - 1]
    ]


def _name(part: str) -> str:
    """A host name, a name with a netmask, or an IPv6 address, in lower case."""
    host, slash, bits = part.partition("/")
    if slash and not (bits.isdigit() and int(bits) <= 128):
        raise ValueError(f"{part!r} is not a host: what follows the slash must be a netmask")
    if ":" in host:
        try:
            return (
                ipaddress.ip_address(host.strip("[]").partition("%")[0]).compressed + slash + bits
            )
        except ValueError:
            raise ValueError(f"{host!r} is not an IPv6 address") from None
    if not _HOSTNAME.fullmatch(host) or len(host) > 253:
        raise ValueError(f"{host!r} is not a host name or address")
    return host.lower().rstrip(".") + slash + bits


def host_text(text: str) -> str:
    """The canonical spelling of hosts, separated by blanks. Raises ValueError."""
    ranges, names = host_set(text)
    spans = [
        str(ipaddress.IPv4Address(low)) + (f"-{ipaddress.IPv4Address(high)}" if high > low else "")
        for low, high in ranges
    ]
    return " ".join(spans + sorted(names))
