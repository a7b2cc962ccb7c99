"""What judging is of a benchmark's time: a small benchmark on all cores, then the checker on every
answer, and every distinct command in a sandbox whose labs are up, none of them remembered."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Figure, seconds
from harness.benchmark import cores, open_judge, start
from harness.executors.local import LocalExecutor
from harness.judge import Key, judge_run, static_verdicts
from harness.profile import Profile
from harness.registry import open_suite
from harness.schedule import run_cells
from tasks.types import Task

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
    tasks: dict[Key, Task] = {(task.split, task.id): task for task in suite.tasks}
    sizes: Counter[str] = Counter(task.split for task in suite.tasks)
    with open_judge("auto") as judge, TemporaryDirectory() as folder:
        run = start("perf", PROFILE, judge, Path(folder) / "run")
        cells = seconds(lambda: run_cells(run, LocalExecutor(), sizes, silent))
        checker = seconds(lambda: static_verdicts(run, tasks))
        judging = seconds(lambda: judge_run(run, suite, judge.sandbox, silent))
    where = judge.identity.split()[0] if judge.identity else "no sandbox"
    return [
        Figure(f"training and evaluating, {cores()} processes", cells, "s"),
        Figure("of judging, the checker", checker, "s", "all", checker / (cells + judging)),
        Figure(f"judging, {where}", judging, "s", "all", judging / (cells + judging)),
    ]


def silent(share: float, note: str) -> None:
    """A `harness.meter.Report` that nobody reads."""
