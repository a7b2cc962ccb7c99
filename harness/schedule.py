"""Run the cells of a plan side by side: one process a cell, as many at once as there are cores.

The processes are forked from a server that has imported the heavy libraries once: importing them
takes ten seconds of a core, which eighteen cells would each spend again.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from harness.cell import run_as_child
from harness.meter import Report
from harness.plan import Cell, Manifest
from harness.record import Run
from harness.study import BASE
from tasks.errors import UserError

POLL_S = 0.25
HEAVY = ["torch", "transformers", "peft", "sentence_transformers"]
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # cells fill the cores; threads in them would only get in the way
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # glibc keeps what a cell frees: giving each large tensor back, to be zeroed again by the
    # kernel for the next one, takes an eighth of the time of sampling, and saves 7% of the memory
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    # the locks of a killed cell are cleaned up; that is nothing to warn the user of
    "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # looking for a GPU must not keep forks from using it
}


def steps(manifest: Manifest, cell: Cell) -> int:
    """Commits that finish a cell."""
    profile = manifest.profile
    if profile.checkpoints:
        return 1 + len(profile.checkpoints)
    return 1 if cell.arm == BASE else profile.cycles


def run_cells(run: Run, workers: int, sizes: Mapping[str, int], report: Report) -> None:
    """Run what is left of every cell. `sizes` is the number of tasks of each split.

    Raises UserError when a cell fails. However it ends, no cell is left running.
    """
    weights = {cell.name: work(run.manifest, cell, sizes) for cell in run.manifest.cells}
    done = {cell.name: len(run.cell(cell.name).cycles()) for cell in run.manifest.cells}
    waiting = [cell for cell in run.manifest.cells if done[cell.name] < steps(run.manifest, cell)]
    running: dict[Cell, ForkServerProcess] = {}
    os.environ.update(ENVIRONMENT)
    report(progress(run, done, weights), "")
    try:
        while waiting or running:
            unfinished = {cell.name for cell in [*waiting, *running]}
            for cell in [cell for cell in waiting if not unfinished & set(cell.after)]:
                if len(running) < workers:
                    waiting.remove(cell)
                    running[cell] = start(run, cell)
            time.sleep(POLL_S)
            for cell, process in list(running.items()):
                done[cell.name] = len(run.cell(cell.name).cycles())
                if process.exitcode is not None:
                    del running[cell]
                    check(run, cell, process.exitcode)
                    report(progress(run, done, weights), f"{cell.name} done")
            report(progress(run, done, weights), "")
    finally:
        for process in running.values():
            process.kill()
        for process in running.values():
            process.join()


def work(manifest: Manifest, cell: Cell, sizes: Mapping[str, int]) -> list[int]:
    """Sequences to generate in each step of a cell: what its time is roughly in proportion to."""
    profile = manifest.profile
    if profile.checkpoints:
        return [2 * profile.samples * len(manifest.heldout)] * steps(manifest, cell)
    if cell.arm == BASE:
        return [2 * profile.samples * (len(manifest.heldout) + sizes["calibration"])]
    train = 4 * profile.candidates * min(profile.tasks_per_cycle, sizes["train"])
    light = train + 2 * profile.samples * len(manifest.light)
    full = train + 2 * profile.samples * len(manifest.heldout)
    return [light] * (profile.cycles - 1) + [full]


def progress(run: Run, done: Mapping[str, int], weights: Mapping[str, list[int]]) -> float:
    """The part of all work that is done; of a model behind lm-eval, the part of its answers."""
    profile, cells = run.manifest.profile, run.manifest.cells
    if not profile.model.backend:
        return share(done, weights)
    asked = profile.samples * len(run.manifest.heldout) * len(cells)
    return min(1.0, sum(run.cell(cell.name).answers for cell in cells) / asked)


def share(done: Mapping[str, int], weights: Mapping[str, list[int]]) -> float:
    """The part of all work that is done, in [0, 1]."""
    finished = sum(sum(weights[name][:n]) for name, n in done.items())
    return finished / sum(sum(row) for row in weights.values())


def start(run: Run, cell: Cell) -> ForkServerProcess:
    """Start a cell's process."""
    context = get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    process = context.Process(target=run_as_child, args=(run.folder, cell.name))
    process.start()
    return process


def check(run: Run, cell: Cell, code: int) -> None:
    """Raise OSError if a cell found the disk full, UserError with its last line if it failed."""
    if code == errno.ENOSPC:
        raise OSError(code, os.strerror(code))
    if code:
        log = run.cell(cell.name).folder / "cell.log"
        reason = last_line(log) or f"exit code {code}"
        raise UserError(f"Cell {cell.name} failed: {reason} {run.how_to_resume}")


def last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
