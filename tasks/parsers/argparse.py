"""Python's argparse: unique abbreviations of long options, letters with glued values, no operands
that the spec does not name.

Traps: `-d=x` and `-dx` are the same, but `-vd=x` has the value "=x"; a word that begins with a
dash is no value, unless it is a number or has a space; an ambiguous abbreviation is refused
wherever it stands; -h ends the reading.
Source: CPython 3.11 Lib/argparse.py, _parse_optional and consume_optional.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.parsers.grammar import Grammar, RefusedError, Words, ambiguous, operand
from tasks.spec import Option
from tasks.types import Argument, Fault

_NUMBER = re.compile(r"-\d+|-\d*\.\d+")


@dataclass(frozen=True, slots=True)
class _Marked:
    """A word that looks like an option: what it is short for, and the value glued to it."""

    option: Option | None  # None for one that does not exist
    spelled: str
    value: str | None


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    end = words.index("--") if "--" in words else len(words)
    marks = {i: mark for i, word in enumerate(words[:end]) if (mark := _mark(grammar, word))}
    arguments: list[Argument] = []
    unknown: list[str] = []  # complained about when all is read
    at = 0
    while at < len(words):
        mark, word = marks.get(at), words[at]
        at += 1
        if mark is None:
            if at != end + 1 or not grammar.operands:
                arguments.append(operand(word))
        elif mark.option is None:
            unknown.append(mark.spelled)
        else:
            has_next = at < end and at not in marks
            left = Words(words[at : at + 1] if has_next else ())
            taken = list(_taken(grammar, mark, left))
            at += has_next and not left
            arguments += taken
            if any(argument.name == "--help" for argument in taken):
                return arguments
    if unknown:
        raise grammar.unknown(unknown[0])
    return arguments


def _mark(grammar: Grammar, word: str) -> _Marked | None:
    """Whether a word is an option, as argparse sorts words before it reads them."""
    if word[:1] != "-" or word == "-":
        return None
    if word in grammar.options:
        return _Marked(grammar.options[word], word, None)
    spelled, equals, value = word.partition("=")
    if equals and spelled in grammar.options:
        return _Marked(grammar.options[spelled], spelled, value)
    found = list(_abbreviated(grammar, word))
    if len(found) > 1:
        raise ambiguous(grammar, spelled, [mark.spelled for mark in found])
    if found:
        return found[0]
    if _NUMBER.fullmatch(word) or " " in word:
        return None
    return _Marked(None, word, None)


def _abbreviated(grammar: Grammar, word: str) -> Iterator[_Marked]:
    if not word.startswith("--"):
        option = grammar.options.get(word[:2])
        if option:
            yield _Marked(option, word[:2], word[2:])
        return
    name, equals, value = word.partition("=")
    for spelling, option in grammar.options.items():
        if grammar.prefixes and spelling.startswith(name):
            yield _Marked(option, spelling, value if equals else None)


def _taken(grammar: Grammar, mark: _Marked, left: Words) -> Iterator[Argument]:
    """The option of a word, and more of them if it is a cluster of letters."""
    option, spelled, value = mark.option, mark.spelled, mark.value
    while option is not None and option.arity == "none" and value is not None:
        letter = f"-{value[:1]}"
        following = grammar.options.get(letter)
        if spelled.startswith("--") or following is None:
            raise RefusedError(Fault.BAD_VALUE, f"{spelled} takes no value, {value!r}")
        yield Argument(option.name, None, spelled)
        option, spelled, value = following, letter, value[1:] or None
    if option is None:
        return
    if option.arity == "none":
        yield Argument(option.name, None, spelled)
        return
    yield Argument(option.name, left.value(spelled) if value is None else value, spelled)
