"""From one command line to every program call in it, as far as that is known before it runs.

    read("for p in 22 80; do sudo nmap -p $p h; done | grep open")
    -> calls: nmap -p 22 h; nmap -p 80 h; grep open

The line is parsed by `tasks/bash`, plain ones are split at once. Variables that the line itself
sets are followed; what only a running shell knows becomes a mark of `tasks/unknown.py`. Wrappers
such as sudo are taken off, and what `bash -c`, `xargs` or `find -exec` run is a call like others.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from tasks.bash import tree
from tasks.bash.expand import Scope, expand, expand_whole
from tasks.bash.parser import parse
from tasks.bash.tree import BashSyntaxError
from tasks.bash.words import ASSIGNMENT
from tasks.quoting import plain_words
from tasks.types import Argument
from tasks.unknown import UndecidedError, Unknowns, is_unknown, without_marks
from tasks.wrappers import SHELLS, WRAPPERS, command_string, effect_of, unwrap

__all__ = ["BashSyntaxError", "Call", "Line", "UndecidedError", "read", "rebuilt"]

_DEPTH = 5  # of `bash -c` in `bash -c`
_ROUNDS = 16  # of a loop that are followed one by one
_DECLARES = frozenset({"declare", "export", "local", "readonly", "typeset"})
_SETTERS = frozenset({"getopts", "mapfile", "printf", "read", "readarray", "unset"})
_KINDS = {
    "for": "a loop",
    "while": "a loop",
    "if": "a condition",
    "case": "a condition",
    "(": "a subshell",
    "{": "a group of commands",
    "function": "a function",
    "coproc": "a command in the background",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One program call: argv with quoting resolved, and the files that the shell opens.

    `redirections` are Arguments named ">", ">>", "<" or "<<" with the file (or text) as value;
    `wrappers` the names of the programs taken off, outermost first. `doubts` say why its effect
    is not certain though its words are; `undecided` says why even the program is not known.
    """

    argv: tuple[str, ...]
    redirections: tuple[Argument, ...] = ()
    wrappers: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    undecided: str | None = None

    @property
    def name(self) -> str:
        """The program without its folder."""
        return self.argv[0].rpartition("/")[2]


@dataclass(slots=True)
class Line:
    """The calls of a line in order. `joints` are the operators between them if there is nothing
    else in the line: no loop, group or substitution."""

    calls: list[Call] = field(default_factory=list)
    joints: list[str] | None = field(default_factory=list)
    unknowns: Unknowns = field(default_factory=Unknowns)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a command stands."""

    doubts: tuple[str, ...] = ()
    is_fed: bool = False  # its input is a pipe or a file
    is_lone: bool = False  # nothing else is in the line
    wrappers: tuple[str, ...] = ()
    depth: int = 0

    def doubted(self, *reasons: str) -> _Place:
        added = tuple(reason for reason in reasons if reason not in self.doubts)
        return replace(self, doubts=self.doubts + added)


def read(line: str) -> Line:
    """The program calls of a line. Raises BashSyntaxError, or UndecidedError with the reason."""
    if "\0" in line:
        raise BashSyntaxError("the line holds a NUL character")
    words = plain_words(line)
    if words and words[0].rpartition("/")[2] not in _SPECIAL:
        return Line([Call(tuple(words))])
    try:
        script = parse(without_marks(line))
        if not script.items:
            raise BashSyntaxError("there is no command in the line")
        walk = _Walk()
        walk.sequence(script, _Place(is_lone=_is_lone(script)))
    except RecursionError:
        raise UndecidedError("a line nested too deep") from None
    return walk.line


_SPECIAL = SHELLS | WRAPPERS.keys() | _DECLARES | _SETTERS | {"find", "read", "source", "."}


def _is_lone(script: tree.Sequence) -> bool:
    first = script.items[0]
    commands = first.pipelines[0].commands
    is_one = len(script.items) == 1 and len(first.pipelines) == 1 and len(commands) == 1
    return is_one and isinstance(commands[0], tree.Simple)


class _Walk:
    """Goes through a parsed line and collects its calls."""

    def __init__(self) -> None:
        self.line = Line()
        self.scope = Scope(self.line.unknowns)
        self._joint = ""

    # Lists

    def sequence(self, script: tree.Sequence, place: _Place) -> None:
        for i, item in enumerate(script.items):
            if i:
                self._joint = script.items[i - 1].ending or ";"
            inner = place.doubted("a command in the background") if item.ending == "&" else place
            for j, pipeline in enumerate(item.pipelines):
                self._joint = item.operators[j - 1] if j else self._joint
                before = dict(self.scope.variables)
                self._pipeline(pipeline, inner)
                if j:
                    self._forget_changes(before)

    def _pipeline(self, pipeline: tree.Pipeline, place: _Place) -> None:
        if pipeline.negated:
            place = place.doubted("a negated command")
            self.line.joints = None
        before = dict(self.scope.variables)
        for i, command in enumerate(pipeline.commands):
            if i:
                self._joint = "|"
            inner = replace(place, is_fed=place.is_fed or i > 0)
            if isinstance(command, tree.Simple):
                self._simple(command, inner)
            else:
                self._compound(command, inner)
        if len(pipeline.commands) > 1:  # each runs in a subshell of its own
            self.scope.variables = before

    def _forget_changes(self, before: dict[str, str]) -> None:
        """A command that may not run leaves the variables that it sets unknown."""
        after = self.scope.variables
        self.scope.variables = {n: v for n, v in after.items() if before.get(n) == v}

    # Compound commands

    def _compound(self, command: tree.Compound, place: _Place) -> None:
        self.line.joints = None
        if command.kind in _KINDS:
            place = place.doubted(_KINDS[command.kind])
        redirections = self._redirections(command.redirections, place)
        if any(r.name in ("<", "<<") for r in redirections):
            place = replace(place, is_fed=True)
        values = [value for word in command.words or () for value in expand(word, self.scope)]
        self._substituted(place)
        before = dict(self.scope.variables)
        if command.kind == "for":
            self._loop(command, values, place)
        elif command.kind == "function":
            self.scope.functions.add(command.name)
            self._unset(command)
            self._bodies(command, place)
        else:
            if command.kind == "while":
                self._unset(command)
            self._bodies(command, place)
        if command.kind == "(":
            self.scope.variables = before
        elif command.kind != "{":
            self._forget_changes(before)

    def _bodies(self, command: tree.Compound, place: _Place) -> None:
        for body in command.bodies:
            self.sequence(body, place)

    def _loop(self, command: tree.Compound, values: list[str], place: _Place) -> None:
        """Once for every value where the values are written in the line."""
        self._unset(command)
        if not command.words or len(values) > _ROUNDS or any(map(is_unknown, values)):
            self.scope.variables.pop(command.name, None)
            self._bodies(command, place)
            return
        for value in values:
            self.scope.variables[command.name] = value
            self._bodies(command, place)

    def _unset(self, command: tree.Compound) -> None:
        """What a loop or function sets is not known when it runs again."""
        for name in _assigned(command):
            self.scope.variables.pop(name, None)

    # Simple commands

    def _simple(self, command: tree.Simple, place: _Place) -> None:
        words = [text for word in command.words for text in self._expanded(word, command)]
        redirections = self._redirections(command.redirections, place)
        effects = self._assignments(command, is_alone=not words)
        self._substituted(place)
        place = place.doubted(*effects)
        if any(r.name in ("<", "<<") for r in redirections):
            place = replace(place, is_fed=True)
        if words:
            self._program(words, redirections, place)
        elif redirections or command.words:
            self.line.joints = None

    def _expanded(self, word: tree.Word, command: tree.Simple) -> list[str]:
        """The words that a word becomes; NAME=VALUE after `export` is one."""
        declares = command.words[0].raw in _DECLARES and word is not command.words[0]
        if declares and ASSIGNMENT.match(word.raw):
            return [expand_whole(word, self.scope)]
        return expand(word, self.scope)

    def _assignments(self, command: tree.Simple, *, is_alone: bool) -> list[str]:
        """Take note of variables that are set; what those set for one program may change in it."""
        effects = []
        for word in command.assignments:
            text = expand_whole(word, self.scope)
            if is_alone:
                self._set(text)
            else:
                effects.append(effect_of(text))
        return [effect for effect in effects if effect]

    def _set(self, assignment: str) -> None:
        name, _, value = assignment.partition("=")
        if is_unknown(value) or not name.isidentifier() or value.startswith("("):
            self.scope.variables.pop(name.rstrip("+").partition("[")[0], None)
        else:
            self.scope.variables[name] = value

    def _substituted(self, place: _Place) -> None:
        """The commands in substitutions that were met."""
        while self.scope.substitutions:
            self.line.joints = None
            script = self.scope.substitutions.pop(0)
            before = dict(self.scope.variables)
            self.sequence(script, place.doubted("a command whose output is used"))
            self.scope.variables = before

    def _redirections(
        self, redirections: Sequence[tree.Redirection], place: _Place
    ) -> tuple[Argument, ...]:
        """The files that are written or read; none for /dev/null and for 2>&1."""
        found = []
        for redirection in redirections:
            operator, target = redirection.operator, redirection.target
            if operator in ("<<", "<<-", "<<<"):
                source = target if operator == "<<<" else redirection.body
                text = expand_whole(source, self.scope) if source else ""
                text += "\n" if operator == "<<<" else ""
                found.append(Argument("<<", text, redirection.spelled))
                continue
            value = expand_whole(target, self.scope)
            is_copy = operator in (">&", "<&") and (value.rstrip("-").isdigit() or value == "-")
            if value != "/dev/null" and not is_copy:
                kind = {"<": "<", "<&": "<", ">>": ">>", "&>>": ">>"}.get(operator, ">")
                found.append(Argument(kind, value, redirection.spelled))
        self._substituted(place)
        return tuple(found)

    # Programs

    def _program(
        self, words: Sequence[str], redirections: tuple[Argument, ...], place: _Place
    ) -> None:
        """A call, or what is called by it."""
        if words[0] in self.scope.functions:
            self.line.joints = None
            return
        fed = self.line.unknowns.mark("what xargs reads", splits=True) if place.is_fed else None
        try:
            inner = unwrap(words, fed)
            place = replace(place.doubted(*inner.doubts), wrappers=place.wrappers + inner.names)
            text = inner.text
            if text is None and inner.words[0].rpartition("/")[2] in SHELLS:
                text = command_string(inner.words)
                shell = (inner.words[0],) if text is not None else ()
                place = replace(place, wrappers=place.wrappers + shell)
            if text is not None:
                self._nested(text, redirections, place)
                return
        except UndecidedError as undecided:
            self._call(Call(tuple(words), redirections, (), place.doubts, str(undecided)))
            return
        self._builtin(inner.words)
        reason = f"the program is {inner.words[0]}" if is_unknown(inner.words[0]) else None
        self._call(Call(inner.words, redirections, place.wrappers, place.doubts, reason))
        if inner.words[0].rpartition("/")[2] == "find":
            for run in _found_by(inner.words):
                self.line.joints = None
                mark = self.line.unknowns.mark("what find finds", splits=False)
                argv = [word.replace("{}", mark) for word in run]
                self._program(argv, (), place.doubted("a command run by find"))

    def _nested(self, text: str, redirections: tuple[Argument, ...], place: _Place) -> None:
        """What a shell runs that is given a string."""
        if is_unknown(text):
            raise UndecidedError(f"the commands in {text}")
        if place.depth == _DEPTH:
            raise UndecidedError("shells inside shells")
        script = parse(text)
        if not place.is_lone:
            self.line.joints = self.line.joints if script.items and _is_lone(script) else None
        first = len(self.line.calls)
        self.sequence(script, replace(place, depth=place.depth + 1))
        if redirections:
            added = self.line.calls[first:]
            self.line.calls[first:] = [
                replace(call, redirections=redirections + call.redirections) for call in added
            ]

    def _builtin(self, words: Sequence[str]) -> None:
        """Builtins that set variables."""
        if words[0] in _DECLARES:
            for word in words[1:]:
                if "=" in word:
                    self._set(word)
        elif words[0] in _SETTERS:
            for word in words[1:]:
                self.scope.variables.pop(word, None)
        elif words[0] in ("source", "."):
            self.scope.variables.clear()

    def _call(self, call: Call) -> None:
        calls, joints = self.line.calls, self.line.joints
        if joints is None and call in calls:
            return
        if joints is not None and calls:
            joints.append(self._joint)
        calls.append(call)


def _found_by(words: Sequence[str]) -> Iterator[list[str]]:
    """The commands that find runs: what stands between -exec and ; or +"""
    run: list[str] | None = None
    for word in words[1:]:
        if run is None:
            run = [] if word in ("-exec", "-execdir", "-ok", "-okdir") else None
        elif word in (";", "+"):
            if run:
                yield run
            run = None
        else:
            run.append(word)


def _assigned(node: Any) -> Iterator[str]:
    """Names of variables that are set anywhere within a part of a parsed line."""
    if isinstance(node, tuple):
        for part in node:
            yield from _assigned(part)
    elif isinstance(node, tree.Word | tree.Redirection):
        return
    elif is_dataclass(node):
        if isinstance(node, tree.Simple):
            yield from (
                w.raw.partition("=")[0].rstrip("+").partition("[")[0] for w in node.assignments
            )
            if node.words and node.words[0].raw in _SETTERS | _DECLARES:
                yield from (word.raw.partition("=")[0] for word in node.words[1:])
        for part in fields(node):
            yield from _assigned(getattr(node, part.name))


def rebuilt(line: Line) -> str | None:
    """The line without wrappers; None where it is more than calls and operators between them."""
    if line.joints is None or any(is_unknown(word) for call in line.calls for word in call.argv):
        return None
    texts = [
        " ".join((shlex.join(call.argv), *(r.spelled for r in call.redirections)))
        for call in line.calls
    ]
    return texts[0] + "".join(
        f" {joint} {text}" for joint, text in zip(line.joints, texts[1:], strict=True)
    )
