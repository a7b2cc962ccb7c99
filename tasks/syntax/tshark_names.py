"""The names that tshark 4.0.17 knows: protocols, preferences, and the fields of common protocols.

field_type("tcp.port") -> "u16"; None if there is no such field, "" if its type is not listed
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
# All fields of these are in tshark_fields.txt; of others only the first part of the name is known.
_LISTED_TEXT = """
frame eth vlan arp ip ipv6 icmp icmpv6 tcp udp dns http http2 tls ssh ftp telnet smtp pop imap nbns
ntlmssp dhcp ntp sip rtp rtcp rtsp tftp eapol snmp mysql
"""
_LISTED = frozenset(_LISTED_TEXT.split())
# Names of old that are still taken.
_RENAMED = {"ssl": "tls", "bootp": "dhcp"}


@cache
def _fields() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for line in (_HERE / "tshark_fields.txt").read_text(encoding="utf-8").splitlines():
        kind, *names = line.split()
        table.update(dict.fromkeys(names, kind))
    return table


@cache
def protocols() -> frozenset[str]:
    """What the name of a field or protocol may begin with."""
    return frozenset((_HERE / "tshark_protocols.txt").read_text(encoding="utf-8").split())


@cache
def preferences() -> frozenset[str]:
    """The names that -o sets."""
    return frozenset((_HERE / "tshark_preferences.txt").read_text(encoding="utf-8").split())


@cache
def field_type(name: str) -> str | None:
    """The type of a field or protocol; see above."""
    first, dot, rest = name.partition(".")
    first = _RENAMED.get(first, first)
    name = first + dot + rest
    if not dot and name in protocols():
        return _fields().get(name, "protocol")
    known = _fields().get(name)
    if known or first in _LISTED:
        return known
    if dot and not rest:
        return None
    return "" if first in protocols() else None
