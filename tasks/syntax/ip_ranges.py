"""Address ranges as dnsrecon takes them: "10.0.0.0/30,10.0.1.1-10.0.1.9".

A part that is no range is complained about and passed over; only if none is left is the value
refused. Source: dnsrecon 1.1.3 cli.py, process_range, and netaddr's IPNetwork and IPRange.
"""

from __future__ import annotations

from ipaddress import (
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)

Network = IPv4Network | IPv6Network


def ip_ranges_text(text: str) -> str:
    """The networks that make up the ranges, sorted. Raises ValueError if there is no range."""
    networks = {network for part in text.strip().split(",") for network in _networks(part)}
    if not networks:
        raise ValueError(f"{text!r} is no range of addresses such as 10.0.0.0/24 or FIRST-LAST")
    return ",".join(sorted(map(str, networks)))


def _networks(part: str) -> list[Network]:
    try:
        if "/" in part:
            return [ip_network(_whole(part), strict=False)]
        first, _, last = part.partition("-")
        return list(summarize_address_range(ip_address(first), ip_address(last)))
    except (ValueError, TypeError):
        return []


def _whole(part: str) -> str:
    """ "10.1/16" is short for "10.1.0.0/16"."""
    address, _, bits = part.partition("/")
    missing = 0 if ":" in address else 3 - address.count(".")
    return f"{address}{'.0' * missing}/{bits}"
