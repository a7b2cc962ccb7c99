"""Static verdict and binary's verdict side by side: who agrees, who does not, what cannot be told.

case = compare("nmap", "unknown flag", "nmap --scna 10.0.0.1", answer, traffic=False)
case.outcome   # agrees, disagrees or undecidable
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from tasks.agreement.binary import Reading, Said, read_answer
from tasks.agreement.trial import Trial
from tasks.checker import check
from tasks.errors import UserError
from tasks.interview import Answer, wording
from tasks.parsers import informs, parser_for
from tasks.types import Fault, Record, Status, Verdict

EXPLANATIONS = Path(__file__).parent / "explanations.yaml"
VALID = "valid"  # the class of commands that no mutator has touched

# The kinds of complaint (tasks/agreement/binary.py) that say the same as a fault.
_SAME_REASON: Mapping[Fault, frozenset[str]] = {
    Fault.SYNTAX: frozenset({"syntax"}),
    Fault.NO_COMMAND: frozenset({"syntax"}),
    Fault.UNKNOWN_FLAG: frozenset({"unknown"}),
    Fault.MISSING_VALUE: frozenset({"missing"}),
    Fault.BAD_VALUE: frozenset({"unwanted", "refused"}),
    Fault.DUPLICATE: frozenset({"repeated"}),
    Fault.CONFLICT: frozenset({"conflict", "refused"}),
    Fault.WRONG_TOOL: frozenset({"unknown", "refused", "not there"}),
}
_OTHER_REASON = frozenset({"refused"})


class Outcome(StrEnum):
    """Whether the two verdicts are the same."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class Case:
    """One command with both verdicts. `why` says why it is undecidable, or explains the
    disagreement where an explanation is recorded."""

    tool: str
    kind: str  # the mutator's name, or VALID
    command: str
    outcome: Outcome
    why: str
    static: Status
    fault: Fault | None
    reason: str  # of the static verdict
    binary: Said
    complaint: str  # its kind
    said: str  # the line in which the binary said so
    exit_code: int | None

    @property
    def same_reason(self) -> bool:
        """Whether both refuse, and for the same reason."""
        wanted = _SAME_REASON.get(self.fault, _OTHER_REASON) if self.fault else frozenset()
        return self.complaint in wanted


class Explanation(Record):
    """Why the verdicts on commands that a regular expression fits are known to differ."""

    tool: str
    command: str
    because: str


def compare(tool: str, kind: str, command: str, answer: Answer, *, traffic: bool) -> Case:
    """Both verdicts on one command that was executed; `traffic`: the lab saw something of it."""
    words = wording(tool)
    verdict = check(command)
    reading = read_answer(words, answer, traffic)
    outcome, why = _outcome(verdict, reading, words.trial)
    if outcome is Outcome.DISAGREES:
        why = explanation(tool, command)
    return Case(
        tool=tool,
        kind=kind,
        command=command,
        outcome=outcome,
        why=why,
        static=verdict.status,
        fault=verdict.fault,
        reason=verdict.last.reason,
        binary=reading.said,
        complaint=reading.kind,
        said=reading.line,
        exit_code=answer.exit_code,
    )


def _outcome(verdict: Verdict, reading: Reading, trial: Trial) -> tuple[Outcome, str]:
    if verdict.status is Status.UNDECIDABLE:
        return Outcome.UNDECIDABLE, f"statically: {verdict.last.reason}"
    if reading.said is Said.UNTOLD:
        return Outcome.UNDECIDABLE, reading.kind
    if (verdict.status is Status.PASS) == (reading.said is Said.ACCEPTED):
        return Outcome.AGREES, ""
    if reading.said is Said.REFUSED and trial.help_fails and _asks_for_help(verdict):
        return Outcome.UNDECIDABLE, trial.help_fails
    silence = _silence(verdict, trial) if reading.said is Said.ACCEPTED else None
    return (Outcome.UNDECIDABLE, silence) if silence else (Outcome.DISAGREES, "")


def _asks_for_help(verdict: Verdict) -> bool:
    command = verdict.command
    if command is None:
        return False
    return informs(parser_for(command.tool).scope(command.subcommand), command)


def _silence(verdict: Verdict, trial: Trial) -> str | None:
    """Why the binary says nothing of such a fault, if that is known of it."""
    if verdict.fault is None:
        return None
    words = (verdict.text or "").split()
    scoped = next(
        (f"{w}: {verdict.fault}" for w in words if f"{w}: {verdict.fault}" in trial.silent), ""
    )
    return trial.silent.get(scoped or verdict.fault.value)


@cache
def _explanations() -> tuple[Explanation, ...]:
    """`explanations.yaml`; UserError names the entry that is wrong."""
    rows = yaml.safe_load(EXPLANATIONS.read_text(encoding="utf-8")) or []
    try:
        return tuple(Explanation.model_validate(row) for row in rows)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{EXPLANATIONS}: {key}: {first['msg']}") from None


def explanation(tool: str, command: str) -> str:
    """What is recorded of disagreements on such a command; "" if nothing is."""
    known = (e for e in _explanations() if e.tool == tool and re.search(e.command, command))
    return next((e.because for e in known), "")


@dataclass(frozen=True, slots=True)
class Count:
    """How many decidable cases there were, and in how many of them something holds."""

    hits: int
    n: int

    @property
    def rate(self) -> float | None:
        return self.hits / self.n if self.n else None


def agreement(cases: Iterable[Case]) -> Count:
    """In how many decidable cases the verdicts are the same."""
    decided = [case.outcome for case in cases if case.outcome is not Outcome.UNDECIDABLE]
    return Count(decided.count(Outcome.AGREES), len(decided))


def valid_rejected(cases: Iterable[Case]) -> Count:
    """How many commands that the binary takes are refused statically."""
    return _wrong(cases, Said.ACCEPTED)


def invalid_accepted(cases: Iterable[Case]) -> Count:
    """How many commands that the binary refuses pass statically."""
    return _wrong(cases, Said.REFUSED)


def _wrong(cases: Iterable[Case], said: Said) -> Count:
    decided = [c for c in cases if c.binary is said and c.outcome is not Outcome.UNDECIDABLE]
    return Count(sum(case.outcome is Outcome.DISAGREES for case in decided), len(decided))


def same_reason(cases: Iterable[Case]) -> Count:
    """Of the commands that both refuse, how many they refuse for the same reason."""
    refused = [c for c in cases if c.outcome is Outcome.AGREES and c.binary is Said.REFUSED]
    return Count(sum(case.same_reason for case in refused), len(refused))
