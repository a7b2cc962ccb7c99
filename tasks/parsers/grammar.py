"""A spec made ready for parsing: options by spelling, and the words left to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.spec import Operand, Option, ToolSpec
from tasks.types import Argument, Fault


class RefusedError(Exception):
    """The tool would not take these words: the kind of mistake, and why in plain words."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Grammar:
    """What a tool, or one of its subcommands, accepts."""

    tool: str  # as named in messages: "gobuster dir"
    options: Mapping[str, Option]  # by every spelling
    operands: tuple[Operand, ...]
    requires: tuple[tuple[str, ...], ...]
    prefixes: bool
    subcommands: Mapping[str, Grammar] = field(default_factory=dict)  # by name and alias
    subcommand: str | None = None

    # Derived views of `options`.
    long: Mapping[str, Option] = field(init=False)  # "reason": of --reason
    short: Mapping[str, Option] = field(init=False)  # "p": of -p
    glued: Mapping[str, Mapping[str, Option]] = field(init=False)  # "s": {"V": of -sV}
    words: Mapping[str, Option] = field(init=False)  # "reason", "p", "sV": without any dashes
    canonical: Mapping[str, Option] = field(init=False)
    _hints: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        long: dict[str, Option] = {}
        short: dict[str, Option] = {}
        glued: dict[str, dict[str, Option]] = {}
        for spelling, option in self.options.items():
            if spelling.startswith("--"):
                long[spelling[2:]] = option
            elif len(spelling) == 2:
                short[spelling[1]] = option
            elif option.arity == "one":
                long[spelling[1:]] = option
            elif f"-{spelling}" not in self.options:
                glued.setdefault(spelling[1], {})[spelling[2:]] = option
        views = {
            "long": long,
            "short": short,
            "glued": glued,
            "words": {spelling.lstrip("-"): option for spelling, option in self.options.items()},
            "canonical": {option.name: option for option in self.options.values()},
        }
        for name, view in views.items():
            object.__setattr__(self, name, view)

    @classmethod
    def of(cls, spec: ToolSpec) -> Grammar:
        """The grammar of a tool, with one grammar for each subcommand."""
        subcommands: dict[str, Grammar] = {}
        for sub in spec.subcommands:
            grammar = cls(
                tool=f"{spec.tool} {sub.name}",
                options=_by_spelling((*spec.options, *sub.options)),
                operands=spec.operands + sub.operands,
                requires=spec.requires + sub.requires,
                prefixes=spec.prefix_options,
                subcommand=sub.name,
            )
            subcommands |= dict.fromkeys((sub.name, *sub.aliases), grammar)
        return cls(
            tool=spec.tool,
            options=_by_spelling(spec.options),
            operands=spec.operands,
            requires=spec.requires,
            prefixes=spec.prefix_options,
            subcommands=subcommands,
        )

    def option(self, name: str) -> Option | None:
        """The option of a canonical name, or of its negation ("--no-keepalive", "+noall")."""
        option = self.canonical.get(name)
        if option is None and name.startswith(("--no-", "+no")):
            option = self.canonical.get(positive(name))
        return option

    def operand(self, name: str) -> Operand | None:
        """The operand of that name."""
        return next((operand for operand in self.operands if operand.name == name), None)

    def unknown(self, spelled: str) -> RefusedError:
        """The complaint about an unknown flag, with the nearest known ones."""
        if spelled not in self._hints:
            near = difflib.get_close_matches(spelled, self.options, n=2, cutoff=0.72)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            self._hints[spelled] = f"{self.tool} has no option {spelled}{hint}"
        return RefusedError(Fault.UNKNOWN_FLAG, self._hints[spelled])


def _by_spelling(options: Iterable[Option]) -> dict[str, Option]:
    return {spelling: option for option in options for spelling in option.spellings}


def positive(name: str) -> str:
    """ "--no-keepalive" as "--keepalive", "+noall" as "+all"; any other name as it is."""
    for negation, plain in (("--no-", "--"), ("+no", "+")):
        if name.startswith(negation):
            return plain + name[len(negation) :]
    return name


def by_prefix(grammar: Grammar, table: Mapping[str, Option], word: str, spelled: str) -> Option:
    """The option of a word or of a unique abbreviation of it, as GNU getopt and optparse do it.

    Two spellings that begin alike are ambiguous even if they are of one option.
    """
    if word in table:
        return table[word]
    hits = [name for name in table if name.startswith(word)] if grammar.prefixes else []
    if len(hits) == 1:
        return table[hits[0]]
    raise ambiguous(grammar, spelled, hits) if hits else grammar.unknown(spelled)


def ambiguous(grammar: Grammar, spelled: str, hits: Sequence[str]) -> RefusedError:
    """The complaint about an abbreviation of several options."""
    shown = ", ".join(sorted(hits)[:4])
    return RefusedError(Fault.UNKNOWN_FLAG, f"{grammar.tool}: {spelled} is ambiguous: {shown}")


def takes_no_value(spelled: str) -> RefusedError:
    """The complaint about `--flag=value` where the flag takes none."""
    return RefusedError(Fault.BAD_VALUE, f"{spelled} takes no value")


def operand(word: str) -> Argument:
    """A positional word, to be named by the spec's operands later."""
    return Argument("", word, word)


class Words:
    """The words after the tool's name, read from left to right."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._next = 0

    def __bool__(self) -> bool:
        return self._next < len(self._words)

    def take(self) -> str:
        """The next word; there must be one."""
        self._next += 1
        return self._words[self._next - 1]

    def peek(self) -> str | None:
        """The next word without taking it."""
        return self._words[self._next] if self else None

    def rest(self) -> Sequence[str]:
        """All words left, taken."""
        rest = self._words[self._next :]
        self._next = len(self._words)
        return rest

    def value(self, spelled: str) -> str:
        """The next word as the value of an option, whatever it looks like."""
        if not self:
            raise RefusedError(Fault.MISSING_VALUE, f"{spelled} needs a value")
        return self.take()
