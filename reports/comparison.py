"""Two policies side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.format import basis, detectable, p_value, percent, points
from reports.table import Table
from reports.tables import draw

Comparison = Mapping[str, Any]


def terminal(comparison: Comparison, flips: int) -> str:
    """The paired table, then the first `flips` flipped tasks of every row."""
    parts = [draw(paired(comparison))]
    for row in comparison["rows"]:
        if row["flips"] and flips:
            parts.append(flipped(row, flips))
    return "\n\n".join(parts)


def paired(comparison: Comparison) -> Table:
    rows = comparison["rows"]
    several, single = len(rows) > 1, any(row["p_mcnemar"] is not None for row in rows)
    header = ["A", "B", "A, %", "B, %", "change, points", "p", "p (sign flips)"]
    header += ["p (Holm)"] * several + ["p (McNemar)"] * single
    header += ["p (equivalent)", "wins", "losses", "detectable", "n"]
    table = []
    for row in rows:
        cells = [row["before_policy"], row["after_policy"], percent(row["before"])]
        cells += [percent(row["after"]), points(row["change"])]
        cells += [p_value(row["p"]), p_value(row["p_sign_flip"])]
        cells += [p_value(row["p_holm"])] * several + [p_value(row["p_mcnemar"])] * single
        cells += [p_value(row["p_equivalent"]), str(row["wins"]), str(row["losses"])]
        table.append([*cells, detectable(row["change"]), basis(row["change"])])
    margin = 100 * comparison["margin"]
    note = (
        "Share of judged held-out samples that are correct, mean of task means, and the change "
        "from A to B paired by task, with 95% intervals. p: of no change, by the interval's "
        "Student's t; sign flips: by families, as if the trainings were fixed. Equivalent: p of "
        f"a change of {margin:g} points or more; below .05 there is none. Wins and losses: tasks "
        "that B does better and worse. Detectable: the smallest change found in 80% of cases, in "
        "points. n: tasks x samples a task x seeds."
    )
    return Table(f"{comparison['a']} (A) against {comparison['b']} (B)", header, table, note)


def flipped(row: Mapping[str, Any], most: int) -> str:
    """Tasks that went from mostly right to not, or back, with both commands."""
    shown = row["flips"][:most]
    lost = sum(flip["after"] < flip["before"] for flip in row["flips"])
    total = len(row["flips"])
    title = f"{row['after_policy']}: {total} tasks flipped, {lost} lost and {total - lost} won"
    lines = [title if total <= most else f"{title}; the first {most}:"]
    for flip in shown:
        shares = f"{flip['before']:.0%} -> {flip['after']:.0%}"
        lines.append(
            f"\n{'lost' if flip['after'] < flip['before'] else 'won'}: {flip['task']}  {shares}"
        )
        lines.append(f"  A  {' '.join(flip['command_before'].split())}")
        lines.append(f"  B  {' '.join(flip['command_after'].split())}")
    return "\n".join(lines)
