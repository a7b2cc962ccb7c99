"""What can be exported, and its tables."""

from __future__ import annotations

from harness.dataset import run as of_run
from harness.dataset import suite as of_suite
from harness.dataset.table import Table
from harness.record import Run
from tasks.suite import Suite


def tables(source: Suite | Run) -> list[Table]:
    """The tables of a suite, or of a finished run."""
    return of_run.tables(source) if isinstance(source, Run) else of_suite.tables(source)
