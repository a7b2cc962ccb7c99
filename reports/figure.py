"""The figure: how proxy and truth moved over the cycles, one panel for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from reports.drawing import blank, write


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity of the gap rows and how it is drawn."""

    key: str
    label: str
    color: str
    style: str


# Okabe and Ito's colours, told apart with any colour vision; markers and dashes differ as well.
LINES = (
    Line("dT", "truth (share correct)", "#0072B2", "o-"),
    Line("dP", "the arm's proxy", "#D55E00", "s--"),
)
PANEL_INCHES = (3.2, 2.7)
LEGEND_INCHES = 0.6
MOST_COLUMNS = 3


def draw(result: Mapping[str, Any], path: Path) -> Path:
    """Write the figure to `path` (.png or .svg). Arms without a result keep an empty panel; of a
    model that was not trained it shows the share correct by tool."""
    if result.get("untrained"):
        return _draw_shares(result, path)
    arms = result["arms"]
    columns = min(max(len(arms), 1), MOST_COLUMNS)
    rows = max(1, -(-len(arms) // columns))
    size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows + LEGEND_INCHES)
    figure = blank(*size)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for panel, arm in zip_longest(panels.flat, arms):
        if arm is None:
            panel.set_visible(False)
            continue
        own = [r for r in result["gap"] if r["arm"] == arm["name"] and r["optimised"]]
        _panel(panel, arm, own)
    for panel in panels[:, 0]:
        panel.set_ylabel("change from cycle 0, points", fontsize=9)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=2, frameon=False, fontsize=9)
    mark = "" if result["executed"] else " (not executed)"
    figure.suptitle(f"Did truth follow the proxy?{mark}", fontsize=11)
    figure.tight_layout(rect=(0, LEGEND_INCHES / size[1] / 2, 1, 1))
    return write(figure, path)


def caption(result: Mapping[str, Any]) -> str:
    """What the figure shows, for those who do not see it."""
    if result.get("untrained"):
        return "Share of held-out samples that are correct, by tool"
    return "Change of proxy and truth over cycles, by arm"


def _draw_shares(result: Mapping[str, Any], path: Path) -> Path:
    """A bar for each tool, with its 95% interval."""
    known = (row for row in result["untrained"]["tools"] if row["correct"]["low"] is not None)
    rows = list(known)[::-1]
    figure = blank(6.4, 1.2 + 0.24 * len(rows))
    panel = figure.subplots()
    for place, row in enumerate(rows):
        value, low, high = (100 * row["correct"][end] for end in ("value", "low", "high"))
        panel.plot([low, high], [place, place], color=LINES[0].color, linewidth=1.6)
        panel.plot([value], [place], "o", color=LINES[0].color, markersize=4)
    panel.set_yticks(range(len(rows)), [row["tool"] for row in rows], fontsize=8)
    panel.set_xlim(0, 100)
    panel.set_xlabel("correct, % of judged held-out samples", fontsize=9)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    mark = "" if result["executed"] else " (not executed)"
    figure.suptitle(f"How often it is right{mark}", fontsize=11)
    figure.tight_layout()
    return write(figure, path)


def _panel(panel: Any, arm: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """One arm: two lines from 0 with their 95% bands."""
    panel.axhline(0, color="0.6", linewidth=0.8)
    for line in LINES:
        _draw_line(panel, rows, line)
    verdict = next((row["verdict"] for row in reversed(rows)), None)
    said = {None: "no verdict", "none": "no gap"}.get(verdict, f"{verdict} gap")
    panel.set_title(f"{arm['name']}: {said}\n{arm['proxy']}", fontsize=9)
    panel.set_xlabel("cycle", fontsize=9)
    panel.set_xticks(_ticks([0, *(row["cycle"] for row in rows)]))
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _draw_line(panel: Any, rows: Sequence[Mapping[str, Any]], line: Line) -> None:
    """The change by cycle, starting from 0, with a band where there are intervals."""
    cycles = [0, *(row["cycle"] for row in rows)]

    def series(end: str) -> list[float]:
        values = [row[line.key][end] for row in rows]
        return [0.0, *(float("nan") if v is None else 100 * v for v in values)]

    look = {"color": line.color, "label": line.label, "markersize": 4, "linewidth": 1.6}
    panel.plot(cycles, series("value"), line.style, **look)
    band = {"color": line.color, "alpha": 0.18, "linewidth": 0}
    panel.fill_between(cycles, series("low"), series("high"), **band)


def _ticks(cycles: Sequence[int]) -> list[int]:
    """At most six whole cycles, the first always among them."""
    return list(cycles[:: max(1, -(-len(cycles) // 6))])
