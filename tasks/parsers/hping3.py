"""hping3's own option parser: no glued values, unique abbreviations of long names.

Traps: `-p80` misses its value, and so does `--count=5`; a value may look like an option; `exec`
runs a script; -h, -v and the help of --tos act where they stand.
Source: hping3 antigetopt.c, ago_getopt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, by_prefix, operand
from tasks.types import Argument, Command, Fault
from tasks.values import normalise

_AT_ONCE = ("--help", "--version", "--icmp-help")
_WITHOUT_TARGET = ("--listen", "--apd-send", *_AT_ONCE)


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
            for argument in _options(grammar, word, left):
                arguments.append(argument)
                if _ends(argument):
                    return [a for a in arguments if a.name]
    return arguments


def _ends(argument: Argument) -> bool:
    return argument.name in _AT_ONCE or (argument.name, argument.value) == ("--tos", "help")


def _options(grammar: Grammar, word: str, left: Words) -> Iterator[Argument]:
    if word.startswith("--"):
        option = by_prefix(grammar, grammar.long, word[2:], word)
        value = left.value(word) if option.arity == "one" else None
        yield Argument(option.name, value, word)
        return
    for place, letter in enumerate(word[1:], 2):
        spelled = f"-{letter}"
        known = grammar.short.get(letter)
        if known is None:
            raise grammar.unknown(spelled)
        if known.arity == "none":
            yield Argument(known.name, None, spelled)
        elif place < len(word):
            raise RefusedError(Fault.MISSING_VALUE, f"{spelled} takes its value as the next word")
        else:
            yield Argument(known.name, left.value(spelled), spelled)


def check(_: Grammar, command: Command) -> None:
    """RefusedError if there is no target where one is wanted, or a signature does not fit."""
    given = {argument.name for argument in command.arguments}
    if any(_ends(argument) for argument in command.arguments) or not given:
        return
    if "target" not in given and not given.intersection(_WITHOUT_TARGET):
        raise RefusedError(Fault.MISSING_OPERAND, "hping3 needs a target")
    sizes, signs = command.values("--data"), command.values("--sign")
    if sizes and signs and 0 < int(normalise("hping_size", str(sizes[-1]))) < len(str(signs[-1])):
        raise RefusedError(Fault.BAD_VALUE, "--sign: the signature is longer than --data")
