"""hydra: getopt, and two ways to name the target that mean the same.

    hydra -l root -p toor -s 2222 10.0.0.1 ssh        -> host, service, -s
    hydra -l root -p toor ssh://10.0.0.1:2222         -> host, service, -s

With -M FILE there is no host and no URL: `hydra -M hosts.txt ssh`. What follows, or the value of
-m, is for the service's module; for web services it is a path, which is "/" when left out.
Source: hydra 9.4 hydra.c, main; checked with `hydra -d`, which prints what it understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tasks.parsers import getopt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Fault

_URL = re.compile(
    r"(?P<service>[^:/]+)://(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>[^/]*))?(?P<module>/.*)?"
)


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments with operands `host`, `service` and `module`. Raises RefusedError."""
    arguments = [_renamed(argument) for argument in getopt.parse(grammar, words)]
    operands = [argument.spelled for argument in arguments if not argument.name]
    arguments = [argument for argument in arguments if argument.name]
    if not operands:
        return arguments
    has_list = any(argument.name == "-M" for argument in arguments)
    if "://" in operands[0] and not has_list:
        arguments += _from_url(operands)
    else:
        arguments += _from_words(operands, has_list)
    is_web = any(a.name == "service" and (a.value or "").startswith("http") for a in arguments)
    return [a for a in arguments if not (is_web and a.name == "module" and a.value == "/")]


def _renamed(argument: Argument) -> Argument:
    return replace(argument, name="module") if argument.name == "-m" else argument


def _from_words(operands: Sequence[str], has_list: bool) -> list[Argument]:
    names = ("service", "module") if has_list else ("host", "service", "module")
    if len(operands) > len(names):
        extra = operands[len(names)]
        raise RefusedError(Fault.EXTRA_OPTION, f"hydra does not know what {extra!r} is for")
    return [Argument(name, word, word) for name, word in zip(names, operands, strict=False)]


def _from_url(operands: Sequence[str]) -> list[Argument]:
    url, *rest = operands
    match = _URL.fullmatch(url)
    if not match:
        raise RefusedError(Fault.BAD_VALUE, f"{url!r} is not SERVICE://HOST[:PORT][/OPTIONS]")
    if rest:
        raise RefusedError(Fault.EXTRA_OPTION, f"hydra takes nothing after {url}: {rest[0]!r}")
    module = match["module"] or ""
    found = {
        "service": match["service"],
        "host": match["host"].strip("[]"),
        "-s": match["port"],  # of -s and a port in the URL, the URL's counts
        "module": module if match["service"].startswith("http") else module[1:],
    }
    return [Argument(name, value, url) for name, value in found.items() if value]
