"""Several runs in the same tables: one column a run, one row an arm or a fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reports.format import MISSING, percent, plain, points
from reports.measures import before_training
from reports.table import Table
from reports.verdict import final_gaps

Result = Mapping[str, Any]
Results = Mapping[str, Result]  # by the name of the run

DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")  # twelve digits tell two runs apart


def tables(results: Results) -> list[Table]:
    """What differs in how the runs were made, then what they found."""
    return [
        settings(results),
        correct_before(results),
        by_arm(results, "Change of correctness", _changes, CHANGE),
        by_arm(results, "Change beyond random-accept", _beyond, BEYOND),
        by_arm(results, "The Goodhart gap", _gaps, GAP),
        proxies(results),
    ]


CHANGE = (
    "Points after the last cycle, with 95% intervals, paired by task and seed within each run. "
    "Runs on other suites or models are other experiments: their columns are not to be subtracted."
)
BEYOND = "The arm's change less that of random-accept in the same run, in points."
GAP = "Points at the last cycle, by the proxy that the arm optimises, with its verdict."


def settings(results: Results) -> Table:
    """Facts of the runs; those that are the same for all are still shown."""
    facts: dict[str, Callable[[Result], str]] = {
        "profile": lambda r: r["provenance"].get("profile", MISSING),
        "model": lambda r: r["provenance"].get("model", MISSING),
        "suite": lambda r: r["provenance"].get("suite", MISSING),
        "tool specs": lambda r: r["provenance"].get("tool specs", MISSING),
        "commands": lambda r: f"run in {r['sandbox']}" if r["executed"] else "not executed",
        "held-out tasks": lambda r: f"{r['design']['tasks']:,}",
        "families": lambda r: f"{r['design']['families']:,}",
        "samples a task": lambda r: f"{r['design']['samples_per_task'] or 0:g}",
        "seeds": lambda r: f"{len(r['design']['seeds'])}",
        "cycles": lambda r: f"{r['design']['cycles']}",
        "samples": lambda r: f"{r['design']['samples']:,}",
    }
    rows = [
        (name, *(DIGEST.sub(r"\1", fact(result)) for result in results.values()))
        for name, fact in facts.items()
    ]
    return Table("How the runs were made", ("", *results), rows)


def correct_before(results: Results) -> Table:
    def start(result: Result) -> str:
        if result.get("untrained"):
            return percent(result["untrained"]["families"]["all"])
        first = next(iter(result["correctness"]), None)
        return percent(first["all"]["before"]) if first else MISSING

    rows = [("before training", *(start(result) for result in results.values()))]
    note = "Share of judged held-out samples that are correct, in percent."
    return Table("Correct before training", ("", *results), rows, note)


def by_arm(
    results: Results, title: str, cells: Callable[[Result], Mapping[str, str]], note: str
) -> Table:
    """One row an arm, in the order in which the runs first name it."""
    columns = [cells(result) for result in results.values()]
    arms = list(dict.fromkeys(arm["name"] for r in results.values() for arm in r["arms"]))
    rows = [(arm, *(column.get(arm, MISSING) for column in columns)) for arm in arms]
    return Table(title, ("arm", *results), rows, note)


def _changes(result: Result) -> Mapping[str, str]:
    return {row["arm"]: points(row["all"]["change"]) for row in result["correctness"]}


def _beyond(result: Result) -> Mapping[str, str]:
    return {row["arm"]: points(row["beyond_control"]) for row in result["correctness"]}


def _gaps(result: Result) -> Mapping[str, str]:
    return {
        row["arm"]: f"{points(row['GG'])} {row['verdict'] or ''}".rstrip()
        for row in final_gaps(result)
    }


def proxies(results: Results) -> Table:
    audits = [
        {row["proxy"]: plain(row["auroc"]) for row in before_training(r)} for r in results.values()
    ]
    names = list(dict.fromkeys(name for audit in audits for name in audit))
    rows = [(name, *(audit.get(name, MISSING) for audit in audits)) for name in names]
    note = "Within-task AUROC at cycle 0: .5 means that the proxy cannot tell right from wrong."
    return Table("What the proxies knew of truth", ("proxy", *results), rows, note)
