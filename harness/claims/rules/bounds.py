"""What no share and no interval can be."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor

from harness.claims.claim import Claim
from harness.claims.finding import Finding, Severity
from harness.claims.numbers import SLACK, Span, short, signed
from harness.claims.rules.arithmetic import fitting

POSSIBLE = Span(0.0, 100.0)
MOST_TRIALS = 100_000  # beyond it every printed percentage is some share


def level_out_of_bounds(claim: Claim) -> Iterator[Finding]:
    """A share below 0 or above 1."""
    for i, metric in enumerate(claim.metrics):
        if not metric.is_bounded:
            continue
        for moment, number, span in (
            ("before", metric.before, metric.start),
            ("after", metric.after, metric.end),
        ):
            if not span.meets(POSSIBLE):
                yield Finding(
                    Severity.CONTRADICTION,
                    f"{metric.name} {moment} is {number}: no share is outside 0 to 100%.",
                    ("metrics", i, moment),
                )


def change_beyond_the_room(claim: Claim) -> Iterator[Finding]:
    """A change in points larger than what lies between the start and 0 or 100%."""
    for i, metric in enumerate(claim.metrics):
        change = metric.change
        in_points = change is not None and (change.unit == "points" or metric.unit == "points")
        if not metric.is_bounded or change is None or not in_points or "points" in fitting(metric):
            continue
        room = 100 - metric.start.low if change.value > 0 else metric.start.high
        if abs(change.value) - change.half > room + SLACK:
            yield Finding(
                Severity.CONTRADICTION,
                f"From {metric.before} there is room for {short(room)} points; {change} is more.",
                ("metrics", i, "change"),
            )


def change_outside_its_interval(claim: Claim) -> Iterator[Finding]:
    """A printed interval that does not hold the difference of the printed levels."""
    for i, metric in enumerate(claim.metrics):
        if metric.interval is None:
            continue
        low, high = metric.interval
        if not metric.difference.meets(Span(low.span.low, high.span.high)):
            yield Finding(
                Severity.CONTRADICTION,
                f"The change of {signed(metric.difference.middle)} {metric.word} lies outside "
                f"its own interval, {low} to {high}.",
                ("metrics", i, "interval"),
            )


def not_a_share_of_that_many(claim: Claim) -> Iterator[Finding]:
    """GRIM: a share of right ones among N is a whole number over N, as printed."""
    for i, metric in enumerate(claim.metrics):
        tasks, samples = claim.tasks_of(metric), claim.samples_of(metric)
        if not metric.counted or tasks is None or samples is None:
            continue
        trials = tasks * samples * (claim.seeds_of(metric) or 1)
        for moment, number, span in (
            ("before", metric.before, metric.start),
            ("after", metric.after, metric.end),
        ):
            least = ceil(span.low / 100 * trials - SLACK)
            if trials < MOST_TRIALS and least > floor(span.high / 100 * trials + SLACK):
                near = [f"{short(k / trials * 100)}%" for k in (least - 1, least)]
                yield Finding(
                    Severity.CONTRADICTION,
                    f"{number} is no share of {trials:,} samples; the nearest are "
                    f"{near[0]} and {near[1]}.",
                    ("metrics", i, moment),
                )
