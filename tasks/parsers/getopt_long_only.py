"""GNU getopt_long_only: long options with one dash or two, abbreviations, then short options.

Traps: `-reason` is `--reason`; `--reas` too; `-p=8000` is an ambiguous long option; `--sV` is
unknown, because `-sV` is the short option s with the argument V.
Source: glibc 2.36 posix/getopt.c, process_long_option.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers import getopt
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
        elif word[:1] != "-" or word == "-":
            arguments.append(operand(word))
        else:
            arguments += _option(grammar, word, left)
        if any(option.informs for a in arguments[-1:] if (option := grammar.canonical.get(a.name))):
            break  # nmap acts on --version as soon as it sees it
    return arguments


def _option(grammar: Grammar, word: str, left: Words) -> Iterator[Argument]:
    if word.startswith("--"):
        yield _long(grammar, word, word[2:], left)
    elif _may_be_long(grammar, word):
        yield _long(grammar, word, word[1:], left)
    else:
        yield from getopt.cluster(grammar, word[1:], left)


def _may_be_long(grammar: Grammar, word: str) -> bool:
    """One dash: a long option is tried first unless it is a lone short letter; a word that fits
    no long option is one only if its first letter is no short option either."""
    is_short = word[1] in grammar.short or word[1] in grammar.glued
    if len(word) == 2 and is_short:
        return False
    name = word[1:].partition("=")[0]
    return not is_short or any(long.startswith(name) for long in grammar.long)


def _long(grammar: Grammar, word: str, body: str, left: Words) -> Argument:
    name, equals, value = body.partition("=")
    spelled = word.partition("=")[0]
    option = by_prefix(grammar, grammar.long, name, spelled)
    if option.arity == "none":
        if equals:
            raise takes_no_value(spelled)
        return Argument(option.name, None, spelled)
    if equals:
        return Argument(option.name, value, spelled)
    return Argument(option.name, left.value(spelled) if option.arity == "one" else None, spelled)
