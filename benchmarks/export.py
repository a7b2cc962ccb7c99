"""The samples of a run as Parquet, from 10,000 to 1,000,000 of them, in one process: seconds of CPU
and the most memory it held, that of its libraries included."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.analysis import SIZES, Measured, simulate
from benchmarks.measure import Figure, peak_memory


def measure() -> list[Figure]:
    figures: list[Figure] = []
    for size in SIZES:
        with TemporaryDirectory() as folder:
            simulate(Path(folder), size)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found = pool.apply(export, (Path(folder),))
        figures += [
            Figure(f"{size:,} samples: {what}", value, unit)
            for what, (value, unit) in found.items()
        ]
    return figures


def export(folder: Path) -> Measured:
    """What `harness.dataset.write` does with the held-out samples."""
    from harness.dataset.run import tables
    from harness.dataset.write import write_table
    from harness.plan import Manifest
    from harness.record import Run

    run = Run(folder, Manifest.model_construct(proxies=("fidelity",), cells=()))
    begin = time.process_time()
    write_table(tables(run)[0], folder / "exported")
    seconds = time.process_time() - begin
    return {"export": (seconds, "CPU s"), "peak memory": (peak_memory(), "MB")}
