"""What the groups of commands for registered parts share: `list` and `new` of suites, trainers and
proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path


def print_each(names: Iterable[str], about: Callable[[str], str]) -> None:
    """A line for each part. One of another package may not load, which must not hide the rest."""
    from tasks.errors import UserError

    for name in names:
        try:
            print(about(name))
        except UserError as error:
            print(f"{name}: {error}")


def print_written(folder: Path, then: str) -> None:
    """Tell of a new package: where it is, and the commands to go on with."""
    print(f"written: {folder}\nnext:    pip install -e {folder}\n         {then}")
