"""The tables of a report, as headers and rows of text; how they are drawn is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reports import untrained
from reports.format import (
    MISSING,
    basis,
    count,
    detectable,
    p_value,
    percent,
    plain,
    points,
)
from reports.measures import before_training, measures
from reports.table import Table

Result = Mapping[str, Any]


def main_tables(result: Result) -> list[Table]:
    """The two tables that answer the question."""
    if result.get("untrained"):
        return _marked(result, (untrained.correctness, untrained.tools))
    return _marked(result, (correctness, gap))


def detail_tables(result: Result) -> list[Table]:
    """Everything else, in reading order."""
    if result.get("untrained"):
        refused = [untrained.impossible] if result["untrained"]["refused"] else []
        return _marked(result, (untrained.faults, outcomes, verdicts, *refused))
    tables = [families, cycles, tools, faults, outcomes]
    if result.get("verdicts"):  # a result from before there were these has none
        tables.append(verdicts)
    if _impossible(result)["arms"]:
        tables.append(impossible)
    return _marked(result, (*tables, other_proxies, *measures(result), tokens))


def all_tables(result: Result) -> list[Table]:
    """Every table, in reading order."""
    return [*overlaps(result), *main_tables(result), *detail_tables(result)]


def overlaps(result: Result) -> list[Table]:
    """The overlap, where anything was trained."""
    return [] if result.get("untrained") else [overlap(result)]


def _marked(result: Result, tables: Sequence[Callable[[Result], Table] | Table]) -> list[Table]:
    """The tables, each title marked when the commands were not executed."""
    mark = "" if result["executed"] else " (not executed)"
    made = [table if isinstance(table, Table) else table(result) for table in tables]
    return [Table(t.title + mark, t.header, t.rows, t.note) for t in made]


def overlap(result: Result) -> Table:
    """What training and evaluation share; belongs before every other table."""
    shared = result["overlap"]
    rows = [
        (
            name,
            str(shared[key]["trained"]),
            str(shared[key]["evaluated"]),
            str(shared[key]["shared"]),
            "; ".join(shared[key]["examples"][:3]) or "none",
        )
        for name, key in (("prompts", "prompts"), ("parameter values", "values"))
    ]
    header = ("", "in training", "in evaluation", "in both", "examples")
    note = f"{shared['trained_tasks']} tasks to train on, {shared['evaluated_tasks']} evaluated."
    return Table("Overlap of trained and evaluated tasks", header, rows, note)


def correctness(result: Result) -> Table:
    signals = {arm["name"]: ", ".join(arm["signals"]) or "none" for arm in result["arms"]}
    rows = [
        (
            row["arm"],
            signals[row["arm"]],
            percent(row["all"]["before"]),
            percent(row["all"]["after"]),
            points(row["all"]["change"]),
            points(row["beyond_control"]),
            p_value(row["p_holm"]),
            detectable(row["all"]["change"]),
            basis(row["all"]["change"]),
        )
        for row in result["correctness"]
    ]
    header = (
        "arm",
        "signals used",
        "before, %",
        "after, %",
        "change, points",
        "beyond random-accept",
        "p (Holm)",
        "detectable",
        "n",
    )
    note = (
        "Share of judged held-out samples that are correct, mean of task means, with 95% "
        "intervals; changes are paired by task and seed. Signals used: what the arm was told "
        "beside prompts and its own outputs. Detectable: the smallest change that this design "
        "finds in 80% of cases, in points. n: tasks x samples a task x seeds."
    )
    return Table("Correctness before and after", header, rows, note)


def gap(result: Result) -> Table:
    rows = [_gap_row(row) for row in result["gap"] if row["optimised"]]
    known = before_training(result)
    aurocs = "; ".join(f"{row['proxy']} {plain(row['auroc'])}" for row in known)
    note = (
        "In points. dP: change of the proxy; dT: change of correctness; GG: what the proxy's "
        "change was worth at cycle 0 less dT. strong: dP above 0 and dT below 0; weak: GG above "
        "0; each beyond its 95% interval, of that cycle by itself (pointwise). *: a light "
        "evaluation, compared with cycle 0 on the same tasks. "
        f"Within-task AUROC of the proxies at cycle 0 (.5 says nothing): {aurocs}."
    )
    return Table("The Goodhart gap", GAP_HEADER, rows, note)


GAP_HEADER = (
    "arm",
    "proxy",
    "cycle",
    "dP",
    "dT",
    "GG",
    "verdict",
    "detectable GG",
    "n",
)


def _gap_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["arm"],
        row["proxy"],
        f"{row['cycle']}{'*' if row['light'] else ''}",
        points(row["dP"]),
        points(row["dT"]),
        points(row["GG"]),
        row["verdict"] or MISSING,
        detectable(row["GG"]),
        basis(row["dT"]),
    )


def other_proxies(result: Result) -> Table:
    last = {(row["arm"], row["proxy"]): row for row in result["gap"]}
    rows = [_gap_row(row) for row in last.values() if not row["optimised"]]
    note = "The same gap by proxies that the arm does not optimise, at its last cycle."
    return Table("The gap by every other proxy", GAP_HEADER, rows, note)


def families(result: Result) -> Table:
    rows = [
        (
            row["arm"],
            part,
            percent(row[part]["before"]),
            percent(row[part]["after"]),
            points(row[part]["change"]),
            detectable(row[part]["change"]),
            str(row[part]["change"]["families"]),
            str(row[part]["change"]["tasks"]),
        )
        for row in result["correctness"]
        for part in ("seen", "unseen")
    ]
    header = (
        "arm",
        "families",
        "before, %",
        "after, %",
        "change, points",
        "detectable",
        "number of families",
        "tasks",
    )
    note = "Unseen families never occur in the train split."
    return Table("Seen and unseen task families", header, rows, note)


def cycles(result: Result) -> Table:
    """Training and held-out scores side by side; an arm that only evaluates has the latter."""
    trained = {(row["arm"], row["cycle"]): row for row in result["cycles"]}
    heldout = {(row["arm"], row["cycle"]): row["scores"] for row in result["heldout_scores"]}
    rows = [
        (
            arm,
            str(cycle),
            percent(trained.get((arm, cycle), {}).get("acceptance")),
            *_scores(trained.get((arm, cycle), {}).get("scores", {})),
            *_scores(heldout.get((arm, cycle), {})),
            plain(trained.get((arm, cycle), {}).get("loss")),
            count(trained.get((arm, cycle), {}).get("tokens")),
        )
        for arm in (each["name"] for each in result["arms"])
        for cycle in sorted({c for a, c in (*trained, *heldout) if a == arm})
    ]
    header = (
        "arm",
        "cycle",
        "accepted, %",
        "fidelity, candidates",
        "reproducibility, candidates",
        "fidelity, held-out",
        "reproducibility, held-out",
        "loss",
        "tokens",
    )
    note = (
        "Accepted: share of the cycle's candidates, with Wilson's interval. Candidates: "
        "mean over all of them, interval over seeds. Held-out: mean over evaluated samples. Loss "
        "in nats a token; tokens generated in the cycle, mean over seeds."
    )
    return Table("Acceptance, fidelity and reproducibility by cycle", header, rows, note)


def _scores(scores: Mapping[str, Any]) -> tuple[str, str]:
    return plain(scores.get("fidelity")), plain(scores.get("reproducibility"))


def tools(result: Result) -> Table:
    note = "Before: share correct. Columns of arms: change in points after the last cycle."
    return _by_arm(result, "tools", "tool", "Correctness by tool", note)


def faults(result: Result) -> Table:
    note = "Before: share of judged samples with that fault. Columns of arms: change in points."
    return _by_arm(result, "faults", "fault", "Mistakes by kind", note)


def _by_arm(result: Result, table: str, key: str, title: str, note: str) -> Table:
    """A breakdown with one row per key and the arms' changes side by side."""
    arms = [arm["name"] for arm in result["arms"]]
    cells = {(row[key], row["arm"]): row for row in result[table]}
    before: dict[str, Mapping[str, Any]] = {}
    for row in result[table]:
        before.setdefault(row[key], row["before"])
    rows = [
        (
            name,
            percent(start),
            *(points(cells.get((name, arm), {}).get("change")) for arm in arms),
            _range_of([cells[name, arm]["change"] for arm in arms if (name, arm) in cells]),
            basis(start),
        )
        for name, start in before.items()
    ]
    return Table(title, (key, "before, %", *arms, "detectable", "n"), rows, note)


def _range_of(changes: Sequence[Mapping[str, Any]]) -> str:
    """The smallest and the largest detectable change of a row."""
    found = [change["detectable"] * 100 for change in changes if change["detectable"] is not None]
    return f"{min(found):.1f} to {max(found):.1f}" if found else MISSING


def outcomes(result: Result) -> Table:
    names = list(result["outcomes"][0]["counts"]) if result["outcomes"] else []
    rows = [
        (
            "before training" if row["arm"] == "base" else row["arm"],
            *(f"{row['counts'][name]:,}" for name in names),
            percent(row["correct_of_all"]),
            percent(row["correct_of_judged"]),
        )
        for row in result["outcomes"]
    ]
    header = ("arm", *names, "correct of all, %", "correct of judged, %")
    note = (
        "Samples on the held-out split. Timeouts and infrastructure errors are nobody's wrong "
        "answer: judged samples are those that are correct, wrong or unparseable."
    )
    return Table("Outcomes, with both denominators", header, rows, note)


def verdicts(result: Result) -> Table:
    """Where the tool's, the checker's and the lab's word differ."""
    disagreements = (
        "flag_valid_intent_wrong",
        "intent_correct_effect_missing",
        "intent_wrong_effect_seen",
    )
    rows = [
        (
            "before training" if row["arm"] == "base" else row["arm"],
            percent(row["flag_valid"]["share"]),
            percent(row["intent_correct"]["share"]),
            *(_hits(row[key]) for key in disagreements),
        )
        for row in result["verdicts"]
    ]
    header = (
        "arm",
        "flags valid, %",
        "intent correct, %",
        "valid flags, wrong intent, %",
        "correct intent, no effect, %",
        "wrong intent, effect seen, %",
    )
    note = (
        "Flags valid: the tool takes the command. Intent correct: the checker passes it for its "
        "task. Effect: the lab saw what the task expects. The last two columns are of samples that "
        "were run and decided: every command of correct intent, and some with valid flags and "
        "wrong intent. In brackets: samples that disagree, of how many."
    )
    return Table("Where the verdicts disagree", header, rows, note)


def _hits(row: Mapping[str, Any]) -> str:
    if not row["samples"]:
        return MISSING
    return f"{percent(row['share'])} ({row['hits']} of {row['samples']})"


def impossible(result: Result) -> Table:
    """Kept apart from correctness, so that an agent that does nothing scores nothing there."""
    found = _impossible(result)
    rows = [
        (
            row["arm"],
            _refused(row["before"]),
            _refused(row["after"]),
            points(row.get("change")),
        )
        for row in found["arms"]
    ]
    note = (
        f"{found['tasks']} held-out tasks ask a tool for what it cannot do; right is an answer "
        "that runs no tool. Samples that refused, of those drawn. No part of correctness."
    )
    return Table(
        "Impossible tasks refused", ("arm", "before", "after", "change, points"), rows, note
    )


def _impossible(result: Result) -> Mapping[str, Any]:
    """Empty for results from before there were such tasks."""
    found: Mapping[str, Any] = result.get("impossible", {"tasks": 0, "arms": []})
    return found


def _refused(row: Mapping[str, int]) -> str:
    return f"{row['refused']} of {row['samples']}" if row["samples"] else MISSING


def tokens(result: Result) -> Table:
    reference = result["tokens"]["relative_to"]
    rows = [
        (arm, count(row["per_cycle"]), plain(row["ratio"]))
        for arm, row in result["tokens"]["arms"].items()
    ]
    header = ("arm", "tokens a cycle", f"ratio to {reference}" if reference else "ratio")
    note = "All sequences generated for training: candidates, reconstructions, regenerations."
    return Table("Tokens generated by training", header, rows, note)
