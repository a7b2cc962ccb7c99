"""tcpdump's command line: GNU getopt_long, and which options end the reading of it.

Traps: -h and --version act where they stand, so that nothing after them is looked at; with -F or
-D the words of the filter are not looked at, with -J only where -d does not compile them first;
more than five -t are refused.
Source: tcpdump 4.99.3 tcpdump.c, main.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.getopt_long import read
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault

_AT_ONCE = ("--help", "--version", "--fp-type")
_WITHOUT_FILTER = ("-F", "--list-interfaces", *_AT_ONCE)
_MOST_T = 5


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    for argument in read(grammar, words):
        arguments.append(argument)
        if argument.name in _AT_ONCE:
            break
    names = {argument.name for argument in arguments}
    only_compiles = "-d" in names and "--interface" not in names
    lists = "--list-time-stamp-types" in names and not only_compiles
    if lists or not names.isdisjoint(_WITHOUT_FILTER):
        return [argument for argument in arguments if argument.name]
    return arguments


def check(_: Grammar, command: Command) -> None:
    """RefusedError for -t more often than there are time formats, and for -Y."""
    if command.values("-Y"):
        raise RefusedError(Fault.UNKNOWN_FLAG, "tcpdump has no -Y without a debugging libpcap")
    if len(command.values("-t")) > _MOST_T:
        raise RefusedError(Fault.BAD_VALUE, f"tcpdump takes -t no more than {_MOST_T} times")
