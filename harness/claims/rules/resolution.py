"""Could a measurement of that size have seen the change at all?

Standard errors come from the printed sd of the paired change, or from the one that the claim
assumes (15 points, and 3 points between seeds); the formulas are those of harness/statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from harness.claims.claim import Claim, Metric
from harness.claims.finding import Finding, Place, Severity
from harness.claims.numbers import short, signed

CONFIDENCE = 0.95


def spread(claim: Claim, metric: Metric) -> float | None:
    """The sd of the change between tasks: printed, or assumed for a share."""
    assumed = claim.assume.sd if metric.is_bounded else None
    return metric.sd if metric.sd is not None else assumed


def _said(claim: Claim, metric: Metric) -> str:
    sd = spread(claim, metric)
    assert sd is not None
    return f"{'a printed' if metric.sd else 'an assumed'} sd of {sd:g} {metric.word}"


def detectable(sd: float, n: int) -> float | None:
    """The smallest change found in 80% of cases with n independent tasks (or seeds)."""
    from harness.statistics import detectable_change

    return detectable_change(sd / sqrt(n), n - 1) if n > 1 else None


def half_width(sd: float, n: int, confidence: float = CONFIDENCE) -> float:
    """Half of Student's interval of a mean of n."""
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, n - 1)) * sd / sqrt(n)


def needed(sd: float, change: float) -> int:
    """The fewest tasks (or seeds) with which such a change is found in 80% of cases."""
    low, high = 2, 2
    while (detectable(sd, high) or 0.0) > change:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if (detectable(sd, middle) or 0.0) > change:
            low = middle + 1
        else:
            high = middle
    return high


def _changed(claim: Claim) -> Iterator[tuple[Place, Metric]]:
    """The metrics that are said to have changed: not those said to be the same."""
    same = {said.metric for said in claim.equivalences}
    for i, metric in enumerate(claim.metrics):
        if metric.id not in same and abs(metric.difference.middle) > 0:
            yield ("metrics", i), metric


def change_below_detectable(claim: Claim) -> Iterator[Finding]:
    """A change smaller than that many tasks can show."""
    for place, metric in _changed(claim):
        n, sd = claim.tasks_of(metric), spread(claim, metric)
        change = abs(metric.difference.middle)
        if n is None or sd is None or metric.interval is not None:
            continue
        least = detectable(sd, n)
        if least is None or change < least:
            can = f"only changes from {short(least)} on" if least else "no change at all"
            yield Finding(
                Severity.DOUBT,
                f"{signed(metric.difference.middle)} {metric.word} on {n} tasks is not "
                f"resolvable: with {_said(claim, metric)} they show {can}; it takes "
                f"{needed(sd, change):,} tasks.",
                place,
            )


def interval_holds_zero(claim: Claim) -> Iterator[Finding]:
    """A change whose own printed interval includes none."""
    for place, metric in _changed(claim):
        if metric.interval is None:
            continue
        low, high = metric.interval
        if low.value <= 0 <= high.value:
            yield Finding(
                Severity.DOUBT,
                f"The interval of the change of {metric.name}, {low} to {high}, holds 0.",
                (*place, "interval"),
            )


def change_below_seed_noise(claim: Claim) -> Iterator[Finding]:
    """A change smaller than what training runs differ by, at that many seeds."""
    for place, metric in _changed(claim):
        seeds, sd = claim.seeds_of(metric), claim.assume.seed_sd
        if seeds is None or not metric.is_bounded:
            continue
        least = detectable(sd, seeds)
        change = signed(metric.difference.middle)
        if least is None:
            said = "is one training run: nothing tells how much another one would differ"
        elif abs(metric.difference.middle) < least:
            said = (
                f"is below what {seeds} seeds show if runs differ by an assumed sd of "
                f"{sd:g} points: {short(least)}"
            )
        else:
            continue
        yield Finding(Severity.DOUBT, f"{change} {metric.word} {said}.", place)


def no_margin(claim: Claim) -> Iterator[Finding]:
    """ "No change" without a margin fixed beforehand: absence of proof is no proof."""
    for i, said in enumerate(claim.equivalences):
        if said.margin is not None:
            continue
        place, metric = claim.metric(said.metric)
        yield Finding(
            Severity.DOUBT,
            f'"{said.text}" names no equivalence margin{_interval_said(claim, metric)}.',
            ("equivalences", i),
            (place,),
        )


def _interval_said(claim: Claim, metric: Metric) -> str:
    """; with sd ... the interval of -0.17 is +-7.0 points. Nothing where n or sd is unknown."""
    n, sd = claim.tasks_of(metric), spread(claim, metric)
    if n is None or n < 2 or sd is None:
        return ""
    half, change = half_width(sd, n), metric.difference.middle
    return (
        f"; on {n} tasks, with {_said(claim, metric)}, the interval of "
        f"{signed(change)} is ±{short(half)} {metric.word} "
        f"({signed(change - half)} to {signed(change + half)})"
    )


def margin_not_reached(claim: Claim) -> Iterator[Finding]:
    """TOST: a 90% interval that is not within the margin shows no equivalence."""
    for i, said in enumerate(claim.equivalences):
        place, metric = claim.metric(said.metric)
        n, sd = claim.tasks_of(metric), spread(claim, metric)
        if said.margin is None or n is None or n < 2 or sd is None:
            continue
        reach = abs(metric.difference.middle) + half_width(sd, n, 0.90)
        if reach > abs(said.margin.value):
            yield Finding(
                Severity.DOUBT,
                f"On {n} tasks, with {_said(claim, metric)}, the 90% interval reaches "
                f"{short(reach)} {metric.word} from 0, beyond the margin of {said.margin}.",
                ("equivalences", i, "margin"),
                (place,),
            )
