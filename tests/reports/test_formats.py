"""LaTeX and CSV hold every number, and nothing that a prompt says can break them."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import Any

from reports import content, estimates, latex, markdown, side_by_side, tables

Result = dict[str, Any]


def test_latex_has_every_table_with_every_cell(result: Result) -> None:
    text = latex.document(content.all_tables(result))
    shown = [table for table in content.all_tables(result) if table.rows]
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == len(shown)
    for table in shown:
        own = text.split(rf"\caption{{{latex.escaped(table.title)}}}")[1].split(r"\bottomrule")[0]
        rows = [line for line in own.splitlines() if line.endswith(r" \\")]
        assert len(rows) == len(table.rows) + 1
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(table.header) - 1}


def test_latex_reads_no_orders_from_text() -> None:
    hostile = "\\input{x} 50% $a_b$ #1 {y} ~^ <a> [2] p | q & r – -3.5 no-train"
    assert latex.escaped(hostile) == (
        r"\textbackslash{}input\{x\} 50\% \$a\_b\$ \#1 \{y\} \textasciitilde{}\textasciicircum{} "
        r"\textless{}a\textgreater{} {[}2] p \textbar{} q \& r -- $-$3.5 no-train"
    )


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_csv_has_every_estimate_unrounded(result: Result) -> None:
    rows = rows_of(estimates.table({"mine": result}))
    found = {
        tuple(row[key] for key in ("table", "arm", "cycle", "proxy", "tool", "fault", "quantity"))
        for row in rows
    }
    assert len(found) == len(rows)  # the labels tell all estimates apart
    gap = [row for row in rows if (row["table"], row["quantity"]) == ("gap", "GG")]
    assert [float(row["value"]) for row in gap] == [row["GG"]["value"] for row in result["gap"]]
    assert gap[0]["run"] == "mine"
    tool = next(row for row in rows if row["table"] == "tools" and row["quantity"] == "change")
    assert tool["tool"] == result["tools"][0]["tool"]
    assert float(tool["high"]) == result["tools"][0]["change"]["high"]


def test_csv_leaves_empty_what_cannot_be_computed(result: Result) -> None:
    nothing = dict.fromkeys(("value", "low", "high"))
    rows = rows_of(estimates.table({"": {"audit": [{"proxy": "p, q", "auroc": nothing}]}}))
    assert rows[0]["proxy"] == "p, q"
    assert rows[0]["value"] == ""


def test_runs_side_by_side_keep_every_arm(result: Result) -> None:
    fewer = result | {
        key: [row for row in result[key] if row.get("arm", row.get("name")) != "oracle"]
        for key in ("arms", "correctness", "gap")
    }
    both = {"first": result, "second": fewer}
    change = next(t for t in side_by_side.tables(both) if t.title == "Change of correctness")
    assert [row[0] for row in change.rows] == [arm["name"] for arm in result["arms"]]
    assert change.rows[-1][2] == "–"
    for text in (markdown.side_by_side(both), tables.side_by_side(both)):
        assert all(table.title in text for table in side_by_side.tables(both))


def test_digests_are_shortened_where_runs_are_compared(result: Result) -> None:
    long = result | {"provenance": {"suite": f"recon 2 {'0123456789ab' + 'c' * 52}"}}
    rows = {row[0]: row for row in side_by_side.settings({"a": long, "b": result}).rows}
    assert rows["suite"][1] == "recon 2 0123456789ab"
    assert rows["model"][1] == "–"
