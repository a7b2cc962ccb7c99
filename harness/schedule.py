"""Run the cells of a plan, as many side by side as the executor takes, and redo what it lost."""

from __future__ import annotations

import errno
import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from harness.executors import LOST, Executor, Job
from harness.meter import Report
from harness.plan import Cell, Manifest
from harness.record import Run
from harness.study import BASE
from tasks.errors import UserError

POLL_S = 0.25
LOSSES = 5  # of a cell's machine without a commit in between, before the cell is given up


def steps(manifest: Manifest, cell: Cell) -> int:
    """Commits that finish a cell."""
    profile = manifest.profile
    if profile.checkpoints:
        return 1 + len(profile.checkpoints)
    return 1 if cell.arm == BASE or cell.shard else profile.cycles


def run_cells(run: Run, executor: Executor, sizes: Mapping[str, int], report: Report) -> None:
    """Run what is left of every cell. `sizes` is the number of tasks of each split.

    Raises UserError when a cell fails. However it ends, no cell is left running.
    """
    profile = run.manifest.profile
    workers = profile.workers or executor.at_once(profile.model)
    weights = {cell.name: work(run.manifest, cell, sizes) for cell in run.manifest.cells}
    done = {cell.name: len(run.cell(cell.name).cycles()) for cell in run.manifest.cells}
    waiting = [cell for cell in run.manifest.cells if done[cell.name] < steps(run.manifest, cell)]
    running: dict[Cell, Job] = {}
    losses: Counter[str] = Counter()
    report(progress(run, done, weights), "")
    try:
        while waiting or running:
            unfinished = {cell.name for cell in [*waiting, *running]}
            for cell in [cell for cell in waiting if not unfinished & set(cell.after)]:
                if len(running) < workers:
                    waiting.remove(cell)
                    running[cell] = executor.start(run, cell)
            time.sleep(POLL_S)
            for cell, job in list(running.items()):
                code, before = job.poll(), done[cell.name]
                done[cell.name] = len(run.cell(cell.name).cycles())
                losses[cell.name] *= done[cell.name] == before  # a commit forgives them
                if code is None:
                    continue
                del running[cell]
                if code == LOST and done[cell.name] < steps(run.manifest, cell):
                    losses[cell.name] += 1
                    check_losses(run, cell, losses[cell.name])
                    waiting.insert(0, cell)
                    note = "lost its machine; on from the last finished cycle"
                else:
                    check(run, cell, 0 if code == LOST else code)
                    note = "done"
                report(progress(run, done, weights), f"{cell.name} {note}")
            report(progress(run, done, weights), "")
    finally:
        for job in running.values():
            job.kill()


def work(manifest: Manifest, cell: Cell, sizes: Mapping[str, int]) -> list[int]:
    """Sequences to generate in each step of a cell: what its time is roughly in proportion to."""
    profile = manifest.profile
    if profile.checkpoints:
        return [2 * profile.samples * len(manifest.heldout)] * steps(manifest, cell)
    heldout, rest = len(manifest.heldout), sizes["calibration"]
    if profile.shards > 1:
        heldout, rest = len(manifest.light), 0
    if cell.shard:
        part = len(manifest.heldout) + (sizes["calibration"] if cell.arm == BASE else 0)
        return [max(1, 2 * profile.samples * part // profile.shards)]
    if cell.arm == BASE:
        return [2 * profile.samples * (heldout + rest)]
    train = 4 * profile.candidates * min(profile.tasks_per_cycle, sizes["train"])
    light = train + 2 * profile.samples * len(manifest.light)
    full = train + 2 * profile.samples * heldout
    return [light] * (profile.cycles - 1) + [full]


def progress(run: Run, done: Mapping[str, int], weights: Mapping[str, list[int]]) -> float:
    """The part of all work that is done; of a model behind lm-eval, the part of its answers."""
    profile, cells = run.manifest.profile, run.manifest.cells
    if not profile.model.backend:
        return share(done, weights)
    asked = profile.samples * len(run.manifest.heldout) * profile.seeds
    return min(1.0, sum(run.cell(cell.name).answers for cell in cells) / asked)


def share(done: Mapping[str, int], weights: Mapping[str, list[int]]) -> float:
    """The part of all work that is done, in [0, 1]."""
    finished = sum(sum(weights[name][:n]) for name, n in done.items())
    return finished / sum(sum(row) for row in weights.values())


def check(run: Run, cell: Cell, code: int) -> None:
    """Raise OSError if a cell found the disk full, UserError with its last line if it failed."""
    if code == errno.ENOSPC:
        raise OSError(code, os.strerror(code))
    if code:
        log = run.cell(cell.name).folder / "cell.log"
        reason = last_line(log) or f"exit code {code}."
        raise UserError(f"Cell {cell.name} failed: {reason} {run.how_to_resume}")


def check_losses(run: Run, cell: Cell, losses: int) -> None:
    """Raise UserError if the machine of a cell died too often: the cell may be what kills it."""
    if losses >= LOSSES:
        raise UserError(
            f"Cell {cell.name} lost its machine {losses} times in a row without finishing a cycle: "
            f"it may need more memory than a machine has. {run.how_to_resume}"
        )


def last_line(path: Path) -> str:
    """The last words of a log; "" if it has none, or was never there."""
    if not path.exists():
        return ""
    lines = path.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
