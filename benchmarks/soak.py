"""Thousands of mixed commands, some hostile, while containers and the engine die under them.

    python -m benchmarks.soak --provider docker --commands 50000 --keep FOLDER --seconds 540

No verdict may be lost or changed, and nothing may be left behind. With --dockerd COMMAND and
DOCKER_HOST set to the socket that it listens on, an engine of its own is started and restarted
twice; never use it on an engine that others use. Exits with 1 if anything is wrong.

FOLDER keeps what was done and every verdict, so that the same command goes on where it stopped:

    pieces.jsonl     one line a run of this program: commands, how they ended, memory, leaks
    verdicts.json    each ordinary command and its verdict the first time
"""

from __future__ import annotations

import argparse
import gc
import json
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.benchmark import cores
from harness.record import append_rows, read_rows
from sandbox import engine, open_sandbox
from sandbox.docker import LABEL
from sandbox.types import Ending, Execution, Limits, Sandbox, SandboxError

LIMITS = Limits(wall_s=20, cpu_s=5, memory_bytes=512 << 20)
HOSTILE_SHARE = 0.01
CHUNK = 500  # commands between two looks at the clock and at the memory
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
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--keep", type=Path, help="go on with what this folder keeps")
    asked = parser.parse_args()
    asked.keep = asked.keep or Path(tempfile.mkdtemp(prefix="soaked-"))
    asked.keep.mkdir(parents=True, exist_ok=True)
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

    def restart(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def soak(asked: argparse.Namespace, daemon: Daemon | None) -> int:
    """Run what is left of it, as far as the time goes; 1 if anything was wrong in any piece."""
    lines = list(mixture(asked.commands, asked.seed))
    done = sum(row["commands"] for row in read_rows(asked.keep / "pieces.jsonl"))
    before = left_behind()
    piece = Piece(asked.keep / "verdicts.json", ordinary())
    with open_sandbox(asked.provider, asked.workers) as box:
        for start in range(done, len(lines), CHUNK):
            if piece.seconds > asked.seconds:
                break
            for number, execution in enumerate(
                box.run_many(lines[start : start + CHUNK], LIMITS), start=start + 1
            ):
                piece.take(execution)
                if asked.kill_every and number % asked.kill_every == asked.kill_every // 2:
                    kill_something(box, random.Random(number))
                if daemon and number in (len(lines) // 3, 2 * len(lines) // 3):
                    daemon.restart()
                    piece.restarts += 1
            piece.memory.append(rss() >> 20)
    time.sleep(2)  # the engine removes containers after it has answered
    leaks = {kind: now - before[kind] for kind, now in left_behind().items()}
    append_rows(asked.keep / "pieces.jsonl", [piece.told(box.name, leaks)])
    return report([*read_rows(asked.keep / "pieces.jsonl")], len(lines))


@dataclass
class Piece:
    """One run of this program."""

    kept: Path
    ordinary: set[str]
    wrong: list[str] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)  # MiB, after each chunk
    restarts: int = 0
    begin: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.expected = json.loads(self.kept.read_text()) if self.kept.exists() else {}

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def take(self, done: Execution) -> None:
        """Hold an execution against the first one of its command."""
        self.endings[done.ending] += 1
        if done.ending is Ending.INFRASTRUCTURE:
            self.wrong.append(f"lost: {done.command!r} ({done.detail})")
        elif done.command in self.ordinary:
            now = json.loads(json.dumps(verdict(done)))
            was = self.expected.setdefault(done.command, now)
            if was != now:
                self.wrong.append(f"changed: {done.command!r}: {now}, was {was}")

    def told(self, provider: str, leaks: dict[str, int]) -> dict[str, Any]:
        """Keep the verdicts; the line for `pieces.jsonl`."""
        self.kept.write_text(json.dumps(self.expected))
        return {
            "provider": provider,
            "commands": self.endings.total(),
            "seconds": round(self.seconds),
            "endings": self.endings,
            "wrong": self.wrong,
            "restarts": self.restarts,
            "memory": self.memory,
            "leaks": leaks,
        }


def report(pieces: list[dict[str, Any]], commands: int) -> int:
    """Print every piece, and 1 if anything was wrong in any."""
    for row in pieces:
        memory = f"{row['memory'][0]} to {row['memory'][-1]} MiB" if row["memory"] else "nothing"
        print(
            f"{row['provider']}: {row['commands']} commands in {row['seconds']} s, "
            f"{row['endings']}, resident {memory}, engine restarted {row['restarts']} times, "
            f"left behind {row['leaks']}",
            *row["wrong"][:20],
            sep="\n  ",
        )
    wrong = sum(len(row["wrong"]) for row in pieces)
    print(f"{sum(row['commands'] for row in pieces)} of {commands} commands, {wrong} wrong")
    return int(wrong > 0 or any(n > 0 for row in pieces for n in row["leaks"].values()))


def mixture(commands: int, seed: int) -> Iterator[str]:
    draw = random.Random(seed)
    for _ in range(commands):
        lines = HOSTILE if draw.random() < HOSTILE_SHARE else MIXED
        yield draw.choice(lines).format(n=draw.randrange(1, 200))


def ordinary() -> set[str]:
    """Those whose verdict is the same each time: all that are not hostile."""
    return {line.format(n=n) for line in MIXED for n in range(1, 200)}


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
    gc.collect()  # the engine's client leaves cycles with sockets in them
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
