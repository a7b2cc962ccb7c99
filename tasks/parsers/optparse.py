"""Python's optparse: unique abbreviations of long options, letters with glued values.

Traps: `--data x` and `--data=x` are the same; `-u=x` has the value "=x".
Source: CPython 3.11 Lib/optparse.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.getopt import cluster
from tasks.parsers.grammar import Grammar, Words, by_prefix, operand, takes_no_value
from tasks.types import Argument


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            arguments += map(operand, left.rest())
        elif word.startswith("--"):
            arguments.append(_long(grammar, word, left))
        elif word.startswith("-") and word != "-":
            arguments += cluster(grammar, word[1:], left)
        else:
            arguments.append(operand(word))
        if arguments and arguments[-1].name in ("--help", "--version"):
            break  # optparse acts on them as soon as it sees them
    return arguments


def _long(grammar: Grammar, word: str, left: Words) -> Argument:
    spelled, equals, value = word.partition("=")
    option = by_prefix(grammar, grammar.long, spelled[2:], spelled)
    if option.arity == "none":
        if equals:
            raise takes_no_value(spelled)
        return Argument(option.name, None, spelled)
    return Argument(option.name, value if equals else left.value(spelled), spelled)
