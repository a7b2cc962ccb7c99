"""One form for all spellings of a command that mean the same.

    nmap -p443,80 --reason 10.0.0.1      ->  nmap --reason -p=80,443 target=10.0.0.1
    nmap 10.0.0.1 -v -p 80,443 -reas     ->  nmap --reason -p=80,443 target=10.0.0.1

Options have canonical names, values canonical forms; neutral options and stated defaults are left
out; the order is that of the names. The calls of a pipeline or list have their forms joined by its
operators; what is not known before the line runs is shown in double quotes: target="$IP".
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace

from tasks.parsers import parser_for
from tasks.parsers.grammar import Grammar
from tasks.shell import Call, Line
from tasks.types import Argument, Command
from tasks.unknown import is_unknown
from tasks.values import normalise


def canonical(command: Command) -> str:
    """The canonical form of a command of a tool with a spec."""
    return canonical_form(command, parser_for(command.tool).scope(command.subcommand))


def canonical_form(command: Command, grammar: Grammar) -> str:
    """The canonical form under a given grammar."""
    parts = sorted(
        _part(argument, grammar)
        for argument in command.arguments
        if not is_neutral(argument, grammar) and not is_default(argument, command, grammar)
    )
    head = (command.tool, command.subcommand) if command.subcommand else (command.tool,)
    return " ".join((*head, *parts))


def line_form(line: Line, forms: Mapping[Call, str]) -> str | None:
    """The form of a whole line, given those of its calls of tools with a spec; None where the
    line is more than calls and operators between them."""
    if line.joints is None:
        return None
    first, *others = (forms.get(call) or _plain_form(call) for call in line.calls)
    pairs = zip(line.joints, others, strict=True)
    return line.unknowns.show(first + "".join(f" {joint} {form}" for joint, form in pairs))


def _plain_form(call: Call) -> str:
    """The form of a program without a spec: its words as they are."""
    effects = sorted(f"{r.name}={_quoted(r.value or '')}" for r in call.redirections)
    return " ".join((*map(_quoted, call.argv), *effects))


def _quoted(text: str) -> str:
    return f'"{text}"' if is_unknown(text) else shlex.quote(text)


def _part(argument: Argument, grammar: Grammar) -> str:
    if argument.value is None:
        return argument.name
    return f"{argument.name}={_quoted(value_text(argument, grammar))}"


def value_text(argument: Argument, grammar: Grammar) -> str:
    """The normalised value; as written where the type does not take it or none is declared."""
    declared = grammar.option(argument.name) or grammar.operand(argument.name)
    text = argument.value or ""
    if is_unknown(text):
        return text
    try:
        return normalise(declared.type, text) if declared else text
    except ValueError:
        return text


def is_neutral(argument: Argument, grammar: Grammar) -> bool:
    """Whether the option changes neither what is sent nor what is written."""
    option = grammar.option(argument.name)
    return option is not None and option.neutral


def is_default(argument: Argument, command: Command, grammar: Grammar) -> bool:
    """Whether the argument only states what the tool does anyway."""
    default = default_of(argument.name, command, grammar)
    if default is None or argument.value is None:
        return False
    return value_text(argument, grammar) == value_text(replace(argument, value=default), grammar)


def default_of(name: str, command: Command, grammar: Grammar) -> str | None:
    """What the tool takes for an option or operand that the command leaves out."""
    option = grammar.option(name)
    if option is None:
        operand = grammar.operand(name)
        return operand.default if operand else None
    for other, default in option.default_with.items():
        if command.values(other):
            return default
    return option.default
