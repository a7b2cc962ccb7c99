"""openssl: a command, its options, then files; `--x` is `-x` and nothing may be abbreviated.

    openssl sha256 -r file            is `openssl dgst -sha256 -r file`
    openssl aes-256-cbc -d -in file   is `openssl enc -aes-256-cbc -d -in file`

Traps: the first word without a dash ends the options; `-in=file` works; a name of a digest or a
cipher is an option of its own, `-*` in the spec, in any case of letters; -help stops the reading.
Source: OpenSSL 3.0 apps/lib/opt.c (opt_next) and apps/openssl.c (do_cmd).
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.spec import Option
from tasks.types import Argument, Command, Fault

_ALGORITHM = "-*"  # how `-help` lists "any supported digest" and "any supported cipher"
_HELP = frozenset({"-h", "-help", "--h", "--help"})
_BASE64 = "base64"  # a command, and as an option of enc no cipher
# Beside these options their command takes no operand.
_ALONE = {"s_client": ("-connect", "-unix"), "passwd": ("-in", "-stdin")}
_WITHOUT_IV = ("des-ede", "des-ede3", "rc4", "rc4-40", "null")
_SIGNING = ("-sign", "-verify", "-prverify")
_COMMANDS_OF = ("dgst", "enc")  # the commands that an algorithm's name stands for


def split(grammar: Grammar, words: Sequence[str]) -> tuple[Grammar, Sequence[str]]:
    """The grammar of the command, and the words after its name."""
    name, rest = (words[0], words[1:]) if words else ("help", ())
    if name in _HELP:
        name = "help"
    if name in grammar.subcommands:
        return grammar.subcommands[name], rest
    if name.startswith("no-"):
        return grammar.subcommands["no-"], words
    for command in _COMMANDS_OF:
        found = grammar.subcommands[command]
        if name.lower() in _algorithms(found) or (command == "enc" and name == _BASE64):
            return found, (f"-{name}", *rest)
    raise RefusedError(Fault.WRONG_TOOL, f"openssl has no command {name!r}")


def _algorithms(grammar: Grammar) -> Sequence[str]:
    option = grammar.options.get(_ALGORITHM)
    return option.choices if option else ()


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    if grammar.subcommand == "no-":
        return [operand(word) for word in words]
    arguments: list[Argument] = []
    left = Words(words)
    while (word := left.peek()) is not None and word.startswith("-"):
        left.take()
        if word == "--":
            break
        if word == "-" and _ALGORITHM in grammar.options:
            continue  # an algorithm with an empty name is none
        argument, option = _option(grammar, word, left)
        arguments.append(argument)
        if option.informs:
            return arguments
    return arguments + [operand(word) for word in left.rest()]


def _option(grammar: Grammar, word: str, left: Words) -> tuple[Argument, Option]:
    name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
    spelled = f"-{name}"
    option = grammar.options.get(spelled) if spelled != _ALGORITHM else None
    if option is None:
        return _algorithm(grammar, name, spelled)
    if option.arity == "none":
        if equals:
            raise RefusedError(Fault.BAD_VALUE, f"{spelled} takes no value")
        return Argument(option.name, None, spelled), option
    return Argument(option.name, value if equals else left.value(spelled), spelled), option


def _algorithm(grammar: Grammar, name: str, spelled: str) -> tuple[Argument, Option]:
    """The name of a digest or cipher written as an option."""
    option = grammar.options.get(_ALGORITHM)
    if option is None or name.lower() not in option.choices:
        raise grammar.unknown(spelled)
    return Argument(option.name, name.lower(), spelled), option


def check(grammar: Grammar, command: Command) -> None:
    """What no spec can state. Raises RefusedError."""
    names = {argument.name for argument in command.arguments}
    operands = [a for a in command.arguments if not a.name.startswith("-")]
    alone = names.intersection(_ALONE.get(grammar.subcommand or "", ()))
    if alone and operands:
        reason = f"{grammar.tool} takes no operand beside {alone.pop()}"
        raise RefusedError(Fault.CONFLICT, reason)
    if grammar.subcommand == "dgst" and len(operands) > 1 and names.intersection(_SIGNING):
        raise RefusedError(Fault.EXTRA_OPTION, f"{grammar.tool} signs or verifies one file only")
    if grammar.subcommand == "enc":
        _check_iv(command, names)


def _check_iv(command: Command, names: set[str]) -> None:
    """A key of one's own needs an IV, but in modes without one and beside a pass phrase."""
    cipher = next(iter(command.values(_ALGORITHM)), None)
    if cipher is None or "-K" not in names or names & {"-iv", "-k", "-kfile", "-pass"}:
        return
    has_iv = not cipher.endswith("ecb") and cipher not in _WITHOUT_IV
    if has_iv and not cipher[0].isdigit():  # a dotted number does not tell its mode
        raise RefusedError(Fault.MISSING_OPTION, f"openssl enc wants -iv beside -K for {cipher}")
