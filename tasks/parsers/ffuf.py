"""ffuf: Go's flag package, and what ffuf itself looks at: keywords, matchers, delays.

Traps: each wordlist has a keyword (FUZZ if none is stated) that must occur in the request;
`-mc 200, 301` is refused for its blank, and `-p 1-2-3` for its second dash.
Source: ffuf 1.1.0 main.go (prepareConfig) and pkg/filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tasks.parsers import go_flag
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault

_REQUEST = ("-u", "-X", "-d", "-H", "-b")
_RANGES = ("-mc", "-ml", "-ms", "-mw", "-fc", "-fl", "-fs", "-fw")
_FORMATS = ("all", "json", "ejson", "html", "md", "csv", "ecsv")
_RANGE = re.compile(r"([+-]?\d+)|(\d+)-(\d+)")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return go_flag.parse(grammar, words)


def check(_: Grammar, command: Command) -> None:
    """Refuse a bad range, a format of no kind, a keyword that the request lacks, and recursion
    without FUZZ at the end. A request file is not looked into."""
    if any(argument.name in ("-h", "-V") for argument in command.arguments):
        return
    for argument in command.arguments:
        if argument.name in _RANGES and not _are_ranges(argument):
            reason = (
                f"{argument.name}: {argument.value!r} is not numbers and ranges such as 200-299"
            )
            raise RefusedError(Fault.BAD_VALUE, reason)
    format_ = (command.values("-of") or ("json",))[0]
    if command.values("-o") and format_ not in _FORMATS:
        reason = f"-of: {format_!r} is not one of {', '.join(_FORMATS)}"
        raise RefusedError(Fault.BAD_VALUE, reason)
    if command.values("-u") and not command.values("-request"):
        _check_request(command)


def _check_request(command: Command) -> None:
    request = "\n".join(a.value or "" for a in command.arguments if a.name in _REQUEST)
    for keyword in _keywords(command):
        if keyword not in request:
            reason = f"the keyword {keyword} occurs nowhere in the request"
            raise RefusedError(Fault.MISSING_OPERAND, reason)
    urls = [value or "" for value in command.values("-u")]
    if urls and command.values("-recursion") and not urls[-1].endswith("FUZZ"):
        raise RefusedError(Fault.BAD_VALUE, "-recursion needs a URL that ends with FUZZ")


def _are_ranges(argument: Argument) -> bool:
    value = argument.value or ""
    if not value and argument.name != "-mc":  # which is never without a value
        return True
    if argument.name in ("-mc", "-fc") and value == "all":
        return True
    for part in value.split(","):
        match = _RANGE.fullmatch(part)
        is_status = argument.name in ("-mc", "-fc") and part == "all"
        if not is_status and (not match or (match[2] and int(match[2]) >= int(match[3]))):
            return False
    return True


def _keywords(command: Command) -> Iterator[str]:
    for name in ("-w", "-input-cmd"):
        for value in command.values(name):
            _, colon, keyword = (value or "").partition(":")
            yield keyword if colon else "FUZZ"
