"""Onset: the cycle at which a proxy has parted from truth for good, as far as a run can tell.

The first of two evaluated cycles in a row whose simultaneous lower bound of GG is above BOUND; else
it is "> T", T being the last cycle. The bounds hold for all cycles of the arm together; the verdict
of a single cycle does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.columns import Columns
from harness.gap import Movement, gap_of
from harness.statistics import sup_t

BOUND = 0.03  # a gap below it is not called one, however sure; fixed before any figure was seen


def onset(columns: Columns, moved: Mapping[int, Movement]) -> dict[str, Any]:
    """The onset of one arm by one proxy, from its movement after each cycle; `onset` is None for
    "> T", and `band` is empty where GG could not be computed."""
    last = max(moved, default=0)
    found: dict[str, Any] = {"last": last, "bound": BOUND, "onset": None, "band": []}
    gaps = {cycle: gap_of(columns, moved[cycle]).gap for cycle in sorted(moved)}
    if not gaps or any(gap.se is None for gap in gaps.values()):
        return found
    draws = np.stack([_draws(moved[cycle]) for cycle in gaps], axis=1)
    bounds = sup_t(list(gaps.values()), draws, _by_seed(moved))
    band = [
        {"cycle": cycle, "GG": {"value": gap.value, "low": low, "high": high}}
        for (cycle, gap), (low, high) in zip(gaps.items(), bounds, strict=True)
    ]
    lows = [low for low, _ in bounds]
    first = next((i for i in range(len(lows) - 1) if min(lows[i : i + 2]) > BOUND), None)
    return found | {"band": band, "onset": None if first is None else list(gaps)[first]}


def _draws(moved: Movement) -> Any:
    assert moved.draws is not None
    return moved.draws


def _by_seed(moved: Mapping[int, Movement]) -> Any:
    """Mean gap of each seed, (seeds, cycles); a seed that lacks a cycle is left out."""
    grids = [moved[cycle].gap for cycle in sorted(moved)]
    kept = [grid for grid in grids if grid is not None]
    whole = np.all([(~np.isnan(grid)).any(axis=1) for grid in kept], axis=0)
    if not whole.any():
        return np.zeros((1, len(kept)))
    return np.stack([np.nanmean(grid[whole], axis=1) for grid in kept], axis=1)
