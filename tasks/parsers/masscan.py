"""masscan's command line: each option is a line of its configuration file.

Traps: dashes, underscores and case within a long name do not matter, and it cannot be shortened;
the letters of nmap have their values glued or next, but -oX only next, whatever is glued to it;
what else nmap has is refused; a word that is no option must begin as an address does.
Source: masscan 1.3.2 src/main-conf.c, masscan_command_line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.types import Argument, Command, Fault

_AT_ONCE = ("--help", "-h", "--version", "--nmap", "--iflist")
_NO_SCAN = ("--echo", "--echo-all", "--conf", "--resume", "--selftest", "--regress", "--benchmark")
_TARGETS = ("target", "--range", "--includefile")
_PORTS = ("--ports", "--tcp-ports", "--udp-ports", "--oprotos", "--top-ports", "--ping", "--arp")
_TOP_PORTS = "--top-ports"
_HEADER = "httpheader"
_AS_WRITTEN = "--min-rate"  # of nmap; in other spellings it is refused
_READSCAN = "--readscan"  # is read before the others, and has no form with "="


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word.startswith("--"):
            arguments.append(_long(grammar, word, left))
        elif word.startswith("-"):
            arguments.append(_short(grammar, word, left))
        elif word[:1].isdecimal() or word[:1] in (":", "["):
            arguments.append(operand(word))
        else:
            raise RefusedError(Fault.EXTRA_OPTION, f"masscan: {word!r} is no address; no names")
        if arguments[-1].name in _AT_ONCE:
            break
    return arguments


def _fold(name: str) -> str:
    return name.partition("[")[0].lower().translate({ord(sign): None for sign in "-_."})


def _long(grammar: Grammar, word: str, left: Words) -> Argument:
    name, equals, value = word[2:].partition("=" if "=" in word else ":")
    table = {_fold(n[2:]): o for n, o in grammar.options.items() if n.startswith("--")}
    header = _HEADER if _fold(name).startswith(_HEADER) else None  # whatever follows it
    option = table.get(header or _fold(name))
    if option and option.name == _AS_WRITTEN and name.lower().strip("-") != _AS_WRITTEN[2:]:
        option = None
    if option is None or not name or (equals and option.name == _READSCAN):
        raise grammar.unknown(f"--{name}")
    spelled = f"--{name}"
    if option.name == _TOP_PORTS:
        number = left.peek()
        follows = not equals and number is not None and number.isdecimal()
        given = left.take() if follows else value if equals else None
        return Argument(option.name, given, spelled)
    follows_option = option.name == _READSCAN and (left.peek() or "").startswith("-")
    if option.arity == "none" or follows_option:
        return Argument(option.name, None, spelled)
    return Argument(option.name, value if equals else left.value(spelled), spelled)


def _short(grammar: Grammar, word: str, left: Words) -> Argument:
    """A letter with its value, or one of the words that masscan has from nmap."""
    word = "-Pn" if word.startswith("-Pn") else word  # what follows it is not looked at
    whole = grammar.options.get(word)
    if whole and len(word) > 2 and word[1] != "o":
        return Argument(whole.name, left.value(word) if whole.arity == "one" else None, word)
    if word[1:2] == "o" and f"-o{word[2:3]}" in grammar.options:
        return _output(word[:3], left)
    if (word == "-i" and left.peek() == "") or re.fullmatch(r"-i[^\d]", word):
        raise grammar.unknown(word)  # it looks two letters on, even beyond the end of the word
    option = grammar.options.get(word[:2])
    if option is None or len(word) < 2 or word[1] in "sP":
        raise grammar.unknown(word)
    if option.arity == "none":
        return Argument(option.name, None, word[:2])
    value = word[2:] or left.value(word)
    if not value and option.name == "--ports":
        raise RefusedError(Fault.BAD_VALUE, "-p: masscan calls the empty list an empty parameter")
    return Argument(option.name, value, word[:2])


def _output(spelled: str, left: Words) -> Argument:
    """What is glued to -oX is passed over; its file is the next word, which begins with no dash."""
    name = left.value(spelled)
    if name.startswith("-") and name != "-":
        raise RefusedError(Fault.MISSING_VALUE, f"{spelled} needs the name of a file")
    return Argument(spelled, name, spelled)


def check(_: Grammar, command: Command) -> None:
    """RefusedError where a scan has no ports or no targets."""
    given = {argument.name for argument in command.arguments}
    if given.intersection((*_AT_ONCE, *_NO_SCAN)) or _READSCAN in given:
        return
    if given.isdisjoint(_TARGETS):
        raise RefusedError(Fault.MISSING_OPERAND, "masscan needs a target")
    if given.isdisjoint(_PORTS):
        raise RefusedError(Fault.MISSING_OPTION, "masscan needs -p")
