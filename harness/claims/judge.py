"""From findings to verdicts: of each statement, and of the claim as a whole.

A statement is refuted if evidence at hand says otherwise; else inconsistent if its own numbers
contradict each other; else supported if evidence at hand says the same, which settles what the
printed design left in doubt; else not resolvable. The claim has the worst of its statements, but
for counts, tables and thresholds in which there is nothing wrong: no evidence speaks of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.claims.claim import ClaimFile
from harness.claims.evidence import check_evidence
from harness.claims.finding import IMPLIED, Finding, Place, Verdict
from harness.claims.rules import findings

PRECEDENCE = [Verdict.REFUTED, Verdict.INCONSISTENT, Verdict.SUPPORTED, Verdict.NOT_RESOLVABLE]
BOOKKEEPING = ("counts", "summaries", "thresholds")
UNCHECKED = "Consistent in itself; nothing at hand to check it against."


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement with its verdict and the sentences that led to it."""

    place: Place
    text: str
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say of a claim."""

    file: ClaimFile
    verdict: Verdict
    statements: tuple[Judged, ...]
    findings: tuple[Finding, ...]


def judge(file: ClaimFile) -> Judgement:
    """Run every rule, and the evidence if there is any. UserError if that cannot be read."""
    found = (*findings(file.claim), *check_evidence(file))
    statements = tuple(
        _statement(place, text, [f for f in found if place in f.statements])
        for place, text in file.claim.statements()
    )
    return Judgement(file, _whole(statements), statements, found)


def _implied(found: Sequence[Finding]) -> list[Verdict]:
    return [IMPLIED[f.severity] for f in found if f.severity in IMPLIED]


def _whole(statements: Sequence[Judged]) -> Verdict:
    """The worst verdict; of a claim that states nothing there is nothing to resolve."""
    weighed = [
        statement.verdict
        for statement in statements
        if statement.place[0] not in BOOKKEEPING or statement.verdict is Verdict.INCONSISTENT
    ]
    return min(weighed, key=list(Verdict).index, default=Verdict.NOT_RESOLVABLE)


def _statement(place: Place, text: str, found: Sequence[Finding]) -> Judged:
    """A statement's verdict with the sentences of the findings that give it."""
    implied = _implied(found)
    if not implied:
        return Judged(place, text, Verdict.NOT_RESOLVABLE, (UNCHECKED,))
    verdict = min(implied, key=PRECEDENCE.index)
    reasons = tuple(f.sentence for f in found if IMPLIED.get(f.severity) is verdict)
    return Judged(place, text, verdict, reasons)
