"""What the sandbox costs: one scan of one lab host, warm, bare, and by Docker's own client.

"Bare" is the same command line in a loop inside one sandboxed command: the same binary and the same
lab, but nothing is made, watched or cleaned for each. All take turns within one run, so that a
machine whose speed drifts is slow for all of them.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

from sandbox import open_sandbox
from sandbox.build import Image, built_image
from sandbox.figure import Figure
from sandbox.types import Ending, Execution, Limits, Sandbox, SandboxError

COMMAND = "nmap -sT -p 80 web01.lab"
LIMITS = Limits()
LONG = Limits(wall_s=300, cpu_s=300)  # of a loop
LOOP = f"""for ((i = 0; i < %d; i++)); do
begin=$EPOCHREALTIME; {COMMAND} >/dev/null; echo $begin $EPOCHREALTIME
done"""
ROUNDS = 3


def bench(provider: str, workers: int, commands: int) -> list[Figure]:
    """The figures of one provider; `commands` scans a round, of three rounds."""
    begin = time.perf_counter()
    with open_sandbox(provider, workers) as box:
        must(box.run("true"))
        cold = time.perf_counter() - begin
        name = box.name
        own, added = latency(box, commands)
        ways: dict[str, Callable[[int], float]] = {
            "bare": lambda n: bare_rate(box, n, workers),
            "warm": lambda n: warm_rate(box, n),
        }
        with docker_client() as client:
            ways |= {what: clients(workers, argv) for what, argv in client.items()}
            rates = medians(ways, commands)
    lines = [
        Figure(f"{name}: cold start of {workers} workers", cold, "s"),
        Figure(f"{name}: a scan by its own clock", own * 1000, "ms"),
        Figure(f"{name}: added by the sandbox", added * 1000, "ms", "the scan", added / own),
    ]
    for what, rate in rates.items():
        ratio = rates["warm"] / rate if what != "warm" else rate / rates["bare"]
        against = f"of {what}, by warm" if what != "warm" else "bare"
        lines.append(
            Figure(f"{name}: scans, {workers} at a time, {what}", rate, "/s", against, ratio)
        )
    return lines


def latency(box: Sandbox, commands: int) -> tuple[float, float]:
    """Median seconds of a scan, one at a time: by its own clock, and what the sandbox adds."""
    own, added = [], []
    for _ in range(commands):
        begin = time.perf_counter()
        [(first, last)] = loop(box, 1, LIMITS)
        own.append(last - first)
        added.append(time.perf_counter() - begin - own[-1])
    return median(own), median(added)


def loop(box: Sandbox, times: int, limits: Limits = LONG) -> list[tuple[float, float]]:
    """Begin and end of every bare run within one sandboxed command."""
    done = must(box.run(LOOP % times, limits))
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [(float(begin), float(end)) for begin, end in pairs]


def bare_rate(box: Sandbox, commands: int, workers: int) -> float:
    """Bare commands a second, one loop in each worker."""
    with ThreadPoolExecutor(workers) as threads:
        loops = list(threads.map(lambda _: loop(box, commands // workers + 1), range(workers)))
    runs = [run for one in loops for run in one]
    return len(runs) / (max(end for _, end in runs) - min(begin for begin, _ in runs))


def warm_rate(box: Sandbox, commands: int) -> float:
    begin = time.perf_counter()
    for done in box.run_many([COMMAND] * commands, LIMITS):
        must(done)
    return commands / (time.perf_counter() - begin)


def clients(workers: int, argv: list[str]) -> Callable[[int], float]:
    """Commands a second by a command-line client for each; a quarter as many, for they are slow."""

    def one(_: int) -> None:
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def rate(commands: int) -> float:
        number = max(workers, commands // 4)
        begin = time.perf_counter()
        with ThreadPoolExecutor(workers) as threads:
            list(threads.map(one, range(number)))
        return number / (time.perf_counter() - begin)

    return rate


@contextmanager
def docker_client() -> Iterator[dict[str, list[str]]]:
    """The same scan by Docker's own client, beside a lab; nothing where there is no client."""
    from sandbox import docker

    image = built_image()
    if not image or not shutil.which("docker") or not docker.provider(image).usable:
        yield {}
        return
    worker = docker.DockerWorker(image.docker)
    try:
        yield client_lines(image, worker.network)
    finally:
        worker.close()


def client_lines(image: Image, container: str) -> dict[str, list[str]]:
    scan = shlex.split(COMMAND)
    run = ["docker", "run", "--rm", "--network", f"container:{container}", image.docker]
    return {"docker exec": ["docker", "exec", container, *scan], "docker run --rm": [*run, *scan]}


def medians(ways: dict[str, Callable[[int], float]], commands: int) -> dict[str, float]:
    """The median rate of each way, taken in turns."""
    rates: dict[str, list[float]] = {what: [] for what in ways}
    for _ in range(ROUNDS):
        for what, rate in ways.items():
            rates[what].append(rate(commands))
    return {what: median(taken) for what, taken in rates.items()}


def must(done: Execution) -> Execution:
    """A command that did not end well measures nothing."""
    if done.ending is not Ending.EXITED or done.exit_code:
        raise SandboxError(f"{done.command!r} ended with {done.exit_code} ({done.detail}).")
    return done
