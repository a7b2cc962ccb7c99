"""Find option names in help texts and manuals.

A line (or a manual's paragraph) that begins with an option describes it: an *entry*. It says how
the option is spelled and often what its value is::

    -s, --size=BYTES   amount of data      -> -s, --size with BYTES
    -oN/-oX <file>: Output scan            -> -oN, -oX with <file>
    -config+           Use this file       -> -config with +

An option named anywhere else is a *mention*: a weak hint, good for a usage line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_NAME = r"(?:--?[A-Za-z0-9?#@][A-Za-z0-9_.?-]*|\+[a-z][\w-]*)"
# Where the description begins: after a wide gap, a tab, a colon, or a column rule.
_GAP = re.compile(r"(?:\s*\t\s*|\s{2,}|\s*:\s+|\s*:$|\s+\|\s+(?!-))")
_BETWEEN = re.compile(r"\s*(?:,|\||;|/|\bor\b)\s*(?=[-+])|\s+(?=--?[A-Za-z])")
_SPELLING = re.compile(rf"({_NAME})((?:/-{{0,2}}[A-Za-z0-9][\w-]*)*)(.*)", re.DOTALL)
_MENTION = re.compile(rf"(?<![\w/.=+\\-])({_NAME})")
_CLUSTER = re.compile(r"\[-([A-Za-z0-9#?]{2,})\]")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_NEGATABLE = re.compile(r"^([-+]{1,2})\[no-?\]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One spelling of an option, as a source has it."""

    name: str
    source: str  # "help", "man", "ambiguity", "optstring", "binary", "script", "completion"
    entry: bool = False  # described there, not only named
    value: str = ""  # as the source shows it: "=BYTES", " <file>"
    beside: tuple[str, ...] = ()  # other spellings of the same entry, joined as aliases are
    about: str = ""  # the first words of the description


def plain(text: str) -> str:
    """A tool's output without colours and overstrikes."""
    return re.sub(r".\x08", "", _COLOUR.sub("", text))


def candidates(lines: Iterable[str], source: str) -> Iterator[Candidate]:
    """Every option named in the lines."""
    for line in lines:
        yield from entry(line, source)
        yield from mentions(line, source)


def entry(line: str, source: str) -> list[Candidate]:
    """The options that a line begins with; none if it begins with something else."""
    text = _NEGATABLE.sub(r"\1", line.strip().lstrip("*•· "))
    if not re.match(_NAME, text):
        return []
    heads, about = _head(text)
    found: list[Candidate] = []
    for head in heads:
        parts = [part for part in _BETWEEN.split(head) if part]
        aliases = re.search(r"[,|]\s*-", head) and not re.search(r"/-|\bor\b|;", head)
        spelled = [s for part in parts for s in _spellings(part)]
        names = tuple(name for name, _ in spelled) if aliases or len(heads) > 1 else ()
        found += [Candidate(n, source, True, value, names, about) for n, value in spelled]
    if len(heads) > 1:  # "-c  --count     packet count"
        names = tuple(candidate.name for candidate in found)
        found = [Candidate(c.name, source, True, c.value, names, about) for c in found]
    return found


def _head(text: str) -> tuple[list[str], str]:
    """The columns with options, and what follows them."""
    chunks = _GAP.split(text)
    count = 1
    while count < len(chunks) and re.match(r"--?\w", chunks[count]):
        count += 1
    return chunks[:count], " ".join(" ".join(chunks[count:]).split())[:80]


def _spellings(part: str) -> Iterator[tuple[str, str]]:
    """The names of "-PS/PA/PU[ports]", each with the value "[ports]"."""
    match = _SPELLING.match(_NEGATABLE.sub(r"\1", part))
    if not match:
        return
    name, others, value = match.groups()
    dashes = name[: len(name) - len(name.lstrip("-+"))]
    for spelled in (name, *others.split("/")[1:]):
        whole = spelled if spelled.startswith(("-", "+")) else dashes + spelled
        yield whole.rstrip(".-") or whole, value.strip(" \t\"'`;,")


def mentions(line: str, source: str) -> Iterator[Candidate]:
    """Options named anywhere in a line, and the letters of "[-46bCD]"."""
    for cluster in _CLUSTER.findall(line):
        yield from (Candidate(f"-{letter}", source) for letter in cluster)
    for match in _MENTION.finditer(line):
        yield Candidate(match[1].rstrip(".-?") or match[1], source)
