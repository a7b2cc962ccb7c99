"""A measured value, as the commands and benchmarks that measure print it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a value with its unit, and what it is compared with in this run."""

    what: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


def table(figures: Iterable[Figure]) -> str:
    """The figures for people, values with three digits."""
    from tabulate import tabulate

    rows = [
        (f.what, f"{f.value:.3g}", f.unit, f.against, "" if f.ratio is None else f"{f.ratio:.2f}")
        for f in figures
    ]
    return tabulate(rows, headers=["what", "value", "unit", "against", "ratio"])
