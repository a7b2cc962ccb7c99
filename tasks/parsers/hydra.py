"""hydra: getopt, and two ways to name the target that mean the same.

    hydra -l root -p toor -s 2222 10.0.0.1 ssh        -> host, service, -s
    hydra -l root -p toor ssh://10.0.0.1:2222         -> host, service, -s

With -M FILE there is no host: `hydra -M hosts.txt ssh`. What follows is for the service's module.
Source: hydra 9.4 hydra.c, main.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers import getopt
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Fault

_URL = re.compile(
    r"(?P<service>[^:/]+)://(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>[^/]*))?(?:/(?P<module>.*))?"
)


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments with operands `host`, `service` and `module`. Raises RefusedError."""
    arguments = getopt.parse(grammar, words)
    options = [a for a in arguments if a.name]
    operands = [a.spelled for a in arguments if not a.name]
    if not operands:
        return options
    has_list = any(a.name == "-M" for a in options)
    if "://" in operands[0]:
        return options + _from_url(operands)
    names = ("service", "module") if has_list else ("host", "service", "module")
    if len(operands) > len(names):
        extra = operands[len(names)]
        raise RefusedError(Fault.EXTRA_OPTION, f"hydra does not know what {extra!r} is for")
    return options + [Argument(n, w, w) for n, w in zip(names, operands, strict=False)]


def _from_url(operands: Sequence[str]) -> list[Argument]:
    url, *rest = operands
    match = _URL.fullmatch(url)
    if not match:
        raise RefusedError(Fault.BAD_VALUE, f"{url!r} is not SERVICE://HOST[:PORT][/OPTIONS]")
    if rest:
        raise RefusedError(Fault.EXTRA_OPTION, f"hydra takes nothing after {url}: {rest[0]!r}")
    found = {
        "service": match["service"],
        "host": match["host"].strip("[]"),
        "-s": match["port"],
        "module": match["module"],
    }
    return [Argument(name, value, url) for name, value in found.items() if value]
