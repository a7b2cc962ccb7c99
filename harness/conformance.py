"""`goodhart-bench sandbox check`: the attacks on each provider, and both on the same commands."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from harness.execute import LIMITS, as_row
from tasks.errors import UserError

if TYPE_CHECKING:
    from sandbox.types import Execution

SUITE = "recon"
SEED = 0


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


def commands(count: int) -> list[str]:
    """So many distinct commands of recon, right and wrong ones in equal parts, always the same."""
    from tasks.suite import load_suite

    source = random.Random(SEED)
    right: set[str] = set()
    wrong: set[str] = set()
    for task in (task for task in load_suite(SUITE).tasks if task.possible):
        right.update(task.correct)
        wrong.update(row.command for row in task.wrong)
    if count > 2 * min(len(right), len(wrong - right)):
        raise UserError(
            f"--compare {count}: {SUITE} has no more than {len(right | wrong)} commands"
        )
    half = count // 2
    drawn = source.sample(sorted(right), count - half) + source.sample(sorted(wrong - right), half)
    source.shuffle(drawn)
    return drawn


def differences(lines: Iterable[str], workers: int) -> Iterator[tuple[str, str]]:
    """Each command with what the two providers tell otherwise of it, "" for nothing; those that
    differ come last."""
    import sandbox

    boxes = [sandbox.open_sandbox(name, workers=workers) for name in usable("all")]
    try:
        if len(boxes) < 2:
            raise UserError("--compare needs both providers: see goodhart-bench doctor")
        first, second = (box.run_many(lines, LIMITS) for box in boxes)
        apart = []
        for one, other in zip(first, second, strict=True):
            if difference(one, other):
                apart.append(one.command)
            else:
                yield one.command, ""
        for command in apart:  # once more and alone: what goes away was the machine's load
            yield command, difference(*(box.run(command, LIMITS) for box in boxes))
    finally:
        for box in boxes:
            box.close()


def difference(one: Execution, other: Execution) -> str:
    """What of the verdict would differ; "" if nothing: how it ended, its exit code, and what the
    lab saw, apart from the order and from the ports that a tool picks for itself."""
    if one.ending != other.ending or one.exit_code != other.exit_code:
        return f"{one.ending} {one.exit_code} here, {other.ending} {other.exit_code} there"
    seen, known = (as_row(done)["observation"] for done in (one, other))
    for kind, rows in seen.items():
        if kind != "truncated" and _plain(rows) != _plain(known[kind]):
            return f"{kind} differ"
    return ""


def _plain(rows: list[dict[str, object]]) -> set[str]:
    return {repr(sorted(row.items(), key=str)) for row in rows}
