"""One parser for each personality, and what all tools have in common after parsing.

parser_for("nmap").parse(["-sV", "-p80", "10.0.0.1"], source)  -> Command
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Protocol, cast

from tasks.parsers.grammar import Grammar, RefusedError, positive
from tasks.spec import ToolSpec, Value, load_spec
from tasks.types import Argument, Command, Fault
from tasks.unknown import is_unknown
from tasks.values import normalise, validate

__all__ = [
    "Grammar",
    "Parser",
    "RefusedError",
    "informs",
    "parser_for",
    "personality",
    "problem_of",
]


class Personality(Protocol):
    """A module of this package: how one kind of command line is read.

    It may also have `split`, to find the subcommand its own way, `check`, for rules that no spec
    can state, and `contexts`, to part arguments that do not bear upon each other; see
    `Parser.split`, `Parser.check` and `Parser.contexts`, which call them.
    """

    def parse(self, grammar: Grammar, words: Sequence[str]) -> list[Argument]:
        """The arguments in order; operands have no name yet. Raises RefusedError."""


Split = Callable[[Grammar, Sequence[str]], tuple[Grammar, Sequence[str]]]
Check = Callable[[Grammar, Command], None]
Contexts = Callable[[Sequence[Argument]], list[list[Argument]]]


def personality(name: str) -> Personality:
    """The personality of that name: `tasks/parsers/NAME.py`."""
    return cast(Personality, importlib.import_module(f"tasks.parsers.{name}"))


class Parser:
    """A tool's command line, from words to a checked Command."""

    def __init__(self, spec: ToolSpec) -> None:
        self.tool = spec.tool
        self.grammar = Grammar.of(spec)
        reader = personality(spec.personality)
        self._parse = reader.parse
        self._split: Split | None = getattr(reader, "split", None)
        self._own_rules: Check | None = getattr(reader, "check", None)
        self._contexts: Contexts | None = getattr(reader, "contexts", None)
        self._empty_is_absent = spec.empty_is_absent
        self._digits_of_all_scripts = spec.digits_of_all_scripts

    def scope(self, subcommand: str | None) -> Grammar:
        """The grammar of a subcommand, or of the tool itself."""
        return self.grammar.subcommands[subcommand] if subcommand else self.grammar

    def split(self, words: Sequence[str]) -> tuple[Grammar, Sequence[str]]:
        """The grammar of the subcommand in the words, and the words without its name.

        Raises RefusedError for an unknown subcommand.
        """
        return self._split(self.grammar, words) if self._split else (self.grammar, words)

    def read(self, grammar: Grammar, words: Sequence[str], source: str) -> Command:
        """What the words say under a grammar, values not yet looked at.

        Raises RefusedError for an unknown flag and for a value that is missing.
        """
        arguments = _name_operands(grammar, self._parse(grammar, words))
        kept: list[Argument] = []
        overridden: list[Argument] = []
        for part in self.contexts(arguments):
            for argument, counts in _effective(grammar, part):
                (kept if counts else overridden).append(argument)
        return Command(self.tool, grammar.subcommand, tuple(kept), source, tuple(overridden))

    def contexts(self, arguments: Sequence[Argument]) -> Sequence[Sequence[Argument]]:
        """The arguments in the parts that the rules hold for: one, but for curl's --next."""
        return self._contexts(arguments) if self._contexts else [arguments]

    def parse(self, words: Sequence[str], source: str) -> Command:
        """`split` and `read`: the command that the words after the tool's name say."""
        return self.read(*self.split(words), source)

    def check(self, command: Command) -> None:
        """RefusedError for a value, an operand or a combination that the tool does not take."""
        if self._digits_of_all_scripts or command.source.isascii():
            self._check(command)
            return
        marked = _without_other_digits(command)
        try:
            self._check(marked)
        except RefusedError as refused:
            reason = refused.reason
            for given, shown in zip(command.arguments, marked.arguments, strict=True):
                if shown.value and given.value:
                    reason = reason.replace(shown.value, given.value)
            raise RefusedError(refused.fault, reason) from None

    def _check(self, command: Command) -> None:
        grammar = self.scope(command.subcommand)
        for argument in command.arguments:
            _check_value(grammar, argument)
        for argument in command.overridden:
            _check_overridden(grammar, argument)
        is_asking = informs(grammar, command)
        for part in self.contexts(command.arguments):
            self._check_part(grammar, replace(command, arguments=tuple(part)), is_asking)

    def _check_part(self, grammar: Grammar, command: Command, is_asking: bool) -> None:
        present = command
        if self._empty_is_absent:
            given = tuple(a for a in command.arguments if a.value != "")
            present = replace(command, arguments=given)
        _check_company(grammar, present)
        if self._own_rules:
            self._own_rules(grammar, present)
        if not is_asking:
            _check_required(grammar, command)


@cache
def parser_for(tool: str) -> Parser:
    """The parser of a tool's spec; UserError if there is none."""
    return Parser(load_spec(tool))


def informs(grammar: Grammar, command: Command) -> bool:
    """Whether the command only prints help or a version."""
    options = (grammar.option(argument.name) for argument in command.arguments)
    return any(option.informs for option in options if option)


def _effective(grammar: Grammar, arguments: Sequence[Argument]) -> Iterator[tuple[Argument, bool]]:
    """Each argument, and whether it counts: of an option given several times only the last one
    does, where that is so."""
    last = {positive(argument.name): i for i, argument in enumerate(arguments)}
    seen: set[str] = set()
    for i, argument in enumerate(arguments):
        option = grammar.option(argument.name)
        if option and option.once and argument.name in seen:
            raise RefusedError(Fault.DUPLICATE, f"{grammar.tool} takes {argument.name} only once")
        seen.add(argument.name)
        yield argument, (option is None or option.repeatable or last[positive(argument.name)] == i)


def _name_operands(grammar: Grammar, arguments: Sequence[Argument]) -> list[Argument]:
    """Positional words take the names of the spec's operands, in order."""
    names = iter(
        [name for o in grammar.operands for name in _repeat(o.name, o.most, len(arguments))]
    )
    joined = {operand.name for operand in grammar.operands if operand.joined}
    named: list[Argument] = []
    for given in arguments:
        name = given.name or next(names, "")
        if not name:
            reason = f"{grammar.tool} does not know what {given.spelled!r} is for"
            raise RefusedError(Fault.EXTRA_OPTION, reason)
        argument = given if given.name else replace(given, name=name)
        first = next((i for i, a in enumerate(named) if a.name == name), None)
        if name in joined and first is not None:
            text = f"{named[first].value} {argument.value}"
            named[first] = replace(named[first], value=text, spelled=text)
        else:
            named.append(argument)
    return named


def _repeat(name: str, most: int | None, available: int) -> list[str]:
    return [name] * (available if most is None else most)


def _without_other_digits(command: Command) -> Command:
    """The command with another sign for each digit that is not of ASCII: our rules are regular
    expressions of Python, to which it would be a digit, and to C and Go it is none."""
    return replace(
        command,
        arguments=tuple(map(_marked, command.arguments)),
        overridden=tuple(map(_marked, command.overridden)),
    )


def _marked(argument: Argument) -> Argument:
    value = argument.value and "".join(
        sign if sign.isascii() or not sign.isdecimal() else "\N{REPLACEMENT CHARACTER}"
        for sign in argument.value
    )
    return argument if value == argument.value else replace(argument, value=value)


def _check_overridden(grammar: Grammar, argument: Argument) -> None:
    option = grammar.option(argument.name)
    unchecked = option.unchecked_before if option else "all"
    if unchecked is None:
        _check_value(grammar, argument)
    elif option and unchecked == "limits" and argument.value is not None:
        problem = validate(option.type, argument.value)
        if problem and not is_unknown(argument.value):
            raise RefusedError(Fault.BAD_VALUE, f"{argument.name}: {problem}")


def _check_value(grammar: Grammar, argument: Argument) -> None:
    declared = grammar.option(argument.name) or grammar.operand(argument.name)
    if declared is None or argument.value is None:
        return
    problem = problem_of(declared, argument.value)
    if problem and not is_unknown(argument.value):
        shown = argument.name if argument.value == argument.spelled else argument.spelled
        raise RefusedError(Fault.BAD_VALUE, f"{shown}: {problem}")


def problem_of(declared: Value, text: str) -> str | None:
    """Why a text is not a value that is declared so; None if it is."""
    known = text.lower() if declared.ignore_case else text
    choices = declared.choices
    if choices and known not in ([c.lower() for c in choices] if declared.ignore_case else choices):
        return f"{text!r} is not one of {', '.join(choices[:12])}"
    problem = validate(declared.type, text)
    if problem:
        return problem
    if declared.pattern and not re.fullmatch(declared.pattern, text, re.DOTALL):
        return f"{text!r} is not of the form {declared.pattern}"
    return _range_problem(declared, text)


def _range_problem(declared: Value, text: str) -> str | None:
    if declared.min is None and declared.max is None:
        return None
    canonical = normalise(declared.type, text).removesuffix("s")  # of a duration, its seconds
    if not canonical:
        return None  # nothing was read: what was there before stays
    number = Decimal(canonical)
    if declared.min is not None and number < Decimal(str(declared.min)):
        return f"{text} is less than {declared.min:g}"
    if declared.max is not None and number > Decimal(str(declared.max)):
        return f"{text} is more than {declared.max:g}"
    return None


def _check_company(grammar: Grammar, command: Command) -> None:
    """What an option refuses beside it, and what it needs beside it."""
    names = {argument.name for argument in command.arguments}
    for argument in command.arguments:
        option = grammar.canonical.get(argument.name)
        for other in option.conflicts if option else ():
            if other in names:
                reason = f"{grammar.tool} refuses {argument.name} beside {other}"
                raise RefusedError(Fault.CONFLICT, reason)
        for needed in option.needs if option else ():
            name, equals, value = needed.partition("=")
            if name not in names or (equals and value not in command.values(name)):
                reason = f"{grammar.tool} wants {needed} beside {argument.name}"
                raise RefusedError(Fault.MISSING_OPTION, reason)


def _check_required(grammar: Grammar, command: Command) -> None:
    if grammar.subcommands:
        raise RefusedError(Fault.MISSING_OPERAND, f"{grammar.tool} needs a subcommand")
    names = {argument.name for argument in command.arguments}
    for operand in grammar.operands:
        if len(command.values(operand.name)) < operand.least:
            raise RefusedError(Fault.MISSING_OPERAND, f"{grammar.tool} needs a {operand.name}")
    for group in grammar.requires:
        if names.isdisjoint(group):
            is_operand = any(grammar.operand(name) for name in group)
            fault = Fault.MISSING_OPERAND if is_operand else Fault.MISSING_OPTION
            raise RefusedError(fault, f"{grammar.tool} needs {' or '.join(group)}")
