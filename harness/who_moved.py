"""Who moved, the policy or its scorer: P by the scorer of cycle s on samples of cycle t, for s and
t before training (0) and after it (T).

    P_TT - P_00 = (P_TT - P_0T) + (P_0T - P_00)
                   scorer drifted   policy moved
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.columns import Columns, Rows
from harness.statistics import Floats
from harness.study import Arm, Rescored


def who_moved(
    columns: Columns, arms: Sequence[Arm], rescored: Sequence[Rescored]
) -> list[dict[str, Any]]:
    """A row for each arm and proxy with the matrix and the differences, on the tasks and seeds that
    all four cells have."""
    rows = []
    for arm in arms:
        own = [row for row in rescored if row.arm == arm.name]
        last = max((row.cycle for row in own), default=0)
        for proxy in sorted({name for row in own for name in row.proxies}):
            rows.append(
                {
                    "arm": arm.name,
                    "cycle": last,
                    "proxy": proxy,
                    "optimised": proxy == arm.proxy,
                    **_matrix(columns, arm.name, proxy, own),
                }
            )
    return rows


def _matrix(columns: Columns, arm: str, proxy: str, own: Sequence[Rescored]) -> dict[str, Any]:
    last = own[0].cycle
    after = columns.after(arm, last)
    grids = {
        "P_00": _own_scores(columns, proxy, columns.before(arm)),
        "P_0T": _scores(columns, proxy, [row for row in own if row.writer == last]),
        "P_T0": _scores(columns, proxy, [row for row in own if row.scorer == last]),
        "P_TT": _own_scores(columns, proxy, after),
    }
    missing = np.isnan(sum(grids.values()))
    grids = {name: np.where(missing, np.nan, grid) for name, grid in grids.items()}
    grids |= {
        "scorer": grids["P_TT"] - grids["P_0T"],
        "policy": grids["P_0T"] - grids["P_00"],
        "scorer_on_first": grids["P_T0"] - grids["P_00"],
    }
    return {name: columns.estimate(grid, after).as_json() for name, grid in grids.items()}


def _own_scores(columns: Columns, proxy: str, rows: Rows) -> Floats:
    """What the policy that wrote the samples gave them, judged or not."""
    values = columns.proxies.get(proxy, np.full(len(columns.task), np.nan))
    rows = rows[~np.isnan(values[rows])]
    return columns.grid(rows, values[rows])


def _scores(columns: Columns, proxy: str, rows: Sequence[Rescored]) -> Floats:
    return columns.grid_of(
        (row.seed, row.task, row.proxies[proxy]) for row in rows if proxy in row.proxies
    )
