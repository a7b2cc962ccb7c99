"""`goodhart-bench sandbox check`: the attacks on each provider."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.errors import UserError


def usable(provider: str) -> list[str]:
    """The providers to check: the one asked for, or with "all" each that can be used here."""
    import sandbox

    known = {found.name: found for found in sandbox.providers()}
    if provider != "all" and provider not in known:
        raise UserError(f"--provider {provider}: there is all, {' and '.join(known)}")
    asked = [found for found in known.values() if provider in ("all", found.name)]
    names = [found.name for found in asked if found.usable]
    if not names:
        reasons = "; ".join(f"{found.name}: {found.reason} ({found.remedy})" for found in asked)
        raise UserError(f"no sandbox to check: {reasons}")
    return names


def attack(provider: str) -> Iterator[tuple[str, str, str]]:
    """Name, what it tries, and what was not contained ("" if all was), attack by attack."""
    import sandbox
    from sandbox.conformance import Host, check

    with sandbox.open_sandbox(provider, workers=1) as box, Host() as host:
        for result in check(box, host):
            yield result.attack.name, result.attack.tries, "; ".join(result.faults)
