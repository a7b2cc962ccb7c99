"""Does a command do what the task asks, and nothing else? Judged on normalised arguments.

Each requirement takes one argument away (a set of hosts, ports or items may take several that
make it up together). What is left must be allowed, neutral, or a stated default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from tasks.addresses import host_set, port_set
from tasks.canonical import default_of, is_default, is_neutral, value_text
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.types import Argument, Command, Fault, Intent, Requirement
from tasks.urls import url_text
from tasks.values import TARGET_TYPES, header_text, item_text, seconds

# Each test turns the required text and the given text into values that are compared.
_TESTS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "number": Decimal,
        "ports": port_set,
        "hosts": host_set,
        "url": url_text,
        "items": item_text,
        "duration": seconds,
        "header": header_text,
    }
)
_SETS = {"ports": ",", "hosts": " ", "items": ","}  # how several values make one set


def judge(intent: Intent, command: Command, grammar: Grammar) -> None:
    """Raises RefusedError with the first thing that is forbidden, missing, wrong or too much.

    The command is of the intent's tool and subcommand, which is looked at before.
    """
    forbidden = {_canonical(name, grammar) for name in intent.forbid}
    for argument in command.arguments:
        if argument.name in forbidden:
            raise RefusedError(Fault.EXTRA_OPTION, f"the task forbids {argument.name}")
    left = list(command.arguments)
    for requirement in intent.require:
        _consume(requirement, left, command, grammar)
    for argument in left:
        is_harmless = is_neutral(argument, grammar) or is_default(argument, command, grammar)
        is_allowed = any(_allows(entry, argument, grammar) for entry in intent.allow)
        if not is_allowed and not is_harmless:
            fault = Fault.EXTRA_OPTION
            if _is_target(argument.name, grammar):
                fault = Fault.WRONG_TARGET
            raise RefusedError(fault, f"the task does not ask for {argument.spelled}")


def _allows(entry: str, argument: Argument, grammar: Grammar) -> bool:
    """Whether an entry of `allow`, an option's name or "NAME=VALUE", lets the argument be."""
    name, equals, value = entry.partition("=")
    if argument.name != _canonical(name, grammar):
        return False
    stated = Argument(argument.name, value, entry)
    return not equals or value_text(argument, grammar) == value_text(stated, grammar)


def _consume(
    requirement: Requirement, left: list[Argument], command: Command, grammar: Grammar
) -> None:
    """Take the arguments that satisfy the requirement out of `left`, or say what is wrong."""
    alternatives = requirement.any or (requirement,)
    for alternative in alternatives:
        taken = _satisfying(alternative, left, command, grammar)
        if taken is not None:
            for argument in taken:
                left.remove(argument)
            return
    # The alternative that was tried but has another value says more than one that is absent.
    nearest = next((a for a in alternatives if _named(a, left, grammar)), alternatives[0])
    raise _failure(nearest, left, grammar)


def _satisfying(
    requirement: Requirement, left: Sequence[Argument], command: Command, grammar: Grammar
) -> list[Argument] | None:
    """The arguments that satisfy one requirement; none of them if the tool's default does."""
    named = _named(requirement, left, grammar)
    test, wanted = _test(requirement)
    if test is None:
        return named[:1] or None
    for argument in named:
        if _holds(test, wanted, argument.value or "", grammar, requirement):
            return [argument]
    if len(named) > 1 and test in _SETS:
        together = _SETS[test].join(argument.value or "" for argument in named)
        if _holds(test, wanted, together, grammar, requirement):
            return named
    default = default_of(_canonical(requirement.name or "", grammar), command, grammar)
    if not named and default and _holds(test, wanted, default, grammar, requirement):
        return []
    return None


def _canonical(name: str, grammar: Grammar) -> str:
    """An intent may name an option by any of its spellings."""
    option = grammar.options.get(name)
    return option.name if option else name


def _named(requirement: Requirement, left: Sequence[Argument], grammar: Grammar) -> list[Argument]:
    name = _canonical(requirement.name or "", grammar)
    return [argument for argument in left if argument.name == name]


def _test(requirement: Requirement) -> tuple[str | None, str]:
    """The one test of a requirement and the text it wants."""
    for test in ("equals", *_TESTS):
        wanted = getattr(requirement, test)
        if wanted is not None:
            return test, str(wanted)
    return None, ""


def _holds(test: str, wanted: str, given: str, grammar: Grammar, requirement: Requirement) -> bool:
    """Whether a given value passes a test; values that the test cannot read must be the same."""
    if test == "equals":
        name = _canonical(requirement.name or "", grammar)
        first, second = (
            value_text(Argument(name, text, name), grammar) for text in (wanted, given)
        )
        return first == second
    try:
        return _TESTS[test](wanted) == _TESTS[test](given)
    except (ValueError, ArithmeticError):
        return wanted == given


def _failure(requirement: Requirement, left: Sequence[Argument], grammar: Grammar) -> RefusedError:
    name = _canonical(requirement.name or "", grammar)
    _, wanted = _test(requirement)
    given = [argument.value or "" for argument in _named(requirement, left, grammar)]
    shown = f"{name} {wanted}".rstrip()
    if not given:
        fault = Fault.MISSING_OPERAND if grammar.operand(name) else Fault.MISSING_OPTION
        return RefusedError(fault, f"the task needs {shown}")
    fault = Fault.WRONG_TARGET if _is_target(name, grammar) else Fault.WRONG_VALUE
    return RefusedError(fault, f"the task needs {shown}, not {' '.join(given)}".rstrip())


def _is_target(name: str, grammar: Grammar) -> bool:
    """An operand, or an option that the tool cannot do without, whose value is a host or URL."""
    operand = grammar.operand(name)
    if operand is not None:
        return operand.type in TARGET_TYPES
    option = grammar.option(name)
    is_needed = any(name in group for group in grammar.requires)
    return option is not None and option.type in TARGET_TYPES and is_needed
