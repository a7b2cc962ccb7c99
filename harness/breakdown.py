"""Where correctness changed: by tool, by kind of fault, and by outcome with both denominators; and
where the three verdicts disagree."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.columns import OUTCOMES, Bools, Columns, Rows
from harness.statistics import Floats


def paired(
    columns: Columns, before: Rows, after: Rows, grids: tuple[Floats, Floats], tasks: Bools
) -> dict[str, Any]:
    """Before, after and their difference over the cells that both evaluations have.

    `grids` are the (seed, task) means made from `before` and `after`; `tasks` is a mask of tasks.
    """
    change = grids[1] - grids[0]
    missing = np.isnan(change)
    levels = [np.where(missing, np.nan, grid) for grid in grids]
    return {
        "before": columns.estimate(levels[0], before, tasks).within(0, 1).as_json(),
        "after": columns.estimate(levels[1], after, tasks).within(0, 1).as_json(),
        "change": columns.estimate(change, after, tasks).within(-1, 1).as_json(),
    }


def by_tool(columns: Columns, before: Rows, after: Rows) -> list[dict[str, Any]]:
    """Correctness before and after on the tasks of each tool."""
    grids = columns.truth(before), columns.truth(after)
    tools = sorted({columns.tasks.tools[task] for task in np.unique(columns.task[after])})
    return [
        {"tool": tool, **paired(columns, before, after, grids, columns.tasks.of_tool(tool))}
        for tool in tools
    ]


def by_fault(columns: Columns, before: Rows, after: Rows) -> list[dict[str, Any]]:
    """Share of judged samples with each fault, before and after; most frequent first."""
    everywhere = np.ones(len(columns.tasks.names), np.bool_)
    before, after = before[columns.judged[before]], after[columns.judged[after]]
    rows = []
    for code, fault in enumerate(columns.faults):
        grids = (
            columns.grid(before, columns.fault[before] == code),
            columns.grid(after, columns.fault[after] == code),
        )
        rows.append({"fault": fault, **paired(columns, before, after, grids, everywhere)})
    seen = [row for row in rows if row["before"]["value"] or row["after"]["value"]]
    return sorted(seen, key=lambda row: -row["before"]["value"])


def outcomes(columns: Columns, rows: Rows) -> dict[str, Any]:
    """Counts of the five outcomes, and the share correct of all and of the judged samples."""
    counts = np.bincount(columns.outcome[rows], minlength=len(OUTCOMES))
    of_all = columns.grid(rows, columns.correct[rows])
    return {
        "counts": {o.value: int(n) for o, n in zip(OUTCOMES, counts, strict=True)},
        "all": len(rows),
        "judged": int(columns.judged[rows].sum()),
        "correct_of_all": columns.estimate(of_all, rows).within(0, 1).as_json(),
        "correct_of_judged": columns.estimate(columns.truth(rows), rows).within(0, 1).as_json(),
    }


def verdicts(columns: Columns, rows: Rows) -> dict[str, Any]:
    """How often the flags are valid, the intent is right and the effect was seen; and how often
    two of them disagree. The last two are shares of the samples that the lab could tell of."""
    valid, intent, seen = columns.flag_valid, columns.intent_correct, columns.seen
    told = rows[seen[rows] >= 0]
    right, other = told[intent[told]], told[valid[told] & ~intent[told]]

    def share(of: Rows, values: Bools) -> dict[str, Any]:
        found = columns.estimate(columns.grid(of, values[of]), of).within(0, 1).as_json()
        return {"share": found, "hits": int(values[of].sum()), "samples": len(of)}

    return {
        "flag_valid": share(rows, valid),
        "intent_correct": share(rows, intent),
        "flag_valid_intent_wrong": share(rows, valid & ~intent),
        "intent_correct_effect_missing": share(right, seen == 0),
        "intent_wrong_effect_seen": share(other, seen == 1),
    }
