"""Where the marks of the charts lie. The templates draw them, in the colours of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.distance import QUANTITIES, Steps, looks, walked
from reports.format import percent, points
from reports.verdict import direction, final_gaps

Result = Mapping[str, Any]
Estimate = Mapping[str, Any]

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # between two ticks
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of shares, ends on ticks."""

    low: float
    high: float
    ticks: Sequence[float]

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1; what is outside lies on its end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def at(self, value: float) -> str:
        """The same as a coordinate of a drawing of any width."""
        return f"{100 * self.share(value):.2f}%"


def axis(values: Iterable[float | None], include: Sequence[float] = ()) -> Axis:
    """The axis that holds all values, with round ticks."""
    known = [value for value in values if value is not None] + list(include)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    span = max(high - low, STEPS[0])
    step = next((s for s in STEPS if span / s <= MOST_TICKS - 2), STEPS[-1])
    first, last = int(low // step), -int(-high // step)
    if first == last:
        last += 1
    ticks = [round(i * step, 6) for i in range(first, last + 1)]
    return Axis(ticks[0], ticks[-1], ticks)


def ends(estimates: Iterable[Estimate | None]) -> list[float | None]:
    """Every value and bound, for an axis that must hold them."""
    return [each[key] for each in estimates if each for key in ("value", "low", "high")]


@dataclass(frozen=True, slots=True)
class Levels:
    """The before-and-after chart: one axis of shares, one of changes, and a row for each arm."""

    levels: Axis
    changes: Axis
    rows: Sequence[Mapping[str, Any]]


def before_after(result: Result) -> Levels:
    gaps = {row["arm"]: row for row in final_gaps(result)}
    signals = {arm["name"]: arm["signals"] for arm in result["arms"]}
    rows = [
        {
            "arm": row["arm"],
            "signals": signals[row["arm"]],
            "before": row["all"]["before"],
            "after": row["all"]["after"],
            "change": row["all"]["change"],
            "beyond": row["beyond_control"],
            "direction": direction(row["all"]["change"]),
            "gap": gaps.get(row["arm"]),
            "said": f"{row['arm']}: {percent(row['all']['before'])} % correct before, "
            f"{percent(row['all']['after'])} % after, {points(row['all']['change'])} points",
        }
        for row in result["correctness"]
    ]
    levels = axis(ends(row[side] for row in rows for side in ("before", "after")))
    changes = axis(ends(row[key] for row in rows for key in ("change", "beyond")), include=[0.0])
    return Levels(levels, changes, rows)


@dataclass(frozen=True, slots=True)
class Shares:
    """The chart of a model that was not trained: a row for each tool, and one for all."""

    levels: Axis
    rows: Sequence[Mapping[str, Any]]


def by_tool(result: Result) -> Shares:
    """How often it is right; without rows for a result of training."""
    found = result.get("untrained") or {"families": {"all": None}, "tools": []}
    named = [("all tools", found["families"]["all"])]
    named += [(row["tool"], row["correct"]) for row in found["tools"]]
    rows = [
        {"tool": tool, "correct": share, "said": f"{tool}: {percent(share)} % correct"}
        for tool, share in named
        if share
    ]
    return Shares(axis(ends(row["correct"] for row in rows), include=[0.0, 1.0]), rows)


@dataclass(frozen=True, slots=True)
class Changes:
    """The chart of several runs: a row for each arm and run, the runs of an arm together."""

    changes: Axis
    rows: Sequence[Mapping[str, Any]]


def changes(results: Mapping[str, Result]) -> Changes:
    found = {
        (row["arm"], run): row["all"]["change"]
        for run, result in results.items()
        for row in result["correctness"]
    }
    arms = list(dict.fromkeys(arm for arm, _ in found))
    rows: list[Mapping[str, Any]] = []
    for arm in arms:
        runs = [run for run in results if (arm, run) in found]
        rows += [
            {
                "arm": arm,
                "run": run,
                "is_first": run == runs[0],
                "change": found[arm, run],
                "direction": direction(found[arm, run]),
                "said": f"{arm} in {run}: {points(found[arm, run])} points",
            }
            for run in runs
        ]
    return Changes(axis(ends(found.values()), include=[0.0]), rows)


WIDTH, HEIGHT = 300, 190  # of one panel; the page scales it to about this many pixels
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 28


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity: points as SVG has them, a band of intervals, and properties of its own."""

    key: str
    points: Sequence[tuple[str, str]]
    band: str
    css: str = ""

    @property
    def path(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Panel:
    """One arm's curves, with ticks as (coordinate, label)."""

    arm: str
    proxy: str
    verdict: str
    said: str
    curves: Sequence[Curve]
    x_ticks: Sequence[tuple[str, str]]
    y_ticks: Sequence[tuple[str, str]]


def gap_curves(result: Result) -> list[Panel]:
    """A panel for each arm: the change of truth and of its proxy since cycle 0, in points."""
    own = {
        arm["name"]: [r for r in result["gap"] if r["arm"] == arm["name"] and r["optimised"]]
        for arm in result["arms"]
    }
    rows = [row for each in own.values() for row in each]
    y = axis(ends(row[key] for row in rows for key in ("dT", "dP")), include=[0.0])
    return [_panel(arm, own[arm["name"]], y) for arm in result["arms"]]


@dataclass(frozen=True, slots=True)
class Distances:
    """One quantity against sqrt(KL): a curve for each arm that moved, in the arm's look."""

    key: str
    label: str
    said: str
    curves: Sequence[Curve]
    x_ticks: Sequence[tuple[str, str]]
    y_ticks: Sequence[tuple[str, str]]


def distance_curves(result: Result) -> list[Distances]:
    """A panel for each of dP, dT and GG; none where no distance is known."""
    steps = walked(result)
    if not any(steps.values()):
        return []
    x = axis([root for each in steps.values() for root, _ in each], include=[0.0])
    css = {arm: look.css for arm, look in looks(result).items()}
    return [_distances(key, label, steps, css, x) for key, label in QUANTITIES]


def _distances(
    key: str, label: str, arms: Mapping[str, Steps], css: Mapping[str, str], x: Axis
) -> Distances:
    y = axis((row[key]["value"] for each in arms.values() for _, row in each), include=[0.0])
    curves = []
    said = []
    for arm, each in arms.items():
        steps = [(root, row[key]["value"]) for root, row in each if row[key]["value"] is not None]
        line = [(_along(at, x), _y(value, y)) for at, value in [(0.0, 0.0), *steps]]
        if steps:
            curves.append(Curve("arm", line, "", css[arm]))
            said.append(f"{arm} {100 * steps[-1][1]:+.1f} points at {steps[-1][0]:.2f}")
    return Distances(
        key,
        label,
        f"{label} against sqrt(KL): {'; '.join(said) or 'nobody moved'}",
        curves,
        [(_along(tick, x), f"{tick:g}") for tick in x.ticks],
        [(_y(tick, y), f"{100 * tick:+.0f}" if tick else "0") for tick in y.ticks],
    )


def _along(value: float, x: Axis) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * x.share(value):.1f}"


def _panel(arm: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], y: Axis) -> Panel:
    cycles = [0, *(row["cycle"] for row in rows)]
    last = max(cycles[-1], 1)
    verdict = {None: "no verdict", "none": "no gap"}.get(
        rows[-1]["verdict"] if rows else None, f"{rows[-1]['verdict']} gap" if rows else ""
    )
    end = rows[-1] if rows else {"dT": None, "dP": None}
    every = -(-len(cycles) // 6)
    return Panel(
        arm["name"],
        arm["proxy"],
        verdict,
        f"{arm['name']}, after cycle {cycles[-1]}: truth {points(end['dT'])} points, "
        f"{arm['proxy']} {points(end['dP'])}; {verdict}",
        [_curve(rows, key, y, last) for key in ("dP", "dT")],
        [(_x(cycle, last), str(cycle)) for cycle in cycles[::every]],
        [(_y(tick, y), f"{100 * tick:+.0f}" if tick else "0") for tick in y.ticks],
    )


def _curve(rows: Sequence[Mapping[str, Any]], key: str, y: Axis, last: int) -> Curve:
    known = [(row["cycle"], row[key]) for row in rows if row[key]["value"] is not None]
    zero = (_x(0, last), _y(0.0, y))
    line = [zero, *((_x(cycle, last), _y(e["value"], y)) for cycle, e in known)]
    sure = [(cycle, e) for cycle, e in known if e["low"] is not None]
    upper = [(_x(cycle, last), _y(e["high"], y)) for cycle, e in sure]
    lower = [(_x(cycle, last), _y(e["low"], y)) for cycle, e in reversed(sure)]
    band = " ".join(f"{x},{y_}" for x, y_ in (zero, *upper, *lower)) if sure else ""
    return Curve(key, line, band)


def _x(cycle: int, last: int) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * cycle / last:.1f}"


def _y(value: float, y: Axis) -> str:
    return f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - y.share(value)):.1f}"
