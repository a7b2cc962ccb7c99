"""POSIX getopt with GNU's permutation: one dash, one letter, values glued or next.

Traps: `-login root` is `-l ogin` and an operand; `--help` is the unknown option `-`.
Source: glibc 2.36 posix/getopt.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
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
        elif word[:1] != "-" or word == "-":
            arguments.append(operand(word))
        else:
            arguments += cluster(grammar, word[1:], left)
    return arguments


def cluster(grammar: Grammar, letters: str, left: Words) -> Iterator[Argument]:
    """The options of "-abVALUE" given as "abVALUE"."""
    while letters:
        letter, letters = letters[0], letters[1:]
        option = grammar.short.get(letter)
        group = grammar.glued.get(letter)
        if group and (option is None or _longest(group, letters)):
            yield from _glued(grammar, letter, letters or left.value(f"-{letter}"))
            return
        spelled = f"-{letter}"
        if option is None:
            whole = f"-{letter}{letters}"
            raise grammar.unknown(whole if len(whole) > 2 else spelled)
        if option.arity == "none":
            yield Argument(option.name, None, spelled)
            continue
        value = letters or (left.value(spelled) if option.arity == "one" else None)
        yield Argument(option.name, value, spelled)
        return


def _glued(grammar: Grammar, letter: str, rest: str) -> Iterator[Argument]:
    """Options such as -sV, which are the letter s with the argument V: -sSV is -sS and -sV."""
    group = grammar.glued[letter]
    while rest:
        name = _longest(group, rest)
        if not name:
            raise grammar.unknown(f"-{letter}{rest}")
        option, rest = group[name], rest[len(name) :]
        spelled = f"-{letter}{name}"
        if option.arity == "none":
            yield Argument(option.name, None, spelled)
            continue
        if option.arity == "one" and not rest:
            raise RefusedError(Fault.MISSING_VALUE, f"{spelled} needs a value glued to it")
        yield Argument(option.name, rest or None, spelled)
        return


def _longest(group: Mapping[str, Option], rest: str) -> str:
    """The longest name of the group that the rest begins with; "" if there is none."""
    return max((name for name in group if rest.startswith(name)), key=len, default="")
