"""Can two arms be compared, and is there room for the difference that is claimed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.claims.claim import Claim, Comparison, Metric
from harness.claims.finding import Finding, Place, Severity
from harness.claims.numbers import Span, relative, short, signed

LARGE = 0.5  # baselines this share of the claimed difference apart leave it open


@dataclass(frozen=True)
class _Pair:
    """One comparison with the two metrics that it names."""

    place: Place
    said: Comparison
    one: Metric
    other: Metric

    @property
    def of_results(self) -> Span:
        return self.one.end.minus(self.other.end)

    @property
    def of_changes(self) -> Span:
        return self.one.difference.minus(self.other.difference)

    @property
    def fits(self) -> set[str]:
        """The readings of the printed difference that the levels give."""
        found = {"results": self.of_results, "changes": self.of_changes}
        if self.said.difference.unit == "%":
            ratio = relative(self.other.end, self.one.end)
            found |= {"relative": ratio} if ratio else {}
        if self.said.difference.unit == "" and self.one.scaled == "share":
            found |= {name: span.times(0.01) for name, span in found.items()}
        return {name for name, span in found.items() if span.meets(self.said.difference.span)}

    @property
    def points(self) -> float:
        """The claimed difference in points: as printed, or if it is relative as the results."""
        if self.fits == {"relative"}:
            return self.of_results.middle
        is_share = self.said.difference.unit == "" and self.one.scaled == "share"
        return self.said.difference.value * (100 if is_share else 1)

    @property
    def names(self) -> tuple[str, str]:
        return self.one.arm or self.one.id, self.other.arm or self.other.id


def _pairs(claim: Claim) -> Iterator[_Pair]:
    for i, said in enumerate(claim.comparisons):
        one, other = claim.metric(said.metric)[1], claim.metric(said.than)[1]
        yield _Pair(("comparisons", i), said, one, other)


def difference_fits_no_reading(claim: Claim) -> Iterator[Finding]:
    """A printed difference that is neither that of the results nor that of the changes."""
    for pair in _pairs(claim):
        if not pair.fits:
            yield Finding(
                Severity.CONTRADICTION,
                f"The results differ by {signed(pair.of_results.middle)} {pair.one.word} and the "
                f"changes by {signed(pair.of_changes.middle)}; printed: {pair.said.difference}, "
                "which is neither.",
                (*pair.place, "difference"),
            )


def difference_of_changes(claim: Claim) -> Iterator[Finding]:
    """ "Better by" the difference of the changes, where the results differ by something else."""
    for pair in _pairs(claim):
        if pair.fits == {"changes"}:
            yield Finding(
                Severity.NOTE,
                f"{pair.said.difference} is how far the changes differ "
                f"({signed(pair.one.difference.middle)} and "
                f"{signed(pair.other.difference.middle)}); the results differ by "
                f"{signed(pair.of_results.middle)} {pair.one.word}.",
                (*pair.place, "difference"),
            )


def baselines_differ(claim: Claim) -> Iterator[Finding]:
    """Two arms that did not start from the same level."""
    for pair in _pairs(claim):
        if pair.one.start.meets(pair.other.start):
            continue
        apart = abs(pair.one.start.middle - pair.other.start.middle)
        is_large = apart >= LARGE * abs(pair.points)
        yield Finding(
            Severity.DOUBT if is_large else Severity.NOTE,
            f"The baselines {pair.one.before} ({pair.names[0]}) and {pair.other.before} "
            f"({pair.names[1]}) differ by {short(apart)} {pair.one.word}: the arms did not start "
            "from the same model on the same tasks.",
            (*pair.place, "difference"),
        )


def no_room_for_the_difference(claim: Claim) -> Iterator[Finding]:
    """A difference larger than what the better arm could have gained at all."""
    for pair in _pairs(claim):
        if not pair.one.is_bounded:
            continue
        is_gain = pair.points > 0
        room = 100 - pair.one.start.middle if is_gain else pair.one.start.middle
        if abs(pair.points) > room:
            yield Finding(
                Severity.DOUBT,
                f"{pair.names[0]} started at {pair.one.before} and could "
                f"{'gain' if is_gain else 'lose'} at most {short(room)} points; a difference of "
                f"{short(abs(pair.points))} is more than its training can be the reason for.",
                (*pair.place, "difference"),
            )


def conditions_differ(claim: Claim) -> Iterator[Finding]:
    """Arms that differ in more than what is compared: tasks, samples, seeds, settings."""
    for pair in _pairs(claim):
        settings = [_settings(claim, metric) for metric in (pair.one, pair.other)]
        keys = [key for key in settings[0] if key in settings[1]]
        differing = [
            f"{key} {settings[0][key]} and {settings[1][key]}"
            for key in keys
            if settings[0][key] != settings[1][key]
        ]
        if differing:
            yield Finding(
                Severity.DOUBT,
                f"{pair.names[0]} and {pair.names[1]} differ in more than the method: "
                f"{', '.join(differing)}.",
                pair.place,
            )


def _settings(claim: Claim, metric: Metric) -> dict[str, str]:
    """What is stated of how a metric came to be."""
    design = {
        "set": metric.on or None,
        "evaluated tasks": claim.tasks_of(metric),
        "samples a task": claim.samples_of(metric),
        "seeds": claim.seeds_of(metric),
    }
    return {k: str(v) for k, v in design.items() if v is not None} | dict(metric.conditions)
