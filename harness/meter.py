"""How far a phase of work is: a bar with the remaining time on a terminal, else plain lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Report = Callable[[float, str], None]  # (share done in [0, 1], what happened or "")

LINE_EVERY_S = 30.0


@contextmanager
def phase(console: Console, label: str) -> Iterator[Report]:
    """Show one phase of work; yields the function that is told how far it is."""
    if console.is_terminal:
        with _bar(console, label) as report:
            yield report
    else:
        yield _lines(console, label)


@contextmanager
def _bar(console: Console, label: str) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[note]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    # work is reported in large steps: a speed over a short time would be that of a single one
    with Progress(*columns, console=console, speed_estimate_period=1800) as progress:
        task = progress.add_task(label, total=1.0, note="")

        def report(share: float, note: str) -> None:
            progress.update(task, completed=share)
            if note:
                progress.update(task, note=note)

        yield report
        report(1.0, "")


def _lines(console: Console, label: str) -> Report:
    """A line whenever something happened, and one every half minute."""
    start = last = time.monotonic()
    first: float | None = None  # what an earlier process had done already

    def report(share: float, note: str) -> None:
        nonlocal last, first
        now = time.monotonic()
        first = share if first is None else first
        if not note and now - last < LINE_EVERY_S:
            return
        last = now
        spent = now - start
        left = spent * (1 - share) / (share - first) if share > first else 0.0
        remaining = f", about {clock(left)} left" if left else ""
        text = f"{label}: {share:.0%} after {clock(spent)}{remaining}{'; ' if note else ''}{note}"
        console.print(text, soft_wrap=True)

    return report


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, "3:07"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
