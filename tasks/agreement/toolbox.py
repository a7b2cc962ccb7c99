"""A tool made ready for drawing commands: its spellings, their forms, values, and whole lines.

No personality is known here. A form of an option (`-p 80`, `-p80`, `--port=80`, an abbreviation)
is one that the tool's own parser reads as that option with that value.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

import yaml

from tasks.checker import check
from tasks.interview import samples, wording
from tasks.parsers import parser_for, problem_of
from tasks.parsers.grammar import Grammar, RefusedError
from tasks.spec import Option, Value, load_spec
from tasks.types import Argument, Status


@cache
def pools() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """`tasks/agreement/values.yaml`: "good" by type, and "broken" and "extreme" under ""."""
    loaded = yaml.safe_load((Path(__file__).parent / "values.yaml").read_text(encoding="utf-8"))
    good = {name: tuple(values) for name, values in loaded["good"].items()}
    return {
        "good": good,
        "broken": {"": tuple(loaded["broken"])},
        "extreme": {"": tuple(loaded["extreme"])},
    }


UNUSUAL = 0.4  # how often a form other than the usual one is looked for
TRIES = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """One option with its value, or one operand: one word or two.

    `flag` is the option as spelled in full ("" for an operand), `value` what it is given.
    """

    words: tuple[str, ...]
    option: Option | None = None
    flag: str = ""
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A command: tool and subcommand, then pieces."""

    head: tuple[str, ...]
    pieces: tuple[Piece, ...]

    @property
    def subcommand(self) -> str:
        return self.head[1] if len(self.head) > 1 else ""

    @property
    def words(self) -> tuple[str, ...]:
        return self.head + tuple(word for piece in self.pieces for word in piece.words)

    @property
    def text(self) -> str:
        return shlex.join(self.words)

    @property
    def names(self) -> frozenset[str]:
        """The canonical names of the options."""
        return frozenset(piece.option.name for piece in self.pieces if piece.option)

    def first_operand(self) -> int:
        """The index of the first operand; the number of pieces if there is none."""
        found = (i for i, piece in enumerate(self.pieces) if piece.option is None)
        return next(found, len(self.pieces))

    def insert(self, index: int, *pieces: Piece) -> Line:
        """The line with pieces put before the one at `index`."""
        return replace(self, pieces=(*self.pieces[:index], *pieces, *self.pieces[index:]))

    def without(self, index: int) -> Line:
        return replace(self, pieces=self.pieces[:index] + self.pieces[index + 1 :])

    def with_piece(self, index: int, piece: Piece) -> Line:
        """The line with another piece in the place of one."""
        return self.without(index).insert(index, piece)


class Toolbox:
    """One tool: what can be drawn of its spec, and whether a line is right by it."""

    def __init__(self, tool: str) -> None:
        self.tool = tool
        self.spec = load_spec(tool)
        self.words = wording(tool)
        self.trial = self.words.trial
        self.parser = parser_for(tool)

    @property
    def subcommands(self) -> tuple[str, ...]:
        """Where a line can begin: ("",), or the names of the subcommands."""
        return tuple(sub.name for sub in self.spec.subcommands) or ("",)

    def grammar(self, subcommand: str) -> Grammar:
        return self.parser.scope(subcommand or None)

    def head(self, subcommand: str) -> tuple[str, ...]:
        return (self.tool, subcommand) if subcommand else (self.tool,)

    def options(self, subcommand: str) -> list[Option]:
        """The options that can stand in such a line, in the order of the spec."""
        return list(self.grammar(subcommand).canonical.values())

    def is_mixable(self, option: Option) -> bool:
        """Whether the option can stand beside others without hiding them."""
        return not option.informs and option.name not in self.trial.apart

    def values(self, name: str, declared: Value) -> tuple[str, ...]:
        """Values that the spec allows for an option or operand; none if none is known."""
        own = self.trial.values.get(name)
        if own is None:
            given = (self.words.values[name],) if name in self.words.values else ()
            ends = tuple(f"{end:g}" for end in (declared.min, declared.max) if end is not None)
            own = given + (declared.choices or (*_typed(declared.type), *ends))
        allowed = tuple(value for value in own if problem_of(declared, value) is None)
        return allowed or tuple(v for v in _any_type() if problem_of(declared, v) is None)

    def piece(self, subcommand: str, option: Option, flag: str, rng: Random) -> Piece | None:
        """The option in one of its forms with one of its values; None if no value is known."""
        if option.arity == "none":
            value = None
        else:
            values = self.values(option.name, option)
            if option.arity == "optional" and (not values or rng.random() < 0.5):
                value = None
            elif not values:
                return None
            else:
                value = rng.choice(values)
        words = self.plain(subcommand, option, flag, value)
        if rng.random() < UNUSUAL:
            words = self._unusual(subcommand, option, flag, value, rng) or words
        return Piece(words, option, flag, value)

    def plain(
        self, subcommand: str, option: Option, flag: str, value: str | None
    ) -> tuple[str, ...]:
        """The option with that value in the first of the usual forms that its parser takes."""
        forms = _written(flag, value)
        return next((f for f in forms if self._reads(subcommand, f, option, value)), forms[0])

    def _unusual(
        self, subcommand: str, option: Option, flag: str, value: str | None, rng: Random
    ) -> tuple[str, ...] | None:
        """The same glued, abbreviated or with other dashes; None if none that was tried is taken.

        Not all forms are tried: there are dozens, and most parsers take few.
        """
        bent = _bent(flag)
        for _ in range(TRIES):
            spelled = rng.choice(bent) if bent and rng.random() < 0.5 else flag
            words = rng.choice(_written(spelled, value))
            if self._reads(subcommand, words, option, value):
                return words
        return None

    def _reads(
        self, subcommand: str, words: Sequence[str], option: Option, value: str | None
    ) -> bool:
        """Whether the parser takes the words for that option with that value."""
        read = self.read(subcommand, words)
        return bool(read) and [(a.name, a.value) for a in read or ()] == [(option.name, value)]

    def read(self, subcommand: str, words: Sequence[str]) -> tuple[Argument, ...] | None:
        """The arguments that the words are; None if the parser refuses them."""
        before = self.words.first if self.trial.options_last else ()
        grammar = self.grammar(subcommand)
        try:
            read = self.parser.read(grammar, (*before, *words), "").arguments
        except RefusedError:
            return None
        return tuple(a for a in read if a.spelled not in before)

    def room(self, line: Line) -> tuple[int, int]:
        """The first and the last index at which an option can be put."""
        if not self.trial.options_last:
            return 0, line.first_operand()
        operands = [i for i, piece in enumerate(line.pieces) if piece.option is None]
        return max(operands, default=-1) + 1, len(line.pieces)

    def line(self, subcommand: str, text: str) -> Line:
        """The line that a text says: words with a dash are options, others operands."""
        words = shlex.split(text)
        pieces = []
        while words:
            size = self._option_size(subcommand, words)
            option = self._option_of(subcommand, words[:size]) if size else None
            taken, words = tuple(words[: size or 1]), words[size or 1 :]
            pieces.append(_as_piece(taken, option))
        return Line(self.head(subcommand), tuple(pieces))

    def _option_size(self, subcommand: str, words: Sequence[str]) -> int:
        """How many words the option at the front has; 0 if it is none."""
        for size in (1, 2):
            if self._option_of(subcommand, words[:size]):
                return size
        return 0

    def _option_of(self, subcommand: str, words: Sequence[str]) -> Option | None:
        read = self.read(subcommand, words) if words[0][:1] in ("-", "+") else None
        return self.grammar(subcommand).option(read[0].name) if read and len(read) == 1 else None


def is_right(line: Line) -> bool:
    """Whether the static check passes the line."""
    return check(line.text).status is Status.PASS


def _typed(type_name: str) -> tuple[str, ...]:
    """Values of a type."""
    sample = samples().get(type_name)
    return (*pools()["good"].get(type_name, ()), *([sample] if sample else ()))


@cache
def _any_type() -> tuple[str, ...]:
    """One of each of all values, for what has a type or a form of its own."""
    typed = (value for name in sorted({*pools()["good"], *samples()}) for value in _typed(name))
    return tuple(dict.fromkeys(typed))


def _as_piece(words: tuple[str, ...], option: Option | None) -> Piece:
    if option is None:
        return Piece(words, value=words[0])
    flag = next((s for s in option.spellings if s == words[0]), option.name)
    return Piece(words, option, flag, words[1] if len(words) == 2 else None)


def _bent(flag: str) -> list[str]:
    """Other spellings that some parsers take: abbreviations, another number of dashes."""
    name = flag.lstrip("-+")
    dashes = flag[: len(flag) - len(name)]
    cut = [dashes + name[:size] for size in range(2, len(name))]
    return cut + [other + name for other in ("-", "--") if other != dashes and len(name) > 1]


def _written(flag: str, value: str | None) -> list[tuple[str, ...]]:
    if value is None:
        return [(flag,)]
    return [(flag, value), (f"{flag}={value}",), (f"{flag}:{value}",), (flag + value,)]
