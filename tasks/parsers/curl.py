"""curl's own parser: long options by abbreviation, without `=`, and letters with glued values.

Traps: `--user-a` is `--user-agent`; `--opt=val` is unknown; `--no-X` turns a switch off;
`-silent` is `-s -i -l -e nt`. Each bare word is a URL, and so is the value of --url.
Source: curl 7.88.1 src/tool_getparam.c, getparameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.parsers.grammar import Grammar, RefusedError, Words, ambiguous, positive
from tasks.spec import Option
from tasks.types import Argument, Fault

URL = "url"


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; bare words are operands `url`. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            arguments += (Argument(URL, url, url) for url in left.rest())
        elif word.startswith("--"):
            arguments.append(_long(grammar, word, left))
        elif word.startswith("-"):
            arguments += _letters(grammar, word[1:], left)
        else:
            arguments.append(Argument(URL, word, word))
    return arguments


def _long(grammar: Grammar, word: str, left: Words) -> Argument:
    negated = word.startswith("--no-")
    name = positive(word)[2:] if negated else word[2:]
    option = _find(grammar, word, name.lower(), abbreviated=not negated)
    if negated and option.arity != "none":
        raise RefusedError(Fault.BAD_VALUE, f"{word}: only a switch can be turned off with --no-")
    return _argument(option, word, left.value(word) if option.arity == "one" else None, negated)


def _find(grammar: Grammar, word: str, name: str, *, abbreviated: bool) -> Option:
    """curl compares without regard to case, and takes no abbreviation after --no-."""
    table = {positive(f"--{long}")[2:]: option for long, option in grammar.long.items()}
    if name in table:
        return table[name]
    hits = [long for long in table if long.startswith(name)] if abbreviated else []
    if len(hits) == 1:
        return table[hits[0]]
    raise ambiguous(grammar, word, hits) if hits else grammar.unknown(word)


def _letters(grammar: Grammar, letters: str, left: Words) -> Iterator[Argument]:
    if not letters:
        raise grammar.unknown("-")
    while letters:
        spelled, letters = f"-{letters[0]}", letters[1:]
        option = grammar.options.get(spelled)
        if option is None:
            raise grammar.unknown(spelled)
        if option.arity == "none":
            yield _argument(option, spelled, None, negated=False)
            continue
        yield _argument(option, spelled, letters or left.value(spelled), negated=False)
        return


def _argument(option: Option, spelled: str, value: str | None, negated: bool) -> Argument:
    """The operand `url` for --url; a switch by the name of what it now is, on or off."""
    if option.name == "--url":
        return Argument(URL, value, spelled)
    if negated and not option.name.startswith("--no-"):
        long = next((s for s in option.spellings if s.startswith("--")), option.name)
        return Argument(f"--no-{long[2:]}", value, spelled)
    return Argument(option.name, value, spelled)
