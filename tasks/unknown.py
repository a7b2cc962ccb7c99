"""What only a running shell knows, as one character within a word.

    nmap -p 80 $IP           the operand is a character that stands for $IP: any value will do
    curl "http://$IP/$x"     known parts stay: http://?/?

The characters are of Unicode's plane 15, which no command holds (`without_marks` sees to that).
An unquoted expansion may turn out to be no word or several, a quoted one is always one.
"""

from __future__ import annotations

import re

_SPLITS, _WHOLE, _MOST = 0xF0000, 0xF8000, 0x7000
_MARK = re.compile("[\U000f0000-\U000ffffd]")
_SPLITTING = re.compile("[\U000f0000-\U000f7fff]")
# As repr() shows a mark, which is how it comes into messages.
_SHOWN = re.compile("[\U000f0000-\U000ffffd]|\\\\U(000f[0-9a-f]{4})")


class UndecidedError(Exception):
    """What a command line runs depends on the shell that runs it; the message says how."""


class Unknowns:
    """The unknown expansions of one line, by the character that stands for each."""

    def __init__(self) -> None:
        self._sources: list[str] = []

    def mark(self, source: str, *, splits: bool) -> str:
        """The character for what a `source` such as $(date) expands to."""
        if source not in self._sources and len(self._sources) < _MOST:
            self._sources.append(source)
        index = self._sources.index(source) if source in self._sources else 0
        return chr((_SPLITS if splits else _WHOLE) + index)

    def show(self, text: str) -> str:
        """The text with the source in the place of every mark."""
        return _SHOWN.sub(self._source, text) if self._sources else text

    def __bool__(self) -> bool:
        return bool(self._sources)

    def _source(self, match: re.Match[str]) -> str:
        code = int(match[1], 16) if match[1] else ord(match[0])
        index = code - (_WHOLE if code >= _WHOLE else _SPLITS)
        return self._sources[index] if index < len(self._sources) else match[0]


def is_unknown(text: str) -> bool:
    """Whether any part of a text is not known."""
    return _MARK.search(text) is not None


def may_split(text: str) -> bool:
    """Whether a word may turn out to be several, or none."""
    return _SPLITTING.search(text) is not None


def speaks_of_unknown(message: str) -> bool:
    """Whether a message quotes something that is not known."""
    return _SHOWN.search(message) is not None


def without_marks(line: str) -> str:
    """The line without characters that could be mistaken for marks."""
    return line if line.isascii() else _MARK.sub("\ufffd", line)
