"""fping's own optparse: whole long names only, letters with glued values, operands anywhere.

Traps: `--cou 5` is no `--count 5`; `-alive` is `-a -l -i ve`; -h and -v act where they stand.
Source: fping 5.1 src/optparse.c, optparse_long.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.getopt import cluster
from tasks.parsers.getopt_long import long_option
from tasks.parsers.grammar import Grammar, Words, operand
from tasks.types import Argument

_AT_ONCE = ("--help", "--version")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            arguments += map(operand, left.rest())
        elif word[:1] != "-" or word == "-":
            arguments.append(operand(word))
        else:
            long = word.startswith("--")
            read = [long_option(grammar, word, left)] if long else cluster(grammar, word[1:], left)
            for argument in read:
                arguments.append(argument)
                if argument.name in _AT_ONCE:
                    return arguments
    return arguments
