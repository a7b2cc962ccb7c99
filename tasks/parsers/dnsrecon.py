"""dnsrecon: argparse, and what it asks of the kinds of enumeration.

    dnsrecon -d shop.example -t std,axfr
    dnsrecon -r 10.0.0.0/24

Traps: without -t the kind is std, or rvl if there is a range; every kind but rvl and snoop needs a
domain, brt and snoop need a dictionary, snoop a name server, and rvl a range; `-t STD` is `-t std`.
Source: dnsrecon 1.1.3 cli.py, main.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tasks.parsers import argparse
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown

WITHOUT_DOMAIN = frozenset({"rvl", "snoop"})
WANTED = {"brt": "--dictionary", "snoop": "--dictionary", "rvl": "--range"}


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order, kinds in lower case. Raises RefusedError."""
    if not words:
        return [Argument("--help", None, "")]  # no words at all: the usage, and all is well
    return [
        replace(argument, value=argument.value.strip().lower())
        if argument.name == "--type" and argument.value
        else argument
        for argument in argparse.parse(grammar, words)
    ]


def check(grammar: Grammar, command: Command) -> None:
    """RefusedError if a kind of enumeration lacks what it works on."""
    given = {argument.name for argument in command.arguments if argument.value}
    if {"--help", "--version"} & {argument.name for argument in command.arguments}:
        return
    if any(is_unknown(value or "") for value in command.values("--type")):
        return
    kinds = {kind for value in command.values("--type") for kind in (value or "").split(",")}
    kinds = (kinds - {""}) | ({"rvl"} if "--range" in given else set()) or {"std"}
    if kinds - WITHOUT_DOMAIN and "--domain" not in given:
        raise RefusedError(Fault.MISSING_OPTION, f"{grammar.tool} needs --domain")
    wanted = [name for kind, name in WANTED.items() if kind in kinds]
    if "snoop" in kinds:
        wanted.append("--name_server")
    for name in wanted:
        if name not in given:
            reason = f"{grammar.tool} needs {name} for {', '.join(sorted(kinds))}"
            raise RefusedError(Fault.MISSING_OPTION, reason)
