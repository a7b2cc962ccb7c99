"""sqlmap: optparse, after its own rewriting of the words.

Traps: `-batch` is rewritten to `--batch`; `-u=x` is refused as miswritten; repeated -H are joined.
Source: sqlmap 1.7.2 lib/parse/cmdline.py, cmdLineParser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers import optparse
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Fault

_MISWRITTEN = re.compile(r"-\w=.+", re.DOTALL)
_ONE_DASH = re.compile(r"-\w{3,}")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    return optparse.parse(grammar, [_rewritten(grammar, word) for word in words])


def _rewritten(grammar: Grammar, word: str) -> str:
    if _MISWRITTEN.match(word):
        raise RefusedError(Fault.BAD_VALUE, f"sqlmap refuses {word!r}: a short option takes no '='")
    if _ONE_DASH.match(word) and word.strip("-").split("=")[0] in grammar.long:
        return f"-{word}"
    return word
