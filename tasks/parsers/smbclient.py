"""smbclient: popt, a service and its password, and -T, which eats what follows it.

    smbclient //10.0.0.1/share secret -U alice -c 'ls'
    smbclient -L 10.0.0.1 -N

Traps: without a service there must be -L or -M; slashes and backslashes in a service are the
same; words after the password are ignored; help and version are given at once; --tar, the long
spelling of -T, never finds an archive.
Source: Samba 4.17 source3/client/client.c, main, and clitar.c, tar_parseargs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers import popt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Fault
from tasks.unknown import is_unknown

AT_ONCE = ("--help", "--usage", "--version")
OPERANDS = ("service", "password")
_TAR = "cxIXFvgbNanr"


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments with operands `service`, `password` and, after -T, `tar`."""
    arguments: list[Argument] = []
    names = list(OPERANDS)
    eats = False
    for given in popt.read(grammar, words):
        if given.name:
            arguments.append(given)
            eats = given.name == "-T"
            if eats:
                _check_tar(given.value or "", words)
            if given.name in AT_ONCE:
                break
        elif eats or names:
            name = "tar" if eats else names.pop(0)
            arguments.append(Argument(name, _slashed(name, given.spelled), given.spelled))
    return arguments


def _slashed(name: str, text: str) -> str:
    return text.replace("\\", "/") if name == "service" else text


def _check_tar(letters: str, words: Sequence[str]) -> None:
    """smbclient looks for the archive after the first word that begins with -T, if there is one."""
    found = [i for i, word in enumerate(words) if word.startswith("-T")]
    following = words[found[0] + 1 :] if found else []
    if not following:
        raise RefusedError(Fault.MISSING_OPERAND, f"-T {letters} wants an archive after it")
    problem = "" if is_unknown(letters + following[0]) else _problem(letters, following[0])
    if problem:
        raise RefusedError(Fault.BAD_VALUE, f"-T {letters}: {problem}")


def _problem(letters: str, following: str) -> str:
    unknown = letters.strip(_TAR)
    if unknown:
        return f"no letters {unknown!r}"
    if len(re.findall("[cx]", letters)) > 1:
        return "only one of c and x"
    if len(set(letters) & set("IXF")) > 1:
        return "only one of I, X and F"
    if "b" in letters and not following.isdecimal():
        return "b wants a block size after the letters"
    return ""
