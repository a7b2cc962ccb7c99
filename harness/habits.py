"""How answers look before and after training: the hack probes, arm by arm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from harness.columns import Columns, Rows
from harness.statistics import Floats

DISTINCT = "distinct forms"
Measure = Callable[[Rows], Floats]  # (seed, task) means of some samples


def habits(columns: Columns, before: Rows, after: Rows) -> dict[str, Any]:
    """Every probe before and after with its paired change, in the probe's own unit; over all
    held-out samples of possible tasks, judged or not."""
    measures: dict[str, Measure] = {
        name: partial(_mean, columns, values) for name, values in sorted(columns.probes.items())
    }
    if (columns.form >= 0).any():
        measures[DISTINCT] = partial(distinct_forms, columns)
    return {name: _paired(columns, measure, before, after) for name, measure in measures.items()}


def _mean(columns: Columns, values: Floats, rows: Rows) -> Floats:
    rows = rows[~np.isnan(values[rows])]
    return columns.grid(rows, values[rows])


def distinct_forms(columns: Columns, rows: Rows) -> Floats:
    """Distinct canonical forms among a task's samples, as a share of them, in each (seed, task): 1
    where no two mean the same, 1 over their number where all do."""
    rows = rows[columns.form[rows] >= 0]
    pairs = np.stack([columns.cells(rows), columns.form[rows]], axis=1)
    _, first = np.unique(pairs, axis=0, return_index=True)
    is_new = np.zeros(len(rows))
    is_new[first] = 1.0
    return columns.grid(rows, is_new)


def _paired(columns: Columns, measure: Measure, before: Rows, after: Rows) -> dict[str, Any]:
    grids = measure(before), measure(after)
    change = grids[1] - grids[0]
    first, last = (np.where(np.isnan(change), np.nan, grid) for grid in grids)
    return {
        "before": columns.estimate(first, before).as_json(),
        "after": columns.estimate(last, after).as_json(),
        "change": columns.estimate(change, after).as_json(),
    }
