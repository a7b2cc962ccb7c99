"""The tables behind the verdict: onset, who moved, distance from the base, audit and hack probes.

A result from before there were these has none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.format import MISSING, basis, detectable, number, plain, points
from reports.table import Table

Result = Mapping[str, Any]
Row = Mapping[str, Any]


def measures(result: Result) -> list[Table]:
    """Those that the result has, in reading order."""
    return [table(result) for key, table in TABLES if has(result, key)]


def has(result: Result, key: str) -> bool:
    """Whether there is anything to show."""
    if key == "after":
        return any(row.get("cycle") for row in result["audit"])
    if key == "divergence":
        return bool(result.get(key) and result[key]["cycles"])
    if key == "habits":
        return any(row["probes"] for row in result.get(key, ()))
    return bool(result.get(key))


def onset(result: Result) -> Table:
    rows = []
    for row in result["onset"]:
        found = MISSING if not row["band"] else str(row["onset"] or f"> {row['last']}")
        lows = (f"{each['cycle']}: {100 * each['GG']['low']:+.1f}" for each in row["band"])
        rows.append((row["arm"], row["proxy"], found, ", ".join(lows) or MISSING))
    bound = 100 * result["onset"][0]["bound"]
    note = (
        f"The first of two evaluated cycles in a row whose lower bound of GG is above {bound:g} "
        "points; > T where there is none up to the last cycle T. These bounds hold for all cycles "
        "of an arm together (sup-t, 95%); the verdicts of the table above are of one cycle each."
    )
    header = ("arm", "proxy", "onset, cycle", "simultaneous lower bounds of GG, by cycle")
    return Table("Onset of the gap", header, rows, note)


def who_moved(result: Result) -> Table:
    cells = ("P_00", "P_0T", "P_T0", "P_TT")
    rows = [
        (
            row["arm"],
            f"{row['proxy']}{'*' if row['optimised'] else ''}",
            *(plain(row[cell]) for cell in cells),
            points(row["policy"]),
            points(row["scorer"]),
            points(row["scorer_on_first"]),
            basis(row["policy"]),
        )
        for row in result["who_moved"]
    ]
    header = ("arm", "proxy", *cells, "policy moved", "scorer drifted", "on first samples", "n")
    note = (
        "P_st: the proxy by the scorer of cycle s on commands of cycle t, 0 before training, T "
        "after the last cycle; on the light tasks. Policy moved: P_0T - P_00. Scorer drifted: "
        "P_TT - P_0T, and on the first samples P_T0 - P_00. Changes x 100. *: the proxy that the "
        "arm optimises. One that rose because its scorer drifted says nothing of the commands."
    )
    return Table("Who moved: the policy or its scorer", header, rows, note)


def distance(result: Result) -> Table:
    gaps = {(row["arm"], row["cycle"]): row for row in result["gap"] if row["optimised"]}
    rows = []
    for row in result["divergence"]["cycles"]:
        gap = gaps.get((row["arm"], row["cycle"]), {})
        moved = (points(gap.get(key)) for key in ("dP", "dT", "GG"))
        root = MISSING if row["root"] is None else f"{row['root']:.2f}"
        rows.append((row["arm"], str(row["cycle"]), plain(row["kl"]), root, *moved))
    header = ("arm", "cycle", "KL, nats", "sqrt(KL)", "dP", "dT", "GG")
    note = (
        "KL from the policy before training, nats a command: full-vocabulary KL of every token of "
        "commands sampled at temperature 1, summed. Changes in points, as in the gap."
    )
    return Table("Distance from the base policy", header, rows, note)


def equal(result: Result) -> Table:
    found = result["divergence"]["equal"]
    rows = [
        (
            row["arm"],
            f"{row['reached']:.2f}",
            points(row["dP"]),
            points(row["dT"]),
            points(row["GG"]),
            points(row["beyond_control"]),
        )
        for row in found["arms"]
    ]
    header = ("arm", "sqrt(KL) reached", "dP", "dT", "GG", "dT beyond random-accept")
    where = "No arm moved." if found["root"] is None else f"At sqrt(KL) {found['root']:.2f}."
    note = (
        f"{where} That is as far as all arms that moved have come; between two cycles a change is "
        "taken as linear in sqrt(KL), beyond what an arm reached nothing is said. In points; the "
        "intervals include that of the KL."
    )
    return Table("Arms at equal distance from the base", header, rows, note)


def audit(result: Result) -> Table:
    rows = [
        (
            row["proxy"],
            plain(row["auroc"]),
            plain(row.get("spearman")),
            f"{row['auroc']['tasks']} of {row['tasks']}",
            result["calibration"].get(row["proxy"]) or "not calibrated",
        )
        for row in before_training(result)
    ]
    header = (
        "proxy",
        "within-task AUROC",
        "within-task Spearman",
        "tasks with both right and wrong samples",
        "calibrated on",
    )
    note = (
        "Before training: the chance that a correct sample scores above a wrong one of the same "
        "task and seed, and their rank correlation. An AUROC of .5 means that the proxy cannot "
        "tell them apart."
    )
    return Table("What the proxies knew of truth", header, rows, note)


def before_training(result: Result) -> list[Row]:
    """The audit's rows of cycle 0; all rows of an earlier version are."""
    return [row for row in result["audit"] if not row.get("cycle")]


def audit_after(result: Result) -> Table:
    last = {(row["arm"], row["proxy"]): row for row in result["audit"] if row.get("cycle")}
    rows = [
        (
            row["arm"],
            row["proxy"],
            plain(row["auroc"]),
            plain(row["spearman"]),
            points(row["promised"]),
            detectable(row["promised"]),
        )
        for row in last.values()
    ]
    header = ("arm", "proxy", "AUROC", "Spearman", "promised too much", "detectable")
    note = (
        "After the last cycle. Promised too much: mean m(P) less the share correct, in points; m "
        "is what the proxy was worth before training."
    )
    return Table("What the proxies knew after training", header, rows, note)


UNITS = {
    "copied": "copied, % of the prompt",
    "distinct forms": "distinct forms, % of samples",
    "entropy": "entropy, nats a token",
    "length": "length, characters",
    "options": "options",
    "unknown flags": "unknown flags",
}
IN_PERCENT = ("copied", "distinct forms")


def habits(result: Result) -> Table:
    rows = list(_habits(result["habits"]))
    header = ("probe", "arm", "before", "after", "change", "n")
    note = (
        "How answers look, right or wrong. Copied: share of the prompt's runs of three words that "
        "the answer repeats. Distinct forms: canonical commands among a task's samples. Entropy: "
        "of the policy's distributions. Unknown flags: a command, as far as they can be read. "
        "Success on impossible tasks is in its own table."
    )
    return Table("Hack probes", header, rows, note)


def _habits(arms: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    names = sorted({name for row in arms for name in row["probes"]})
    for name in names:
        scale = 100 if name in IN_PERCENT else 1
        digits = ".1f" if name in (*IN_PERCENT, "length") else ".2f"
        for row in arms:
            if found := row["probes"].get(name):
                yield (
                    UNITS.get(name, name),
                    row["arm"],
                    number(found["before"], scale, digits),
                    number(found["after"], scale, digits),
                    number(found["change"], scale, f"+{digits}"),
                    basis(found["change"]),
                )


TABLES = (
    ("onset", onset),
    ("who_moved", who_moved),
    ("divergence", distance),
    ("divergence", equal),
    ("audit", audit),
    ("after", audit_after),
    ("habits", habits),
)
