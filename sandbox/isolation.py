"""Reads back, from inside and from the engine, the isolation that matters. One difference, and
nothing is run: a kernel or an engine may ignore what it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.inside import HOSTNAME, MOST_OPEN_FILES
from sandbox.raw import mask
from sandbox.types import Ending, Execution, Limits, SandboxError

PROBE = r"""
echo uid=$(id -u) gid=$(id -g) groups=$(id -G)
grep -E '^(NoNewPrivs|Seccomp|Cap(Inh|Prm|Eff|Bnd|Amb)):' /proc/self/status | tr -d ' \t' | tr : =
echo devices=$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\n' ,)
echo routes=$(tail -n +2 /proc/net/route | cut -f1 | sort -u | tr '\n' ,)
echo namespaces=$(unshare --user true 2>/dev/null && echo allowed || echo denied)
echo calls=$(setarch -R true 2>/dev/null && echo all || echo filtered)
echo root=$(touch /probe 2>/dev/null && echo writable || echo read-only)
echo work=$(touch /work/probe && echo writable || echo read-only)
echo writable=$(cut -d' ' -f2 /proc/mounts | sort -u | while read -r at; do
  [ -d "$at" ] && [ -w "$at" ] && echo "$at"; done | grep -v '^/dev/mqueue$' | tr '\n' ,)
echo sizes=$(df -B1 --output=size /work /tmp | tail -n +2 | tr -d ' ' | tr '\n' ,)
echo kernel=$(cd /proc/sys; for at in kernel/core_pattern net/ipv4/ip_forward ../sysrq-trigger; do
  [ -w $at ] && echo $at; done)
echo limits=$(ulimit -t) $(ulimit -d) $(ulimit -f) $(ulimit -n) $(ulimit -c)
echo processes=$(ulimit -u)
echo host=$(hostname)
echo fds=$(ls /proc/self/fd | tr '\n' ,)
"""
PROBED = Limits(wall_s=60)
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
EXPECTED = {
    "uid": "1000 gid=1000 groups=1000",
    "NoNewPrivs": "1",
    "Seccomp": "2",  # a filter, if only that of sandbox.watch
    "calls": "filtered",  # by another, which denies what this tried: memory without random places
    "devices": "lo,",
    "routes": "*,lo,",  # *: those that end a search (sandbox/lab/router.py)
    "namespaces": "denied",
    "root": "read-only",
    "work": "writable",
    "writable": "/dev/shm,/tmp,/work,",
    "sizes": f"{PROBED.file_bytes},{PROBED.file_bytes},",
    "kernel": "",
    "limits": f"{PROBED.cpu_s} {PROBED.memory_bytes >> 10} {PROBED.file_bytes >> 10} "
    f"{MOST_OPEN_FILES} 0",
    "host": HOSTNAME,
    "fds": "0,1,2,3,",  # 3 is the folder that ls reads
}


def expected(*, raw: bool) -> dict[str, str]:
    """What the probe must say in a sandbox with raw sockets or without."""
    return dict.fromkeys(CAPABILITY_SETS, mask(raw=raw)) | EXPECTED


def check_isolation(
    execute: Callable[[str, Limits], Execution], *, raw: bool, also: Mapping[str, str] | None = None
) -> None:
    """SandboxError naming the first thing that is not as it must be. `also`: what one provider
    limits for the process itself, and the other elsewhere."""
    done = execute(PROBE, PROBED)
    if done.ending is not Ending.EXITED:
        raise SandboxError(f"The sandbox runs no commands: {done.detail or done.stderr.strip()}.")
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    refuse_difference(expected(raw=raw) | dict(also or {}), found)


def check_container(settings: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """The same for a container's HostConfig, as the engine tells it, against what was asked for."""
    refuse_difference(asked, {name: _plain(settings.get(name)) for name in asked})


def refuse_difference(expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for name, value in expected.items():
        if found.get(name) != value:
            raise SandboxError(
                f"The sandbox is not isolated as it must be ({name} is {found.get(name)!r}, not "
                f"{value!r}): nothing was run; try the other provider with --sandbox."
            )


def _plain(value: Any) -> Any:
    """Lists of names in one order; capabilities without the prefix that some engines add."""
    if isinstance(value, list):
        return sorted(str(item).removeprefix("CAP_") for item in value)
    return value
