"""Write what people read beside the result it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports import distance, estimates, figure, latex, markdown, side_by_side
from reports.content import all_tables
from reports.html import page
from reports.html.samples import Record

PAGE, REPORT, TABLES, ESTIMATES = "report.html", "report.md", "tables.tex", "estimates.csv"
FIGURE, DRAWING = "figure.png", "figure.svg"
DISTANCE, DISTANCE_DRAWING = "distance.png", "distance.svg"
NAMES = (PAGE, REPORT, TABLES, ESTIMATES, FIGURE, DRAWING, DISTANCE, DISTANCE_DRAWING)


def save(result: Mapping[str, Any], folder: Path, record: Record | None = None) -> Path:
    """Write a run's report in every format into `folder`; the path of the page.

    With the run's record the page holds its samples.
    """
    _write(folder / REPORT, markdown.report(result, _figures(result, folder)))
    _write(folder / TABLES, latex.document(all_tables(result)))
    _write(folder / ESTIMATES, estimates.table({record.name if record else "": result}))
    return _write(folder / PAGE, page.page(result, record))


def _figures(result: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Draw them; captions by the names of the images that a text can show."""
    for name in (FIGURE, DRAWING):
        figure.draw(result, folder / name)
    shown = {FIGURE: figure.caption(result)}
    if all(distance.draw(result, folder / name) for name in (DISTANCE, DISTANCE_DRAWING)):
        shown[DISTANCE] = distance.CAPTION
    return shown


def save_side_by_side(results: Mapping[str, Mapping[str, Any]], folder: Path) -> Path:
    """Write several runs, by name, in every format but figures; the path of the page."""
    _write(folder / REPORT, markdown.side_by_side(results))
    _write(folder / TABLES, latex.document(side_by_side.tables(results)))
    _write(folder / ESTIMATES, estimates.table(results))
    return _write(folder / PAGE, page.side_by_side(results))


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
