"""The tool-spec format: what a tool's command line accepts, as data in `tasks/specs/TOOL.yaml`.

An example::

    tool: nmap
    version: "7.93"
    version_probe: {argv: [nmap, --version], pattern: 'Nmap version (\\S+)'}
    personality: getopt_long_only
    options:
      - {name: -p, aliases: [--ports], arity: one, type: ports}
      - {name: -sV, arity: none, conflicts: [-sL]}
      - {name: -v, arity: none, repeatable: true, neutral: true}
    operands:
      - {name: target, type: hosts, min: 0, max: null}
    requires: [[target, -iL, -iR]]

A spec states what the pinned binary does, not what its manual says; `goodhart-bench spec verify`
puts every line of it to the binary and keeps the answers in `tasks/specs/TOOL.evidence.json`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import ValidationError

from tasks.errors import UserError
from tasks.types import Record

SPECS = Path(__file__).parent / "specs"

Arity = Literal["none", "one", "optional"]


class Option(Record):
    """One option. `name` is the canonical spelling, dashes included; aliases likewise."""

    name: str
    aliases: tuple[str, ...] = ()
    arity: Arity = "none"
    type: str = "string"  # a value type of tasks/values.py; of no meaning for arity "none"
    choices: tuple[str, ...] = ()
    repeatable: bool = False  # giving it twice is accepted and means something
    conflicts: tuple[str, ...] = ()  # canonical names that the tool refuses beside this one
    neutral: bool = False  # changes neither what is sent nor what is written (verbosity, timing)
    default: str | None = None  # stating the default changes nothing
    description: str = ""


class Operand(Record):
    """A positional argument; `max: null` takes all that follow."""

    name: str
    type: str = "string"
    min: int = 0
    max: int | None = 1


class VersionProbe(Record):
    """How the installed tool is asked for its version: argv, and a regex with one group."""

    argv: tuple[str, ...]
    pattern: str


class Subcommand(Record):
    """A subcommand's own options; `requires` as for the tool."""

    name: str
    aliases: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    operands: tuple[Operand, ...] = ()
    requires: tuple[tuple[str, ...], ...] = ()


class ToolSpec(Record):
    """One tool at one version. `requires` lists groups: one name of each group must be given."""

    tool: str
    version: str
    version_probe: VersionProbe
    personality: str
    options: tuple[Option, ...] = ()
    operands: tuple[Operand, ...] = ()
    requires: tuple[tuple[str, ...], ...] = ()
    subcommands: tuple[Subcommand, ...] = ()
    prefix_options: bool = True  # unique abbreviations accepted, where the personality has them
