"""Perl's Getopt::Long as nikto uses it: one dash, two, or a plus; abbreviations; case matters.

Traps: `-h` is `-host` only if it abbreviates nothing else; `-P` and `-no` are ambiguous; an
optional value may be the next word unless that begins with a dash.
Source: Getopt::Long 2.52, FindOption.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, ambiguous, operand, takes_no_value
from tasks.spec import Option
from tasks.types import Argument, Fault


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            arguments += map(operand, left.rest())
        elif _is_option(word):
            arguments.append(_option(grammar, word, left))
            if grammar.canonical[arguments[-1].name].informs:
                break  # help and version are printed as soon as they are seen
        else:
            arguments.append(operand(word))
    return arguments


def _is_option(word: str) -> bool:
    return word[:1] in ("-", "+") and len(word) > 1


def _option(grammar: Grammar, word: str, left: Words) -> Argument:
    spelled, equals, value = word.partition("=")
    option = _find(grammar, spelled)
    if option.arity == "none":
        if equals:
            raise takes_no_value(spelled)
        return Argument(option.name, None, spelled)
    if value:
        return Argument(option.name, value, spelled)
    if option.arity == "one":
        if equals:
            raise RefusedError(Fault.MISSING_VALUE, f"{spelled}= needs a value")
        return Argument(option.name, left.value(spelled), spelled)
    following = left.peek()
    takes_next = not equals and following is not None and not _is_option(following)
    return Argument(option.name, left.take() if takes_next else None, spelled)


def _find(grammar: Grammar, spelled: str) -> Option:
    """An abbreviation of two spellings of one option is not ambiguous here."""
    name = spelled[2:] if spelled.startswith("--") else spelled[1:]
    if name in grammar.words:
        return grammar.words[name]
    hits = [word for word in grammar.words if word.startswith(name)] if grammar.prefixes else []
    if len({grammar.words[hit].name for hit in hits}) == 1:
        return grammar.words[hits[0]]
    raise ambiguous(grammar, spelled, hits) if hits else grammar.unknown(spelled)
