"""What each proxy knew of truth, before training and after each cycle, whoever optimised it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.columns import HELDOUT, Columns, Rows
from harness.gap import Fit, scored, worth
from harness.statistics import Floats, within_task_auroc, within_task_spearman
from harness.study import BASE, Arm

Ranking = Callable[..., Floats]


def audit(
    columns: Columns, arms: Sequence[Arm], fits: Mapping[str, Fit | None]
) -> list[dict[str, Any]]:
    """A row for each proxy before training, then for each arm, evaluated cycle and proxy."""
    rows = [
        {"arm": BASE, "cycle": 0, **of_rows(columns, proxy, fits[proxy], before)}
        for before in [columns.all_rows(HELDOUT, BASE, 0)]
        for proxy in sorted(columns.proxies)
    ]
    rows += [
        {
            "arm": arm.name,
            "cycle": cycle,
            **of_rows(columns, proxy, fits[proxy], columns.after(arm.name, cycle)),
        }
        for arm in arms
        for cycle in columns.cycles(arm.name)
        for proxy in sorted(columns.proxies)
    ]
    return rows


def of_rows(columns: Columns, proxy: str, fit: Fit | None, rows: Rows) -> dict[str, Any]:
    """Within-task AUROC and Spearman, and calibration, of one proxy in one evaluation.

    The group is the (seed, task): the scores of two trainings are not compared with each other.
    `promised` is mean m(P) less the share correct, in shares: what the proxy says too much, by what
    it was worth before training.
    """
    rows = scored(columns, proxy, rows)
    auroc = _within(columns, proxy, rows, within_task_auroc)
    spearman = _within(columns, proxy, rows, within_task_spearman)
    promised = np.full_like(auroc, np.nan)
    if fit is not None:
        promised = columns.grid(rows, worth(columns, fit, rows)) - columns.truth(rows)
    return {
        "proxy": proxy,
        "auroc": columns.estimate(auroc, rows).within(0, 1).as_json(),
        "spearman": columns.estimate(spearman, rows).within(-1, 1).as_json(),
        "promised": columns.estimate(promised, rows).within(-1, 1).as_json(),
        "tasks": len(np.unique(columns.task[rows])),
    }


def _within(columns: Columns, proxy: str, rows: Rows, ranking: Ranking) -> Floats:
    """A ranking measure inside each (seed, task)."""
    shape = len(columns.seeds), len(columns.tasks.names)
    values = columns.proxies[proxy][rows]
    found = ranking(values, columns.correct[rows], columns.cells(rows), shape[0] * shape[1])
    return np.asarray(found.reshape(shape))
