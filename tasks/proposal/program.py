"""Find option names in a program itself: the optstring of an ELF file, the words in it that could
be long options, and the option table of a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tasks.proposal.man import inside
from tasks.proposal.text import Candidate

_STRINGS = re.compile(rb"[\x20-\x7e]{2,200}")
_LETTERS = re.compile(r"([A-Za-z0-9?#@])(:{0,2})")
_OPTSTRING = re.compile(rf"[-+:]{{0,2}}(?:{_LETTERS.pattern})+")
_WORD = re.compile(r"[A-Za-z][a-z0-9]+(?:[-_][a-zA-Z0-9]+)*")
_QUOTED = re.compile(r"""["'](--?[A-Za-z0-9][\w-]*)["'=]""")
_GETOPTIONS = re.compile(r"""["']([\w?-]+(?:\|[\w?-]+)*)([=:][sif][@%]?|[+!])?["']\s*=>""")


def program(root: Path, tool: str) -> Path | None:
    """The tool's file in an image; None if there is none."""
    for folder in ("usr/local/bin", "usr/bin", "usr/sbin", "bin", "sbin"):
        path = inside(root, root / folder / tool)
        if path.is_file():
            return path
    return None


def candidates(path: Path, dashes: str) -> Iterator[Candidate]:
    """The options that a program's file hints at; `dashes` is how its long options begin.

    Nothing of a Go program: its strings lie in one piece, and all of its libraries' are there.
    """
    data = path.read_bytes()
    if not data.startswith(b"\x7fELF"):
        yield from in_script(data.decode("utf-8", "replace"), dashes)
    elif b"Go buildinf:" not in data:
        strings = sorted({match[0].decode("ascii") for match in _STRINGS.finditer(data)})
        yield from in_optstring(max(filter(is_optstring, strings), key=len, default=""))
        for text in strings:
            word = text.lstrip("-").rstrip("=")
            if 3 <= len(word) <= 32 and _WORD.fullmatch(word):
                yield Candidate(dashes + word, "binary")


def is_optstring(text: str) -> bool:
    """Whether a string may be getopt's: six letters or more, none twice, one with a value."""
    letters = _LETTERS.findall(text)
    is_formed = bool(_OPTSTRING.fullmatch(text)) and ":" in text.lstrip(":")
    return is_formed and len(letters) >= 6 and len(dict(letters)) == len(letters)


def in_optstring(text: str) -> Iterator[Candidate]:
    """The letters of getopt's "ab:c::", with their arity."""
    for letter, colons in _LETTERS.findall(text):
        value = {"": "", ":": " VALUE", "::": "[VALUE]"}[colons]
        yield Candidate(f"-{letter}", "optstring", entry=True, value=value)


def in_script(text: str, dashes: str) -> Iterator[Candidate]:
    """The option names that a Python, Ruby or Perl script has as literals."""
    for name in _QUOTED.findall(text):
        yield Candidate(name, "script")
    for names, value in _GETOPTIONS.findall(text):
        for name in names.split("|"):
            whole = f"-{name}" if len(name) == 1 else dashes + name
            yield Candidate(whole, "script", value=value)
