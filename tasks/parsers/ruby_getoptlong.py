"""Ruby's GetoptLong: GNU long options with abbreviations, letters with glued values, permutation.

Traps: an abbreviation of two spellings of one option is ambiguous; an optional value may be the
next word, unless that begins with a dash; `-a=3` has the value "=3".
Source: Ruby 3.1 getoptlong.rb, get.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, by_prefix, operand
from tasks.spec import Option
from tasks.types import Argument, Fault


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return list(read(grammar, words))


def read(grammar: Grammar, words: Sequence[str]) -> Iterator[Argument]:
    """The same, word by word: for a tool that acts on an option before it reads on."""
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            yield from map(operand, left.rest())
        elif word.startswith("--") and word[2] != "=":
            yield _long(grammar, word, left)
        elif word.startswith("-") and word != "-":
            yield from _letters(grammar, word[1:], left)
        else:
            yield operand(word)


def _long(grammar: Grammar, word: str, left: Words) -> Argument:
    spelled, equals, value = word.partition("=")
    option = by_prefix(grammar, grammar.long, spelled[2:], spelled)
    if option.arity == "none":
        if equals:
            raise RefusedError(Fault.BAD_VALUE, f"{spelled} takes no value")
        return Argument(option.name, None, spelled)
    return Argument(option.name, value if equals else _next(option, spelled, left), spelled)


def _letters(grammar: Grammar, letters: str, left: Words) -> Iterator[Argument]:
    while letters:
        spelled, letters = f"-{letters[0]}", letters[1:]
        option = grammar.short.get(spelled[1])
        if option is None:
            raise grammar.unknown(spelled)
        if option.arity == "none":
            yield Argument(option.name, None, spelled)
            continue
        yield Argument(option.name, letters or _next(option, spelled, left), spelled)
        return


def _next(option: Option, spelled: str, left: Words) -> str | None:
    """The next word as the value; one that is optional may be left out."""
    if option.arity == "one":
        return left.value(spelled)
    word = left.peek()
    return left.take() if word is not None and (word[:1] != "-" or word == "-") else None
