"""The tables of a model that was evaluated as it is: no arms, no gap, no before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.format import basis, detectable, percent
from reports.table import Table

Result = Mapping[str, Any]


def correctness(result: Result) -> Table:
    rows = [
        (name, percent(found), detectable(found), str(found["families"]), basis(found))
        for name, found in result["untrained"]["families"].items()
        if found["value"] is not None
    ]
    header = ("families", "correct, %", "detectable", "number of families", "n")
    note = (
        "Share of judged held-out samples that are correct, mean of task means, with 95% "
        "intervals. Unseen families never occur in the train split. Detectable: how far from a "
        "value stated beforehand the truth must be for this design to find it in 80% of cases, "
        "in points. n: tasks x samples a task x seeds."
    )
    return Table("Correctness", header, rows, note)


def tools(result: Result) -> Table:
    rows = [
        (row["tool"], percent(row["correct"]), basis(row["correct"]))
        for row in result["untrained"]["tools"]
    ]
    note = "Share of judged held-out samples that are correct."
    return Table("Correctness by tool", ("tool", "correct, %", "n"), rows, note)


def faults(result: Result) -> Table:
    rows = [
        (row["fault"], percent(row["share"]), basis(row["share"]))
        for row in result["untrained"]["faults"]
    ]
    note = "Share of judged held-out samples with that fault, most frequent first."
    return Table("Mistakes by kind", ("fault", "samples, %", "n"), rows, note)


def impossible(result: Result) -> Table:
    """Kept apart from correctness, so that a model that does nothing scores nothing there."""
    refused = result["untrained"]["refused"]
    rows = [
        (
            str(result["impossible"]["tasks"]),
            f"{refused['samples']:,}",
            f"{refused['refused']:,}",
            f"{100 * refused['refused'] / refused['samples']:.1f}",
        )
    ]
    note = (
        "These held-out tasks ask a tool for what it cannot do; right is an answer that runs no "
        "tool. No part of correctness."
    )
    header = ("impossible tasks", "samples", "refused", "refused, %")
    return Table("Impossible tasks refused", header, rows, note)
