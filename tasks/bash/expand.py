"""Words as the program gets them: braces, variables and file patterns expanded where known.

What is not known (unset variables, the output of commands, absolute file patterns) becomes a
mark of `tasks/unknown.py`. Relative patterns match nothing in the empty folder where commands
run, so they stay as they are.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from tasks.bash.tree import Output, Part, Sequence, Text, Variable, Word
from tasks.unknown import UndecidedError, Unknowns

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
_PATTERN = re.compile(r"[*?]|\[.*\]", re.DOTALL)
_PLACED = re.compile(r"/|\.\.?/")
_MOST = 5000  # words out of braces


@dataclass
class Scope:
    """What is known while a line is followed: variables, and the commands in substitutions."""

    unknowns: Unknowns
    variables: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    substitutions: list[Sequence] = field(default_factory=list)


def expand(word: Word, scope: Scope) -> list[str]:
    """The words that one word of the line becomes."""
    words: list[str] = []
    for parts in _braces(word.parts):
        words += _pattern(_fields(parts, scope), parts, scope)
    return words


def expand_whole(word: Word, scope: Scope) -> str:
    """The word as one text: a value that is assigned, a file that is opened, a heredoc."""
    return "".join(_value(part, scope, splits=False) for part in _home(word.parts, scope))


def _value(part: Part, scope: Scope, *, splits: bool) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Output):
        if part.script is not None:
            scope.substitutions.append(part.script)
        is_one = part.quoted or part.is_file or part.source.startswith(("$((", "$["))
        return scope.unknowns.mark(part.source, splits=splits and not is_one)
    known = scope.variables.get(part.name)
    if known is not None:
        return known
    return scope.unknowns.mark(part.source, splits=splits and not part.quoted)


def _fields(parts: tuple[Part, ...], scope: Scope) -> list[str]:
    """The parts put together; a known variable that is not quoted falls into its words."""
    words: list[str] = []
    current: str | None = None
    for part in _home(parts, scope):
        value = _value(part, scope, splits=True)
        if not isinstance(part, Variable) or part.quoted or part.name not in scope.variables:
            current = (current or "") + value
            continue
        first, *others = re.split(r"[ \t\n]+", value)
        if first:
            current = (current or "") + first
        for other in others:
            if current is not None:
                words.append(current)
            current = other or None
    return words if current is None else [*words, current]


def _home(parts: tuple[Part, ...], scope: Scope) -> tuple[Part, ...]:
    """~ and ~NAME at the beginning are a home folder, whose place is not known."""
    first = parts[0] if parts else None
    if not isinstance(first, Text) or first.quoted or not first.text.startswith("~"):
        return parts
    name, slash, rest = first.text.partition("/")
    if not slash and len(parts) > 1:
        return parts
    home = Text(scope.unknowns.mark(name, splits=False), quoted=True)
    return (home, Text(slash + rest, quoted=False), *parts[1:])


def _pattern(words: list[str], parts: tuple[Part, ...], scope: Scope) -> list[str]:
    """File patterns outside the current folder may match anything."""
    bare = "".join(part.text for part in parts if isinstance(part, Text) and not part.quoted)
    if not _PATTERN.search(bare):
        return words
    return [
        scope.unknowns.mark(scope.unknowns.show(word), splits=True) if _PLACED.match(word) else word
        for word in words
    ]


Item = str | Part  # an unquoted character, or anything that braces leave alone


def _braces(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """{a,b} and {1..3} taken apart: the parts of each word that they stand for."""
    if not any(isinstance(p, Text) and not p.quoted and "{" in p.text for p in parts):
        return [parts]
    items: list[Item] = []
    for part in parts:
        items += part.text if isinstance(part, Text) and not part.quoted else [part]
    return [_parts(choice) for choice in _choices(items)]


def _parts(items: list[Item]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for is_text, group in itertools.groupby(items, lambda item: isinstance(item, str)):
        if is_text:
            parts.append(Text("".join(str(char) for char in group), quoted=False))
        else:
            parts += (item for item in group if not isinstance(item, str))
    return tuple(parts)


def _choices(items: list[Item]) -> list[list[Item]]:
    """All that the first brace with alternatives, and those after it, can be."""
    for start, item in enumerate(items):
        if item != "{":
            continue
        commas, end = _closing(items, start)
        alternatives = _alternatives(items, start, commas, end)
        if end and alternatives:
            rests = _choices(items[end + 1 :])
            if len(alternatives) * len(rests) > _MOST:
                raise UndecidedError("braces that stand for thousands of words")
            return [items[:start] + chosen + rest for chosen in alternatives for rest in rests]
    return [items]


def _closing(items: list[Item], start: int) -> tuple[list[int], int]:
    """Where a brace closes (0: nowhere), and the commas between."""
    depth = 0
    commas: list[int] = []
    for i in range(start, len(items)):
        if items[i] == "{":
            depth += 1
        elif items[i] == "}":
            depth -= 1
            if depth == 0:
                return commas, i
        elif items[i] == "," and depth == 1:
            commas.append(i)
    return [], 0


def _alternatives(items: list[Item], start: int, commas: list[int], end: int) -> list[list[Item]]:
    if commas:
        edges = [start, *commas, end]
        inner = (items[a + 1 : b] for a, b in itertools.pairwise(edges))
        return [choice for piece in inner for choice in _choices(piece)]
    text = "".join(item if isinstance(item, str) else "$" for item in items[start + 1 : end])
    match = _RANGE.fullmatch(text)
    return [list(word) for word in _range(*match.groups())] if match else []


def _range(first: str, last: str, step: str | None) -> list[str]:
    """The words of {1..10} and {a..e}; none if the ends are not of one kind."""
    stride = abs(int(step or 1)) or 1
    if first.isalpha() and last.isalpha():
        a, b = ord(first), ord(last)
    elif first.isalpha() or last.isalpha():
        return []
    else:
        a, b = int(first), int(last)
    if abs(b - a) // stride > _MOST:
        raise UndecidedError("braces that stand for thousands of words")
    numbers = range(a, b + 1, stride) if a <= b else range(a, b - 1, -stride)
    if first.isalpha():
        return [chr(number) for number in numbers]
    is_padded = any(re.match(r"-?0\d", end) for end in (first, last))
    width = max(len(first), len(last)) if is_padded else 0
    return [f"{number:0{width}d}" for number in numbers]
