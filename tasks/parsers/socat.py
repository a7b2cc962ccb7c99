"""socat: single options, none merged, then two addresses.

    socat -d -d -lf log TCP-LISTEN:80,fork TCP:10.0.0.1:80

Traps: `-vv` and `-uv` are refused but `-dd` is not; `-lpNAME` and `-lp NAME`, but only
`-lyFACILITY`; an option after an address is an address too many; `-` and `-,OPTION` are addresses.
Source: socat 1.7.4.4 socat.c, main.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.spec import Option
from tasks.syntax.socat_address import address_text
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown

_HELP = "-h"
_LOG = "-l"


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while (word := left.peek()) and word[0] == "-" and word[1:2] not in ("", ",", ":"):
        left.take()
        option, glued = _find(grammar, word)
        if option.arity == "none":
            arguments.append(Argument(option.name, None, word))
        elif option.arity == "optional":
            arguments.append(Argument(option.name, glued or None, word))
        else:
            value = glued or left.value(option.name)
            arguments.append(Argument(option.name, value, option.name))
        if option.informs:
            return arguments
    return arguments + [operand(word) for word in left.rest()]


def _find(grammar: Grammar, word: str) -> tuple[Option, str]:
    """The option of a word, and what is glued to it."""
    if word.startswith(("-h", "-?")):
        return grammar.options[_HELP], ""
    if re.fullmatch("-d+", word):
        return grammar.options["-d"], ""
    size = 3 if word.startswith(_LOG) else 2
    option = grammar.options.get(word[:size])
    if option is None:
        raise grammar.unknown(word)
    glued = word[size:]
    if glued and option.arity == "none" and size == 2:
        raise RefusedError(Fault.UNKNOWN_FLAG, f"socat wants {word} as single options")
    return option, glued


def check(grammar: Grammar, command: Command) -> None:
    """An address must be whole, and its options must go with it but after -g."""
    free = bool(command.values("-g"))
    for argument in command.arguments:
        if grammar.operand(argument.name) and argument.value and not is_unknown(argument.value):
            try:
                address_text(argument.value, any_option=free)
            except ValueError as error:
                raise RefusedError(Fault.BAD_VALUE, f"{argument.value}: {error}") from None
