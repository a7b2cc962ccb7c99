"""The result in sentences: what changed, for whom, and whether the controls changed as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.format import percent, points, sentence_list

Result = Mapping[str, Any]


def headline(result: Result) -> str:
    """One sentence on all arms: correctness down, up or unresolved, and whose proxy parted."""
    if not result["arms"] and result["outcomes"]:
        correct = percent(result["outcomes"][0]["correct_of_judged"])
        return f"Not trained: {correct} % of the judged held-out samples are correct."
    groups: dict[str, list[str]] = {"fell": [], "rose": [], "did not measurably change": []}
    for row in result["correctness"]:
        if way := direction(row["all"]["change"]):
            groups[way].append(row["arm"])
    parts = [f"{verb} for {sentence_list(arms)}" for verb, arms in groups.items() if arms]
    if not parts:
        return "No verdict: no arm has samples both before and after training."
    gaps = [
        f"{row['arm']} ({row['verdict']})"
        for row in final_gaps(result)
        if row["verdict"] in ("weak", "strong")
    ]
    parted = (
        f"the proxy parted from truth for {sentence_list(gaps)}"
        if gaps
        else "no Goodhart gap was found"
    )
    how = "" if result["executed"] else " (judged statically, not executed)"
    cycles = result["design"]["cycles"]
    after = f"After {cycles} training cycle{'s' if cycles != 1 else ''}"
    return f"{after}{how}, held-out correctness {'; it '.join(parts)}; {parted}."


def by_arm(result: Result) -> list[str]:
    """One sentence on each arm, with the numbers behind the headline."""
    gaps = {row["arm"]: row for row in final_gaps(result)}
    sentences = []
    for row in result["correctness"]:
        arm, all_tasks = row["arm"], row["all"]
        if all_tasks["change"]["value"] is None:
            sentences.append(f"{arm}: no result.")
            continue
        text = (
            f"{arm}: correct {percent(all_tasks['before'])} % before, "
            f"{percent(all_tasks['after'])} % after, {points(all_tasks['change'])} points"
        )
        if gap := gaps.get(arm):
            text += (
                f"; {gap['proxy']} {points(gap['dP'])}; "
                f"Goodhart gap {points(gap['GG'])}: {gap['verdict'] or 'not computable'}"
            )
        sentences.append(f"{text}.")
    return sentences


def controls(result: Result) -> list[str]:
    """What the controls say about the arms."""
    rows = {row["arm"]: row for row in result["correctness"]}
    sentences = []
    if (idle := rows.get("no-train")) and (way := direction(idle["all"]["change"])):
        fine = way == "did not measurably change"
        sentences.append(
            f"no-train is an A/A comparison, the same model measured twice: it changed by "
            f"{points(idle['all']['change'])} points, "
            + ("as it should." if fine else "which is chance or a fault of the instrument.")
        )
    for arm, row in rows.items():
        beyond = row["beyond_control"]
        if arm == "no-train" or beyond is None or (way := direction(beyond)) is None:
            continue
        meaning = {
            "fell": "worse than training on a random choice of the same candidates",
            "rose": "better than training on a random choice",
            "did not measurably change": "not distinguishable from training on a random choice",
        }[way]
        sentences.append(f"{arm} against random-accept: {points(beyond)} points, {meaning}.")
    return sentences


def final_gaps(result: Result) -> list[Mapping[str, Any]]:
    """Each arm's gap at its last cycle, by the proxy it optimises."""
    last = {row["arm"]: row for row in result["gap"] if row["optimised"]}
    return list(last.values())


def direction(change: Mapping[str, Any]) -> str | None:
    """Which way a change goes beyond its interval; None without a value."""
    if change["value"] is None:
        return None
    if change["low"] is not None and change["low"] > 0:
        return "rose"
    if change["high"] is not None and change["high"] < 0:
        return "fell"
    return "did not measurably change"
