"""Reads back, from inside, the isolation that matters. One difference, and nothing is run."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import raw
from sandbox.types import Ending, Execution, Limits, SandboxError

PROBE = """
echo uid=$(id -u) gid=$(id -g)
grep -E '^(NoNewPrivs|Cap(Inh|Prm|Eff|Bnd|Amb)):' /proc/self/status | tr -d ' \\t' | tr : =
echo devices=$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\\n' ,)
echo root=$(touch /probe 2>/dev/null && echo writable || echo read-only)
echo work=$(touch /work/probe && echo writable || echo read-only)
echo fds=$(ls /proc/self/fd | tr '\\n' ,)
"""
RAW = raw.MASK
EXPECTED = {
    "uid": "1000 gid=1000",
    "NoNewPrivs": "1",
    "CapInh": RAW,
    "CapPrm": RAW,
    "CapEff": RAW,
    "CapBnd": RAW,
    "CapAmb": RAW,
    "devices": "lo,",
    "root": "read-only",
    "work": "writable",
    "fds": "0,1,2,3,",  # 3 is the folder that ls reads
}


def check_isolation(execute: Callable[[str, Limits], Execution]) -> None:
    """SandboxError naming the first thing that is not as it must be."""
    done = execute(PROBE, Limits(wall_s=60))
    if done.ending is not Ending.EXITED:
        raise SandboxError(f"The sandbox runs no commands: {done.detail or done.stderr.strip()}.")
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    for name, value in EXPECTED.items():
        if found.get(name) != value:
            raise SandboxError(
                f"The sandbox is not isolated as it must be ({name} is {found.get(name)!r}, not "
                f"{value!r}): nothing was run; try the other provider with --sandbox."
            )
