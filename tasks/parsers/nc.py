"""OpenBSD netcat's command line: POSIX getopt, then a host and ports, or one of the two.

Traps: -e and -c of other netcats are unknown; -l takes its port as operand or with -p, not both;
ports are separate operands or one range, and a list with commas is refused.
Source: netcat-openbsd 1.219 netcat.c, main and build_ports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.parsers.getopt import cluster
from tasks.parsers.grammar import Grammar, RefusedError, Words, operand
from tasks.syntax.netdb import service_ports
from tasks.types import Argument, Command, Fault

LAST_PORT = 65535
_NUMBER = re.compile(r"\s*[+-]?\d+")


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order, operands named by what they are there. Raises RefusedError."""
    arguments: list[Argument] = []
    left = Words(words)
    while left:
        word = left.take()
        if word == "--":
            arguments += map(operand, left.rest())
        elif word[:1] != "-" or word == "-":
            arguments.append(operand(word))
        else:
            for argument in cluster(grammar, word[1:], left):
                arguments.append(argument)
                if argument.name == "-h":
                    return [a for a in arguments if a.name]
    return _named(arguments)


def _named(arguments: list[Argument]) -> list[Argument]:
    """One operand of a listener is a port; one with -U is a path; else a host comes first."""
    given = {argument.name for argument in arguments}
    operands = [argument for argument in arguments if not argument.name]
    names = ["host"] + ["port"] * len(operands)
    if len(operands) == 1 and "-U" in given:
        names = ["path"]
    elif len(operands) == 1 and "-l" in given:
        names = ["port"]
    following = iter(names)
    return [Argument(a.name or next(following), a.value, a.spelled) for a in arguments]


def check(_: Grammar, command: Command) -> None:
    """RefusedError for operands that do not suit the mode, and for ports that are none."""
    given = {argument.name for argument in command.arguments}
    if "-h" in given:
        return
    listens, path = "-l" in given, "-U" in given
    ports = command.values("port")
    if path:
        if "host" in given or "path" not in given:
            raise RefusedError(Fault.MISSING_OPERAND, "nc wants one path, and no port, beside -U")
        return
    if listens:
        _check_listener(given, len(ports))
    elif not given.intersection(("host", "port")):
        raise RefusedError(Fault.MISSING_OPERAND, "nc needs a host and a port")
    elif not ports:
        raise RefusedError(Fault.MISSING_OPERAND, "nc needs a port")
    else:
        for port in ports:
            _check_port(str(port), "udp" if "-u" in given else "tcp")


def _check_listener(given: set[str], ports: int) -> None:
    if ports == 0 and "-p" not in given:
        raise RefusedError(Fault.MISSING_OPERAND, "nc needs a port to listen on")
    if ports and given.intersection(("-p", "-s")):
        raise RefusedError(Fault.EXTRA_OPTION, "nc -l takes an address and port in one way only")


def _check_port(text: str, protocol: str) -> None:
    """One port of 1 to 65535, a service, or a range; blanks and a sign may come first."""
    if protocol in service_ports(text):
        return
    low, dash, high = text.partition("-")
    for end in (low, high) if dash else (low,):
        if not _NUMBER.fullmatch(end) or not 1 <= int(end) <= LAST_PORT:
            raise RefusedError(Fault.BAD_VALUE, f"{text!r} is not a port, a service or a range")
