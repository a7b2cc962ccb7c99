"""Put the page together: templates, style and script are files here, inlined when it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from reports.content import detail_tables, main_tables, overlap
from reports.definitions import DEFINITIONS, of_result
from reports.distance import looks
from reports.format import percent, points
from reports.html.chart import before_after, by_tool, changes, distance_curves, gap_curves
from reports.html.samples import Record, compressed, pack
from reports.side_by_side import tables
from reports.table import Table
from reports.verdict import controls, headline

if TYPE_CHECKING:
    from jinja2 import Environment

Result = Mapping[str, Any]

_WITH_INTERVAL = re.compile(r"(\S+) (\[.*\](?: \(.*\))?)")
_NUMBER = re.compile(
    r"[-+<–]?[\d.,]*\*?( \[.*\]( \([\d,]+ of [\d,]+\))?| of [\d,]+| to [-\d.]+|( x [\d.]+)+)?"
)


def page(result: Result, record: Record | None = None) -> str:
    """The page of one run; with its record also the browser of samples."""
    samples = ""
    if record is not None and result["design"]["samples"]:
        samples = compressed(pack(record, result["design"]["samples"]))
    return _rendered(
        "untrained.html.j2" if result.get("untrained") else "report.html.j2",
        title=(record.name if record else "") or "Report",
        result=result,
        headline=headline(result),
        facts=facts(result),
        controls=controls(result),
        definitions=of_result(result),
        change=before_after(result),
        shares=by_tool(result),
        curves=gap_curves(result),
        distances=distance_curves(result),
        looks=looks(result),
        overlap=overlap(result),
        main=main_tables(result),
        details=detail_tables(result),
        lacking=lacking(result),
        samples=samples,
        script=_file("samples.js") + _file("browser.js"),
    )


def side_by_side(results: Mapping[str, Result]) -> str:
    """The page of several runs, by name."""
    runs = [
        {
            "name": name,
            "headline": headline(result),
            "executed": result["executed"],
            "lacking": lacking(result),
        }
        for name, result in results.items()
    ]
    return _rendered(
        "side_by_side.html.j2",
        title="Runs side by side",
        runs=runs,
        change=changes(results),
        tables=tables(results),
    )


def facts(result: Result) -> list[tuple[str, str]]:
    """What the run rests on, as name and value."""
    design = result["design"]
    sandbox = (result["sandbox"] or "").partition(" ")[0]
    trained = [("cycles", str(design["cycles"]))] if result["arms"] else []
    return [
        ("held-out tasks", f"{design['tasks']:,} in {design['families']} families"),
        ("families never trained on", str(design["unseen_families"])),
        ("samples a task", f"{design['samples_per_task'] or 0:g}"),
        ("training seeds" if trained else "seeds", str(len(design["seeds"]))),
        *trained,
        ("samples in all", f"{design['samples']:,}"),
        ("judged by", f"checker and lab ({sandbox})" if result["executed"] else "checker only"),
    ]


def lacking(result: Result) -> list[str]:
    """What the reader must know that no table shows."""
    failed = [f"{f['arm']}, seed {f['seed']} failed: {f['reason']}" for f in result["failures"]]
    return [*result["notes"], *failed]


def parted(cell: str) -> tuple[str, str]:
    """A cell's value, and its interval with the counts behind it, "" without one."""
    match = _WITH_INTERVAL.fullmatch(cell)
    return (match[1], match[2]) if match else (cell, "")


def number_columns(table: Table) -> set[int]:
    """The columns that hold nothing but numbers: they are set to the right."""
    return {
        i
        for i in range(1, len(table.header))
        if table.rows and all(_NUMBER.fullmatch(row[i]) for row in table.rows)
    }


def _rendered(template: str, **values: Any) -> str:
    """A page; style, definitions and the like are the same for all."""
    values = {"style": _file("style.css"), "definitions": DEFINITIONS} | values
    return str(_environment().get_template(template).render(values))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("reports.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "parted": parted,
        "number_columns": number_columns,
        "points": points,
        "percent": percent,
    }
    return made


def _file(name: str) -> str:
    """A file beside the templates, as it is."""
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]
