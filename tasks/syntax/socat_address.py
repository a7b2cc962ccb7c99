"""The addresses of socat: TYPE:PARAMETER:...,OPTION=VALUE,... and two of them with !! between.

    address_text("TCP4-L:80,FORK")  -> "tcp4-listen:80,fork"
    address_text("TCP:10.0.0.1")    -> ValueError: TCP takes 2 parameters, not 1

Names are matched without regard to case. Quotes and brackets keep separators from separating.
Source: socat 1.7.4.4 xioopen.c (xioparse_single), xioopts.c (parseopts_table), nestlex.c; the names
are those of `socat -hhh`, in socat_names.txt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_ENDS = ("!!", ":", ",")
_WHOLE = re.compile(r"\s*[+-]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_DECIMAL = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\s*0[xX][0-9a-fA-F]+")
_ID = re.compile(r"(?!\d)(?s:.*)|0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")
_INT = r"\s*[+-]?(?:0[xX][0-9a-fA-F]+|\d+)"
# What the value of a type must be; a type that is not here takes what there is, or nothing.
_FORMS = {
    **dict.fromkeys(("BOOL", "INT", "BYTE", "UNSIGNED-INT", "UNSIGNED-SHORT"), _WHOLE),
    **dict.fromkeys(("OFF_T", "OFF64_T", "SIZE_T", "MODE_T", "STRUCT-LINGER"), _WHOLE),
    **dict.fromkeys(("STRUCT-TIMEVAL", "STRUCT-TIMESPEC"), _DECIMAL),
    **dict.fromkeys(("UID_T", "GID_T"), _ID),
    "INT:INT": re.compile(f"{_INT}:{_INT}"),
    "INT:INTP": re.compile(f"{_INT}:{_INT}"),
    "INT:BIN": re.compile(f"{_INT}:.*", re.DOTALL),
    "INT:STRING": re.compile(f"{_INT}:.*", re.DOTALL),
    "INT:INT:INT": re.compile(f"{_INT}:{_INT}:{_INT}"),
    "INT:INT:BIN": re.compile(f"{_INT}:{_INT}:.*", re.DOTALL),
    "INT:INT:STRING": re.compile(f"{_INT}:{_INT}:.*", re.DOTALL),
    "STRUCT-IP_MREQN": re.compile(r"[^:]*:.*", re.DOTALL),
}
# Types that may stand without a value: a switch that is on, or a number that is one.
_ALONE = """
BOOL CONST INT BYTE UNSIGNED-INT UNSIGNED-SHORT OFF_T OFF64_T SIZE_T STRING-NULL
IP4NAME
"""
_MAY_STAND_ALONE = frozenset(_ALONE.split())
# The groups of options that go with every address.
_EVERYWHERE = frozenset({"APPL", "PROCESS"})


@dataclass(frozen=True, slots=True)
class _Names:
    """What `socat -hhh` lists."""

    parameters: Mapping[str, range]  # by address: how many it takes
    groups: Mapping[str, frozenset[str]]  # by address
    options: Mapping[str, tuple[str, frozenset[str]]]  # type and groups
    aliases: Mapping[tuple[str, str], str]  # by kind and name


@cache
def _names() -> _Names:
    parameters: dict[str, range] = {}
    groups: dict[str, frozenset[str]] = {}
    options: dict[str, tuple[str, frozenset[str]]] = {}
    aliases: dict[tuple[str, str], str] = {}
    text = Path(__file__).with_name("socat_names.txt").read_text(encoding="ascii")
    for kind, name, *rest in (line.split() for line in text.splitlines() if line[0] != "#"):
        if kind == "address":
            least, _, most = rest[0].partition("-")
            parameters[name] = range(int(least), int(most or least) + 1)
            groups[name] = frozenset(rest[1].split(","))
        elif kind == "option":
            options[name] = (rest[0], frozenset(rest[1].split(",")))
        else:
            aliases[kind.removesuffix("-alias"), name] = rest[0]
    return _Names(parameters, groups, options, aliases)


def address_text(text: str, *, any_option: bool = False) -> str:
    """The canonical form of an address; ValueError with the reason where socat takes it not.

    `any_option`: options need not go with the kind of address, as after -g.
    """
    single: list[str] = []
    rest = text
    while True:
        address, rest = _single(rest, any_option)
        single.append(address)
        if not rest.startswith("!!") or len(single) > 1:
            return "!!".join(single)
        rest = rest[2:]


def _single(text: str, any_option: bool) -> tuple[str, str]:
    """One address in canonical form, and what follows it."""
    words, rest = _words(text)
    spelled = words[0]
    name = _address_name(spelled, words)
    chosen = []
    while rest.startswith(","):
        while rest.startswith(","):
            rest = rest[1:]
        if rest and not rest.startswith("!!"):
            option, rest = _until(rest, (",", "!!"), plain=False)
            chosen.append(_option_text(option, name, any_option))
    takes = _names().parameters[name]
    if len(words) - 1 not in takes:
        many = f"{takes[0]} or {takes[-1]}" if len(takes) > 1 else str(takes[0])
        raise ValueError(f"{spelled} takes {many} parameters, not {len(words) - 1}")
    return ",".join([":".join([name, *words[1:]]), *sorted(chosen)]), rest


def _words(text: str) -> tuple[list[str], str]:
    """The type and the parameters, quotes taken off, and what follows them."""
    word, rest = _until(text, _ENDS)
    words = [word]
    while rest.startswith(":"):
        word, rest = _until(rest[1:], _ENDS)
        words.append(word)
    return words, rest


def _address_name(spelled: str, words: list[str]) -> str:
    """The canonical name of an address; a file descriptor or a path becomes its parameter."""
    names = _names()
    lower = spelled.lower()
    name = names.aliases.get(("address", lower), lower)
    if name in names.parameters:
        return name
    if re.fullmatch(r"\d", spelled):
        words.insert(0, "fd")
        return "fd"
    if "/" in spelled:
        words.insert(0, "gopen")
        return "gopen"
    raise ValueError(f"{spelled!r} is no kind of address")


def _option_text(text: str, address: str, any_option: bool) -> str:
    """One option of an address in canonical form."""
    names = _names()
    spelled, equals, value = text.partition("=")
    lower = spelled.lower()
    name = names.aliases.get(("option", lower), lower)
    if name not in names.options:
        raise ValueError(f"{spelled!r} is no option of an address")
    kind, groups = names.options[name]
    if not any_option and groups.isdisjoint(names.groups[address] | _EVERYWHERE):
        raise ValueError(f"option {spelled} does not go with {address}")
    if not equals:
        if kind not in _MAY_STAND_ALONE:
            raise ValueError(f"option {spelled} needs a value")
        return name
    if kind == "CONST":
        raise ValueError(f"option {spelled} takes no value")
    form = _FORMS.get(kind)
    if form and not form.fullmatch(value):
        raise ValueError(f"{value!r} is no value of option {spelled}")
    return f"{name}={value}"


def _until(text: str, ends: tuple[str, ...], *, plain: bool = True) -> tuple[str, str]:
    """The text up to one of the ends outside quotes and brackets, and the rest with the end.

    `plain`: without the quotes and backslashes, as socat reads a parameter.
    """
    kept: list[str] = []
    position = 0
    for start, piece in _pieces(text):
        if text.startswith(ends, start) and piece == text[start]:
            return "".join(kept), text[start:]
        position = start + len(piece)
        kept.append(_unquoted(piece) if plain else piece)
    return "".join(kept), text[position:]


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Single characters, escaped ones, quoted and bracketed texts, each with where it starts."""
    position = 0
    while position < len(text):
        length = _length(text, position)
        yield position, text[position : position + length]
        position += length


def _length(text: str, start: int) -> int:
    first = text[start]
    if first == "\\" and start + 1 < len(text):
        return 2
    if first in "'\"":
        return _quoted(text, start)
    if first in _BRACKETS:
        position = start + 1
        while position < len(text) and text[position] != _BRACKETS[first]:
            position += _length(text, position)
        return min(position + 1, len(text)) - start  # socat does not mind one that stays open
    return 1


def _quoted(text: str, start: int) -> int:
    position = start + 1
    while position < len(text):
        if text[position] == text[start]:
            return position + 1 - start
        position += 2 if text[position] == "\\" and text[start] == '"' else 1
    if text[start] == "'":
        return len(text) - start  # only the other quote must be closed
    raise ValueError(f"a quote in {text!r} is not closed")


def _unquoted(piece: str) -> str:
    if len(piece) > 1 and piece[0] in "'\"":
        return piece[1:-1]
    return piece[1:] if piece[0] == "\\" and len(piece) > 1 else piece
