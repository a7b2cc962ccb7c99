"""medusa: getopt, up to the first -d or -V, which print and leave.

Traps: `-hd` is the host "d"; words that are no options are ignored; `--help` is the unknown
option `-`; the host, the users and the passwords are each given once, as a value or as a file.
Source: medusa 2.2 src/medusa.c, checkOptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers.getopt import cluster
from tasks.parsers.grammar import Grammar, Words
from tasks.types import Argument

AT_ONCE = ("-d", "-V")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The options in order; medusa has no operands. Raises RefusedError."""
    arguments: list[Argument] = []
    for argument in _options(grammar, Words(words)):
        arguments.append(argument)
        if argument.name in AT_ONCE:
            break
    return arguments


def _options(grammar: Grammar, left: Words) -> Iterator[Argument]:
    while left:
        word = left.take()
        if word == "--":
            return
        if word.startswith("-") and word != "-":
            yield from cluster(grammar, word[1:], left)
