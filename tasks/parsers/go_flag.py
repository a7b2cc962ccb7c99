"""Go's flag package: one dash or two mean the same; the first operand ends the options.

Traps: no abbreviation, no gluing; `-v true` sets -v and stops at the operand `true`; every flag
after a stray operand is ignored by the tool, silently.
Source: go 1.19 src/flag/flag.go, parseOne.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.spec import Option
from tasks.types import Argument, Fault
from tasks.values import validate


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.peek() or ""
        if len(word) < 2 or word[0] != "-":
            break
        left.take()
        if word == "--":
            break
        arguments += _flag(grammar, word, left)
        if arguments and _is_help(grammar, arguments[-1]):
            return arguments
    return arguments + [operand(word) for word in left.rest()]


def _is_help(grammar: Grammar, argument: Argument) -> bool:
    """-h and -help are of the package itself, which reads no further."""
    option = grammar.canonical.get(argument.name)
    return option is not None and "-help" in option.spellings


def _flag(grammar: Grammar, word: str, left: Words) -> list[Argument]:
    body = word[2:] if word.startswith("--") else word[1:]
    if body[:1] in ("-", "="):
        raise RefusedError(Fault.UNKNOWN_FLAG, f"{word} is not written as a flag")
    name, equals, value = body.partition("=")
    spelled = word.partition("=")[0]
    option = grammar.words.get(name)
    if option is None:
        raise grammar.unknown(spelled)
    if option.arity == "none":
        return switch(option, spelled, value if equals else "true")
    return [Argument(option.name, value if equals else left.value(spelled), spelled)]


def switch(option: Option, spelled: str, value: str) -> list[Argument]:
    """A boolean flag: given when true, as good as absent when `=false` (Go's strconv.ParseBool)."""
    problem = validate("bool", value)
    if problem:
        raise RefusedError(Fault.BAD_VALUE, f"{spelled}: {problem}")
    is_on = value[0] in "1tT"
    return [Argument(option.name, None, spelled)] if is_on else []
