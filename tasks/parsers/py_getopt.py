"""Python's getopt.getopt: the first word that is no option ends the options.

Traps: `tool URL --hc 404` has three operands; `--hc=404` and `--hc 404` are the same; an
abbreviation must fit one long option only, but a whole name always counts.
Source: CPython 3.11 Lib/getopt.py.
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
    while (word := left.peek()) is not None and word.startswith("-") and word != "-":
        left.take()
        if word == "--":
            break
        if word.startswith("--"):
            arguments.append(_long(grammar, word, left))
        else:
            arguments += cluster(grammar, word[1:], left)
    return arguments + [operand(word) for word in left.rest()]


def _long(grammar: Grammar, word: str, left: Words) -> Argument:
    spelled, equals, value = word.partition("=")
    option = by_prefix(grammar, grammar.long, spelled[2:], spelled)
    if option.arity == "none":
        if equals:
            raise takes_no_value(spelled)
        return Argument(option.name, None, spelled)
    return Argument(option.name, value if equals else left.value(spelled), spelled)
