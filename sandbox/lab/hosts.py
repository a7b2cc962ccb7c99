"""The hosts with a fixed role: `hosts.json`, which the lab serves and `sandbox lab` prints.

Every other address of the lab offers everything. These offer what stands in the table: the rest of
their ports is closed, and one whose service is "filtered" answers nothing at all.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class Host:
    names: tuple[str, ...]  # "*.wild.lab" stands for every name below wild.lab
    address: str
    role: str
    services: dict[str, str]  # "80/tcp" -> name of the service

    def ports(self, protocol: str) -> dict[int, str]:
        """Port -> service, of one protocol."""
        split = ((*key.split("/"), service) for key, service in self.services.items())
        return {int(port): service for port, kind, service in split if kind == protocol}


_TABLE = json.loads((Path(__file__).parent / "hosts.json").read_text())
NETWORK = ipaddress.IPv4Network(_TABLE["network"])  # of all of them, and of no one else
HOSTS = tuple(Host(**{**row, "names": tuple(row["names"])}) for row in _TABLE["hosts"])
BY_NAME = {name: host for host in HOSTS for name in host.names}
BY_ADDRESS = {host.address: host for host in HOSTS}


def serves(address: str, protocol: str, port: int) -> bool:
    """Whether a port of an address is served, or silent on purpose; always so outside the table."""
    if ipaddress.IPv4Address(address) not in NETWORK:
        return True
    host = BY_ADDRESS.get(address)
    return host is not None and port in host.ports(protocol)
