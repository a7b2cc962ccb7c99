"""What a binary makes of a command: accepted, refused, or cannot tell.

A complaint in the tool's own words (the patterns of its probes) is a refusal, whatever the exit
code. Without one, exit code 0, traffic in the lab, or words that the tool says only when it has
read its command line show that it was taken. Anything else tells nothing: a failure in doing the
work may have come before the rest of the line was looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from tasks.interview import Answer, Wording

LAST_LINES, LAST_LETTERS = 3, 240  # of what is shown where nothing can be told
_SYNTAX = r"^(?:/\S*)?bash: (?:-c: )?line \d+: (?:syntax error|unexpected EOF|unexpected token)"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # whatweb colours what it says
_NOT_THERE = r"^bash: line \d+: .*: command not found"


class Said(StrEnum):
    """What the execution says of a command line."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNTOLD = "cannot tell"


@dataclass(frozen=True, slots=True)
class Reading:
    """The binary's verdict: of what kind the complaint is, and the line that says it."""

    said: Said
    kind: str  # "unknown", "missing" ... as in Wording, "syntax"; or why it cannot be told
    line: str = ""


def read_answer(words: Wording, answer: Answer, traffic: bool) -> Reading:
    """The verdict of one execution; `traffic`: the lab saw something of it."""
    usage, accepted, excuse = words.trial.usage, words.trial.accepted, words.trial.excuse
    is_excused = bool(excuse and _search(re.compile(excuse), answer))
    for kind, pattern in _complaints(words):
        line = _search(pattern, answer)
        is_help = usage and answer.exit_code == 0 and re.search(usage, line)
        if line and not is_help and not (is_excused and kind == "refused"):
            return Reading(Said.REFUSED, kind, line)
    if usage and answer.exit_code != 0:
        line = _search(re.compile(usage), answer)
        if line:
            return Reading(Said.REFUSED, "refused", line)
    line = _search(re.compile(accepted), answer) if accepted else ""
    if (answer.exit_code == 0 and not is_excused) or (traffic and words.trial.traffic) or line:
        return Reading(Said.ACCEPTED, "", line)
    lines = [_COLOUR.sub("", line).strip() for line in answer.text.splitlines() if line.strip()]
    ended = "did not end" if answer.exit_code is None else f"exit {answer.exit_code}"
    reason = f"{ended} without a complaint that is known"
    return Reading(Said.UNTOLD, reason, " / ".join(lines[-LAST_LINES:])[-LAST_LETTERS:])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the probes, for whatever flag it names."""
    pattern = pattern.replace("{flag}", "[-+].*?")
    return re.compile(re.sub(r"\{(?:word|other|last)\}", ".*?", pattern))


def _complaints(words: Wording) -> Iterator[tuple[str, re.Pattern[str]]]:
    yield "syntax", _compiled(_SYNTAX)
    yield "not there", _compiled(_NOT_THERE)
    for kind in ("unknown", "missing", "unwanted", "conflict", "repeated", "refused"):
        pattern = getattr(words, kind)
        if pattern:
            yield kind, _compiled(pattern)


def _search(pattern: re.Pattern[str], answer: Answer) -> str:
    """The first line that the pattern is found in; "" if there is none."""
    lines = (_COLOUR.sub("", line).strip() for line in answer.text.splitlines())
    return next((line for line in lines if pattern.search(line)), "")
