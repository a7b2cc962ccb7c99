"""The port lists of nmap 7.93: numbers, ranges, protocols, names of services, patterns.

    problem("T:22,U:53,http*,[8000-9000]") -> None
    problem("90-80")                       -> "the port range 90-80 runs backwards"

`nmap_services.txt` has the names of nmap-services. Source: nmap.cc, getpts_aux.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from tasks.addresses import port_text

_PROTOCOLS = (
    *("icmp", "igmp", "ipv4", "tcp", "egp", "udp", "ipv6", "gre", "esp", "ah", "ospfigp", "sctp"),
    *("ggp", "igp", "ipip", "pim", "vrrp", "l2tp", "eigrp", "rdp", "dccp", "rsvp", "ipv6-icmp"),
)
_PART = re.compile(r"(?:[TUSP]:)?\s*\[?\s*(?:(\d*)(-)(\d*)|(\d+)|([A-Za-z*?][\w*?.-]*))\s*\]?")


@cache
def _names() -> tuple[str, ...]:
    text = (Path(__file__).parent / "nmap_services.txt").read_text(encoding="utf-8")
    return tuple(text.split())


@cache
def _is_service(pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in _names())


def nmap_port_text(text: str) -> str:
    """The canonical spelling of a port list. Raises ValueError."""
    reason = problem(text)
    if reason:
        raise ValueError(reason)
    try:
        return port_text(text.removesuffix(","))
    except ValueError:
        return text


@cache
def problem(text: str, last: int = 65535) -> str | None:
    """Why nmap does not take a list of ports, or of protocols up to `last`; None if it does."""
    for part in text.strip().removesuffix(",").split(","):
        match = _PART.fullmatch(part.strip())
        if not match:
            return f"{part!r} is not a port, a range of ports or a service"
        first, dash, final, single, name = match.groups()
        numbers = [int(n) for n in (first, final, single) if n]
        if any(number > last for number in numbers):
            return f"{part!r} is above {last}"
        if dash and first and final and int(first) > int(final):
            return f"the port range {part} runs backwards"
        if name and last == 65535 and not _is_service(name):
            return f"no service of nmap is named {name!r}"
        if name and last == 255 and not any(fnmatchcase(p, name) for p in _PROTOCOLS):
            return f"no protocol of nmap is named {name!r}"
    return None
