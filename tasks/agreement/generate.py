"""Draws commands that a spec calls right: every spelling of every option, alone and in company."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tasks.agreement.toolbox import Line, Piece, Toolbox, is_right
from tasks.spec import Option

TRIES = 6  # lines drawn for one option before it is given up
MOST_OPTIONS = 4


class Generator:
    """Lines of one tool. `unused` holds, once `valid` is done, the spellings in no line."""

    def __init__(self, tool: Toolbox, seed: int) -> None:
        self.tool = tool
        self.unused: list[str] = []
        self.refused = 0  # lines drawn that the static check did not pass
        self._rng = Random(f"{seed}/{tool.tool}/valid")

    def valid(self, least: int) -> list[Line]:
        """At least so many distinct lines, and as many as it takes to use every spelling."""
        lines: dict[str, Line] = {}
        for subcommand in self.tool.subcommands:
            for line in self._every_spelling(subcommand):
                lines[line.text] = line
        for _ in range(TRIES * least):
            if len(lines) >= least:
                break
            line = self.draw(self._rng)
            lines[line.text] = line
        return list(lines.values())

    def draw(self, rng: Random) -> Line:
        """One line with up to three options beside what the tool needs."""
        subcommand = rng.choice(self.tool.subcommands)
        options = [o for o in self.tool.options(subcommand) if self.tool.is_mixable(o)]
        line = self.base(subcommand, rng)
        for option in rng.sample(options, min(rng.randint(0, 3), len(options))):
            longer = self._with(line, option, rng.choice(option.spellings), rng)
            if longer:
                line = longer
        return line

    def base(self, subcommand: str, rng: Random) -> Line:
        """A whole line with nothing to spare."""
        bases = self.tool.trial.bases.get(subcommand)
        if bases:
            return self.tool.line(subcommand, rng.choice(bases))
        return Line(self.tool.head(subcommand), tuple(self._needed(subcommand, rng)))

    def _every_spelling(self, subcommand: str) -> Iterator[Line]:
        """Lines that together have each spelling that is not in the lines of all subcommands."""
        rng = self._rng
        deck = [(o, flag) for o in self.tool.options(subcommand) for flag in o.spellings]
        rng.shuffle(deck)
        while deck:
            option, flag = deck.pop()
            line = self._first(subcommand, option, flag)
            if line is None:
                self.unused.append(f"{subcommand} {flag}".strip())
                continue
            if self.tool.is_mixable(option):
                for card in [card for card in deck[-8:] if self.tool.is_mixable(card[0])]:
                    if len(line.pieces) > MOST_OPTIONS:
                        break
                    # Another spelling of an option in the line would take its place.
                    longer = None if card[0].name in line.names else self._with(line, *card, rng)
                    if longer:
                        line = longer
                        deck.remove(card)
            yield line

    def _first(self, subcommand: str, option: Option, flag: str) -> Line | None:
        """A line with that option and what it needs; None if none is right."""
        bare = Line(self.tool.head(subcommand), ())
        for _ in range(TRIES):
            start = bare if option.informs else self.base(subcommand, self._rng)
            line = self._with(start, option, flag, self._rng)
            if line:
                return line
        return None

    def _with(self, line: Line, option: Option, flag: str, rng: Random) -> Line | None:
        """The line with one option more, and what that needs; None if that is not right."""
        if option.name in line.names:
            present = next(i for i, p in enumerate(line.pieces) if p.option is option)
            line = line.without(present)
        piece = self.tool.piece(line.subcommand, option, flag, rng)
        if piece is None:
            return None
        longer = line.insert(rng.randint(*self.tool.room(line)), piece)
        for needed in option.needs:
            other = self._piece_named(line.subcommand, needed, rng)
            if other and other.option and other.option.name not in longer.names:
                longer = longer.insert(self.tool.room(longer)[0], other)
        if is_right(longer):
            return longer
        self.refused += 1
        return None

    def _piece_named(self, subcommand: str, needed: str, rng: Random) -> Piece | None:
        """The option that another needs: "NAME" or "NAME=VALUE"."""
        name, _, value = needed.partition("=")
        option = self.tool.grammar(subcommand).option(name)
        if option is None:
            return None
        if value:
            words = self.tool.plain(subcommand, option, name, value)
            return Piece(words, option, name, value)
        return self.tool.piece(subcommand, option, name, rng)

    def _needed(self, subcommand: str, rng: Random) -> Iterator[Piece]:
        """One member of each group that the spec requires, and the operands it wants."""
        grammar = self.tool.grammar(subcommand)
        wanted = {operand.name: operand.least for operand in grammar.operands}
        for group in grammar.requires:
            if any(wanted.get(name) for name in group):
                continue
            operand = next((name for name in group if name in wanted), None)
            if operand:
                wanted[operand] = 1
                continue
            piece = self._piece_named(subcommand, rng.choice(group), rng)
            if piece:
                yield piece
        for operand_spec in grammar.operands:
            values = self.tool.values(operand_spec.name, operand_spec)
            for _ in range(wanted[operand_spec.name] if values else 0):
                value = rng.choice(values)
                yield Piece((value,), value=value)
