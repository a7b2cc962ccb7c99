"""Which names there are, and the address of each: a function, so that it never changes.

Every name under .example, .lab and .test exists and has one address in 10.0.0.0/8, unless a label
is longer than 30 characters: tools that look for wildcards ask for a random one of 36.
"""

from __future__ import annotations

import hashlib

TOP = ("example", "lab", "test")
LONGEST = 30


def address_of(name: str) -> str | None:
    """The address of a name in lower case without a trailing dot; None if it does not exist."""
    labels = name.split(".")
    if len(labels) < 2 or labels[-1] not in TOP or any(not 0 < len(x) <= LONGEST for x in labels):
        return None
    digest = hashlib.sha256(name.encode()).digest()
    return f"10.{digest[0]}.{digest[1]}.{1 + digest[2] % 254}"


def zone_of(name: str) -> str:
    """The zone a name lies in: its last two labels."""
    return ".".join(name.split(".")[-2:])
