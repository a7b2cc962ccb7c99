"""Why cells are processes with one thread each: generation by one process, by one with two threads,
and by two processes side by side. Samples a second, model loading not counted."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from benchmarks.measure import Figure

TASKS, SAMPLES = 128, 4


def generate(threads: int, ready: Barrier, done: Queue[float]) -> None:
    """Load the model, wait for the others, generate, and report the seconds it took."""
    import torch

    from harness.registry import open_model, open_suite
    from harness.types import Sampling

    torch.set_num_threads(threads)
    policy = open_model("embedded", seed=0)
    prompts = [task.prompt for task in open_suite("recon").split("train")[:TASKS]]
    policy.generate(prompts[:8], 1, Sampling())
    ready.wait()
    begin = time.perf_counter()
    policy.generate(prompts, SAMPLES, Sampling(seed=1))
    done.put(time.perf_counter() - begin)


def rate(processes: int, threads: int) -> float:
    """Samples a second of all processes together."""
    spawn = multiprocessing.get_context("spawn")
    ready: Barrier = spawn.Barrier(processes)
    done: Queue[float] = spawn.Queue()
    workers = [
        spawn.Process(target=generate, args=(threads, ready, done)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    slowest = max(done.get() for _ in workers)
    for worker in workers:
        worker.join()
    return processes * TASKS * SAMPLES / slowest


def measure() -> list[Figure]:
    one, threads, two = rate(1, 1), rate(1, 2), rate(2, 1)
    base = "one process, one thread"
    return [
        Figure("generation, one process, one thread", one, "samples/s"),
        Figure("generation, one process, two threads", threads, "samples/s", base, threads / one),
        Figure("generation, two processes, one thread each", two, "samples/s", base, two / one),
    ]
