"""Numbers as people read them. An estimate is a dict of a run's result: value, low, high ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Estimate = Mapping[str, Any]
MISSING = "–"


def number(estimate: Estimate | None, scale: float, spec: str) -> str:
    """ "12.3 [10.1, 14.5]"; without brackets where there is no interval, "–" without a value."""
    if estimate is None or estimate["value"] is None:
        return MISSING
    value = format(estimate["value"] * scale, spec)
    if estimate["low"] is None:
        return value
    low, high = (format(estimate[end] * scale, spec) for end in ("low", "high"))
    return f"{value} [{low}, {high}]"


def percent(estimate: Estimate | None) -> str:
    """A share in percent, one decimal."""
    return number(estimate, 100, ".1f")


def points(estimate: Estimate | None) -> str:
    """A difference of shares in points, with its sign."""
    return number(estimate, 100, "+.1f")


def plain(estimate: Estimate | None) -> str:
    """A score or a loss as it is, two decimals."""
    return number(estimate, 1, ".2f")


def count(estimate: Estimate | None) -> str:
    """A mean of counts, without its interval."""
    if estimate is None or estimate["value"] is None:
        return MISSING
    return f"{estimate['value']:,.0f}"


def detectable(estimate: Estimate | None) -> str:
    """The smallest detectable change in points."""
    if estimate is None or estimate["detectable"] is None:
        return MISSING
    return f"{estimate['detectable'] * 100:.1f}"


def p_value(p: float | None) -> str:
    if p is None:
        return MISSING
    return "<.001" if p < 0.001 else f"{p:.3f}"


def basis(estimate: Estimate) -> str:
    """What an estimate rests on: "300 x 4 x 3" for tasks, samples a task and seeds."""
    if estimate["value"] is None:
        return MISSING
    return f"{estimate['tasks']} x {estimate['samples_per_task']:g} x {estimate['seeds']}"


def sentence_list(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
