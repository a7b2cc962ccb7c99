"""The static verdict, level by level: is the command right on paper?

    judge("nmap --scan-version -p 22 10.4.7.9", task).last
    -> flags: fail, "nmap has no option --scan-version", unknown flag

Each level says pass, fail or undecidable with a reason; the first that does not pass is the last.
"""

from __future__ import annotations

import shlex
from functools import cache

from tasks.canonical import canonical_form
from tasks.extract import extract
from tasks.intent import judge as judge_intent
from tasks.parsers import Parser, informs, parser_for
from tasks.parsers.grammar import RefusedError
from tasks.quoting import UndecidedError
from tasks.shell import BashSyntaxError, Simple, read
from tasks.spec import load_specs
from tasks.types import Command, Fault, Level, LevelResult, Status, Task, Verdict
from tasks.wrappers import SHELLS, WRAPPERS

_BIN = frozenset({"", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"})
# Wrappers that the isolated machine does not have; their command is run without them.
_ABSENT = frozenset({"sudo", "proxychains", "proxychains4"})

_LEVEL_OF = {Fault.UNKNOWN_FLAG: Level.FLAGS, Fault.WRONG_TOOL: Level.TOOL}


class _StopError(Exception):
    """A level that did not pass."""


class _Check:
    """One check on its way through the levels."""

    def __init__(self) -> None:
        self.levels: list[LevelResult] = []
        self.text: str | None = None
        self.command: Command | None = None
        self.canonical: str | None = None

    def verdict(self) -> Verdict:
        return Verdict(tuple(self.levels), self.command, self.canonical, self.text)

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

    Another tool or subcommand than the task's is WRONG_TOOL, as is an unknown subcommand.
    """
    return _run(text, task)


def canonical_text(text: str) -> str | None:
    """The canonical form of the command in a text; None if its tool would not take it."""
    verdict = check(text)
    return verdict.canonical if verdict.status is Status.PASS else None


@cache
def _names() -> frozenset[str]:
    return frozenset({*load_specs(), *WRAPPERS, *SHELLS})


def _run(text: str, task: Task | None) -> Verdict:
    state = _Check()
    try:
        line = _extract(state, text)
        simple = _shell(state, line)
        parser = _tool(state, simple, task)
        _parse(state, parser, simple)
        if task is not None:
            _intent(state, parser, task)
    except _StopError:
        pass
    return state.verdict()


def _extract(state: _Check, text: str) -> str:
    line = extract(text, _names())
    if not line:
        raise state.failed(Level.EXTRACT, Fault.NO_COMMAND, "the answer holds no command")
    state.text = line
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


def _tool(state: _Check, simple: Simple, task: Task | None) -> Parser:
    folder, _, name = simple.argv[0].rpartition("/")
    wanted = task.intent.tool if task else None
    if wanted and (name != wanted or folder not in _BIN):
        reason = f"the task needs {wanted}, not {simple.argv[0]}"
        raise state.failed(Level.TOOL, Fault.WRONG_TOOL, reason)
    if name not in load_specs() or folder not in _BIN:
        known = ", ".join(load_specs())
        raise state.undecidable(Level.TOOL, f"{simple.argv[0]} has no spec; there are {known}")
    return parser_for(name)


def _parse(state: _Check, parser: Parser, simple: Simple) -> None:
    """Levels TOOL (its subcommand), FLAGS and ARGUMENTS."""
    try:
        command = parser.parse(simple.argv[1:], state.text or "")
        command = Command(
            command.tool,
            command.subcommand,
            command.arguments + simple.redirections,
            command.source,
        )
        state.command = command
        parser.check(command)
    except RefusedError as refused:
        level = _LEVEL_OF.get(refused.fault, Level.ARGUMENTS)
        if level is not Level.TOOL:
            state.passed(Level.TOOL, parser.tool)
        if level is Level.ARGUMENTS:
            state.passed(Level.FLAGS, "the tool knows every flag")
        raise state.failed(level, refused.fault, refused.reason) from None
    grammar = parser.scope(command.subcommand)
    state.passed(Level.TOOL, grammar.tool)
    state.passed(Level.FLAGS, "the tool knows every flag")
    state.passed(Level.ARGUMENTS, "the tool takes every value and operand")
    state.canonical = canonical_form(command, grammar)


def _intent(state: _Check, parser: Parser, task: Task) -> None:
    command = state.command
    assert command is not None
    grammar = parser.scope(command.subcommand)
    if informs(grammar, command):
        reason = f"{grammar.tool} would only print its help or version"
        raise state.failed(Level.INTENT, Fault.MISSING_OPTION, reason)
    try:
        judge_intent(task.intent, command, grammar)
    except RefusedError as refused:
        level = Level.TOOL if refused.fault is Fault.WRONG_TOOL else Level.INTENT
        raise state.failed(level, refused.fault, refused.reason) from None
    state.passed(Level.INTENT, "does what the task asks and nothing else")
