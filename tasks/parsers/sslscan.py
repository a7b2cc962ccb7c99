"""sslscan's own parser: whole names, values after `=`, and the host as the last word.

Traps: an option after the host leaves sslscan without a host; `--timeout 5` sets nothing;
what it does not know it passes over in silence, so that only the spec can tell.
Source: sslscan 2.0.7 sslscan.c, main.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers.grammar import Grammar, RefusedError, takes_no_value
from tasks.types import Argument, Fault


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; the host has no name yet. Raises RefusedError."""
    return [_argument(grammar, word, i + 1 == len(words)) for i, word in enumerate(words)]


def _argument(grammar: Grammar, word: str, is_last: bool) -> Argument:
    spelled, equals, value = word.partition("=")
    option = grammar.options.get(spelled)
    if option is None:
        if word.startswith("-"):
            raise grammar.unknown(spelled)
        if not is_last:
            reason = f"sslscan passes over {word!r}: only its last word is a host"
            raise RefusedError(Fault.EXTRA_OPTION, reason)
        return Argument("", word, word)
    if option.arity == "none":
        if equals:
            raise takes_no_value(spelled)
        return Argument(option.name, None, spelled)
    if not equals:
        raise RefusedError(Fault.MISSING_VALUE, f"{spelled} needs a value after '='")
    return Argument(option.name, value, spelled)
