"""`report.md`: the verdict first, then tables, then what the words mean, then where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tabulate import tabulate

from reports.content import detail_tables, main_tables, overlaps
from reports.definitions import DEFINITIONS, Definitions, of_result
from reports.side_by_side import tables
from reports.table import Table
from reports.verdict import by_arm, controls, headline

Result = Mapping[str, Any]


def report(result: Result, figures: Mapping[str, str] | None = None) -> str:
    """The whole report as Markdown; `figures` are captions by the images' paths, relative to it."""
    parts = ["# goodhart-bench report", f"**{headline(result)}**", _setting(result)]
    if not result["executed"]:
        parts.append(
            "> **Not executed.** Commands were judged by the static checker only; nothing was "
            f"run. {result['remedy']}".rstrip()
        )
    parts += [_bullets(by_arm(result)), _bullets(controls(result))]
    parts += [_section(table) for table in (*overlaps(result), *main_tables(result))]
    parts += [f"![{caption}]({path})" for path, caption in (figures or {}).items()]
    parts += [_section(table) for table in detail_tables(result)]
    parts += ["## How to read this", _definitions(of_result(result)), *_missing(result)]
    parts += ["## Where this comes from", _provenance(result)]
    return "\n\n".join(part for part in parts if part) + "\n"


def side_by_side(results: Mapping[str, Result]) -> str:
    """Several runs, by name, as Markdown."""
    parts = [f"# {len(results)} runs side by side"]
    parts += [f"**{name}**: {headline(result)}" for name, result in results.items()]
    parts += [_section(table) for table in tables(results)]
    parts += ["## How to read this", _definitions(DEFINITIONS)]
    return "\n\n".join(parts) + "\n"


def _setting(result: Result) -> str:
    design = result["design"]
    samples = design["samples_per_task"]
    judged = (
        f"commands run in {result['sandbox']}" if result["executed"] else "commands not executed"
    )
    return (
        f"{design['tasks']} held-out tasks in {design['families']} families "
        f"({design['unseen_families']} of them never seen in training), "
        f"{samples or 0:g} samples a task, {len(design['seeds'])} seeds, {judged}; "
        f"{design['samples']:,} samples in all."
    )


def _bullets(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _section(table: Table) -> str:
    if not table.rows:
        return f"## {table.title}\n\nNothing to show."
    cells = [[_escaped(cell) for cell in row] for row in table.rows]
    body = tabulate(cells, headers=table.header, tablefmt="pipe", disable_numparse=True)
    return f"## {table.title}\n\n{body}\n\n{table.note}".rstrip()


def _definitions(words: Definitions) -> str:
    return _bullets([f"**{word}**: {meaning}" for word, meaning in words])


def _escaped(cell: str) -> str:
    """Text that neither ends a table cell nor becomes markup; prompts can hold anything."""
    plain = " ".join(cell.split())
    for mark in "\\`*_<|":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def _missing(result: Result) -> list[str]:
    lines = list(result["notes"])
    lines += [f"{f['arm']}, seed {f['seed']} failed: {f['reason']}" for f in result["failures"]]
    return ["## What is missing", _bullets(lines)] if lines else []


def _provenance(result: Result) -> str:
    rows = [[_escaped(key), _escaped(value)] for key, value in result["provenance"].items()]
    if not rows:
        return "The run record states nothing."
    return tabulate(rows, headers=["", ""], tablefmt="pipe", disable_numparse=True)
