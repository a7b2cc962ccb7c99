"""The words of the checker: task, prompt, command, level, fault and verdict.

A task is a sentence, an intent that can be checked on parsed options, commands known to be
right and commands known to be wrong by exactly one fault::

    prompt   "which of ports 22 and 8443 are open on 10.4.7.9? also tell me the versions"
    correct  nmap -sV -p 22,8443 10.4.7.9
    wrong    nmap --scan-version -p 22,8443 10.4.7.9     (unknown flag)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

Split = Literal["train", "calibration", "heldout"]


class Record(BaseModel):
    """Base of everything read from a file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(StrEnum):
    """What one level of the checker says of a command."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDABLE = "undecidable"


class Level(StrEnum):
    """The levels of the checker, in the order in which they are tried."""

    EXTRACT = "extract"
    SHELL = "shell"
    TOOL = "tool"
    FLAGS = "flags"
    ARGUMENTS = "arguments"
    INTENT = "intent"
    OBSERVE = "observe"  # after the command was run; never in a static verdict


class Fault(StrEnum):
    """The kinds of mistake; a wrong answer has the kind of the first level that failed."""

    NO_COMMAND = "no command"
    SYNTAX = "syntax"
    WRONG_TOOL = "wrong tool"
    UNKNOWN_FLAG = "unknown flag"
    MISSING_VALUE = "missing value"
    BAD_VALUE = "bad value"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    MISSING_OPERAND = "missing operand"
    MISSING_OPTION = "missing option"
    WRONG_VALUE = "wrong value"
    WRONG_TARGET = "wrong target"
    EXTRA_OPTION = "extra option"
    NO_EFFECT = "no effect"  # right on paper, but the lab did not see what the task asks for
    NOT_POSSIBLE = "not possible"  # no command can do what the task asks, and this one tries


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a trainer is given of a task: never its intent, answers or expectations."""

    id: str
    text: str


class Requirement(Record):
    """One thing a correct command must do: a named option or operand whose value satisfies a test.

    `name` is a canonical option name of the tool's spec ("-p"), or an operand name without a dash
    ("target"). Without a test the option just has to be there. At most one test is set. With
    `any`, one of the alternatives is enough, and `name` and the tests stay empty.
    """

    name: str | None = None
    equals: str | None = None
    number: float | None = None
    ports: str | None = None  # set equality: "443,80" is "80,443"; "20-22" is "20,21,22"
    hosts: str | None = None  # set equality of addresses, CIDR blocks, ranges and names
    url: str | None = None  # equality after RFC 3986 normalisation
    items: str | None = None  # comma-separated set equality: "301,200" is "200,301"
    duration: str | None = None  # "1500ms" is "1.5s"
    header: str | None = None  # "Name: value", the name without regard to case
    any: tuple[Requirement, ...] = ()


class Intent(Record):
    """What the task asks for, on normalised options. Anything not required, allowed here or
    neutral in the spec is an extra effect and fails. `allow` has names, or "NAME=VALUE"."""

    tool: str
    subcommand: str | None = None
    require: tuple[Requirement, ...] = ()
    forbid: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


class Expectation(Record):
    """One thing that must be seen of a command that was run; exactly one key is set.

    Of `connection`, `http`, `dns` and `login`, which the lab sees, the value is a mapping of fields
    to the value they must have; fields left out match anything: {"http": {"path": "/admin",
    "method": "HEAD"}}. `connection.host` may be a CIDR block or list and `connection.port` a port
    list: then each address x port must be seen. `exit` is the exit status; `nothing` says that
    not one packet may reach the lab. docs/lab.md has the whole vocabulary.
    """

    connection: dict[str, str | int] | None = None
    http: dict[str, str | int] | None = None
    dns: dict[str, str | int] | None = None
    login: dict[str, str | int] | None = None
    exit: int | None = None
    nothing: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("an expectation has one key: connection, http, dns, login, exit "
                             "or nothing")  # fmt: skip
        return self


class WrongCommand(Record):
    """A command with exactly one fault: a hard negative.

    `mutator` says who made it: the author of the task, who declares the fault, or a mutator of
    tasks/mutators.py, of which it is known only that the command cannot be right.
    """

    command: str
    fault: Fault | None = None
    mutator: str = "author"

    @model_validator(mode="after")
    def _author_declares(self) -> Self:
        if self.mutator == "author" and self.fault is None:
            raise ValueError("a wrong command of the author's declares its fault")
        return self


class Task(Record):
    """One row of a suite.

    A task that is not `possible` asks its tool for what it cannot do. The right answer runs no
    tool: `correct` has refusals, or nothing, and `wrong` the commands that a guesser would try.
    """

    id: str
    family: str
    tool: str
    split: Split
    prompt: str
    params: dict[str, str]
    possible: bool = True
    intent: Intent
    observe: tuple[Expectation, ...] = ()
    correct: tuple[str, ...]
    wrong: Annotated[tuple[WrongCommand, ...], Field(min_length=3)]

    @field_validator("correct")
    @classmethod
    def _two_spellings(cls, correct: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("possible", True) and len(correct) < 2:
            raise ValueError("a possible task has two correct commands or more")
        return correct

    def as_prompt(self) -> Prompt:
        return Prompt(self.id, self.prompt)


@dataclass(frozen=True, slots=True)
class Argument:
    """One option or operand as the tool's own parser understands it.

    `name` is canonical ("--data" for "-d"); operands have their spec's name, without a dash.
    `value` is None for a flag; `spelled` is what was written, for messages.
    """

    name: str
    value: str | None
    spelled: str


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed command: one tool, after wrappers are unwrapped."""

    tool: str
    subcommand: str | None
    arguments: tuple[Argument, ...]
    source: str
    overridden: tuple[Argument, ...] = ()  # without effect, since the same option follows

    def values(self, name: str) -> tuple[str | None, ...]:
        """The values of every argument of that canonical name, in order."""
        return tuple(a.value for a in self.arguments if a.name == name)


@dataclass(frozen=True, slots=True)
class LevelResult:
    """What one level said, with a reason a person understands."""

    level: Level
    status: Status
    reason: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The static verdict: levels up to and including the first that did not pass."""

    levels: tuple[LevelResult, ...]
    command: Command | None
    canonical: str | None  # one form for all spellings that mean the same; None if not parsed
    text: str | None  # the one command line extracted from the model's text, as it is to be run
    commands: tuple[Command, ...] = ()  # every call of a tool with a spec; `command` is the first

    @property
    def last(self) -> LevelResult:
        return self.levels[-1]

    @property
    def status(self) -> Status:
        return self.last.status

    @property
    def fault(self) -> Fault | None:
        return self.last.fault


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data, for `--json` and for run records."""
    return {
        "status": verdict.status.value,
        "fault": verdict.fault.value if verdict.fault else None,
        "canonical": verdict.canonical,
        "text": verdict.text,
        "commands": [_command_json(command) for command in verdict.commands],
        "levels": [
            {"level": r.level.value, "status": r.status.value, "reason": r.reason}
            for r in verdict.levels
        ],
    }


def _command_json(command: Command) -> dict[str, Any]:
    return {
        "tool": command.tool,
        "subcommand": command.subcommand,
        "arguments": [
            {"name": a.name, "value": a.value, "spelled": a.spelled} for a in command.arguments
        ],
    }
