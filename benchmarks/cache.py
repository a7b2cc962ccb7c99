"""What the cache of executions spares a repeated benchmark: commands of recon, run once more."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Figure
from harness.benchmark import cores
from harness.execute import LIMITS
from harness.identity import commands
from sandbox import open_sandbox, providers
from sandbox.cache import CachedSandbox

COMMANDS = 300  # right and wrong ones in equal parts; those that time out are not kept


def measure() -> list[Figure]:
    return [measure_one(provider.name) for provider in providers() if provider.usable]


def measure_one(provider: str) -> Figure:
    """The first pass against the second, with workers that are up, as in any benchmark."""
    with TemporaryDirectory() as folder, open_sandbox(provider, workers=2 * cores()) as box:
        cached = CachedSandbox(box, "benchmark", Path(folder) / "executions.sqlite")
        passes = []
        for _ in range(2):
            begin = time.perf_counter()
            done = list(cached.run_many(commands(COMMANDS), LIMITS))
            passes.append(time.perf_counter() - begin)
        known = sum(execution.cached for execution in done)
    first, second = passes
    what = f"{provider}: {COMMANDS} commands, {known} of them known"
    return Figure(what, second, "s", "the first pass", first / second)
