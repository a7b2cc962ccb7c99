"""A personality held against the library of Python that reads command lines in that way."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tasks.parsers import Parser, RefusedError
from tasks.spec import Operand, Option, ToolSpec, VersionProbe

Reading = tuple[list[tuple[str, str | None]], list[str]]  # (name, value) of options, and operands


@dataclass(frozen=True)
class Sample:
    """A tool of a few options: flags, those with a value, and operands where there are any."""

    personality: str
    flags: list[str]
    valued: list[str]
    has_operands: bool = True

    def parser(self) -> Parser:
        options = [Option(name=name, repeatable=True) for name in self.flags]
        options += [Option(name=name, arity="one", repeatable=True) for name in self.valued]
        return Parser(
            ToolSpec(
                tool="sample",
                version="1",
                version_probe=VersionProbe(argv=("sample",), pattern="(.*)"),
                personality=self.personality,
                options=tuple(options),
                operands=(Operand(name="operand", most=None),) * self.has_operands,
            )
        )

    def lines(self, odd: list[str]) -> st.SearchStrategy[list[str]]:
        """Up to five words: odd ones, and names whole or cut short with something behind them."""
        names = self.flags + self.valued
        name = st.builds(
            lambda name, cut, rest: name[: max(2, cut)] + rest,
            st.sampled_from(names),
            st.integers(1, max(map(len, names))),
            st.sampled_from(["", "", "=", "=5", "x"]),
        )
        return st.lists(st.one_of(st.sampled_from(odd), name), max_size=5)


def reading(parser: Parser, words: list[str]) -> Reading | None:
    """What our parser makes of a line; None if it refuses it."""
    try:
        command = parser.parse(words, "")
    except RefusedError:
        return None
    options = [(a.name, a.value) for a in command.arguments if a.name != "operand"]
    return options, list(command.values("operand"))
