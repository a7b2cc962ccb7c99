"""Quoting of one shell word, resolved as bash does: quotes, backslashes and $'...' escapes."""

from __future__ import annotations

import re

_ANSI = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_ANSI_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL
)
_PIECE = re.compile(
    r"'(?P<single>[^']*)'"
    r"|\$'(?P<ansi>(?:[^'\\]|\\.)*)'"
    r'|\$?"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|\\(?P<escaped>.)"
    r"|(?P<bare>[^'\"\\$`]+)"
    r"|(?P<dollar>\$)"
    r"|(?P<tick>`)",
    re.DOTALL,
)
_EXPANDS = re.compile(r"\$[A-Za-z0-9_{(@*#?!$-]|`")
_IN_DOUBLE = re.compile(r'\\([$`"\\])|\\\n')
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_ABSOLUTE_GLOB = re.compile(r"(/|\.\.?/).*[*?\[]")


class UndecidedError(Exception):
    """What the words are depends on the shell that runs them; the message says how."""


def resolve(word: str) -> str:
    """The text that the program gets. Raises UndecidedError if the shell expands the word."""
    if word.isalnum():
        return word
    parts: list[str] = []
    for match in _PIECE.finditer(word):
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        if kind == "tick" or (kind == "dollar" and _EXPANDS.match(word, match.start())):
            raise UndecidedError(f"{word} is expanded by the shell")
        if kind == "double":
            parts.append(_double(text, word))
        elif kind == "ansi":
            parts.append(_ANSI_ESCAPE.sub(_ansi, text))
        elif kind == "bare":
            parts.append(_bare(text, word, at_start=match.start() == 0))
        else:
            parts.append("" if text == "\n" and kind == "escaped" else text)
    return "".join(parts)


def _double(text: str, word: str) -> str:
    """Between double quotes a backslash is special only before $ ` " \\ and a line end."""
    without_escapes = _IN_DOUBLE.sub("", text)
    if _EXPANDS.search(without_escapes):
        raise UndecidedError(f"{word} is expanded by the shell")
    return _IN_DOUBLE.sub(lambda match: match[1] or "", text)


def _bare(text: str, word: str, *, at_start: bool) -> str:
    """Relative patterns match nothing in the empty folder where commands run, so they stay."""
    if at_start and text.startswith("~"):
        raise UndecidedError(f"{word} begins with ~, which is a home folder")
    if _BRACES.search(word):
        raise UndecidedError(f"{word} is expanded by the shell to several words")
    if _ABSOLUTE_GLOB.match(word):
        raise UndecidedError(f"{word} is a file pattern")
    return text


def _ansi(match: re.Match[str]) -> str:
    hex2, hex4, hex8, octal, char = match.groups()
    code = hex2 or hex4 or hex8
    if code:
        return chr(int(code, 16))
    if octal:
        return chr(int(octal, 8) & 0xFF)
    return _ANSI.get(char, "\\" + char)
