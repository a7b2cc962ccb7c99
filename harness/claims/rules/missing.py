"""What a reader needs to weigh a number and was not told."""

from __future__ import annotations

from collections.abc import Iterator

from harness.claims.claim import Claim, Metric
from harness.claims.finding import Finding, Severity
from harness.claims.numbers import short
from harness.claims.rules.resolution import needed, spread


def design_not_stated(claim: Claim) -> Iterator[Finding]:
    """A metric without its number of tasks, samples per task, training seeds or interval."""
    for i, metric in enumerate(claim.metrics):
        stated = {
            "the number of tasks": claim.tasks_of(metric),
            "samples per task": claim.samples_of(metric),
            "seeds": claim.seeds_of(metric),
            "an interval": metric.interval,
        }
        lacking = [name for name, value in stated.items() if value is None]
        if lacking:
            *most, last = lacking
            listed = f"{', '.join(most)} and {last}" if most else last
            yield Finding(
                Severity.DOUBT,
                f"Not stated for {metric.name}{f' of {metric.arm}' if metric.arm else ''} "
                f"({metric.before} to {metric.after}): {listed}.{_what_it_takes(claim, metric)}",
                ("metrics", i),
            )


def _what_it_takes(claim: Claim, metric: Metric) -> str:
    """How many tasks and seeds such a change takes, where they are not stated."""
    change, sd = abs(metric.difference.middle), spread(claim, metric)
    if not change or sd is None:
        return ""
    takes = []
    if claim.tasks_of(metric) is None:
        takes.append(f"{needed(sd, change):,} tasks (sd {sd:g} {metric.word})")
    if claim.seeds_of(metric) is None and metric.is_bounded:
        seed_sd = claim.assume.seed_sd
        takes.append(f"{needed(seed_sd, change):,} seeds (sd {seed_sd:g})")
    if not takes:
        return ""
    return f" To see a change of {short(change)} takes {' and '.join(takes)}."
