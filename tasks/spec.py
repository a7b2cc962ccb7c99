"""The tool-spec format: what a tool's command line accepts, as data in `tasks/specs/TOOL.yaml`.

An example::

    tool: nmap
    version: "7.93"
    version_probe: {argv: [nmap, --version], pattern: 'Nmap version (\\S+)'}
    personality: getopt_long_only
    options:
      - {name: -p, arity: one, type: ports, once: true}
      - {name: -oN, arity: one, type: path}
      - {name: -sV, conflicts: [-sL]}
      - {name: -v, repeatable: true, neutral: true}
      - {name: --help, aliases: [-h], informs: true}
    operands:
      - {name: target, type: hosts, most: null}
    requires: [[target, -iL, -iR]]

Spellings say which parser rule an option falls under. `--word` is a long option; `-x` a short one.
In a getopt tool `-oN` of arity one is the long option `--oN`, and `-sV` of another arity is the
short option `-s` with the argument V, so that `-sSV` is `-sS -sV`. Of two options of the same name
in a command the last one counts, unless the option is `repeatable` (both count) or `once` (the
tool refuses the second).

A spec states what the pinned binary does, not what its manual says; `goodhart-bench spec verify`
puts every line of it to the binary and keeps the answers in `tasks/specs/TOOL.evidence.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from tasks.errors import UserError
from tasks.types import Record
from tasks.values import VALUE_TYPES

SPECS = Path(__file__).parent / "specs"

Arity = Literal["none", "one", "optional"]  # optional: the value must be glued on (-O2, --x=2)

PERSONALITIES = Path(__file__).parent / "parsers"


def _known_type(name: str) -> str:
    if name not in VALUE_TYPES:
        raise ValueError(
            f"unknown value type {name!r}; use one of {', '.join(sorted(VALUE_TYPES))}"
        )
    return name


class Value(Record):
    """What a value must be. All that is stated must hold."""

    type: str = "string"  # a value type of tasks/values.py
    choices: tuple[str, ...] = ()
    ignore_case: bool = False  # of the choices
    pattern: str | None = None  # a regular expression that the whole value matches
    min: float | None = None  # of a number, inclusive
    max: float | None = None

    @field_validator("type")
    @classmethod
    def _type(cls, name: str) -> str:
        return _known_type(name)

    @field_validator("pattern")
    @classmethod
    def _pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
        return pattern


class Option(Value):
    """One option. `name` is the canonical spelling, dashes included; aliases likewise. What is
    said of the value has no meaning for arity "none"."""

    name: str
    aliases: tuple[str, ...] = ()
    arity: Arity = "none"
    repeatable: bool = False  # giving it twice is accepted and means something
    once: bool = False  # giving it twice is refused
    # What the tool does not look at of a value that another one follows: choices, pattern, least
    # and most; or nothing of it at all.
    unchecked_before: Literal["limits", "all"] | None = None
    conflicts: tuple[str, ...] = ()  # canonical names that the tool refuses beside this one
    needs: tuple[str, ...] = ()  # what the tool wants beside this one: "NAME" or "NAME=VALUE"
    negatable: bool = True  # has a negated form, in a personality where switches have one
    neutral: bool = False  # changes neither what is sent nor what is written (verbosity, timing)
    informs: bool = False  # prints help or a version and does nothing else
    default: str | None = None  # stating the default changes nothing
    default_with: dict[str, str] = Field(
        default_factory=dict
    )  # the default beside another option: {--data: POST}
    description: str = ""

    @field_validator("name", "aliases")
    @classmethod
    def _dashed(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (value,) if isinstance(value, str) else value:
            if name[:1] not in ("-", "+"):
                raise ValueError(f"{name!r} must be written with its dashes or plus sign")
        return value

    @property
    def spellings(self) -> tuple[str, ...]:
        """The canonical name and the aliases."""
        return (self.name, *self.aliases)

    @property
    def is_wildcard(self) -> bool:
        """Whether each of its choices is an option of its own: of "-*" the choice sha256 is
        -sha256."""
        return self.name.endswith("*")


class Operand(Value):
    """A positional argument; `most: null` takes all that follow."""

    name: str
    least: int = 0
    most: int | None = 1
    joined: bool = False  # the words are one value with spaces between, as a tcpdump filter is
    default: str | None = None  # what the tool takes when it is left out


class VersionProbe(Record):
    """How the installed tool is asked for its version: argv, and a regex with one group."""

    argv: tuple[str, ...]
    pattern: str


class _Scope(Record):
    """What a tool and a subcommand have in common. `requires` lists groups: one name of each
    group must be given."""

    options: tuple[Option, ...] = ()
    operands: tuple[Operand, ...] = ()
    requires: tuple[tuple[str, ...], ...] = ()


class Subcommand(_Scope):
    """A subcommand's own options, beside those of the tool."""

    name: str
    aliases: tuple[str, ...] = ()


class ToolSpec(_Scope):
    """One tool at one version."""

    tool: str
    version: str
    version_probe: VersionProbe
    personality: str  # a module of tasks/parsers
    subcommands: tuple[Subcommand, ...] = ()
    prefix_options: bool = True  # unique abbreviations accepted, where the personality has them
    # Digits of other scripts are digits too, as they are to Python's int and regular expressions.
    digits_of_all_scripts: bool = False
    # To the rules about what goes together, an option with an empty value is not there.
    empty_is_absent: bool = False

    def scopes(self) -> Iterator[tuple[str, tuple[Option, ...], tuple[Operand, ...]]]:
        """What can occur together: subcommand ("" for none), options, operands."""
        yield "", self.options, self.operands
        for sub in self.subcommands:
            yield sub.name, self.options + sub.options, self.operands + sub.operands

    @field_validator("personality")
    @classmethod
    def _personality(cls, name: str) -> str:
        if not (PERSONALITIES / f"{name}.py").is_file():
            raise ValueError(f"{name!r} is no personality: there is no tasks/parsers/{name}.py")
        return name

    @model_validator(mode="after")
    def _names_are_consistent(self) -> Self:
        for scope, options, operands in self.scopes():
            where = f" in subcommand {scope}" if scope else ""
            seen = {operand.name for operand in operands}
            for option in options:
                for name in option.spellings:
                    if name in seen:
                        raise ValueError(f"{name} is declared twice{where}")
                    seen.add(name)
            canonical = {o.name for o in options} | {o.name for o in operands}
            for option in options:
                for other in (*option.conflicts, *(n.partition("=")[0] for n in option.needs)):
                    if other not in canonical:
                        raise ValueError(f"{option.name} speaks of unknown {other}{where}")
        self._check_requires()
        return self

    def _check_requires(self) -> None:
        common = {o.name for o in self.options} | {o.name for o in self.operands}
        for scope in (self, *self.subcommands):
            known = common | {o.name for o in scope.options} | {o.name for o in scope.operands}
            for name in (name for group in scope.requires for name in group):
                if name not in known:
                    raise ValueError(f"requires names {name}, which is no canonical name")


def read_spec(path: Path) -> ToolSpec:
    """The spec in one YAML file. UserError names the file and the key that is wrong."""
    try:
        data = yaml.load(
            path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise UserError(f"{path}: a spec is a mapping with the keys tool, version, personality ...")
    try:
        return ToolSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = _key(first["loc"], data)
        raise UserError(f"{path}: {key}: {first['msg'].removeprefix('Value error, ')}") from None


def _key(loc: tuple[int | str, ...], data: object) -> str:
    """Where an error is, with the option's name instead of its number: "options[-p].type"."""
    text = ""
    for part in loc:
        try:
            data = data[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(part, int):
            text += f"[{data.get('name', part) if isinstance(data, dict) else part}]"
        else:
            text += f".{part}" if text else part
    return text or "spec"


@cache
def load_specs() -> Mapping[str, ToolSpec]:
    """Every spec of `tasks/specs`, by tool. UserError names the file and the key that is wrong."""
    return MappingProxyType({tool: load_spec(tool) for tool in spec_names()})


def spec_names() -> tuple[str, ...]:
    """The tools that there are specs for."""
    return tuple(sorted(path.stem for path in SPECS.glob("*.yaml")))


@cache
def load_spec(tool: str) -> ToolSpec:
    """The spec of one tool; UserError if there is none."""
    path = SPECS / f"{tool}.yaml"
    if tool not in spec_names():
        known = ", ".join(spec_names())
        raise UserError(f"no spec for tool {tool!r}; there are specs for {known}")
    spec = read_spec(path)
    if spec.tool != tool:
        raise UserError(f"{path}: tool: is {spec.tool!r}, but the file is named {path.name}")
    return spec
