"""One parser for each personality, and what all tools have in common after parsing.

parser_for("nmap").parse(["-sV", "-p80", "10.0.0.1"], source)  -> Command
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from tasks.parsers import (
    curl,
    dig,
    getopt,
    getopt_long_only,
    go_flag,
    hydra,
    optparse,
    perl_getopt,
    pflag,
    sqlmap,
)
from tasks.parsers.grammar import Grammar, RefusedError, positive
from tasks.spec import ToolSpec, load_spec
from tasks.types import Argument, Command, Fault
from tasks.values import validate

__all__ = ["PERSONALITIES", "Grammar", "Parser", "RefusedError", "informs", "parser_for"]

Parse = Callable[[Grammar, Sequence[str]], list[Argument]]

PERSONALITIES: Mapping[str, Parse] = MappingProxyType(
    {
        "getopt_long_only": getopt_long_only.parse,
        "getopt": getopt.parse,
        "hydra": hydra.parse,
        "curl": curl.parse,
        "go_flag": go_flag.parse,
        "pflag": pflag.parse,
        "optparse": optparse.parse,
        "sqlmap": sqlmap.parse,
        "perl_getopt": perl_getopt.parse,
        "dig": dig.parse,
    }
)


class Parser:
    """A tool's command line, from words to a checked Command."""

    def __init__(self, spec: ToolSpec) -> None:
        self.tool = spec.tool
        self.grammar = Grammar.of(spec)
        self._parse = PERSONALITIES[spec.personality]

    def scope(self, subcommand: str | None) -> Grammar:
        """The grammar of a subcommand, or of the tool itself."""
        return self.grammar.subcommands[subcommand] if subcommand else self.grammar

    def split(self, words: Sequence[str]) -> tuple[Grammar, Sequence[str]]:
        """The grammar of the subcommand in the words, and the words without its name.

        Raises RefusedError for an unknown subcommand.
        """
        return (
            pflag.split(self.grammar, words) if self.grammar.subcommands else (self.grammar, words)
        )

    def read(self, grammar: Grammar, words: Sequence[str], source: str) -> Command:
        """What the words say under a grammar, values not yet looked at.

        Raises RefusedError for an unknown flag and for a value that is missing.
        """
        arguments = _effective(grammar, self._parse(grammar, words))
        return Command(self.tool, grammar.subcommand, tuple(arguments), source)

    def parse(self, words: Sequence[str], source: str) -> Command:
        """`split` and `read`: the command that the words after the tool's name say."""
        return self.read(*self.split(words), source)

    def check(self, command: Command) -> None:
        """RefusedError for a value, an operand or a combination that the tool does not take."""
        grammar = self.scope(command.subcommand)
        for argument in command.arguments:
            _check_value(grammar, argument)
        _check_conflicts(grammar, command)
        if not informs(grammar, command):
            _check_required(grammar, command)


@cache
def parser_for(tool: str) -> Parser:
    """The parser of a tool's spec; UserError if there is none."""
    return Parser(load_spec(tool))


def informs(grammar: Grammar, command: Command) -> bool:
    """Whether the command only prints help or a version."""
    options = (grammar.option(argument.name) for argument in command.arguments)
    return any(option.informs for option in options if option)


def _effective(grammar: Grammar, arguments: Sequence[Argument]) -> list[Argument]:
    """Operands named, and of an option given several times only the last one, where that is so."""
    named = _name_operands(grammar, arguments)
    last = {positive(argument.name): i for i, argument in enumerate(named)}
    seen: set[str] = set()
    kept = []
    for i, argument in enumerate(named):
        option = grammar.option(argument.name)
        if option and option.once and argument.name in seen:
            raise RefusedError(Fault.DUPLICATE, f"{grammar.tool} takes {argument.name} only once")
        seen.add(argument.name)
        if option is None or option.repeatable or last[positive(argument.name)] == i:
            kept.append(argument)
    return kept


def _name_operands(grammar: Grammar, arguments: Sequence[Argument]) -> list[Argument]:
    """Positional words take the names of the spec's operands, in order."""
    names = iter(
        [name for o in grammar.operands for name in _repeat(o.name, o.max, len(arguments))]
    )
    named = []
    for argument in arguments:
        name = argument.name or next(names, "")
        if not name:
            reason = f"{grammar.tool} does not know what {argument.spelled!r} is for"
            raise RefusedError(Fault.EXTRA_OPTION, reason)
        named.append(argument if argument.name else replace(argument, name=name))
    return named


def _repeat(name: str, most: int | None, available: int) -> list[str]:
    return [name] * (available if most is None else most)


def _check_value(grammar: Grammar, argument: Argument) -> None:
    declared = grammar.option(argument.name) or grammar.operand(argument.name)
    if declared is None or argument.value is None:
        return
    shown = argument.name if argument.value == argument.spelled else argument.spelled
    if declared.choices and argument.value not in declared.choices:
        allowed = ", ".join(declared.choices[:12])
        raise RefusedError(Fault.BAD_VALUE, f"{shown}: {argument.value!r} is not one of {allowed}")
    problem = validate(declared.type, argument.value)
    if problem:
        raise RefusedError(Fault.BAD_VALUE, f"{shown}: {problem}")


def _check_conflicts(grammar: Grammar, command: Command) -> None:
    names = [argument.name for argument in command.arguments]
    for name in names:
        option = grammar.option(name)
        for other in option.conflicts if option else ():
            if other in names:
                raise RefusedError(Fault.CONFLICT, f"{grammar.tool} refuses {name} beside {other}")


def _check_required(grammar: Grammar, command: Command) -> None:
    if grammar.subcommands:
        raise RefusedError(Fault.MISSING_OPERAND, f"{grammar.tool} needs a subcommand")
    names = {argument.name for argument in command.arguments}
    for operand in grammar.operands:
        if len(command.values(operand.name)) < operand.min:
            raise RefusedError(Fault.MISSING_OPERAND, f"{grammar.tool} needs a {operand.name}")
    for group in grammar.requires:
        if names.isdisjoint(group):
            is_operand = any(grammar.operand(name) for name in group)
            fault = Fault.MISSING_OPERAND if is_operand else Fault.MISSING_OPTION
            raise RefusedError(fault, f"{grammar.tool} needs {' or '.join(group)}")
