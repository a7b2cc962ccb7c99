"""Do sentences that sum up a table agree with the table?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.claims.claim import Claim, Series, Summary
from harness.claims.finding import Finding, Severity
from harness.claims.numbers import SLACK, Printed, Span, short, signed


def _value(number: Printed, like: Printed) -> Span:
    """A cell in the unit of the summary: 67.3 in a table of % and "60.7%" are the same thing."""
    if like.unit == "%" and number.unit != "%" and abs(number.value) <= 1:
        return number.span.times(100)
    return number.span


def moves(series: Series, columns: tuple[str, ...]) -> list[float]:
    """The differences that may be counted: within rows for two columns, between rows for one."""
    first = [number.value for number in series.columns[columns[0]]]
    if len(columns) == 2:
        second = [number.value for number in series.columns[columns[1]]]
        return [b - a for a, b in zip(first, second, strict=True)]
    return [b - a for a, b in pairwise(first)]


def summary_differs(claim: Claim) -> Iterator[Finding]:
    """A number of increases, a first, last, largest, smallest, mean or sum that is not the
    table's."""
    for i, summary in enumerate(claim.summaries):
        series = claim.table(summary.series)
        if summary.kind in ("increases", "decreases"):
            sentence = _counted(summary, series)
        else:
            sentence = _computed(summary, series)
        if sentence:
            where = ("summaries", i, "value")
            yield Finding(Severity.CONTRADICTION, sentence, where)


def _counted(summary: Summary, series: Series) -> str | None:
    """The sentence if the increases (or decreases) of the table are not as many as is said."""
    sign = 1 if summary.kind == "increases" else -1
    found = moves(series, summary.columns)
    count = sum(sign * move > SLACK for move in found)
    of = summary.of if summary.of is not None else len(found)
    if (count, len(found)) == (summary.value.value, of):
        return None
    direction = "positive" if sign > 0 else "negative"
    between = " to ".join(summary.columns)
    between = f"from {between}" if len(summary.columns) == 2 else f"between rows of {between}"
    listed = ", ".join(signed(move) if abs(move) >= 1 else f"{move:+.3f}" for move in found)
    return (
        f"The table's differences {between} are {direction} in {count} of {len(found)}, not in "
        f"{summary.value} of {of}: {listed}."
    )


def _computed(summary: Summary, series: Series) -> str | None:
    """The sentence if a figure of one column is not what is said."""
    column = summary.columns[0]
    cells = series.columns[column]
    spans = [_value(number, summary.value) for number in cells]
    lows, highs = [s.low for s in spans], [s.high for s in spans]
    n = len(spans)
    found = {
        "first": spans[0],
        "last": spans[-1],
        "min": Span(min(lows), min(highs)),
        "max": Span(max(lows), max(highs)),
        "sum": Span(sum(lows), sum(highs)),
        "mean": Span(sum(lows) / n, sum(highs) / n),
    }[summary.kind]
    if found.meets(summary.value.span):
        return None
    exact = {"first": cells[0].text, "last": cells[-1].text}.get(summary.kind)
    said = exact or short(found.middle)
    word = {"min": "least", "max": "largest"}.get(summary.kind, summary.kind)
    return f"The {word} value of {column} in the table is {said}, not {summary.value}."


def ends_differ(claim: Claim) -> Iterator[Finding]:
    """A before or after that is not the first or last value of the table it is taken from."""
    for i, metric in enumerate(claim.metrics):
        if metric.series is None or metric.columns is None:
            continue
        table = claim.table(metric.series).columns
        first, last = table[metric.columns[0]][0], table[metric.columns[1]][-1]
        for moment, said, cell in (("before", metric.before, first), ("after", metric.after, last)):
            if not metric.points(said).meets(metric.points(cell)):
                end = "first" if moment == "before" else "last"
                yield Finding(
                    Severity.CONTRADICTION,
                    f"{metric.name} {moment} is printed as {said}, but the {end} value of the "
                    f"table is {cell}.",
                    ("metrics", i, moment),
                )


def rows_do_not_join(claim: Claim) -> Iterator[Finding]:
    """A change from a table's first to its last value where rows do not start where the row
    above ended: they are measured on different tasks, so the change is not paired."""
    for i, metric in enumerate(claim.metrics):
        if metric.series is None or metric.columns is None:
            continue
        start, end = metric.columns
        table = claim.table(metric.series).columns
        if start == end:
            continue
        joints = list(zip(table[end], table[start][1:], strict=False))
        apart = [(a, b) for a, b in joints if not a.span.meets(b.span)]
        if apart:
            a, b = apart[0]
            yield Finding(
                Severity.DOUBT,
                f"In {len(apart)} of {len(joints)} rows {start} is not the {end} of the row above "
                f"({a}, then {b}): rows seem to be measured on different tasks, and "
                f"{metric.before} to {metric.after} is not a change on the same tasks.",
                ("metrics", i, "series"),
            )
