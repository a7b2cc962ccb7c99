"""What is found of a model that nobody trained: how often it is right, where, and how it errs."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.columns import HELDOUT, Bools, Columns
from harness.refusals import Refusals
from harness.study import BASE, Arm


def untrained(data: Columns, refusals: Refusals) -> dict[str, Any]:
    """Shares of the judged held-out samples before training: correct by kind of family and by
    tool, and with each fault, most frequent first; and how often the impossible was refused."""
    rows = data.all_rows(HELDOUT, BASE, 0)
    judged = rows[data.judged[rows]]
    everywhere = np.ones(len(data.tasks.names), np.bool_)
    truth = data.truth(rows)

    def correct(tasks: Bools) -> dict[str, Any]:
        return data.estimate(truth, rows, tasks).within(0, 1).as_json()

    def with_fault(code: int) -> dict[str, Any]:
        grid = data.grid(judged, data.fault[judged] == code)
        return data.estimate(grid, judged).within(0, 1).as_json()

    shares = [(name, with_fault(code)) for code, name in enumerate(data.faults)]
    shares.sort(key=lambda each: -(each[1]["value"] or 0))
    refused = refusals.rows([Arm(BASE, "")])
    return {
        "families": {
            "all": correct(everywhere),
            "seen": correct(~data.tasks.unseen),
            "unseen": correct(data.tasks.unseen),
        },
        "tools": [
            {"tool": tool, "correct": correct(data.tasks.of_tool(tool))}
            for tool in sorted({data.tasks.tools[task] for task in np.unique(data.task[rows])})
        ],
        "faults": [{"fault": name, "share": share} for name, share in shares if share["value"]],
        "refused": refused[0]["before"] if refused else None,
    }
