"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import Any

from tabulate import tabulate

from reports.content import Table, detail_tables, main_tables, overlap
from reports.verdict import headline

NOTE_WIDTH = 100


def terminal(result: Mapping[str, Any], details: bool = False) -> str:
    """The overlap, the two main tables and the verdict as plain text; with `details` the rest.

    Says so when nothing was executed, and what to install.
    """
    tables = [overlap(result), *main_tables(result)]
    if details:
        tables += detail_tables(result)
    parts = [draw(table) for table in tables]
    parts += [f"note: {note}" for note in result["notes"]]
    parts += [f"failed: {f['arm']}, seed {f['seed']}: {f['reason']}" for f in result["failures"]]
    if not result["executed"]:
        parts.append(f"Not executed: commands were judged statically. {result['remedy']}".strip())
    return "\n\n".join([*parts, headline(result)])


def draw(table: Table) -> str:
    """Title, grid and note; a table without rows says so."""
    if not table.rows:
        return f"{table.title}\n(nothing to show)"
    body = tabulate(table.rows, headers=table.header, tablefmt="simple", disable_numparse=True)
    return f"{table.title}\n\n{body}\n\n{fill(table.note, NOTE_WIDTH)}"
