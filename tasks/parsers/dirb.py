"""dirb: the URL, perhaps word lists, and only then getopt's options.

    dirb http://10.0.0.1 /tmp/a.txt,/tmp/b.txt -r -S
    dirb -resume

Traps: an option before the URL is taken for the URL; a word list after an option is ignored, and
so is a third word; `-b` takes a value, though the help shows none; options are letters only.
Source: dirb 2.22 dirb.c, main.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from tasks.parsers import getopt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Fault

RESUME = "-resume"


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments with operands `url` and `wordlist`. Raises RefusedError."""
    if not words:
        return []
    first, *rest = words
    if first.startswith(RESUME):
        return [Argument(RESUME, None, first)]  # nothing else is looked at
    if first[:1] == "-":
        reason = f"dirb wants its URL before any option, and takes {first!r} for the URL"
        raise RefusedError(Fault.MISSING_OPERAND, reason)
    arguments = [Argument("url", first, first)]
    if rest and not rest[0].startswith("-"):
        arguments.append(Argument("wordlist", rest[0], rest[0]))
        rest = rest[1:]
    return arguments + [given for given in getopt.parse(_letters(grammar), rest) if given.name]


@cache
def _letters(grammar: Grammar) -> Grammar:
    """The options that may follow the URL: -resume is none of them, but -r and more letters."""
    options = {spelled: o for spelled, o in grammar.options.items() if spelled != RESUME}
    return replace(grammar, options=options)
