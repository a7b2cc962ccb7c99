"""tshark's command line: Wireshark's own getopt_long, which stops at the first operand.

Traps: options after the filter are part of it; -h, -v and -D act where they stand; -G has to come
first; the value of --log-X may begin with a dash only behind "="; the operand is a display filter
with -r and a capture filter without; two names of one option make an abbreviation ambiguous.
Source: Wireshark 4.0.17 tshark.c and wsutil/ws_getopt.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn

from tasks.parsers.getopt import cluster
from tasks.parsers.grammar import (
    Grammar,
    RefusedError,
    Words,
    by_prefix,
    operand,
    takes_no_value,
)
from tasks.spec import Option
from tasks.types import Argument, Command, Fault
from tasks.values import validate

_AT_ONCE = ("--help", "--version", "--list-interfaces")
_REPORT = "-G"
_LOG = "log-"
_WITH_FIELDS = ("ek", "fields", "json", "pdml")
_PRINTS = ("-V", "-x", "-O", "-T", "--print", "--hexdump")
_LIMITS = ("filesize", "duration", "interval", "packets")
_LIVE_FORMATS = ("pcap", "pcapng")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    if words and words[0] == _REPORT:
        return [Argument(_REPORT, words[1] if len(words) > 1 else "fields", _REPORT)]
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word[:1] != "-" or word in ("-", "--"):
            rest = left.rest()
            arguments += map(operand, rest if word == "--" else [word, *rest])
            break
        for argument in _option(grammar, word, left):
            arguments.append(argument)
            if argument.name in _AT_ONCE or argument.value == "help":
                return arguments
    return arguments


def _option(grammar: Grammar, word: str, left: Words) -> Iterable[Argument]:
    if not word.startswith("--"):
        return cluster(grammar, word[1:], left)
    name, equals, value = word[2:].partition("=")
    spelled = f"--{name}"
    option = _find(grammar, name, spelled)
    if option.arity == "none" and equals:
        raise takes_no_value(spelled)
    if option.arity == "none":
        return [Argument(option.name, None, spelled)]
    if option.name.startswith(f"--{_LOG}") and not equals and (left.peek() or "")[:1] == "-":
        raise RefusedError(
            Fault.MISSING_VALUE, f"{spelled} needs a value, and takes no dash for one"
        )
    return [Argument(option.name, value if equals else left.value(spelled), spelled)]


def _find(grammar: Grammar, name: str, spelled: str) -> Option:
    """The options of the log are read first, and only by their whole names."""
    if name.startswith(_LOG):
        return grammar.long.get(name) or _unknown(grammar, spelled)
    table = {long: option for long, option in grammar.long.items() if not long.startswith(_LOG)}
    return by_prefix(grammar, table, name, spelled)


def _unknown(grammar: Grammar, spelled: str) -> NoReturn:
    raise grammar.unknown(spelled)


def check(_: Grammar, command: Command) -> None:
    """RefusedError for what does not go together, or not with a capture or with a file."""
    given = {argument.name for argument in command.arguments}
    if given.intersection((*_AT_ONCE, _REPORT)):
        if _REPORT in given and len(command.arguments) > 1:
            raise RefusedError(Fault.CONFLICT, "tshark takes -G as the first option only")
        return
    _check_output(command, given)
    _check_filters(command, given)
    if "-r" in given:
        _check_reading(command)
    else:
        _check_capture(command, given)


def _check_output(command: Command, given: set[str]) -> None:
    form = (command.values("-T") or ("text",))[-1]
    if form == "fields" and "-e" not in given:
        raise RefusedError(Fault.MISSING_OPTION, "tshark wants -e beside -T fields")
    if "-e" in given and form not in _WITH_FIELDS:
        raise RefusedError(Fault.MISSING_OPTION, "tshark wants -T fields or the like beside -e")
    if "--no-duplicate-keys" in given and form not in ("json", "jsonraw"):
        raise RefusedError(Fault.MISSING_OPTION, "tshark wants -T json beside --no-duplicate-keys")
    if "-" in command.values("-w") and given.intersection(_PRINTS):
        raise RefusedError(Fault.CONFLICT, "tshark cannot write packets and text to one output")


def _check_filters(command: Command, given: set[str]) -> None:
    """The operand is a filter, of the kind that -Y or -f would take there."""
    words = command.values("filter")
    if not words:
        return
    option, kind = ("-Y", "display_filter") if "-r" in given else ("-f", "pcap_filter")
    if option in given:
        raise RefusedError(Fault.CONFLICT, f"tshark has a filter with {option} and another without")
    problem = validate(kind, words[0] or "")
    if problem:
        raise RefusedError(Fault.BAD_VALUE, f"filter: {problem}")


def _check_reading(command: Command) -> None:
    """What only a capture can do."""
    stops = [str(value).partition(":")[0] for value in command.values("--autostop")]
    if command.values("--ring-buffer") or {"duration", "files"}.intersection(stops):
        raise RefusedError(Fault.CONFLICT, "tshark captures nothing while it reads a file")


def _check_capture(command: Command, given: set[str]) -> None:
    """What a capture cannot do."""
    if "-2" in given:
        raise RefusedError(Fault.CONFLICT, "tshark takes -2 only beside -r")
    rings = [str(value).partition(":")[0] for value in command.values("--ring-buffer")]
    if rings and ("-w" not in given or not set(_LIMITS).intersection(rings)):
        raise RefusedError(Fault.MISSING_OPTION, "tshark wants -w and a size or time beside -b")
    if "-w" in given and "-Y" in given:
        raise RefusedError(Fault.CONFLICT, "tshark cannot filter with -Y what it captures to -w")
    formats = command.values("-F")
    if "-w" in given and formats and formats[-1] not in _LIVE_FORMATS:
        raise RefusedError(Fault.BAD_VALUE, "tshark captures to pcap or pcapng only")
