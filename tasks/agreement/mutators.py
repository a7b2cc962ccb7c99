"""Ways to change one thing of a command. Whether the result is right is not theirs to know.

A mutator takes a line and gives the text of a changed one, or None where it has nothing to change.
Those in `DEVELOPMENT` are for whoever writes a spec or a parser; those in `HELD_OUT` only for the
figure that is published, so that no spec can have been fitted to them.
"""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random

from tasks.agreement.generate import Generator
from tasks.agreement.toolbox import Line, Piece, Toolbox, pools
from tasks.errors import UserError
from tasks.spec import Option, load_specs

Mutator = Callable[["Bench", Line], str | None]

LETTERS = string.ascii_lowercase


class Bench:
    """What mutators draw from: one tool and one stream of random numbers."""

    def __init__(self, tool: Toolbox, rng: Random) -> None:
        self.tool = tool
        self.rng = rng

    def options(self, line: Line, arity: str = "") -> list[Option]:
        """Options that may stand beside others, of that arity if one is named."""
        found = [o for o in self.tool.options(line.subcommand) if self.tool.is_mixable(o)]
        return [o for o in found if o.arity == arity] if arity else found

    def new(self, line: Line, arity: str = "") -> Piece | None:
        """An option that is not in the line yet, with its value in a word of its own."""
        options = [o for o in self.options(line, arity) if o.name not in line.names]
        if not options:
            return None
        option = self.rng.choice(options)
        return self.plain(line, option, self.rng.choice(option.spellings))

    def plain(self, line: Line, option: Option, flag: str) -> Piece | None:
        """The option spelled so, with a value in the most usual form; None if none is known."""
        if option.arity != "one":
            return Piece((flag,), option, flag)
        values = self.tool.values(option.name, option)
        if not values:
            return None
        value = self.rng.choice(values)
        words = self.tool.plain(line.subcommand, option, flag, value)
        return Piece(words, option, flag, value)

    def place(self, line: Line) -> int:
        """Somewhere where an option can stand: in most tools, before the first operand."""
        return self.rng.randint(*self.tool.room(line))

    def add(self, line: Line, *words: str) -> str:
        """The line with words put where an option can stand."""
        return line.insert(self.place(line), Piece(words)).text

    def present(self, line: Line, arity: str = "") -> list[int]:
        """The indexes of the options in the line, of that arity if one is named."""
        found = [(i, p.option) for i, p in enumerate(line.pieces) if p.option]
        return [i for i, option in found if not arity or option.arity == arity]

    def with_value(
        self, line: Line, fits: Callable[[str], object] = bool
    ) -> tuple[Line, int] | None:
        """The line with an option that has a value that fits, added if need be, and its index."""
        present = [i for i in self.present(line, "one") if fits(line.pieces[i].value or "")]
        if present and self.rng.random() < 0.4:
            return line, self.rng.choice(present)
        for _ in range(TRIES):
            piece = self.new(line, "one")
            if piece and fits(piece.value or ""):
                index = self.place(line)
                return line.insert(index, piece), index
        return None

    def spelled(self, line: Line) -> str | None:
        """Any spelling of an option; None if there is no option."""
        options = self.options(line)
        return self.rng.choice(self.rng.choice(options).spellings) if options else None


def unknown_flag(bench: Bench, line: Line) -> str | None:
    """A flag one letter away from a real one: one more, one less, or another one."""
    flag = bench.spelled(line)
    if flag is None:
        return None
    at = bench.rng.randrange(len(flag) - len(flag.lstrip("-+")), len(flag))
    letter = bench.rng.choice(LETTERS)
    near = bench.rng.choice(
        [flag[:at] + letter + flag[at:], flag[:at] + letter + flag[at + 1 :]]
        + ([flag[:at] + flag[at + 1 :]] if len(flag.lstrip("-+")) > 2 else [])
    )
    return None if near in bench.tool.grammar(line.subcommand).options else bench.add(line, near)


def foreign_flag(bench: Bench, line: Line) -> str | None:
    """A flag of another tool, with its value."""
    others = [spec for name, spec in load_specs().items() if name != bench.tool.tool]
    if not others:
        return None
    _, options, _ = bench.rng.choice(list(bench.rng.choice(others).scopes()))
    if not options:
        return None
    option = bench.rng.choice(options)
    flag = bench.rng.choice(option.spellings)
    if flag in bench.tool.grammar(line.subcommand).options:
        return None
    return bench.add(line, flag, *(["1"] if option.arity == "one" else []))


def wrong_subcommand(bench: Bench, line: Line) -> str | None:
    """The subcommand misspelled, in other case, left out, or one of another meaning."""
    name = line.subcommand
    if not name:
        return None
    at = bench.rng.randrange(len(name))
    others = [sub.name for sub in bench.tool.spec.subcommands if sub.name != name]
    wrong = bench.rng.choice(
        [name[:at] + name[at + 1 :], name + bench.rng.choice(LETTERS), name.upper(), f"-{name}", ""]
        + ([bench.rng.choice(others)] if others else [])
    )
    return replace(line, head=(line.head[0], wrong) if wrong else line.head[:1]).text


def dropped_value(bench: Bench, line: Line) -> str | None:
    """An option that wants a value as the last word."""
    piece = bench.new(line, "one")
    return line.insert(len(line.pieces), Piece((piece.flag,))).text if piece else None


def broken_value(bench: Bench, line: Line) -> str | None:
    """A value that may be of the wrong type."""
    return _other_value(bench, line, pools()["broken"][""])


def swallowed_target(bench: Bench, line: Line) -> str | None:
    """An option without its value before the target, which it takes for it."""
    first = line.first_operand()
    piece = bench.new(line, "one")
    if piece is None or first == len(line.pieces):
        return None
    return line.insert(first, Piece((piece.flag,))).text


def dash_swap(bench: Bench, line: Line) -> str | None:
    """One dash for two, two for one, or another sign than the tool's."""
    piece = bench.new(line)
    if piece is None:
        return None
    name = piece.flag.lstrip("-+")
    dashes = piece.flag[: len(piece.flag) - len(name)]
    other = bench.rng.choice([d for d in ("-", "--", "---", "+", "") if d != dashes])
    words = (piece.words[0].replace(piece.flag, other + name, 1), *piece.words[1:])
    return bench.add(line, *words)


def case_flip(bench: Bench, line: Line) -> str | None:
    """A flag with one letter, or all of them, in the other case."""
    piece = bench.new(line)
    if piece is None:
        return None
    flag = piece.flag
    letters = [i for i, letter in enumerate(flag) if letter.isalpha()]
    if not letters:
        return None
    at = bench.rng.choice(letters)
    one = flag[:at] + flag[at].swapcase() + flag[at + 1 :]
    flipped = bench.rng.choice([one, flag.swapcase()])
    words = (piece.words[0].replace(flag, flipped, 1), *piece.words[1:])
    return bench.add(line, *words)


def duplicate(bench: Bench, line: Line) -> str | None:
    """An option given twice, with the same value or another."""
    present = bench.present(line)
    if not present:
        return None
    piece = line.pieces[bench.rng.choice(present)]
    assert piece.option is not None
    again = bench.plain(line, piece.option, bench.rng.choice(piece.option.spellings))
    return line.insert(bench.place(line), bench.rng.choice([piece, again or piece])).text


def abbreviation(bench: Bench, line: Line) -> str | None:
    """A flag cut short, which may fit one option, several, or be no flag at all."""
    piece = bench.new(line)
    name = piece.flag.lstrip("-+") if piece else ""
    if piece is None or len(name) < 3:
        return None
    cut = piece.flag[: -bench.rng.randint(1, len(name) - 1)]
    return bench.add(line, piece.words[0].replace(piece.flag, cut, 1), *piece.words[1:])


def broken_quote(bench: Bench, line: Line) -> str | None:
    """A quote that is not closed, somewhere behind the tool's name."""
    text = line.text
    at = bench.rng.randint(min(len(line.head[0]) + 1, len(text)), len(text))
    return text[:at] + bench.rng.choice("'\"") + text[at:]


def missing_part(bench: Bench, line: Line) -> str | None:
    """One option or operand left out."""
    if not line.pieces:
        return None
    return line.without(bench.rng.randrange(len(line.pieces))).text


def transposed_letters(bench: Bench, line: Line) -> str | None:
    """A flag with two neighbouring letters exchanged."""
    piece = bench.new(line)
    name = piece.flag.lstrip("-+") if piece else ""
    if piece is None or len(name) < 2:
        return None
    at = len(piece.flag) - len(name) + bench.rng.randrange(len(name) - 1)
    turned = piece.flag[:at] + piece.flag[at + 1] + piece.flag[at] + piece.flag[at + 2 :]
    return bench.add(line, piece.words[0].replace(piece.flag, turned, 1), *piece.words[1:])


def extreme_value(bench: Bench, line: Line) -> str | None:
    """A number at or beyond the end of what may be allowed."""
    return _other_value(bench, line, pools()["extreme"][""])


def unexpected_operand(bench: Bench, line: Line) -> str | None:
    """One operand more."""
    word = bench.rng.choice(["extra", "127.0.0.1", "a.example", "80"])
    return line.insert(
        bench.rng.randint(line.first_operand(), len(line.pieces)), Piece((word,))
    ).text


def gluing_changed(bench: Bench, line: Line) -> str | None:
    """A value glued on, with or without "=", or taken off."""
    found = bench.with_value(line)
    if not found:
        return None
    line, index = found
    piece = line.pieces[index]
    value = piece.value or ""
    forms = [(piece.flag, value), (f"{piece.flag}={value}",), (piece.flag + value,)]
    forms = [*forms, (f"{piece.flag}:{value}",), (piece.flag, "=", value)]
    words = bench.rng.choice([form for form in forms if form != piece.words])
    return line.with_piece(index, Piece(words)).text


def behind_double_dash(bench: Bench, line: Line) -> str | None:
    """An option behind "--", where most tools read no options any more."""
    piece = bench.new(line)
    if piece is None:
        return None
    first = line.first_operand()
    return (
        line.insert(first, Piece(("--",)))
        .insert(bench.rng.choice([first + 1, len(line.pieces) + 1]), piece)
        .text
    )


def options_last(bench: Bench, line: Line) -> str | None:
    """An option behind the operands."""
    piece = bench.new(line)
    if piece is None or line.first_operand() == len(line.pieces):
        return None
    return line.insert(len(line.pieces), piece).text


def joined_switches(bench: Bench, line: Line) -> str | None:
    """Two options of one letter in one word, the last perhaps with its value."""
    letters = [
        (option, flag)
        for option in bench.options(line)
        for flag in option.spellings
        if len(flag) == 2 and option.name not in line.names
    ]
    if len(letters) < 2:
        return None
    (_, first), (option, flag) = bench.rng.sample(letters, 2)
    piece = bench.plain(line, option, flag)
    if piece is None:
        return None
    return bench.add(line, first + piece.words[0][1:], *piece.words[1:])


def empty_value(bench: Bench, line: Line) -> str | None:
    """A value of no letters."""
    return _other_value(bench, line, ("",))


def split_value(bench: Bench, line: Line) -> str | None:
    """A value whose quotes were forgotten: what is behind the space is a word of its own."""
    found = bench.with_value(line)
    if not found:
        return None
    line, index = found
    piece = line.pieces[index]
    return line.with_piece(index, Piece((*piece.words, bench.rng.choice(["b", "x=1", "zzq"])))).text


def conflicting_options(bench: Bench, line: Line) -> str | None:
    """Two options of which the spec says that they are refused together, or any two."""
    options = bench.options(line)
    rivals = [o for o in options if o.conflicts]
    pair: list[Option | None] = []
    if rivals and bench.rng.random() < 0.7:
        option = bench.rng.choice(rivals)
        other = bench.rng.choice(option.conflicts)
        pair = [option, bench.tool.grammar(line.subcommand).option(other)]
    elif len(options) > 1:
        pair = list(bench.rng.sample(options, 2))
    both = [option for option in pair if option]
    if len(both) < 2:
        return None
    pieces = [bench.plain(line, option, option.name) for option in both]
    words = [word for piece in pieces if piece for word in piece.words]
    return bench.add(line, *words)


def exchanged_values(bench: Bench, line: Line) -> str | None:
    """Two options, each with the value of the other."""
    while len(present := bench.present(line, "one")) < 2:
        piece = bench.new(line, "one")
        if piece is None:
            return None
        line = line.insert(bench.place(line), piece)
    one, other = bench.rng.sample(present, 2)
    values = line.pieces[one].value, line.pieces[other].value
    return _with_value(_with_value(line, one, values[1] or ""), other, values[0] or "").text


def padded_value(bench: Bench, line: Line) -> str | None:
    """A value with a blank before or behind it."""
    return _changed_value(bench, line, lambda value: bench.rng.choice([f" {value}", f"{value} "]))


def rewritten_number(bench: Bench, line: Line) -> str | None:
    """The number in a value written in another way than digits."""

    def rewritten(value: str) -> str:
        forms = (f"{value}.0", hex(int(value)), f"{value}e0", f"{value},000", f"{value}k")
        return bench.rng.choice([*forms, f"~{value}", f"{value}%", f"#{value}", f"<={value}"])

    return _changed_value(bench, line, rewritten, str.isdecimal)


def changed_unit(bench: Bench, line: Line) -> str | None:
    """A number with another unit, or with none."""

    def changed(value: str) -> str:
        units = ("", "s", "ms", "m", "h", "sec", " s", "S", "mb", "GB")
        return re.sub("[a-zA-Z]*$", bench.rng.choice(units), value)

    return _changed_value(bench, line, changed, re.compile(r"\d+[a-zA-Z]*").fullmatch)


def reordered(bench: Bench, line: Line) -> str | None:
    """The same options and operands in another order."""
    if len(line.pieces) < 2:
        return None
    return replace(line, pieces=tuple(bench.rng.sample(line.pieces, len(line.pieces)))).text


def name_separator(bench: Bench, line: Line) -> str | None:
    """A long name with its parts put together otherwise: by "_", by a dash too many, by nothing."""
    piece = bench.new(line)
    name = piece.flag.lstrip("-+") if piece else ""
    if piece is None or len(name) < 3:
        return None
    dashes = [at for at, sign in enumerate(name) if sign in "-_"]
    if dashes:
        at = bench.rng.choice(dashes)
        other = name[:at] + bench.rng.choice(["_" if name[at] == "-" else "-", ""]) + name[at + 1 :]
    else:
        at = bench.rng.randrange(1, len(name))
        other = f"{name[:at]}-{name[at:]}"
    return bench.add(line, piece.words[0].replace(name, other, 1), *piece.words[1:])


def list_separator(bench: Bench, line: Line) -> str | None:
    """A list whose parts are divided by another sign than a comma."""
    lists = [
        (option, value)
        for option in bench.options(line, "one")
        for value in bench.tool.values(option.name, option)
        if "," in value.strip(",") and option.name not in line.names
    ]
    if not lists:
        return None
    option, value = bench.rng.choice(lists)
    other = value.replace(",", bench.rng.choice([" ", ", ", ";", "|", ":", "/", ",,"]))
    flag = bench.rng.choice(option.spellings)
    return bench.add(line, *bench.tool.plain(line.subcommand, option, flag, other))


def one_word(bench: Bench, line: Line) -> str | None:
    """An option and its value in one pair of quotes."""
    piece = bench.new(line, "one")
    return bench.add(line, " ".join(piece.words)) if piece and len(piece.words) > 1 else None


def value_case(bench: Bench, line: Line) -> str | None:
    """A value with its letters in the other case."""
    return _changed_value(bench, line, str.swapcase, re.compile("[a-zA-Z]").search)


def typographic_sign(bench: Bench, line: Line) -> str | None:
    """A dash as a word processor sets it."""
    piece = bench.new(line)
    if piece is None or not piece.flag.startswith("-"):
        return None
    name = piece.flag.lstrip("-")
    flag = bench.rng.choice("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}") + name
    return bench.add(line, piece.words[0].replace(piece.flag, flag, 1), *piece.words[1:])


def trailing_mark(bench: Bench, line: Line) -> str | None:
    """A mark of punctuation behind the last word, as at the end of a sentence."""
    if not line.pieces:
        return None
    *words, last = line.pieces[-1].words
    marked = last + bench.rng.choice([".", ",", ":", "...", ".)"])
    return line.with_piece(len(line.pieces) - 1, Piece((*words, marked))).text


def foreign_value(bench: Bench, line: Line) -> str | None:
    """A value of another type."""
    good = pools()["good"]
    return _other_value(bench, line, good[bench.rng.choice(sorted(good))])


def changed_operand(bench: Bench, line: Line) -> str | None:
    """One operand that is another kind of thing."""
    operands = [i for i, piece in enumerate(line.pieces) if piece.option is None]
    if not operands:
        return None
    good = pools()["good"]
    other = bench.rng.choice(good[bench.rng.choice(sorted(good))])
    return line.with_piece(bench.rng.choice(operands), Piece((other,))).text


def doubled_letter(bench: Bench, line: Line) -> str | None:
    """A flag with one of its letters twice."""
    piece = bench.new(line)
    if piece is None:
        return None
    at = bench.rng.randrange(len(piece.flag) - len(piece.flag.lstrip("-+")), len(piece.flag))
    doubled = piece.flag[:at] + piece.flag[at] + piece.flag[at:]
    return bench.add(line, piece.words[0].replace(piece.flag, doubled, 1), *piece.words[1:])


def lost_part(bench: Bench, line: Line) -> str | None:
    """A long name without one of the parts that dashes divide it into."""
    names = [
        flag
        for option in bench.options(line)
        for flag in option.spellings
        if option.name not in line.names and "-" in flag.lstrip("-")
    ]
    if not names:
        return None
    flag = bench.rng.choice(names)
    option = bench.tool.grammar(line.subcommand).options[flag]
    piece = bench.plain(line, option, flag)
    if piece is None:
        return None
    name = flag.lstrip("-")
    parts = name.split("-")
    del parts[bench.rng.randrange(len(parts))]
    shorter = flag[: len(flag) - len(name)] + "-".join(parts)
    return bench.add(line, piece.words[0].replace(flag, shorter, 1), *piece.words[1:])


def flag_behind_value(bench: Bench, line: Line) -> str | None:
    """A value, and then the flag that it is for."""
    piece = bench.new(line, "one")
    return bench.add(line, *reversed(piece.words)) if piece and len(piece.words) > 1 else None


def long_value(bench: Bench, line: Line) -> str | None:
    """A value many times as long."""
    times = bench.rng.choice([8, 40, 200])
    return _changed_value(bench, line, lambda value: value * times)


def other_script(bench: Bench, line: Line) -> str | None:
    """A value with a letter or digit that is not of ASCII."""
    signs = "\N{LATIN SMALL LETTER E WITH ACUTE}\N{CYRILLIC SMALL LETTER A}\N{FULLWIDTH DIGIT ONE}"
    return _changed_value(bench, line, lambda value: value + bench.rng.choice(signs))


def shell_ending(bench: Bench, line: Line) -> str | None:
    """What people write behind a command: a comment, a redirection, another command."""
    ends = ("# all of it", "2>/dev/null", "> /tmp/out", "2>&1", "| cat", "|| true", ";", "&& true")
    return f"{line.text} {bench.rng.choice(ends)}"


def wrapped(bench: Bench, line: Line) -> str | None:
    """A command that another one runs."""
    shell = f"bash -c {shlex.quote(line.text)}"
    fronts = ("timeout 5", "env A=b", "nice -n 5", "nohup", "stdbuf -oL", "time", "command", "A=b")
    return bench.rng.choice([shell, *(f"{front} {line.text}" for front in fronts)])


def other_quotes(bench: Bench, line: Line) -> str | None:
    """The same words in other quotes; some mean another thing in them."""
    words = list(line.words)
    at = bench.rng.randrange(1, len(words)) if len(words) > 1 else 0
    word = words[at]
    if not at or "'" in word:
        return None
    quoted = bench.rng.choice(
        [f'"{word}"', f"$'{word}'", f"{word[:1]}'{word[1:]}'", f"\\{word}", word]
    )
    return " ".join([*map(shlex.quote, words[:at]), quoted, *map(shlex.quote, words[at + 1 :])])


def _other_value(bench: Bench, line: Line, values: Sequence[str]) -> str | None:
    """The line with one value replaced by any of these."""
    return _changed_value(bench, line, lambda _: bench.rng.choice(values))


def _changed_value(
    bench: Bench, line: Line, change: Callable[[str], str], fits: Callable[[str], object] = bool
) -> str | None:
    """The line with one value, of those that fit, changed."""
    found = bench.with_value(line, fits)
    if not found:
        return None
    line, index = found
    value = line.pieces[index].value or ""
    changed = change(value)
    return _with_value(line, index, changed).text if changed != value else None


def _with_value(line: Line, index: int, value: str) -> Line:
    """The line with another value for one option."""
    piece = line.pieces[index]
    last = piece.words[-1]
    if piece.value and last.endswith(piece.value):
        last = last[: -len(piece.value)] + value
    return line.with_piece(index, Piece((*piece.words[:-1], last)))


DEVELOPMENT: Mapping[str, Mutator] = {
    "unknown flag": unknown_flag,
    "another tool's flag": foreign_flag,
    "wrong subcommand": wrong_subcommand,
    "dropped value": dropped_value,
    "broken value": broken_value,
    "swallowed target": swallowed_target,
    "dash swap": dash_swap,
    "case flip": case_flip,
    "duplicate": duplicate,
    "abbreviation": abbreviation,
    "broken quote": broken_quote,
    "missing part": missing_part,
    "transposed letters": transposed_letters,
    "extreme value": extreme_value,
    "unexpected operand": unexpected_operand,
    "gluing changed": gluing_changed,
    "behind --": behind_double_dash,
    "options last": options_last,
    "joined switches": joined_switches,
    "empty value": empty_value,
    "split value": split_value,
    "conflicting options": conflicting_options,
    "exchanged values": exchanged_values,
    "padded value": padded_value,
    "rewritten number": rewritten_number,
    "changed unit": changed_unit,
    "reordered": reordered,
    "separator in a name": name_separator,
    "separator in a list": list_separator,
    "one word": one_word,
    "case of a value": value_case,
    "typographic sign": typographic_sign,
    "trailing mark": trailing_mark,
}
HELD_OUT: Mapping[str, Mutator] = {
    "value of another type": foreign_value,
    "changed operand": changed_operand,
    "doubled letter": doubled_letter,
    "lost part of a name": lost_part,
    "flag behind its value": flag_behind_value,
    "long value": long_value,
    "other script": other_script,
    "shell ending": shell_ending,
    "wrapped": wrapped,
    "other quotes": other_quotes,
}
GROUPS = ("development", "held-out", "all")
TRIES = 12  # draws for each mutant wanted


def mutators(group: str) -> Mapping[str, Mutator]:
    """The mutators of a group. UserError if there is none of that name."""
    named = {
        "development": DEVELOPMENT,
        "held-out": HELD_OUT,
        "all": {**DEVELOPMENT, **HELD_OUT},
    }
    if group not in named:
        raise UserError(f"--mutators: there is no group {group!r}; choose {', '.join(GROUPS)}")
    return named[group]


def mutants_of(
    tool: Toolbox, chosen: Mapping[str, Mutator], per_kind: int, seed: int
) -> Iterator[tuple[str, str]]:
    """Kind and text of distinct mutants, at most so many of each kind.

    Each kind has a stream of random numbers of its own, so that one mutator more leaves the
    mutants of the others as they are.
    """
    seen: set[str] = set()
    for kind, mutate in chosen.items():
        rng = Random(f"{seed}/{tool.tool}/{kind}")
        bench, generator = Bench(tool, rng), Generator(tool, seed)
        made = 0
        for _ in range(TRIES * per_kind):
            if made == per_kind:
                break
            line = generator.draw(rng)
            text = mutate(bench, line)
            if text is not None and text != line.text and text not in seen:
                seen.add(text)
                made += 1
                yield kind, text
