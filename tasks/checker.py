"""The static verdict, level by level: is the command right on paper?

    judge("nmap --scan-version -p 22 10.4.7.9", task).last
    -> flags: fail, "nmap has no option --scan-version", unknown flag

Each level says pass, fail or undecidable with a reason; the first that does not pass is the last.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

from tasks.canonical import canonical_form
from tasks.extract import command_lines, extract
from tasks.intent import judge as judge_intent
from tasks.parsers import Parser, informs, parser_for
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.quoting import UndecidedError
from tasks.shell import BashSyntaxError, Simple, read
from tasks.spec import load_specs
from tasks.types import Command, Fault, Level, LevelResult, Status, Task, Verdict
from tasks.wrappers import SHELLS, WRAPPERS

_BIN = frozenset({"", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"})
# Wrappers that the isolated machine does not have; their command is run without them.
_ABSENT = frozenset({"sudo", "proxychains", "proxychains4"})
_KNOWN = "the tool knows every flag"
_NAME = re.compile(r"[\w./-]+")


class _StopError(Exception):
    """A level did not pass: the last one of the verdict."""


class _Check:
    """One check on its way through the levels."""

    def __init__(self, text: str, task: Task | None) -> None:
        self.answer = text
        self.task = task
        self.levels: list[LevelResult] = []
        self.text: str | None = None
        self.command: Command | None = None
        self.canonical: str | None = None

    def passed(self, level: Level, reason: str) -> None:
        self.levels.append(LevelResult(level, Status.PASS, reason))

    def failed(self, level: Level, fault: Fault, reason: str) -> _StopError:
        self.levels.append(LevelResult(level, Status.FAIL, reason, fault))
        return _StopError()

    def undecidable(self, level: Level, reason: str) -> _StopError:
        self.levels.append(LevelResult(level, Status.UNDECIDABLE, reason))
        return _StopError()


def check(text: str) -> Verdict:
    """Whether the text holds one command that its tool takes: levels EXTRACT to ARGUMENTS."""
    return _run(text, None)


def judge(text: str, task: Task) -> Verdict:
    """Whether the text holds a command that does what the task asks: levels EXTRACT to INTENT.

    Another tool or subcommand than the task's is WRONG_TOOL, as is an unknown subcommand. Of a
    task that is not possible a text is right if it calls no tool.
    """
    return _run(text, task) if task.possible else _refusal(text)


def _refusal(text: str) -> Verdict:
    state = _Check(text, None)
    with suppress(_StopError):
        if calls_tool(text):
            raise state.failed(Level.INTENT, Fault.NOT_POSSIBLE, "no command can do that")
        state.passed(Level.INTENT, "calls no tool, as none can do that")
    return Verdict(tuple(state.levels), None, None, None)


def canonical_text(text: str) -> str | None:
    """The canonical form of the command in a text; None if its tool would not take it."""
    verdict = check(text)
    return verdict.canonical if verdict.status is Status.PASS else None


def calls_tool(text: str) -> bool:
    """Whether any command in the text runs a program that has a spec, rightly or not.

    What a tool cannot do is best answered by a refusal or by nothing: by a text that calls none.
    """
    found = (extract(text, _names()), *command_lines(text, _names()))
    return any(_tools_of(line) for line in found if line)


def _tools_of(line: str) -> set[str]:
    """The programs with a spec that a line runs; where the line cannot be read, that it names."""
    try:
        words = [read(line).argv[0]]
    except BashSyntaxError:
        words = line.split()[:1]
    except UndecidedError:
        words = _NAME.findall(line)
    return {word.rpartition("/")[2] for word in words} & load_specs().keys()


@cache
def _names() -> frozenset[str]:
    return frozenset({*load_specs(), *WRAPPERS, *SHELLS})


def _run(text: str, task: Task | None) -> Verdict:
    state = _Check(text, task)
    with suppress(_StopError):
        _levels(state)
    return Verdict(tuple(state.levels), state.command, state.canonical, state.text)


def _levels(state: _Check) -> None:
    state.text = line = _extract(state)
    simple = _shell(state, line)
    parser = _tool(state, simple)
    grammar, words = _subcommand(state, parser, simple)
    command = _flags(state, parser, grammar, words)
    # The files that the shell writes are effects of the command like its own options.
    command = replace(command, arguments=command.arguments + simple.redirections)
    state.command = command
    _arguments(state, parser, command)
    state.canonical = canonical_form(command, grammar)
    if state.task is not None:
        _intent(state, state.task, command, grammar)


def _extract(state: _Check) -> str:
    line = extract(state.answer, _names())
    if not line:
        raise state.failed(Level.EXTRACT, Fault.NO_COMMAND, "the answer holds no command")
    state.passed(Level.EXTRACT, "one command")
    return line


def _shell(state: _Check, line: str) -> Simple:
    try:
        simple = read(line)
    except BashSyntaxError as fault:
        raise state.failed(Level.SHELL, Fault.SYNTAX, str(fault)) from None
    except UndecidedError as undecided:
        raise state.undecidable(Level.SHELL, str(undecided)) from None
    if not _ABSENT.isdisjoint(simple.wrappers):
        state.text = shlex.join(simple.argv)
    state.passed(Level.SHELL, "one program call")
    return simple


def _tool(state: _Check, simple: Simple) -> Parser:
    folder, _, name = simple.argv[0].rpartition("/")
    wanted = state.task.intent.tool if state.task else None
    if wanted and (name != wanted or folder not in _BIN):
        reason = f"the task needs {wanted}, not {simple.argv[0]}"
        raise state.failed(Level.TOOL, Fault.WRONG_TOOL, reason)
    if name not in load_specs() or folder not in _BIN:
        known = ", ".join(load_specs())
        raise state.undecidable(Level.TOOL, f"{simple.argv[0]} has no spec; there are {known}")
    return parser_for(name)


def _subcommand(state: _Check, parser: Parser, simple: Simple) -> tuple[Grammar, Sequence[str]]:
    """A missing subcommand is no other one: it is left to the level ARGUMENTS."""
    try:
        grammar, words = parser.split(simple.argv[1:])
    except RefusedError as refused:
        raise state.failed(Level.TOOL, refused.fault, refused.reason) from None
    wanted = state.task.intent.subcommand if state.task else None
    if wanted and grammar.subcommand and grammar.subcommand != wanted:
        reason = f"the task needs {parser.tool} {wanted}, not {grammar.tool}"
        raise state.failed(Level.TOOL, Fault.WRONG_TOOL, reason)
    state.passed(Level.TOOL, grammar.tool)
    return grammar, words


def _flags(state: _Check, parser: Parser, grammar: Grammar, words: Sequence[str]) -> Command:
    try:
        command = parser.read(grammar, words, state.text or "")
    except RefusedError as refused:
        raise _refused(state, refused) from None
    state.passed(Level.FLAGS, _KNOWN)
    return command


def _refused(state: _Check, refused: RefusedError) -> _StopError:
    """A tool stops at the first mistake it meets, whether that is a flag or a value."""
    if refused.fault is Fault.UNKNOWN_FLAG:
        return state.failed(Level.FLAGS, refused.fault, refused.reason)
    state.passed(Level.FLAGS, _KNOWN)
    return state.failed(Level.ARGUMENTS, refused.fault, refused.reason)


def _arguments(state: _Check, parser: Parser, command: Command) -> None:
    try:
        parser.check(command)
    except RefusedError as refused:
        raise state.failed(Level.ARGUMENTS, refused.fault, refused.reason) from None
    state.passed(Level.ARGUMENTS, "the tool takes every value and operand")


def _intent(state: _Check, task: Task, command: Command, grammar: Grammar) -> None:
    if informs(grammar, command):
        reason = f"{grammar.tool} would only print its help or version"
        raise state.failed(Level.INTENT, Fault.MISSING_OPTION, reason)
    try:
        judge_intent(task.intent, command, grammar)
    except RefusedError as refused:
        raise state.failed(Level.INTENT, refused.fault, refused.reason) from None
    state.passed(Level.INTENT, "does what the task asks and nothing else")
