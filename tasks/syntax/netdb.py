"""The names that /etc/services and /etc/protocols of Debian 12 have, as tools there resolve them.

service_ports("http") -> {"tcp": 80}
"ospf" in protocols()
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@cache
def _services() -> Mapping[str, Mapping[str, int]]:
    services: dict[str, dict[str, int]] = {}
    for line in (_HERE / "services.txt").read_text(encoding="utf-8").splitlines():
        name, port, *protocols = line.split()
        services.setdefault(name, {}).update(dict.fromkeys(protocols, int(port)))
    return services


def service_ports(name: str) -> Mapping[str, int]:
    """The port of a service by transport protocol; empty if the name is unknown."""
    return _services().get(name, {})


@cache
def protocols() -> frozenset[str]:
    """The names of IP protocols, and their aliases."""
    return frozenset((_HERE / "protocols.txt").read_text(encoding="utf-8").split())
