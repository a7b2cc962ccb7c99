"""GNU getopt_long: long options with two dashes and their abbreviations, letters with one.

Traps: `-interface lo` is `-i nterface` and an operand; `--inter=lo` is `--interface lo`; an
abbreviation of two spellings of one option is not ambiguous; an optional value must be glued on.
Source: glibc 2.36 posix/getopt.c, process_long_option.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers.getopt import cluster
from tasks.parsers.grammar import Grammar, Words, ambiguous, operand, takes_no_value
from tasks.spec import Option
from tasks.types import Argument


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return list(read(grammar, words))


def read(grammar: Grammar, words: Sequence[str]) -> Iterator[Argument]:
    """The same one by one, for tools with options that end the reading. Raises RefusedError."""
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            yield from map(operand, left.rest())
        elif word.startswith("--"):
            yield long_option(grammar, word, left)
        elif word.startswith("-") and word != "-":
            yield from cluster(grammar, word[1:], left)
        else:
            yield operand(word)


def long_option(grammar: Grammar, word: str, left: Words) -> Argument:
    """The option of "--name" or "--name=value", its value taken from `left` if need be."""
    spelled, equals, value = word.partition("=")
    option = _find(grammar, spelled)
    if option.arity == "none":
        if equals:
            raise takes_no_value(spelled)
        return Argument(option.name, None, spelled)
    if equals:
        return Argument(option.name, value, spelled)
    return Argument(option.name, left.value(spelled) if option.arity == "one" else None, spelled)


def _find(grammar: Grammar, spelled: str) -> Option:
    """The option of a whole name, or of an abbreviation that fits one option only."""
    name = spelled[2:]
    if name in grammar.long:
        return grammar.long[name]
    hits = [long for long in grammar.long if long.startswith(name)] if grammar.prefixes else []
    names = {grammar.long[hit].name for hit in hits}
    if len(names) == 1:
        return grammar.long[hits[0]]
    raise ambiguous(grammar, spelled, hits) if hits else grammar.unknown(spelled)
