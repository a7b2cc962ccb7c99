"""Which names there are, and the address of each: a table and a function, so that none changes.

Every name under .example, .lab and .test exists and has one address in 10.0.0.0/8, unless a label
is longer than 30 characters: tools that look for wildcards ask for a random one of 36.
"""

from __future__ import annotations

import hashlib

from .hosts import BY_NAME, NETWORK

TOP = ("example", "lab", "test")
LONGEST = 30


def address_of(name: str) -> str | None:
    """The address of a name in lower case without a trailing dot; None if it does not exist."""
    host = BY_NAME.get(name) or BY_NAME.get(f"*.{zone_of(name)}")
    if host:
        return host.address
    labels = name.split(".")
    if len(labels) < 2 or labels[-1] not in TOP or any(not 0 < len(x) <= LONGEST for x in labels):
        return None
    digest = hashlib.sha256(name.encode()).digest()
    address = f"10.{digest[0]}.{digest[1]}.{1 + digest[2] % 254}"
    # Were it one of the table's, it would be a host of another role.
    return address if not address.startswith(_FIXED) else f"10.100{address.removeprefix('10.99')}"


def zone_of(name: str) -> str:
    """The zone a name lies in: its last two labels."""
    return ".".join(name.split(".")[-2:])


_FIXED = str(NETWORK.network_address).removesuffix("0")
