"""Proxy, truth and gap against the distance from the base policy, sqrt(KL), as Gao et al. draw
over-optimisation: one panel for each quantity, one line for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.drawing import blank, write

Result = Mapping[str, Any]
Steps = Sequence[tuple[float, Mapping[str, Any]]]  # sqrt(KL) and the gap row of each cycle

QUANTITIES = (("dP", "the arm's proxy"), ("dT", "truth"), ("GG", "the gap"))
CAPTION = "Change of proxy, truth and gap against the distance from the base policy, by arm"
PANEL_INCHES = (3.2, 3.0)


@dataclass(frozen=True, slots=True)
class Look:
    """How an arm is drawn: a colour of Okabe and Ito, lengths of dash and space, a marker."""

    color: str
    dash: Sequence[int]
    marker: str

    @property
    def css(self) -> str:
        """As custom properties of a style sheet."""
        return f"--arm: {self.color}; --dash: {' '.join(map(str, self.dash)) or 'none'}"


LOOKS = (
    Look("#d55e00", (), "o"),
    Look("#0072b2", (6, 3), "s"),
    Look("#009e73", (2, 3), "^"),
    Look("#cc79a7", (8, 3, 2, 3), "D"),
    Look("#e69f00", (), "v"),
    Look("#56b4e9", (6, 3), "P"),
    Look("#8a8a8a", (2, 3), "X"),
)


def looks(result: Result) -> dict[str, Look]:
    """The look of each arm; the eighth has that of the first."""
    return {arm["name"]: LOOKS[i % len(LOOKS)] for i, arm in enumerate(result["arms"])}


def walked(result: Result) -> dict[str, Steps]:
    """How far each arm was after each cycle, and its gap there; empty for one that did not move."""
    known = (result.get("divergence") or {"cycles": []})["cycles"]
    rows = {(row["arm"], row["cycle"]): row for row in result["gap"] if row["optimised"]}
    return {
        arm["name"]: [
            (row["root"], rows[arm["name"], row["cycle"]])
            for row in known
            if row["arm"] == arm["name"] and row["root"] and (arm["name"], row["cycle"]) in rows
        ]
        for arm in result["arms"]
    }


def draw(result: Result, path: Path) -> Path | None:
    """Write the figure to `path` (.png or .svg); None where no arm is known to have moved."""
    steps = {arm: each for arm, each in walked(result).items() if each}
    if not steps:
        return None
    size = PANEL_INCHES[0] * len(QUANTITIES), PANEL_INCHES[1] + 0.6
    figure = blank(*size)
    panels = figure.subplots(1, len(QUANTITIES))
    for panel, (key, label) in zip(panels, QUANTITIES, strict=True):
        panel.axhline(0, color="0.6", linewidth=0.8)
        for arm, look in looks(result).items():
            if arm in steps:
                _draw_line(panel, steps[arm], key, look, arm)
        panel.set_title(f"{key}: {label}", fontsize=9)
        panel.set_xlabel("sqrt(KL), square roots of nats", fontsize=9)
        panel.set_xlim(left=0)
        panel.tick_params(labelsize=8)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("change from cycle 0, points", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False, fontsize=9)
    mark = "" if result["executed"] else " (not executed)"
    figure.suptitle(f"How far each arm went, and what came of it{mark}", fontsize=11)
    figure.tight_layout(rect=(0, 0.3 / size[1], 1, 1))
    return write(figure, path)


def _draw_line(panel: Any, steps: Steps, key: str, look: Look, arm: str) -> None:
    """The change over sqrt(KL), starting from 0, with the 95% interval of each cycle."""
    known = [(root, row[key]) for root, row in steps if row[key]["value"] is not None]
    roots = [0.0, *(root for root, _ in known)]
    values = [0.0, *(100 * each["value"] for _, each in known)]
    panel.plot(
        roots,
        values,
        label=arm,
        color=look.color,
        linestyle=(0, tuple(look.dash)) if look.dash else "-",
        linewidth=1.6,
        marker=look.marker,
        markersize=4,
    )
    sure = [(root, each) for root, each in known if each["low"] is not None]
    panel.vlines(
        [root for root, _ in sure],
        [100 * each["low"] for _, each in sure],
        [100 * each["high"] for _, each in sure],
        color=look.color,
        alpha=0.45,
        linewidth=1,
    )
