"""The static verdict, level by level: is the command right on paper?

    judge("nmap --scan-version -p 22 10.4.7.9", task).last
    -> flags: fail, "nmap has no option --scan-version", unknown flag

Each level says pass, fail or undecidable with a reason; the first that does not pass is the last.
A line may hold several calls: each of a tool with a spec is looked at, and one that its tool
refuses makes the line fail. See docs/checker.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

from tasks.canonical import canonical_form, line_form
from tasks.extract import command_lines, extract
from tasks.filters import only_shows
from tasks.intent import judge as judge_intent
from tasks.parsers import Parser, informs, parser_for
from tasks.parsers.grammar import RefusedError
from tasks.shell import BashSyntaxError, Call, Line, UndecidedError, read, rebuilt
from tasks.spec import load_specs
from tasks.types import Argument, Command, Fault, Level, LevelResult, Status, Task, Verdict
from tasks.unknown import Unknowns, is_unknown, may_split, speaks_of_unknown
from tasks.wrappers import SHELLS, WRAPPERS

_BIN = frozenset({"", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"})
# Wrappers that the isolated machine does not have; their command is run without them.
_ABSENT = frozenset({"doas", "proxychains", "proxychains4", "sudo", "torsocks", "unbuffer"})
_KNOWN = "the tool knows every flag"
_MAY_BE_UNKNOWN = frozenset(
    {Fault.MISSING_VALUE, Fault.MISSING_OPERAND, Fault.MISSING_OPTION, Fault.EXTRA_OPTION}
)
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
        self.commands: list[Command] = []
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
    """Whether the text holds one command line whose tools take it: levels EXTRACT to ARGUMENTS.

    What only a running shell knows ($IP, $(date)) counts as whatever value is right there.
    """
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


def calls_tool(text: str) -> str | None:
    """The first program with a spec that a command in the text runs, rightly or not.

    What a tool cannot do is best answered by a refusal or by nothing: by a text for which this
    is None.
    """
    found = (extract(text, _names()), *command_lines(text, _names()))
    tools = (tool for line in found if line for tool in _tools_of(line))
    return next(tools, None)


def _tools_of(line: str) -> list[str]:
    """The programs with a spec that a line runs; where the line cannot be read, that it names."""
    try:
        words = [call.argv[0] for call in read(line).calls if call.undecided is None]
    except BashSyntaxError:
        words = line.split()[:1]
    except UndecidedError:
        words = _NAME.findall(line)
    names = (word.rpartition("/")[2] for word in words)
    return [name for name in names if name in load_specs()]


@cache
def _names() -> frozenset[str]:
    return frozenset({*load_specs(), *WRAPPERS, *SHELLS})


def _run(text: str, task: Task | None) -> Verdict:
    state = _Check(text, task)
    with suppress(_StopError):
        _levels(state)
    return Verdict(
        tuple(state.levels), state.command, state.canonical, state.text, tuple(state.commands)
    )


def _levels(state: _Check) -> None:
    state.text = text = _extract(state)
    line = _shell(state, text)
    calls = [call for call in line.calls if _has_spec(call)]
    bare = _bare_call(line) if state.task else None
    if state.task:
        _require_tool(state, state.task.intent.tool, line)
    is_one = len(line.calls) == 1
    readings = [
        _Reading(
            call,
            line.unknowns,
            text if is_one else line.unknowns.show(" ".join(call.argv)),
            state.task if call is bare else None,
        )
        for call in calls
    ]
    _settle(state, line, readings)
    state.canonical = line_form(line, {r.call: r.form for r in readings}) or text.strip()
    if not all(_ABSENT.isdisjoint(call.wrappers) for call in line.calls):
        state.text = rebuilt(line) or text
    if state.task is None:
        return
    if bare is None:
        shape = _shape(line)
        raise state.undecidable(Level.INTENT, f"{shape}: what they do together is not decided here")
    if len(line.calls) > 1:
        state.text = rebuilt(replace(line, calls=[bare], joints=[]))
    _intent(state, state.task, readings[0], line)


def _extract(state: _Check) -> str:
    line = extract(state.answer, _names())
    if not line:
        raise state.failed(Level.EXTRACT, Fault.NO_COMMAND, "the answer holds no command")
    state.passed(Level.EXTRACT, "one command")
    return line


def _shell(state: _Check, text: str) -> Line:
    try:
        line = read(text)
    except BashSyntaxError as fault:
        raise state.failed(Level.SHELL, Fault.SYNTAX, str(fault)) from None
    except UndecidedError as undecided:
        raise state.undecidable(Level.SHELL, str(undecided)) from None
    if not line.calls:
        raise state.undecidable(Level.SHELL, "the line runs no program")
    return line


def _shape(line: Line) -> str:
    """A line in words: "one program call", "a pipeline of curl and jq"."""
    if len(line.calls) == 1:
        return "one program call"
    names = " and ".join(line.unknowns.show(call.name) for call in line.calls[:6])
    if line.joints and set(line.joints) == {"|"}:
        return f"a pipeline of {names}"
    return f"{len(line.calls)} program calls, {names}"


def _has_spec(call: Call) -> bool:
    return call.undecided is None and call.name in load_specs() and _folder(call) in _BIN


def _folder(call: Call) -> str:
    return call.argv[0].rpartition("/")[0]


def _require_tool(state: _Check, wanted: str, line: Line) -> None:
    """WRONG_TOOL unless some call of the line is of the task's tool."""
    if any(call.name == wanted and _folder(call) in _BIN for call in line.calls):
        return
    undecided = next((call.undecided for call in line.calls if call.undecided), None)
    if undecided:
        raise state.undecidable(Level.SHELL, line.unknowns.show(undecided))
    state.passed(Level.SHELL, _shape(line))
    reason = f"the task needs {wanted}, not {line.unknowns.show(line.calls[0].argv[0])}"
    raise state.failed(Level.TOOL, Fault.WRONG_TOOL, reason)


def _bare_call(line: Line) -> Call | None:
    """The call of a line that does what it would do alone: what reads its output, if anything
    does, only chooses what is shown. None for other lines."""
    first, *others = line.calls
    if not others:
        return first
    if line.joints is None or set(line.joints) != {"|"}:
        return None
    return first if all(only_shows(call) for call in others) else None


def _settle(state: _Check, line: Line, readings: Sequence[_Reading]) -> None:
    """The levels SHELL to ARGUMENTS. One call that its tool refuses makes the line fail; it
    passes if every call of a tool with a spec is taken."""
    worst = next((r for r in readings if r.status is Status.FAIL), None)
    undecided = next((call.undecided for call in line.calls if call.undecided), None)
    if worst is None and undecided:
        raise state.undecidable(Level.SHELL, line.unknowns.show(undecided))
    state.passed(Level.SHELL, _shape(line))
    state.commands = [reading.command for reading in readings if reading.command]
    if not readings:
        known = ", ".join(load_specs())
        program = line.unknowns.show(line.calls[0].argv[0])
        raise state.undecidable(Level.TOOL, f"{program} has no spec; there are {known}")
    worst = worst or next((r for r in readings if r.status is not Status.PASS), readings[0])
    state.levels += worst.levels
    state.command = worst.command
    if worst.status is not Status.PASS:
        raise _StopError


class _Reading:
    """One call of a tool with a spec, put to it: the levels TOOL to ARGUMENTS."""

    def __init__(self, call: Call, unknowns: Unknowns, source: str, task: Task | None) -> None:
        self.call = call
        self._source = source
        self.levels: list[LevelResult] = []
        self.command: Command | None = None
        self.form = ""
        self._unknowns = unknowns
        parser = parser_for(call.name)
        self.grammar = parser.grammar
        try:
            self._read(parser, call, task)
        except RefusedError as refused:
            self._refused(refused.fault, refused.reason)
        except (ValueError, ArithmeticError):
            if not any(map(is_unknown, call.argv)):
                raise
            self._add(Level.ARGUMENTS, Status.UNDECIDABLE, "a value is not known")

    @property
    def status(self) -> Status:
        return self.levels[-1].status

    def _read(self, parser: Parser, call: Call, task: Task | None) -> None:
        """A missing subcommand is no other one: it is left to the level ARGUMENTS."""
        self.grammar, words = parser.split(call.argv[1:])
        wanted = task.intent.subcommand if task else None
        if wanted and self.grammar.subcommand and self.grammar.subcommand != wanted:
            reason = f"the task needs {parser.tool} {wanted}, not {self.grammar.tool}"
            self._add(Level.TOOL, Status.FAIL, reason, Fault.WRONG_TOOL)
            return
        self._add(Level.TOOL, Status.PASS, self.grammar.tool)
        command = parser.read(self.grammar, words, self._source)
        if call.redirections:  # files that the shell writes are effects of the command too
            command = replace(command, arguments=command.arguments + call.redirections)
        self._add(Level.FLAGS, Status.PASS, _KNOWN)
        self.command = self._shown(command)
        parser.check(command)
        self._add(Level.ARGUMENTS, Status.PASS, "the tool takes every value and operand")
        self.form = canonical_form(command, self.grammar)

    def _shown(self, command: Command) -> Command:
        """The command with the sources of what is not known in it: $IP for its mark."""
        show = self._unknowns.show
        if not self._unknowns:
            return command
        arguments = tuple(
            Argument(a.name, a.value and show(a.value), show(a.spelled)) for a in command.arguments
        )
        return replace(command, arguments=arguments)

    def _add(self, level: Level, status: Status, reason: str, fault: Fault | None = None) -> None:
        self.levels.append(LevelResult(level, status, self._unknowns.show(reason), fault))

    def _refused(self, fault: Fault, reason: str) -> None:
        """A tool stops at the first mistake it meets, whether that is a flag or a value. What is
        wrong or missing may still be in a word that is not known."""
        level = Level.FLAGS if fault is Fault.UNKNOWN_FLAG else Level.ARGUMENTS
        if not self.levels:
            level = Level.TOOL
        elif level is Level.ARGUMENTS and len(self.levels) == 1:
            self._add(Level.FLAGS, Status.PASS, _KNOWN)
        is_missing = fault in _MAY_BE_UNKNOWN and any(map(may_split, self.call.argv))
        if is_missing or speaks_of_unknown(reason):
            self._add(level, Status.UNDECIDABLE, f"{reason}, but not every word is known")
        else:
            self._add(level, Status.FAIL, reason, fault)


def _intent(state: _Check, task: Task, reading: _Reading, line: Line) -> None:
    call = reading.call
    if reading.command is None:
        raise _StopError
    if informs(reading.grammar, reading.command):
        reason = f"{reading.grammar.tool} would only print its help or version"
        raise state.failed(Level.INTENT, Fault.MISSING_OPTION, reason)
    unknown = next((word for word in call.argv if is_unknown(word)), None)
    if unknown:
        raise state.undecidable(Level.INTENT, f"what {line.unknowns.show(unknown)} is is not known")
    if call.doubts:
        raise state.undecidable(Level.INTENT, call.doubts[0])
    try:
        judge_intent(task.intent, reading.command, reading.grammar)
    except RefusedError as refused:
        raise state.failed(Level.INTENT, refused.fault, refused.reason) from None
    state.passed(Level.INTENT, "does what the task asks and nothing else")
