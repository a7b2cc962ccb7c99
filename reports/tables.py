"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import Any

from tabulate import tabulate

from reports.content import all_tables, main_tables, outcomes, overlaps
from reports.side_by_side import tables
from reports.table import Table
from reports.verdict import headline

NOTE_WIDTH = 100


def terminal(result: Mapping[str, Any], details: bool = False) -> str:
    """The overlap, the two main tables and the verdict as plain text; with `details` the rest.
    Of a model that was not trained, the outcomes beside them.

    Says so when nothing was executed, and what to install.
    """
    shown = all_tables(result) if details else [*overlaps(result), *main_tables(result)]
    if not result["arms"] and not details:
        shown.append(outcomes(result))
    parts = [draw(table) for table in shown]
    parts += [f"note: {note}" for note in result["notes"]]
    parts += [f"failed: {f['arm']}, seed {f['seed']}: {f['reason']}" for f in result["failures"]]
    if not result["executed"]:
        parts.append(f"Not executed: commands were judged statically. {result['remedy']}".strip())
    return "\n\n".join([*parts, headline(result)])


def side_by_side(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Several runs, by name: the tables, then each verdict."""
    parts = [draw(table) for table in tables(results)]
    parts += [f"{name}: {headline(result)}" for name, result in results.items()]
    return "\n\n".join(parts)


def draw(table: Table) -> str:
    """Title, grid and note; a table without rows says so."""
    if not table.rows:
        return f"{table.title}\n(nothing to show)"
    body = tabulate(table.rows, headers=table.header, tablefmt="simple", disable_numparse=True)
    return f"{table.title}\n\n{body}\n\n{fill(table.note, NOTE_WIDTH)}"
