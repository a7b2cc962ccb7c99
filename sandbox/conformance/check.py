"""Runs the attacks and says of each what was not contained.

After each attack three things are looked at: what became of the command itself, whether the next
command finds everything as the first one did, and whether the host is as it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.conformance.attacks import ATTACKS, Attack
from sandbox.conformance.host import Host
from sandbox.types import Ending, Execution, Limits, Sandbox

WIDEST_CLOCK_S = 5.0  # how far the clock of a command may be off, the time it takes included
# All that an earlier command could have changed, in words that are the same each time.
PROBE = """
echo user $(id -u) $(id -g) $(id -G); env | sort; umask; ulimit -a
ls -AlnR --time-style=+ /work /tmp /dev/shm; ls -A /dev /lab / | sort
grep -E '^(Cap|NoNew|Seccomp:|Sig[BCI])' /proc/self/status
ps -eo args= | grep -cvE 'ps -eo|grep|bash|supervi|serve_|init|bwrap|prlimit'
for kind in msg sem shm; do tail -n +2 /proc/sysvipc/$kind; done; wc -l < /proc/keys
tail -n +2 /proc/net/unix | wc -l; cut -d' ' -f2,3 /proc/mounts | sort
hostname; cat /etc/resolv.conf /etc/hosts; date +%Z; printf '%.1f\\n' 1.5
curl -s -o /dev/null -w '%{http_code}\\n' http://10.1.2.3/admin
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One attack as it went. No faults: it was contained."""

    attack: Attack
    execution: Execution
    faults: tuple[str, ...]


def check(box: Sandbox, host: Host, attacks: Iterable[Attack] = ATTACKS) -> Iterator[Result]:
    """Each attack with its faults. One that breaks the sandbox is a fault, not an exception."""
    before = _probe(box)
    state = host.state()
    for attack in attacks:
        done = box.run(attack.line(host.words), attack.limits)
        faults = [attack.must(done), _clean(before, _probe(box))]
        faults += [
            f"the host heard it ({heard})" if (heard := host.heard()) else "",
            "a process of it still runs" if host.left_running() else "",
            _different("the host's", state, host.state()),
        ]
        yield Result(attack, done, tuple(filter(None, faults)))


def _probe(box: Sandbox) -> Execution:
    return box.run(f"date +%s.%N; {PROBE}", Limits(wall_s=60))


def _clean(first: Execution, now: Execution) -> str:
    """What a command finds otherwise than the first command did; "" if nothing."""
    if now.ending is not Ending.EXITED:
        return f"the next command did not run: {now.detail}"
    clock, _, seen = now.stdout.partition("\n")
    if abs(time.time() - now.duration_s - float(clock or 0)) > WIDEST_CLOCK_S + now.duration_s:
        return "the clock is off"
    if now.observation.http != first.observation.http:
        return "the lab saw something else of the next command"
    lines = [text.splitlines() for text in (first.stdout.partition("\n")[2], seen)]
    odd = [line for line in set(lines[0]) ^ set(lines[1]) if line]
    return f"the next command finds another {sorted(odd)[0]!r}" if odd else ""


def _different(whose: str, before: dict[str, str], now: dict[str, str]) -> str:
    names = [name for name in before if before[name] != now[name]]
    return f"{whose} {names[0]} changed" if names else ""
