"""popt as Samba uses it: whole long names, letters with glued values, and few complaints.

Traps: no abbreviations; `-p=445` is `-p 445`; a value that is missing at the end, and a value
given to a switch (`--no-pass=x`), only make popt leave the option out.
Source: popt 1.19 popt.c, poptGetNextOpt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers.grammar import Grammar, Words, operand
from tasks.spec import Option
from tasks.types import Argument


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
        elif word.startswith("--"):
            yield from _long(grammar, word, left)
        elif word.startswith("-") and word != "-":
            yield from _letters(grammar, word, left)
        else:
            yield operand(word)


def _long(grammar: Grammar, word: str, left: Words) -> Iterator[Argument]:
    spelled, equals, value = word.partition("=")
    option = grammar.options.get(spelled)
    if option is None:
        raise grammar.unknown(spelled)
    if option.arity == "none":
        if not equals:
            yield Argument(option.name, None, spelled)
    else:
        yield from _valued(option, spelled, value if equals else None, left)


def _letters(grammar: Grammar, word: str, left: Words) -> Iterator[Argument]:
    letters = word[1:]
    while letters:
        spelled, letters = f"-{letters[0]}", letters[1:]
        option = grammar.options.get(spelled)
        if option is None:
            raise grammar.unknown(word if len(word) > 2 else spelled)
        if option.arity == "none":
            yield Argument(option.name, None, spelled)
            continue
        yield from _valued(option, spelled, letters.removeprefix("=") if letters else None, left)
        return


def _valued(option: Option, spelled: str, value: str | None, left: Words) -> Iterator[Argument]:
    if value is None and left:
        value = left.take()
    if value is not None:
        yield Argument(option.name, value, spelled)
