"""sqlmap: optparse, after its own rewriting of the words.

Traps: `-batch` is rewritten to `--batch`; `-u=x` is refused as miswritten; a URL as the first word
is `--url`; `-vvv` needs no number; `--data-raw` is `--data`.
Source: sqlmap 1.7.2 lib/parse/cmdline.py, cmdLineParser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tasks.parsers import optparse
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.syntax import sqlmap_rules
from tasks.types import Argument, Command, Fault

_URL = re.compile(r"http|www\.|\w[\w.-]+\.\w{2,}")
_MISWRITTEN = re.compile(r"-\w=.+", re.DOTALL)
_ONE_DASH = re.compile(r"-\w{3,}")
_DASHES = re.compile("^[\N{HYPHEN}\N{EN DASH}\N{MINUS SIGN}\N{EM DASH}]+")  # as copied from a page
_VERBOSE = re.compile(r"-v+")
_RENAMED = {
    "--data-raw": "--data",
    "--auth-creds": "--auth-cred",
    "--drop-cookie": "--drop-set-cookie",
    "--deps": "--dependencies",
    "--disable-colouring": "--disable-coloring",
    "-hh": "-h",
}
_IGNORED = ("--compressed",)
# Options that the help does not show are not looked for behind one dash.
_HIDDEN_NAMES = """
crack dummy yuge murphy-rate debug deprecations disable-multi disable-precon disable-stats
profile localhost force-dbms force-dns force-partial force-pivoting ignore-stdin
non-interactive gui smoke-test vuln-test disable-json api taskid database
"""
_HIDDEN = frozenset(_HIDDEN_NAMES.split())


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    for flag, value in pairwise(words):
        if flag == "-H":  # of a glued value it takes no notice
            _check_header(flag, value)
    return optparse.parse(grammar, list(_rewritten(grammar, words)))


def check(grammar: Grammar, command: Command) -> None:
    """Refuse what sqlmap's own validation refuses."""
    options = (grammar.option(argument.name) for argument in command.arguments)
    if any(option.informs for option in options if option):
        return
    for argument in command.arguments:
        if argument.spelled == "--header":
            _check_header(argument.spelled, argument.value or "")
    for fault, reason in sqlmap_rules.problems(command):
        raise RefusedError(fault, reason)


def _check_header(flag: str, value: str) -> None:
    if value.strip() and ":" not in value:
        raise RefusedError(Fault.BAD_VALUE, f"{flag}: {value!r} is not of the form Name: value")


def _rewritten(grammar: Grammar, words: Sequence[str]) -> Iterator[str]:
    for i, text in enumerate(words):
        word = _DASHES.sub(lambda dashes: "-" * len(dashes[0]), text)
        if i == 0 and _URL.match(word):
            yield f"--url={word}"
        elif _VERBOSE.fullmatch(word) and not _is_number(words[i + 1 : i + 2]):
            continue  # more to print, nothing else
        elif word not in _IGNORED:
            yield _word(grammar, word)


def _is_number(words: Sequence[str]) -> bool:
    return bool(words) and words[0].isdigit()


def _word(grammar: Grammar, word: str) -> str:
    if _MISWRITTEN.match(word):
        reason = f"sqlmap refuses {word!r}: a short option takes no '='"
        raise RefusedError(Fault.BAD_VALUE, reason)
    bare = word.strip("-").split("=")[0]
    if _ONE_DASH.match(word) and bare in grammar.long and bare not in _HIDDEN:
        return f"-{word}"
    name, equals, value = word.partition("=")
    return _RENAMED.get(name, name) + equals + value
