"""Is the printed change the difference of the printed levels, and in which unit?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from harness.claims.claim import Claim, Metric
from harness.claims.finding import Finding, Place, Severity
from harness.claims.numbers import Printed, Span, short, signed


def readings(metric: Metric) -> dict[str, Span]:
    """What the change from before to after is, by reading; a relative one needs before > 0."""
    found = {"points": metric.difference}
    if metric.relative_change is not None:
        found["relative"] = metric.relative_change
    return found


def admitted(metric: Metric, change: Printed) -> dict[str, Span]:
    """The readings that the printed unit leaves open: % without a name may be either."""
    found = readings(metric)
    if change.unit == "points" or metric.unit == "points":
        return {"points": found["points"]}
    if metric.unit == "relative":
        return {name: span for name, span in found.items() if name == "relative"}
    if change.unit == "" and metric.scaled == "share":  # .10 for ten points
        found["share"] = metric.difference.times(0.01)
    return found


def fitting(metric: Metric) -> set[str]:
    """The readings by which the printed change is what the levels give."""
    change = metric.change
    if change is None:
        return set()
    if change.unit == "x":
        low, high = metric.start.low, metric.start.high
        if low <= 0:
            return {"factor"}
        factors = Span(metric.end.low / high, metric.end.high / low)
        return {"factor"} if factors.meets(change.span) else set()
    return {name for name, span in admitted(metric, change).items() if span.meets(change.span)}


def _spelled(metric: Metric) -> str:
    """ "+13.0 points and +24.53% relative"."""
    start, end = metric.start.middle, metric.end.middle
    said = f"{signed(end - start)} {metric.word}"
    if metric.relative_change is not None:
        said += f" and {signed((end / start - 1) * 100)}% relative"
    return said


def change_fits_no_reading(claim: Claim) -> Iterator[Finding]:
    """A printed change that is neither the difference in points nor the relative one."""
    for i, metric in enumerate(claim.metrics):
        if metric.change is not None and not fitting(metric):
            named = f" ({metric.unit})" if metric.unit else ""
            yield Finding(
                Severity.CONTRADICTION,
                f"{metric.before} to {metric.after} is {_spelled(metric)}; the printed "
                f"{metric.change}{named} does not fit.",
                ("metrics", i, "change"),
            )


def _is_bare_percent(metric: Metric) -> bool:
    """A change in % of a share, with no word on which of the two it is."""
    has_percent = metric.change is not None and metric.change.unit == "%"
    return has_percent and metric.unit is None and metric.is_bounded


def percent_without_unit(claim: Claim) -> Iterator[Finding]:
    """A change of a share printed in % that only one reading fits: say which."""
    for i, metric in enumerate(claim.metrics):
        fits = fitting(metric)
        if not _is_bare_percent(metric) or len(fits) != 1:
            continue
        [reading] = fits
        named = {
            "relative": "a relative change: fine if it is labelled so",
            "points": "a change in points, printed as percent",
        }
        yield Finding(
            Severity.NOTE,
            f"{metric.change} is {named[reading]}; {metric.before} to {metric.after} is "
            f"{_spelled(metric)}.",
            ("metrics", i, "change"),
        )


def mixed_units(claim: Claim) -> Iterator[Finding]:
    """Two changes with the same sign "%", one of which is relative and the other in points."""
    units: dict[str, list[tuple[Place, Metric]]] = {"relative": [], "points": []}
    for i, metric in enumerate(claim.metrics):
        fits = fitting(metric)
        if _is_bare_percent(metric) and len(fits) == 1:
            units[fits.pop()].append((("metrics", i, "change"), metric))
    if not all(units.values()):
        return
    named = {
        unit: ", ".join(f"{metric.change} ({metric.name})" for _, metric in found)
        for unit, found in units.items()
    }
    places = [place for found in units.values() for place, _ in found]
    yield Finding(
        Severity.CONTRADICTION,
        f"Units are mixed under one sign: {named['relative']} relative, {named['points']} in "
        "points; the lines cannot be compared as printed.",
        places[-1],
        tuple(places[:-1]),
    )


def one_quantity_two_values(claim: Claim) -> Iterator[Finding]:
    """The same quantity of the same arm printed twice, with values that rounding cannot join."""
    numbered = list(enumerate(claim.metrics))
    for (i, one), (j, other) in combinations(numbered, 2):
        names = [(m.name, m.arm, m.on, m.is_bounded) for m in (one, other)]
        if names[0] != names[1]:
            continue
        for moment, at, number, other_number in (
            ("before", (one.start, other.start), one.before, other.before),
            ("after", (one.end, other.end), one.after, other.after),
        ):
            if not at[0].meets(at[1]):
                apart = abs(at[0].middle - at[1].middle)
                yield Finding(
                    Severity.CONTRADICTION,
                    f"{other.name} {moment} is printed as {other_number} and as {number}: "
                    f"{short(apart)} {one.word} apart, more than rounding allows.",
                    ("metrics", j, moment),
                    (("metrics", i, moment),),
                )
