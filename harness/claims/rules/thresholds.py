"""Does a threshold separate the values that the source itself calls good and bad?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.claims.claim import Claim, Observed, Threshold
from harness.claims.finding import Finding, Severity


def _is_accepted(threshold: Threshold, observed: Observed) -> bool:
    if threshold.accept == "above":
        return observed.value.value > threshold.value.value
    return observed.value.value < threshold.value.value


def good_rejected(claim: Claim) -> Iterator[Finding]:
    """Values called good on the side that is rejected."""
    for i, threshold in enumerate(claim.thresholds):
        for j, seen in enumerate(threshold.observed):
            if not seen.good or _is_accepted(threshold, seen):
                continue
            yield Finding(
                Severity.CONTRADICTION,
                f"{threshold.score} {threshold.accept} {threshold.value} is accepted, so "
                f"{seen.label} {_rejected(threshold, seen)} is rejected.",
                ("thresholds", i, "observed", j),
            )


def _rejected(threshold: Threshold, seen: Observed) -> str:
    """The rejected part of what was seen: of ".451+" the part up to the threshold."""
    if seen.value.or_more and threshold.accept == "above":
        return f"between {seen.value.text.removesuffix('+')} and {threshold.value}"
    return f"at {seen.value}"


def bad_accepted(claim: Claim) -> Iterator[Finding]:
    """Values called bad on the side that is accepted."""
    for i, threshold in enumerate(claim.thresholds):
        for j, seen in enumerate(threshold.observed):
            if not seen.good and _is_accepted(threshold, seen):
                yield Finding(
                    Severity.CONTRADICTION,
                    f"{threshold.score} {threshold.accept} {threshold.value} is accepted, and so "
                    f"is {seen.label} at {seen.value}.",
                    ("thresholds", i, "observed", j),
                )
