"""Where the options and operands of a right command stand, so that they can be edited.

    dissect("nmap -sV -p 22 10.0.0.1")
    -> words nmap, -sV, -p, 22, 10.0.0.1; parts -sV at 1, -p=22 at 2-3, target=10.0.0.1 at 4

The tool's own parser locates them: a word holds a value if changing the word changes just that
value, and belongs to an option if the command without it lacks just that option.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.checker import check
from tasks.parsers import Grammar, Parser, RefusedError, parser_for
from tasks.spec import Option
from tasks.types import Argument, Command

_MARKS = ("zq7", "7", "zq7.example")  # values that no task has; the first that can be read is taken


@dataclass(frozen=True, slots=True)
class Part:
    """One argument and its words, `words[start:stop]`. `head` is what stands before the value in
    the value's word: "" for a word of its own, "--time=" or "-p" for a glued one."""

    start: int
    stop: int
    argument: Argument
    head: str = ""

    @property
    def is_option(self) -> bool:
        return self.argument.name[:1] in ("-", "+")

    @property
    def is_separate(self) -> bool:
        """An option whose value is the next word."""
        return self.is_option and self.stop - self.start == 2


@dataclass(frozen=True)
class Anatomy:
    """A command taken apart. `first` is where an option may be put in."""

    words: tuple[str, ...]
    first: int
    command: Command
    grammar: Grammar
    parts: tuple[Part, ...]

    def spelled(self, part: Part) -> str:
        """How the option of a part is written, without its value."""
        word = self.words[part.start]
        return word if part.is_separate or not part.head else part.head.rstrip("=")

    def option(self, part: Part) -> Option | None:
        return self.grammar.option(part.argument.name)

    def replaced(self, part: Part, *words: str) -> tuple[str, ...]:
        """The command with other words in the place of a part's."""
        return (*self.words[: part.start], *words, *self.words[part.stop :])

    def with_value(self, part: Part, value: str) -> tuple[str, ...]:
        """The command with another value for a part."""
        lead = self.words[part.start : part.stop - 1] if part.is_separate else ()
        return self.replaced(part, *lead, part.head + value)

    def with_option(self, part: Part, spelled: str) -> tuple[str, ...]:
        """The command with another option in the place of a part's, its value kept."""
        if part.argument.value is None:
            return self.replaced(part, spelled)
        if part.head.endswith("="):
            return self.replaced(part, f"{spelled}={part.argument.value}")
        return self.replaced(part, spelled, part.argument.value)

    def with_inserted(self, *words: str) -> tuple[str, ...]:
        """The command with words put in before its first option."""
        return (*self.words[: self.first], *words, *self.words[self.first :])


def dissect(text: str) -> Anatomy | None:
    """The anatomy of a command that its tool takes; None if the shell does more than call it."""
    known = check(text).command
    words = tuple(shlex.split(text)) if known else ()
    if known is None or words[0] != known.tool:
        return None
    parser = parser_for(words[0])
    try:
        grammar, rest = parser.split(words[1:])
        command = parser.read(grammar, rest, text)
    except RefusedError:
        return None
    if command.arguments != known.arguments:
        return None
    first = 1
    if grammar.subcommand:
        names = {n for n, g in parser.grammar.subcommands.items() if g is grammar}
        first = next((i for i, word in enumerate(words) if i and word in names), 0) + 1
    seeker = _Seeker(parser, words, first, command)
    return Anatomy(words, first, command, grammar, tuple(seeker.parts()))


class _Seeker:
    """Finds the words of each argument by parsing edited commands."""

    def __init__(
        self, parser: Parser, words: tuple[str, ...], first: int, command: Command
    ) -> None:
        self.parser = parser
        self.words = words
        self.first = first
        self.given = [(a.name, a.value) for a in command.arguments]
        self.arguments = command.arguments

    def parts(self) -> Iterator[Part]:
        for place, argument in enumerate(self.arguments):
            part = self._flag(place) if argument.value is None else self._valued(place)
            if part:
                yield part

    def _parsed(self, words: Sequence[str]) -> list[tuple[str, str | None]] | None:
        try:
            command = self.parser.parse(words[1:], "")
        except RefusedError:
            return None
        return [(a.name, a.value) for a in command.arguments]

    def _is_without(self, start: int, stop: int, place: int) -> bool:
        left = self._parsed((*self.words[:start], *self.words[stop:]))
        return left == [*self.given[:place], *self.given[place + 1 :]]

    def _flag(self, place: int) -> Part | None:
        for i in range(self.first, len(self.words)):
            if self._is_without(i, i + 1, place):
                return Part(i, i + 1, self.arguments[place])
        return None

    def _valued(self, place: int) -> Part | None:
        argument = self.arguments[place]
        value = argument.value or ""
        for i in range(self.first, len(self.words)):
            word = self.words[i]
            if value and word.endswith(value) and self._holds(i, value, place):
                head = word[: len(word) - len(value)]
                if not head and self._is_without(i - 1, i + 1, place):
                    return Part(i - 1, i + 1, argument)
                return Part(i, i + 1, argument, head)
            if word == value and self._is_without(i, i + 1, place):
                return Part(i, i + 1, argument)  # an operand known by its value, as dig's types
        return self._joined(argument, value)

    def _holds(self, i: int, value: str, place: int) -> bool:
        """Whether the end of word `i` is the value of that argument."""
        head = self.words[i][: len(self.words[i]) - len(value)]
        for mark in _MARKS:
            edited = self._parsed((*self.words[:i], head + mark, *self.words[i + 1 :]))
            if edited is not None:
                name = self.given[place][0]
                return edited == [*self.given[:place], (name, mark), *self.given[place + 1 :]]
        return False

    def _joined(self, argument: Argument, value: str) -> Part | None:
        """An operand of several words, such as a filter."""
        for i in range(self.first, len(self.words)):
            for j in range(i + 2, len(self.words) + 1):
                if " ".join(self.words[i:j]) == value:
                    return Part(i, j, argument)
        return None
