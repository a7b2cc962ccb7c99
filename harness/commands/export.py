"""`goodhart-bench export`: a suite or a run for others to load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.record import Run
    from tasks.suite import Suite


def export(
    what: Annotated[
        str, typer.Argument(metavar="RUN|SUITE", help="A finished run's folder, or a suite.")
    ],
    hf: Annotated[
        Path, typer.Option("--hf", help="The new folder, for datasets.load_dataset or any "
                                        "reader of Parquet.")
    ],
) -> None:  # fmt: skip
    """Write a suite's tasks, or a run's samples, candidates and estimates, as Parquet files with a
    dataset card."""
    from harness.dataset.write import write

    for table, count in write(source(what), hf):
        print(f"{count:>9,} rows  {table.file}")
    print(f"written: {hf}")


def source(what: str) -> Suite | Run:
    """The run in that folder, or the suite of that name."""
    from harness.record import Run
    from harness.registry import open_suite

    if (Path(what) / "manifest.json").is_file():
        return Run.finished(Path(what))
    return open_suite(what)
