"""Seeds by hashing: every random number of a run follows from names, never from what ran before.

A cell that was killed and resumed, or run beside others, draws the same numbers.
"""

from __future__ import annotations

import hashlib
import json


def derive(*parts: str | int) -> int:
    """A seed in [0, 2**63) for these names, the same on every machine (`hash()` is not)."""
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
