"""The agreement ledger as data and as text: cells with intervals, and every disagreement."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record import Row, write_whole
from harness.statistics import wilson
from tasks.agreement.ledger import (
    VALID,
    Case,
    Count,
    Outcome,
    agreement,
    invalid_accepted,
    same_reason,
    valid_rejected,
)

if TYPE_CHECKING:
    from harness.agreement import Result

OVERALL = 0.995  # agreement on mutants
EACH_CELL = 0.98  # agreement in a cell of so many decidable cases, or more:
ENOUGH = 10
WRONG = 0.005  # valid rejected, and invalid accepted

_VARIABLE = re.compile(r"\d+|'[^']*'|\"[^\"]*\"")


def write(result: Result, folder: Path) -> Row:
    """Write ledger.json and ledger.md; the data of the first."""
    folder.mkdir(parents=True, exist_ok=True)
    data = as_data(result)
    write_whole(folder / "ledger.json", json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    write_whole(folder / "ledger.md", as_text(data))
    return data


def as_data(result: Result) -> Row:
    """The ledger as plain data; rates have Wilson's 95% interval."""
    mutants = [case for case in result.cases if case.kind != VALID]
    cells = list(_cells(result.cases))
    data: Row = {
        "image": result.image,
        "seed": result.plan.seed,
        "mutators": result.plan.group,
        "tools": {drawn.tool: drawn.version for drawn in result.drawn},
        "commands": len(result.cases),
        "mutants": _with_interval(agreement(mutants)),
        "valid": _with_interval(agreement(c for c in result.cases if c.kind == VALID)),
        "valid_rejected": _with_interval(valid_rejected(result.cases)),
        "invalid_accepted": _with_interval(invalid_accepted(result.cases)),
        "same_reason": _with_interval(same_reason(result.cases)),
        "passes": result.plan.passes,
        "unsteady": result.unsteady,
        "by_tool": list(_by_tool(result.cases)),
        "cells": cells,
        "disagreements": [_shown(c) for c in result.cases if c.outcome is Outcome.DISAGREES],
        "undecidable": list(_undecidable(result.cases)),
        "unused": {drawn.tool: drawn.unused for drawn in result.drawn if drawn.unused},
    }
    data["missed"] = list(_missed(data))
    return data


def _with_interval(count: Count) -> Row:
    low, high = wilson(count.hits, count.n)
    return {"hits": count.hits, "n": count.n, "rate": count.rate, "low": low, "high": high}


def _cells(cases: Sequence[Case]) -> Iterator[Row]:
    for (tool, kind), group in groupby(_sorted(cases), key=lambda c: (c.tool, c.kind)):
        members = list(group)
        count = agreement(members)
        cell: Row = {"tool": tool, "class": kind, "undecidable": len(members) - count.n}
        yield cell | _with_interval(count)


def _sorted(cases: Sequence[Case]) -> list[Case]:
    """By tool and class, in the order in which they were drawn."""
    kinds = list(dict.fromkeys(case.kind for case in cases))
    return sorted(cases, key=lambda case: (case.tool, kinds.index(case.kind)))


def _by_tool(cases: Sequence[Case]) -> Iterator[Row]:
    for tool, group in groupby(_sorted(cases), key=lambda c: c.tool):
        members = list(group)
        yield {
            "tool": tool,
            "valid": _with_interval(agreement(c for c in members if c.kind == VALID)),
            "mutants": _with_interval(agreement(c for c in members if c.kind != VALID)),
            "valid_rejected": _with_interval(valid_rejected(members)),
            "invalid_accepted": _with_interval(invalid_accepted(members)),
            "same_reason": _with_interval(same_reason(members)),
            "undecidable": sum(case.outcome is Outcome.UNDECIDABLE for case in members),
        }


def _shown(case: Case) -> Row:
    return {name: value for name, value in asdict(case).items() if name != "outcome"}


def _undecidable(cases: Sequence[Case]) -> Iterator[Row]:
    """How many commands of a tool cannot be decided for one reason, with one of them. What was
    said counts as the same if it differs only in numbers and in what is quoted."""
    found = [case for case in cases if case.outcome is Outcome.UNDECIDABLE]
    keys = [(case.tool, case.why, _VARIABLE.sub("", case.said)) for case in found]
    examples = dict(zip(reversed(keys), reversed(found), strict=True))
    for key, number in sorted(Counter(keys).items(), key=lambda item: (item[0][0], -item[1])):
        example = examples[key]
        yield {
            "tool": example.tool,
            "why": example.why,
            "commands": number,
            "example": example.command,
            "said": example.said,
        }


def _missed(data: Row) -> Iterator[str]:
    """The figures that are not reached, a sentence each."""
    rate = data["mutants"]["rate"]
    if rate is None or rate < OVERALL:
        yield f"mutants agree in {_percent(rate)}, wanted {OVERALL:.1%}"
    for cell in data["cells"]:
        if cell["n"] >= ENOUGH and cell["rate"] < EACH_CELL:
            name = f"{cell['tool']}, {cell['class']}"
            yield f"{name}: {cell['hits']} of {cell['n']} agree, wanted {EACH_CELL:.0%}"
    for name in ("valid_rejected", "invalid_accepted"):
        rate = data[name]["rate"]
        if rate is not None and rate > WRONG:
            yield f"{name.replace('_', ' ')} {_percent(rate)}, at most {WRONG:.1%} wanted"
    if data["unsteady"]:
        yield f"{len(data['unsteady'])} verdicts changed between passes"


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


def _cell_text(count: Row) -> str:
    """ "99.1% of 230 (97.0-99.8)"; a dash where there were none."""
    if not count["n"]:
        return "-"
    return f"{count['rate']:.2%} of {count['n']} ({count['low']:.1%}-{count['high']:.1%})"


def summary(data: Row) -> str:
    """The figures of the whole ledger, and those that are missed."""
    decided = data["mutants"]["n"] + data["valid"]["n"]
    lines = [
        f"{data['commands']} commands of {len(data['tools'])} tools, {decided} decidable",
        f"mutants that agree: {_cell_text(data['mutants'])}",
        f"valid commands that agree: {_cell_text(data['valid'])}",
        f"valid rejected: {_cell_text(data['valid_rejected'])}",
        f"invalid accepted: {_cell_text(data['invalid_accepted'])}",
        f"refused by both, for the same reason: {_cell_text(data['same_reason'])}",
    ]
    if data["passes"] > 1:
        lines.append(f"{data['passes']} passes: {len(data['unsteady'])} verdicts changed")
    return "\n".join(lines + [f"missed: {sentence}" for sentence in data["missed"]])


def as_text(data: Row) -> str:
    """The ledger as Markdown."""
    parts = [
        "# Agreement ledger",
        f"Image {data['image'][:19]}, seed {data['seed']}, mutators: {data['mutators']}.",
        "\n".join(f"- {line}" for line in summary(data).splitlines()),
        "## By tool",
        _tools_table(data),
        "## By tool and class",
        "Agreements of decidable commands; how to read this is in docs/agreement.md.",
        _cells_table(data),
        "## Disagreements",
        *(_disagreements(data) or ["None."]),
        "## What execution cannot decide",
        _undecidable_table(data) if data["undecidable"] else "Nothing.",
    ]
    if data["unused"]:
        parts.append("## Spellings that no valid command has")
        parts += [f"- {tool}: {', '.join(names)}" for tool, names in data["unused"].items()]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _tools_table(data: Row) -> str:
    head = ["tool", "valid agree", "mutants agree", "valid rejected", "invalid accepted"]
    names = ("valid", "mutants", "valid_rejected", "invalid_accepted", "same_reason")
    rows = [
        [
            f"{row['tool']} {data['tools'][row['tool']]}",
            *(_cell_text(row[name]) for name in names),
            str(row["undecidable"]),
        ]
        for row in data["by_tool"]
    ]
    return _table([*head, "same reason", "undecidable"], rows)


def _cells_table(data: Row) -> str:
    kinds = list(dict.fromkeys(cell["class"] for cell in data["cells"]))
    found = {(cell["tool"], cell["class"]): cell for cell in data["cells"]}
    rows = []
    for tool in data["tools"]:
        cells = [found.get((tool, kind)) for kind in kinds]
        rows.append([tool, *(f"{c['hits']}/{c['n']}" if c and c["n"] else "-" for c in cells)])
    return _table(["tool", *kinds], rows)


def _disagreements(data: Row) -> list[str]:
    """One list for each tool."""
    parts = []
    for tool, group in groupby(data["disagreements"], key=lambda row: str(row["tool"])):
        parts += [f"### {tool}", "\n".join(_disagreement(row) for row in group)]
    return parts


def _disagreement(row: Row) -> str:
    said = f", `{_code(row['said'])}`" if row["said"] else ""
    static = f"static: {row['static']}"
    static += f" ({row['fault']}: {row['reason']})" if row["fault"] else ""
    text = f"- `{_code(row['command'])}` ({row['kind']}); {static}; "
    text += f"binary: {row['binary']} (exit {row['exit_code']}{said})"
    return f"{text}. {row['why']}" if row["why"] else text


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "\\|")[:280]


def _undecidable_table(data: Row) -> str:
    rows = [
        [
            row["tool"],
            str(row["commands"]),
            row["why"].replace("|", "\\|"),
            f"`{_code(row['example'])}`",
            f"`{_code(row['said'])}`" if row["said"] else "",
        ]
        for row in data["undecidable"]
    ]
    return _table(["tool", "commands", "why", "for example", "it said"], rows)
