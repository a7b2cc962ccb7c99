"""curl's own parser: long options by abbreviation, without `=`, and letters with glued values.

Traps: `--user-a` is `--user-agent`; `--opt=val` is unknown; `--no-X` turns a switch off;
`-silent` is `-s -i -l -e nt`; nothing is read after --help or --version. Each bare word is a URL,
and so is the value of --url. After --next all begins anew, if there was a URL before it.
Source: curl 7.88.1 src/tool_getparam.c, getparameter and parse_args.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tasks.parsers.grammar import Grammar, RefusedError, Words, ambiguous, positive
from tasks.spec import Option
from tasks.syntax import curl_url
from tasks.types import Argument, Command, Fault

URL = "url"
_DATA = ("--data", "--data-raw", "--data-binary", "--data-urlencode", "--json")
_LOCAL_PORT = re.compile(r"(\d{1,5})(?:\s*-\s*(\d{1,5})|(?!\s*-).*)", re.DOTALL)
_BAD_TYPE = re.compile(r";\s*type=(?![^/ ]+/[^;, \n])", re.IGNORECASE)


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
        if arguments and _acts_at_once(grammar, arguments[-1]):
            break
    return arguments


def _acts_at_once(grammar: Grammar, argument: Argument) -> bool:
    option = grammar.canonical.get(argument.name)
    return option is not None and option.informs


def contexts(arguments: Sequence[Argument]) -> list[list[Argument]]:
    """The arguments of each transfer: --next parts them, where a URL came before it."""
    parts: list[list[Argument]] = [[]]
    for argument in arguments:
        parts[-1].append(argument)
        if argument.name == "--next" and any(a.name == URL for a in parts[-1]):
            parts.append([])
    return parts


def check(_: Grammar, command: Command) -> None:
    """The rules about one transfer that depend on values, and on what is not given."""
    names = {argument.name for argument in command.arguments}
    for argument in command.arguments:
        problem = _problem(argument, globs="--globoff" not in names)
        if problem:
            raise RefusedError(Fault.BAD_VALUE, problem)
    method = next((name for name in ("--head", "--no-head") if name in names), None)
    body = next((name for name in (*_DATA, "--form", "--form-string") if name in names), None)
    is_query = "--get" in names and body in _DATA
    if method and body and not is_query:
        raise RefusedError(Fault.CONFLICT, f"curl refuses {body} beside {method}")
    if "--remote-header-name" in names and "-" in command.values("--continue-at"):
        reason = "curl refuses --continue-at - beside --remote-header-name"
        raise RefusedError(Fault.CONFLICT, reason)


def _problem(argument: Argument, *, globs: bool) -> str | None:
    value = argument.value or ""
    if argument.name == URL:
        return curl_url.problem(value, globs=globs)
    if argument.name == "--upload-file" and globs:
        try:
            curl_url.first_of(value)
        except ValueError as error:
            return str(error)
    if argument.name == "--form" and _BAD_TYPE.search(value):
        return f"--form: {value!r} has a content type without a slash"
    if argument.name == "--local-port":
        match = _LOCAL_PORT.fullmatch(value)
        first, last = (match[1], match[2] or 65535) if match else (0, -1)
        if not int(first) <= int(last) <= 65535:
            return f"--local-port: {value!r} is not a port or a range of ports"
    return None


def _long(grammar: Grammar, word: str, left: Words) -> Argument:
    negated = word.startswith("--no-")
    name = positive(word)[2:] if negated else word[2:]
    option = _find(grammar, word, name.lower(), abbreviated=not negated)
    if negated and not (option.arity == "none" and option.negatable):
        raise RefusedError(Fault.BAD_VALUE, f"{word}: only a switch can be turned off with --no-")
    return _argument(option, word, left.value(word) if option.arity == "one" else None, negated)


def _find(grammar: Grammar, word: str, name: str, *, abbreviated: bool) -> Option:
    """curl compares without regard to case, and takes no abbreviation after --no-."""
    table = _long_names(grammar)
    if name in table:
        return table[name]
    hits = [long for long in table if long.startswith(name)] if abbreviated else []
    if len(hits) == 1:
        return table[hits[0]]
    raise ambiguous(grammar, word, hits) if hits else grammar.unknown(word)


@cache
def _long_names(grammar: Grammar) -> Mapping[str, Option]:
    """The options by their long names, without a no- before them."""
    return {positive(f"--{long}")[2:]: option for long, option in grammar.long.items()}


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
            if option.informs:
                return
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
