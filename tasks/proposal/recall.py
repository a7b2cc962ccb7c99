"""How much of what help, manual, ambiguity lists and optstrings name is in a spec.

A name that the binary rejects is no miss, nor is an abbreviation. A name is in the spec if the
spec's own parser reads it without its abbreviations: `--no-buffer` is in, where `--buffer` is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.interview import wording
from tasks.parsers import Grammar, Parser, RefusedError
from tasks.proposal import Means, Part, survey
from tasks.proposal.decide import Judged, Standing
from tasks.spec import ToolSpec
from tasks.types import Fault


@dataclass(frozen=True, slots=True)
class Name:
    """A documented name, who names it, and what the binary said."""

    subcommand: str
    name: str
    sources: tuple[str, ...]
    probe: str
    said: str


@dataclass(frozen=True, slots=True)
class Recall:
    """The documented names that the binary does not reject, and what is wrong with the rest."""

    documented: int
    missing: tuple[
        Name, ...
    ]  # taken by the binary, or described and not decidable; not in the spec
    rejected: tuple[Name, ...]  # documented, but the binary has no such option

    @property
    def share(self) -> float:
        """The part of the documented names that the spec has, from 0 to 1."""
        return 1 - len(self.missing) / self.documented if self.documented else 1.0


def recall(spec: ToolSpec, means: Means) -> Recall:
    """Ask all sources and the binary, and compare with the spec."""
    parser = Parser(spec.model_copy(update={"prefix_options": False}))
    counted, missing, rejected = 0, [], []
    for part in survey(spec.tool, wording(spec.tool), means):
        grammar = parser.scope(part.subcommand or None)
        rejected += [_name(part, judged) for judged in part.of(Standing.REJECTED)]
        for judged in _countable(part):
            counted += 1
            if not _reads(parser, grammar, judged.name):
                missing.append(_name(part, judged))
    return Recall(counted, tuple(missing), tuple(rejected))


def _countable(part: Part) -> Iterator[Judged]:
    for judged in part.judged:
        is_open = judged.standing is Standing.UNDECIDED and judged.described
        if judged.documented and (judged.standing is Standing.TAKEN or is_open):
            yield judged


def _name(part: Part, judged: Judged) -> Name:
    return Name(part.subcommand, judged.name, judged.sources, judged.probe, judged.said[:200])


def _reads(parser: Parser, grammar: Grammar, name: str) -> bool:
    """Whether the parser knows the name as an option; some leave one out that lacks its value."""
    for words in ([name], [name, "1"]):
        try:
            command = parser.read(grammar, words, "")
        except RefusedError as refused:
            if refused.fault is not Fault.UNKNOWN_FLAG:
                return True
            continue
        if any(grammar.option(argument.name) for argument in command.arguments):
            return True
    return False
