"""What a sample costs from the model to the record: one evaluation by the embedded model on recon,
judged by the checker, in one process of one thread. Seconds are of CPU, which a busy machine does
not stretch; bytes are those on disk. docs/scale.md multiplies them."""

from __future__ import annotations

import multiprocessing
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, peak_memory

if TYPE_CHECKING:
    from harness.record import Run
    from tasks.suite import Suite
    from tasks.types import Task

TASKS, SAMPLES = 141, 4
FILES = ("samples", "graded", "verdicts")


def measure() -> list[Figure]:
    with (
        TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1) as pool,
    ):
        return pool.apply(figures, (Path(folder) / "run",))


def figures(folder: Path) -> list[Figure]:
    import torch

    from harness.benchmark import Judge, start
    from harness.cell import run_cell
    from harness.judge import judge_run
    from harness.profile import Profile
    from harness.registry import open_suite
    from harness.similarity import load_similarity

    torch.set_num_threads(1)
    profile = Profile(
        description="for timing", trainers=(), seeds=1, heldout_tasks=TASKS, samples=SAMPLES
    ).model_copy(update={"proxies": ("fidelity", "reproducibility", "vote-share")})
    run, suite = start("scale", profile, Judge(None), folder), open_suite(profile.suite)
    begun = cpu(lambda: run_cell(run, "base-0"))
    run_again = start("scale", profile, Judge(None), folder.with_name("again"))
    evaluated = cpu(lambda: run_cell(run_again, "base-0"))
    judged = cpu(lambda: judge_run(run, suite, None, lambda share, note: None))
    n = TASKS * SAMPLES
    texts = [f"{row['text']} {i}" for i, row in enumerate(run.cell("base-0").samples())]
    embedded = cpu(lambda: load_similarity()(texts, texts))
    return [
        Figure("evaluation: draws, inversions, proxies", n / evaluated, "samples/CPU s"),
        Figure("start of a first cell in a process: libraries", begun - evaluated, "CPU s"),
        Figure("embedding by the similarity model", n / embedded, "texts/CPU s"),
        Figure("the checker's verdicts and graded rows", n / judged, "samples/CPU s"),
        Figure("distinct answers", distinct(run) / n, "of samples"),
        Figure("memory of the judge", verdict_bytes(run, suite) / distinct(run), "bytes/answer"),
        *(Figure(f"{name}.jsonl", size(run, name) / n, "bytes/sample") for name in FILES),
        Figure("peak memory", peak_memory(), "MB"),
    ]


def cpu(action: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def verdict_bytes(run: Run, suite: Suite) -> int:
    """Bytes that the verdicts of all distinct answers hold while samples are graded."""
    from harness.judge import static_verdicts

    tasks: dict[tuple[str, str], Task] = {(task.split, task.id): task for task in suite.tasks}
    tracemalloc.start()
    verdicts = static_verdicts(run, tasks)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held if verdicts else 0


def size(run: Run, name: str) -> int:
    path = run.cell("base-0").files[name] if name == "samples" else run.file(f"{name}.jsonl")
    return path.stat().st_size


def distinct(run: Run) -> int:
    return run.file("verdicts.jsonl").read_bytes().count(b"\n")
