"""One cell of a benchmark: one arm on one seed, as its own process.

    python -m harness.cell RUN CELL

The cell "base-SEED" evaluates the model before training, for all arms of the seed. Any other cell
goes through its trainer's cycles; after each it evaluates, keeps the adapter and commits, so that
a killed cell goes on after the last finished cycle and draws the same numbers. Where a plan splits
full evaluations, those cells evaluate the light tasks only, and "v1-0-shard-2" a part of the rest.
"""

from __future__ import annotations

import argparse
import errno
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from harness.errors import USER_ERRORS, is_disk_full, sentence
from harness.evaluate import Sample, samples, score
from harness.loading import is_adapter
from harness.plan import Cell, Manifest
from harness.proxies import Draws
from harness.record import CellStore, Row, Run
from harness.registry import SCORED_BY_POLICIES, TRAINERS, open_model, open_suite
from harness.seeds import derive
from harness.study import BASE
from harness.types import AdapterPolicy, CycleContext, CycleReport, Generation

if TYPE_CHECKING:
    from harness.similarity import SentenceSimilarity
    from tasks.suite import Suite
    from tasks.types import Prompt, Task


@dataclass(frozen=True)
class Bench:
    """What a cell works with."""

    manifest: Manifest
    cell: Cell
    suite: Suite
    policy: AdapterPolicy
    similarity: SentenceSimilarity

    def seed(self, cycle: int, purpose: str) -> int:
        return derive(self.cell.seed, self.cell.arm, cycle, purpose)

    def heldout(self, cycle: int) -> list[Task]:
        """The held-out tasks of a cycle's evaluation: all before and after, fewer in between. Of
        all, where they are split, this cell's part."""
        between = 0 < cycle < self.manifest.profile.cycles
        ids = set(self.manifest.light if between else self.manifest.heldout)
        tasks = [task for task in self.suite.split("heldout") if task.id in ids]
        if between or self.manifest.profile.shards == 1:
            return tasks
        light = set(self.manifest.light)
        if not self.cell.shard:
            return [task for task in tasks if task.id in light]
        return self.part([task for task in tasks if task.id not in light])

    def calibration(self) -> list[Task]:
        """The tasks that proxies are calibrated on, where arms follow; where evaluations are split,
        this cell's part."""
        if not self.manifest.arms or "calibration" not in self.suite.about.splits:
            return []
        tasks = list(self.suite.split("calibration"))
        return self.part(tasks) if self.manifest.profile.shards > 1 else tasks

    def part(self, tasks: list[Task]) -> list[Task]:
        """This shard's share of tasks; nothing for a cell that is no shard."""
        shard, shards = self.cell.shard, self.manifest.profile.shards
        return tasks[shard - 1 :: shards] if shard else []

    def light(self) -> list[Task]:
        """The held-out tasks that every cycle's evaluation has."""
        ids = set(self.manifest.light) & set(self.manifest.heldout)
        return [task for task in self.suite.split("heldout") if task.id in ids]

    def evaluate(self, tasks: Sequence[Task], cycle: int, split: str) -> list[Sample]:
        """K samples of every task at the benchmark's temperature, scored by every proxy."""
        if not tasks:
            return []
        profile = self.manifest.profile
        prompts = [task.as_prompt() for task in tasks]
        sampling = profile.sampling(self.seed(cycle, f"evaluate {split}"))
        texts = [prompt.text for prompt in prompts]
        draws = Draws.sample(self.policy, self.similarity, sampling, texts, profile.samples)
        return list(samples(prompts, draws, self.manifest.proxies, cycle, split))


def run_cell(run: Run, name: str) -> None:
    """Do what is left of a cell; nothing, if it is finished."""
    from harness.similarity import load_similarity

    manifest, store = run.manifest, run.cell(name)
    cell = manifest.cell(name)
    done = store.rewind()
    policy = open_policy(manifest, cell, store)
    suite = open_suite(manifest.profile.suite)
    bench = Bench(manifest, cell, suite, policy, load_similarity())
    if manifest.profile.checkpoints:
        evaluate_checkpoints(bench, store, done)
        return
    if cell.arm == BASE:
        if not done:
            evaluate_base(bench, store)
        return
    if cell.shard:
        if not done:
            evaluate_shard(bench, run)
        return
    if done:
        policy.load_adapter(store.adapter(done))
    for cycle in range(done + 1, manifest.profile.cycles + 1):
        train_cycle(bench, run, cycle)


def open_policy(manifest: Manifest, cell: Cell, store: CellStore) -> AdapterPolicy:
    """The model of the plan, asked as the plan says."""
    model, prompts = manifest.profile.model, manifest.prompts
    if model.backend is None:
        return open_model(model, derive(cell.seed, "adapter"), prompts)
    from harness.backends import BackendPolicy

    return BackendPolicy.load(model, prompts, store.answered)


def evaluate_base(bench: Bench, store: CellStore) -> None:
    """The one step of a base cell: held-out tasks before any training, and calibration tasks
    where arms follow, whose proxies are calibrated on them."""
    rows = bench.evaluate(bench.heldout(0), 0, "heldout")
    rows += bench.evaluate(bench.calibration(), 0, "calibration")
    store.commit({"cycle": 0}, samples=(sample.as_json() for sample in rows))


def evaluate_shard(bench: Bench, run: Run) -> None:
    """The one step of an arm's shard: its part of the evaluation after the last cycle."""
    cell, last = bench.cell, bench.manifest.profile.cycles
    bench.policy.load_adapter(run.cell(cell.trained).adapter(last))
    rows = bench.evaluate(bench.heldout(last), last, "heldout")
    run.cell(cell.name).commit({"cycle": last}, samples=(sample.as_json() for sample in rows))


def evaluate_checkpoints(bench: Bench, store: CellStore, done: int) -> None:
    """Evaluate the model as it is, then after each checkpoint of its training elsewhere; `done` of
    these are there."""
    if not done:
        evaluate_base(bench, store)
    for cycle, name in enumerate(bench.manifest.profile.checkpoints, 1):
        if cycle < done:
            continue
        bench.similarity.forget()
        rows = at_checkpoint(bench, name).evaluate(bench.heldout(cycle), cycle, "heldout")
        commit = {"cycle": cycle, "checkpoint": name}
        store.commit(commit, samples=(sample.as_json() for sample in rows))


def at_checkpoint(bench: Bench, name: str) -> Bench:
    """The bench with a checkpoint for its policy: an adapter, in the place of the one before on
    the base that is loaded, or a whole model beside it."""
    if is_adapter(Path(name)):
        bench.policy.load_adapter(Path(name))
        return bench
    whole = bench.manifest.profile.model.model_copy(update={"name": name, "revision": None})
    return replace(bench, policy=open_model(whole, 0, bench.manifest.prompts))


def train_cycle(bench: Bench, run: Run, cycle: int) -> None:
    """One cycle of a trainer, the evaluation after it (full after the last), and the commit."""
    bench.similarity.forget()
    trainer, store = TRAINERS.load(bench.cell.arm)(), run.cell(bench.cell.name)
    report = trainer.cycle(draw_prompts(bench, cycle), context(bench, run, trainer.needs, cycle))
    rows = [sample.as_json() for sample in bench.evaluate(bench.heldout(cycle), cycle, "heldout")]
    bench.policy.save_adapter(store.adapter(cycle))
    store.commit(
        summary(report, cycle),
        samples=rows,
        candidates=candidate_rows(report, cycle),
        divergences=divergences(bench, cycle),
        rescored=rescored(bench, run, rows) if cycle == bench.manifest.profile.cycles else (),
    )


def divergences(bench: Bench, cycle: int) -> list[Row]:
    """How far the policy is from its base on the light tasks, a row a command; none if the
    profile asks for none."""
    tasks, n = bench.light(), bench.manifest.profile.divergence_samples
    if not n:
        return []
    sampling = bench.manifest.profile.sampling(bench.seed(cycle, "divergence"))
    found = bench.policy.divergence([task.prompt for task in tasks], n, sampling)
    return [
        {"cycle": cycle, "task": task.id, "sample": k, "kl": round(value, 6)}
        for task, values in zip(tasks, found, strict=True)
        for k, value in enumerate(values)
    ]


def rescored(bench: Bench, run: Run, rows: Sequence[Row]) -> list[Row]:
    """The light tasks' last commands as the base scores them, and the base's as this policy does.
    Nothing where the profile asks for none."""
    if not bench.manifest.profile.who_moved:
        return []
    tasks, last = bench.light(), bench.manifest.profile.cycles
    base = list(run.cell(f"{BASE}-{bench.cell.seed}").samples())
    first, after = drawn(base, tasks), drawn(rows, tasks)
    sampling = bench.manifest.profile.sampling(bench.seed(last, "rescore"))
    texts = [task.prompt for task in tasks]
    ours = Draws(bench.policy, bench.similarity, sampling, texts, first, others=after)
    theirs = replace(ours, generations=after, others=first)
    proxies = [name for name in bench.manifest.proxies if name in SCORED_BY_POLICIES]
    found = [(last, 0, score(ours, proxies))]
    with bench.policy.frozen():
        found.append((0, last, score(theirs, proxies)))
    return [
        {
            "cycle": last,
            "scorer": scorer,
            "writer": writer,
            "task": task.id,
            "sample": k,
            "proxies": {name: round(values[i][k], 6) for name, values in scores.items()},
        }
        for scorer, writer, scores in found
        for i, task in enumerate(tasks)
        for k in range(bench.manifest.profile.samples)
    ]


def drawn(rows: Sequence[Row], tasks: Sequence[Task]) -> list[list[Generation]]:
    """The held-out commands of these tasks among the rows of one evaluation, as they were drawn."""
    by_task: dict[str, list[Generation]] = {task.id: [] for task in tasks}
    for row in rows:
        if row["split"] == "heldout" and row["task"] in by_task:
            by_task[row["task"]].append(Generation(row["text"], row["tokens"]))
    return list(by_task.values())


def draw_prompts(bench: Bench, cycle: int) -> list[Prompt]:
    """The cycle's training prompts: the same for all arms of a seed, so that arms compare."""
    tasks = [task for task in bench.suite.split("train") if task.possible]
    size = min(bench.manifest.profile.tasks_per_cycle, len(tasks))
    rng = Random(derive(bench.cell.seed, cycle, "prompts"))
    return [task.as_prompt() for task in rng.sample(tasks, size)]


def context(bench: Bench, run: Run, needs: frozenset[str], cycle: int) -> CycleContext:
    """What the trainer is handed, with the signals it declared and no others."""
    profile = bench.manifest.profile
    signals: dict[str, Callable[[], object]] = {
        "truth": lambda: truth(bench.suite),
        "v1-acceptance": lambda: v1_acceptance(run, bench.cell.seed, cycle),
    }
    return CycleContext(
        policy=bench.policy,
        similarity=bench.similarity,
        sampling=profile.sampling(bench.seed(cycle, "generate")),
        training=profile.training(bench.seed(cycle, "train")),
        candidates=profile.candidates,
        cycle=cycle,
        seed=bench.seed(cycle, "choose"),
        signals={name: signals[name]() for name in needs},
    )


def v1_acceptance(run: Run, seed: int, cycle: int) -> object:
    """The share of its candidates that V1 accepted in a cycle; its cell has finished before."""
    return run.cell(f"v1-{seed}").cycles()[cycle - 1]["acceptance"]


def truth(suite: Suite) -> Callable[[str, str], bool]:
    """Whether a command is right for a train task, by the static checker."""
    from tasks.checker import judge
    from tasks.types import Status

    tasks = {task.id: task for task in suite.split("train")}
    return lambda task, command: judge(command, tasks[task]).status is Status.PASS


def summary(report: CycleReport, cycle: int) -> dict[str, object]:
    """The cycle's line in `cycles.jsonl`; `scores` are means over the candidates."""
    names = report.candidates[0].scores if report.candidates else ()
    n = len(report.candidates)
    return {
        "cycle": cycle,
        "candidates": n,
        "accepted": sum(c.accepted for c in report.candidates),
        "acceptance": report.acceptance,
        "scores": {name: sum(c.scores[name] for c in report.candidates) / n for name in names},
        "generated_tokens": report.generated_tokens,
        "loss": report.loss,
    }


def candidate_rows(report: CycleReport, cycle: int) -> list[dict[str, object]]:
    return [
        {
            "cycle": cycle,
            "task": c.prompt.id,
            "command": c.command,
            "scores": dict(c.scores),
            "accepted": c.accepted,
        }
        for c in report.candidates
    ]


def run_as_child(folder: Path, name: str) -> None:
    """Run a cell in a process of its own, with its output in the cell's log.

    The process is deaf to the terminal's Ctrl-C, which its parent handles, and ends when the
    parent dies.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # for what a cell may start
    threading.Thread(target=end_with_parent, daemon=True).start()
    log = CellStore(folder / "cells" / name).folder / "cell.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
    except OSError as error:
        sys.exit(tell(error))
    sys.exit(run_and_tell(folder, name))


def end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_and_tell(folder: Path, name: str) -> int:
    """Run a cell on one thread; the exit code, after a sentence on stderr if the user can help."""
    import torch

    torch.set_num_threads(1)
    try:
        run_cell(Run.open(folder), name)
    except USER_ERRORS as error:
        return tell(error)
    return 0


def tell(error: Exception) -> int:
    """The exit code of a cell that failed so, after the sentence on stderr."""
    if is_disk_full(error):
        return errno.ENOSPC  # a log could not hold the sentence
    print(sentence(error), file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m harness.cell", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("cell", help="name of the cell, for example v1-0")
    arguments = parser.parse_args()
    sys.exit(run_and_tell(arguments.run, arguments.cell))
