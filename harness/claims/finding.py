"""What a rule finds, and what that means for the statement it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Place = tuple[str | int, ...]  # keys and positions from the top of the file


class Verdict(StrEnum):
    """What can be said of a statement, or of a claim; the worst first."""

    REFUTED = "refuted"
    INCONSISTENT = "inconsistent"
    NOT_RESOLVABLE = "not resolvable"
    SUPPORTED = "supported"


class Severity(StrEnum):
    """What a finding does to the verdict."""

    REFUTATION = "refutation"  # evidence at hand says otherwise
    CONTRADICTION = "contradiction"  # printed numbers cannot all be right
    DOUBT = "doubt"  # what was measured cannot show what is said
    SUPPORT = "support"  # evidence at hand says the same
    NOTE = "note"  # worth knowing; leaves the verdict as it is


IMPLIED = {
    Severity.REFUTATION: Verdict.REFUTED,
    Severity.CONTRADICTION: Verdict.INCONSISTENT,
    Severity.DOUBT: Verdict.NOT_RESOLVABLE,
    Severity.SUPPORT: Verdict.SUPPORTED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of one rule. `where` is what it is about, `also` other statements it hits."""

    severity: Severity
    sentence: str
    where: Place
    also: tuple[Place, ...] = ()
    rule: str = ""  # set by whoever runs the rule

    @property
    def statements(self) -> tuple[Place, ...]:
        """The statements that it is about: section and position of each."""
        return tuple(dict.fromkeys(place[:2] for place in (self.where, *self.also)))
