"""What judging adds to a benchmark's time: a small one without it, judged when its cells are
finished, and judged while they work. The sandbox's labs are up, and no command is remembered."""

from __future__ import annotations

from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Figure, seconds
from harness.ahead import judging_ahead
from harness.benchmark import Judge, cores, open_judge, start
from harness.executors.local import HEAVY, LocalExecutor
from harness.judge import by_key, judge_run, static_verdicts
from harness.profile import Profile
from harness.record import Run
from harness.registry import open_suite
from harness.schedule import run_cells
from tasks.suite import Suite

PROFILE = Profile(
    description="one seed of quick, smaller",
    trainers=("v1", "v2"),
    seeds=1,
    cycles=2,
    tasks_per_cycle=25,
    heldout_tasks=141,
    light_tasks=24,
    samples=3,
    learning_rate=1e-3,
)


def measure() -> list[Figure]:
    suite = open_suite(PROFILE.suite)
    import_libraries()
    with open_judge("auto") as judge, TemporaryDirectory() as folder:
        alone, ahead = (start("perf", PROFILE, judge, Path(folder) / name) for name in "ab")
        cells = seconds(lambda: train(alone, suite))
        after = seconds(lambda: judge_run(alone, suite, judge.sandbox, silent))
        whole = seconds(lambda: train_and_judge(ahead, suite, judge))
        checker = seconds(lambda: static_verdicts(ahead, by_key(suite)))
    where = judge.identity.split()[0] if judge.identity else "no sandbox"
    return [
        Figure(f"training and evaluating, {cores()} processes", cells, "s"),
        Figure(f"added by judging afterwards, {where}", after, "s", "all", after / (cells + after)),
        Figure("added by judging meanwhile", whole - cells, "s", "all", 1 - cells / whole),
        Figure("of judging, the checker", checker, "s", "all", checker / whole),
    ]


def import_libraries() -> None:
    """The server of cells imports them once, which the first benchmark would be charged with."""
    context = get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    process = context.Process(target=int)
    process.start()
    process.join()


def train(run: Run, suite: Suite) -> None:
    run_cells(run, LocalExecutor(), Counter(task.split for task in suite.tasks), silent)


def train_and_judge(run: Run, suite: Suite, judge: Judge) -> None:
    """As `harness.benchmark.complete` does."""
    with judging_ahead(run, suite, judge.sandbox) as verdicts:
        train(run, suite)
    judge_run(run, suite, judge.sandbox, silent, verdicts)


def silent(share: float, note: str) -> None:
    """A `harness.meter.Report` that nobody reads."""
