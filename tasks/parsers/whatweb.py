"""whatweb: Ruby's GetoptLong, up to the first option that only tells something.

Trap: what follows `-l`, `-I`, `--help` or `--version` is never read.
Source: whatweb 0.5.5, the script itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parsers import ruby_getoptlong
from tasks.parsers.grammar import Grammar
from tasks.types import Argument


def parse(grammar: Grammar, words: Sequence[str]) -> list[Argument]:
    """The arguments in order; operands have no name yet. Raises RefusedError."""
    if not words:
        return [Argument("--short-help", None, "")]  # what it prints when it is told nothing
    arguments: list[Argument] = []
    for argument in ruby_getoptlong.read(grammar, words):
        arguments.append(argument)
        option = grammar.option(argument.name)
        if option and option.informs:
            break
    return arguments
