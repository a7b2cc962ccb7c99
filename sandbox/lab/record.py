"""What the lab saw since the last `begin`: rows for `sandbox.types.Observation`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_CONNECTIONS = 70_000  # distinct; a scan of all ports of one host is 65,535
MAX_ROWS = 1_000  # of each other kind
MAX_BODY = 4_096  # characters of a request body that are kept

WEAK_PASSWORD = "letmein"  # the one that every service accepts, whoever the user is


@dataclass
class Record:
    """Filled by the services and by the sniffer."""

    connections: dict[tuple[str, str, int], None] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    truncated: bool = False

    def begin(self) -> None:
        self.connections.clear()
        self.names.clear()
        self.rows = {"http": [], "dns": [], "logins": []}
        self.truncated = False

    def connection(self, protocol: str, address: str, port: int) -> None:
        if len(self.connections) < MAX_CONNECTIONS:
            self.connections[protocol, address, port] = None
        else:
            self.truncated = True

    def http(self, **row: object) -> None:
        self._add("http", row)

    def dns(self, **row: object) -> None:
        self._add("dns", row)

    def login(
        self,
        service: str,
        address: str,
        port: int,
        credentials: tuple[str, str],
        accepted: str = WEAK_PASSWORD,
    ) -> bool:
        """Write down one attempt, of (user, password), and say whether it succeeds."""
        user, password = credentials
        row = {"service": service, "address": address, "port": port}
        success = password == accepted
        self._add("logins", {**row, "user": user, "password": password, "success": success})
        return success

    def resolved(self, name: str, address: str) -> None:
        self.names[address] = name

    def collect(self) -> dict[str, Any]:
        """Everything as plain data; the names are those that were asked for."""
        connections = [
            {"protocol": p, "address": a, "port": n, "name": self.names.get(a, "")}
            for p, a, n in self.connections
        ]
        return {"connections": connections, **self.rows, "truncated": self.truncated}

    def _add(self, kind: str, row: dict[str, object]) -> None:
        if len(self.rows[kind]) < MAX_ROWS:
            self.rows[kind].append(row)
        else:
            self.truncated = True
