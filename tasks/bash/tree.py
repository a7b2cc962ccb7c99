"""What a shell line consists of, as the parser finds it.

nmap -p "$P" h 2>&1 | grep open
-> Sequence of one AndOr of one Pipeline of two Simple commands
"""

from __future__ import annotations

from dataclasses import dataclass


class BashSyntaxError(Exception):
    """The shell would refuse the line; the message says where."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves; unquoted ones may hold braces and file patterns."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """$NAME or ${NAME}; `name` is "" for ${NAME:-x} and its like and for $1, $? and theirs."""

    source: str
    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Output:
    """What commands print, or a file that stands for it: $(...), `...`, <(...), >(...).

    `script` is None where nothing is known of the commands, as for $((1 + 2)).
    """

    source: str
    script: Sequence | None
    quoted: bool
    is_file: bool = False


Part = Text | Variable | Output


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written, and what it is made of."""

    raw: str
    parts: tuple[Part, ...]
    column: int


@dataclass(slots=True)
class Redirection:
    """`fd` `operator` `target`; `body` is the text of a heredoc, once its lines were read."""

    operator: str
    fd: str
    target: Word
    body: Word | None = None

    @property
    def spelled(self) -> str:
        return f"{self.fd}{self.operator}{self.target.raw}"


@dataclass(frozen=True, slots=True)
class Simple:
    """A program or builtin with its words; assignments come before them."""

    assignments: tuple[Word, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]


@dataclass(frozen=True, slots=True)
class Compound:
    """A loop, condition, group, subshell, function or test: `kind` is its first word, "(" or "((".

    `name` is the variable of a loop or the function; `words` what a loop goes through (None: the
    positional parameters); `bodies` the lists of commands in it, in order.
    """

    kind: str
    name: str = ""
    words: tuple[Word, ...] | None = ()
    bodies: tuple[Sequence, ...] = ()
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by |, perhaps after `!` or `time`."""

    commands: tuple[Simple | Compound, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class AndOr:
    """Pipelines joined by && and ||; `ending` is "&", ";" or "" for the end of a line."""

    pipelines: tuple[Pipeline, ...]
    operators: tuple[str, ...]
    ending: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of commands, one after the other."""

    items: tuple[AndOr, ...]
