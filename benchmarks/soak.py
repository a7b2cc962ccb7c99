"""Thousands of mixed commands, some hostile, while containers and the engine die under them.

    python -m benchmarks.soak --provider docker --commands 50000 --kill-every 500

No verdict may be lost or changed, and nothing may be left behind. With --dockerd COMMAND and
DOCKER_HOST set to the socket that it listens on, an engine of its own is started and restarted
twice; never use it on an engine that others use. Exits with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.benchmark import cores
from sandbox import engine, open_sandbox
from sandbox.docker import LABEL
from sandbox.types import Ending, Execution, Limits, Sandbox, SandboxError

LIMITS = Limits(wall_s=20, cpu_s=5, memory_bytes=512 << 20)
HOSTILE_SHARE = 0.01
# {n} is another number each time, so that one command's observation cannot pass for another's.
MIXED = (
    "true",
    "exit {n}",
    "curl -s http://10.7.0.{n}/page{n}",
    "dig +short host{n}.shop.example",
    "nmap -sT -Pn -n -p {n} 10.8.0.{n}",
    "nc -z -w 1 10.9.0.{n} 80",
    "echo {n} > kept; ls -A . /tmp /dev/shm; cat kept",
    "printf '%s\\n' {n} | sort | uniq -c",
)
HOSTILE = (
    "bomb() {{ bomb | bomb & }}; bomb; sleep .2",
    "kill -9 -1; kill -9 1; kill -STOP 1; sleep .1",
    "setsid sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 & disown; exit {n}",
    "python3 -c 'x = bytearray(700 << 20)'",
    "head -c 100000000 /dev/zero > fill; mkdir -p a/b/c; chmod 0 a; chmod 0 /work; exit 1",
    "yes {n} | head -c 3000000",
    "python3 -c 'import ctypes; ctypes.CDLL(None).shmget({n}, 4096, 0o1600)'",
    "while :; do :; done & while :; do :; done",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--provider", default="auto", help="auto, bubblewrap or docker")
    parser.add_argument("--commands", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=2 * cores())
    parser.add_argument("--kill-every", type=int, default=500, help="commands between two kills")
    parser.add_argument("--dockerd", default="", help="command that starts an engine of its own")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    tempfile.tempdir = tempfile.mkdtemp(prefix="soak-")
    daemon = Daemon(asked.dockerd) if asked.dockerd else None
    try:
        sys.exit(soak(asked, daemon))
    finally:
        Path(tempfile.gettempdir()).rmdir()  # it is empty, or files have leaked
        if daemon:
            daemon.stop()


class Daemon:
    """An engine of one's own, which may be restarted."""

    def __init__(self, command: str) -> None:
        self._command = command
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            shlex.split(self._command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > end:
                raise SandboxError("The engine of --dockerd does not answer: is DOCKER_HOST set?")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            return engine.client().ping()
        except (SandboxError, OSError):
            return False

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def soak(asked: argparse.Namespace, daemon: Daemon | None) -> int:
    """Run all of it; 1 if anything is wrong."""
    before = left_behind()
    wrong: list[str] = []
    endings: Counter[str] = Counter()
    begin = time.monotonic()
    first_rss = 0
    with open_sandbox(asked.provider, asked.workers) as box:
        lines = list(mixture(asked.commands, asked.seed))
        expected = {line: verdict(box.run(line, LIMITS)) for line in sorted(baseline(lines))}
        for number, done in enumerate(box.run_many(lines, LIMITS), start=1):
            endings[done.ending] += 1
            if done.ending is Ending.INFRASTRUCTURE:
                wrong.append(f"lost: {done.command!r} ({done.detail})")
            elif done.command in expected and verdict(done) != expected[done.command]:
                was = expected[done.command]
                wrong.append(f"changed: {done.command!r}: {verdict(done)}, was {was}")
            if asked.kill_every and number % asked.kill_every == 0:
                kill_something(box, random.Random(number))
            if daemon and number in (len(lines) // 3, 2 * len(lines) // 3):
                daemon.stop()
                daemon.start()
            if number == len(lines) // 10:
                first_rss = rss()
    seconds = time.monotonic() - begin
    time.sleep(2)  # the engine removes containers after it has answered
    leaks = {kind: now - before[kind] for kind, now in left_behind().items()}
    print(f"{len(lines)} commands in {seconds:.0f} s with {box.name}: {dict(endings)}")
    print(f"resident memory: {first_rss >> 20} MiB after a tenth, {rss() >> 20} MiB at the end")
    print(f"left behind: {leaks}")
    print(f"wrong: {len(wrong)}", *wrong[:20], sep="\n  ")
    return int(bool(wrong) or any(count > 0 for count in leaks.values()))


def mixture(commands: int, seed: int) -> Iterator[str]:
    draw = random.Random(seed)
    for _ in range(commands):
        lines = HOSTILE if draw.random() < HOSTILE_SHARE else MIXED
        yield draw.choice(lines).format(n=draw.randrange(1, 200))


def baseline(lines: list[str]) -> set[str]:
    """Those whose verdict is known beforehand: all that are not hostile."""
    ordinary = {line.format(n=n) for line in MIXED for n in range(1, 200)}
    return ordinary & set(lines)


def verdict(done: Execution) -> tuple[Any, ...]:
    """What is judged of an execution; output only where it is the command's alone."""
    seen = done.observation
    connections = sorted((c.protocol, c.address, c.port) for c in seen.connections)
    http = [(r.address, r.port, r.method, r.path) for r in seen.http]
    dns = sorted({(q.name, q.type) for q in seen.dns})
    output = "" if "nmap" in done.command else done.stdout
    return done.ending.value, done.exit_code, output, connections, http, dns


def kill_something(box: Sandbox, draw: random.Random) -> None:
    """Kill a container, or with bubblewrap a lab or a supervisor."""
    if box.name == "docker":
        with suppress(Exception):  # the engine may be away, the container gone
            draw.choice(own_containers()).kill()
    elif children := own_children():
        with suppress(ProcessLookupError):
            os.kill(draw.choice(children), signal.SIGKILL)


def own_containers() -> list[Any]:
    containers = engine.client().containers
    label = f"{LABEL}={os.getpid()}"
    return containers.list(all=True, ignore_removed=True, filters={"label": label})


def own_children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def left_behind() -> dict[str, int]:
    """What there is of everything that could leak. Mounts: all those of the engine."""
    containers, root = 0, ""
    if engine.answers():
        containers = len(own_containers())
        root = engine.client().info()["DockerRootDir"]
        engine.client().close()  # the connections that it keeps for later
    return {
        "containers": containers,
        "processes": len(own_children()),
        "mounts": Path("/proc/self/mounts").read_text().count(f" {root}/"),
        "files": len(list(Path(tempfile.gettempdir()).iterdir())),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
    }


def rss() -> int:
    """Resident bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
