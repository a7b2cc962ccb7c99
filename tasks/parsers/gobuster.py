"""gobuster: cobra and pflag, and what each mode itself looks at before it starts.

Traps: `-s 200` needs `-b ""`; `--exclude-length` has no ranges but `-s` has; words after the
subcommand are ignored; `-u HOST` is http://HOST.
Source: gobuster 3.5 cli/cmd, helper/helper.go (ParseCommaSeparatedInt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.parsers import pflag
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.syntax import go_url
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown
from tasks.values import normalise

_CODES = re.compile(r"\s*(?:\+?\d+|(\d+)\s*-\s*(\d+))\s*")
_SHELLS = ("bash", "fish", "powershell", "zsh")
_IDLE = ("completion", "help", "version")  # what they are given they do not look at
_FUZZED = ("--url", "--body", "--headers", "--username", "--password")

split = pflag.split


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments = pflag.parse(grammar, words)
    if grammar.subcommand == "help":
        return list(_topics(arguments))
    return arguments


def _topics(arguments: Sequence[Argument]) -> Iterator[Argument]:
    """cobra looks for the topic as for a command: not behind what begins with a dash."""
    is_behind = False
    for argument in arguments:
        is_behind |= not argument.name and argument.spelled.startswith("-")
        is_operand = is_behind and not argument.name
        yield replace(argument, name="ignored") if is_operand else argument


def check(_: Grammar, command: Command) -> None:
    """Refuse status codes that are none or clash, a URL that is none, and fuzzing without FUZZ."""
    if command.values("--help"):
        return
    threads = (command.values("--threads") or ("10",))[-1] or "10"
    if command.subcommand not in _IDLE and not is_unknown(threads) and _number(threads) < 1:
        raise RefusedError(Fault.BAD_VALUE, f"--threads: {threads} is less than 1")
    for name in ("--status-codes", "--status-codes-blacklist", "--excludestatuscodes"):
        for value in command.values(name):
            _check_codes(name, value or "")
    if command.subcommand in ("dir", "vhost"):  # fuzz looks at a URL only when FUZZ is replaced
        for value in command.values("--url"):
            _check_url(value or "")
    if command.subcommand == "dir":
        _check_lists(command)
    asks_password = command.values("--username") and not command.values("--password")
    if command.subcommand == "fuzz" and command.values("--url") and not asks_password:
        fuzzed = (a.value or "" for a in command.arguments if a.name in _FUZZED)
        if not any("FUZZ" in value for value in fuzzed):
            raise RefusedError(Fault.MISSING_OPERAND, "gobuster fuzz needs the keyword FUZZ")
    shells = command.values("shell")
    if shells and shells[0] in _SHELLS and len(shells) > 1:
        raise RefusedError(Fault.EXTRA_OPTION, f"gobuster does not know {shells[1]!r}")


def _number(text: str) -> int:
    return int(normalise("go_int", text))


def _check_codes(name: str, text: str) -> None:
    for part in text.split(",") if text else ():
        match = _CODES.fullmatch(part)
        if not match or (match[1] and int(match[1]) > int(match[2])):
            reason = f"{name}: {part!r} is not a status code or a range such as 200-299"
            raise RefusedError(Fault.BAD_VALUE, reason)


def _check_url(text: str) -> None:
    url = text if text.startswith("http") else f"http://{text}"
    problem = go_url.problem(url)
    if problem or not url.partition("://")[2].strip("/"):
        raise RefusedError(Fault.BAD_VALUE, f"{text!r} is not a URL: {problem or 'it has no host'}")


def _check_lists(command: Command) -> None:
    """Of the list of good codes and that of bad ones exactly one must be there."""
    good = (command.values("--status-codes") or ("",))[0]
    bad = (command.values("--status-codes-blacklist") or ("404",))[0]
    if good and bad:
        reason = '--status-codes is refused beside a blacklist, which is 404 unless -b "" is given'
        raise RefusedError(Fault.CONFLICT, reason)
    if not good and not bad:
        reason = "gobuster dir needs --status-codes or --status-codes-blacklist"
        raise RefusedError(Fault.MISSING_OPTION, reason)
